"""The ``shuffle`` codec (bytes to bytes): first bytes of all elements first, then the second ones.

Specification: numcodecs; in Zarr v2 under the id ``shuffle``, in v3 as ``numcodecs.shuffle``.

>>> codec = ShuffleCodec.from_json({"elementsize": 2})
>>> bytes(codec.encode(b"abABx")), bytes(codec.decode(b"aAbBx", 5))
(b'aAbBx', b'abABx')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, Kind, placed, view
from zarr_cdm.errors import MetadataError


@dataclass(frozen=True, slots=True)
class ShuffleCodec:
    """Transpose the bytes of elements; bytes behind the last whole element stay where they are."""

    kind: ClassVar[Kind] = "bytes_bytes"
    elementsize: int = 4

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        size = configuration.get("elementsize", 4)
        if not isinstance(size, int) or size < 1:
            raise MetadataError(f"elementsize is {size!r}, expected a whole number above 0")
        return cls(size)

    def size(self, size: int | None) -> int | None:
        return size

    def encode(self, data: Buffer) -> Buffer:
        return self._transposed(data, lambda whole: whole.reshape(-1, self.elementsize))

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        decoded = self._transposed(data, lambda whole: whole.reshape(self.elementsize, -1))
        return placed(decoded, size, out)

    def _transposed(self, data: Buffer, rows: Any) -> Buffer:
        stored = np.frombuffer(view(data), np.uint8)
        whole = len(stored) // self.elementsize * self.elementsize
        result = np.empty_like(stored)
        result[:whole] = rows(stored[:whole]).T.reshape(-1)
        result[whole:] = stored[whole:]
        return result.data
