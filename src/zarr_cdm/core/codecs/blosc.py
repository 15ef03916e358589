"""The ``blosc`` codec (bytes to bytes): a shuffle and a fast compressor, in blocks.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/blosc/index.html; the frame:
https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst

>>> codec = BloscCodec.from_json(
...     {"cname": "zstd", "clevel": 1, "shuffle": "shuffle", "typesize": 2, "blocksize": 0})
>>> codec.decode(codec.encode(b"ab" * 20), 40) == b"ab" * 20
True
>>> codec.decode(codec.encode(b"ab" * 20)[:-1], 40)
Traceback (most recent call last):
zarr_cdm.errors.ChunkError: the blosc header is damaged: 40 bytes in a frame of 56, found 55
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numcodecs.blosc

from zarr_cdm.core.codecs.base import Buffer, Kind, view
from zarr_cdm.errors import ChunkError, LimitError, MetadataError
from zarr_cdm.limits import DEFAULT_LIMITS

# version, version of the inner format, flags, size of an element, bytes, bytes in a block, bytes
# of the frame; then one 32-bit start for each block unless the bytes are stored as they are.
HEADER = struct.Struct("<BBBBiii")
VERSION = 2
STORED = 0x02
START_BYTES = 4
MOST_TYPESIZE = 255
SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
COMPRESSORS = ("blosclz", "lz4", "lz4hc", "zlib", "zstd", "snappy")


@dataclass(frozen=True, slots=True)
class BloscCodec:
    """Compress with Blosc; a frame tells all that decoding needs."""

    kind: ClassVar[Kind] = "bytes_bytes"
    cname: str = "zstd"
    clevel: int = 1
    shuffle: int = 1
    typesize: int = 1
    blocksize: int = 0

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        shuffle = SHUFFLES.get(str(configuration.get("shuffle", "shuffle")))
        numbers = {
            name: configuration[name]
            for name in ("clevel", "typesize", "blocksize")
            if name in configuration
        }
        codec = cls(configuration.get("cname", "lz4"), shuffle=shuffle or 0, **numbers)
        if (
            shuffle is None
            or codec.cname not in COMPRESSORS
            or not all(isinstance(number, int) and number >= 0 for number in numbers.values())
            or codec.clevel > 9
            or codec.typesize == 0
        ):
            raise MetadataError(f"blosc cannot be configured like this: {dict(configuration)}")
        return codec

    def size(self, size: int | None) -> None:
        return None

    def encode(self, data: Buffer) -> Buffer:
        if len(view(data)) > DEFAULT_LIMITS.chunk_bytes - HEADER.size:
            raise LimitError(
                f"blosc cannot hold a chunk of {len(view(data))} bytes; cut it smaller"
            )
        typesize = self.typesize if self.typesize <= MOST_TYPESIZE else 1
        encoded: bytes = numcodecs.blosc.compress(
            data, self.cname.encode(), self.clevel, self.shuffle, self.blocksize, typesize
        )
        return encoded

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        check_header(data, size if out is None else len(out))
        try:
            decoded: Buffer = numcodecs.blosc.decompress(data, out)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise ChunkError(f"blosc cannot decode the chunk: {error}") from error
        return decoded


def check_header(data: Buffer, size: int | None) -> None:
    """Raise `ChunkError` unless the header fits the bytes: c-blosc trusts it and would crash."""
    seen = view(data)
    if len(seen) < HEADER.size:
        raise ChunkError(f"the chunk has {len(seen)} bytes, a blosc header alone {HEADER.size}")
    version, _, flags, typesize, nbytes, blocksize, cbytes = HEADER.unpack_from(seen)
    expected = nbytes if size is None else size
    if version != VERSION or typesize == 0 or nbytes != expected or cbytes != len(seen):
        raise ChunkError(
            f"the blosc header is damaged: {nbytes} bytes in a frame of {cbytes}, "
            f"found {len(seen)}" + ("" if nbytes == expected else f", expected {expected} bytes")
        )
    if nbytes < 0 or (nbytes and not 0 < blocksize <= nbytes):
        raise ChunkError(f"the blosc header is damaged: {nbytes} bytes in blocks of {blocksize}")
    starts = 0 if flags & STORED or not nbytes else -(-nbytes // blocksize) * START_BYTES
    if HEADER.size + (nbytes if flags & STORED else starts) > len(seen):
        raise ChunkError(f"the blosc frame is cut short: {len(seen)} bytes for {nbytes}")
