"""EOPF products: what ``_eopf_attrs`` says is read as CF's attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.dialects.stores import array, group, hierarchy, read
from zarr_cdm.cdm.model import Variable


def variable(nested: Any = None, dtype: str = "uint16", **given: Any) -> Variable:
    """Return an array of a product, with ``_eopf_attrs`` if there are some."""
    attributes = given if nested is None else {**given, "_eopf_attrs": nested}
    options = {name: attributes.pop(name) for name in ("fill", "names") if name in attributes}
    root = group(stac_discovery={"type": "Feature"})
    name, dataset = read(hierarchy(root, b02=array(2, 3, dtype=dtype, **options, **attributes)))
    assert name == "eopf"
    return dataset.variables["b02"]


def shown(found: Variable) -> dict[str, Any]:
    return {name: each.plain() for name, each in found.attributes.items() if name[0] != "_"}


def fill_of(found: Variable) -> Any:
    attribute = found.attributes.get("_FillValue")
    return attribute and attribute.plain()


def test_what_an_array_says_itself_comes_first() -> None:
    found = variable({"units": "1", "long_name": "band"}, units="K")
    assert shown(found) == {"units": "K", "long_name": "band"}


def test_packing_is_that_of_whole_numbers() -> None:
    nested = {"scale_factor": 0.0001, "add_offset": -0.1, "valid_max": 3}
    assert shown(variable(nested)) == {
        "scale_factor": 0.0001,
        "add_offset": -0.1,
        "valid_max": 3,
    }
    assert shown(variable(nested, dtype="float32")) == {"valid_max": 3}


def test_coordinates_are_named_but_for_the_dimensions() -> None:
    nested = {"coordinates": ["latitude", "y", "x", "longitude"]}
    assert shown(variable(nested, names="yx"))["coordinates"] == "latitude longitude"
    assert shown(variable({"coordinates": ["y", "x"]}, names="yx")) == {}
    assert shown(variable(nested, coordinates="own"))["coordinates"] == "own"
    assert shown(variable({"coordinates": "text"})) == {}


@pytest.mark.parametrize(
    ("nested", "names"),
    [
        ({"dimensions": ["rows", "columns"]}, ["rows", "columns"]),
        ({"dimensions": ["rows"]}, ["_Anonymous_Dim_2", "_Anonymous_Dim_3"]),
        ({"dimensions": [1, 2]}, ["_Anonymous_Dim_2", "_Anonymous_Dim_3"]),
        (5, ["_Anonymous_Dim_2", "_Anonymous_Dim_3"]),
    ],
)
def test_dimensions_are_named_where_nothing_else_names_them(nested: Any, names: Any) -> None:
    assert [dim.name for dim in variable(nested).dimensions] == names
    assert [dim.name for dim in variable(nested, names="yx").dimensions] == ["y", "x"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"nested": {"fill_value": 65535}}, 65535),
        ({"fill_value": 65535}, 65535),
        ({"nested": {"fill_value": 7}, "fill_value": 8}, 7),
        ({"fill_value": 65535, "_FillValue": 3}, 3),
        ({"fill_value": -1}, None),
        ({"fill_value": "none"}, None),
        ({"dtype": "float32", "fill_value": -1.0, "_FillValue": "AAAAAAAA+H8="}, -1),
        ({"dtype": "float32", "fill_value": -1.0, "_FillValue": -2.0}, -2),
        ({}, None),
    ],
)
def test_the_fill_value_is_eopf_s_unless_the_array_has_one(given: Any, found: Any) -> None:
    result = variable(**given)
    assert fill_of(result) == found
    assert (result.storage.fill_mode == "explicit") is (found is not None)
    if found is not None:
        assert result.storage.fill_value.dtype == result.data.dtype or "_FillValue" in given


def test_text_has_no_fill_value_here() -> None:
    root = group(eopf_category="eoproduct")
    text = {**array(2, fill_value="-"), "data_type": "string", "fill_value": ""}
    text["codecs"] = [{"name": "vlen-utf8"}]
    _, dataset = read(hierarchy(root, name=text))
    assert fill_of(dataset.variables["name"]) is None


def test_a_part_of_a_product_is_known_by_its_arrays() -> None:
    name, found = read(hierarchy(b02=array(2, names="x", _eopf_attrs={"units": "1"})))
    assert name == "eopf"
    assert shown(found.variables["b02"]) == {"units": "1"}
    assert np.asarray(found.variables["b02"].data[...]).tolist() == [0, 0]
