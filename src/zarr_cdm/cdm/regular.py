"""Arrays of numbers at equal distances, computed when they are read.

>>> coordinates = RegularArray(10.0, 0.5, 1000)
>>> coordinates[:3], coordinates[-1]
(array([10. , 10.5, 11. ]), np.float64(509.5))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zarr_cdm.errors import SelectionError


class RegularArray:
    """``start + step * index``, for each index below ``size``: doubles on one axis."""

    dtype = np.dtype(float)

    def __init__(self, start: float, step: float, size: int) -> None:
        self.start = start
        self.step = step
        self.shape = (size,)

    def __getitem__(self, selection: Any) -> Any:
        """Return the numbers that an integer, a slice, or an array of either or of bools selects.

        Raises
        ------
        SelectionError
            The array does not have that index.
        """
        parts = [part for part in _as_tuple(selection) if part is not Ellipsis]
        if len(parts) > 1:
            raise SelectionError(f"{len(parts)} indices for an array of one axis")
        return self.start + self.step * self._indices(parts[0] if parts else slice(None))

    def _indices(self, part: Any) -> Any:
        (size,) = self.shape
        if isinstance(part, slice):
            return np.arange(*part.indices(size))
        indices = np.asarray(part)
        if indices.dtype == bool:
            indices = np.flatnonzero(indices)
        if ((indices < -size) | (indices >= size)).any():
            raise SelectionError(f"{part!r} is out of bounds for an axis of length {size}")
        return np.where(indices < 0, indices + size, indices)[()]


def _as_tuple(selection: Any) -> tuple[Any, ...]:
    return selection if isinstance(selection, tuple) else (selection,)
