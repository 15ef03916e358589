"""Our stores through icechunk, which keeps the documents of Zarr v3 in a format of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.formats import stress
from tests.interop.foreign import dataset, read, read_by_others, write
from zarr_cdm.cdm.model import Dataset

icechunk = pytest.importorskip("icechunk")
zarr = pytest.importorskip("zarr", minversion="3")
pytestmark = [
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part"),
]
OTHER = "another writer changed it: "


async def copied(source: Any, target: Any) -> None:
    prototype = zarr.core.buffer.default_buffer_prototype()
    keys = [key async for key in source.list()]
    for key in keys:
        await target.set(key, await source.get(key, prototype))


def taken_in(store: Path) -> Any:
    """Return a new repository with one commit: every key of a store."""
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    session = repository.writable_session("main")
    asyncio.run(copied(zarr.storage.LocalStore(store), session.store))
    session.commit("taken in")
    return repository


def taken_out(repository: Any, target: Path) -> Path:
    """Return a new store with every key of what was committed last."""
    session = repository.readonly_session("main")
    asyncio.run(copied(session.store, zarr.storage.LocalStore(target)))
    return target


def without_rows() -> Dataset:
    given = dataset()
    for name in ("r", "d", "m"):
        del given.variables[name]
    return given


@pytest.mark.parametrize("make", [dataset, stress.dataset])
def test_everything_comes_back_and_each_document_is_the_same(make: Any, tmp_path: Path) -> None:
    write(make(), tmp_path / "in.zarr", 3)
    out = taken_out(taken_in(tmp_path / "in.zarr"), tmp_path / "out.zarr")
    after, told = read(out)
    assert told == []
    assert after.facts["dialect"] == "native"
    assert zarr_cdm.compare(make(), after, storage=True) == []
    files = [path for path in (tmp_path / "in.zarr").rglob("*") if path.is_file()]
    assert files
    for path in files:
        before, found = (
            path.read_bytes(),
            (out / path.relative_to(tmp_path / "in.zarr")).read_bytes(),
        )
        if path.name == "zarr.json":
            assert json.loads(found) == json.loads(before), path
        else:
            assert found == before, path


def test_edits_inside_of_it_leave_the_records_as_edits_of_a_directory_do(tmp_path: Path) -> None:
    write(without_rows(), tmp_path / "in.zarr", 3)
    repository = taken_in(tmp_path / "in.zarr")
    session = repository.writable_session("main")
    group = zarr.open_group(session.store, mode="r+", use_consolidated=False)
    group["air"].attrs["scale_factor"] = 0.25
    del group["scalar"].attrs["code"]
    del group["p.b"]
    session.commit("edited")
    out = taken_out(repository, tmp_path / "out.zarr")
    after, told = read(out)
    # zarr-python consolidates nothing in icechunk, nor does it drop what was.
    assert told == [
        f"{out}: its consolidated documents are outdated, and not followed, for /air, /p.b, /scalar"
        ": another writer did not consolidate again",
        f"/scalar: {OTHER}its attribute code gone",
        "/p is shown as the arrays that hold its parts (p.a, p.c): its part 'b' is gone",
    ]
    assert after.variables["air"].attributes["scale_factor"].type.name == "float"
    found = zarr_cdm.compare(without_rows(), after)
    assert [f"{each.place} {each.rule}" for each in found] == [
        "/p variable.missing",
        "/p.a variable.missing",
        "/p.c variable.missing",
        "/air@scale_factor attribute.value",
        "/scalar@code attribute.missing",
    ]
    read_by_others(out, 3, sound=True)


def test_an_append_of_xarray_inside_of_it_is_one(tmp_path: Path) -> None:
    given = without_rows()
    del given.groups["g"]
    write(given, tmp_path / "in.zarr", 3)
    repository = taken_in(tmp_path / "in.zarr")
    session = repository.writable_session("main")
    with xr.open_zarr(session.store, consolidated=False, chunks=None) as found:
        more = found.load().isel(t=[0, 1]).drop_encoding()
    more = more.drop_vars([name for name in more.variables if "t" not in more[name].dims])
    more.to_zarr(session.store, append_dim="t", zarr_format=3, consolidated=False)
    session.commit("appended")
    after, told = read(taken_out(repository, tmp_path / "out.zarr"))
    assert told == [f"/: {OTHER}its record is gone, and with it types and order of what is in it"]
    assert (after.dimensions["t"].size, after.dimensions["t"].unlimited) == (5, True)
    assert after.variables["p"].data[...]["a"].tolist() == [1, 2, 3, 1, 2]
    assert after.variables["e"].type == dataset().types["color"]
    assert after.variables["o"].data[3].tobytes() == b"abc"
    assert after.variables["s"].data[...].tolist() == ["a", None, "", "a", ""]


def test_what_xarray_copies_into_it_is_plain_zarr_and_compare_tells_what_that_lost(
    tmp_path: Path,
) -> None:
    write(without_rows(), tmp_path / "in.zarr", 3)
    repository = icechunk.Repository.create(icechunk.in_memory_storage())
    session = repository.writable_session("main")
    with xr.open_zarr(tmp_path / "in.zarr", chunks=None) as found:
        found.load().drop_encoding().to_zarr(session.store, zarr_format=3, consolidated=False)
    session.commit("copied")
    after, told = read(taken_out(repository, tmp_path / "out.zarr"))
    assert told == []  # nothing of ours is there that could be stale
    assert after.facts["dialect"] == "dimension_names"
    assert np.array_equal(after.variables["p.b"].data[...], [[0, 1], [2, 3], [4, 5]])
    assert np.array_equal(after.variables["air"].data[...] * 1.0, [[0, 0.5], [1, 1.5], [2, 2.5]])
    lost = {f"{each.place} {each.rule}" for each in zarr_cdm.compare(without_rows(), after)}
    assert {
        "/t dimension.unlimited",
        "/left dimension.missing",
        "/unused type.missing",
        "/p variable.missing",
        "/@level attribute.type",
        "/g group.missing",
    } <= lost
