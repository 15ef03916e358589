"""The ``regular`` grid: all chunks of one shape.

Specification: zarr-specs, v3 core, "Regular grids".

>>> grid = RegularGrid.from_json({"chunk_shape": [10, 10]}, (25, 10))
>>> grid.counts, grid.edges(0, 2), grid.find(0, 5, 12)
((3, 1), (20, 30), range(0, 2))
>>> grid.to_json()
{'chunk_shape': [10, 10]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from zarr_cdm.errors import MetadataError


class RegularGrid:
    """Chunks of one shape; those at the far edges overhang the array."""

    def __init__(self, chunks: Sequence[int], shape: Sequence[int]) -> None:
        self.chunks = tuple(chunks)
        self.counts = tuple(
            -(-size // chunk) for size, chunk in zip(shape, self.chunks, strict=True)
        )

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any], shape: Sequence[int]) -> Self:
        """Return the grid; a chunk length of 0 along an axis of length 0 is read as 1."""
        chunks = configuration.get("chunk_shape")
        if (
            not isinstance(chunks, (list, tuple))
            or len(chunks) != len(shape)
            or not all(type(length) is int and length >= 0 for length in chunks)
        ):
            raise MetadataError(
                f"chunk_shape is {chunks!r}, expected {len(shape)} whole numbers above 0"
            )
        if any(length == 0 < size for length, size in zip(chunks, shape, strict=True)):
            raise MetadataError(f"chunk_shape is {chunks!r} for the shape {tuple(shape)}")
        return cls([max(1, length) for length in chunks], shape)

    def to_json(self) -> dict[str, Any]:
        return {"chunk_shape": list(self.chunks)}

    def edges(self, axis: int, index: int) -> tuple[int, int]:
        length = self.chunks[axis]
        return index * length, (index + 1) * length

    def find(self, axis: int, start: int, stop: int) -> range:
        length = self.chunks[axis]
        return range(start // length, -(-stop // length))

    def locate(self, axis: int, positions: np.ndarray) -> np.ndarray:
        return np.asarray(positions // self.chunks[axis])

    def chunk_shape(self, index: Sequence[int]) -> tuple[int, ...]:
        return self.chunks

    def resized(
        self, configuration: Mapping[str, Any], shape: Sequence[int], unit: Sequence[int]
    ) -> dict[str, Any]:
        return {**configuration, "chunk_shape": list(self.chunks)}
