"""Our stores after stock xarray has written to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.interop.foreign import dataset, read, read_by_others, write
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.cdm.values import same

pytestmark = [
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part"),
]
versions = pytest.mark.parametrize("zarr_format", [3, 2])
OTHER = "another writer changed it: "
WIPED = f"/: {OTHER}its record is gone, and with it types and order of what is in it"


@pytest.fixture
def store(tmp_path: Path, zarr_format: Any) -> Path:
    write(without_rows(dataset()), tmp_path / "air.zarr", zarr_format)
    return tmp_path / "air.zarr"


def without_rows(given: Dataset) -> Dataset:
    """Return a dataset without rows of any length: xarray appends to one dimension at a time."""
    for name in ("r", "d", "m"):
        del given.variables[name]
    del given.groups["g"]
    return given


def load(store: Path, *names: str) -> xr.Dataset:
    """Return variables, or all of them, as stock xarray has them."""
    with xr.open_dataset(store, engine="zarr") as found:
        return (found[list(names)] if names else found).load()


def append(store: Path, zarr_format: Any) -> None:
    """Append the first two of all that lie on t once more."""
    more = load(store).isel(t=[0, 1]).drop_encoding()
    more = more.drop_vars([name for name in more.variables if "t" not in more[name].dims])
    more.to_zarr(store, append_dim="t", zarr_format=zarr_format, consolidated=True)


@versions
def test_all_parts_of_a_variable_grow_with_an_append(store: Path, zarr_format: Any) -> None:
    append(store, zarr_format)
    after, told = read(store)
    assert told == [WIPED]
    assert (after.dimensions["t"].size, after.dimensions["t"].unlimited) == (5, True)
    for name, before in without_rows(dataset()).variables.items():
        found = after.variables[name]
        assert found.type == before.type, name
        assert found.attributes == before.attributes, name
        data = np.asarray(before.data[...])
        if "t" in [each.name for each in before.dimensions]:
            data = np.concatenate([data, data[:2]])
        if name == "s":
            data[4] = ""  # xarray knows no NULL
        assert same(found.type, np.asarray(found.data[...]), data), name
    lost = [each for each in zarr_cdm.compare(dataset(), after) if "unused" in each.place]
    assert [each.rule for each in lost] == ["type.missing"]
    read_by_others(store, zarr_format, sound=True)


@versions
def test_rows_whose_lengths_alone_are_appended_are_shown_in_parts(
    tmp_path: Path, zarr_format: Any
) -> None:
    whole = dataset()
    whole.variables = {"r": whole.variables["r"]}
    del whole.groups["g"]
    store = tmp_path / "rows.zarr"
    write(whole, store, zarr_format)
    append(store, zarr_format)
    after, told = read(store)
    shown = "/r is shown as the arrays that hold its parts (r.length, r.values): /r: the lengths"
    assert told[0] == WIPED
    assert told[1].startswith(shown)
    assert len(told) == 2
    assert after.variables["r.length"].data[...].tolist() == [2, 0, 1, 2, 0]
    assert after.variables["r.values"].data[...].tolist() == [1, 2, 3]
    read_by_others(store, zarr_format, sound=True)


@versions
def test_a_region_leaves_everything_else_as_it_was(store: Path, zarr_format: Any) -> None:
    part = load(store, "air", "p.a", "s").isel(t=slice(1, 3))
    part["air"], part["p.a"] = part["air"] * 0 + 4, part["p.a"] + 10
    part.drop_encoding().to_zarr(store, region={"t": slice(1, 3)}, zarr_format=zarr_format)
    after, told = read(store)
    assert told == []
    found = zarr_cdm.compare(without_rows(dataset()), after)
    assert [f"{each.place} {each.rule}" for each in found] == ["/p values", "/air values"]
    assert after.variables["air"].data[...].tolist() == [[0, 1], [8, 8], [8, 8]]
    assert after.variables["p"].data[...]["a"].tolist() == [1, 12, 13]
    assert after.variables["s"].data[...].tolist() == ["a", None, ""]


@versions
def test_a_new_variable_is_one_and_the_lost_record_of_the_root_is_told(
    store: Path, zarr_format: Any
) -> None:
    more = xr.Dataset({"more": ("t", np.array([1.0, 2.0, 3.0]))})
    more.to_zarr(store, mode="a", zarr_format=zarr_format)
    after, told = read(store)
    assert told == [WIPED]
    assert after.variables["more"].dimensions == (after.dimensions["t"],)
    found = {f"{each.place} {each.rule}" for each in zarr_cdm.compare(dataset(), after)}
    assert "/air values" not in found
    assert {"/more variable.missing", "/left dimension.missing", "/unused type.missing"} <= found
    read_by_others(store, zarr_format, sound=True)


@versions
def test_a_variable_that_is_overwritten_keeps_its_type_and_those_of_its_attributes(
    store: Path, zarr_format: Any
) -> None:
    again = load(store, "air", "c")
    again["air"] = again["air"] * 2
    again.drop_encoding().to_zarr(store, mode="a", zarr_format=zarr_format)
    after, told = read(store)
    assert told[0] == WIPED
    before = without_rows(dataset()).variables
    assert after.variables["air"].data[...].tolist() == [[0, 2], [4, 6], [8, 10]]
    assert after.variables["air"].type == before["air"].type
    assert after.variables["air"].attributes == before["air"].attributes
    assert after.variables["c"].data[...].tolist() == [b"a", b"", b"\xff"]
    read_by_others(store, zarr_format, sound=True)
