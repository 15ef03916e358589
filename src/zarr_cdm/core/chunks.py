"""The chunks of an array: where each lies, and how it is encoded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import floordiv, getitem, mod, mul, sub

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.codecs.sharding import Shard, ShardingCodec
from zarr_cdm.core.grids.base import ChunkGrid
from zarr_cdm.core.grids.regular import RegularGrid
from zarr_cdm.core.grids.table import GRIDS
from zarr_cdm.core.indexing import Index
from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.errors import MetadataError
from zarr_cdm.limits import current
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.keys import chunk_key

NESTED = Extension("v2", {"separator": "/"})
PIPELINES: dict[str, Pipeline] = {}
MOST_PIPELINES = 1000


class Chunks:
    """What an array's document says of its chunks.

    Without ``verify`` their checksums are not looked at.

    Attributes
    ----------
    store
        Where they are.
    prefix
        Of their keys.
    grid
        How the array is cut into objects, chunks or shards.
    inner
        The codecs of the chunks in shards; None where each object is one chunk.
    selected
        The grid that selections are cut along, that of the chunks in shards.
    key_of, others
        The key of an object by its place in the grid, and other keys that it may be at.

    Raises
    ------
    UnknownNameError, MetadataError, LimitError
        A chunk can neither be read nor written: said now, not when the first one is.
    """

    def __init__(self, store: Store, path: str, metadata: ArrayMetadata, verify: bool) -> None:
        self.store = store
        self.prefix = f"{path}/" if path else ""
        self._metadata = metadata
        self._dtype = metadata.dtype
        self._verify = verify
        encoding = metadata.chunk_key_encoding
        self.key_of = self._prefixed(chunk_key(encoding))
        # Early writers of v2 nested their chunks without a word about it.
        silent = metadata.zarr_format == 2 and not encoding.configuration
        nests = silent and len(metadata.shape) > 1
        self.others = [self._prefixed(chunk_key(NESTED))] if nests else []
        grid = metadata.chunk_grid
        self.grid: ChunkGrid = GRIDS[grid.name].from_json(grid.configuration, metadata.shape)
        self._pipelines: dict[tuple[int, ...], Pipeline] = {}
        self._pipeline: Pipeline | None = None  # where it is the same for all
        self.inner: Pipeline | None = None
        self.selected = self.grid
        self._shard: Shard | None = None  # where it is the same for all
        self._firsts: list[list[int]] = []  # else, along each axis, the first chunk of each shard
        if () not in self.grid.chunks:  # an axis without chunks leaves nothing to be read
            first = self.pipeline_of((0,) * len(metadata.shape))
            self._pipeline = first if isinstance(self.grid, RegularGrid) else None
            shard = _shard_of(first)
            if shard is not None:
                self.inner = shard.chunks
                self.selected = RegularGrid(shard.chunk_shape, metadata.shape)
                if self._pipeline is None:
                    self._firsts = _firsts(self.grid, shard.chunk_shape)
                else:
                    self._shard = shard

    def _prefixed(self, key_of: Callable[[Index], str]) -> Callable[[Index], str]:
        prefix = self.prefix
        return (lambda index: prefix + key_of(index)) if prefix else key_of

    def keys(self, index: Index) -> list[str]:
        """Return the keys that an object may be at, first the one where it is written."""
        return [self.key_of(index), *[other(index) for other in self.others]]

    def pipeline_of(self, index: Index) -> Pipeline:
        """Return the codecs for an object: for each shape of objects there is one pipeline."""
        if self._pipeline is not None:
            return self._pipeline
        shape = self.grid.chunk_shape(index)
        pipeline = self._pipelines.get(shape)
        if pipeline is None:
            metadata = self._metadata
            spec = ChunkSpec(shape, self._dtype, metadata.data_type, metadata.fill_value)
            pipeline = _shared_pipeline(metadata.codecs, spec, self._verify)
            self._pipelines[shape] = pipeline
        return pipeline

    @property
    def unit(self) -> Index:
        """What the lengths of an object are multiples of."""
        return (1,) * len(self.grid.counts) if self.inner is None else self.inner.spec.shape

    def shard_of(self, number: Index) -> Shard:
        """Return how chunks lie in a shard."""
        shard = self._shard or _shard_of(self.pipeline_of(number))
        assert shard is not None
        return shard

    def place_of(self, chunk: Index) -> tuple[Index, Index]:
        """Return which shard a chunk lies in, and where in it."""
        if self._shard is not None:
            counts = self._shard.counts
            return tuple(map(floordiv, chunk, counts)), tuple(map(mod, chunk, counts))
        number = tuple(map(_last_until, self._firsts, chunk))
        return number, tuple(map(sub, chunk, self.first_of(number)))

    def first_of(self, number: Index) -> Index:
        """Return the first chunk of a shard."""
        if self._shard is not None:
            return tuple(map(mul, number, self._shard.counts))
        return tuple(map(getitem, self._firsts, number))


def _firsts(grid: ChunkGrid, chunk_shape: Index) -> list[list[int]]:
    """Return the first chunk of each shard along each axis."""
    firsts: list[list[int]] = []
    for axis, length in enumerate(chunk_shape):
        shards = np.array(grid.chunks[axis], np.int64)
        if (shards % length).any():
            found = int(shards[shards % length > 0][0])
            raise MetadataError(f"chunks of {length} do not fill a shard of {found} in axis {axis}")
        firsts.append([0, *(np.cumsum(shards)[:-1] // length).tolist()])
    return firsts


def _last_until(firsts: list[int], chunk: int) -> int:
    return bisect_right(firsts, chunk) - 1


def _shared_pipeline(codecs: Sequence[Extension], spec: ChunkSpec, verify: bool) -> Pipeline:
    """Return the pipeline for such chunks, the same for all arrays: most of a store are alike."""
    fill = spec.fill_value
    bits = fill.tobytes() if isinstance(fill, np.generic) else fill  # one NaN is not the other
    # A pipeline keeps the most bytes that elements of variable length may take.
    key = f"{codecs} {spec} {bits!r} {verify} {current().chunk_bytes}"
    pipeline = PIPELINES.get(key)
    current().check("chunk_bytes", spec.size * spec.dtype.itemsize, "one chunk")
    if pipeline is None:
        if len(PIPELINES) >= MOST_PIPELINES:
            PIPELINES.clear()
        pipeline = PIPELINES[key] = Pipeline(codecs, spec, verify)
    return pipeline


def _shard_of(pipeline: Pipeline) -> Shard | None:
    """Return how chunks lie in shards; None where a shard can only be read whole, or is none."""
    serializer = pipeline.serializer
    if not isinstance(serializer, ShardingCodec) or pipeline.array_codecs or pipeline.byte_codecs:
        return None
    return serializer.shard(pipeline.stored)


@lru_cache(maxsize=256)
def all_of(pipeline: Pipeline) -> Span:
    """Return what is read of an object: all of it, unless that is more than a chunk can be."""
    return Span(0, None, pipeline.most_bytes)
