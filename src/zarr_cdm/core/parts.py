"""Reading a few blocks of large chunks, in two rounds of requests: their heads, then the blocks.

Worth it where the rest of a chunk takes longer to read than a second request does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from zarr_cdm.core.batches import batch_for
from zarr_cdm.core.codecs.blosc_frame import Blocks
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.indexing import Piece
from zarr_cdm.core.result import Result, Rooms
from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.core.stores.naming import named
from zarr_cdm.errors import ChunkError
from zarr_cdm.parallel import run

# From how many times the bytes that a request costs a chunk is large.
LARGE = 16


class Place(NamedTuple):
    """Where the encoded chunk of a piece lies; ``length`` is None for all that is at the key."""

    key: str
    start: int
    length: int | None
    piece: Piece
    pipeline: Pipeline


def is_large(store: Store, pipeline: Pipeline) -> bool:
    """Tell whether it may be worth it to read only a part of a chunk."""
    return pipeline.head_bytes is not None and pipeline.stored_bytes >= LARGE * store.gap


def read_large(store: Store, places: Sequence[Place], result: Result) -> None:
    """Fill ``result`` from large chunks: by some of their blocks, or as wholes where most count."""

    def work(batch: Sequence[Place]) -> None:
        rooms = Rooms()
        for at in range(0, len(batch), store.batch):
            _read(store, batch[at : at + store.batch], result, rooms)

    run(work, places, batch_for(store, len(places)))


def _read(store: Store, places: Sequence[Place], result: Result, rooms: Rooms) -> None:
    heads = store.get_many([(place.key, _head(place)) for place in places])
    asked: list[tuple[Place, Blocks | None, list[Span | None]]] = []
    for place, head in zip(places, heads, strict=True):
        with named(store, place.key):
            if head is None:
                result.add(place.piece, None, place.pipeline, None)
                continue
            source, extents = place.piece.source, result.selector.extents
            blocks = place.pipeline.blocks(head, place.length, source, extents)
            asked.append((place, blocks, _spans(place, blocks, store.gap)))
    values = iter(
        store.get_many([(place.key, span) for place, _, spans in asked for span in spans])
    )
    for place, blocks, spans in asked:
        with named(store, place.key):
            found = [_there(next(values)) for _ in spans]
            room = rooms.of(place.pipeline)
            if blocks is None or room is None:
                result.add(place.piece, found[0], place.pipeline, room)
            else:
                parts = _cut(blocks.spans, spans, found, place.start)
                result.put(place.piece, place.pipeline.decode_blocks(blocks, parts, room))


def _there(data: bytes | None) -> bytes:
    if data is None:
        raise ChunkError("the chunk was removed while it was read")
    return data


def _head(place: Place) -> Span:
    size = place.pipeline.head_bytes
    assert size is not None
    return Span(place.start, size if place.length is None else min(size, place.length))


def _spans(place: Place, blocks: Blocks | None, gap: int) -> list[Span | None]:
    """Return what to read of a chunk, neighbours in one; all of it where ``blocks`` is None."""
    if blocks is None:
        return [None if place.length is None else Span(place.start, place.length)]
    spans: list[Span | None] = []
    first = last = -1
    for start, stop in sorted(blocks.spans):
        if first < 0:
            first, last = start, stop
        elif start > last + gap:
            spans.append(Span(place.start + first, last - first))
            first, last = start, stop
        else:
            last = max(last, stop)
    spans.append(Span(place.start + first, last - first))
    return spans


def _cut(
    wanted: Sequence[tuple[int, int]],
    spans: Sequence[Span | None],
    found: Sequence[bytes],
    start: int,
) -> list[memoryview]:
    """Return the bytes of each wanted part of a chunk, from what was found at the spans."""
    starts = [span.start - start for span in spans if span is not None]
    parts = []
    for first, last in wanted:
        number = bisect_right(starts, first) - 1
        at = first - starts[number]
        part = memoryview(found[number])[at : at + last - first]
        if len(part) < last - first:
            raise ChunkError(f"the chunk ends before {last}, the end of a block")
        parts.append(part)
    return parts
