"""What xarray may index later: a variable's data, unread."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from zarr_cdm.cdm.lazy import by_points, outer
from zarr_cdm.cdm.model import ArrayLike


class CdmBackendArray(BackendArray):
    """An array-like of the model behind xarray's contract for lazy arrays."""

    def __init__(self, array: ArrayLike, dtype: np.dtype) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        if isinstance(key, indexing.VectorizedIndexer):
            return np.asarray(
                indexing.explicit_indexing_adapter(
                    key, self.shape, indexing.IndexingSupport.VECTORIZED, self._by_points
                )
            )
        return outer(self.array, key.tuple)

    async def async_getitem(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        """Return the same as ``array[key]``, from a thread: for ``Dataset.load_async``."""
        return await asyncio.to_thread(self.__getitem__, key)

    def _by_points(self, selection: tuple[Any, ...]) -> np.ndarray:
        if all(isinstance(part, np.ndarray) for part in selection):
            return by_points(self.array, selection)
        # xarray mixes slices in where a whole axis is kept: name its elements one by one.
        rank = max(part.ndim for part in selection if isinstance(part, np.ndarray))
        slices = [part for part in selection if isinstance(part, slice)]
        arrays, seen = [], 0
        for part, size in zip(selection, self.shape, strict=True):
            if isinstance(part, slice):
                seen += 1
                arrays.append(np.arange(size)[part].reshape(-1, *(1,) * (len(slices) - seen)))
            else:
                lead = (1,) * (rank - part.ndim) + part.shape
                arrays.append(part.reshape(*lead, *(1,) * len(slices)))
        return by_points(self.array, tuple(arrays))


class RememberedArray:
    """A coordinate that is read once: xarray asks for its ends and then for all of it."""

    def __init__(self, array: ArrayLike) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self._values: np.ndarray | None = None

    def __getitem__(self, selection: Any) -> np.ndarray:
        if self._values is None:
            self._values = np.asarray(self.array[...])
        given = selection if isinstance(selection, tuple) else (selection,)
        # With the dots there is an array even where one element is selected, which may be a row.
        part: np.ndarray = self._values[given if Ellipsis in given else (*given, ...)]
        return part

    def __reduce__(self) -> tuple[type, tuple[ArrayLike]]:
        return type(self), (self.array,)
