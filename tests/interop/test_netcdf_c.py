"""Our Zarr v2 stores in the hands of netCDF-C, read as NCZarr.

What netCDF-C 4.10 cannot read of them, each on purpose (architecture, decision 10):

* scalars: it drops arrays of shape ``[]``; NCZarr writes ``[1]``, which xarray would show;
* char arrays: ``|S1`` reads as strings of one character; ``>S1``, its own spelling of char, is none
  that zarr-python opens;
* strings: a string is an ``|S<n>`` there, as here; the text is right.

It is opened for reading alone: netCDF-C destroys such a store when it opens it for writing.
"""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

import zarr_cdm

NUMBERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
DROPPED = {"crs"}
READ_AS_STRINGS = {"c"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nczarr")
    with netCDF4.Dataset(folder / "air.nc", "w") as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        file.createDimension("time", None)
        file.createDimension("x", 4)
        file.createDimension("unused", 7)
        file.setncatts({"title": "air", "level": np.int16(5), "third": 1 / 3})
        file.setncattr_string("one", "K")
        file.setncattr_string("names", ["a", "°C"])
        file.setncattr("empty", np.array([], "i4"))
        for kind in NUMBERS:
            variable = file.createVariable(kind, kind, ("time", "x"), fill_value=7)
            variable[0:3] = np.arange(12).reshape(3, 4)
            limits = np.iinfo(kind) if kind[0] in "iu" else np.finfo(kind)
            variable.setncattr("one", np.dtype(kind).type(1))
            variable.setncattr("limits", np.array([limits.min, limits.max], kind))
        file["f4"].setncattr("tenth", np.float32(0.1))
        file["f8"].setncattr("special", np.array([np.inf, -np.inf, 0.1]))
        file.createVariable("default", "f4", ("x",))
        file.createVariable("never", "i4", ("x",), fill_value=False)[:] = 1
        file.createVariable("s", str, ("x",))[:] = np.array(["°C", "", "b", "a"], object)
        file.createVariable("c", "S1", ("x",))[:] = np.array([b"a", b"b", b"c", b"d"])
        file.createVariable("crs", "i4")[...] = 1
        below = file.createGroup("g").createGroup("h")
        below.createDimension("y", 2)
        below.createVariable("below", "i2", ("time", "y"))[0:3] = 1
    zarr_cdm.convert(folder / "air.nc", folder / "air.zarr", zarr_format=2)
    return folder


@pytest.fixture
def pair(folder: Path) -> tuple[netCDF4.Dataset, netCDF4.Dataset]:
    with (
        netCDF4.Dataset(folder / "air.nc") as file,
        netCDF4.Dataset(f"file://{folder}/air.zarr#mode=nczarr,file") as store,
    ):
        for dataset in (file, store):
            dataset.set_auto_maskandscale(False)
            dataset.set_auto_chartostring(False)
        yield file, store


Pair = tuple[netCDF4.Dataset, netCDF4.Dataset]


def test_netcdf_c_finds_the_same_groups_variables_and_order(pair: Pair) -> None:
    file, store = pair
    assert list(store.variables) == [name for name in file.variables if name not in DROPPED]
    assert list(store.groups) == ["g"]
    assert list(store["g/h"].variables) == ["below"]


def test_netcdf_c_finds_the_same_dimensions_in_the_same_groups(pair: Pair) -> None:
    for path in ("/", "/g", "/g/h"):
        file, store = (each if path == "/" else each[path] for each in pair)
        found, wanted = (
            [(dim.name, len(dim), dim.isunlimited()) for dim in each.dimensions.values()]
            for each in (store, file)
        )
        assert found == wanted
    file, store = pair
    for name in store.variables:
        assert store[name].dimensions == file[name].dimensions, name
    assert store["g/h/below"].dimensions == ("time", "y")


@pytest.mark.parametrize("name", [*NUMBERS, "default", "never", "g/h/below"])
def test_netcdf_c_reads_the_same_numbers(pair: Pair, name: str) -> None:
    file, store = pair
    assert store[name].dtype == file[name].dtype
    assert np.array_equal(store[name][...], file[name][...])


@pytest.mark.parametrize("name", ["", *NUMBERS, "default", "s"])
def test_netcdf_c_reads_attributes_of_the_same_types_and_values(pair: Pair, name: str) -> None:
    file, store = (each[name] if name else each for each in pair)
    own = {"_Encoding"} if name == "s" else set()  # text in bytes: xarray is told so
    assert [each for each in store.ncattrs() if each not in own] == file.ncattrs()
    for attribute in file.ncattrs():
        found, wanted = store.getncattr(attribute), file.getncattr(attribute)
        assert type(found) is type(wanted), attribute
        assert np.array_equal(found, wanted), attribute
        if isinstance(wanted, np.ndarray):
            assert found.dtype == wanted.dtype, attribute


def test_netcdf_c_reads_strings_and_takes_characters_for_them(pair: Pair) -> None:
    file, store = pair
    assert store["s"][...].tolist() == file["s"][...].tolist()
    for name in READ_AS_STRINGS:
        assert store[name].dtype is str
        assert store[name][...].tolist() == [each.decode() for each in file[name][...].tolist()]


def test_netcdf_c_drops_scalars(pair: Pair) -> None:
    assert set(pair[0].variables) - set(pair[1].variables) == DROPPED
