"""What xarray may index later: a variable's data, unread."""

from __future__ import annotations

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
