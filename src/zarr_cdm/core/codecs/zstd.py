"""The ``zstd`` codec (bytes to bytes).

Specification: zarr-extensions ``codecs/zstd``; the frame: RFC 8878, section 3.1.1.

>>> codec = ZstdCodec.from_json({"level": 3})
>>> bytes(codec.decode(codec.encode(b"chunk"), 5))
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
import numpy as np

from zarr_cdm.core.codecs.base import Buffer, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError
from zarr_cdm.limits import current

MAGIC = b"\x28\xb5\x2f\xfd"
BLOCK_HEADER, BLOCK_BYTES = 3, 128 * 2**10
REPEATED, COMPRESSED = 1, 2
HAS_CHECKSUM = 0x04
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
        if not isinstance(level, int):
            raise MetadataError(f"level is {level!r}, expected {MIN_LEVEL} to {MAX_LEVEL}")
        # v2 stores have others, which numcodecs takes for the nearest.
        level = min(max(level, MIN_LEVEL), MAX_LEVEL)
        return cls(level, bool(configuration.get("checksum", False)))

    def size(self, size: int | None) -> None:
        return None

    def encode(self, data: Buffer) -> Buffer:
        encoded: bytes = numcodecs.zstd.compress(data, self.level, self.checksum)
        return encoded

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        known = content_size(data)
        wanted = size if out is None else len(out)
        if wanted is None:
            return self._decode_any(data)
        if known is not None and known > wanted:
            raise ChunkError(f"the chunk holds {known} bytes, expected {wanted}")
        target = np.empty(wanted, np.uint8).data if out is None else out
        _decompress(data, target)
        # If the first of several frames holds less, all may hold less than ``target``: numcodecs
        # would leave the rest of it as it was. They do not fit into one byte less if they are full.
        if known is not None and known < wanted and _fits(data, wanted - 1):
            raise ChunkError(f"the chunk holds {known} bytes in its first frame, expected {wanted}")
        return target

    def _decode_any(self, data: Buffer) -> Buffer:
        most = most_bytes(data)
        if most > current().chunk_bytes:
            raise ChunkError(f"the chunk may hold {most} bytes, which is above Limits.chunk_bytes")
        return _decompress(data, None)


def _decompress(data: Buffer, target: memoryview | None) -> Buffer:
    try:
        decoded: Buffer = numcodecs.zstd.decompress(data, target)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise ChunkError(f"zstd cannot decode the chunk: {error}") from error
    return decoded


def _fits(data: Buffer, size: int) -> bool:
    try:
        _decompress(data, np.empty(size, np.uint8).data)
    except ChunkError:
        return False
    return True


def content_size(data: Buffer) -> int | None:
    """Return how many bytes the first frame says it holds; None where it does not say."""
    seen = view(data)
    if len(seen) < 5 or seen[:4] != MAGIC:
        raise ChunkError("the chunk is no zstd frame")
    start, length = _content_size_field(seen[4])
    if not length or len(seen) < start + length:
        return None
    return int.from_bytes(seen[start : start + length], "little") + (256 if length == 2 else 0)


def _content_size_field(descriptor: int) -> tuple[int, int]:
    """Return where in a frame its size stands, and in how many bytes."""
    single = descriptor >> 5 & 1
    return 5 + (not single) + (0, 1, 2, 4)[descriptor & 3], (single, 2, 4, 8)[descriptor >> 6]


def most_bytes(data: Buffer) -> int:
    """Return how many bytes all frames hold at most, by the headers of their blocks."""
    seen = view(data)
    at, most = 0, 0
    while len(seen) - at > 4 and seen[at : at + 4] == MAGIC:
        most += content_size(seen[at:]) or 0  # numcodecs takes as much, true or not
        descriptor = seen[at + 4]
        at += sum(_content_size_field(descriptor))
        last = False
        while not last and at < len(seen):
            header = int.from_bytes(seen[at : at + BLOCK_HEADER], "little")
            last, repeated, length = bool(header & 1), header >> 1 & 3 == REPEATED, header >> 3
            compressed = header >> 1 & 3 == COMPRESSED
            most += BLOCK_BYTES if compressed else length
            at += BLOCK_HEADER + (1 if repeated else length)
        at += 4 if descriptor & HAS_CHECKSUM else 0
    return most
