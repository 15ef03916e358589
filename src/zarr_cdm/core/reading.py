"""Reading the pieces of a selection: from one object for each chunk, or out of shards.

Both read in rounds of concurrent requests: chunks in one; of shards first the indices, then the
spans of the chunks that are wanted, neighbours in one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.codecs.sharding import Index, Shard, span_of
from zarr_cdm.core.indexing import Piece, put
from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.errors import ChunkError, ZarrCdmError
from zarr_cdm.parallel import run

Take = Callable[[np.ndarray, Any], np.ndarray]
# Chunks of a shard are read in one request over a gap that costs less than another request would,
# up to a size that leaves enough requests for all threads.
GAP_BYTES = 16 * 2**10
SPAN_BYTES = 4 * 2**20


class Result(NamedTuple):
    """Where the values of a selection go.

    Attributes
    ----------
    values
        The array that is filled.
    take
        What is taken from a chunk for a piece.
    fill
        What stands for an element that nobody has written.
    """

    values: np.ndarray
    take: Take
    fill: Any

    def add(self, piece: Piece, data: bytes | None, pipeline: Pipeline) -> None:
        """Put the piece of an encoded chunk where it goes; None: there is no such chunk."""
        if data is None:
            put(self.values, piece.target, self.fill)
            return
        if piece.whole and all(isinstance(part, slice) for part in piece.target):
            place = self.values[(*piece.target, ...)]  # a view, of a scalar too
            if place.shape == pipeline.spec.shape:
                pipeline.decode(data, out=place)
                return
        put(self.values, piece.target, self.take(pipeline.decode(data), piece.source))


def read_chunks(
    store: Store,
    pieces: Sequence[Piece],
    result: Result,
    keys_of: Sequence[Callable[[Index], str]],
    pipeline_of: Callable[[Index], Pipeline],
) -> None:
    """Fill ``result`` from chunks that are an object each; ``keys_of``: where one may be."""

    def work(batch: Sequence[Piece]) -> None:
        keys = [keys_of[0](piece.chunk) for piece in batch]
        values = store.get_many([(key, None) for key in keys])
        for key_of in keys_of[1:]:
            missing = [i for i, value in enumerate(values) if value is None]
            found = store.get_many([(key_of(batch[i].chunk), None) for i in missing])
            for i, value in zip(missing, found, strict=True):
                values[i] = value
        for piece, key, data in zip(batch, keys, values, strict=True):
            with named(store, key):
                result.add(piece, data, pipeline_of(piece.chunk))

    run(work, pieces, store.batch)


class Wanted(NamedTuple):
    """A piece of a chunk in a shard: where in the shard's index the chunk stands."""

    piece: Piece
    place: Index


class Stretch(NamedTuple):
    """A span of a shard, and the pieces in it with the offsets and lengths of their chunks."""

    key: str
    span: Span
    pieces: list[tuple[Piece, int, int]]


def read_shards(
    store: Store, wanted: Mapping[str, Sequence[Wanted]], result: Result, shard: Shard
) -> None:
    """Fill ``result`` from the shards at the keys of ``wanted``."""
    indices: dict[str, np.ndarray | None] = {}
    where = Span(-shard.index_bytes) if shard.at_end else Span(0, shard.index_bytes)

    def find(keys: Sequence[str]) -> None:
        for key, data in zip(keys, store.get_many([(key, where) for key in keys]), strict=True):
            with named(store, key):
                indices[key] = None if data is None else shard.index(data)

    def read(batch: Sequence[Stretch]) -> None:
        values = store.get_many([(stretch.key, stretch.span) for stretch in batch])
        for stretch, data in zip(batch, values, strict=True):
            with named(store, stretch.key):
                for piece, offset, length in stretch.pieces:
                    result.add(piece, _part(data, stretch.span, offset, length), shard.chunks)

    run(find, list(wanted), store.batch)
    stretches: list[Stretch] = []
    for key, pieces in wanted.items():
        with named(store, key):
            stretches += _stretches(key, pieces, indices[key], result, shard)
    run(read, stretches, store.batch)


def _stretches(
    key: str,
    wanted: Iterable[Wanted],
    index: np.ndarray | None,
    result: Result,
    shard: Shard,
) -> Iterator[Stretch]:
    """Yield what is to be read of one shard; fill at once what it does not have."""
    found: list[tuple[int, int, Piece]] = []
    for piece, place in wanted:
        span = None if index is None else span_of(index, place)
        if span is None:
            result.add(piece, None, shard.chunks)
        else:
            found.append((*span, piece))
    stretch: list[tuple[Piece, int, int]] = []
    start = stop = 0
    for offset, length, piece in sorted(found, key=lambda each: each[:2]):
        if stretch and (offset > stop + GAP_BYTES or offset + length - start > SPAN_BYTES):
            yield Stretch(key, Span(start, stop - start), stretch)
            stretch = []
        if not stretch:
            start = stop = offset
        stretch.append((piece, offset, length))
        stop = max(stop, offset + length)
    if stretch:
        yield Stretch(key, Span(start, stop - start), stretch)


def _part(data: bytes | None, span: Span, offset: int, length: int) -> bytes:
    at = offset - span.start
    if data is None or at + length > len(data):
        raise ChunkError(
            f"a chunk should lie at {offset} to {offset + length} of the shard, which is shorter"
        )
    return data[at : at + length]


class named:
    """A context in which errors are told the store and key that they speak of."""

    __slots__ = ("_key", "_store")

    def __init__(self, store: Store, key: str) -> None:
        self._store, self._key = store, key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, ZarrCdmError):
            error.at(source=self._store.url, key=self._key)


def by_shard(
    pieces: Iterable[Piece],
    key_of: Callable[[Index], str],
    place_of: Callable[[Index], tuple[Index, Index]],
) -> dict[str, list[Wanted]]:
    """Return pieces by the key of their shard; ``place_of``: a chunk's shard and place in it."""
    grouped: dict[Index, list[Wanted]] = defaultdict(list)
    for piece in pieces:
        shard, place = place_of(piece.chunk)
        grouped[shard].append(Wanted(piece, place))
    return {key_of(index): found for index, found in grouped.items()}
