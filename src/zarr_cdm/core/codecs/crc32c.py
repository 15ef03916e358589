"""The ``crc32c`` codec (bytes to bytes): a checksum behind the bytes.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/crc32c/index.html

>>> Crc32cCodec().encode(b"chunk").hex()
'6368756e6b448e6b4a'
>>> bytes(Crc32cCodec().decode(Crc32cCodec().encode(b"chunk"), 5))
b'chunk'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import google_crc32c

from zarr_cdm.core.codecs.base import Buffer, Kind, placed, view
from zarr_cdm.errors import ChunkError

SUM_BYTES = 4
# The CRC of any bytes followed by their own CRC: checking needs no copy without the last four.
RESIDUE = 0x48674BC7


@dataclass(frozen=True, slots=True)
class Crc32cCodec:
    """Castagnoli's CRC, appended as four little-endian bytes."""

    kind: ClassVar[Kind] = "bytes_bytes"
    verify: bool = True

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        return cls()

    def unchecked(self) -> Crc32cCodec:
        """Return the codec that takes the checksum off without a look at it."""
        return Crc32cCodec(verify=False)

    def size(self, size: int | None) -> int | None:
        return None if size is None else size + SUM_BYTES

    def encode(self, data: Buffer) -> Buffer:
        body = data if isinstance(data, bytes) else bytes(view(data))
        checksum: bytes = google_crc32c.value(body).to_bytes(SUM_BYTES, "little")
        return body + checksum

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        seen = view(data)
        if len(seen) < SUM_BYTES or (self.verify and not _agrees(data)):
            raise ChunkError("the checksum (crc32c) of the chunk does not agree: it is damaged")
        return placed(seen[:-SUM_BYTES], size, out)


def _agrees(data: Buffer) -> bool:
    # google_crc32c takes nothing but bytes.
    whole = data if isinstance(data, bytes) else bytes(view(data))
    agrees: bool = google_crc32c.value(whole) == RESIDUE
    return agrees
