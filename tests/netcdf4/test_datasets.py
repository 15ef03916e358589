"""Opening, closing, and what a dataset says of itself."""

from pathlib import Path

import numpy as np
import pytest

from tests.netcdf4.modules import Module, over_modules


@over_modules
def test_what_was_written_is_read(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        assert nc.isopen()
        nc.createDimension("x", 3)
        nc.createVariable("v", "f4", ("x",))[:] = [1, 2, 3]
        nc.title = "a test"
    assert not nc.isopen()
    with under.open(tmp_path) as nc:
        assert nc.title == "a test"
        assert list(nc.dimensions) == ["x"]
        assert list(nc.variables) == ["v"]
        assert nc["v"][:].tolist() == [1, 2, 3]


@over_modules
def test_a_dataset_says_what_it_is(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        assert nc.data_model == nc.file_format == "NETCDF4"
        assert isinstance(nc.disk_format, str)
        assert nc.path == "/"
        assert nc.parent is None
        assert nc.name == "/"
        assert nc.filepath() == under.path(tmp_path)
        assert nc.keepweakref is False
        assert nc.auto_complex is False
        for name in ("dimensions", "variables", "groups", "cmptypes", "vltypes", "enumtypes"):
            assert getattr(nc, name) == {}
            assert type(getattr(nc, name)) is dict


@over_modules
def test_a_closed_dataset_does_nothing_more(under: Module, tmp_path: Path) -> None:
    nc = under.new(tmp_path)
    nc.createDimension("x", 2)
    v = nc.createVariable("v", "i4", ("x",))
    nc.close()
    for use in (
        nc.close,
        nc.sync,
        nc.filepath,
        lambda: v[:],
        lambda: v.__setitem__(0, 1),
        lambda: v.shape,
        lambda: nc.createDimension("y", 1),
        lambda: len(nc.dimensions["x"]),
    ):
        with pytest.raises(RuntimeError):
            use()
    with pytest.raises(AttributeError):
        nc.ncattrs()


@over_modules
def test_what_is_synced_others_can_read(under: Module, tmp_path: Path) -> None:
    nc = under.new(tmp_path)
    nc.createDimension("t")
    v = nc.createVariable("v", "i4", ("t",))
    v[:] = [1, 2]
    nc.sync()
    with under.open(tmp_path) as other:
        assert other["v"][:].tolist() == [1, 2]
    v[3] = 4
    nc.close()
    with under.open(tmp_path) as other:
        assert other["v"][:].tolist() == [1, 2, None, 4]
        other.sync()


@over_modules
@pytest.mark.parametrize("mode", ["a", "r+"])
def test_a_dataset_is_changed(under: Module, tmp_path: Path, mode: str) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("t")
        nc.createDimension("x", 2)
        v = nc.createVariable("v", "i2", ("t", "x"), fill_value=-1)
        v[0] = [1, 2]
        v.units, v.note = "K", "goes"
        nc.createVariable("same", "f8", ("x",))[:] = [0.5, 1.5]
    with under.open(tmp_path, mode) as nc:
        nc["v"][2] = [5, 6]
        nc["v"].units = "degC"
        nc.title = "changed"
        del nc["v"].note
        nc["v"].long_name = "value"
        nc.createVariable("more", "i4", ("t",))[:] = [7, 8, 9]
    with under.open(tmp_path) as nc:
        assert nc["v"][:].tolist() == [[1, 2], [None, None], [5, 6]]
        assert nc["v"].ncattrs() == ["_FillValue", "units", "long_name"]
        assert nc["more"][:].tolist() == [7, 8, 9]
        assert nc["same"][:].tolist() == [0.5, 1.5]
        assert nc.title == "changed"
        assert nc.dimensions["t"].isunlimited()


@over_modules
@pytest.mark.parametrize("view", [bytes, bytearray, memoryview])
def test_bytes_in_memory_are_read(under: Module, tmp_path: Path, view: type) -> None:
    path = tmp_path / ("a.zip" if under.suffix == ".zarr" else "a.nc")
    with under.module.Dataset(path, "w", **under.options) as nc:
        nc.createDimension("x", 2)
        nc.createVariable("v", "i4", ("x",))[:] = [1, 2]
    data = view(path.read_bytes())
    path.unlink()
    with under.module.Dataset("name", memory=data) as nc:
        assert nc.filepath() == "name"
        assert nc["v"][:].tolist() == [1, 2]
    for wrong in ({"mode": "a", "memory": data}, {"memory": b"no dataset"}):
        with pytest.raises((ValueError, OSError, NotImplementedError)):
            under.module.Dataset("name", **wrong)
    assert list(tmp_path.iterdir()) == []


@over_modules
def test_appending_to_nothing_makes_it(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path, mode="a") as nc:
        nc.title = "new"
    with under.open(tmp_path) as nc:
        assert nc.title == "new"


@over_modules
def test_what_is_there_is_replaced_unless_one_says_no(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createVariable("v", "i4", ("x",))[:] = 1
    for refused in ({"mode": "x"}, {"clobber": False}):
        with pytest.raises(OSError, match=r"."):
            under.new(tmp_path, **refused)
    with under.new(tmp_path) as nc:
        nc.title = "other"
    with under.open(tmp_path) as nc:
        assert list(nc.variables) == []
        assert nc.title == "other"


@over_modules
def test_exclusive_creation_makes_what_is_not_there(under: Module, tmp_path: Path) -> None:
    under.new(tmp_path, mode="x").close()
    with under.open(tmp_path) as nc:
        assert nc.ncattrs() == []


@over_modules
def test_wrong_arguments_are_refused(under: Module, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        under.open(tmp_path, name="nothing")
    with pytest.raises(ValueError, match="mode"):
        under.open(tmp_path, mode="q")
    with pytest.raises(ValueError, match="format"):
        under.module.Dataset(under.path(tmp_path), "w", format="HDF6")


@over_modules
def test_reading_changes_nothing(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createVariable("v", "i4", ("x",), fill_value=-1)[:] = 1
        nc.a = 1
    with under.open(tmp_path) as nc:
        v = nc["v"]
        for change in (
            lambda: nc.createDimension("y", 1),
            lambda: nc.createVariable("w", "i4", ("x",)),
            lambda: nc.createGroup("g"),
            lambda: nc.createVLType("i4", "rows"),
            lambda: nc.renameVariable("v", "w"),
            lambda: nc.renameDimension("x", "y"),
            lambda: nc.delncattr("a"),
            lambda: v.__setitem__(0, 1),
        ):
            with pytest.raises(RuntimeError):
                change()
        for owner in (nc, v):
            with pytest.raises(AttributeError):
                owner.b = 1


@over_modules
def test_a_dataset_is_no_container(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        with pytest.raises(TypeError):
            iter(nc)
        with pytest.raises(TypeError):
            _ = "x" in nc
        with pytest.raises(IndexError):
            nc["nothing"]
        with pytest.raises((IndexError, KeyError)):
            nc["no/thing"]


@over_modules
def test_the_text_of_a_dataset_names_what_is_in_it(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createDimension("t")
        v = nc.createVariable("v", "i4", ("t", "x"), fill_value=-1)
        v.units = "K"
        nc.createGroup("g")
        nc.title = "a test"
        text = repr(nc)
        assert text == str(nc)
        assert "root group (NETCDF4 data model" in text
        assert "    title: a test" in text
        assert "    dimensions(sizes): x(2), t(0)" in text
        assert "    variables(dimensions): int32 v(t, x)" in text
        assert "    groups: g" in text
        lines = [line.strip() for line in repr(v).splitlines()[1:]]
        assert lines == [
            "int32 v(t, x)",
            "_FillValue: -1",
            "units: K",
            "unlimited dimensions: t",
            "current shape = (0, 2)",
            "filling on",
        ]
        assert "name = 'x', size = 2" in repr(nc.dimensions["x"])
        assert "(unlimited): name = 't', size = 0" in repr(nc.dimensions["t"])


@over_modules
def test_a_dataset_is_shown_as_cdl(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createVariable("v", "i4", ("x",))[:] = [1, 2]
        nc.createVariable("x", "i4", ("x",))[:] = [3, 4]
    with under.open(tmp_path) as nc:
        header, whole = nc.tocdl(), nc.tocdl(data=True)
        some = nc.tocdl(coordvars=True, data=True)
        assert " x = 3, 4 ;" in some
        assert " v = 1, 2 ;" not in some
        assert "data:" not in header
        for line in ("dimensions:", "x = 2 ;", "int v(x) ;"):
            assert line in header
        assert " v = 1, 2 ;" in whole
        assert " v = 1, 2 ;" not in header
        nc.tocdl(outfile=str(tmp_path / "header.cdl"))
        assert "int v(x) ;" in (tmp_path / "header.cdl").read_text()


@over_modules
def test_a_dataset_that_nobody_closed_is_written(under: Module, tmp_path: Path) -> None:
    path = under.path(tmp_path)
    nc = under.module.Dataset(filename=path, mode="w", keepweakref=True, **under.options)
    nc.title = "left alone"
    del nc
    import gc

    gc.collect()
    with under.open(tmp_path) as nc:
        assert nc.title == "left alone"


@over_modules
def test_what_filters_there_are_is_told(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        assert nc.has_blosc_filter() is True
        assert nc.has_zstd_filter() is True
        assert nc.has_bzip2_filter() is True
        assert nc.has_szip_filter() in (True, False)


@over_modules
def test_variables_are_found_by_their_attributes(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        for name, axis in (("lon", "X"), ("lat", "Y"), ("t", None)):
            v = nc.createVariable(name, "f4")
            v.units = "degrees" if axis else "K"
            if axis:
                v.axis = axis
        found = nc.get_variables_by_attributes

        def names(**kwargs: object) -> list[str]:
            return [variable.name for variable in found(**kwargs)]

        assert names(axis="X") == ["lon"]
        assert names(axis=lambda value: value in ("X", "Y")) == ["lon", "lat"]
        assert names(axis=lambda value: value is None) == ["t"]
        assert names(axis="X", units="degrees") == ["lon"]
        assert names(axis="X", units="K") == []
        assert names(nothing="X") == []
        assert names() == []


@over_modules
def test_it_cannot_be_pickled(under: Module, tmp_path: Path) -> None:
    import pickle

    with under.new(tmp_path) as nc:
        nc.createDimension("x", 1)
        for each in (nc, nc.createVariable("v", "i4")):
            with pytest.raises(NotImplementedError):
                pickle.dumps(each)


@over_modules
def test_dates_are_numbers_on_an_axis(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("time")
        time = nc.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "hours since 2001-01-01", "standard"
        time[:] = np.arange(4) * 12.0
        dates = under.num2date(time[:], time.units, time.calendar)
        assert dates[1].isoformat() == "2001-01-01T12:00:00"
        assert under.date2num(dates, time.units, time.calendar).tolist() == [0, 12, 24, 36]
        assert under.date2index(dates[2], time) == 2
