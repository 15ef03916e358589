"""What an array offers to change what it is: its shape and its attributes."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from zarr_cdm.core.chunks import Chunks
from zarr_cdm.core.editing import check_unchanged, update_attributes, write_shape
from zarr_cdm.core.options import Options
from zarr_cdm.core.resizing import delete_outside, overhangs
from zarr_cdm.core.stores.base import Store
from zarr_cdm.core.values import fitted
from zarr_cdm.core.writing import check_writable
from zarr_cdm.errors import MetadataError, SelectionError, ValuesError
from zarr_cdm.metadata.documents import ArrayMetadata, Json, Node
from zarr_cdm.metadata.dtypes import VARIABLE
from zarr_cdm.metadata.json import plain


class Changing(ABC):
    """An array that can change its shape and its attributes, in the store and here."""

    store: Store
    path: str
    metadata: ArrayMetadata
    options: Options
    shape: tuple[int, ...]
    dtype: np.dtype
    _chunks: Chunks
    node: Node | None  # in the group that it was opened from

    @abstractmethod
    def _with(self, metadata: ArrayMetadata) -> Self:
        """Return an array at the same place that another document describes."""

    @abstractmethod
    def _clear(self, region: tuple[slice, ...]) -> None:
        """Set a region back to the fill value; no chunk comes into being by that."""

    @abstractmethod
    def __setitem__(self, selection: Any, value: Any) -> None:
        """Write values to a selection."""

    def resize(self, *shape: int | Sequence[int]) -> None:
        """Change the shape, in the store and here.

        Chunks that are outside then are deleted, and what overhangs in the others is set back, so
        that the array reads as its fill value where it grows again. Where an axis of a rectilinear
        grid grows beyond its list of chunks, what is new becomes one more chunk. The document
        comes last: after an interruption, call it again.

        Parameters
        ----------
        shape
            A length for each axis, each from 0 on.

        Raises
        ------
        MetadataError
            It is no shape for this array, or somebody else changed the shape since it was opened.
        """
        sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], Sequence) else shape
        resized = self._resized(sizes)
        check_unchanged(self.store, self.path, self.metadata)
        chunks = self._chunks
        delete_outside(self.store, chunks.prefix, chunks.grid, resized.shape, chunks.keys)
        for shape, region in overhangs(chunks.grid, self.shape, resized.shape):
            self._of(shape)._clear(region)
        self._replace(resized)

    def grown(self, shape: Sequence[int], *, clean: bool) -> Self:
        """Return this array with a larger shape, which its document does not say yet.

        Parameters
        ----------
        clean
            Whether chunks hold nothing but fill values where they overhang. Without that they are
            looked at, and what others have left there is set back.

        Raises
        ------
        MetadataError
            It is no larger shape of this array.
        """
        resized = self._resized(shape)
        if any(map(operator.lt, resized.shape, self.shape)):
            raise MetadataError(f"{resized.shape} is smaller than {self.shape}: use resize")
        if not clean:
            for whole, region in overhangs(self._chunks.grid, self.shape, resized.shape):
                self._of(whole)._clear(region)
        return resized

    def append(self, values: Any, axis: int = 0) -> tuple[int, ...]:
        """Write values behind the end of an axis, which grows by them, and return the new shape.

        The values are written first and the document last: until then, and after an error, the
        array is what it was. One array is appended to by one writer at a time.

        Raises
        ------
        ValuesError
            The values are not as long as the array along the other axes, or not of its type.
        SelectionError
            There is no such axis.
        MetadataError
            Somebody else changed the shape since the array was opened.
        """
        rank = len(self.shape)
        if not -rank <= axis < rank:
            raise SelectionError(f"there is no axis {axis} in {rank} dimensions")
        axis %= rank
        element = VARIABLE.get(self.metadata.data_type.name)
        found = fitted(values, self.dtype, element)
        others = self.shape[:axis], self.shape[axis + 1 :]
        if (found.shape[:axis], found.shape[axis + 1 :]) != others or found.ndim != rank:
            raise ValuesError(
                f"values of shape {found.shape} cannot follow {self.shape} along axis {axis}",
                source=self.store.url,
                key=self.path or None,
            )
        start, stop = self.shape[axis], self.shape[axis] + found.shape[axis]
        resized = self._resized((*others[0], stop, *others[1]))
        check_unchanged(self.store, self.path, self.metadata)
        resized[(*(slice(None),) * axis, slice(start, stop))] = found
        self._replace(resized)
        return self.shape

    def update_attributes(self, attributes: Mapping[str, Json]) -> None:
        """Set attributes in the store and here; others stay as they are.

        Raises
        ------
        MetadataError
            JSON has no word for a value, as for NaN.
        """
        check_writable(self.store, self.path, self.options)
        change, metadata = plain(attributes), self.metadata
        update_attributes(self.store, self.path, metadata.zarr_format, change)
        self.metadata = replace(metadata, attributes={**metadata.attributes, **change})
        if self.node is not None:
            self.node.document = self.metadata

    def _resized(self, shape: Any) -> Self:
        """Return this array with another shape; nothing is written yet."""
        check_writable(self.store, self.path, self.options)
        sizes, rank = tuple(shape), len(self.shape)
        if len(sizes) != rank or not all(
            isinstance(size, int | np.integer) and size >= 0 for size in sizes
        ):
            raise MetadataError(
                f"{sizes} is no shape for an array of {rank} dimensions",
                source=self.store.url,
                key=self.path or None,
            )
        return self._of(tuple(map(int, sizes)))

    def _of(self, shape: tuple[int, ...]) -> Self:
        grid = self.metadata.chunk_grid
        configuration = self._chunks.grid.resized(grid.configuration, shape, self._chunks.unit)
        changed = replace(grid, configuration=configuration)
        metadata = replace(self.metadata, shape=shape, chunk_grid=changed)
        return self._with(metadata)

    def _replace(self, other: Self) -> None:
        """Write the shape of another array into the document, and become like it."""
        write_shape(self.store, self.path, other.metadata)
        other.node = self.node
        self.__dict__ = other.__dict__
        if self.node is not None:
            self.node.document = self.metadata
