r"""The ``sharding_indexed`` codec (array to bytes): many chunks in one object, and where they are.

A shard is its chunks, in any order, and an index: for each chunk, in C order, offset and length as
two 64-bit numbers, both ``2**64 - 1`` where there is no such chunk.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html

>>> from zarr_cdm.metadata.extension import Extension
>>> codec = ShardingCodec.from_json({"chunk_shape": [1], "codecs": [{"name": "bytes"}],
...     "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]})
>>> spec = ChunkSpec((2,), np.dtype("u1"), Extension("uint8"), np.uint8(0))
>>> shard = codec.encode(np.array([7, 9], "u1"), spec)
>>> bytes(shard[:2]), len(shard), codec.decode(shard, spec)
(b'\x07\t', 34, array([7, 9], dtype=uint8))
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.indexing import Index
from zarr_cdm.errors import ChunkError, MetadataError
from zarr_cdm.limits import current
from zarr_cdm.metadata.dtypes import zero_of
from zarr_cdm.metadata.extension import Extension

MISSING = 2**64 - 1
INDEX_DTYPE = np.dtype("u8")
LOCATIONS = ("start", "end")
DEFAULT_INDEX = ({"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"})


class Shard:
    """How chunks lie in the shards of one shape."""

    def __init__(self, codec: ShardingCodec, spec: ChunkSpec) -> None:
        if len(codec.chunk_shape) != len(spec.shape) or any(
            size % chunk for size, chunk in zip(spec.shape, codec.chunk_shape, strict=True)
        ):
            raise MetadataError(
                f"chunks of {codec.chunk_shape} do not fill a shard of {spec.shape}"
            )
        self.counts = tuple(
            size // chunk for size, chunk in zip(spec.shape, codec.chunk_shape, strict=True)
        )
        current().check("shard_chunks", prod(self.counts), "the number of chunks in a shard")
        self.spec = spec
        self.chunk_shape = codec.chunk_shape
        self.chunks = Pipeline(codec.codecs, replace(spec, shape=codec.chunk_shape), codec.verify)
        self._index = Pipeline(
            codec.index_codecs,
            ChunkSpec((*self.counts, 2), INDEX_DTYPE, Extension("uint64"), np.uint64(MISSING)),
        )
        size = self._index.stored_size
        if size is None:
            raise MetadataError("the codecs of a shard's index must give it a fixed size")
        self.index_bytes = size
        self.at_end = codec.index_location == "end"
        self.overhead = size + prod(self.counts) * self.chunks.overhead

    def index(self, data: Buffer) -> np.ndarray:
        """Return the index that its stored bytes hold: (*chunks of a shard, 2), uint64."""
        return self._index.decode(data)

    def index_of(self, shard: memoryview) -> np.ndarray:
        """Return the index of a whole shard."""
        if len(shard) < self.index_bytes:
            raise ChunkError(
                f"the shard has {len(shard)} bytes, its index alone {self.index_bytes}"
            )
        return self.index(shard[-self.index_bytes :] if self.at_end else shard[: self.index_bytes])

    def lined_up(self, parts: Mapping[Index, Buffer]) -> list[Buffer]:
        """Return what a shard consists of, from encoded chunks by their places in it."""
        index = np.full((*self.counts, 2), MISSING, INDEX_DTYPE)
        at = 0 if self.at_end else self.index_bytes
        for place, part in parts.items():
            index[place] = at, len(part)
            at += len(part)
        stored = self._index.encode(index)
        chunks = parts.values()
        return [*chunks, stored] if self.at_end else [stored, *chunks]

    def places(self) -> Iterator[tuple[Index, tuple[slice, ...]]]:
        """Yield the chunks of a shard, and the part of the shard that each is."""
        for place in np.ndindex(self.counts):
            yield (
                place,
                tuple(
                    slice(number * length, (number + 1) * length)
                    for number, length in zip(place, self.chunk_shape, strict=True)
                ),
            )


def spans_of(index: np.ndarray, places: Sequence[Index]) -> list[tuple[int, int] | None]:
    """Return offset and length of some chunks; None where there is none.

    Raises
    ------
    ChunkError
        One of the two says that there is none, the other that there is.
    """
    found = index[tuple(np.array(places, np.intp).T)] if len(places) > 1 else index[places[0]]
    spans: list[tuple[int, int] | None] = []
    for place, (offset, length) in zip(places, found.reshape(-1, 2).tolist(), strict=True):
        if (offset == MISSING) != (length == MISSING):
            raise ChunkError(f"the shard's index has {offset} and {length} for chunk {place}")
        spans.append(None if offset == MISSING else (offset, length))
    return spans


@dataclass(frozen=True, slots=True)
class ShardingCodec:
    """Chunks of one shape in a shard."""

    kind: ClassVar[Kind] = "array_bytes"
    chunk_shape: tuple[int, ...]
    codecs: tuple[Extension, ...]
    index_codecs: tuple[Extension, ...]
    index_location: str = "end"
    verify: bool = True
    _shards: dict[Any, Shard] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        shape = configuration.get("chunk_shape")
        if not isinstance(shape, list) or not all(type(size) is int and size > 0 for size in shape):
            raise MetadataError(f"chunk_shape is {shape!r}, expected whole numbers above 0")
        location = configuration.get("index_location", "end")
        if location not in LOCATIONS:
            raise MetadataError(f"index_location is {location!r}, expected 'start' or 'end'")
        chains = [
            configuration.get("codecs"),
            configuration.get("index_codecs", list(DEFAULT_INDEX)),
        ]
        if not all(isinstance(chain, list) and chain for chain in chains):
            raise MetadataError(f"codecs and index_codecs are {chains!r}, expected two lists")
        codecs, index = (tuple(map(Extension.from_json, chain)) for chain in chains if chain)
        current().check("shard_depth", _depth(codecs), "the nesting of shards")
        return cls(tuple(shape), codecs, index, location)

    def unchecked(self) -> ShardingCodec:
        """Return the codec that does not look at the checksums of chunks, only at the index's."""
        return replace(self, verify=False, _shards={})

    def shard(self, spec: ChunkSpec) -> Shard:
        """Return how chunks lie in a shard; raise `MetadataError` where they cannot."""
        key = (spec.shape, spec.dtype)
        if key not in self._shards:
            self._shards[key] = Shard(self, spec)
        return self._shards[key]

    def size(self, spec: ChunkSpec) -> None:
        self.shard(spec)  # what it cannot be is said when the array is opened

    def overhead(self, spec: ChunkSpec) -> int:
        return self.shard(spec).overhead

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        shard = self.shard(spec)
        parts: dict[Index, bytes] = {}
        for place, part in shard.places():
            chunk: tuple[Any, ...] = (*part, ...)  # an array even where it is without dimensions
            parts[place] = shard.chunks.encode(array[chunk])
        return b"".join(shard.lined_up(parts))

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        shard, seen = self.shard(spec), view(data)
        index = shard.index_of(seen)
        fill = zero_of(spec.data_type) if spec.fill_value is None else spec.fill_value
        result = np.full(spec.shape, fill, spec.dtype)
        room = shard.chunks.room()
        places = list(shard.places())
        spans = spans_of(index, [place for place, _ in places])
        for (_, part), span in zip(places, spans, strict=True):
            if span is not None:
                place: Any = (*part, ...)  # with the dots a view of a scalar too
                shard.chunks.decode_into(cut(seen, *span), result[place], room)
        return result


def cut(data: memoryview, offset: int, length: int) -> memoryview:
    """Return a part of a shard; raise `ChunkError` where it has no such part."""
    if offset + length > len(data):
        raise ChunkError(
            f"a chunk should lie at {offset} to {offset + length}, the shard has {len(data)} bytes"
        )
    return data[offset : offset + length]


def _depth(codecs: tuple[Extension, ...]) -> int:
    """Return how many shards lie in each other, counting this one."""
    inner = [
        codec.configuration.get("codecs") for codec in codecs if codec.name == "sharding_indexed"
    ]
    depth = 1
    while inner := list(itertools.chain(*(each for each in inner if isinstance(each, list)))):
        depth += 1
        inner = [
            each["configuration"].get("codecs")
            for each in inner
            if isinstance(each, dict)
            and each.get("name") == "sharding_indexed"
            and isinstance(each.get("configuration"), dict)
        ]
    return depth
