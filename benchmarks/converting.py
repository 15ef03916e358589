"""Converting a netCDF-4 file to a v3 store: time, and peak memory in processes of their own."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import xarray as xr

from benchmarks import data
from benchmarks.converters import CHUNK, CONVERTERS
from benchmarks.measure import OURS, Case, Row


def cases(folder: Path, size_mb: int) -> Iterator[Case]:
    """Yield the case; its file is written into ``folder``."""
    source = folder / "air.nc"
    data.netcdf_file(source, data.walks(size_mb), CHUNK)
    numbers = itertools.count()

    def call(convert: Callable[[str, str], None]) -> Callable[[], str]:
        def converted() -> str:
            target = str(folder / f"target{next(numbers)}.zarr")
            convert(str(source), target)
            return target

        return converted

    def same(mine: str, peers: str) -> None:
        with xr.open_dataset(source) as expected:
            for target in (mine, peers):
                for engine in ("zarr", "zarr_cdm"):
                    with xr.open_dataset(target, engine=engine) as found:
                        xr.testing.assert_identical(found, expected)

    yield Case(
        f"convert netCDF-4 of {size_mb} MB to v3",
        {name: call(convert) for name, convert in CONVERTERS.items()},
        same,
        discard=shutil.rmtree,
        repeatable=False,
    )


def peaks(folder: Path, size_mb: int, rounds: int) -> list[Row]:
    """Return one row for each peer, in which megabytes stand for seconds.

    What a process holds beyond the conversion is what it holds after one of a tiny file.
    """
    values = data.walks(size_mb)
    source, tiny = folder / "peak.nc", folder / "tiny.nc"
    data.netcdf_file(source, values, CHUNK)
    data.netcdf_file(tiny, values[:1, :8, :8], CHUNK)
    whole: dict[str, list[float]] = {name: [] for name in CONVERTERS}
    beyond: dict[str, list[float]] = {name: [] for name in CONVERTERS}
    for _ in range(rounds):
        for name in CONVERTERS:
            peak = _peak(name, source, folder / "peak.zarr")
            whole[name].append(peak)
            beyond[name].append(peak - _peak(name, tiny, folder / "peak.zarr"))
    return [
        _row(title, name, found[OURS], found[name])
        for title, found in (("peak memory of that, MB", whole), ("… beyond imports, MB", beyond))
        for name in CONVERTERS
        if name != OURS
    ]


def _peak(name: str, source: Path, target: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.peak", name, str(source), str(target)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    shutil.rmtree(target)
    return float(output)


def _row(title: str, name: str, ours: list[float], peers: list[float]) -> Row:
    mine = median(ours)
    ratios = sorted(peer / mine for peer in peers)
    return Row(
        title, name, mine, median(peers), median(ratios), ratios[0], ratios[-1], float("nan")
    )
