"""Our stores in the hands of stock xarray and zarr-python, which know nothing of us."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.datasets import dimension_of, variable_of
from tests.formats import stress
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, AtomicType
from zarr_cdm.dialects.names import node_name
from zarr_cdm.errors import ZarrCdmWarning

zarr = pytest.importorskip("zarr", minversion="3")
pytestmark = [
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part"),
    pytest.mark.filterwarnings("ignore:variable 'packed' has multiple fill values"),
]
versions = pytest.mark.parametrize("zarr_format", [3, 2])


def write_netcdf(path: Path) -> None:
    """Write all that stock xarray can open from netCDF, with attributes of every kind."""
    with netCDF4.Dataset(path, "w") as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        file.createDimension("time", None)
        file.createDimension("x", 4)
        file.createDimension("letters", 3)
        file.createDimension("unused", 9)
        file.setncatts({"title": "°C", "level": np.int16(5), "empty": np.array([], "f4")})
        file.setncattr_string("names", ["a", "b"])
        time = file.createVariable("time", "i4", ("time",))
        time.setncatts({"units": "days since 2000-01-01", "calendar": "standard"})
        x = file.createVariable("x", "f4", ("x",))
        x[:] = [0.1, 0.2, 0.3, 0.4]
        for name, kind, options, attributes in VARIABLES:
            variable = file.createVariable(name, kind, ("time", "x"), **options)
            variable.set_auto_maskandscale(False)
            variable.setncatts(attributes)
            first = 0 if kind[0] == "u" else -3
            variable[0:3] = np.arange(first, first + 12).reshape(3, 4).astype(kind)
        file["packed"].setncattr("missing_value", np.array([2, 3], "i2"))
        file["f8"][0, 0] = np.nan
        file.createVariable("default", "f4", ("time", "x"))  # nothing but netCDF's fill value
        file.createVariable("s", str, ("x",))[:] = np.array(["°C", "", "NaN", "a"], object)
        chars = file.createVariable("c", "S1", ("x", "letters"))
        chars[:] = np.array([list("abc"), list("de "), list("fgh"), list("ijk")], "S1")
        file.createVariable("crs", "i4").grid_mapping_name = "latitude_longitude"
        file["crs"][...] = 0
        below = file.createGroup("g/h")
        below.createVariable("below", "i2", ("time",))[:] = [1, 2, 3]
        time[:] = [0, 1, 2]


VARIABLES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    *[(kind, kind, {}, {"number": np.dtype(kind).type(5)}) for kind in ["i1", "u1", "i2", "u2"]],
    *[(kind, kind, {"fill_value": 5}, {}) for kind in ["i4", "u4", "i8", "u8", "f4", "f8"]],
    (
        "packed",
        "i2",
        {"fill_value": -2},
        {"scale_factor": 0.5, "add_offset": 10.0, "valid_range": np.array([-99, 99], "i2")},
    ),
    ("unsigned", "i1", {}, {"_Unsigned": "true"}),
    ("nan", "f4", {"fill_value": np.nan}, {"missing_value": np.float32(np.nan)}),
    ("inf", "f8", {"fill_value": np.inf}, {"limits": np.array([np.inf, -np.inf, 0.1])}),
    ("text", "f4", {}, {"coordinates": "time x", "json": '{"a": 1}', "number": "5"}),
    ("never", "f4", {"fill_value": False}, {}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stock")
    write_netcdf(folder / "air.nc")
    for zarr_format in (2, 3):
        zarr_cdm.convert(folder / "air.nc", folder / f"{zarr_format}.zarr", zarr_format=zarr_format)
    return folder


@pytest.fixture
def store(tmp_path: Path, zarr_format: Any) -> Path:
    """Return a store that may be changed."""
    write_netcdf(tmp_path / "air.nc")
    zarr_cdm.convert(tmp_path / "air.nc", tmp_path / "air.zarr", zarr_format=zarr_format)
    return tmp_path / "air.zarr"


def is_ours(name: str) -> bool:
    return name.lower().startswith("_nc") or "cdm" in name or name == "_ARRAY_DIMENSIONS"


def all_attributes(dataset: xr.Dataset) -> Iterator[tuple[str, dict[Any, Any]]]:
    yield "/", dataset.attrs
    for name, variable in dataset.variables.items():
        yield str(name), variable.attrs


def values_equal(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype.kind in "OTUS":
        return bool(one.tolist() == other.tolist())
    return np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")


@versions
@pytest.mark.parametrize("group", [None, "g/h"])
def test_stock_xarray_decodes_our_stores_as_our_engine_does(
    folder: Path, zarr_format: Any, group: str | None
) -> None:
    path = folder / f"{zarr_format}.zarr"
    with (
        xr.open_dataset(path, engine="zarr", group=group) as stock,
        xr.open_dataset(path, engine="zarr_cdm", group=group) as ours,
    ):
        assert set(stock.variables) == set(ours.variables)
        assert set(stock.coords) == set(ours.coords)
        for name in ours.variables:
            assert stock[name].dims == ours[name].dims, name
            assert values_equal(stock[name].values, ours[name].values), name
            assert set(stock[name].attrs) == set(ours[name].attrs), name
        assert set(stock.attrs) == set(ours.attrs)


@versions
def test_raw_values_and_attributes_are_those_of_our_engine(folder: Path, zarr_format: Any) -> None:
    path = folder / f"{zarr_format}.zarr"
    options: dict[str, Any] = {"decode_cf": False}
    with (
        xr.open_dataset(path, engine="zarr", **options) as stock,
        xr.open_dataset(path, engine="zarr_cdm", **options) as ours,
    ):
        for name in set(ours.variables) - {"s"}:  # v2 holds text as bytes, decoded by _Encoding
            assert stock[name].dtype == ours[name].dtype, name
            assert values_equal(stock[name].values, ours[name].values), name
        for (place, found), (_, wanted) in zip(
            sorted(all_attributes(stock), key=lambda item: item[0]),
            sorted(all_attributes(ours), key=lambda item: item[0]),
            strict=True,
        ):
            for name, value in found.items():
                if name in ("_Encoding", "_FillValue"):
                    continue
                assert values_equal(*map(comparable, (value, wanted[name]))), (place, name)


def comparable(value: Any) -> Any:
    """Return an attribute in the words of JSON."""
    items = value if isinstance(value, list) else np.atleast_1d(value).tolist()
    special = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    items = [special.get(item, item) for item in items]
    return [float(item) if isinstance(item, int | float) else item for item in items]


@versions
def test_nothing_of_ours_is_visible(folder: Path, zarr_format: Any) -> None:
    path = folder / f"{zarr_format}.zarr"
    for group in (None, "g", "g/h"):
        for options in ({}, {"consolidated": False}, {"decode_cf": False}):
            with xr.open_dataset(path, engine="zarr", group=group, **options) as dataset:
                for place, attributes in all_attributes(dataset):
                    assert not [name for name in attributes if is_ours(str(name))], place
    with xr.open_datatree(path, engine="zarr") as tree:
        for node in tree.subtree:
            assert not [name for name in node.attrs if is_ours(str(name))], node.path


@pytest.mark.filterwarnings("ignore:.*the dialect 'xarray' does not keep all of it")
@pytest.mark.filterwarnings("ignore:Duplicate dimension names present")
@pytest.mark.parametrize("dialect", ["native", "xarray"])
@versions
def test_stock_xarray_opens_every_group_of_a_file_with_everything(
    tmp_path: Path, dialect: str, zarr_format: Any
) -> None:
    file, store = stress.build(tmp_path), tmp_path / "s.zarr"
    zarr_cdm.convert(file, store, dialect=dialect, zarr_format=zarr_format)
    for path, group in stress.dataset().walk():
        with xr.open_dataset(store, engine="zarr", group=path) as found:
            found.load()
            assert not [name for name in found.attrs if is_ours(str(name))]
            plain = {name for name, each in group.variables.items() if is_plain(each)}
            assert plain <= set(found.variables)
            for name in plain:
                assert found[name].shape == group.variables[name].shape, name
                assert not [each for each in found[name].attrs if is_ours(str(each))], name


def is_plain(variable: Variable) -> bool:
    return isinstance(variable.type, AtomicType) and node_name(variable.name, 3) == variable.name


@pytest.mark.filterwarnings("ignore:Duplicate dimension names present")
@versions
def test_a_dimension_that_another_hides_has_another_name_in_plain_zarr(
    tmp_path: Path, zarr_format: Any
) -> None:
    file, store = stress.build(tmp_path), tmp_path / "s.zarr"
    zarr_cdm.convert(file, store, zarr_format=zarr_format)
    with xr.open_dataset(store, engine="zarr", group="/shadow") as found:
        assert found["both"].dims == ("x_3", "x")
        assert found["outer"].dims == ("x_3",)
        assert found["inner"].dims == ("x",)
    assert zarr_cdm.compare(file, store) == []


@versions
def test_our_stores_can_be_written_on_to_netcdf(
    folder: Path, zarr_format: Any, tmp_path: Path
) -> None:
    with xr.open_dataset(folder / f"{zarr_format}.zarr", engine="zarr") as dataset:
        dataset.drop_vars("packed").load().drop_encoding().to_netcdf(tmp_path / "again.nc")


@versions
def test_an_attribute_that_zarr_python_edits_is_read_and_nothing_else_changes(
    store: Path, zarr_format: Any
) -> None:
    group = zarr.open_group(store, mode="r+", zarr_format=zarr_format, use_consolidated=False)
    group["packed"].attrs["scale_factor"] = 0.25
    group["packed"].attrs["comment"] = "edited"
    del group["text"].attrs["json"]
    group.attrs["level"] = 6
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    found = zarr_cdm.read(store)
    packed = variable_of(found, "/packed").attributes
    assert packed["scale_factor"] == Attribute([0.25], ATOMIC_TYPES["double"])
    assert packed["comment"] == Attribute("edited", CHAR)
    assert packed["valid_range"] == Attribute([-99, 99], ATOMIC_TYPES["short"])
    assert "json" not in variable_of(found, "/text").attributes
    assert found.attributes["level"] == Attribute([6], ATOMIC_TYPES["short"])
    assert found.attributes["names"] == Attribute(["a", "b"], STRING)
    assert set(found.dimensions) == {"time", "x", "letters", "unused"}
    assert found.dimensions["time"].unlimited
    with xr.open_dataset(store, engine="zarr") as dataset:
        for place, attributes in all_attributes(dataset):
            assert not [name for name in attributes if is_ours(str(name))], place


@versions
def test_an_array_that_zarr_python_adds_or_deletes_is_there_or_gone(
    store: Path, zarr_format: Any
) -> None:
    group = zarr.open_group(store, mode="r+", zarr_format=zarr_format, use_consolidated=False)
    names = {"dimension_names": ["x"]} if zarr_format == 3 else {}
    added = group.create_array("added", shape=(4,), dtype="f8", **names)
    added[:] = 1
    if zarr_format == 2:
        added.attrs["_ARRAY_DIMENSIONS"] = ["x"]
    del group["i1"]
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    with pytest.warns(ZarrCdmWarning, match="^/: another writer changed it: 'i1' in it is gone$"):
        found = zarr_cdm.read(store)
    assert "i1" not in found.variables
    assert list(found.variables)[-1] == "added"
    assert found.variables["added"].dimensions == (found.dimensions["x"],)
    assert found.variables["added"].type.name == "double"


@versions
@pytest.mark.filterwarnings("ignore:/.*. another writer changed it")
def test_our_stores_can_be_read_after_xarray_has_appended_to_them(
    store: Path, zarr_format: Any
) -> None:
    group = zarr.open_group(store, mode="r+", zarr_format=zarr_format, use_consolidated=False)
    del group["packed"].attrs["missing_value"]  # two values: xarray cannot encode them
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    with xr.open_dataset(store, engine="zarr") as dataset:
        more = dataset.load().isel(time=[0, 1]).drop_encoding()
    more = more.drop_vars([name for name in more.variables if "time" not in more[name].dims])
    more["time"] = more.time + np.timedelta64(3, "D")
    more.attrs = {"title": "appended"}
    more.to_zarr(store, append_dim="time", zarr_format=zarr_format, consolidated=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)  # /g/h has three times still
        found = zarr_cdm.read(store)
    assert found.facts["dialect"] == "native"
    time = dimension_of(found, "/time")
    assert (time.size, time.unlimited) == (5, True)
    packed = variable_of(found, "/packed")
    assert packed.data[3:].tolist() == packed.data[:2].tolist()
    assert packed.type is ATOMIC_TYPES["short"]
    assert variable_of(found, "/u2").attributes["number"].type.name == "ushort"
    assert found.attributes["title"] == Attribute("appended", CHAR)
    assert variable_of(found, "/g/h/below").data[...].tolist() == [1, 2, 3]
    with (
        xr.open_dataset(store, engine="zarr") as stock,
        xr.open_dataset(store, engine="zarr_cdm") as ours,
    ):
        assert stock.sizes == ours.sizes
        for name in stock.variables:
            assert values_equal(stock[name].values, ours[name].values), name
        for place, attributes in all_attributes(stock):
            assert not [name for name in attributes if is_ours(str(name))], place
