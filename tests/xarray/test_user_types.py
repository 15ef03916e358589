"""What xarray sees of user-defined types, through our engine and through its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.datasets import of_every_type
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR
from zarr_cdm.cdm.values import same
from zarr_cdm.dialects.parts import parted
from zarr_cdm.errors import ZarrCdmWarning
from zarr_cdm.formats.zarr import ZarrFormat
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.translate.chunking import layout_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part"),
]
versions = pytest.mark.parametrize("zarr_format", [2, 3])


def write(dataset: Dataset, target: Path, zarr_format: ZarrVersion) -> None:
    split = parted(dataset, zarr_format)
    layouts = {path: layout_of(each, zarr_format, 8) for path, each in split.all_variables()}
    ZarrFormat().write(split, str(target), layouts=layouts, zarr_format=zarr_format)


@pytest.fixture(scope="module", params=[3, 2])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("types") / "types.zarr"
    write(of_every_type(), target, request.param)
    return target


def test_the_engine_shows_all_types(store: Path) -> None:
    with xr.open_dataset(store, engine="zarr_cdm", mask_and_scale=False) as found:
        before = of_every_type()
        assert list(found.variables) == list(before.variables)
        for name in "opdmr":
            variable = before.variables[name]
            assert found[name].dtype == variable.type.dtype
            assert same(variable.type, found[name].values, variable.data[...])
            assert same(variable.type, found[name].isel(t=[2, 0]).values, variable.data[[2, 0]])
            assert same(variable.type, found[name].isel(t=slice(1, 3)).values, variable.data[1:3])
        assert found.e.values.tolist() == [0, 1, 1]
        assert found.e.attrs["flag_values"].tolist() == [0, 1]
        assert found.e.attrs["flag_meanings"] == "red dark_green"
        assert found.s.dtype.metadata == {"element_type": str}
        assert found.s.values.tolist() == ["a", "", ""]


def test_fill_values_of_types_without_missing_values_mask_nothing(store: Path) -> None:
    with xr.open_dataset(store, engine="zarr_cdm") as found:  # without a warning
        found.load()
        assert found.e.values.tolist()[:1] == [0]
        assert np.isnan(found.e.values[1:]).all()
        assert found.p.attrs["_FillValue"]["a"] == 3


def test_an_enumeration_goes_to_netcdf_as_one(store: Path, tmp_path: Path) -> None:
    with xr.open_dataset(store, engine="zarr_cdm") as found:
        found[["e", "s"]].to_netcdf(tmp_path / "e.nc", engine="netcdf4")
    with netCDF4.Dataset(tmp_path / "e.nc") as file:
        assert file["e"].datatype.enum_dict == {"red": 0, "dark green": 1}
        file["e"].set_auto_mask(False)
        assert file["e"][:].tolist() == [0, 1, 1]


def test_a_variable_that_cannot_be_decoded_is_the_only_one_that_stays_raw(tmp_path: Path) -> None:
    dataset = of_every_type()
    units = {"units": Attribute("days since 2000-01-01", CHAR)}
    for name in "rp":
        dataset.variables[name].attributes |= units
    write(dataset, tmp_path / "a.zarr", 3)
    with pytest.warns(ZarrCdmWarning, match="cannot be decoded"):
        found = xr.open_dataset(tmp_path / "a.zarr", engine="zarr_cdm").load()
    assert set(found.variables) == set(dataset.variables)
    assert [len(row) for row in found.r.values] == [2, 0, 1]


@versions
def test_a_coordinate_may_be_of_any_type(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    for name in "erpo":
        dataset = of_every_type()
        variable = dataset.variables[name]
        variable.name = "t"
        dataset.variables = {}
        dataset.groups["g"] = Group("g", variables={"t": variable})
        write(dataset, tmp_path / f"{name}.zarr", zarr_format)
        with xr.open_datatree(tmp_path / f"{name}.zarr", engine="zarr_cdm") as tree:
            assert tree["g"].t.shape == (3,)


def test_two_dimensions_of_one_name_do_not_fail_a_group(tmp_path: Path) -> None:
    outer, inner = Dimension("x", 3), Dimension("x", 5)
    dataset = Dataset(dimensions={"x": outer})
    group = dataset.groups["g"] = Group("g", dimensions={"x": inner})
    for name, dims in (("a", (outer,)), ("b", (inner,)), ("c", (inner, outer))):
        data = np.zeros([dim.size for dim in dims])
        group.variables[name] = Variable(name, ATOMIC_TYPES["double"], dims, data=data)
    write(dataset, tmp_path / "x.zarr", 3)
    with pytest.warns(ZarrCdmWarning, match="two dimensions 'x'; the one of length 3 is called"):
        found = xr.open_dataset(tmp_path / "x.zarr", engine="zarr_cdm", group="g").load()
    assert found.c.dims == ("x", "x_3")
    assert found.a.dims == ("x_3",)


# Through xarray's own engine.


def test_stock_xarray_sees_plain_arrays_with_nothing_of_ours(store: Path) -> None:
    pytest.importorskip("zarr", minversion="3")
    with xr.open_dataset(store, engine="zarr", mask_and_scale=False) as found:
        found.load()
        assert found.attrs == {}
        own = {name for each in found.variables.values() for name in each.attrs}
        known = {"long_name", "flag_values", "flag_meanings", "sample_dimension", "twice"}
        assert own == known | {"_FillValue"}
        assert found["r.values"].values.tolist() == [1, 2, 3]
        assert found["p.b"].values.tolist() == [[0, 1], [2, 3], [4, 5]]
        assert found["o"].shape == (3, 3)
        assert found["e"].values.tolist() == [0, 1, 1]
        assert found["m.s"].values.tolist() == ["é", "", ""]
        assert found["r.length"].attrs == {"sample_dimension": found["r.values"].dims[0]}


def test_what_stock_xarray_appends_is_read(tmp_path: Path) -> None:
    pytest.importorskip("zarr", minversion="3")
    target = tmp_path / "appended.zarr"
    before = of_every_type()
    write(before, target, 3)
    names = ["e", "p.a", "p.b", "p.c", "o"]
    with xr.open_dataset(target, engine="zarr", mask_and_scale=False) as stock:
        more = stock[names].load().drop_encoding()
    more.e.attrs.pop("_FillValue", None)
    more.to_zarr(target, append_dim="t", consolidated=True)
    with pytest.warns(ZarrCdmWarning):  # of the lengths of t
        found: Any = zarr_cdm.read(target)
    for name in "epo":
        variable = before.variables[name]
        assert found.variables[name].type == variable.type
        twice = np.concatenate([variable.data[...]] * 2)
        assert same(variable.type, found.variables[name].data[...].astype(twice.dtype), twice)
    assert same(
        before.variables["r"].type, found.variables["r"].data[...], before.variables["r"].data[...]
    )
