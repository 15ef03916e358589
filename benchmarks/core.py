"""Arrays alone: read whole, in points and in time series; written; opened by the thousand."""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import zarr

import zarr_cdm
from benchmarks import data
from benchmarks.array_peers import READERS, WRITERS, Read, write_with_zarr_python
from benchmarks.layout import CUBE, LARGE, MIDDLE, SHARD, SIDES, SMALL, Layout
from benchmarks.measure import OURS, Case, Row
from benchmarks.reading import same_arrays

MEMORY = Path("/dev/shm")  # a file system in memory, on Linux


def _layouts(options: argparse.Namespace) -> dict[str, list[Layout]]:
    """Return what is done with which layouts."""
    usual = Layout(SMALL, cname=options.cname, clevel=options.clevel)
    middle, large, cube = (replace(usual, chunk=chunk) for chunk in (MIDDLE, LARGE, CUBE))
    fast, sharded = replace(usual, cname="lz4"), replace(usual, shard=SHARD)
    return {
        "read": [usual, fast, middle, large, sharded],
        "point": [usual, fast, middle, large, sharded],
        "series": [usual, middle, large, sharded, cube],
        "write": [usual, fast, middle, sharded],
    }


def reading(folder: Path, options: argparse.Namespace) -> Iterator[Case]:
    """Yield the cases that read; their stores are written into ``folder``, by zarr-python."""
    values, size = data.walks(options.size_mb, SIDES), options.size_mb
    wanted = _layouts(options)
    for layout in dict.fromkeys(wanted["read"] + wanted["point"] + wanted["series"]):
        store = folder / f"{layout.name}.zarr"
        write_with_zarr_python(store, values, layout)
        readers = {name: open_array(store) for name, open_array in READERS.items()}
        if layout in wanted["read"]:
            yield _case(f"read {size} MB, {layout.name}", readers, _whole)
        if layout in wanted["point"]:
            yield _case(f"one point, {layout.name}", readers, _points(values.shape))
        if layout in wanted["series"]:
            yield _case(f"time series, {layout.name}", readers, _series(values.shape))


def _case(name: str, readers: dict[str, Read], select: Callable[[], Any]) -> Case:
    def call(read: Read) -> Callable[[], np.ndarray]:
        return lambda: read(select())

    # All draw from one sequence of selections, so what they return is compared here and not there.
    first = select()
    expected = readers[OURS](first)
    for read in readers.values():
        same_arrays(np.asarray(expected), read(first))
    return Case(name, {peer: call(read) for peer, read in readers.items()}, _unlike)


def _unlike(mine: Any, peers: Any) -> None:
    """Compare nothing."""


def _whole() -> Any:
    return (slice(None),) * 3


def _points(shape: tuple[int, ...]) -> Callable[[], Any]:
    """Return what selects another point, in another chunk, each time it is called."""
    numbers = itertools.count()

    def point() -> Any:
        number = next(numbers)
        steps = zip((13, 131, 389), shape, strict=True)
        return tuple(number * step % size for step, size in steps)

    return point


def _series(shape: tuple[int, ...]) -> Callable[[], Any]:
    points = _points(shape)
    return lambda: (slice(None), *points()[1:])


def writing(folder: Path, options: argparse.Namespace) -> Iterator[Case]:
    """Yield the cases that write, to memory where the system has such files, and to disk."""
    values, size = data.walks(options.size_mb, SIDES), options.size_mb
    numbers = itertools.count()
    places = {"memory": MEMORY, "disk": folder} if MEMORY.is_dir() else {"disk": folder}
    for place, root in places.items():
        for layout in _layouts(options)["write"]:

            def call(write: Any, root: Path = root, layout: Layout = layout) -> Callable[[], Path]:
                def written() -> Path:
                    path = root / f"zarr_cdm-benchmark-{next(numbers)}.zarr"
                    write(path, values, layout)
                    return path

                return written

            yield Case(
                f"write {size} MB to {place}, {layout.name}",
                {name: call(write) for name, write in WRITERS.items()},
                _same_stores,
                discard=shutil.rmtree,
                repeatable=False,
            )


def _same_stores(ours: Path, peers: Path) -> None:
    for path in (ours, peers):
        same_arrays(zarr.open_array(ours, mode="r")[...], zarr_cdm.open_array(path)[...])


def opening(folder: Path) -> Iterator[Case]:
    """Yield the cases that open a group of 1,000 arrays, and then each of them."""
    store = folder / "many.zarr"
    data.write_store(data.many_variables(1000), store)

    def same(mine: Any, peers: Any) -> None:
        assert sorted(mine) == sorted(peers)

    yield Case(
        "open a group of 1,000 arrays",
        {OURS: lambda: zarr_cdm.open_group(store), "zarr-python": lambda: zarr.open_group(store)},
        same,
    )
    yield Case(
        "… and each of them",
        {
            OURS: lambda: dict(zarr_cdm.open_group(store).arrays()),
            "zarr-python": lambda: dict(zarr.open_group(store).arrays()),
        },
        same,
    )


def peaks(folder: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Yield rows of what a process holds beyond the array that it reads, in MB for seconds."""
    values = data.walks(options.size_mb, SIDES)
    for layout in _layouts(options)["read"]:
        whole, tiny = folder / "whole.zarr", folder / "tiny.zarr"
        write_with_zarr_python(whole, values, layout)
        write_with_zarr_python(
            tiny, values[:1, :1, :1], replace(layout, chunk=(1, 1, 1), shard=None)
        )
        found = {
            name: [
                _peak(name, whole) - _peak(name, tiny) - values.nbytes * 1e-6
                for _ in range(min(3, options.rounds))
            ]
            for name in READERS
        }
        for name in READERS:
            if name != OURS:
                yield _row(f"memory beyond the array, {layout.name}, MB", name, found)
        shutil.rmtree(whole)
        shutil.rmtree(tiny)


def _peak(name: str, store: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.array_peak", name, str(store)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _row(title: str, name: str, found: dict[str, list[float]]) -> Row:
    ours, peers = found[OURS], found[name]
    ratios = sorted(peer / mine for peer, mine in zip(peers, ours, strict=True))
    ratio = median(ratios)
    return Row(title, name, median(ours), median(peers), ratio, ratios[0], ratios[-1], float("nan"))
