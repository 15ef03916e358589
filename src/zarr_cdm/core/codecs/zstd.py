"""The ``zstd`` codec (bytes to bytes).

Specification: zarr-extensions ``codecs/zstd``; the frame: RFC 8878, section 3.1.1.

>>> codec = ZstdCodec.from_json({"level": 3})
>>> codec.decode(codec.encode(b"chunk"), 5)
b'chunk'
>>> codec.decode(codec.encode(bytes(10**9)), 5)
Traceback (most recent call last):
zarr_cdm.errors.ChunkError: the chunk holds 1000000000 bytes, expected 5
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numcodecs.zstd

from zarr_cdm.core.codecs.base import Buffer, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError

MAGIC = b"\x28\xb5\x2f\xfd"
MAX_LEVEL, MIN_LEVEL = 22, -131072


@dataclass(frozen=True, slots=True)
class ZstdCodec:
    """Compress with Zstandard."""

    kind: ClassVar[Kind] = "bytes_bytes"
    level: int = 1
    checksum: bool = False

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        level = configuration.get("level", 1)
        if not isinstance(level, int) or not MIN_LEVEL <= level <= MAX_LEVEL:
            raise MetadataError(f"level is {level!r}, expected {MIN_LEVEL} to {MAX_LEVEL}")
        return cls(level, bool(configuration.get("checksum", False)))

    def size(self, size: int | None) -> None:
        return None

    def encode(self, data: Buffer) -> Buffer:
        encoded: bytes = numcodecs.zstd.compress(data, self.level, self.checksum)
        return encoded

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        known = content_size(data)
        if size is not None and known is not None and known > size:
            raise ChunkError(f"the chunk holds {known} bytes, expected {size}")
        # Only a size that the frame states may be decoded in place: of several frames, or one that
        # holds less, numcodecs would leave the rest of ``out`` as it was.
        target = out if known is not None and out is not None and known == len(out) else None
        try:
            decoded: Buffer = numcodecs.zstd.decompress(data, target)
        except (RuntimeError, ValueError) as error:
            raise ChunkError(f"zstd cannot decode the chunk: {error}") from error
        if size is not None and len(view(decoded)) != size:
            raise ChunkError(f"the chunk holds {len(view(decoded))} bytes, expected {size}")
        if out is None or target is not None:
            return decoded
        out[:] = view(decoded)
        return out


def content_size(data: Buffer) -> int | None:
    """Return how many bytes the first frame says it holds; None where it does not say."""
    seen = view(data)
    if len(seen) < 5 or seen[:4] != MAGIC:
        raise ChunkError("the chunk is no zstd frame")
    descriptor = seen[4]
    single = descriptor >> 5 & 1
    start = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    length = (single, 2, 4, 8)[descriptor >> 6]
    if not length or len(seen) < start + length:
        return None
    return int.from_bytes(seen[start : start + length], "little") + (256 if length == 2 else 0)
