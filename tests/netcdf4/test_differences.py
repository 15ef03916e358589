"""Where ours does something else than netCDF4-python, and why."""

from pathlib import Path

import netCDF4
import numpy as np
import pytest

import zarr_cdm.netcdf4 as ours
from zarr_cdm.errors import ValuesError


@pytest.fixture
def both(tmp_path: Path) -> list[object]:
    found = []
    for module, name in ((netCDF4, "a.nc"), (ours, "a.zarr")):
        nc = module.Dataset(tmp_path / name, "w")
        nc.createDimension("t")
        nc.createDimension("x", 3)
        found.append(nc)
    yield found
    for nc in found:
        nc.close()


def test_a_number_that_does_not_fit_is_refused(both: list) -> None:
    """netCDF4-python wraps it without a word; a value that changes is an error here."""
    theirs, own = (nc.createVariable("v", "i1", ("x",)) for nc in both)
    theirs[:] = np.array([300, 1, 2])
    assert theirs[0] == 44
    with pytest.raises(ValuesError, match="int8 cannot hold 300"):
        own[:] = np.array([300, 1, 2])
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValuesError):
            own[:] = wrong
    with pytest.raises(ValuesError):
        both[1].createVariable("f", "f4", ("x",))[:] = 1e300


def test_a_number_makes_a_first_row(both: list) -> None:
    """netCDF4-python drops it, where the last dimension is not the one that grows."""
    theirs, own = (nc.createVariable("v", "i1", ("t", "x")) for nc in both)
    theirs[:] = own[:] = 5
    assert theirs.shape == (0, 3)
    assert own[:].tolist() == [[5, 5, 5]]


def test_masked_values_are_filled_with_scaling_off_too(both: list) -> None:
    """netCDF4-python writes what happens to be below the mask."""
    theirs, own = (nc.createVariable("v", "i2", ("x",), fill_value=-1) for nc in both)
    for v in (theirs, own):
        v.set_auto_scale(False)
        v[:] = np.ma.masked_array([1, 2, 3], [0, 1, 0])
        v.set_auto_mask(False)
    assert theirs[:].tolist() == [1, 2, 3]
    assert own[:].tolist() == [1, -1, 3]


def test_texts_are_assigned_to_slices(both: list) -> None:
    """netCDF4-python wants an array there."""
    theirs, own = (nc.createVariable("v", str, ("x",)) for nc in both)
    with pytest.raises(IndexError):
        theirs[:] = ["a", "b", "c"]
    own[:] = ["a", "b", "c"]
    own[:2] = "z"
    assert own[:].tolist() == ["z", "z", "c"]


def test_rows_may_be_lists(both: list) -> None:
    """netCDF4-python wants an array there."""
    theirs, own = (nc.createVariable("v", nc.createVLType("i4", "rows"), ("x",)) for nc in both)
    with pytest.raises(AttributeError):
        theirs[0] = [1, 2]
    own[0] = [1, 2]
    assert own[0].tolist() == [1, 2]
    with pytest.raises(ValuesError):
        own[0] = [1.5]


def test_a_type_of_another_dataset_is_refused(both: list, tmp_path: Path) -> None:
    """netCDF4-python goes by its number, which may be that of another type."""
    with ours.Dataset(tmp_path / "b.zarr", "w") as other:
        theirs = other.createVLType("i4", "theirs")
        with pytest.raises(RuntimeError, match="none of this dataset"):
            both[1].createVariable("v", theirs)


def test_dimensions_are_those_of_the_variable_not_of_its_group(tmp_path: Path) -> None:
    """netCDF4-python looks a dimension up by its name, from the variable's group upwards."""
    with ours.Dataset(tmp_path / "a.zarr", "w") as nc:
        x = nc.createDimension("x", 2)
        g = nc.createGroup("g")
        g.createDimension("x", 3)
        v = g.createVariable("v", "i4", (x,))
        assert v.shape == (2,)
        v[:] = [1, 2]
    with ours.Dataset(tmp_path / "a.zarr") as nc:
        assert nc["g/v"].shape == (2,)
        assert nc["g/v"].get_dims()[0].group().path == "/"


def test_the_format_on_disk_is_another(both: list) -> None:
    """And there is no contiguous layout: small variables are one chunk."""
    theirs, own = both
    assert (theirs.disk_format, own.disk_format) == ("HDF5", "ZARR3")
    theirs, own = (nc.createVariable("v", "i4", ("x",)) for nc in both)
    assert (theirs.chunking(), own.chunking()) == ("contiguous", [3])


@pytest.mark.parametrize("mode", ["BitGroom", "GranularBitRound"])
def test_infinities_stay_when_values_are_rounded(both: list, tmp_path: Path, mode: str) -> None:
    """netCDF-C makes zeros of them, or what is no number."""
    asked = {"significant_digits": 2, "quantize_mode": mode}
    for nc in both:
        nc.createVariable("v", "f8", ("x",), **asked)[:] = [1.234, np.inf, -np.inf]
        nc.sync()
    with netCDF4.Dataset(tmp_path / "a.nc") as nc:
        assert not np.isinf(nc["v"][1])
    assert both[1]["v"][1:].tolist() == [np.inf, -np.inf]


def test_cdl_shows_coordinates_alone_and_nothing_of_how_a_file_is_stored(tmp_path: Path) -> None:
    """netCDF4-python needs ``data`` too for them; its special attributes are those of ncdump."""
    for module, name, differs in ((netCDF4, "a.nc", True), (ours, "a.zarr", False)):
        with module.Dataset(tmp_path / name, "w") as nc:
            nc.createDimension("x", 2)
            nc.createVariable("x", "i4", ("x",))[:] = [1, 2]
        with module.Dataset(tmp_path / name) as nc:
            assert " x = 1, 2 ;" in nc.tocdl(coordvars=True, data=True)
            assert (" x = 1, 2 ;" not in nc.tocdl(coordvars=True)) is differs
            assert ("_Format" in nc.tocdl()) is differs


def test_rows_are_packed_in_arrays_of_them_too(both: list) -> None:
    """netCDF4-python packs single ones alone, but unpacks all."""
    found = []
    for nc in both:
        v = nc.createVariable("v", nc.createVLType("u1", "rows"), ("x",))
        v.scale_factor = 0.5
        rows = np.empty(3, object)
        rows[:] = [np.array([1, 2], "u1")] * 3
        v[:] = rows
        found.append(v[0].tolist())
    assert found == [[0.5, 1.0], [1.0, 2.0]]


def test_the_byte_order_of_a_type_is_that_of_the_variable(both: list) -> None:
    """netCDF4-python warns, and takes the native one unless ``endian`` says it again."""
    theirs, own = both
    with pytest.warns(UserWarning, match="endian"):
        assert theirs.createVariable("v", ">i4", ("x",)).endian() == "native"
    assert own.createVariable("v", ">i4", ("x",)).endian() == "big"


def test_empty_lists_select_nothing_in_neither(both: list) -> None:
    for nc in both:
        v = nc.createVariable("v", "i4", ("x",))
        assert v[np.array([], int)].shape == (0,)
        with pytest.raises(IndexError):
            v[[]]
