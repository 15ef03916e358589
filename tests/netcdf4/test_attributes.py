"""Attributes of datasets, groups and variables."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.netcdf4.modules import Module, over_modules

VALUES = [
    ("text", "text"),
    ("°C", "°C"),
    (b"bytes", "bytes"),
    ("", ""),
    (["a", "b"], ["a", "b"]),
    (["a", ""], ["a", ""]),
    (["one"], "one"),
    (("a", "é"), ["a", "é"]),
    (1, np.int64(1)),
    (1.5, np.float64(1.5)),
    (np.float32(0.1), np.float32(0.1)),
    (np.int8(-3), np.int8(-3)),
    (np.uint64(2**63), np.uint64(2**63)),
    ([1, 2], np.array([1, 2])),
    ((1, 2.5), np.array([1, 2.5])),
    (np.array([1], ">i2"), np.int16(1)),
    (np.array([1, 2], "u1"), np.array([1, 2], "u1")),
    ([], np.array([])),
    (np.array("text"), "text"),
    (np.float64("nan"), np.float64("nan")),
]


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, np.ndarray | np.generic):
        return (
            type(found) is type(wanted)
            and found.dtype == wanted.dtype
            and np.array_equal(found, wanted, equal_nan=True)
        )
    return bool(type(found) is type(wanted) and found == wanted)


@over_modules
@pytest.mark.parametrize(("given", "wanted"), VALUES, ids=lambda value: repr(value)[:20])
def test_a_value_comes_back_as_netcdf_holds_it(
    under: Module, tmp_path: Path, given: Any, wanted: Any
) -> None:
    with under.new(tmp_path) as nc:
        nc.setncattr("value", given)
        nc.createVariable("v", "i4").value = given
        nc.createGroup("g").value = given
        assert same(nc.value, wanted)
    with under.open(tmp_path) as nc:
        for owner in (nc, nc["v"], nc["g"]):
            assert same(owner.value, wanted)
            assert same(owner.getncattr("value"), wanted)
            assert same(owner.__dict__["value"], wanted)
            assert owner.ncattrs() == ["value"]


@over_modules
@pytest.mark.parametrize(
    "value", [True, None, 1j, {"a": 1}, np.datetime64("2000-01-01"), np.array(["a"], object)]
)
def test_what_netcdf_has_no_type_for_is_a_type_error(
    under: Module, tmp_path: Path, value: Any
) -> None:
    with under.new(tmp_path) as nc, pytest.raises(TypeError):
        nc.setncattr("value", value)


@over_modules
def test_an_attribute_has_one_dimension(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc, pytest.raises(ValueError, match="dimension"):
        nc.setncattr("value", [[1, 2], [3, 4]])


@over_modules
def test_attributes_of_the_object_are_attributes_of_the_file(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i4")
        for owner in (nc, v):
            owner.one = 1
            owner.setncatts({"two": "2", "three": 3.0})
            assert owner.ncattrs() == ["one", "two", "three"]
            assert owner.__dict__ == {"one": 1, "two": "2", "three": 3.0}
            del owner.one
            owner.delncattr("two")
            owner.renameAttribute("three", "drei")
            assert owner.ncattrs() == ["drei"]
            assert owner.drei == 3.0
            assert not hasattr(owner, "one")
            assert getattr(owner, "one", "none") == "none"


@over_modules
def test_an_attribute_that_is_not_there_is_an_error(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i4")
        for owner in (nc, v):
            with pytest.raises(AttributeError):
                _ = owner.nothing
            with pytest.raises(AttributeError):
                owner.getncattr("nothing")
            with pytest.raises(RuntimeError):
                owner.delncattr("nothing")
            with pytest.raises(RuntimeError):
                del owner.nothing
            with pytest.raises(RuntimeError):
                owner.renameAttribute("nothing", "something")


@over_modules
def test_what_belongs_to_the_object_cannot_be_set(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i4")
        for name in ("dimensions", "variables", "groups", "path", "parent", "data_model", "name"):
            with pytest.raises(AttributeError):
                setattr(nc, name, 1)
            with pytest.raises(AttributeError):
                delattr(nc, name)
        for name in ("dimensions", "dtype", "ndim", "mask", "scale", "name", "always_mask"):
            with pytest.raises(AttributeError):
                setattr(v, name, 1)
        with pytest.raises(AttributeError):
            nc.createDimension("x", 1).name = "y"
        with pytest.raises(AttributeError):
            nc.dimensions["x"].size = 2
        nc.setncattr("dimensions", "but so it can")
        assert nc.getncattr("dimensions") == "but so it can"
        assert list(nc.dimensions) == ["x"]


@over_modules
@pytest.mark.parametrize("name", ["a/b", " a", "CLASS", "_NCProperties", "x" * 257])
def test_some_names_are_none_for_attributes(under: Module, tmp_path: Path, name: str) -> None:
    with under.new(tmp_path) as nc, pytest.raises(AttributeError):
        nc.setncattr(name, "1")


@over_modules
def test_two_spellings_of_a_name_are_one(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.setncattr("e\u0301", 1)
        nc.setncattr("é", 2)
        assert nc.ncattrs() == ["é"]


@over_modules
def test_text_becomes_a_string_where_one_says_so(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i4")
        nc.plain = v.plain = "text"
        nc.setncattr_string("string", "text")
        v.setncattr_string("string", "text")
        nc.set_ncstring_attrs(True)
        nc.later = v.later = "text"
        assert nc._ncstring_attrs__ is True
        v.set_ncstring_attrs(False)
        v.last = "text"
    with under.open(tmp_path) as nc:
        header = nc.tocdl()
    for line in (
        ':plain = "text"',
        'string :string = "text"',
        'string :later = "text"',
        'v:plain = "text"',
        'string v:string = "text"',
        'string v:later = "text"',
        'v:last = "text"',
    ):
        assert f"\t{line} ;" in header


@over_modules
def test_text_can_be_of_another_encoding(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.setncattr("latin", "é".encode("latin-1"))
        assert nc.getncattr("latin", encoding="latin-1") == "é"
        assert nc.latin == "\ufffd"


@over_modules
def test_attributes_that_speak_of_values_get_the_type_of_the_variable(
    under: Module, tmp_path: Path
) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i2")
        v.valid_range = [0, 10]
        v.missing_value = -1
        v.other = 5
        assert v.valid_range.dtype == np.dtype("i2")
        assert v.missing_value.dtype == np.dtype("i2")
        assert v.other.dtype == np.dtype("i8")
        with pytest.warns(UserWarning, match="missing_value"):
            v.missing_value = 0.5
        assert v.missing_value == 0.5


@over_modules
def test_the_fill_value_is_set_with_the_variable_only(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i2", fill_value=-5)
        for change in (
            lambda: setattr(v, "_FillValue", 1),
            lambda: v.setncattr("_FillValue", 1),
        ):
            with pytest.raises(AttributeError):
                change()
        assert v._FillValue == -5
        assert v._FillValue.dtype == np.dtype("i2")
        c = nc.createVariable("c", "S1", fill_value="x")
        assert c._FillValue == b"x"


@over_modules
def test_all_attributes_go_over_at_once(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc, under.new(tmp_path, "copy") as copy:
        nc.setncatts({"a": np.float32(1), "b": ["x", "y"], "c": "text"})
        copy.setncatts(nc.__dict__)
        assert copy.__dict__ == nc.__dict__
        assert copy.a.dtype == np.dtype("f4")


@over_modules
def test_records_are_attributes(under: Module, tmp_path: Path) -> None:
    """Of the type of the group, or one above it, that has the same fields."""
    wind = np.dtype([("speed", "i1"), ("direction", "f8")], align=True)
    units = np.dtype([("speed", "S8"), ("direction", "S8")])
    missing = np.array([(-9, 1e20)], wind)
    with under.new(tmp_path) as nc:
        nc.createCompoundType(wind, "wind")
        nc.createCompoundType(units, "units")
        v = nc.createGroup("g").createVariable("v", "f4")
        for owner in (nc, v):
            owner.missing = missing
            owner.units = np.array([(b"m/s", b"degrees")], units)
            owner.setncattr("several", np.concatenate([missing, missing]))
        with pytest.raises(ValueError, match="compound type"):
            nc.other = np.zeros(1, [("a", "f4")])
    with under.open(tmp_path) as nc:
        for owner in (nc, nc["g/v"]):
            assert owner.missing["speed"] == -9
            assert owner.missing["direction"] == 1e20
            assert owner.missing.dtype.names == ("speed", "direction")
            assert owner.units["speed"] == b"m/s"
            assert owner.getncattr("units")["direction"] == b"degrees"
            assert owner.several["direction"].tolist() == [1e20, 1e20]
