"""User-defined types: enums, rows of any length, records."""

from pathlib import Path

import numpy as np
import pytest

from tests.netcdf4.modules import Module, over_modules

POINT = np.dtype([("kind", "i1"), ("x", "f8"), ("name", "S4"), ("uv", "f4", (2,))])


@over_modules
def test_an_enum_names_numbers(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("t")
        nc.createDimension("x", 3)
        sky = nc.createEnumType("u1", "sky", {"clear": 0, "cloudy": 1, "unknown": 255})
        assert isinstance(sky, under.module.EnumType)
        assert nc.enumtypes == {"sky": sky}
        assert (sky.name, sky.dtype) == ("sky", np.dtype("u1"))
        assert sky.enum_dict == {"clear": 0, "cloudy": 1, "unknown": 255}
        v = nc.createVariable("v", sky, ("t", "x"), fill_value=255)
        assert v.dtype == np.dtype("u1")
        assert v.datatype is sky
        v[0] = [0, 1, 0]
        v[2, 1] = sky.enum_dict["cloudy"]
        assert v[:].tolist() == [[0, 1, 0], [None] * 3, [None, 1, None]]
        with pytest.raises(ValueError, match=r"."):
            v[0] = 7
        assert "enum v(t, x)" in repr(v)
        assert "name = 'sky'" in repr(sky)
        assert v.get_fill_value() == 255
    with under.open(tmp_path) as nc:
        assert list(nc.enumtypes) == ["sky"]
        found = nc["v"].datatype
        assert (found.name, found.dtype) == ("sky", np.dtype("u1"))
        assert found.enum_dict == {"clear": 0, "cloudy": 1, "unknown": 255}
        assert nc["v"][:].tolist() == [[0, 1, 0], [None] * 3, [None, 1, None]]
        nc.set_auto_mask(False)
        assert nc["v"][1].tolist() == [255] * 3


@over_modules
def test_rows_are_of_any_length(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 4)
        rows = nc.createVLType(np.int32, "rows")
        assert isinstance(rows, under.module.VLType)
        assert nc.vltypes == {"rows": rows}
        assert (rows.name, rows.dtype) == ("rows", np.dtype("i4"))
        v = nc.createVariable("v", rows, ("x",))
        assert v.dtype == np.dtype("i4")
        assert v.datatype is rows
        v[0] = np.array([1, 2, 3], "i4")
        v[2] = np.array([], "i4")
        v[-1] = np.array([4], "i4")
        assert [row.tolist() for row in v[:]] == [[1, 2, 3], [], [], [4]]
        assert v[0].tolist() == [1, 2, 3]
        assert v[0].dtype == np.dtype("i4")
        assert v.get_fill_value() is None
        assert "vlen v(x)" in repr(v)
        assert "name = 'rows'" in repr(rows)
        values = np.empty(4, object)
        for place in range(4):
            values[place] = np.arange(place, dtype="i4")
        nc.createVariable("all", rows, ("x",))[:] = values
        scalar = nc.createVariable("scalar", rows)
        scalar[...] = np.array([7, 8], "i4")
        assert scalar[...].tolist() == [7, 8]
    with under.open(tmp_path) as nc:
        assert nc["v"].datatype.name == "rows"
        assert [row.tolist() for row in nc["v"][:]] == [[1, 2, 3], [], [], [4]]
        assert [row.tolist() for row in nc["all"][1:]] == [[0], [0, 1], [0, 1, 2]]
        assert nc["all"][3].tolist() == [0, 1, 2]
        assert nc["scalar"][...].tolist() == [7, 8]


@over_modules
def test_records_have_members(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("t")
        point = nc.createCompoundType(POINT, "point")
        assert isinstance(point, under.module.CompoundType)
        assert nc.cmptypes == {"point": point}
        assert point.name == "point"
        assert point.dtype.names == POINT.names
        assert point.dtype["name"] == np.dtype(("S1", (4,)))
        assert point.dtype_view["name"] == np.dtype("S4")
        assert point.dtype.itemsize == 32
        v = nc.createVariable("v", point, ("t",))
        assert v.datatype is point
        assert v.dtype == point.dtype
        data = np.zeros(2, point.dtype_view)
        data["kind"], data["x"], data["name"] = [1, 2], [0.5, 1.5], ["ab", "cdef"]
        data["uv"] = [[1, 2], [3, 4]]
        v[:] = data
        v[3] = data[0]
        assert v[:]["x"].tolist() == [0.5, 1.5, 0, 0.5]
        assert v[:]["name"].tolist() == [b"ab", b"cdef", b"", b"ab"]
        assert v[1]["uv"].tolist() == [3, 4]
        v.set_auto_chartostring(False)
        assert v[1]["name"].tolist() == [b"c", b"d", b"e", b"f"]
        assert "compound v(t)" in repr(v)
        assert "name = 'point'" in repr(point)
        with pytest.raises(AttributeError):
            nc.createVariable("w", point, ("t",), fill_value=1)
    with under.open(tmp_path) as nc:
        v = nc["v"]
        assert v.datatype.name == "point"
        assert v.dtype == nc.cmptypes["point"].dtype
        assert v[:]["kind"].tolist() == [1, 2, 0, 1]
        assert v[:]["uv"].tolist() == [[1, 2], [3, 4], [0, 0], [1, 2]]
        assert v[::3]["name"].tolist() == [b"ab", b"ab"]


@over_modules
def test_records_may_have_records_in_them(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        inner = np.dtype([("a", "i2"), ("b", "i4")], align=True)
        outer = np.dtype([("first", inner), ("last", "f4")], align=True)
        nc.createCompoundType(inner, "inner")
        kind = nc.createCompoundType(outer, "outer")
        v = nc.createVariable("v", kind, ("x",))
        data = np.zeros(2, kind.dtype)
        data["first"]["b"], data["last"] = [5, 6], [0.5, 1.5]
        v[:] = data
    with under.open(tmp_path) as nc:
        assert list(nc.cmptypes) == ["inner", "outer"]
        assert nc["v"][:]["first"]["b"].tolist() == [5, 6]
        assert nc["v"][:]["last"].tolist() == [0.5, 1.5]


@over_modules
def test_a_type_is_used_from_groups_below(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        rows = nc.createVLType("f4", "rows")
        v = nc.createVariable("g/h/v", rows)
        v[...] = np.array([0.5, 1], "f4")
        own = nc["g"].createEnumType("i2", "own", {"a": 1})
        nc["g"].createVariable("e", own)[...] = 1
    with under.open(tmp_path) as nc:
        assert list(nc.vltypes) == ["rows"]
        assert list(nc["g"].enumtypes) == ["own"]
        assert nc["g/h"].vltypes == {}
        assert nc["g/h/v"][...].tolist() == [0.5, 1]
        assert nc["g/e"].datatype.enum_dict == {"a": 1}


@over_modules
def test_what_is_no_type_is_refused(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createEnumType("u1", "e", {"a": 1})
        with pytest.raises(RuntimeError):
            nc.createEnumType("u1", "e", {"b": 1})
        with pytest.raises(KeyError):
            nc.createEnumType("f4", "f", {"b": 1})
        with pytest.raises((TypeError, ValueError, AttributeError)):
            nc.createCompoundType("f4", "f")


@over_modules
def test_values_of_types_are_changed(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("t")
        rows, sky = nc.createVLType("i4", "rows"), nc.createEnumType("u1", "sky", {"a": 0, "b": 1})
        point = nc.createCompoundType(POINT, "point")
        nc.createVariable("r", rows, ("t",))[0] = np.array([1, 2], "i4")
        nc.createVariable("e", sky, ("t",))[0] = 1
        nc.createVariable("c", point, ("t",))[0] = np.ones((), point.dtype_view)
    with under.open(tmp_path, "a") as nc:
        nc["r"][2] = np.array([3], "i4")
        nc["r"].units = "1"
        nc["e"][1] = 0
        values = nc["c"][0:1]
        values["x"] = 5
        nc["c"][1:2] = values
        nc.createVariable("more", nc.vltypes["rows"])[...] = np.array([9, 9], "i4")
    with under.open(tmp_path) as nc:
        assert [row.tolist() for row in nc["r"][:]] == [[1, 2], [], [3]]
        assert nc["r"].units == "1"
        assert nc["e"][:2].tolist() == [1, 0]
        assert nc["c"][:]["x"].tolist() == [1, 5, 0]
        assert nc["more"][...].tolist() == [9, 9]
        assert nc["more"].datatype.name == "rows"


@over_modules
def test_an_enum_may_be_unnamed_where_nobody_has_written(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        kind = nc.createEnumType("i1", "kind", {"a": 1})
        nc.createVariable("v", kind, ("x",))[0] = 1
    with under.open(tmp_path) as nc:
        assert nc["v"][0] == 1
        assert nc["v"].shape == (2,)


@over_modules
def test_records_of_records_match_types_whatever_their_offsets(
    under: Module, tmp_path: Path
) -> None:
    first = np.dtype([("i", "i2"), ("j", "i8")])
    second = np.dtype([("x", "f4"), ("y", "f8", (3, 2)), ("name", "S3")])
    third = np.dtype([("xx", first), ("yy", second)])
    fourth = np.dtype([("xxx", third), ("yyy", "f8", (4,))])
    values = np.zeros(2, fourth)
    values["xxx"]["xx"]["j"], values["xxx"]["yy"]["y"], values["yyy"] = 2, 4, 5
    values["xxx"]["yy"]["name"] = b"abc"
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createCompoundType(first, "first")
        nc.createCompoundType(second, "second")
    with under.open(tmp_path, "a") as nc:
        group = nc.createGroup("g")
        nc.createCompoundType(third, "third")
        kind = group.createCompoundType(fourth, "fourth")
        v = group.createVariable("v", kind, ("x",))
        v[:] = values
    with under.open(tmp_path) as nc:
        found = nc["g/v"][:]
        assert list(nc.cmptypes) == ["first", "second", "third"]
        assert found["xxx"]["xx"]["j"].tolist() == [2, 2]
        assert found["xxx"]["yy"]["y"].tolist() == [[[4, 4]] * 3] * 2
        assert found["yyy"].tolist() == [[5] * 4] * 2


@over_modules
def test_rows_are_packed(under: Module, tmp_path: Path) -> None:
    given = np.array([0.0, 0.25, 1.0])
    with under.new(tmp_path) as nc:
        nc.createDimension("t")
        v = nc.createVariable("v", nc.createVLType("u1", "rows"), ("t",))
        v.scale_factor = 1 / 254
        v[0] = given
        v[2] = given[:1]
    with under.open(tmp_path) as nc:
        assert np.abs(nc["v"][0] - given).max() < 1 / 254
        nc.set_auto_maskandscale(False)
        assert [row.tolist() for row in nc["v"][:]] == [[0, 64, 254], [], [0]]
