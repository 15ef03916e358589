"""The ``bytes`` codec (array to bytes): the elements in C order and a stated byte order.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/bytes/index.html

>>> from zarr_cdm.metadata.extension import Extension
>>> spec = ChunkSpec((2,), np.dtype("u2"), Extension("uint16"), 0)
>>> codec = BytesCodec.from_json({"endian": "big"})
>>> bytes(codec.encode(np.array([1, 2], "u2"), spec)).hex()
'00010002'
>>> codec.decode(bytes.fromhex("00010002"), spec)
array([1, 2], dtype=uint16)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError
from zarr_cdm.metadata import byteorder


@dataclass(frozen=True, slots=True)
class BytesCodec:
    """Elements as they lie in memory."""

    kind: ClassVar[Kind] = "array_bytes"
    endian: byteorder.Endian = None

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        endian = configuration.get("endian")
        # v2 has a byte order for each field of a struct; no JSON of v3 gives a tuple.
        if endian not in (None, "little", "big") and not isinstance(endian, tuple):
            raise MetadataError(f"endian is {endian!r}, expected 'little' or 'big'")
        return cls(endian)

    def is_memory(self, dtype: np.dtype) -> bool:
        """Tell whether the encoded elements are just what lies in memory."""
        return byteorder.is_memory(dtype, self.endian)

    def size(self, spec: ChunkSpec) -> int:
        if spec.dtype.hasobject:  # what lies in memory are addresses
            raise MetadataError(f"the codec bytes cannot encode {spec.data_type.name!r}")
        return spec.size * spec.dtype.itemsize

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        # Complex numbers, datetimes and others export no buffer of their own.
        return byteorder.to_stored(array, spec.dtype, self.endian).data

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        if len(view(data)) != self.size(spec):
            raise ChunkError(
                f"the chunk has {len(view(data))} bytes when decoded, expected {self.size(spec)}"
            )
        return byteorder.from_stored(data, spec.dtype, self.endian).reshape(spec.shape)
