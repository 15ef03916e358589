"""Opening: what a store of 1,000 variables, or of ten, costs before any of its data are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr
import zarr

import zarr_cdm
from benchmarks import data
from benchmarks.measure import OURS, Case


def cases(folder: Path) -> Iterator[Case]:
    """Yield the cases; their stores are written into ``folder``."""
    many, own, few = folder / "many.zarr", folder / "own.zarr", folder / "few.zarr"
    thousand = data.many_variables(1000)
    data.write_store(thousand, many)
    thousand.to_netcdf(folder / "many.nc", engine="netcdf4")
    zarr_cdm.convert(folder / "many.nc", own)
    data.write_store(data.few_variables(), few)
    yield _with_xarray("open 1,000 variables (xarray)", many)
    yield _with_xarray("open 1,000 variables, store of zarr_cdm (xarray)", own)
    yield _with_xarray("open 10 variables (xarray)", few)
    yield _group("open 1,000 variables (no xarray)", many)
    yield _group("open 10 variables (no xarray)", few)


def _with_xarray(name: str, store: Path) -> Case:
    def opened(engine: str) -> Callable[[], xr.Dataset]:
        return partial(xr.open_dataset, store, engine=engine)

    return Case(name, {OURS: opened("zarr_cdm"), "xarray": opened("zarr")}, same_datasets)


def same_datasets(ours: xr.Dataset, peers: xr.Dataset) -> None:
    """Raise unless two datasets hold the same."""
    xr.testing.assert_identical(ours.load(), peers.load())


def _group(name: str, store: Path) -> Case:
    def theirs() -> dict[str, Any]:
        return dict(zarr.open_consolidated(store).members())

    def ours() -> dict[str, Any]:
        return zarr_cdm.read(store).variables

    def same(mine: dict[str, Any], peers: dict[str, Any]) -> None:
        assert {key: value.shape for key, value in mine.items()} == {
            key: value.shape for key, value in peers.items()
        }

    return Case(name, {OURS: ours, "zarr-python": theirs}, same)
