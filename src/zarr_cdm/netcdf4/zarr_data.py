"""The data of variables in a Zarr store that is being written.

Most go out as they are assigned. What can only be written when all values are known is held in
memory until then: texts in Zarr v2, whose longest one decides how they are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zarr_cdm.cdm.lazy import outer
from zarr_cdm.cdm.model import ArrayLike, Dimension
from zarr_cdm.core.array import ZarrArray

OFFERED = ("chunks", "shards", "codecs", "stored_bytes")


class StoredData:
    """An array of a store, as long as its variable's dimensions are.

    Attributes
    ----------
    clean
        Whether its chunks hold nothing but fill values where they overhang.
    """

    def __init__(self, array: ZarrArray, dimensions: Sequence[Dimension], *, clean: bool) -> None:
        self._array = array
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
            self._array = self._array.grown(self.shape, clean=self.clean)
            self.clean = True
        return self._array

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
    changed
        Whether they are not in the store as they are here.
    """

    def __init__(
        self, source: ArrayLike | None, dtype: np.dtype, dimensions: Sequence[Dimension], fill: Any
    ) -> None:
        self.dtype = dtype
        self.changed = source is None
        self._source = source
        self._dimensions = tuple(dimensions)
        self._fill = fill
        self._values = np.full(self.shape, fill, dtype) if source is None else None

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the dimensions at present."""
        return tuple(dimension.size for dimension in self._dimensions)

    def load(self) -> None:
        """Read all values, so that they can be written elsewhere."""
        self._values, self.changed = self.values, True

    @property
    def values(self) -> np.ndarray:
        """All values."""
        if self._values is None:
            assert self._source is not None
            self._values = np.asarray(self._source[...], self.dtype)
        if self._values.shape != self.shape:
            grown = np.full(self.shape, self._fill, self.dtype)
            grown[tuple(slice(0, size) for size in self._values.shape)] = self._values
            self._values, self.changed = grown, True
        return self._values

    def __getitem__(self, selection: Any) -> Any:
        return self.values[selection]

    @property
    def oindex(self) -> _Outer:
        """Select each axis on its own."""
        return _Outer(self)

    def write(self, parts: tuple[Any, ...], values: Any) -> None:
        """Put values where a slice or an integer array for each axis selects."""
        places = [np.arange(size)[part] for part, size in zip(parts, self.shape, strict=True)]
        self.values[np.ix_(*places) if places else ()] = values
        self.changed = True


class _Outer:
    __slots__ = ("_held",)

    def __init__(self, held: HeldData) -> None:
        self._held = held

    def __getitem__(self, selection: tuple[Any, ...]) -> np.ndarray:
        return outer(self._held.values, selection)
