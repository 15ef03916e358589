"""Arrays that are computed from others when they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zarr_cdm.cdm.model import ArrayLike


class MappedArray:
    """Another array with a function applied to each part that is read; the shape stays.

    >>> doubled = MappedArray(np.arange(4), np.dtype("i8"), lambda part: part * 2)
    >>> doubled[1:3]
    array([2, 4])
    """

    def __init__(
        self, array: ArrayLike, dtype: np.dtype, function: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = dtype
        self.function = function

    def __getitem__(self, selection: Any) -> np.ndarray:
        return self.function(np.asarray(self.array[selection]))

    def __getattr__(self, name: str) -> Any:
        if name not in ("chunks", "shards", "codecs", "stored_bytes"):
            raise AttributeError(name)
        return getattr(self.array, name)

    @property
    def oindex(self) -> Selected:
        """Select each axis on its own."""
        return Selected(lambda selection: self.function(outer(self.array, selection)))

    @property
    def vindex(self) -> Selected:
        """Select single elements."""
        return Selected(lambda selection: self.function(by_points(self.array, selection)))


class ReshapedElement:
    """An array of one element under another shape of one element; it is read whole.

    >>> ReshapedElement(np.array([7]), ())[()]
    array(7)
    """

    def __init__(self, array: ArrayLike, shape: tuple[int, ...]) -> None:
        self.array = array
        self.shape = shape
        self.dtype = array.dtype

    def __getitem__(self, selection: Any) -> np.ndarray:
        whole = np.asarray(self.array[...], self.dtype).reshape(self.shape)
        return np.asarray(whole[selection], self.dtype)


class Selected:
    """One way to select: ``selected[selection]``."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[Any], np.ndarray]) -> None:
        self._read = read

    def __getitem__(self, selection: Any) -> np.ndarray:
        return self._read(selection)


def outer(array: ArrayLike, selection: tuple[Any, ...]) -> np.ndarray:
    """Return what is selected by an integer, a slice or an integer array for each axis.

    >>> outer(np.arange(12).reshape(3, 4), (np.array([0, 2]), np.array([1, 3])))
    array([[ 1,  3],
           [ 9, 11]])
    """
    own = getattr(array, "oindex", None)
    if own is not None:
        return np.asarray(own[selection])
    result = np.asarray(
        array[tuple(slice(None) if isinstance(part, np.ndarray) else part for part in selection)]
    )
    kept = [part for part in selection if isinstance(part, slice | np.ndarray)]
    for axis, part in enumerate(kept):
        if isinstance(part, np.ndarray):
            result = np.take(result, part, axis=axis)
    return result


def by_points(array: ArrayLike, selection: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the single elements that integer arrays name, one array for each axis.

    >>> by_points(np.arange(12).reshape(3, 4), (np.array([0, 2]), np.array([1, 3])))
    array([ 1, 11])
    """
    own = getattr(array, "vindex", None)
    if own is not None:
        return np.asarray(own[selection])
    # What can only select axis by axis is read once, as the box that holds all points.
    axes = [np.unique(part) for part in selection]
    box = outer(array, tuple(axes))
    return np.asarray(
        box[tuple(np.searchsorted(axis, part) for axis, part in zip(axes, selection, strict=True))]
    )
