r"""Any allowed codec of numcodecs, under its v3 name ``numcodecs.<id>`` or its v2 id.

What such a codec works on is decided by its place: before the array-to-bytes codec it gets and
gives arrays, behind it bytes. In Zarr v2, filters always stand behind.

Specification: https://numcodecs.readthedocs.io

>>> codec = numcodecs_codec("numcodecs.delta", {"dtype": "<i2"}, "bytes_bytes")
>>> codec.decode(codec.encode(np.array([3, 4, 6], "<i2")), 6)
b'\x03\x00\x04\x00\x06\x00'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numcodecs
import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError, UnknownNameError

PREFIX = "numcodecs."
# Those that turn bytes into code or objects (pickle, msgpack, json) must never come in here.
ALLOWED = {
    *("adler32", "astype", "base64", "bitround", "bz2", "crc32", "crc32c", "delta"),
    *("fixedscaleoffset", "fletcher32", "jenkins_lookup3", "lz4", "lzma", "packbits", "quantize"),
}
# Parameters that name a data type, and would let object arrays in.
DTYPES = ("dtype", "astype", "encode_dtype", "decode_dtype")


def numcodecs_codec(
    name: str, configuration: Mapping[str, Any], kind: Kind
) -> NumcodecsBytesCodec | NumcodecsArrayCodec:
    """Return the codec called ``name``, for a place of that kind.

    Raises
    ------
    UnknownNameError
        There is no such codec, or it is not allowed.
    MetadataError
        It cannot be configured like this.
    """
    short = name.removeprefix(PREFIX)
    if short not in ALLOWED:
        allowed = ", ".join(sorted(ALLOWED))
        raise UnknownNameError(f"codec {name!r} is unknown or not allowed; allowed: {allowed}")
    for key in DTYPES:
        if "O" in str(configuration.get(key, "")):
            raise MetadataError(f"codec {name!r} has {key} {configuration[key]!r}: no objects")
    try:
        codec = numcodecs.get_codec({"id": short, **configuration})
    except (TypeError, ValueError) as error:
        raise MetadataError(f"codec {name!r} cannot be configured like this: {error}") from error
    return NumcodecsArrayCodec(codec) if kind == "array_array" else NumcodecsBytesCodec(codec)


@dataclass(frozen=True, slots=True)
class NumcodecsBytesCodec:
    """A codec of numcodecs that gets and gives bytes."""

    kind: ClassVar[Kind] = "bytes_bytes"
    codec: Any

    def size(self, size: int | None) -> None:
        return None

    def encode(self, data: Buffer) -> Buffer:
        return _bytes(self.codec.encode(np.asarray(view(data))))

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        try:
            # Some codecs write into what they are given.
            decoded = _bytes(self.codec.decode(bytearray(view(data))))
        except (RuntimeError, ValueError, TypeError, OSError, EOFError) as error:
            raise ChunkError(f"{self.codec.codec_id} cannot decode the chunk: {error}") from error
        if size is not None and len(decoded) != size:
            raise ChunkError(f"the chunk holds {len(decoded)} bytes, expected {size}")
        if out is None:
            return decoded.tobytes()
        out[:] = decoded
        return out


def _bytes(found: Any) -> memoryview:
    return view(np.ascontiguousarray(found).data)


@dataclass(frozen=True, slots=True)
class NumcodecsArrayCodec:
    """A codec of numcodecs that gets and gives arrays."""

    kind: ClassVar[Kind] = "array_array"
    codec: Any

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        from_one = self.encode(np.zeros(spec.shape, spec.dtype))
        return ChunkSpec(from_one.shape, from_one.dtype, spec.data_type, spec.fill_value)

    def encode(self, array: np.ndarray) -> np.ndarray:
        encoded = np.asarray(self.codec.encode(np.ascontiguousarray(array)))
        return encoded.reshape(array.shape) if encoded.size == array.size else encoded

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        try:
            decoded = np.asarray(self.codec.decode(np.ascontiguousarray(array)))
            return decoded.view(spec.dtype).reshape(spec.shape)
        except (RuntimeError, ValueError, TypeError) as error:
            raise ChunkError(f"{self.codec.codec_id} cannot decode the chunk: {error}") from error
