"""A Zarr array: a document, and the chunks that lie beside it in a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from zarr_cdm.core.changing import Changing
from zarr_cdm.core.chunks import Chunks
from zarr_cdm.core.indexing import (
    OuterPlan,
    Part,
    PointsPlan,
    as_points,
    cut,
    expand,
    names_points,
    points,
    put,
    put_points,
    take,
)
from zarr_cdm.core.options import DEFAULT_OPTIONS, Options
from zarr_cdm.core.reading import read_chunks
from zarr_cdm.core.repr import array_html, array_text
from zarr_cdm.core.result import OUTER, POINTS, Missing, Result
from zarr_cdm.core.shards import read_shards
from zarr_cdm.core.stores.base import Store
from zarr_cdm.core.values import broadcast, fitted
from zarr_cdm.core.writing import Put, Source, Take, check_writable, write_chunks, write_shards
from zarr_cdm.errors import SelectionError
from zarr_cdm.limits import current
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata, Json, Node
from zarr_cdm.metadata.dtypes import VARIABLE, zero_of

DOCUMENT_KEYS = {v3.KEY, v2.ARRAY_KEY, v2.ATTRIBUTES_KEY}


class ZarrArray(Changing):
    """An array in a store; nothing is read before a selection asks for it.

    ``array[…]`` takes integers, slices and at most one integer array or mask; ``array.oindex[…]``
    any number of them, each for its own axis; ``array.vindex[…]`` integer arrays that name single
    elements. All give NumPy arrays of the native byte order.

    Attributes
    ----------
    store
        Where the chunks are.
    path
        The array's place in the store, without slashes at its ends.
    metadata
        Its document.
    options
        How it is read and written.

    Raises
    ------
    UnknownNameError
        A codec, data type, grid or key encoding is not known.
    MetadataError
        They cannot be what the document says.
    LimitError
        A chunk is larger than `Limits` allows.
    """

    def __init__(
        self,
        store: Store,
        path: str,
        metadata: ArrayMetadata,
        options: Options = DEFAULT_OPTIONS,
    ) -> None:
        self.store = store
        self.path = path
        self.metadata = metadata
        self.options = options
        self.node: Node | None = None  # in the group that it was opened from
        self.shape = metadata.shape
        self.dtype = metadata.dtype
        self._chunks = Chunks(store, path, metadata, options.verify_checksums)
        self.grid = self._chunks.grid

    def __reduce__(self) -> tuple[type, tuple[Store, str, ArrayMetadata, Options]]:
        return type(self), (self.store, self.path, self.metadata, self.options)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes the elements take in memory; of objects their addresses."""
        return self.size * self.dtype.itemsize

    @property
    def name(self) -> str:
        """The path with a slash in front."""
        return f"/{self.path}"

    @property
    def attrs(self) -> Mapping[str, Json]:
        """The attributes, to read; `update_attributes` changes them."""
        return MappingProxyType(dict(self.metadata.attributes))

    @property
    def fill_value(self) -> Any:
        """The fill value of the document; None where one of v2 leaves it undefined."""
        return self.metadata.fill_value

    @property
    def chunks(self) -> tuple[Any, ...]:
        """The shape of a chunk; where they differ along an axis, the lengths of all of them."""
        shape: tuple[Any, ...] = self._chunks.selected.chunks
        return shape

    @property
    def shards(self) -> tuple[Any, ...] | None:
        """The shape of a shard, None where each chunk is an object of its own."""
        return None if self._chunks.inner is None else self.grid.chunks

    @property
    def codecs(self) -> tuple[str, ...]:
        """The names of the codecs, in the order in which they encode."""
        return tuple(codec.name for codec in self.metadata.codecs)

    def stored_bytes(self) -> int:
        """Return how many bytes the chunks take in the store, which must be able to list."""
        return sum(
            size
            for key, size in self.store.sizes(self._chunks.prefix)
            if key.removeprefix(self._chunks.prefix) not in DOCUMENT_KEYS
        )

    @cached_property
    def fill(self) -> Any:
        """What an element reads as that nobody has written; zero where the document is silent."""
        fill = self.metadata.fill_value
        return zero_of(self.metadata.data_type) if fill is None else fill

    def key(self, index: Sequence[int]) -> str:
        """Return the key of a chunk in the store."""
        return self._chunks.key_of(tuple(index))

    def __getitem__(self, selection: Any) -> np.ndarray:
        """Return a selection of which at most one axis is selected by an array."""
        if names_points(selection, self.ndim):
            return self._read_points(selection)
        return self._read_parts(self._parts(selection))

    def _parts(self, selection: Any) -> Sequence[Part]:
        """Return a part for each axis; raise where NumPy asks where the arrays stand."""
        parts = expand(selection, self.shape)
        if sum(isinstance(part, np.ndarray) for part in parts) > 1:
            raise SelectionError("several arrays select: use oindex (each its axis) or vindex")
        return parts

    @property
    def oindex(self) -> Indexer:
        """Select each axis on its own."""
        return Indexer(self._read_outer, self._write_outer)

    @property
    def vindex(self) -> Indexer:
        """Select single elements by integer arrays, broadcast together, or by a mask."""
        return Indexer(self._read_points, self._write_points)

    def _read_outer(self, selection: Any) -> np.ndarray:
        return self._read_parts(expand(selection, self.shape))

    def _read_parts(self, parts: Sequence[Part]) -> np.ndarray:
        if self.nbytes > current().read_bytes or any(
            isinstance(part, np.ndarray) for part in parts
        ):
            self._check_size(parts)
        plan = cut(parts, self.shape, self._chunks.selected)
        values = np.empty(plan.shape, self.dtype)
        self._read(plan, Result(values, OUTER, self.fill, Missing(self.options.missing_chunks)))
        turned: np.ndarray = values[plan.flips]
        return turned

    def _check_size(self, parts: Sequence[Part]) -> None:
        """Raise `LimitError` for a selection of too many bytes.

        Before it is planned: of too many chunks the plan alone would take too long.
        """
        size = self.dtype.itemsize
        for part, length in zip(parts, self.shape, strict=True):
            if not isinstance(part, int):
                size *= _length(part, length)
        current().check("read_bytes", size, "the selection")

    def _read_points(self, selection: Any) -> np.ndarray:
        arrays = as_points(selection, self.shape)
        current().check("read_bytes", self.dtype.itemsize * prod(arrays[0].shape), "the selection")
        plan = points(arrays, self.shape, self._chunks.selected)
        values = np.empty(plan.shape, self.dtype)
        missing = Missing(self.options.missing_chunks)
        self._read(plan, Result(values.reshape(-1), POINTS, self.fill, missing))
        return values

    def _read(self, plan: OuterPlan | PointsPlan, result: Result) -> None:
        self._read_pieces(plan, result)
        if result.missing.chunks:
            result.missing.tell(f"{self.store.url}: {self.name}")

    def _read_pieces(self, plan: OuterPlan | PointsPlan, result: Result) -> None:
        if self._chunks.inner is not None:
            read_shards(self._chunks, plan.pieces(), result)
        else:
            read_chunks(self._chunks, list(plan.pieces()), result)

    def __setitem__(self, selection: Any, value: Any) -> None:
        """Write values to a selection, whole chunks without reading them before.

        Raises
        ------
        SelectionError
            The selection does not fit.
        ValuesError
            The values do not: by their shape, or because one of them is none of the data type.
        StoreError
            The array was opened for reading, or the store cannot be written.
        """
        if names_points(selection, self.ndim):
            self._write_points(selection, value)
            return
        self._write_parts(self._parts(selection), value)

    def _write_outer(self, selection: Any, value: Any) -> None:
        self._write_parts(expand(selection, self.shape), value)

    def _write_parts(self, parts: Sequence[Part], value: Any) -> None:
        plan = cut(parts, self.shape, self._chunks.selected)
        values = self._fitted(value, plan.shape)[plan.flips]
        self._write(plan, values, take, put)

    def _write_points(self, selection: Any, value: Any) -> None:
        plan = points(as_points(selection, self.shape), self.shape, self._chunks.selected)
        values = self._fitted(value, plan.shape).reshape(-1)
        self._write(plan, values, take, put_points)

    def _fitted(self, value: Any, shape: tuple[int, ...]) -> np.ndarray:
        element = VARIABLE.get(self.metadata.data_type.name)
        return broadcast(fitted(value, self.dtype, element), shape)

    def _write(
        self, plan: OuterPlan | PointsPlan, values: np.ndarray, take: Take, put: Put
    ) -> None:
        check_writable(self.store, self.path, self.options)
        self._change(plan, Source(values, take, put, self.fill, self.options.write_empty_chunks))

    @cached_property
    def _written(self) -> Chunks:
        """The chunks as writing sees them: a damaged one must not get a checksum that agrees."""
        if self.options.verify_checksums:
            return self._chunks
        return Chunks(self.store, self.path, self.metadata, verify=True)

    def _change(self, plan: OuterPlan | PointsPlan, source: Source) -> None:
        if self._written.inner is not None:
            write_shards(self._written, plan.pieces(), source)
        else:
            write_chunks(self._written, list(plan.pieces()), source)

    def _clear(self, region: tuple[slice, ...]) -> None:
        plan = cut(region, self.shape, self._chunks.selected)
        fill = np.broadcast_to(np.full((), self.fill, self.dtype), plan.shape)
        self._change(plan, Source(fill, take, put, self.fill, clears=True))

    def _with(self, metadata: ArrayMetadata) -> Self:
        return type(self)(self.store, self.path, metadata, self.options)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without dimensions has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        """Yield what is at each index of the first axis, reading whole chunks along it."""
        rows = self.grid.chunks[0] if self.shape else 1
        rows = rows if isinstance(rows, int) else max(rows, default=1)
        for start in range(0, len(self), rows):
            yield from self[start : start + rows]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[...], dtype)

    def __repr__(self) -> str:
        return array_text(self)

    def _repr_html_(self) -> str:
        return array_html(self)


def _length(part: slice | np.ndarray, size: int) -> int:
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        return max(0, -((start - stop) // step))  # `len` counts to 2**63 only
    return len(part)


class Indexer:
    """One way to select: ``indexer[selection]``."""

    __slots__ = ("_read", "_write")

    def __init__(
        self, read: Callable[[Any], np.ndarray], write: Callable[[Any, Any], None]
    ) -> None:
        self._read = read
        self._write = write

    def __getitem__(self, selection: Any) -> np.ndarray:
        return self._read(selection)

    def __setitem__(self, selection: Any, value: Any) -> None:
        self._write(selection, value)
