"""How the axes of an array are cut into chunks: what every grid must offer.

An axis is cut on its own, without regard to the others; chunks are counted from 0 along each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np


class ChunkGrid(Protocol):
    """A way to cut a shape."""

    counts: tuple[int, ...]  # chunks along each axis
    chunks: tuple[Any, ...]  # for each axis the length of all chunks, or a tuple of their lengths

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any], shape: Sequence[int]) -> Self:
        """Return the grid that a document describes, for an array of ``shape``."""

    def to_json(self) -> dict[str, Any]:
        """Return the configuration for a document."""

    def edges(self, axis: int, index: int) -> tuple[int, int]:
        """Return where a chunk starts and stops along an axis; the last one may overhang."""

    def find(self, axis: int, start: int, stop: int) -> range:
        """Return the chunks that hold a part of ``start`` to ``stop``."""

    def locate(self, axis: int, positions: np.ndarray) -> np.ndarray:
        """Return for each position the chunk that holds it."""

    def chunk_shape(self, index: Sequence[int]) -> tuple[int, ...]:
        """Return the full shape of one chunk, as it is stored."""

    def resized(
        self, configuration: Mapping[str, Any], shape: Sequence[int], unit: Sequence[int]
    ) -> dict[str, Any]:
        """Return the configuration for another shape: chunks that stay are the same ones.

        The lengths of a new chunk are multiples of ``unit``.
        """
