"""Where the values that are read go, and how they come there from the chunks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.core.codecs.pipeline import FindExtents, Pipeline, Room
from zarr_cdm.core.extents import outer_extents, point_extents
from zarr_cdm.core.indexing import Index, Piece, put, take, take_points
from zarr_cdm.core.options import MissingChunks
from zarr_cdm.errors import ChunkError, ZarrCdmWarning

Take = Callable[[np.ndarray, Any], np.ndarray]


class Selector(NamedTuple):
    """A way to select: what is taken from a chunk for a piece, and which elements that needs."""

    take: Take
    extents: FindExtents


OUTER = Selector(take, outer_extents)
POINTS = Selector(take_points, point_extents)


class Missing:
    """What is said of the chunks of one selection that the store does not have."""

    __slots__ = ("_policy", "chunks")

    def __init__(self, policy: MissingChunks) -> None:
        self._policy = policy
        self.chunks: list[Index] = []

    def add(self, chunk: Index) -> None:
        """Take note of a missing chunk; raise `ChunkError` where there must be none."""
        if self._policy == "error":
            raise ChunkError(
                f"chunk {chunk} is missing; missing_chunks='fill' reads its fill value"
            )
        if self._policy == "warn":
            self.chunks.append(chunk)

    def tell(self, place: str) -> None:
        """Warn, once for all that were missing."""
        first, number = min(self.chunks), len(self.chunks)
        message = f"{place}: missing chunks: {number}, the first is {first}; filled"
        warnings.warn(message, ZarrCdmWarning, stacklevel=5)


class Result(NamedTuple):
    """Where the values of a selection go.

    Attributes
    ----------
    values
        The array that is filled.
    selector
        How it selects.
    fill
        What stands for an element that nobody has written.
    missing
        What is said of chunks that the store does not have.
    """

    values: np.ndarray
    selector: Selector
    fill: Any
    missing: Missing

    def add(self, piece: Piece, data: Any, pipeline: Pipeline, room: Room | None) -> None:
        """Put the piece of an encoded chunk where it goes; None: there is no such chunk."""
        if data is None:
            self.missing.add(piece.chunk)
            put(self.values, piece.target, self.fill)
            return
        if not piece.whole:
            self.put(piece, pipeline.decode_part(data, piece.source, self.selector.extents, room))
            return
        place = self.values[(*piece.target, ...)]  # a view, of a scalar too
        if place.shape == pipeline.spec.shape:
            pipeline.decode_into(data, place, room)
        else:
            self.put(piece, pipeline.decode(data, room))

    def put(self, piece: Piece, chunk: np.ndarray) -> None:
        """Put the piece of a decoded chunk where it goes."""
        put(self.values, piece.target, self.selector.take(chunk, piece.source))


class Rooms:
    """The room for the chunks of one pipeline after the other."""

    __slots__ = ("_pipeline", "_room")

    def __init__(self) -> None:
        self._pipeline: Pipeline | None = None
        self._room: Room | None = None

    def of(self, pipeline: Pipeline) -> Room | None:
        """Return room for a chunk, the same as before while the pipeline is."""
        if pipeline is not self._pipeline:
            self._pipeline, self._room = pipeline, pipeline.room()
        return self._room
