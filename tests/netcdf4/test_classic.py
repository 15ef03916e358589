"""netCDF files of all models, written through either module and read through both."""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

import zarr_cdm.netcdf4 as ours

MODELS = [
    "NETCDF4",
    "NETCDF4_CLASSIC",
    "NETCDF3_CLASSIC",
    "NETCDF3_64BIT_OFFSET",
    "NETCDF3_64BIT_DATA",
]
over_writers = pytest.mark.parametrize("writer", [netCDF4, ours], ids=["netCDF4", "ours"])


@over_writers
@pytest.mark.parametrize("model", MODELS)
def test_a_file_of_a_model_is_written(tmp_path: Path, writer: Any, model: str) -> None:
    with writer.Dataset(tmp_path / "a.nc", "w", format=model) as nc:
        nc.createDimension("t")
        nc.createDimension("x", 2)
        v = nc.createVariable("v", "i2", ("t", "x"), fill_value=-1)
        v.scale_factor = 0.5
        v[:] = [[1, 2], [3, 4]]
        v[3] = [5, 6]
        nc.title, nc.number = "°C", 7
        nc.createVariable("c", "S1", ("x",))[:] = np.array(["a", "b"], "S1")
    for reader in (netCDF4, ours):
        with reader.Dataset(tmp_path / "a.nc") as nc:
            assert nc.data_model == nc.file_format == model
            assert nc.disk_format == ("HDF5" if model.startswith("NETCDF4") else "NETCDF3")
            assert nc.title == "°C"
            assert nc.number == 7
            small = model not in ("NETCDF4", "NETCDF3_64BIT_DATA")
            assert nc.number.dtype == np.dtype("i4" if small else "i8")
            assert nc["v"][:].tolist() == [[1, 2], [3, 4], [None, None], [5, 6]]
            assert nc["c"][:].tolist() == [b"a", b"b"]
            hdf5 = model.startswith("NETCDF4")
            assert (nc["v"].filters() is None) != hdf5
            assert (nc["v"].chunking() is None) != hdf5
            assert nc["v"].endian() == ("little" if hdf5 else "native")


@over_writers
@pytest.mark.parametrize("model", MODELS[1:4])
def test_what_a_model_does_not_have_is_refused(tmp_path: Path, writer: Any, model: str) -> None:
    with writer.Dataset(tmp_path / "a.nc", "w", format=model) as nc:
        nc.createDimension("t")
        with pytest.raises(RuntimeError):
            nc.createDimension("u")
        with pytest.raises(RuntimeError):
            nc.createGroup("g")
        with pytest.raises(RuntimeError):
            nc.createEnumType("u1", "e", {"a": 1})
        with pytest.raises(ValueError, match="stringtochar"):
            nc.createVariable("s", str, ("t",))
        with pytest.raises(RuntimeError):
            nc.createVariable("u8", "u8", ("t",))
        for set_texts in (
            lambda: nc.setncattr("a", ["a", "b"]),
            lambda: nc.setncattr_string("a", "a"),
        ):
            with pytest.raises(OSError, match=r"attributes|NC_STRING|NETCDF4"):
                set_texts()
        assert nc.ncattrs() == []


def test_a_file_is_changed_by_writing_it_anew(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as nc:
        nc.createDimension("t")
        nc.createVariable("v", "i4", ("t",), zlib=True, chunksizes=(5,))[:] = [1, 2]
        nc.createVariable("g/w", "f4")[...] = 0.5
    with ours.Dataset(tmp_path / "a.nc", "a") as nc:
        nc["v"][3] = 4
        nc["v"].units = "K"
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]
    with netCDF4.Dataset(tmp_path / "a.nc") as nc:
        assert nc["v"][:].tolist() == [1, 2, None, 4]
        assert nc["v"].filters()["zlib"]
        assert nc["v"].chunking() == [5]
        assert nc["v"].units == "K"
        assert nc["g/w"][...] == 0.5
    before = (tmp_path / "a.nc").read_bytes()
    with ours.Dataset(tmp_path / "a.nc", "a") as nc:
        assert nc["v"][0] == 1
    assert (tmp_path / "a.nc").read_bytes() == before


def test_a_file_that_cannot_be_written_is_the_old_one(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as nc:
        nc.title = "old"
    nc = ours.Dataset(tmp_path / "a.nc", "a")
    # A dimension that is named like a group: netCDF-C could not close such a file.
    nc.createGroup("x")
    nc.createDimension("x", 2)
    nc.title = "new"
    with pytest.raises(NotImplementedError):
        nc.close()
    assert not nc.isopen()
    with netCDF4.Dataset(tmp_path / "a.nc") as nc:
        assert nc.title == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]


def test_a_file_at_a_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError):
        ours.Dataset("memory://a.nc", "w")
    with pytest.raises(FileNotFoundError):
        ours.Dataset(tmp_path / "nothing" / "a.nc", "w")
