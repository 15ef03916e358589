"""Selections of arrays that are made of others: one part for each axis, or single elements.

>>> expanded((..., -1), (2, 3, 4))
(slice(None, None, None), slice(None, None, None), 3)
>>> Places((2, 3)).outer((slice(None), np.array([0, 2])))
array([[0, 2],
       [3, 5]])
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from zarr_cdm.cdm.lazy import Selected
from zarr_cdm.cdm.model import ArrayLike
from zarr_cdm.errors import SelectionError

Part = slice | np.ndarray
Parts = tuple[Part, ...]
Points = tuple[np.ndarray, ...]


def expanded(selection: Any, shape: Sequence[int]) -> tuple[int | Part, ...]:
    """Return a selection with a part for each axis: an int from 0 on, a slice or int array.

    Raises
    ------
    SelectionError
        The array has no such elements.
    """
    given = list(selection) if isinstance(selection, tuple) else [selection]
    dots = [place for place, part in enumerate(given) if part is Ellipsis]
    missing = len(shape) - len(given) + len(dots[:1])
    if missing < 0 or len(dots) > 1:
        raise SelectionError(f"{selection!r} selects too many axes of the shape {tuple(shape)}")
    place = dots[0] if dots else len(given)
    given[place : place + len(dots)] = [slice(None)] * missing
    return tuple(_part(part, size) for part, size in zip(given, shape, strict=True))


def _part(part: Any, size: int) -> int | Part:
    if isinstance(part, slice):
        return part
    array = np.asarray(part)
    if array.dtype == bool and array.shape == (size,):
        return np.flatnonzero(array)
    if array.ndim > 1 or (array.size and array.dtype.kind not in "iu"):
        raise SelectionError(f"{part!r} selects nothing; wanted integers and slices")
    array = array.astype(np.int64)
    if ((array < -size) | (array >= size)).any():
        raise SelectionError(f"{part!r} is outside of an axis of length {size}")
    array = np.where(array < 0, array + size, array)
    return array if array.ndim else operator.index(array[()])


class MadeArray(ABC):
    """An array-like that is made of others when it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype
    members: tuple[ArrayLike, ...]  # whose first axes are those of this array, of the first one

    @abstractmethod
    def _outer(self, parts: Parts) -> np.ndarray:
        """Return what a slice or an integer array for each axis selects."""

    @abstractmethod
    def _points(self, points: Points) -> np.ndarray:
        """Return single elements."""

    def __getitem__(self, selection: Any) -> Any:
        """Return the selected values; several integer arrays select independently of each other."""
        parts = expanded(selection, self.shape)
        result = self._outer(
            tuple(slice(part, part + 1) if isinstance(part, int) else part for part in parts)
        )
        kept = tuple(0 if isinstance(part, int) else slice(None) for part in parts)
        dotted = isinstance(selection, tuple) and any(part is Ellipsis for part in selection)
        # As NumPy has it: an element where no axis is left, but with ... an array.
        return result[(*kept, ...)] if dotted or selection is Ellipsis else result[kept]

    @property
    def oindex(self) -> Selected:
        """Select each axis on its own."""
        return Selected(lambda selection: boxed(self[(*selection, ...)], self.dtype))

    @property
    def vindex(self) -> Selected:
        """Select single elements."""
        return Selected(lambda points: self._points(tuple(np.broadcast_arrays(*points))))

    def __getattr__(self, name: str) -> Any:
        """Say how the first of the members is stored, as far as its axes are those of this one."""
        if name not in ("chunks", "shards", "codecs") or not self.__dict__.get("members"):
            raise AttributeError(name)
        found = getattr(self.members[0], name)
        return found if name == "codecs" or found is None else tuple(found)[: len(self.shape)]

    def stored_bytes(self) -> int:
        """Return how many bytes all members take."""
        measures = [getattr(member, "stored_bytes", None) for member in self.members]
        return sum(int(measure()) for measure in measures if measure is not None)


def boxed(value: Any, dtype: np.dtype) -> np.ndarray:
    """Return what was selected as an array: an element of dtype object may be an array itself."""
    if isinstance(value, np.ndarray) and value.dtype == dtype:
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "UT":
        return value.astype(object)  # a text that NumPy has taken for one of its own
    if not dtype.hasobject or dtype.names is not None:
        return np.asarray(value, dtype)
    result = np.empty((), object)
    result[()] = value
    return result


def selected_shape(parts: Sequence[Part], shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of what is selected."""
    return tuple(
        len(range(*part.indices(size))) if isinstance(part, slice) else len(part)
        for part, size in zip(parts, shape, strict=True)
    )


class Places:
    """The place of each element of an array in C order, as if it were an array of numbers."""

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)
        self._steps = [prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]

    def outer(self, parts: Parts) -> np.ndarray:
        """Return the places that a slice or an integer array for each axis selects."""
        return self.points(np.ix_(*coordinates(parts, self.shape)))

    def points(self, points: Sequence[np.ndarray]) -> np.ndarray:
        """Return the places of single elements."""
        total = np.zeros((), np.int64)
        for array, step in zip(points, self._steps, strict=True):
            total = total + array * step
        return np.asarray(total)


def coordinates(parts: Parts, shape: Sequence[int]) -> list[np.ndarray]:
    """Return for each axis the numbers that are selected."""
    return [
        np.arange(size)[part] if isinstance(part, slice) else part
        for part, size in zip(parts, shape, strict=True)
    ]


def with_axes(points: Points, sizes: Sequence[int]) -> Points:
    """Return single elements of the first axes with all that is behind them on others.

    >>> [array.shape for array in with_axes((np.array([4, 5]),), (3,))]
    [(2, 1), (3,)]
    """
    rank = len(sizes)
    behind = tuple(
        np.arange(size).reshape(-1, *(1,) * (rank - 1 - axis)) for axis, size in enumerate(sizes)
    )
    return (*(array.reshape(*array.shape, *(1,) * rank) for array in points), *behind)
