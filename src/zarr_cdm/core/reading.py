"""Reading the pieces of a selection from chunks that are an object each.

Chunks are read as wholes in one round of concurrent requests; of large ones that a selection takes
little from, only some blocks are (`parts`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.indexing import Index, Piece
from zarr_cdm.core.parts import Place, is_large, read_large
from zarr_cdm.core.result import BATCH, Result, Rooms, named
from zarr_cdm.core.stores.base import Store
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
        for at in range(0, len(batch), store.batch):
            read(batch[at : at + store.batch], rooms)

    def read(batch: Sequence[Piece], rooms: Rooms) -> None:
        keys = [keys_of[0](piece.chunk) for piece in batch]
        values = store.get_many([(key, None) for key in keys])
        for key_of in keys_of[1:]:
            missing = [i for i, value in enumerate(values) if value is None]
            found = store.get_many([(key_of(batch[i].chunk), None) for i in missing])
            for i, value in zip(missing, found, strict=True):
                values[i] = value
        for piece, key, data in zip(batch, keys, values, strict=True):
            with named(store, key):
                pipeline = pipeline_of(piece.chunk)
                result.add(piece, data, pipeline, rooms.of(pipeline))

    rest = pieces
    if len(keys_of) == 1:
        large = [piece for piece in pieces if is_large(store, piece, pipeline_of(piece.chunk))]
        if large:
            rest = [
                piece for piece in pieces if not is_large(store, piece, pipeline_of(piece.chunk))
            ]
            key_of = keys_of[0]
            places = [
                Place(key_of(piece.chunk), 0, None, piece, pipeline_of(piece.chunk))
                for piece in large
            ]
            read_large(store, places, result)
    run(work, rest, max(store.batch, BATCH))
