"""Stores that stock xarray and zarr-python wrote: every variable is there, with its values."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.datasets import variable_of
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.cdm.types import STRING
from zarr_cdm.errors import UnsupportedError, ZarrCdmWarning

zarr = pytest.importorskip("zarr", minversion="3")

kinds = pytest.mark.parametrize(
    ("zarr_format", "consolidated"), [(2, True), (2, False), (3, True), (3, False)]
)
versions = pytest.mark.parametrize("zarr_format", [2, 3])
# zarr-python warns of what it writes itself.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
]


def create(folder: Path, zarr_format: Any) -> Any:
    return zarr.open_group(folder / "air.zarr", mode="w", zarr_format=zarr_format)


def add(group: Any, name: str, values: np.ndarray, *names: str, **options: Any) -> Any:
    """Add an array with named dimensions to a group, as xarray does."""
    if group.metadata.zarr_format == 3:
        options["dimension_names"] = names or None
    array = group.create_array(name, shape=values.shape, dtype=values.dtype, **options)
    if group.metadata.zarr_format == 2 and names:
        array.attrs["_ARRAY_DIMENSIONS"] = list(names)
    array[...] = values
    return array


def read(folder: Path) -> Dataset:
    return zarr_cdm.read(folder / "air.zarr")


@kinds
def test_what_xarray_writes_is_read_by_the_plain_dialect_of_its_version(
    tmp_path: Path, zarr_format: Any, consolidated: bool
) -> None:
    source = xr.Dataset(
        {
            "t": (("time", "x"), np.arange(6, dtype="i2").reshape(3, 2), {"units": "K"}),
            "f": (("time",), np.array([1.5, np.nan, 3], "f4"), {}, {"_FillValue": -9.0}),
            "crs": ((), 0, {"grid_mapping_name": "latitude_longitude"}),
        },
        {"time": xr.date_range("2000-01-01", periods=3), "x": [0.5, 1.5]},
        {"title": "air", "level": 5, "flags": [1, 2]},
    )
    source.to_zarr(tmp_path / "air.zarr", zarr_format=zarr_format, consolidated=consolidated)
    found = read(tmp_path)
    assert found.facts["dialect"] == ("dimension_names" if zarr_format == 3 else "array_dimensions")
    assert set(found.variables) == {"t", "f", "crs", "time", "x"}
    assert found.attributes == {
        "title": Attribute.of("air"),
        "level": Attribute.of(5),
        "flags": Attribute.of([1, 2]),
    }
    time = found.dimensions["time"]
    assert (time.size, time.unlimited) == (3, False)
    assert found.variables["t"].dimensions == (time, found.dimensions["x"])
    assert found.variables["t"].data[...].tolist() == [[0, 1], [2, 3], [4, 5]]
    fill = found.variables["f"].attributes["_FillValue"]
    assert fill == Attribute.of(np.float32(-9))
    assert found.variables["f"].data[...].tolist() == [1.5, -9, 3]
    with xr.open_dataset(tmp_path / "air.zarr", engine="zarr_cdm") as ours:
        xr.testing.assert_identical(ours.load(), source)


@kinds
def test_groups_are_read_with_their_own_dimensions(
    tmp_path: Path, zarr_format: Any, consolidated: bool
) -> None:
    root = create(tmp_path, zarr_format)
    add(root, "v", np.arange(3), "x")
    below = root.create_group("a").create_group("b", attributes={"level": 2})
    add(below, "same", np.arange(3), "x")
    add(below, "other", np.arange(5), "x")
    root.create_group("empty")
    if consolidated:
        zarr.consolidate_metadata(root.store)
    found = read(tmp_path)
    assert sorted(path for path, _ in found.walk()) == ["/", "/a", "/a/b", "/empty"]
    x = found.dimensions["x"]
    assert variable_of(found, "/a/b/same").dimensions == (x,)
    assert variable_of(found, "/a/b/other").dimensions != (x,)
    assert variable_of(found, "/a/b/other").dimensions[0].name == "x"
    assert found.groups["a"].groups["b"].attributes["level"] == Attribute.of(2)


@versions
def test_an_array_without_dimension_names_has_dimensions_all_the_same(
    tmp_path: Path, zarr_format: Any
) -> None:
    root = create(tmp_path, zarr_format)
    add(root, "v", np.zeros((2, 3)))
    add(root, "scalar", np.array(7))
    found = read(tmp_path)
    names = [dim.name for dim in found.variables["v"].dimensions]
    assert names == ["_Anonymous_Dim_2", "_Anonymous_Dim_3"]
    assert found.variables["scalar"].dimensions == ()
    assert found.variables["scalar"].data[...] == 7


def test_an_array_may_name_some_of_its_dimensions(tmp_path: Path) -> None:
    root = create(tmp_path, 3)
    root.create_array("v", shape=(2, 3), dtype="f4", dimension_names=["y", None])
    names = [dim.name for dim in read(tmp_path).variables["v"].dimensions]
    assert names == ["y", "_Anonymous_Dim_3"]


def test_early_xarray_stores_of_zarr_v3_name_dimensions_as_in_v2(tmp_path: Path) -> None:
    array = add(create(tmp_path, 3), "v", np.zeros((2, 3)))
    array.attrs["_ARRAY_DIMENSIONS"] = ["y", "x"]
    variable = read(tmp_path).variables["v"]
    assert [dim.name for dim in variable.dimensions] == ["y", "x"]
    assert not variable.attributes


@versions
def test_attributes_of_any_json_are_kept(tmp_path: Path, zarr_format: Any) -> None:
    given = {
        "object": {"a": [1, None]},
        "true": True,
        "null": None,
        "nested": [[1, 2], [3]],
        "mixed": [1, "a"],
        "empty": [],
        "nan": float("nan"),
        "large": 2**63,
        "huge": 10**400,
        "text": "°C",
        "texts": ["a", "b"],
        "number": "5",
    }
    root = create(tmp_path, zarr_format)
    root.attrs.update(given)
    add(root, "v", np.zeros(2), "x").attrs.update(given)
    found = read(tmp_path)
    for attributes in (found.attributes, found.variables["v"].attributes):
        shown = {name: attributes[name].plain() for name in given}
        assert shown["object"] == '{"a": [1, null]}'
        assert (shown["true"], shown["null"]) == (1, "null")
        assert (shown["nested"], shown["mixed"]) == ("[[1, 2], [3]]", '[1, "a"]')
        assert shown["empty"].size == 0
        assert np.isnan(shown["nan"])
        assert (shown["large"], shown["huge"]) == (2**63, str(10**400))
        assert (shown["text"], shown["texts"], shown["number"]) == ("°C", ["a", "b"], "5")


@versions
@pytest.mark.parametrize("dtype", ["?", "c8", "c16", "f2", "S1", "S4", "U3"])
def test_types_that_netcdf_lacks_are_read_as_zarr_has_them(
    tmp_path: Path, zarr_format: Any, dtype: str
) -> None:
    values = np.array([[1, 0], [1, 1]]).astype(dtype)
    add(create(tmp_path, zarr_format), "v", values, "y", "x", chunks=(1, 2))
    found = read(tmp_path).variables["v"].data[...]
    assert found.tolist() == values.tolist()


@versions
def test_bytes_of_any_length_are_read_and_refused_when_they_shall_be_written(
    tmp_path: Path, zarr_format: Any
) -> None:
    root = create(tmp_path, zarr_format)
    values = np.array([b"a", b"\xff", b""], object)
    array = root.create_array("b", shape=3, dtype=zarr.dtype.VariableLengthBytes())
    array[:] = values
    variable = read(tmp_path).variables["b"]
    assert variable.type.name == "bytes"
    assert variable.data[...].tolist() == values.tolist()
    with pytest.raises(UnsupportedError, match="/b: type 'bytes' cannot be written yet"):
        zarr_cdm.convert(tmp_path / "air.zarr", tmp_path / "other.zarr")


@versions
@pytest.mark.parametrize("dtype", ["M8[s]", "m8[ms]"])
def test_times_are_of_a_type_that_zarr_alone_has(
    tmp_path: Path, zarr_format: Any, dtype: str
) -> None:
    root = create(tmp_path, zarr_format)
    values = np.arange(3).astype(dtype)
    add(root, "when", values, "x")
    found = read(tmp_path).variables["when"]
    assert found.type.name == values.dtype.name
    assert np.array_equal(found.data[...], values)


@versions
def test_a_variable_of_an_unknown_type_costs_a_warning_that_names_it(
    tmp_path: Path, zarr_format: Any
) -> None:
    root = create(tmp_path, zarr_format)
    add(root, "what", np.arange(3), "x")
    add(root, "v", np.arange(3), "x")
    for document in tmp_path.rglob("what/*"):
        if document.is_file():
            text = document.read_text().replace('"int64"', '"quad"').replace('"<i8"', '"<i7"')
            document.write_text(text)
    for consolidated in [*tmp_path.rglob(".zmetadata")]:
        consolidated.unlink()
    with pytest.warns(ZarrCdmWarning, match="/what is left out: .*unknown.*data type"):
        found = read(tmp_path)
    assert list(found.variables) == ["v"]


@versions
@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", "°C", ""], np.dtypes.StringDType()),
        np.array(["a", "°C", ""]),
        np.array(["a", "°C", ""], object),
    ],
    ids=["variable length", "fixed length", "objects"],
)
def test_text_of_every_spelling_is_text(tmp_path: Path, zarr_format: Any, values: Any) -> None:
    dtype = str if values.dtype.kind in "OT" else values.dtype
    array = create(tmp_path, zarr_format).create_array("s", shape=3, dtype=dtype)
    array[...] = values
    variable = read(tmp_path).variables["s"]
    assert variable.type.name == "string"
    assert variable.data[...].tolist() == ["a", "°C", ""]


@kinds
def test_text_that_xarray_writes_decodes_to_what_xarray_decodes(
    tmp_path: Path, zarr_format: Any, consolidated: bool
) -> None:
    texts = ["a", "°C", ""]
    source = xr.Dataset(
        {
            "objects": ("x", np.array(texts, object)),
            "fixed": ("x", np.array(texts)),
            "bytes": ("x", np.array([b"a", b"bc", b""])),
            "chars": ("x", np.array(texts, object), {}, {"dtype": "S1"}),
        }
    )
    source.to_zarr(tmp_path / "air.zarr", zarr_format=zarr_format, consolidated=consolidated)
    with (
        xr.open_dataset(tmp_path / "air.zarr", engine="zarr", consolidated=consolidated) as stock,
        xr.open_dataset(tmp_path / "air.zarr", engine="zarr_cdm") as ours,
    ):
        for name in source:
            assert ours[name].values.tolist() == stock[name].values.tolist(), name


@versions
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [("f4", -9.0), ("f8", np.nan), ("i2", -9), ("u8", 2**64 - 1), ("?", True), ("c8", 1 - 2j)],
)
def test_fill_values_that_xarray_writes_are_read(
    tmp_path: Path, zarr_format: Any, dtype: str, fill: Any
) -> None:
    values = np.array([1, 0, 1]).astype(dtype)
    source = xr.Dataset({"v": ("x", values, {"_FillValue": np.dtype(dtype).type(fill)})})
    source.to_zarr(tmp_path / "air.zarr", zarr_format=zarr_format)
    variable = read(tmp_path).variables["v"]
    np.testing.assert_equal(variable.attributes["_FillValue"].value, np.array([fill], dtype))
    assert variable.data[...].tolist() == values.tolist()
    with xr.open_dataset(tmp_path / "air.zarr", engine="zarr_cdm", mask_and_scale=False) as ours:
        np.testing.assert_equal(ours.v.attrs["_FillValue"], np.dtype(dtype).type(fill))


@versions
def test_what_is_no_fill_value_stays_an_attribute(tmp_path: Path, zarr_format: Any) -> None:
    array = add(create(tmp_path, zarr_format), "v", np.zeros(2), "x")
    array.attrs["_FillValue"] = "missing"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        variable = read(tmp_path).variables["v"]
    assert variable.attributes["_FillValue"] == Attribute.of("missing")
    assert variable.data[...].tolist() == [0, 0]


def test_two_lengths_of_one_name_in_one_group_cost_a_warning_and_no_variable(
    tmp_path: Path,
) -> None:
    root = create(tmp_path, 3)
    add(root, "a", np.zeros(2), "x")
    add(root, "b", np.zeros(3), "x")
    with pytest.warns(ZarrCdmWarning, match="dimension 'x' has two lengths, 2 and 3"):
        found = read(tmp_path)
    assert [dim.name for _, var in found.all_variables() for dim in var.dimensions] == ["x", "x_3"]


@versions
def test_bytes_are_texts_where_they_have_an_encoding(tmp_path: Path, zarr_format: Any) -> None:
    group = create(tmp_path, zarr_format)
    texts = np.array(["a", "°C", ""])
    attributes = {"_Encoding": "utf-8", "_FillValue": "none", "long_name": "names"}
    values = np.char.encode(texts, "utf-8")
    add(
        group,
        "names",
        values,
        "x",
        fill_value=None if zarr_format == 2 else b"",
        attributes=attributes,
    )
    add(group, "raw", values, "x")
    add(group, "other", values, "x", attributes={"_Encoding": "latin-1"})
    found = read(tmp_path).variables
    assert found["names"].type is STRING
    assert found["names"].data[...].tolist() == texts.tolist()
    assert found["names"].data[1:2].tolist() == ["°C"]
    assert found["names"].attributes == {
        "long_name": Attribute.of("names"),
        "_FillValue": Attribute(["none"], STRING),
    }
    assert found["raw"].data.dtype == found["other"].data.dtype == "S3"
    assert "_Encoding" in found["other"].attributes
