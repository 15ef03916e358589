"""How the arrays of the suite of the Zarr core are cut and compressed."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Layout:
    """Chunks of float32, perhaps in shards, and what compresses them in Blosc."""

    chunk: Shape
    shard: Shape | None = None
    cname: str = "zstd"
    clevel: int = 3

    @property
    def name(self) -> str:
        """What a row of the table calls it."""
        kind = "cubes" if self.chunk == CUBE else "chunks"
        shards = f" in shards of {_size(self.shard)}" if self.shard else ""
        return f"{_size(self.chunk)} {kind}{shards}, {self.cname}"

    def blosc(self) -> dict[str, Any]:
        """Return the compressor, in the words of Zarr v3."""
        configuration = {
            "cname": self.cname,
            "clevel": self.clevel,
            "shuffle": "shuffle",
            "typesize": 4,
            "blocksize": 0,
        }
        return {"name": "blosc", "configuration": configuration}


def _size(shape: Shape) -> str:
    kilobytes = prod(shape) * 4 // 2**10
    return f"{kilobytes} KB" if kilobytes < 2**10 else f"{kilobytes // 2**10} MB"


# Maps, as most stores have them: a time series goes through many chunks; in the cube through one.
SMALL, MIDDLE, LARGE, CUBE = (1, 128, 128), (4, 256, 256), (4, 512, 1024), (64, 128, 256)
SHARD = (32, 512, 1024)
SIDES = (512, 1024)
