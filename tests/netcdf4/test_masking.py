"""Masks, scaling and packing."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.netcdf4.modules import MODULES, Module, over_modules

F4, F8 = np.float32, np.float64
FILL = 9.969209968386869e36
# type, fill_value, attributes, values
CASES: list[tuple[str, Any, dict[str, Any], list[Any]]] = [
    ("i2", None, {}, [1, -32767, 3]),
    ("i2", -1, {}, [1, -1, -32767]),
    ("i2", False, {}, [1, -32767, 3]),
    ("i2", "default", {}, [1, -32767, 3]),
    ("i1", None, {}, [1, -127, 3]),
    ("u1", None, {}, [1, 255, 3]),
    ("u1", False, {}, [1, 255, 3]),
    ("u8", None, {}, [1, 2**64 - 2, 3]),
    ("f4", None, {}, [1.5, FILL, np.nan]),
    ("f4", np.nan, {}, [1.5, FILL, np.nan]),
    ("f8", None, {"missing_value": F8(-999)}, [1, -999, FILL]),
    ("f8", -1.0, {"missing_value": F8(-999)}, [-1, -999, 3]),
    ("f8", -1.0, {"missing_value": [-998.0, -999.0]}, [-998, -999, -1]),
    ("f4", None, {"missing_value": F4(np.nan)}, [1, np.nan, 3]),
    ("i2", None, {"missing_value": 0.5}, [1, 2, 3]),
    ("i2", None, {"missing_value": "none"}, [1, 2, 3]),
    ("i4", None, {"valid_range": [0, 10]}, [-1, 5, 11]),
    ("i4", None, {"valid_min": 0}, [-1, 5, 11]),
    ("i4", None, {"valid_max": 10}, [-1, 5, 11]),
    ("i4", None, {"valid_min": 0, "valid_max": 10}, [-1, 5, 11]),
    ("i4", None, {"valid_range": [1, 2, 3]}, [-1, 5, 11]),
    ("i2", -1, {"scale_factor": F8(0.5)}, [2, -1, 4]),
    ("i2", -1, {"add_offset": F8(10)}, [2, -1, 4]),
    ("i2", -1, {"scale_factor": F8(0.5), "add_offset": F8(10)}, [2, -1, 4]),
    ("i2", -1, {"scale_factor": F4(0.1), "add_offset": F4(0)}, [2, -1, 4]),
    ("i2", -1, {"scale_factor": F8(1), "add_offset": F8(0)}, [2, -1, 4]),
    ("i2", -1, {"scale_factor": F8(1)}, [2, -1, 4]),
    ("i2", -1, {"add_offset": F8(0)}, [2, -1, 4]),
    ("i2", -1, {"scale_factor": "half"}, [2, -1, 4]),
    ("i2", -1, {"scale_factor": 2}, [2, -1, 4]),
    ("f4", None, {"scale_factor": F8(0.5)}, [2, FILL, 4]),
    ("i1", None, {"_Unsigned": "true"}, [1, -1, -127]),
    ("i1", -1, {"_Unsigned": "true"}, [1, -1, -127]),
    ("i2", -1, {"_Unsigned": "true", "scale_factor": F8(0.5)}, [1, -1, -2]),
    ("i1", None, {"_Unsigned": "true", "missing_value": np.int8(-2)}, [1, -2, -3]),
    ("i1", -1, {"_Unsigned": "true", "valid_max": np.int8(-3)}, [1, -2, -3]),
    ("i1", -1, {"_Unsigned": "false"}, [1, -1, -127]),
    ("S1", None, {}, [b"a", b"\0", b"c"]),
    ("S1", "a", {}, [b"a", b"\0", b"c"]),
]
SWITCHES = [(True, True), (True, False), (False, True), (False, False)]


def stored(under: Module, folder: Path, case: Any) -> Any:
    """Return a variable with those values in the file, as they are."""
    dtype, fill, attributes, values = case
    nc = under.new(folder, under.name)
    nc.createDimension("x", len(values))
    v = nc.createVariable("v", dtype, ("x",), fill_value=fill)
    v.set_auto_maskandscale(False)
    v[:] = np.array(values, dtype)
    for name, value in attributes.items():
        v.setncattr(name, value)
    return v


def seen(values: Any) -> Any:
    """Return all that there is to see of values."""
    if isinstance(values, np.ma.MaskedArray):
        data = values.filled(0) if values.dtype.kind != "S" else values.filled(b"x")
        return "masked", values.dtype, repr(data.tolist()), np.ma.getmaskarray(values).tolist()
    return "plain", values.dtype, repr(values.tolist())


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("mask", "scale"), SWITCHES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case[:3])))
def test_values_are_masked_and_unpacked_alike(
    tmp_path: Path, case: Any, mask: bool, scale: bool
) -> None:
    found = []
    for under in MODULES:
        v = stored(under, tmp_path, case)
        v.set_auto_mask(mask)
        v.set_auto_scale(scale)
        shown = [v[:], v[0], v[1], v[1:], v[0:0]]
        v.set_always_mask(False)
        shown += [v[:], v[0:1]]
        found.append([seen(each) for each in shown])
        found[-1].append(str(getattr(shown[0], "fill_value", None)) if shown[0].size else "")
        v.group().close()
    assert all(each == found[0] for each in found)


@over_modules
def test_an_attribute_that_cannot_be_a_value_is_told(under: Module, tmp_path: Path) -> None:
    v = stored(under, tmp_path, ("i2", None, {"missing_value": 0.5}, [1, 2]))
    v.set_auto_maskandscale(True)
    with pytest.warns(UserWarning, match="missing_value"):
        assert v[:].tolist() == [1, 2]
    v.setncattr("scale_factor", "half")
    v.delncattr("missing_value")
    with pytest.warns(UserWarning, match="scale_factor"):
        assert v[:].tolist() == [1, 2]
    v.group().close()


@over_modules
def test_switches_are_told(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i2")
        assert (v.mask, v.scale, v.always_mask, v.chartostring) == (True, True, True, True)
        v.set_auto_mask(False)
        v.set_auto_scale(False)
        v.set_always_mask(False)
        v.set_auto_chartostring(False)
        assert (v.mask, v.scale, v.always_mask, v.chartostring) == (False, False, False, False)
        v.set_auto_maskandscale(True)
        assert (v.mask, v.scale) == (True, True)


ASSIGNED = [
    ("i2", -1, {}, np.ma.masked_array([1, 2, 3], [0, 1, 0])),
    ("i2", None, {}, np.ma.masked_array([1, 2, 3], [0, 1, 0])),
    ("i2", -1, {"missing_value": np.int16(-2)}, np.ma.masked_array([1, 2, 3], [0, 1, 0])),
    ("i2", -1, {"missing_value": np.int16(-2)}, np.ma.masked_array([1, -2, 3], [0, 1, 0])),
    ("f4", None, {}, np.ma.masked_array([1.5, 2, 3], [0, 1, 0])),
    ("i2", -1, {"scale_factor": 0.5}, [1.0, 2.0, 3.0]),
    ("i2", -1, {"scale_factor": 0.5, "add_offset": 10.0}, [10.0, 11.3, 9.8]),
    ("i2", -1, {"add_offset": 10.0}, [10.0, 11.0, 9.0]),
    ("i2", -1, {"scale_factor": 0.1}, np.ma.masked_array([1.0, 2, 3], [0, 1, 0])),
    ("f4", None, {"scale_factor": 0.5}, [1.0, 2.0, 3.0]),
    ("i2", None, {}, np.array([1.7, -1.7, 2.0])),
    ("i4", None, {}, [1, 2, 3]),
    ("f8", None, {}, [1, 2, 3]),
    ("f4", None, {}, np.array([1, 2, 3], ">f8")),
    ("i4", None, {}, np.ma.masked),
    ("f8", None, {}, np.nan),
    ("u1", None, {}, np.array([True, False, True])),
]


@pytest.mark.parametrize(("mask", "scale"), SWITCHES)
@pytest.mark.parametrize("case", ASSIGNED, ids=lambda case: "-".join(map(str, case))[:60])
def test_values_are_packed_and_filled_alike(
    tmp_path: Path, case: Any, mask: bool, scale: bool
) -> None:
    dtype, fill, attributes, values = case
    masked = isinstance(values, np.ma.MaskedArray)
    if masked and not scale:
        pytest.skip("with scaling off, netCDF4-python writes what is below the mask")
    found = []
    for under in MODULES:
        with under.new(tmp_path, under.name) as nc:
            nc.createDimension("x", 3)
            v = nc.createVariable("v", dtype, ("x",), fill_value=fill)
            v.setncatts(attributes)
            v.set_auto_mask(mask)
            v.set_auto_scale(scale)
            v[:] = values
            v.set_auto_maskandscale(False)
            found.append(repr(v[:].tolist()))
    assert all(each == found[0] for each in found)


@over_modules
def test_masked_values_need_one_missing_value(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        v = nc.createVariable("v", "i2", ("x",))
        v.missing_value = [-1, -2]
        with pytest.raises(RuntimeError, match="missing_value"):
            v[:] = np.ma.masked_array([1, 2], [0, 1])


@over_modules
def test_values_are_rounded_to_a_decimal_place(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 3)
        v = nc.createVariable("v", "f8", ("x",), least_significant_digit=1)
        v[:] = [0.123, 1.55, -3.999]
        assert v[:].tolist() == [0.125, 1.5625, -4.0]
        assert v.least_significant_digit == 1
        assert v.ncattrs() == ["least_significant_digit"]


@over_modules
def test_the_fill_value_is_told(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        make = nc.createVariable
        assert make("given", "i2", fill_value=-5).get_fill_value() == -5
        assert make("default", "f4").get_fill_value() == np.float32(FILL)
        assert make("byte", "i1").get_fill_value() == -127
        assert make("none", "i2", fill_value=False).get_fill_value() is None
        assert make("text", str).get_fill_value() is None
        named = make("named", "f8", fill_value="default")
        assert named.ncattrs() == ["_FillValue"]
        assert named._FillValue == FILL
        assert "filling off" in repr(nc["none"])
        assert "default _FillValue of -127 ignored" in repr(nc["byte"])
        nc.set_fill_off()
        nc.createDimension("x", 2)
        v = make("off", "i2", ("x",))
        v[:] = 1
        nc.set_fill_on()
        assert make("on", "i2").get_fill_value() == -32767
        assert v[:].tolist() == [1, 1]


@over_modules
def test_no_warning_where_nothing_is_wrong(under: Module, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        v = stored(under, tmp_path, ("i2", -1, {"scale_factor": 0.5, "valid_min": 0}, [2, -1]))
        v.set_auto_maskandscale(True)
        assert v[:].tolist() == [1.0, None]
        v.group().close()
