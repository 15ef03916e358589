"""Reading the pieces of a selection from chunks that are an object each.

Chunks are read as wholes in one round of concurrent requests; of large ones that a selection takes
little from, only some blocks are (`parts`).
"""

from __future__ import annotations

from collections.abc import Sequence

from zarr_cdm.core.batches import at_once, batch_for
from zarr_cdm.core.chunks import Chunks, all_of
from zarr_cdm.core.indexing import Piece
from zarr_cdm.core.parts import Place, is_large, read_large
from zarr_cdm.core.result import Result, Rooms
from zarr_cdm.core.stores.naming import named
from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.parallel import run


def read_chunks(chunks: Chunks, pieces: Sequence[Piece], result: Result) -> None:
    """Fill ``result`` with the pieces of chunks."""
    store, key_of, pipeline_of = chunks.store, chunks.key_of, chunks.pipeline_of

    def work(batch: Sequence[Piece]) -> None:
        step = at_once(store, pipeline_of(batch[0].chunk).stored_bytes)
        if step == 1:
            _read_each(chunks, batch, result)
            return
        for at in range(0, len(batch), step):
            _read_together(chunks, batch[at : at + step], result)

    rest, large = pieces, []
    if not chunks.others:
        large = [
            Place(key_of(piece.chunk), 0, None, piece, pipeline)
            for piece in pieces
            if not piece.whole and is_large(store, pipeline := pipeline_of(piece.chunk))
        ]
    if large:
        read_large(store, large, result)
        read = {id(place.piece) for place in large}
        rest = [piece for piece in pieces if id(piece) not in read]
    if rest:
        run(work, rest, batch_for(store, len(rest)))


def _read_each(chunks: Chunks, batch: Sequence[Piece], result: Result) -> None:
    """Read one chunk after the other, with as little as possible around it."""
    store, key_of, pipeline_of = chunks.store, chunks.key_of, chunks.pipeline_of
    rooms, key = Rooms(), ""
    try:
        for piece in batch:
            pipeline, key = pipeline_of(piece.chunk), key_of(piece.chunk)
            data = store.get(key, all_of(pipeline))
            for other in chunks.others:
                if data is None:
                    data = store.get(other(piece.chunk), all_of(pipeline))
            result.add(piece, data, pipeline, rooms.of(pipeline))
    except ZarrCdmError as error:
        raise error.at(source=store.url, key=key) from error.__cause__


def _read_together(chunks: Chunks, batch: Sequence[Piece], result: Result) -> None:
    """Read some chunks at one request to the store, and decode them."""
    store = chunks.store
    pipelines = [chunks.pipeline_of(piece.chunk) for piece in batch]
    spans = [all_of(pipeline) for pipeline in pipelines]
    keys = [chunks.key_of(piece.chunk) for piece in batch]
    values = store.get_many(list(zip(keys, spans, strict=True)))
    for other in chunks.others:
        missing = [i for i, value in enumerate(values) if value is None]
        found = store.get_many([(other(batch[i].chunk), spans[i]) for i in missing])
        for i, value in zip(missing, found, strict=True):
            values[i] = value
    rooms = Rooms()
    for piece, key, pipeline, data in zip(batch, keys, pipelines, values, strict=True):
        with named(store, key):
            result.add(piece, data, pipeline, rooms.of(pipeline))
