"""The ``gzip`` codec (bytes to bytes).

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/gzip/index.html

>>> codec = GzipCodec.from_json({"level": 5})
>>> codec.decode(codec.encode(b"chunk"), 5)
b'chunk'
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

from zarr_cdm.core.codecs.base import Buffer, Kind, view
from zarr_cdm.core.codecs.inflate import GZIP, inflate
from zarr_cdm.errors import MetadataError


@dataclass(frozen=True, slots=True)
class GzipCodec:
    """Compress with gzip."""

    kind: ClassVar[Kind] = "bytes_bytes"
    level: int = 1

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        level = configuration.get("level", 1)
        if not isinstance(level, int) or not -1 <= level <= 9:
            raise MetadataError(f"level is {level!r}, expected a whole number from 0 to 9")
        return cls(level)

    def size(self, size: int | None) -> None:
        return None

    def encode(self, data: Buffer) -> Buffer:
        return gzip.compress(view(data), self.level, mtime=0)

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        return inflate(data, partial(zlib.decompressobj, GZIP), size, out)
