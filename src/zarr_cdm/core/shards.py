"""Reading the pieces of a selection out of shards.

First the indices of the shards are read, in one round of concurrent requests; then the spans of the
chunks that are wanted, neighbours in one; of large chunks only some blocks (`parts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from zarr_cdm.core.batches import BATCH, HELD, batch_for
from zarr_cdm.core.chunks import Chunks
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.codecs.sharding import Shard, spans_of
from zarr_cdm.core.indexing import Index, Piece
from zarr_cdm.core.parts import Place, is_large, read_large
from zarr_cdm.core.result import Result
from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.core.stores.naming import named
from zarr_cdm.errors import ChunkError, LimitError
from zarr_cdm.parallel import run

# Neighbours are read in one request up to this size, or so many gaps if that is less: that leaves
# enough requests for all threads.
SPAN_BYTES, SPAN_GAPS = 4 * 2**20, 64


class Wanted(NamedTuple):
    """Pieces of chunks in a shard, and where in the shard's index the chunks stand."""

    shard: Shard
    pieces: list[Piece]
    places: list[Index]


class Stretch(NamedTuple):
    """A span of a shard, and the chunks in it."""

    key: str
    span: Span
    places: list[Place]


def read_shards(chunks: Chunks, pieces: Iterable[Piece], result: Result) -> None:
    """Fill ``result`` with the pieces of chunks in shards."""
    store, inner = chunks.store, chunks.inner
    assert inner is not None
    wanted = _by_shard(chunks, pieces)
    indices: dict[str, np.ndarray | None] = {}

    def find(keys: Sequence[str]) -> None:
        values = store.get_many([(key, _index_of(wanted[key].shard)) for key in keys])
        for key, data in zip(keys, values, strict=True):
            with named(store, key):
                indices[key] = None if data is None else wanted[key].shard.index(data)

    def read(batch: Sequence[Stretch]) -> None:
        room = inner.room()
        for part in _portions(batch, store):
            values = store.get_many([(stretch.key, stretch.span) for stretch in part])
            for stretch, data in zip(part, values, strict=True):
                with named(store, stretch.key):
                    seen = memoryview(data or b"")
                    for place in stretch.places:
                        chunk = _cut(seen, stretch.span.start, place)
                        result.add(place.piece, chunk, inner, room)

    run(find, list(wanted), batch_for(store, len(wanted)))
    large: list[Place] = []
    stretches: list[Stretch] = []
    for key, found in wanted.items():
        with named(store, key):
            places = _places(key, found, indices[key], result, inner)
        if is_large(store, inner):
            large += [place for place in places if not place.piece.whole]
            places = [place for place in places if place.piece.whole]
        stretches += _stretches(places, store.gap)
    read_large(store, large, result)
    if stretches:
        count = sum([len(stretch.places) for stretch in stretches])
        run(read, stretches, batch_for(store, count) * len(stretches) // count)


def _index_of(shard: Shard) -> Span:
    return Span(-shard.index_bytes) if shard.at_end else Span(0, shard.index_bytes)


def _by_shard(chunks: Chunks, pieces: Iterable[Piece]) -> dict[str, Wanted]:
    """Return the pieces by the keys of their shards."""
    grouped: dict[Index, Wanted] = {}
    for piece in pieces:
        number, place = chunks.place_of(piece.chunk)
        wanted = grouped.get(number)
        if wanted is None:
            wanted = grouped[number] = Wanted(chunks.shard_of(number), [], [])
        wanted.pieces.append(piece)
        wanted.places.append(place)
    return {chunks.key_of(index): found for index, found in grouped.items()}


def _places(
    key: str, wanted: Wanted, index: np.ndarray | None, result: Result, chunks: Pipeline
) -> list[Place]:
    """Return where in a shard the chunks lie; fill at once what it does not have."""
    places = []
    spans = [None] * len(wanted.pieces) if index is None else spans_of(index, wanted.places)
    for piece, span in zip(wanted.pieces, spans, strict=True):
        if span is None:
            result.add(piece, None, chunks, None)
            continue
        start, length = span
        if length > chunks.most_bytes:
            raise LimitError(
                f"chunk {piece.chunk} has {length} bytes, but {chunks.most_bytes} are the most "
                "that it may"
            )
        places.append(Place(key, start, length, piece, chunks))
    return places


def _stretches(places: list[Place], gap: int) -> Iterator[Stretch]:
    """Yield what is to be read of one shard: neighbours in one, also over a gap between them."""
    stretch: list[Place] = []
    start = stop = 0
    most = min(SPAN_BYTES, SPAN_GAPS * gap)
    for place in sorted(places, key=itemgetter(1, 2)):
        offset, length = _start_and_length(place)
        if stretch and (offset > stop + gap or offset + length - start > most):
            yield Stretch(place.key, Span(start, stop - start), stretch)
            stretch = []
        if not stretch:
            start = stop = offset
        stretch.append(place)
        stop = max(stop, offset + length)
    if stretch:
        yield Stretch(stretch[0].key, Span(start, stop - start), stretch)


def _portions(stretches: Sequence[Stretch], store: Store) -> Iterator[list[Stretch]]:
    """Yield as many stretches as are worth reading at once: many short ones, few long ones."""
    portion: list[Stretch] = []
    left = 0
    for stretch in stretches:
        size = stretch.span.length or 0
        if portion and (size > left or len(portion) == max(store.batch, BATCH)):
            yield portion
            portion = []
        if not portion:
            left = HELD * store.gap
        portion.append(stretch)
        left -= size
    if portion:
        yield portion


def _start_and_length(place: Place) -> tuple[int, int]:
    assert place.length is not None
    return place.start, place.length


def _cut(data: memoryview, start: int, place: Place) -> memoryview:
    offset, length = _start_and_length(place)
    at = offset - start
    if at + length > len(data):
        raise ChunkError(
            f"a chunk should lie at {offset} to {offset + length} of the shard, which is shorter"
        )
    return data[at : at + length]
