"""A Zarr array: a document, and the chunks that lie beside it in a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.grids.base import ChunkGrid
from zarr_cdm.core.grids.table import GRIDS
from zarr_cdm.core.indexing import (
    OuterPlan,
    Piece,
    PointsPlan,
    expand,
    outer,
    points,
    put,
    take,
    take_points,
)
from zarr_cdm.core.stores.base import Store
from zarr_cdm.errors import SelectionError, ZarrCdmError
from zarr_cdm.limits import DEFAULT_LIMITS
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.dtypes import VARIABLE
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.keys import chunk_key
from zarr_cdm.parallel import run

NESTED = Extension("v2", {"separator": "/"})
DOCUMENT_KEYS = {v3.KEY, v2.ARRAY_KEY, v2.ATTRIBUTES_KEY}


class ZarrArray:
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

    Raises
    ------
    UnknownNameError
        A codec, data type, grid or key encoding is not known.
    MetadataError
        They cannot be what the document says.
    LimitError
        A chunk is larger than `Limits` allows.
    """

    def __init__(self, store: Store, path: str, metadata: ArrayMetadata) -> None:
        self.store = store
        self.path = path
        self.metadata = metadata
        self.shape = metadata.shape
        self.dtype = metadata.dtype
        encoding = metadata.chunk_key_encoding
        self._key_of = chunk_key(encoding)
        # Early writers of v2 nested their chunks without a word about it.
        silent = metadata.zarr_format == 2 and not encoding.configuration and self.ndim > 1
        self._nested_key_of = chunk_key(NESTED) if silent else None
        self._prefix = f"{path}/" if path else ""
        grid = metadata.chunk_grid
        self.grid: ChunkGrid = GRIDS[grid.name].from_json(grid.configuration, self.shape)
        self._pipeline = Pipeline(metadata.codecs, self._spec())

    def _spec(self) -> ChunkSpec:
        spec = ChunkSpec(
            self.grid.chunk_shape((0,) * len(self.shape)),
            self.dtype,
            self.metadata.data_type,
            self.metadata.fill_value,
        )
        DEFAULT_LIMITS.check("chunk_bytes", spec.size * self.dtype.itemsize, "one chunk")
        return spec

    def __reduce__(self) -> tuple[type, tuple[Store, str, ArrayMetadata]]:
        return type(self), (self.store, self.path, self.metadata)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        """The shape of a chunk."""
        return self._pipeline.spec.shape

    @property
    def codecs(self) -> tuple[str, ...]:
        """The names of the codecs, in the order in which they encode."""
        return tuple(codec.name for codec in self.metadata.codecs)

    def stored_bytes(self) -> int:
        """Return how many bytes the chunks take in the store, which must be able to list."""
        return sum(
            size
            for key, size in self.store.sizes(self._prefix)
            if key.removeprefix(self._prefix) not in DOCUMENT_KEYS
        )

    @cached_property
    def fill(self) -> Any:
        """What an element reads as that nobody has written; zero where the document is silent."""
        if self.metadata.fill_value is not None:
            return self.metadata.fill_value
        variable = VARIABLE.get(self.metadata.data_type.name)
        return variable() if variable else np.zeros((), self.dtype)[()]

    def key(self, index: Sequence[int]) -> str:
        """Return the key of a chunk in the store."""
        return self._prefix + self._key_of(tuple(index))

    def __getitem__(self, selection: Any) -> np.ndarray:
        """Return a selection of which at most one axis is selected by an array."""
        parts = expand(selection, self.shape)
        if sum(isinstance(part, np.ndarray) for part in parts) > 1:
            raise SelectionError("several arrays select: use oindex (each its axis) or vindex")
        return self._read_outer(selection)

    @property
    def oindex(self) -> Indexer:
        """Select each axis on its own."""
        return Indexer(self._read_outer)

    @property
    def vindex(self) -> Indexer:
        """Select single elements by integer arrays, broadcast together."""
        return Indexer(self._read_points)

    def _read_outer(self, selection: Any) -> np.ndarray:
        plan = outer(selection, self.shape, self.grid)
        result = np.empty(plan.shape, self.dtype)
        self._read(plan, result, take)
        turned: np.ndarray = result[plan.flips]
        return turned

    def _read_points(self, selection: Any) -> np.ndarray:
        plan = points(selection, self.shape, self.grid)
        result = np.empty(plan.shape, self.dtype)
        self._read(plan, result.reshape(-1), take_points)
        return result

    def _read(
        self,
        plan: OuterPlan | PointsPlan,
        result: np.ndarray,
        taken: Callable[[np.ndarray, Any], np.ndarray],
    ) -> None:
        def work(pieces: Sequence[Piece]) -> None:
            keys = [self.key(piece.chunk) for piece in pieces]
            values = self._values(pieces, keys)
            for piece, key, data in zip(pieces, keys, values, strict=True):
                if data is None:
                    put(result, piece.target, self.fill)
                    continue
                try:
                    self._decode(data, piece, result, taken)
                except ZarrCdmError as error:
                    raise error.at(source=self.store.url, key=key) from error.__cause__

        run(work, list(plan.pieces()), self.store.batch)

    def _values(self, pieces: Sequence[Piece], keys: Sequence[str]) -> list[bytes | None]:
        values = self.store.get_many([(key, None) for key in keys])
        missing = [i for i, value in enumerate(values) if value is None]
        if self._nested_key_of is not None and missing:
            nested = [self._prefix + self._nested_key_of(pieces[i].chunk) for i in missing]
            found = self.store.get_many([(key, None) for key in nested])
            for i, value in zip(missing, found, strict=True):
                values[i] = value
        return values

    def _decode(
        self,
        data: bytes,
        piece: Piece,
        result: np.ndarray,
        taken: Callable[[np.ndarray, Any], np.ndarray],
    ) -> None:
        if piece.whole and all(isinstance(part, slice) for part in piece.target):
            place = result[(*piece.target, ...)]  # a view, of a scalar too
            if place.shape == self.chunks:
                self._pipeline.decode(data, out=place)
                return
        put(result, piece.target, taken(self._pipeline.decode(data), piece.source))

    def __setitem__(self, selection: Any, value: Any) -> None:
        """Write values to a selection; chunks of which it is only a part are read first."""
        plan = outer(selection, self.shape, self.grid)
        values = np.broadcast_to(np.asarray(value, self.dtype), plan.shape)[plan.flips]

        def work(pieces: Sequence[Piece]) -> None:
            for piece in pieces:
                share = take(values, piece.target)
                key = self.key(piece.chunk)
                try:
                    self.store.set(key, self._pipeline.encode(self._chunk(piece, key, share)))
                except ZarrCdmError as error:
                    raise error.at(source=self.store.url, key=key) from error.__cause__

        run(work, list(plan.pieces()))

    def _chunk(self, piece: Piece, key: str, share: np.ndarray) -> np.ndarray:
        """Return the whole chunk that ``share`` becomes a part of."""
        if piece.whole and share.size == self._pipeline.spec.size:
            return share.reshape(self.chunks)
        data = None if piece.whole else self.store.get(key)
        if data is None:
            chunk = np.full(self.chunks, self.fill, self.dtype)
        else:
            chunk = np.array(self._pipeline.decode(data))
        put(chunk, piece.source, share)
        return chunk

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[...], dtype)

    def __repr__(self) -> str:
        name = f"/{self.path}"
        return f"<ZarrArray {name} {self.shape} {self.dtype} in {self.store.url}>"


class Indexer:
    """One way to select: ``indexer[selection]``."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[Any], np.ndarray]) -> None:
        self._read = read

    def __getitem__(self, selection: Any) -> np.ndarray:
        return self._read(selection)
