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
        if spec.dtype.str not in TYPES or len(spec.shape) not in LENGTH_BITS:
            raise MetadataError(
                f"the codec zfpy cannot encode {spec.data_type.name!r} in {len(spec.shape)} "
                "dimensions; it is for numbers of 32 and 64 bits in 1 to 4"
            )

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        try:
            encoded: bytes = self.codec.encode(np.ascontiguousarray(array, spec.dtype))
        except (TypeError, ValueError) as error:
            raise UnsupportedError(f"zfpy cannot encode this: {error}") from error
        return encoded

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        _check(bytes(view(data)[:HEADER_BYTES]), spec)
        if len(view(data)) % WORD_BYTES:  # zfp would take what is cut off for zeros
            raise ChunkError(f"the chunk has {len(view(data))} bytes, no whole words of zfp")
        try:
            decoded: np.ndarray = self.codec.decode(bytes(view(data)))
        except (ValueError, TypeError, RuntimeError, IndexError, MemoryError) as error:
            raise ChunkError(f"zfpy cannot decode the chunk: {error}") from error
        return decoded.astype(spec.dtype, copy=False).reshape(spec.shape)


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
