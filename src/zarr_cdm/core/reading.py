"""Reading the pieces of a selection from chunks that are an object each.

Chunks are read as wholes in one round of concurrent requests; of large ones that a selection takes
little from, only some blocks are (`parts`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.indexing import Index, Piece
from zarr_cdm.core.parts import Place, is_large, read_large
from zarr_cdm.core.result import BATCH, Result, Rooms, at_once, named
from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.parallel import run


def read_chunks(
    store: Store,
    pieces: Sequence[Piece],
    result: Result,
    keys_of: Sequence[Callable[[Index], str]],
    pipeline_of: Callable[[Index], Pipeline],
) -> None:
    """Fill ``result`` from chunks that are an object each; ``keys_of``: where one may be."""

    def work(batch: Sequence[Piece]) -> None:
        rooms = Rooms()
        step = at_once(store, pipeline_of(batch[0].chunk).stored_bytes)
        for at in range(0, len(batch), step):
            read(batch[at : at + step], rooms)

    def read(batch: Sequence[Piece], rooms: Rooms) -> None:
        keys = [keys_of[0](piece.chunk) for piece in batch]
        pipelines = [pipeline_of(piece.chunk) for piece in batch]
        wholes = [_all_of(pipeline) for pipeline in pipelines]
        values = store.get_many(list(zip(keys, wholes, strict=True)))
        for key_of in keys_of[1:]:
            missing = [i for i, value in enumerate(values) if value is None]
            found = store.get_many([(key_of(batch[i].chunk), wholes[i]) for i in missing])
            for i, value in zip(missing, found, strict=True):
                values[i] = value
        for piece, key, pipeline, data in zip(batch, keys, pipelines, values, strict=True):
            with named(store, key):
                result.add(piece, data, pipeline, rooms.of(pipeline))

    rest, large = pieces, []
    if len(keys_of) == 1:
        large = [
            Place(keys_of[0](piece.chunk), 0, None, piece, pipeline)
            for piece in pieces
            if not piece.whole and is_large(store, pipeline := pipeline_of(piece.chunk))
        ]
    if large:
        read_large(store, large, result)
        rest = [
            piece
            for piece in pieces
            if piece.whole or not is_large(store, pipeline_of(piece.chunk))
        ]
    run(work, rest, max(store.batch, BATCH))


@lru_cache(maxsize=256)
def _all_of(pipeline: Pipeline) -> Span:
    """Return what is read of a chunk: all of it, unless that is more than a chunk can be."""
    return Span(0, None, pipeline.most_bytes)
