"""Whatever stands where a dialect looks, reading gives a dataset or an error of ours."""

from __future__ import annotations

import warnings
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.dialects.stores import array, group, hierarchy, read
from zarr_cdm.conventions.status import statuses
from zarr_cdm.dialects.declarations import CF, MULTISCALES, NZ, PROJ
from zarr_cdm.errors import ZarrCdmError, ZarrCdmWarning

LEAVES = [
    *("a", "0", "", "..", "/", "x", "NaN", "0x7fc00001", "<f4", "scale", "translation", "NZ-1.0"),
    *(None, True, 0, -1, 2**64, 10**400, 1.5, float("inf"), [], {}, "\ud800", "AAAAAACI08A="),
    *(declaration.uuid for declaration in (NZ, CF, MULTISCALES, PROJ)),
]
MEMBERS = [
    *("axes", "name", "type", "unit", "datasets", "path", "coordinateTransformations", "scale"),
    *("translation", "multiscales", "labels", "plate", "wells", "well", "images", "omero", "label"),
    *("channels", "layout", "asset", "derived_from", "transform", "types", "uuid", "version"),
    *("wkt", "url", "projjson", "dimensions", "coordinates", "fill_value", "scale_factor", "units"),
]
ATTRIBUTES = [
    *("ome", "multiscales", "omero", "plate", "well", "labels", "image-label", "_FillValue"),
    *("_CRS", "_eopf_attrs", "stac_discovery", "conventions", "Conventions", "zarr_conventions"),
    *("_nczarr_attr", "coordinates", "grid_mapping", "flag_values", "flag_meanings", "units"),
    *("proj:code", "spatial:dimensions", "spatial:transform", "bioformats2raw.layout"),
    *("fill_value", "scale_factor"),
]
values = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(MEMBERS), inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)
# Where a dialect looks further, it mostly finds the outer form that it looks for.
level = st.fixed_dictionaries(
    {"path": st.sampled_from(["0", "a/0", "a"]) | values},
    optional={"coordinateTransformations": values},
)
step = st.fixed_dictionaries(
    {"type": st.sampled_from(["scale", "translation", "identity"]) | values},
    optional={"scale": values | st.lists(values, max_size=2), "translation": values},
)
image = st.fixed_dictionaries(
    {"datasets": st.lists(level, max_size=3)},
    optional={
        "axes": values | st.lists(values, max_size=3),
        "coordinateTransformations": values | st.lists(step, max_size=2),
    },
)
formed = st.fixed_dictionaries(
    {},
    optional={
        "multiscales": st.lists(image, max_size=2)
        | st.fixed_dictionaries(
            {"layout": st.lists(st.dictionaries(st.sampled_from(MEMBERS), values))}
        ),
        "ome": st.fixed_dictionaries({"multiscales": st.lists(image, max_size=2)}),
        "_nczarr_attr": st.fixed_dictionaries(
            {"types": st.dictionaries(st.sampled_from(ATTRIBUTES), values)}
        ),
        "_eopf_attrs": st.dictionaries(st.sampled_from([*MEMBERS, *ATTRIBUTES]), values),
        "_CRS": st.dictionaries(st.sampled_from(["wkt", "url", "projjson"]), values),
        "zarr_conventions": st.lists(st.dictionaries(st.sampled_from(MEMBERS), values), max_size=2),
    },
)
plain = st.dictionaries(st.sampled_from(ATTRIBUTES), values, max_size=4)
attributes = st.builds(lambda one, other: {**one, **other}, plain, formed)


@given(attributes, attributes, attributes, attributes)
def test_no_attribute_costs_more_than_a_warning(root: Any, a: Any, b: Any, inside: Any) -> None:
    documents = {
        "root": group(**root),
        "a": group(**a),
        "0": array(2, 3, names=["y", "x"], **b),
        "a__0": array(2, 2, dtype="int16", **inside),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        opened = hierarchy(**documents)
        _, dataset = read(opened)
        for _, variable in dataset.all_variables():
            assert tuple(variable.data.shape) == variable.shape
            variable.data[...]
        statuses(opened.node, opened.array)


def test_groups_without_end_are_refused() -> None:
    documents = {"__".join(["g"] * depth): group() for depth in range(1, 40)}
    with pytest.raises(ZarrCdmError, match="raise Limits"):
        read(hierarchy(**documents))
