"""The ``rectilinear`` grid: chunks of any length along each axis.

Specification: zarr-extensions ``chunk-grids/rectilinear``. An axis is a list of lengths, of which
``[length, count]`` stands for several, or one length that is repeated to the end of the array.

>>> axes = {"kind": "inline", "chunk_shapes": [[[31, 2], 28], 4]}
>>> grid = RectilinearGrid.from_json(axes, (90, 6))
>>> grid.chunks, grid.counts
(((31, 31, 28), (4, 4)), (3, 2))
>>> grid.edges(0, 2), grid.find(0, 30, 32), grid.chunk_shape((2, 1))
((62, 90), range(0, 2), (28, 4))
>>> grid.to_json()
{'kind': 'inline', 'chunk_shapes': [[[31, 2], 28], [[4, 2]]]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Self

import numpy as np

from zarr_cdm.errors import MetadataError
from zarr_cdm.limits import current


class RectilinearGrid:
    """Chunks whose lengths are listed; the last may overhang, and some may lie outside."""

    def __init__(self, lengths: Sequence[Sequence[int]]) -> None:
        self.chunks = tuple(tuple(axis) for axis in lengths)
        self.counts = tuple(len(axis) for axis in self.chunks)
        self._edges = [np.concatenate([[0], np.cumsum(axis, dtype=np.int64)]) for axis in lengths]

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any], shape: Sequence[int]) -> Self:
        if configuration.get("kind") != "inline":
            raise MetadataError(f"kind is {configuration.get('kind')!r}, expected 'inline'")
        axes = configuration.get("chunk_shapes")
        if not isinstance(axes, list) or len(axes) != len(shape):
            raise MetadataError(f"chunk_shapes is {axes!r}, expected an entry for each dimension")
        return cls([_lengths(axis, size) for axis, size in zip(axes, shape, strict=True)])

    def to_json(self) -> dict[str, Any]:
        return {"kind": "inline", "chunk_shapes": [_runs(axis) for axis in self.chunks]}

    def edges(self, axis: int, index: int) -> tuple[int, int]:
        edges = self._edges[axis]
        return int(edges[index]), int(edges[index + 1])

    def find(self, axis: int, start: int, stop: int) -> range:
        edges = self._edges[axis]
        first = int(np.searchsorted(edges, start, side="right")) - 1
        return range(first, int(np.searchsorted(edges, stop, side="left")))

    def locate(self, axis: int, positions: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._edges[axis], positions, side="right") - 1

    def chunk_shape(self, index: Sequence[int]) -> tuple[int, ...]:
        return tuple(axis[place] for axis, place in zip(self.chunks, index, strict=True))

    def resized(
        self, configuration: Mapping[str, Any], shape: Sequence[int], unit: Sequence[int]
    ) -> dict[str, Any]:
        """Return the configuration for another shape.

        Where an axis grows beyond its list, what is new becomes one more chunk; where it shrinks,
        chunks that are all outside leave the list, so that the next growth begins behind the rest.
        """
        axes = [
            given if _is_length(given) else _runs(self._fitting(axis, size, step))
            for axis, (given, size, step) in enumerate(
                zip(configuration["chunk_shapes"], shape, unit, strict=True)
            )
        ]
        return {**configuration, "chunk_shapes": axes}

    def _fitting(self, axis: int, size: int, step: int) -> list[int]:
        lengths, end = list(self.chunks[axis]), int(self._edges[axis][-1])
        if size > end:
            return [*lengths, -(-(size - end) // step) * step]
        return lengths[: max(1, self.find(axis, 0, size).stop)]


def _is_length(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**63


def _lengths(axis: Any, size: int) -> list[int]:
    """Return the lengths of the chunks along an axis of a length."""
    if _is_length(axis):
        axis = [[axis, -(-size // axis)]] if size else []
    if not isinstance(axis, list):
        raise MetadataError(f"the chunks of an axis are {axis!r}, expected a length or a list")
    lengths: list[int] = []
    for length, count in map(_run, axis):
        # Before they are listed: a run of [1, 10**18] would take all memory.
        current().check("axis_chunks", len(lengths) + count, "an axis of the chunk grid")
        lengths += [length] * count
    if sum(lengths) < size:
        raise MetadataError(f"the chunks of an axis add up to {sum(lengths)}, expected {size}")
    return lengths


def _run(entry: Any) -> tuple[int, int]:
    length, count = entry if isinstance(entry, list) and len(entry) == 2 else (entry, 1)
    if not _is_length(length) or not _is_length(count):
        raise MetadataError(f"a chunk length is {entry!r}, expected a whole number above 0")
    return length, count


def _runs(lengths: Sequence[int]) -> list[Any]:
    """Return a list of lengths, shortened where one is repeated."""
    counted: Iterator[tuple[int, int]] = (
        (length, len(list(group))) for length, group in groupby(lengths)
    )
    return [length if count == 1 else [length, count] for length, count in counted]
