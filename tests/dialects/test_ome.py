"""OME-Zarr: levels as groups, axes as dimensions, transformations as coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.datasets import differences, variable_of
from tests.dialects.stores import array, group, hierarchy, read
from zarr_cdm.cdm.regular import RegularArray
from zarr_cdm.errors import ZarrCdmWarning

YX = [{"name": "y", "type": "space", "unit": "nanometer"}, {"name": "x", "type": "space"}]


def scale(*numbers: float) -> dict[str, Any]:
    return {"type": "scale", "scale": list(numbers)}


def translation(*numbers: float) -> dict[str, Any]:
    return {"type": "translation", "translation": list(numbers)}


def image(*levels: Any, axes: Any = YX, **more: Any) -> dict[str, Any]:
    """Return ``multiscales`` of levels that are called 0, 1, … with transformations each."""
    datasets = [
        {"path": str(number), **({} if steps is None else {"coordinateTransformations": steps})}
        for number, steps in enumerate(levels)
    ]
    return {"datasets": datasets, **({} if axes is None else {"axes": axes}), **more}


def one(shape: tuple[int, ...], described: dict[str, Any], **ome: Any) -> Any:
    """Return an image of one level, read."""
    root = group(ome={"version": "0.5", "multiscales": [described], **ome})
    name, dataset = read(hierarchy(root, **{"0": array(*shape, dtype="uint16")}))
    assert name == "ome"
    return dataset.groups["0"]


def test_coordinates_are_scaled_first_and_moved_after() -> None:
    found = one((3, 2), image([scale(2, 4), translation(10, 20)]))
    assert list(found.variables) == ["image", "y", "x"]
    assert found.variables["y"].data[...].tolist() == [10, 12, 14]
    assert found.variables["x"].data[...].tolist() == [20, 24]
    assert isinstance(found.variables["y"].data, RegularArray)
    shown = {name: each.plain() for name, each in found.variables["y"].attributes.items()}
    assert shown == {"units": "nanometer", "axis": "Y"}
    assert found.variables["x"].attributes["axis"].plain() == "X"


def test_transformations_of_the_image_come_after_those_of_the_level() -> None:
    steps = {"coordinateTransformations": [scale(10, 10), translation(1, 2)]}
    found = one((2, 2), image([scale(2, 4), translation(1, 1)], **steps))
    assert found.variables["y"].data[...].tolist() == [11, 31]
    assert found.variables["x"].data[...].tolist() == [12, 52]


def test_without_transformations_there_are_no_coordinates() -> None:
    found = one((3, 2), image(None))
    assert list(found.variables) == ["image"]
    assert [dim.name for dim in found.variables["image"].dimensions] == ["y", "x"]


def test_an_identity_changes_nothing() -> None:
    assert one((2, 2), image([{"type": "identity"}])).variables["y"].data[...].tolist() == [0, 1]


@pytest.mark.parametrize(
    "step",
    [
        {"type": "rotation"},
        {"type": "scale", "path": "numbers"},
        scale(1),
        {"type": "scale", "scale": ["a", "b"]},
        {"type": "scale", "scale": [1, {}]},
        {"type": "scale", "scale": [1, "NaN"]},
        {"type": "scale", "scale": [1, 10**400]},
        5,
    ],
    ids=str,
)
def test_a_transformation_that_is_none_costs_the_coordinates_and_a_warning(step: Any) -> None:
    with pytest.warns(ZarrCdmWarning, match="^/0 has no coordinates: "):
        found = one((3, 2), image([step]))
    assert list(found.variables) == ["image"]


def test_a_coordinate_that_memory_cannot_hold_is_none() -> None:
    huge = array(2**60, 2)
    huge["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": [1, 1]}}
    opened = hierarchy(group(ome={"multiscales": [image([scale(1, 1)])]}), **{"0": huge})
    with pytest.warns(ZarrCdmWarning, match="^/0 has no coordinates: .*raise Limits.read_bytes"):
        _, found = read(opened)
    assert list(found.groups["0"].variables) == ["image"]


@pytest.mark.parametrize(
    ("axes", "shape", "names"),
    [
        (["y", "x"], (3, 2), ["y", "x"]),
        (None, (1, 2, 3, 4, 5), ["t", "c", "z", "y", "x"]),
        ([{"name": "y"}, {"name": "y"}], (3, 2), ["_Anonymous_Dim_3", "_Anonymous_Dim_2"]),
        ([{"name": 1}, {"name": "y"}], (3, 2), ["_Anonymous_Dim_3", "_Anonymous_Dim_2"]),
        ([{"name": "y"}], (3, 2), ["_Anonymous_Dim_3", "_Anonymous_Dim_2"]),
        ("yx", (3, 2), ["_Anonymous_Dim_3", "_Anonymous_Dim_2"]),
    ],
)
def test_axes_are_named_as_the_version_has_them(axes: Any, shape: Any, names: list[str]) -> None:
    found = one(shape, image(None, axes=axes))
    assert [dim.name for dim in found.variables["image"].dimensions] == names


def test_time_and_channels_are_axes_too() -> None:
    axes = [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"}]
    described = image([scale(0.5, 1)], axes=axes)
    channels = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}
    found = one((3, 2), described, omero=channels)
    assert found.variables["t"].data[...].tolist() == [0, 0.5, 1]
    assert found.variables["t"].attributes["axis"].plain() == "T"
    assert found.variables["c"].data.tolist() == ["DAPI", "GFP"]
    for wrong in ({}, {"channels": [{"label": "DAPI"}]}, {"channels": [{}, {}]}, 5):
        assert "c" not in one((3, 2), described, omero=wrong).variables


def test_the_older_versions_write_among_the_attributes() -> None:
    root = group(multiscales=[image([scale(1, 1)], version="0.4")])
    name, found = read(hierarchy(root, **{"0": array(2, 2)}))
    assert name == "ome"
    assert list(found.groups["0"].variables) == ["image", "y", "x"]
    assert "multiscales" in found.attributes


def test_a_fill_value_is_one_of_the_image_only_where_an_attribute_says_so() -> None:
    opened = hierarchy(
        group(ome={"multiscales": [image(None, None)]}),
        **{"0": array(2, 2, _FillValue=-1), "1": array(1, 1, fill=-1)},
    )
    _, found = read(opened)
    first, second = (found.groups[name].variables["image"] for name in "01")
    assert first.attributes["_FillValue"].plain() == -1
    assert "_FillValue" not in second.attributes
    assert (first.storage.fill_mode, second.storage.fill_mode) == ("explicit", "default")


def test_levels_may_lie_deeper_and_other_arrays_stay_where_they_are() -> None:
    described = {"axes": YX, "datasets": [{"path": "a/full"}, {"path": "/a/half"}, {"path": "no"}]}
    _, found = read(
        hierarchy(
            group(ome={"multiscales": [described]}),
            a=group(level=1),
            a__full=array(4, 4, units="K"),
            a__half=array(2, 2),
            a__table=array(7, names="n"),
        )
    )
    assert sorted(path for path, _ in found.walk()) == ["/", "/a", "/a/full", "/a/half"]
    assert list(found.groups["a"].variables) == ["table"]
    assert variable_of(found, "/a/full/image").attributes["units"].plain() == "K"
    assert variable_of(found, "/a/half/image").shape == (2, 2)


def test_two_images_may_share_a_level() -> None:
    images = [image([scale(1, 1)]), image([scale(2, 2)], name="again")]
    _, found = read(hierarchy(group(ome={"multiscales": images}), **{"0": array(2, 2)}))
    assert found.groups["0"].variables["y"].data[...].tolist() == [0, 1]


def test_an_axis_may_have_the_name_of_the_variable() -> None:
    found = one((2,), image([scale(1)], axes=["image"]))
    assert list(found.variables) == ["image"]


@pytest.mark.parametrize(
    "root",
    [
        group(multiscales="x"),
        group(multiscales=[]),
        group(multiscales=[{"datasets": "x"}]),
        group(multiscales=[{"datasets": [{"path": 5}, {"path": "a/../0"}, {"path": ""}, {}]}]),
        group(ome=5),
        group(ome={"multiscales": [{"datasets": [{"path": "gone"}]}]}),
        group(multiscales=[{"datasets": [{"path": "pyramid"}]}]),  # levels that are groups: others'
    ],
)
def test_what_is_no_image_is_plain(root: dict[str, Any]) -> None:
    opened = hierarchy(root, pyramid=group(), **{"0": array(2, 2, names="yx")})
    assert read(opened)[0] == "dimension_names"


def test_collections_and_plates_are_known_before_their_images_are() -> None:
    for root in (group(ome={"bioformats2raw.layout": 3}), group(plate={"wells": []})):
        assert read(hierarchy(root))[0] == "ome"


def test_nodes_that_cannot_be_read_cost_a_warning_each() -> None:
    wrong = {**array(2, 2), "data_type": "quad"}
    root = group(ome={"multiscales": [image(None, None)]})
    with pytest.warns(ZarrCdmWarning, match="/1 is left out: .*quad"):
        _, found = read(hierarchy(root, **{"0": array(2, 2), "1": wrong}))
    assert list(found.groups) == ["0"]


def test_an_image_that_zarr_python_wrote_opens_in_xarray_and_becomes_netcdf_s(
    tmp_path: Path,
) -> None:
    zarr = pytest.importorskip("zarr", minversion="3")
    values = np.arange(24, dtype="u2").reshape(4, 6)
    steps = [[scale(0.5, 0.5)], [scale(1, 1), translation(0.25, 0.25)]]
    root = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    root.attrs["multiscales"] = [image(*steps, version="0.4")]
    root.create_array("0", data=values, chunks=(2, 3))
    root.create_array("1", data=values[::2, ::2])
    with xr.open_dataset(tmp_path / "a.zarr", engine="zarr_cdm", group="1") as level:
        assert level.image.dims == ("y", "x")
        assert level.y.values.tolist() == [0.25, 1.25]
        assert level.image.dtype == values.dtype  # nothing is masked: zeros are no gaps
        assert level.image.sel(y=1.25, x=2.25) == values[2, 4]
    source = zarr_cdm.read(tmp_path / "a.zarr")
    assert source.facts["dialect"] == "ome"
    zarr_cdm.convert(tmp_path / "a.zarr", tmp_path / "b.zarr")
    with zarr_cdm.read(tmp_path / "b.zarr") as found:
        assert found.facts["dialect"] == "native"
        assert variable_of(found, "/0/image").data[...].tolist() == values.tolist()
        assert variable_of(found, "/1/x").data[...].tolist() == [0.25, 1.25, 2.25]
        kept = [line for line in differences(source, found) if " storage: " not in line]
        assert [line for line in kept if " fill: " not in line] == []
