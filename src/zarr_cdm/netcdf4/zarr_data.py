"""The data of variables in a Zarr store that is being written.

Most go out as they are assigned. What can only be written when all values are known is held in
memory until then: values of user-defined types, which are stored in parts, and texts in Zarr v2,
whose longest one decides how they are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from zarr_cdm.cdm.lazy import Selected, outer
from zarr_cdm.cdm.model import ArrayLike, Dimension
from zarr_cdm.cdm.types import STRING, CompoundType, NetcdfType, VlenType
from zarr_cdm.cdm.values import zeros
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.dialects.taken import read_block

OFFERED = ("chunks", "shards", "codecs", "stored_bytes")


def unwritten(kind: NetcdfType, shape: tuple[int, ...], fill: Any) -> np.ndarray:
    """Return what nobody has written: fill values, zeros in records, rows without values.

    >>> from zarr_cdm.cdm.types import ATOMIC_TYPES
    >>> unwritten(ATOMIC_TYPES["short"], (2,), -1)
    array([-1, -1], dtype=int16)
    """
    result = zeros(kind, prod(shape)).reshape(shape)
    whole = isinstance(kind, CompoundType | VlenType)  # of which zeros are all that there is
    if not whole and (kind is STRING or fill is not None):
        result[...] = "" if fill is None else fill
    return result


def with_fill(array: ZarrArray, fill: Any) -> ZarrArray:
    """Return an array with a fill value, where its document has none."""
    if array.metadata.fill_value is not None or fill is None:
        return array
    document = replace(array.metadata, fill_value=fill)
    return ZarrArray(array.store, array.path, document, array.options)


class StoredData:
    """An array of a store, as long as its variable's dimensions are.

    Attributes
    ----------
    clean
        Whether its chunks hold nothing but fill values where they overhang: it is new, or has
        grown. Then it is netCDF's fill value that nobody has written, also where the document of
        the array has none.
    """

    def __init__(
        self, array: ZarrArray, dimensions: Sequence[Dimension], fill: Any, *, clean: bool
    ) -> None:
        self._array = with_fill(array, fill) if clean else array
        self._fill = fill
        self._dimensions = tuple(dimensions)
        self.clean = clean
        self.dtype = array.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the dimensions at present."""
        return tuple(dimension.size for dimension in self._dimensions)

    @property
    def array(self) -> ZarrArray:
        """The array; its document may say a smaller shape than it has."""
        if self._array.shape != self.shape:
            self._array = with_fill(self._array, self._fill).grown(self.shape, clean=self.clean)
            self.clean = True
        return self._array

    @property
    def path(self) -> str:
        """The path of the array in the store."""
        return self._array.path

    def moved(self, path: str) -> None:
        """Go on at another path of the store."""
        old = self._array
        self._array = ZarrArray(old.store, path, old.metadata, old.options)

    def __getitem__(self, selection: Any) -> np.ndarray:
        return self.array[selection]

    def __getattr__(self, name: str) -> Any:
        if name not in (*OFFERED, "oindex", "vindex"):
            raise AttributeError(name)
        return getattr(self.array, name)

    def write(self, parts: tuple[Any, ...], values: Any) -> None:
        """Put values where a slice or an integer array for each axis selects."""
        self.array.oindex[parts] = values


class HeldData:
    """Values in memory, as many as the variable's dimensions have; read when first asked for.

    Attributes
    ----------
    is_changed
        Whether they are not in the store as they are here.
    """

    def __init__(
        self,
        source: ArrayLike | None,
        kind: NetcdfType,
        dimensions: Sequence[Dimension],
        fill: Any,
    ) -> None:
        self.dtype = kind.dtype
        self.is_changed = source is None
        self._source = source
        self._kind = kind
        self._dimensions = tuple(dimensions)
        self._fill = fill
        self._values = unwritten(kind, self.shape, fill) if source is None else None

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the dimensions at present."""
        return tuple(dimension.size for dimension in self._dimensions)

    def load(self) -> None:
        """Read all values, so that they can be written elsewhere."""
        self._values, self.is_changed = self.values, True

    @property
    def values(self) -> np.ndarray:
        """All values."""
        if self._values is None:
            assert self._source is not None
            self._values = read_block(self._source, ...)
        if self._values.shape != self.shape:
            grown = unwritten(self._kind, self.shape, self._fill)
            grown[tuple(slice(0, size) for size in self._values.shape)] = self._values
            self._values, self.is_changed = grown, True
        return self._values

    def __getitem__(self, selection: Any) -> Any:
        if self._values is None and self._source is not None and self._source.shape == self.shape:
            return self._source[selection]
        return deepcopy(self.values[selection])  # rows too: what is returned is the caller's

    @property
    def oindex(self) -> Selected:
        """Select each axis on its own."""
        return Selected(self._outer)

    def _outer(self, selection: tuple[Any, ...]) -> np.ndarray:
        if self._values is None and self._source is not None and self._source.shape == self.shape:
            return outer(self._source, selection)
        return deepcopy(outer(self.values, selection))

    def write(self, parts: tuple[Any, ...], values: Any) -> None:
        """Put values where a slice or an integer array for each axis selects."""
        places = [np.arange(size)[part] for part, size in zip(parts, self.shape, strict=True)]
        self.values[np.ix_(*places) if places else ...] = values
        self.is_changed = True
