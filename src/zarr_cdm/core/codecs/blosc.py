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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numcodecs.blosc

from zarr_cdm.core.codecs.base import Buffer, Kind, view
from zarr_cdm.core.codecs.blosc_frame import (
    HEADER,
    Blocks,
    check_header,
    needed_blocks,
    read_header,
)
from zarr_cdm.core.extents import Extents
from zarr_cdm.errors import ChunkError, LimitError, MetadataError

MOST_TYPESIZE = 255
MOST_BYTES = 2**31 - 1 - HEADER.size
SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
# Of how many of its blocks a chunk is decoded by blocks and not as a whole.
MOST_BLOCKS = 0.75
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
        if len(view(data)) > MOST_BYTES:
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
        return _decompress(data, out)

    def decode_part(
        self, data: Buffer, needed: Callable[[], Extents | None], out: memoryview
    ) -> None:
        """Decode to ``out``, as large as the chunk, the bytes ``needed`` and perhaps others."""
        seen = view(data)
        blocks = self.blocks(seen, len(out), len(seen), needed)
        if blocks is None:
            _decompress(data, out)
        else:
            self.decode_blocks(blocks, [seen[start:stop] for start, stop in blocks.spans], out)

    def blocks(
        self, head: Buffer, size: int, encoded: int | None, needed: Callable[[], Extents | None]
    ) -> Blocks | None:
        """Return the blocks of a chunk that hold the bytes ``needed``; None where most do.

        ``head`` is the beginning of the chunk; where it does not reach to the first block the
        answer is None too.
        """
        header = read_header(head, size, encoded)
        if header.blocks < 2 or header.head_bytes > len(head):
            return None
        extents = needed()
        wanted = None if extents is None else needed_blocks(header, extents)
        if wanted is None or sum(map(len, wanted)) > header.blocks * MOST_BLOCKS:
            return None
        return Blocks(header, head, wanted)

    def decode_blocks(self, blocks: Blocks, parts: Sequence[Buffer], out: memoryview) -> None:
        """Decode blocks from the bytes at their spans to their places in a chunk."""
        blocks.decode(parts, out, _decompress)


def _decompress(data: Buffer, out: memoryview | None) -> Buffer:
    try:
        decoded: Buffer = numcodecs.blosc.decompress(data, out)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise ChunkError(f"blosc cannot decode the chunk: {error}") from error
    return decoded
