r"""The ``conditional`` codec (bytes to bytes): each chunk says which of the codecs it uses.

A chunk begins with a bit for each codec inside, the lowest bit of the first byte for the first one;
a bit that is 0 stands for a codec that was left out. What such a codec leaves to the writer is
decided by size: a codec is left out where it would not make the chunk smaller, unless it always
makes so many bytes of so many, as shuffles and checksums do.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/conditional

>>> gzip = {"name": "gzip", "configuration": {"level": 1}}
>>> codec = ConditionalCodec.from_json({"codecs": [gzip]})
>>> bytes(codec.encode(b"chunk")), len(bytes(codec.encode(bytes(1000)))) < 100
(b'\x00chunk', True)
>>> bytes(codec.decode(b"\0chunk", 5))
b'chunk'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, BytesToBytes, ChunkSpec, Kind, placed, view
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.errors import ChunkError, MetadataError
from zarr_cdm.limits import current
from zarr_cdm.metadata.extension import Extension

_BYTES = ChunkSpec((1,), np.dtype("u1"), Extension("uint8"), np.uint8(0))


@dataclass(frozen=True, slots=True)
class ConditionalCodec:
    """Codecs that are used or left out, behind a header of ``header_bytes``."""

    kind: ClassVar[Kind] = "bytes_bytes"
    codecs: tuple[BytesToBytes, ...]
    header_bytes: int

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        codecs = configuration.get("codecs")
        if not isinstance(codecs, list) or not codecs:
            raise MetadataError(f"conditional has the codecs {codecs!r}, expected a list of some")
        current().check("codecs", len(codecs), "the chain of codecs in conditional")
        inside = [Extension.from_json(codec) for codec in codecs]
        if any(codec.name == "conditional" for codec in inside):
            raise MetadataError("conditional has the codec conditional in it, which is of no use")
        chain = Pipeline([Extension("bytes"), *inside], _BYTES)
        bits = configuration.get("header_bits", -(-len(codecs) // 8) * 8)
        if type(bits) is not int or bits % 8 or not len(codecs) <= bits <= 2**16:
            raise MetadataError(
                f"header_bits is {bits!r}, expected a multiple of 8 for {len(codecs)} codecs"
            )
        return cls(tuple(codec for codec, _ in chain.byte_codecs), bits // 8)

    def size(self, size: int | None) -> None:
        return None

    def encode(self, data: Buffer) -> Buffer:
        mask = 0
        for bit, codec in enumerate(self.codecs):
            before = len(view(data))
            encoded = codec.encode(data)
            if codec.size(before) is not None or len(view(encoded)) < before:
                data, mask = encoded, mask | 1 << bit
        return mask.to_bytes(self.header_bytes, "little") + bytes(view(data))

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        seen = view(data)
        mask = int.from_bytes(seen[: self.header_bytes], "little")
        if len(seen) < self.header_bytes or mask >> len(self.codecs):
            raise ChunkError(
                f"the chunk begins with {bytes(seen[: self.header_bytes]).hex()!r}, expected "
                f"{self.header_bytes} bytes with bits for {len(self.codecs)} codecs"
            )
        found: Buffer = seen[self.header_bytes :]
        for codec, decoded_size in reversed([*self._used(mask, size)]):
            found = codec.decode(found, decoded_size)
        return placed(found, size, out)

    def _used(self, mask: int, size: int | None) -> Iterator[tuple[BytesToBytes, int | None]]:
        """Yield the codecs that were used, and how many bytes each of them had got."""
        for bit, codec in enumerate(self.codecs):
            if mask >> bit & 1:
                yield codec, size
                size = codec.size(size)
