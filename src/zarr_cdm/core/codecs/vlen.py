"""The ``vlen-utf8``, ``vlen-bytes`` and ``vlen-array`` codecs (array to bytes): any lengths.

The bytes are a 32-bit count, then for each element a 32-bit length and its bytes, little-endian.

Specification: zarr-extensions ``codecs/vlen-utf8``, ``codecs/vlen-bytes``; ``vlen-array`` is one of
numcodecs for Zarr v2 only, whose elements are arrays of one axis.

>>> from zarr_cdm.metadata.extension import Extension
>>> spec = ChunkSpec((3,), np.dtype(object), Extension("string"), "")
>>> bytes(VlenUtf8Codec().encode(np.array(["a", "", "é"], object), spec)).hex()
'0300000001000000610000000002000000c3a9'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numcodecs
import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError, UnsupportedError, ValuesError
from zarr_cdm.metadata.dtypes import VARIABLE, from_typestr, numpy_dtype, to_typestr

COUNT_BYTES = LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class VlenUtf8Codec:
    """Texts as UTF-8."""

    kind: ClassVar[Kind] = "array_bytes"

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        return cls()

    def size(self, spec: ChunkSpec) -> None:
        _check_elements("vlen-utf8", str, spec)

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        try:
            return _encode(numcodecs.VLenUTF8(), array)
        except UnicodeEncodeError as error:
            raise ValuesError(
                f"vlen-utf8 holds no text that is not UTF-8: {error.object!r}"
            ) from error

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        return _decode(numcodecs.VLenUTF8(), data, spec)


@dataclass(frozen=True, slots=True)
class VlenBytesCodec:
    """Bytes as they are."""

    kind: ClassVar[Kind] = "array_bytes"

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        return cls()

    def size(self, spec: ChunkSpec) -> None:
        _check_elements("vlen-bytes", bytes, spec)

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        return _encode(numcodecs.VLenBytes(), array)

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        return _decode(numcodecs.VLenBytes(), data, spec)


@dataclass(frozen=True, slots=True)
class VlenArrayCodec:
    """Arrays of one axis; None is written as an empty one."""

    kind: ClassVar[Kind] = "array_bytes"
    dtype: np.dtype

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        data_type, endian = from_typestr(configuration.get("dtype"))
        if numpy_dtype(data_type).kind not in "biufc":
            raise MetadataError(f"vlen-array has elements of {data_type.name!r}, expected numbers")
        return cls(np.dtype(to_typestr(data_type, endian)))

    def size(self, spec: ChunkSpec) -> None:
        _check_elements("vlen-array", type(None), spec)

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        flat = array.ravel()
        elements = np.empty(flat.size, object)
        for i, element in enumerate(flat):
            elements[i] = np.asarray([] if element is None else element, self.dtype)
            if elements[i].ndim != 1:
                raise UnsupportedError(f"vlen-array cannot encode {elements[i].ndim} axes")
            elements[i] = elements[i].tobytes()
        return _encode(numcodecs.VLenBytes(), elements)

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        decoded = _decode(numcodecs.VLenBytes(), data, spec)
        native = self.dtype.newbyteorder("=")
        for at, element in np.ndenumerate(decoded):
            if len(element) % self.dtype.itemsize:
                raise ChunkError(f"an element has {len(element)} bytes, no whole {self.dtype}")
            decoded[at] = np.frombuffer(element, self.dtype).astype(native)
        return decoded


def _check_elements(name: str, kind: type, spec: ChunkSpec) -> None:
    if VARIABLE.get(spec.data_type.name) is not kind:
        raise MetadataError(f"the codec {name} cannot encode {spec.data_type.name!r}")


def _encode(codec: Any, array: np.ndarray) -> Buffer:
    # numcodecs only takes an array that it could write to.
    encoded: bytes = codec.encode(np.require(array, object, ["C", "W"]).reshape(-1))
    return encoded


def _decode(codec: Any, data: Buffer, spec: ChunkSpec) -> np.ndarray:
    seen = view(data)
    count = int.from_bytes(seen[:COUNT_BYTES], "little")
    # The count is checked first: it alone would decide how much memory is taken.
    if count != spec.size:
        raise ChunkError(f"the chunk counts {count} elements, expected {spec.size}")
    if len(seen) < COUNT_BYTES + count * LENGTH_BYTES:
        raise ChunkError(f"the chunk is cut short: {len(seen)} bytes for {count} elements")
    try:
        decoded: np.ndarray = codec.decode(bytes(seen))
    except (ValueError, UnicodeDecodeError) as error:
        raise ChunkError(f"an element of the chunk cannot be decoded: {error}") from error
    return decoded.reshape(spec.shape)
