"""The ``zfpy`` codec (array to bytes): floats and integers, rounded as its mode allows.

It needs the package zfpy; a chunk begins with zfp's own header, which is checked before anything is
decoded.

Specification: numcodecs; in Zarr v2 the compressor ``zfpy``, in v3 ``numcodecs.zfpy``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Self

import numcodecs
import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError, UnsupportedError

TYPES = ("<i4", "<i8", "<f4", "<f8")  # in the order of zfp's numbers for them
MAGIC = b"zfp"
# Bits that a length takes in the header, by the number of dimensions.
LENGTH_BITS = {1: 48, 2: 24, 3: 16, 4: 12}
WORD_BYTES = 8
HEADER_BYTES = 11  # 32 bits of magic, 52 that tell what the array is


@dataclass(frozen=True, slots=True)
class ZfpyCodec:
    """Compress an array of one to four dimensions with zfp."""

    kind: ClassVar[Kind] = "array_bytes"
    codec: Any

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        return cls(optional_codec("zfpy", configuration))

    def size(self, spec: ChunkSpec) -> None:
        if not spec.shape:
            raise MetadataError("the codec zfpy cannot encode an array without dimensions")
        zfp_dtype("zfpy", spec, most=4)

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        try:
            encoded: bytes = self.codec.encode(np.ascontiguousarray(array, spec.dtype))
        except (TypeError, ValueError) as error:
            raise UnsupportedError(f"zfpy cannot encode this: {error}") from error
        return encoded

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        _check(bytes(view(data)[:HEADER_BYTES]), spec)
        whole = padded(view(data), spec)
        try:
            decoded: np.ndarray = self.codec.decode(whole)
        except (ValueError, TypeError, RuntimeError, IndexError, MemoryError) as error:
            raise ChunkError(f"zfpy cannot decode the chunk: {error}") from error
        return decoded.astype(spec.dtype, copy=False).reshape(spec.shape)


def zfp_dtype(name: str, spec: ChunkSpec, most: int) -> None:
    """Raise `MetadataError` unless zfp has such arrays."""
    if spec.dtype.str not in TYPES or len(spec.shape) > most:
        raise MetadataError(
            f"the codec {name} cannot encode {spec.data_type.name!r} in {len(spec.shape)} "
            f"dimensions; it is for int32, int64, float32 and float64 in {most} at most"
        )


def padded(data: memoryview, spec: ChunkSpec) -> bytes:
    """Return a stream with so many zeros behind it that zfp, which never looks, stays inside."""
    if len(data) % WORD_BYTES:  # it would take what is cut off for zeros
        raise ChunkError(f"the chunk has {len(data)} bytes, no whole words of zfp")
    blocks = prod(-(-size // 4) * 4 for size in spec.shape)
    # A chunk of a writer that flattened it has other blocks, not more than four to one element.
    return bytes(data) + bytes(2 * max(blocks, spec.size + 3) * spec.dtype.itemsize + WORD_BYTES)


def _check(header: bytes, spec: ChunkSpec) -> None:
    """Raise `ChunkError` unless a header is that of such a chunk; a wrong one takes all memory."""
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise ChunkError(f"the chunk begins with {header!r}, which is no header of zfp")
    meta = int.from_bytes(header, "little") >> 32
    kind, rank, meta = TYPES[meta & 3], (meta >> 2 & 3) + 1, meta >> 4
    bits = LENGTH_BITS[rank]
    # Some writers flatten a chunk: only the number of elements has to be right.
    count = prod((meta >> bits * axis & (1 << bits) - 1) + 1 for axis in range(rank))
    if (kind, count) != (spec.dtype.str, spec.size):
        raise ChunkError(
            f"the chunk holds {count} elements {kind}, expected {spec.size} {spec.dtype.str}"
        )


def optional_codec(name: str, configuration: Mapping[str, Any]) -> Any:
    """Return a codec of numcodecs that needs the package of its name.

    Raises
    ------
    UnsupportedError
        The package is not installed.
    MetadataError
        The codec cannot be configured like this.
    """
    if name not in numcodecs.registry.codec_registry:
        raise UnsupportedError(
            f"codec {name!r} needs the package {name}: pip install 'zarr-cdm[codecs]'"
        )
    try:
        return numcodecs.get_codec({"id": name, **configuration})
    except (TypeError, ValueError) as error:
        raise MetadataError(f"codec {name!r} cannot be configured like this: {error}") from error
