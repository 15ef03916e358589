"""GDAL's Zarr: coordinate reference systems as grid mappings, and no-data values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from tests.dialects.stores import array, group, hierarchy, read
from zarr_cdm.cdm.attributes import Attribute

WKT = 'GEOGCRS["WGS 84",ID["EPSG",4326]]'
URL = "http://www.opengis.net/def/crs/"
UTM, LONLAT = f"{URL}EPSG/0/26711", f"{URL}OGC/1.3/CRS84"


def shown(attributes: dict[str, Attribute]) -> dict[str, Any]:
    return {name: attribute.plain() for name, attribute in attributes.items()}


@pytest.mark.parametrize(
    ("crs", "attributes"),
    [
        ({"wkt": WKT}, {"crs_wkt": WKT, "spatial_ref": WKT}),
        ({"url": UTM}, {"spatial_ref": "EPSG:26711", "url": UTM}),
        ({"url": LONLAT}, {"spatial_ref": "OGC:CRS84", "url": LONLAT}),
        ({"url": "urn:x"}, {"url": "urn:x"}),
        (
            {"projjson": {"type": "x"}},
            {"spatial_ref": '{"type": "x"}', "projjson": '{"type": "x"}'},
        ),
    ],
)
def test_a_system_is_a_grid_mapping_variable(crs: Any, attributes: Any) -> None:
    name, found = read(hierarchy(height=array(2, 2, names="yx", _CRS=crs)))
    assert name == "gdal"
    assert shown(found.variables["height"].attributes) == {"grid_mapping": "crs"}
    assert shown(found.variables["crs"].attributes) == attributes
    assert found.variables["crs"].dimensions == ()


def test_arrays_on_one_system_share_its_variable_and_groups_have_their_own() -> None:
    _, found = read(
        hierarchy(
            a=array(2, names="x", _CRS={"wkt": WKT}),
            b=array(2, names="x", _CRS={"wkt": WKT}),
            c=array(2, names="x", _CRS={"url": f"{URL}EPSG/0/1"}),
            crs=array(2, names="x"),
            g=group(),
            g__d=array(2, names="x", _CRS={"wkt": WKT}),
        )
    )
    mappings = {
        path: variable.attributes["grid_mapping"].plain()
        for path, variable in found.all_variables()
        if "grid_mapping" in variable.attributes
    }
    assert mappings == {"/a": "crs_2", "/b": "crs_2", "/c": "crs_3", "/g/d": "crs"}


def test_a_variable_with_a_grid_mapping_keeps_both() -> None:
    _, found = read(hierarchy(a=array(2, _CRS={"wkt": WKT}, grid_mapping="here")))
    assert shown(found.variables["a"].attributes) == {
        "_CRS": json.dumps({"wkt": WKT}),
        "grid_mapping": "here",
    }
    assert list(found.variables) == ["a"]


@pytest.mark.parametrize("crs", ["EPSG:4326", {}, {"wkt": ""}, [1], None, 5])
def test_what_is_no_system_is_an_attribute(crs: Any) -> None:
    name, found = read(hierarchy(a=array(2, names="x", _CRS=crs)))
    assert name == "dimension_names"
    assert "_CRS" in found.variables["a"].attributes


@pytest.mark.parametrize(
    ("dtype", "fill", "own", "found"),
    [
        ("int16", -9999, {}, -9999),
        ("float32", -9999.0, {}, -9999.0),
        ("int16", 0, {}, None),
        ("float32", "NaN", {}, None),
        ("int16", -9999, {"_FillValue": 5}, 5),
    ],
)
def test_the_fill_value_of_v3_is_the_no_data_value(
    dtype: str, fill: Any, own: Any, found: Any
) -> None:
    given = array(2, dtype=dtype, fill=fill, _CRS={"wkt": WKT}, **own)
    variable = read(hierarchy(a=given, b={**given, "attributes": {}}))[1].variables["a"]
    attribute = variable.attributes.get("_FillValue")
    assert (attribute and attribute.plain()) == found
    assert (variable.storage.fill_mode == "explicit") is (found is not None)


def test_arrays_without_a_system_keep_their_fill_value_to_themselves() -> None:
    opened = hierarchy(
        a=array(2, dtype="int16", fill=-1, _CRS={"wkt": WKT}),
        b=array(2, dtype="int16", fill=-1),
    )
    assert "_FillValue" not in read(opened)[1].variables["b"].attributes


def test_dimensions_are_found_in_the_groups_above() -> None:
    _, found = read(
        hierarchy(
            lat=array(3, names=["lat"]),
            lon=array(4, names=["lon"]),
            sub=group(),
            sub__v=array(3, 4, names=["lat", "lon"], _CRS={"wkt": WKT}),
        )
    )
    lat, lon = found.dimensions["lat"], found.dimensions["lon"]
    assert found.groups["sub"].variables["v"].dimensions == (lat, lon)


def test_a_grid_mapping_is_written_and_read_by_xarray(tmp_path: Path) -> None:
    xr = pytest.importorskip("xarray")
    zarr = pytest.importorskip("zarr", minversion="3")
    root = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    height = root.create_array("height", data=np.arange(6, dtype="i2").reshape(2, 3))
    height.attrs.update({"_ARRAY_DIMENSIONS": ["y", "x"], "_CRS": {"wkt": WKT}})
    with xr.open_dataset(
        tmp_path / "a.zarr", engine="zarr_cdm", decode_coords="all", mask_and_scale=False
    ) as found:
        assert found.height.encoding["grid_mapping"] == "crs"
        assert found.coords["crs"].attrs["crs_wkt"] == WKT
    zarr_cdm.convert(tmp_path / "a.zarr", tmp_path / "b.zarr")
    with xr.open_zarr(tmp_path / "b.zarr") as stock:
        assert stock.crs.attrs["spatial_ref"] == WKT
