r"""Any allowed codec of numcodecs, under its v3 name ``numcodecs.<id>`` or its v2 id.

What such a codec works on is decided by its place: before the array-to-bytes codec it gets and
gives arrays, behind it bytes. In Zarr v2, filters always stand behind.

Specification: https://numcodecs.readthedocs.io

>>> codec = numcodecs_codec("numcodecs.delta", {"dtype": "<i2"}, "bytes_bytes")
>>> bytes(codec.decode(codec.encode(np.array([3, 4, 6], "<i2")), 6))
b'\x03\x00\x04\x00\x06\x00'
"""

from __future__ import annotations

import bz2
import lzma
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numcodecs
import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, encoded_fill, placed, view
from zarr_cdm.core.codecs.bitround import BitroundCodec
from zarr_cdm.core.codecs.inflate import inflate
from zarr_cdm.errors import ChunkError, MetadataError, UnknownNameError, UnsupportedError
from zarr_cdm.limits import current
from zarr_cdm.metadata.dtypes import PLAIN, zarr_type

PREFIX = "numcodecs."
# Those that work on elements, and so may stand before the array-to-bytes codec.
ARRAYS = {"astype", "bitround", "delta", "fixedscaleoffset", "packbits", "quantize"}
# Those that turn bytes into code or objects (pickle, msgpack, json) must never come in here.
ALLOWED = ARRAYS | {
    *("adler32", "base64", "bz2", "crc32", "crc32c", "fletcher32", "jenkins_lookup3"),
    *("lz4", "lzma"),
}
# Parameters that name a data type, and would let object arrays in; the kinds that may come in.
DTYPES = ("dtype", "astype", "encode_dtype", "decode_dtype")
NUMBERS = "biufcmM"
# Not left to NumPy, which takes texts for little programs and has other errors for them.
_TYPESTR = re.compile(rf"[<>|=]?[{NUMBERS}]\d{{1,2}}(\[\w{{1,9}}\])?", re.ASCII)
# How many bytes ``encode`` makes of so many bytes, where that does not depend on them.
SIZES: dict[str, Callable[[Any, int], int]] = {
    **dict.fromkeys(
        ("adler32", "crc32", "crc32c", "fletcher32", "jenkins_lookup3"),
        lambda codec, size: size + 4,
    ),
    **dict.fromkeys(
        ("delta", "fixedscaleoffset", "quantize"),
        lambda codec, size: size // codec.dtype.itemsize * codec.astype.itemsize,
    ),
    "astype": lambda codec, size: size // codec.decode_dtype.itemsize * codec.encode_dtype.itemsize,
    "base64": lambda codec, size: -(-size // 3) * 4,
    "bitround": lambda codec, size: size,
    "packbits": lambda codec, size: -(-size // 8) + 1,
}
# Streams that can be inflated up to a limit, which numcodecs does not.
STREAMS: dict[str, Callable[[Any], Callable[[], Any]]] = {
    "bz2": lambda codec: bz2.BZ2Decompressor,
    "lzma": lambda codec: partial(lzma.LZMADecompressor, codec.format, None, codec.filters),
}
# Those that calculate, with numbers of the document.
SCALING = {"delta", "fixedscaleoffset", "quantize"}
DAMAGE = (RuntimeError, ValueError, TypeError, OSError, EOFError, LookupError, MemoryError)


def numcodecs_codec(
    name: str, configuration: Mapping[str, Any], kind: Kind
) -> NumcodecsBytesCodec | NumcodecsArrayCodec | BitroundCodec:
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
        given = configuration.get(key)
        if given is not None and str(given) not in PLAIN and not _TYPESTR.fullmatch(str(given)):
            raise MetadataError(f"codec {name!r} has {key} {str(given)[:80]!r}, not numbers")
    try:
        codec = numcodecs.get_codec({"id": short, **configuration})
    except (TypeError, ValueError) as error:
        raise MetadataError(f"codec {name!r} cannot be configured like this: {error}") from error
    _try(name, codec)
    if kind == "array_array" and short == "bitround":  # which numcodecs has for floats only
        return BitroundCodec.from_json(configuration)
    if kind == "array_array" and short in ARRAYS:
        return NumcodecsArrayCodec(codec)
    return NumcodecsBytesCodec(codec)


def _try(name: str, codec: Any) -> None:
    """Raise `MetadataError` for what numcodecs would fail on with the first chunk only."""
    if codec.codec_id not in SCALING:
        return
    try:
        with np.errstate(all="ignore"):
            codec.decode(codec.encode(np.zeros(1, codec.dtype)))
    except DAMAGE as error:
        raise MetadataError(f"codec {name!r} cannot be configured like this: {error}") from error


@dataclass(frozen=True, slots=True)
class NumcodecsBytesCodec:
    """A codec of numcodecs that gets and gives bytes."""

    kind: ClassVar[Kind] = "bytes_bytes"
    codec: Any

    def size(self, size: int | None) -> int | None:
        rule = SIZES.get(self.codec.codec_id)
        return None if rule is None or size is None else rule(self.codec, size)

    def encode(self, data: Buffer) -> Buffer:
        try:
            return _bytes(self.codec.encode(np.asarray(view(data))))
        except (TypeError, ValueError) as error:
            raise UnsupportedError(f"{self.codec.codec_id} cannot encode this: {error}") from error

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        if self.codec.codec_id in STREAMS:
            return inflate(data, STREAMS[self.codec.codec_id](self.codec), size, out)
        if self.codec.codec_id == "lz4":
            _check_lz4(data, size)
        try:
            # Some codecs write into what they are given; damaged values may overflow.
            with np.errstate(all="ignore"):
                decoded = _bytes(self.codec.decode(bytearray(view(data))))
        except DAMAGE as error:
            raise ChunkError(f"{self.codec.codec_id} cannot decode the chunk: {error}") from error
        return placed(decoded, size, out)


def _bytes(found: Any) -> memoryview:
    return view(np.ascontiguousarray(found).reshape(-1).view(np.uint8).data)


def _check_lz4(data: Buffer, size: int | None) -> None:
    """Raise `ChunkError` if the bytes say that they hold too much."""
    stated = int.from_bytes(view(data)[:4], "little")
    most = current().chunk_bytes if size is None else size
    if stated > most:
        raise ChunkError(f"the chunk says that it holds {stated} bytes, expected {most}")


@dataclass(frozen=True, slots=True)
class NumcodecsArrayCodec:
    """A codec of numcodecs that gets and gives arrays."""

    kind: ClassVar[Kind] = "array_array"
    codec: Any

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        try:
            one = self.encode(np.zeros(1, spec.dtype))
        except (TypeError, ValueError) as error:
            raise MetadataError(
                f"codec {self.codec.codec_id!r} cannot encode {spec.data_type.name!r}: {error}"
            ) from error
        data_type = zarr_type(one.dtype)
        if self.codec.codec_id == "packbits":
            return ChunkSpec((SIZES["packbits"](self.codec, spec.size),), one.dtype, data_type, 0)
        with np.errstate(all="ignore"):
            return ChunkSpec(spec.shape, one.dtype, data_type, encoded_fill(self.encode, spec))

    def encode(self, array: np.ndarray) -> np.ndarray:
        encoded = np.asarray(self.codec.encode(np.ascontiguousarray(array)))
        return encoded.reshape(array.shape) if encoded.size == array.size else encoded

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        try:
            with np.errstate(all="ignore"):
                decoded = np.asarray(self.codec.decode(np.ascontiguousarray(array)))
            return decoded.view(spec.dtype).reshape(spec.shape)
        except DAMAGE as error:
            raise ChunkError(f"{self.codec.codec_id} cannot decode the chunk: {error}") from error
