"""Arrays alone: whole, one point, a time series, shards; written; opened by the thousand."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import data
from benchmarks.array_peers import READERS, Read
from benchmarks.measure import OURS, Case
from benchmarks.reading import same_arrays


@dataclass(frozen=True)
class Layout:
    """How an array of walks is cut, and what its chunks are compressed with."""

    chunk: tuple[int, int, int]
    shard: tuple[int, int, int] | None = None
    lz4: bool = False

    @property
    def name(self) -> str:
        """What a row calls it."""
        kind = f"{_size(self.chunk)} {'cubes' if self.chunk == CUBE else 'chunks'}"
        if self.shard:
            kind += f" in shards of {_size(self.shard)}"
        return kind + (", lz4" if self.lz4 else "")


def _size(shape: tuple[int, int, int]) -> str:
    kilobytes = int(np.prod(shape)) * 4 // 2**10
    return f"{kilobytes} KB" if kilobytes < 2**10 else f"{kilobytes // 2**10} MB"


# Maps, as most stores have them: a time series goes through 64, 16 or 16 chunks of them. In the
# cube all of a series lies in one chunk.
SMALL, MIDDLE, LARGE, CUBE = (1, 128, 128), (4, 256, 256), (4, 512, 1024), (64, 128, 256)
SHARDED = Layout(SMALL, shard=(32, 512, 1024))
WHOLE = (Layout(SMALL), Layout(MIDDLE), Layout(LARGE), Layout(SMALL, lz4=True), SHARDED)
POINTS = (Layout(SMALL), Layout(SMALL, lz4=True), Layout(MIDDLE), Layout(LARGE), SHARDED)
SERIES = (Layout(SMALL), Layout(MIDDLE), Layout(LARGE), SHARDED, Layout(CUBE))
SIDES = (512, 1024)


def reading(folder: Path, options: argparse.Namespace) -> Iterator[Case]:
    """Yield the cases that read; their stores are written into ``folder``, by zarr-python."""
    values = data.walks(options.size_mb, SIDES)
    layouts = dict.fromkeys((*WHOLE, *POINTS, *SERIES))
    for layout in layouts:
        store = folder / f"{layout.name}.zarr"
        codec = data.blosc("lz4" if layout.lz4 else options.cname, options.clevel)
        data.array(store, values, layout.chunk, layout.shard, codec)
        readers = {name: open_array(store) for name, open_array in READERS.items()}
        if layout in WHOLE:
            name = f"read {options.size_mb} MB, {layout.name}"
            yield _case(name, readers, lambda: (slice(None),) * 3)
        if layout in POINTS:
            yield _case(f"one point, {layout.name}", readers, _points(values.shape))
        if layout in SERIES:
            yield _case(f"time series, {layout.name}", readers, _series(values.shape))


def _case(name: str, readers: dict[str, Read], select: Callable[[], object]) -> Case:
    def call(read: Read) -> Callable[[], np.ndarray]:
        return lambda: read(select())

    # Contenders draw from one sequence, so what two of them return cannot be compared here.
    first = select()
    expected = readers[OURS](first)
    for read in readers.values():
        same_arrays(expected, read(first))
    return Case(
        name, {peer: call(read) for peer, read in readers.items()}, lambda mine, peers: None
    )


def _points(shape: tuple[int, ...]) -> Callable[[], object]:
    """Return what selects another point, in another chunk, each time it is called."""
    numbers = itertools.count()
    return lambda: tuple(
        int(next(numbers) * stride % size)
        for stride, size in zip((131, 67, 89), shape, strict=True)
    )


def _series(shape: tuple[int, ...]) -> Callable[[], object]:
    points = _points(shape)
    return lambda: (slice(None), *points()[1:])  # type: ignore[index]
