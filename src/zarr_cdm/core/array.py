"""A Zarr array: a document, and the chunks that lie beside it in a store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import floordiv, mod
from typing import Any

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.codecs.sharding import Shard, ShardingCodec
from zarr_cdm.core.grids.base import ChunkGrid
from zarr_cdm.core.grids.regular import RegularGrid
from zarr_cdm.core.grids.table import GRIDS
from zarr_cdm.core.indexing import (
    Index,
    OuterPlan,
    Part,
    Piece,
    PointsPlan,
    cut,
    expand,
    outer,
    points,
    put,
    take,
)
from zarr_cdm.core.reading import read_chunks
from zarr_cdm.core.result import OUTER, POINTS, Result, named
from zarr_cdm.core.shards import by_shard, read_shards
from zarr_cdm.core.stores.base import Store
from zarr_cdm.errors import SelectionError
from zarr_cdm.limits import DEFAULT_LIMITS
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.dtypes import VARIABLE
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.keys import chunk_key
from zarr_cdm.parallel import run

NESTED = Extension("v2", {"separator": "/"})
PIPELINES: dict[str, Pipeline] = {}
MOST_PIPELINES = 1000
LOCKS = [threading.Lock() for _ in range(64)]
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
        self._pipelines: dict[tuple[int, ...], Pipeline] = {}
        # What cannot be read is refused now, not when its first chunk is.
        self._shard: Shard | None = None
        if () not in self.grid.chunks:  # an axis without chunks leaves nothing to be read
            first = self._pipeline_of((0,) * self.ndim)
            # Shards of several shapes have several kinds of index: those are read whole.
            if all(isinstance(length, int) for length in self.grid.chunks):
                self._shard = _shard_of(first)
        self._read_grid = self.grid
        if self._shard is not None:
            self._read_grid = RegularGrid(self._shard.chunk_shape, self.shape)

    def _pipeline_of(self, index: tuple[int, ...]) -> Pipeline:
        """Return the codecs for a chunk: for each shape of chunks there is one pipeline."""
        shape = self.grid.chunk_shape(index)
        pipeline = self._pipelines.get(shape)
        if pipeline is None:
            spec = ChunkSpec(shape, self.dtype, self.metadata.data_type, self.metadata.fill_value)
            pipeline = self._pipelines[shape] = _shared_pipeline(self.metadata.codecs, spec)
        return pipeline

    def __reduce__(self) -> tuple[type, tuple[Store, str, ArrayMetadata]]:
        return type(self), (self.store, self.path, self.metadata)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def chunks(self) -> tuple[Any, ...]:
        """The shape of a chunk; where they differ along an axis, the lengths of all of them."""
        return self.grid.chunks if self._shard is None else self._shard.chunk_shape

    @property
    def shards(self) -> tuple[Any, ...] | None:
        """The shape of a shard, None where each chunk is an object of its own."""
        return None if self._shard is None else self.grid.chunks

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
        return self._read_parts(parts)

    @property
    def oindex(self) -> Indexer:
        """Select each axis on its own."""
        return Indexer(self._read_outer)

    @property
    def vindex(self) -> Indexer:
        """Select single elements by integer arrays, broadcast together."""
        return Indexer(self._read_points)

    def _read_outer(self, selection: Any) -> np.ndarray:
        return self._read_parts(expand(selection, self.shape))

    def _read_parts(self, parts: Sequence[Part]) -> np.ndarray:
        plan = cut(parts, self.shape, self._read_grid)
        values = np.empty(plan.shape, self.dtype)
        self._read(plan, Result(values, OUTER, self.fill))
        turned: np.ndarray = values[plan.flips]
        return turned

    def _read_points(self, selection: Any) -> np.ndarray:
        plan = points(selection, self.shape, self._read_grid)
        values = np.empty(plan.shape, self.dtype)
        self._read(plan, Result(values.reshape(-1), POINTS, self.fill))
        return values

    def _read(self, plan: OuterPlan | PointsPlan, result: Result) -> None:
        if self._shard is not None:
            wanted = by_shard(plan.pieces(), self.key, self._place_of)
            read_shards(self.store, wanted, result, self._shard)
            return
        keys_of: list[Callable[[tuple[int, ...]], str]] = [self.key]
        if self._nested_key_of is not None:
            nested = self._nested_key_of
            keys_of.append(lambda index: self._prefix + nested(index))
        read_chunks(self.store, list(plan.pieces()), result, keys_of, self._pipeline_of)

    def _place_of(self, chunk: Index) -> tuple[Index, Index]:
        """Return which shard a chunk lies in, and where in it."""
        assert self._shard is not None
        if isinstance(self.grid, RegularGrid):
            counts = self._shard.counts
            return tuple(map(floordiv, chunk, counts)), tuple(map(mod, chunk, counts))
        shard, place = [], []
        for axis, (number, length) in enumerate(zip(chunk, self._shard.chunk_shape, strict=True)):
            index = self.grid.find(axis, number * length, number * length + 1)[0]
            shard.append(index)
            place.append(number - self.grid.edges(axis, index)[0] // length)
        return tuple(shard), tuple(place)

    def __setitem__(self, selection: Any, value: Any) -> None:
        """Write values to a selection; chunks of which it is only a part are read first."""
        plan = outer(selection, self.shape, self.grid)
        values = np.broadcast_to(np.asarray(value, self.dtype), plan.shape)[plan.flips]

        def work(pieces: Sequence[Piece]) -> None:
            for piece in pieces:
                share = take(values, piece.target)
                key = self.key(piece.chunk)
                with named(self.store, key):
                    self._write(piece, key, share)

        run(work, list(plan.pieces()))

    def _write(self, piece: Piece, key: str, share: np.ndarray) -> None:
        pipeline = self._pipeline_of(piece.chunk)
        if piece.whole and share.size == pipeline.spec.size:
            self.store.set(key, pipeline.encode(share.reshape(pipeline.spec.shape)))
            return
        # Two threads that write parts of one chunk must not both begin with what it was before.
        with LOCKS[hash((self.store.url, key)) % len(LOCKS)]:
            data = None if piece.whole else self.store.get(key)
            if data is None:
                chunk = np.full(pipeline.spec.shape, self.fill, self.dtype)
            else:
                chunk = np.array(pipeline.decode(data))
            put(chunk, piece.source, share)
            self.store.set(key, pipeline.encode(chunk))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[...], dtype)

    def __repr__(self) -> str:
        name = f"/{self.path}"
        return f"<ZarrArray {name} {self.shape} {self.dtype} in {self.store.url}>"


def _shared_pipeline(codecs: tuple[Extension, ...], spec: ChunkSpec) -> Pipeline:
    """Return the pipeline for such chunks, the same for all arrays: most of a store are alike."""
    fill = spec.fill_value
    bits = fill.tobytes() if isinstance(fill, np.generic) else fill  # one NaN is not the other
    key = f"{codecs} {spec} {bits!r}"
    pipeline = PIPELINES.get(key)
    if pipeline is None:
        DEFAULT_LIMITS.check("chunk_bytes", spec.size * spec.dtype.itemsize, "one chunk")
        if len(PIPELINES) >= MOST_PIPELINES:
            PIPELINES.clear()
        pipeline = PIPELINES[key] = Pipeline(codecs, spec)
    return pipeline


def _shard_of(pipeline: Pipeline) -> Shard | None:
    """Return how chunks lie in shards; None where a shard can only be read whole, or is none."""
    serializer = pipeline.serializer
    if not isinstance(serializer, ShardingCodec) or pipeline.array_codecs or pipeline.byte_codecs:
        return None
    return serializer.shard(pipeline.stored)


class Indexer:
    """One way to select: ``indexer[selection]``."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[Any], np.ndarray]) -> None:
        self._read = read

    def __getitem__(self, selection: Any) -> np.ndarray:
        return self._read(selection)
