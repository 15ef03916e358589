"""Real files look alike through both modules, and so do the stores that are made of them."""

import os
import warnings
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

import zarr_cdm
import zarr_cdm.netcdf4
from tests.data import REAL_FILES, name_of, needs_shared

MOST = 2_000_000  # elements of a variable that are compared
SAMPLE = slice(None, None, 1 if os.environ.get("ZARR_CDM_SWEEP") == "full" else 5)


def check_group(wanted: Any, found: Any, converted: bool) -> None:
    assert found.ncattrs() == wanted.ncattrs()
    for name in wanted.ncattrs():
        check_value(wanted.getncattr(name), found.getncattr(name))
    assert list(found.dimensions) == list(wanted.dimensions)
    for name, dimension in wanted.dimensions.items():
        assert len(found.dimensions[name]) == len(dimension)
        assert found.dimensions[name].isunlimited() == dimension.isunlimited()
    assert set(found.variables) <= set(wanted.variables)
    assert list(found.groups) == list(wanted.groups)
    for name, variable in found.variables.items():
        check_variable(wanted.variables[name], variable, converted)
    for name, group in found.groups.items():
        check_group(wanted.groups[name], group, converted)


def check_variable(wanted: Any, found: Any, converted: bool) -> None:
    if wanted.shape != found.shape:
        return  # netCDF4-python takes dimensions by their names, from another group
    assert found.dimensions == wanted.dimensions
    assert found.dtype == wanted.dtype
    assert found.ncattrs() == wanted.ncattrs()
    for name in wanted.ncattrs():
        check_value(wanted.getncattr(name), found.getncattr(name))
    if not converted:
        assert found.filters() == wanted.filters()
        assert found.endian() == wanted.endian()
        assert found.chunking() == wanted.chunking()
    if wanted.size < MOST:
        for selection in (..., 0, slice(None, None, 2)):
            if wanted.shape and wanted.shape[0]:
                check_values(wanted[selection], found[selection])
        check_values(wanted[...], found[...])


def check_value(wanted: Any, found: Any) -> None:
    assert type(found) is type(wanted)
    if isinstance(wanted, np.ndarray | np.generic):
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted, equal_nan=wanted.dtype.kind == "f")
    else:
        assert found == wanted


def check_values(wanted: Any, found: Any) -> None:
    assert type(found) is type(wanted)
    if isinstance(wanted, str):
        assert found == wanted
        return
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    hidden = np.ma.getmaskarray(wanted)
    assert np.array_equal(np.ma.getmaskarray(found), hidden)
    if wanted.dtype.names:
        for name in wanted.dtype.names:
            check_values(wanted[name], found[name])
        return
    first, second = (np.ma.getdata(each)[~hidden] for each in (wanted, found))
    assert np.array_equal(first, second, equal_nan=first.dtype.kind == "f")


@needs_shared
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", REAL_FILES[SAMPLE], ids=name_of)
def test_a_netcdf_file_looks_alike(path: Path) -> None:
    with netCDF4.Dataset(path) as wanted, zarr_cdm.netcdf4.Dataset(path) as found:
        assert found.data_model == wanted.data_model
        check_group(wanted, found, converted=False)


@needs_shared
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("path", REAL_FILES[SAMPLE], ids=name_of)
def test_a_store_made_of_it_looks_alike(path: Path, tmp_path: Path, zarr_format: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr_cdm.convert(path, tmp_path / "a.zarr", zarr_format=zarr_format)
    with netCDF4.Dataset(path) as wanted, zarr_cdm.netcdf4.Dataset(tmp_path / "a.zarr") as found:
        check_group(wanted, found, converted=True)
