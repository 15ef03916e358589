"""Dimensions and groups, and what they are called."""

from pathlib import Path

import numpy as np
import pytest

from tests.netcdf4.modules import Module, over_modules


@over_modules
def test_a_group_is_made_by_its_class_too(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        group = under.module.Group(nc, "g")
        assert isinstance(group, under.module.Group)
        below = under.module.Group(group, "below")
        assert (group.path, below.path) == ("/g", "/g/below")
        group.createDimension("x", 2)
        below.createVariable("v", "i4", ("x",))[:] = [1, 2]
    with under.open(tmp_path) as nc:
        assert nc["g/below/v"][:].tolist() == [1, 2]


@over_modules
def test_a_dimension_has_a_name_and_a_length(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        x = nc.createDimension("x", 3)
        assert isinstance(x, under.module.Dimension)
        assert (x.name, x.size, len(x)) == ("x", 3, 3)
        assert not x.isunlimited()
        assert x.group().path == "/"
        for size in (None, 0):
            t = nc.createDimension(f"t{size}", size)
            assert t.isunlimited()
            assert len(t) == 0
    with under.open(tmp_path) as nc:
        assert [(name, len(each)) for name, each in nc.dimensions.items()] == [
            ("x", 3),
            ("tNone", 0),
            ("t0", 0),
        ]
        assert nc.dimensions["t0"].isunlimited()


@over_modules
def test_a_dimension_is_named_once(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 3)
        for name in ("x", "a/b", " a", "", "a\t"):
            with pytest.raises(RuntimeError):
                nc.createDimension(name, 4)
        with pytest.raises((ValueError, OverflowError)):
            nc.createDimension("y", -1)
        with pytest.raises(TypeError):
            nc.createDimension("y", "long")
        assert list(nc.dimensions) == ["x"]


@over_modules
def test_variables_lie_on_dimensions_of_the_groups_above(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        x = nc.createDimension("x", 2)
        g = nc.createGroup("g")
        y = g.createDimension("y", 3)
        for number, dimensions in enumerate((("x", "y"), (x, y), ("x", y))):
            v = g.createVariable(f"v{number}", "i4", dimensions)
            assert v.dimensions == ("x", "y")
            assert v.shape == (2, 3)
            assert [(each.name, len(each)) for each in v.get_dims()] == [("x", 2), ("y", 3)]
        assert g.createVariable("one", "i4", "y").dimensions == ("y",)
        assert g.createVariable("other", "i4", x).dimensions == ("x",)
        with pytest.raises(ValueError, match="nothing"):
            g.createVariable("w", "i4", ("nothing",))
    with under.open(tmp_path) as nc:
        assert nc["g/v0"].shape == (2, 3)
        assert list(nc.dimensions) == ["x"]
        assert list(nc["g"].dimensions) == ["y"]


@over_modules
def test_a_group_may_hide_a_dimension(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        g = nc.createGroup("g")
        g.createDimension("x", 3)
        g.createVariable("v", "i4", ("x",))[:] = [1, 2, 3]
        nc.createVariable("v", "i4", ("x",))[:] = [1, 2]
    with under.open(tmp_path) as nc:
        assert nc["g/v"].shape == (3,)
        assert nc["v"].shape == (2,)
        assert nc["g/v"].get_dims()[0].group().path == "/g"


@over_modules
def test_groups_are_made_by_their_path(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        c = nc.createGroup("/a/b/c")
        assert isinstance(c, under.module.Group)
        assert isinstance(c, under.module.Dataset)
        assert c.path == "/a/b/c"
        assert c.name == "c"
        assert c.parent.path == "/a/b"
        assert nc.createGroup("a/b") is c.parent
        v = nc.createVariable("a/d/v", "i4")
        assert v.group().path == "/a/d"
        assert nc["a"]["d"]["v"] is nc["/a/d/v"] is v
        assert nc["a/b/c"] is c
        assert list(nc.groups) == ["a"]
        assert list(nc.groups["a"].groups) == ["b", "d"]
        assert c.data_model == "NETCDF4"
        c.title = "deep"
        with pytest.raises(OSError, match=r"."):
            c.close()
    with under.open(tmp_path) as nc:
        assert nc["a/b/c"].title == "deep"
        assert [group.name for group in nc["a"].groups.values()] == ["b", "d"]
        assert "group /a/b/c:" in repr(nc["a/b/c"])


@over_modules
def test_variables_groups_and_types_share_their_names(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createVariable("v", "i4")
        nc.createGroup("g")
        nc.createEnumType("u1", "e", {"a": 1})
        for name in ("v", "g", "e"):
            with pytest.raises(RuntimeError):
                nc.createVariable(name, "i4")
        for name in ("v", "e"):
            with pytest.raises(RuntimeError):
                nc.createGroup(name)


@over_modules
def test_things_get_other_names(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createDimension("z", 2)
        v = nc.createVariable("v", "i4", ("x",))
        v[:] = [1, 2]
        nc.createVariable("last", "i4")
        g = nc.createGroup("g")
        g.createVariable("u", "i4", ("x",))[:] = [3, 4]
        nc.renameDimension("x", "y")
        nc.renameVariable("v", "w")
        nc.renameGroup("g", "h")
        assert sorted(nc.dimensions) == ["y", "z"]
        assert v.name == "w"
        assert v.dimensions == ("y",)
        assert nc.groups["h"] is g
        assert g.name == "h"
        for rename in (nc.renameDimension, nc.renameVariable, nc.renameGroup):
            with pytest.raises(KeyError):
                rename("nothing", "something")
        with pytest.raises(RuntimeError):
            nc.renameVariable("w", "last")
        with pytest.raises(RuntimeError):
            nc.renameDimension("y", "z")
        v[0] = 5
    with under.open(tmp_path) as nc:
        assert sorted(nc.variables) == ["last", "w"]
        assert nc["w"][:].tolist() == [5, 2]
        assert nc["h/u"][:].tolist() == [3, 4]
        assert nc["h/u"].dimensions == ("y",)


@over_modules
def test_what_was_there_gets_another_name(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createVariable("g/v", "i4", ("x",))[:] = [1, 2]
        nc.createVariable("v", "i4", ("x",))[:] = [3, 4]
    with under.open(tmp_path, "a") as nc:
        nc.renameVariable("v", "w")
        nc.renameGroup("g", "h")
        nc["h"].renameVariable("v", "w")
    with under.open(tmp_path) as nc:
        assert list(nc.variables) == ["w"]
        assert list(nc.groups) == ["h"]
        assert nc["w"][:].tolist() == [3, 4]
        assert nc["h/w"][:].tolist() == [1, 2]


@over_modules
@pytest.mark.parametrize("mode", ["w", "a"])
def test_a_name_that_has_become_free_is_used_again(
    under: Module, tmp_path: Path, mode: str
) -> None:
    nc = under.new(tmp_path)
    nc.createDimension("x", 2)
    nc.createVariable("a", "i4", ("x",))[:] = [1, 2]
    nc.createVariable("b", "i4", ("x",))[:] = [3, 4]
    if mode == "a":
        nc.close()
        nc = under.open(tmp_path, "a")
    nc.renameVariable("a", "c")
    nc.renameVariable("b", "a")
    nc.renameVariable("c", "b")
    nc.createVariable("c", str, ("x",))[:] = np.array(["new", "texts"])
    nc.close()
    with under.open(tmp_path) as nc:
        assert nc["a"][:].tolist() == [3, 4]
        assert nc["b"][:].tolist() == [1, 2]
        assert nc["c"][:].tolist() == ["new", "texts"]


@over_modules
def test_switches_reach_all_variables_below(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        below = [nc.createVariable(path, "i2", fill_value=-1) for path in ("v", "g/v", "g/h/v")]
        for each in below:
            each[...] = 1
        nc.set_auto_mask(False)
        assert [each.mask for each in below] == [False] * 3
        nc["g"].set_auto_maskandscale(True)
        assert [each.mask for each in below] == [False, True, True]
        nc.set_auto_scale(False)
        nc.set_auto_chartostring(False)
        nc.set_always_mask(False)
        for each in below:
            assert (each.scale, each.chartostring, each.always_mask) == (False, False, False)
            assert type(each[...]) is np.ndarray
