"""Which conventions a store declares, and which of them it satisfies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from tests.data import ROOT
from tests.dialects.stores import array, group, hierarchy
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.status import Status, statuses
from zarr_cdm.conventions.table import CONVENTIONS
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects import declarations
from zarr_cdm.errors import NodeNotFoundError

EXAMPLES = [
    path
    for path in sorted((ROOT / "conventions").glob("*/examples/*.json"))
    # Not: what is read where names are missing, and NCZarr that was never consolidated.
    if path.stem not in ("anonymous_v3", "layout_a")
]
NZ = declarations.NZ.to_json()


def of(root: Any = None, **documents: dict[str, Any]) -> dict[str, Status]:
    """Return the statuses of a hierarchy; ``a__b`` is the node at a/b."""
    opened = hierarchy(root, **documents)
    return statuses(opened.node, opened.array)


def found(status: Status) -> list[tuple[str, str]]:
    return [(finding.place, finding.rule) for finding in status.findings]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_an_example_declares_and_satisfies_its_convention(path: Path) -> None:
    document = path.read_bytes()
    key = "zarr.json" if json.loads(document).get("zarr_format") == 3 else ".zmetadata"
    opened = open_tree(MemoryStore({key: document}))
    status = statuses(opened.node, opened.array)[path.parts[-3]]
    assert status.declared
    assert status.findings == ()
    assert status.satisfied


def test_a_store_of_none_declares_nothing() -> None:
    told = of()
    assert list(told) == list(CONVENTIONS)
    for name, status in told.items():
        assert status.declared == ()
        assert Finding("/", f"{name}.undeclared", "nothing declares it") in status.findings
        assert not status.satisfied


def test_a_store_at_a_path_is_looked_at(tmp_path: Path) -> None:
    zarr_cdm.create_array(tmp_path / "a.zarr", shape=(2,), dtype="f4", path="v")
    told = zarr_cdm.conventions.of(tmp_path / "a.zarr")
    assert found(told["dimension_names"])[-1] == ("/v", "dimension_names.names")
    with pytest.raises(NodeNotFoundError):
        zarr_cdm.conventions.of(tmp_path / "b.zarr")


def test_what_netcdf_became_satisfies_our_own_convention(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    source = xarray.Dataset({"t": ("x", np.arange(3))}, attrs={"Conventions": "CF-1.8"})
    source.to_netcdf(tmp_path / "t.nc")
    zarr_cdm.convert(tmp_path / "t.nc", tmp_path / "t.zarr")
    told = zarr_cdm.conventions.of(tmp_path / "t.zarr")
    assert [name for name, status in told.items() if status.satisfied] == [
        "native",
        "dimension_names",
        "cf",
    ]
    assert zarr_cdm.info(tmp_path / "t.zarr").conventions == {
        "native": 0,
        "dimension_names": 0,
        "cf": 0,
    }
    assert "conventions: native, dimension_names, cf\n" in str(zarr_cdm.info(tmp_path / "t.zarr"))
    assert zarr_cdm.info(tmp_path / "t.nc").conventions == {}


def test_a_record_that_another_writer_outdated_is_a_finding(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    xarray.Dataset({"t": ("x", np.arange(3))}).to_netcdf(tmp_path / "t.nc")
    zarr_cdm.convert(tmp_path / "t.nc", tmp_path / "t.zarr")
    key = tmp_path / "t.zarr" / "zarr.json"
    document = json.loads(key.read_bytes())
    document["attributes"]["_nc_cdm"]["dimensions"]["x"]["size"] = 4
    key.write_text(json.dumps(document))
    (finding,) = zarr_cdm.conventions.of(tmp_path / "t.zarr")["native"].findings
    assert finding.rule == "native.reading"
    assert "'/x' was declared with length 4, but the arrays have 3" in finding.message


def test_nz_wants_names_conventions_and_lists_of_one_kind() -> None:
    told = of(
        root=group(zarr_conventions=[NZ]),
        a=array(2, names="x", mixed=[1, "a"], _nczarr_attr={"types": {"mixed": "<f4"}}),
        b=array(3, names="x", _nczarr_attr=5),
        c=array(3),
    )["nz"]
    assert told.declared == ("/",)
    assert found(told) == [
        ("/", "nz.conventions"),
        ("/b", "nz.lengths"),
        ("/c", "nz.names"),
        ("/a@mixed", "nz.attribute"),
        ("/a@_nczarr_attr", "nz.types"),
        ("/b@_nczarr_attr", "nz.types"),
    ]


def test_nz_may_be_satisfied_but_for_saying_so() -> None:
    assert found(of(a=array(2, names="x"))["nz"]) == [
        ("/", "nz.undeclared"),
        ("/", "nz.conventions"),
    ]


def test_cf_wants_kinds_of_attributes_and_variables_that_are_there() -> None:
    told = of(
        root=group(Conventions="CF-1.8, ACDD-1.3"),
        lat=array(2, names="x", units=1, axis="Q"),
        t=array(2, names="x", coordinates="lat lon", scale_factor="1", flag_values=[1, 2]),
        g=group(),
        g__u=array(2, names="x", coordinates="lat /g/v ../t", grid_mapping="crs: x y"),
        g__w=array(2, names="x", flag_meanings="a b c", flag_masks=[1], cell_measures="area: a"),
    )["cf"]
    assert told.declared == ("/",)
    assert found(told) == [
        ("/g/u@coordinates", "cf.reference"),
        ("/g/u@grid_mapping", "cf.reference"),
        ("/g/u@grid_mapping", "cf.reference"),
        ("/g/u@grid_mapping", "cf.reference"),
        ("/g/w@flag_masks", "cf.attribute"),
        ("/g/w@cell_measures", "cf.reference"),
        ("/lat@units", "cf.attribute"),
        ("/lat@axis", "cf.attribute"),
        ("/t@scale_factor", "cf.attribute"),
        ("/t@coordinates", "cf.reference"),
    ]


def test_levels_have_to_exist_and_to_fit() -> None:
    layout = [
        {"asset": "a", "transform": {"scale": [1.0]}},
        {"asset": "b", "derived_from": "a"},
        {"asset": "../c"},
        {"asset": "d", "derived_from": "a", "transform": {"translation": "0"}},
    ]
    told = of(root=group(multiscales={"layout": layout}), a=array(4, 4), b=array(2, 2))
    assert [finding.message for finding in told["multiscales"].findings] == [
        "nothing declares it",
        "has a layout and does not list the convention",
        "scale of 'a' has 1 numbers, the array 2 axes",
        "'b' is derived and has no transform",
        "asset is '../c', expected a path downwards from here",
        "asset is 'd', and there is no such array or group",
        "translation of 'd' is '0', expected numbers",
    ]


def test_coordinate_reference_systems_and_grids_have_a_form() -> None:
    told = of(
        a=array(2, 2, names="yx", **{"proj:code": "4326", "spatial:dimensions": ["lat", "x"]}),
        b=array(2, zarr_conventions=[declarations.PROJ.to_json()]),
        c=array(2, names="x", **{"spatial:dimensions": ["x"], "spatial:transform": [1, 2]}),
        d=array(2, names="x", **{"spatial:dimensions": ["x"], "spatial:registration": "corner"}),
    )
    assert found(told["proj"]) == [
        ("/a", "proj.unlisted"),
        ("/a@proj:code", "proj.form"),
        ("/b@proj:code", "proj.form"),
    ]
    assert [place for place, rule in found(told["spatial"]) if rule == "spatial.form"] == [
        "/a@spatial:dimensions",
        "/c@spatial:transform",
        "/d@spatial:registration",
    ]


def test_images_have_axes_transformations_and_arrays() -> None:
    image = {
        "axes": [{"name": "y"}, {"name": "x"}],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "rotation"}]},
            {"path": "1"},
            {"path": "2"},
        ],
    }
    told = of(
        root=group(ome={"multiscales": [image], "labels": ["cells"]}),
        **{"0": array(2, 2, names="yx"), "1": array(2, 2, 2, names="zyx")},
    )["ome"]
    assert told.declared == ("/",)
    assert [(finding.rule, finding.message) for finding in told.findings] == [
        ("ome.image", "'0': {'type': 'rotation'} is no scale or translation of each axis"),
        ("ome.image", "'1' has 3 dimensions, and the image 2 axes"),
        ("ome.image", "dimension_names of '1' are ('z', 'y', 'x'), the axes ('y', 'x')"),
        ("ome.image", "'1' has no coordinateTransformations"),
        ("ome.image", "there is no array '2'"),
        ("ome.labels", "there is no 'cells'"),
        ("ome.version", "ome has no version"),
    ]


def test_a_plate_has_the_wells_and_a_well_the_images_that_they_list() -> None:
    told = of(
        root=group(ome={"version": "0.5", "plate": {"wells": [{"path": "A/1"}, {"path": "A/2"}]}}),
        A=group(),
        A__1=group(ome={"version": "0.5", "well": {"images": [{"path": "0"}]}}),
    )["ome"]
    assert found(told) == [("/", "ome.plate"), ("/A/1", "ome.well")]


def test_the_list_of_conventions_has_a_form() -> None:
    entries = [5, {"name": "a"}, {"uuid": "X"}, {**NZ, "version": "1"}]
    told = of(root=group(zarr_conventions=entries), a=array(2, zarr_conventions="NZ"))
    assert [finding.message for finding in told["zarr_conventions"].findings] == [
        "expected objects, found 5",
        "{'name': 'a'} has none of uuid, schema_url, spec_url",
        "'X' is no uuid in lower case",
        "members that the framework does not have: version",
        "expected a list, found str",
    ]


def test_a_convention_that_is_not_known_goes_by_its_name() -> None:
    uuid = "3bbe438d-df37-49fe-8e2b-739296d46dfb"
    told = of(
        root=group(zarr_conventions=[{"uuid": uuid, "name": "uom"}]),
        a=array(2, zarr_conventions=[{"uuid": uuid, "name": "uom"}, {"uuid": uuid}]),
    )
    assert list(told) == [*CONVENTIONS, "uom", uuid]
    assert told["uom"].declared == ("/", "/a")
    assert not told["uom"].satisfied


def test_the_first_form_of_the_list_declares_too() -> None:
    told = of(a=array(2, zarr_conventions={declarations.PROJ.uuid: {"version": "0.1"}}))
    assert told["proj"].declared == ("/a",)
    assert not told["zarr_conventions"].satisfied


def test_nodes_that_cannot_be_read_are_passed_over() -> None:
    wrong = {**array(2), "data_type": "quad"}
    told = of(a=wrong, b=array(2, names="x"))
    assert told["dimension_names"].declared == ("/b",)
