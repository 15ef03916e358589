"""The ``n5_default`` codec (array to bytes): blocks of N5, which say their own shape.

A block may be smaller than the chunk, at the edge of an array; what it lacks is filled.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/n5_default

>>> spec = ChunkSpec((2, 3), np.dtype("u1"), Extension("uint8"), 9)
>>> codec = N5DefaultCodec.from_json(
...     {"codecs": [{"name": "transpose", "configuration": {"order": [1, 0]}}, "bytes"]})
>>> codec.encode(np.array([[1, 2, 3], [4, 5, 6]], "u1"), spec).hex()
'000000020000000200000003010402050306'
>>> codec.decode(bytes.fromhex("0000000200000002000000010104"), spec)
array([[1, 9, 9],
       [4, 9, 9]], dtype=uint8)
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, check_kind, view
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.errors import ChunkError, MetadataError
from zarr_cdm.metadata.extension import Extension

MODE_AND_RANK = struct.Struct(">HH")
LENGTH_BYTES = 4
MOST_CODECS = 3


@dataclass(frozen=True, slots=True)
class N5DefaultCodec:
    """A header with the shape, then what the codecs inside make of the block."""

    kind: ClassVar[Kind] = "array_bytes"
    codecs: tuple[Extension, ...]

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        codecs = configuration.get("codecs")
        found = [Extension.from_json(codec) for codec in codecs] if type(codecs) is list else []
        names = [codec.name for codec in found]
        if names[:2] != ["transpose", "bytes"] or len(found) > MOST_CODECS:
            raise MetadataError(
                f"n5_default has the codecs {names}, expected transpose, bytes and one at most"
            )
        return cls(tuple(found))

    def size(self, spec: ChunkSpec) -> None:
        check_kind("n5_default", spec, "iuf")
        order = self.codecs[0].configuration.get("order")
        if order != list(range(len(spec.shape)))[::-1]:
            raise MetadataError(f"n5_default has the order {order}, expected all axes reversed")
        endian = self.codecs[1].configuration.get("endian")
        if spec.dtype.itemsize > 1 and endian != "big":
            raise MetadataError(f"n5_default has the byte order {endian!r}, expected 'big'")
        Pipeline(self.codecs, spec)

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> bytes:
        header = MODE_AND_RANK.pack(0, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        return header + Pipeline(self.codecs, spec).encode(array)

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        seen, rank = view(data), len(spec.shape)
        start = MODE_AND_RANK.size + rank * LENGTH_BYTES
        if len(seen) < start:
            raise ChunkError(f"the chunk has {len(seen)} bytes, the header of a block {start}")
        mode, dimensions = MODE_AND_RANK.unpack_from(seen)
        if mode != 0 or dimensions != rank:
            raise ChunkError(
                f"the block has mode {mode} and {dimensions} dimensions, expected 0 and {rank}"
            )
        shape = struct.unpack_from(f">{rank}I", seen, MODE_AND_RANK.size)
        if any(found > most for found, most in zip(shape, spec.shape, strict=True)):
            raise ChunkError(f"the block has the shape {shape}, the chunk only {spec.shape}")
        block = Pipeline(self.codecs, replace(spec, shape=shape)).decode(bytes(seen[start:]))
        if shape == spec.shape:
            return block
        fill = np.zeros((), spec.dtype) if spec.fill_value is None else spec.fill_value
        whole = np.full(spec.shape, fill, spec.dtype)
        whole[tuple(map(slice, shape))] = block
        return whole
