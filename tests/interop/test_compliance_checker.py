"""IOOS compliance-checker's CF suite finds in our stores what it finds in the netCDF files.

It asks for `netCDF4.Dataset`; ours is registered beside it. Its one finding about stores is the
name of the file, which by CF (2.1) ends in ``.nc``: here the store has such a name.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
import pytest

import zarr_cdm
from tests.data import REAL_FILES, name_of, needs_shared
from zarr_cdm.netcdf4 import Dataset

suites = pytest.importorskip("compliance_checker.suite", reason="compliance-checker is not there")
base = pytest.importorskip("compliance_checker.base")

pytestmark = pytest.mark.filterwarnings("ignore")
CF = "cf:1.11"
SMALL = [path for path in REAL_FILES if path.stat().st_size < 20_000]
FILES = REAL_FILES if os.environ.get("ZARR_CDM_SWEEP") == "full" else SMALL[::6]


@pytest.fixture(scope="module")
def suite() -> Iterator[Any]:
    base.BaseNCCheck.supported_ds.append(Dataset)
    found = suites.CheckSuite()
    found.load_all_available_checkers()
    yield found
    base.BaseNCCheck.supported_ds.remove(Dataset)


def findings(suite: Any, dataset: Any) -> tuple[list[str], dict[str, str]]:
    """Return all results with their messages, and the checks that failed themselves."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        results, errors = suite.run_all(dataset, [CF])[CF]
    return sorted(flat(results)), {name: repr(error[0]) for name, error in errors.items()}


def flat(results: Any, above: str = "") -> Iterator[str]:
    for result in results:
        name = f"{above}/{result.name}"
        yield f"{name}: {result.value} {sorted(map(str, result.msgs or []))}"
        yield from flat(result.children or [], name)


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_store_is_found_as_its_file_is(suite: Any, path: Path, tmp_path: Path) -> None:
    zarr_cdm.convert(path, tmp_path / "a.zarr")
    store = (tmp_path / "a.zarr").rename(tmp_path / path.with_suffix(".nc").name)
    with netCDF4.Dataset(path) as dataset:
        wanted = findings(suite, dataset)
    with Dataset(store) as dataset:
        assert dataset.disk_format == "ZARR3"
        found = findings(suite, dataset)
    assert len(wanted[0]) > 10
    assert without_path(found[0]) == without_path(wanted[0])
    assert found[1] == wanted[1]


@needs_shared
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("target", ["{}/a.zarr.zip", "memory://checked-{}/a.zarr"])
def test_where_a_store_is_and_its_version_change_no_finding(
    suite: Any, tmp_path: Path, target: str, version: int
) -> None:
    path = SMALL[0]
    store = target.format(tmp_path if "://" not in target else f"{tmp_path.name}-{version}")
    zarr_cdm.convert(path, store, zarr_format=version)
    with netCDF4.Dataset(path) as dataset:
        wanted = findings(suite, dataset)
    with Dataset(store) as dataset:
        assert dataset.disk_format == f"ZARR{version}"
        found = findings(suite, dataset)
    assert without_path(found[0]) == without_path(wanted[0])
    assert found[1] == wanted[1]


def without_path(results: list[str]) -> list[str]:
    """Leave out the check of the file's name, which says its whole path, and name one module."""
    texts = [result for result in results if "2.1 Filename" not in result]
    return [text.replace("zarr_cdm.netcdf4.", "netCDF4.") for text in texts]
