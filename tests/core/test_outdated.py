"""Consolidated documents that are not kept true, in a directory and elsewhere."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from zarr_cdm.core.group import ZarrGroup, open_tree
from zarr_cdm.core.opening import create_group
from zarr_cdm.core.options import Options
from zarr_cdm.core.outdated import fresh
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import ZarrCdmWarning
from zarr_cdm.metadata.documents import ZarrVersion

versions = pytest.mark.parametrize("zarr_format", [3, 2])


@pytest.fixture
def store(tmp_path: Path, zarr_format: ZarrVersion) -> Path:
    group = create_group(str(tmp_path / "a.zarr"), zarr_format=zarr_format)
    group.create_array("x", data=np.arange(3), attributes={"units": "m"})
    group.create_group("g").create_array("y", data=np.arange(2.0), fill_value=np.nan)
    group.consolidate()
    return tmp_path / "a.zarr"


def looked_at(store: Path) -> ZarrGroup:
    return fresh(open_tree(LocalStore(store)))


def attributes_key(zarr_format: ZarrVersion) -> str:
    return "zarr.json" if zarr_format == 3 else ".zattrs"


def change(path: Path, **members: Any) -> None:
    document = json.loads(path.read_text()) | members
    path.write_text(json.dumps(document))


@versions
def test_what_is_true_stays_consolidated_however_it_is_spelled(
    store: Path, zarr_format: ZarrVersion
) -> None:
    key = store / "g/y" / ("zarr.json" if zarr_format == 3 else ".zarray")
    more = {"storage_transformers": []} if zarr_format == 3 else {"dimension_separator": "."}
    change(key, **more)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert looked_at(store).consolidated


@versions
def test_what_another_writer_has_changed_added_or_deleted_is_told(
    store: Path, zarr_format: ZarrVersion
) -> None:
    edited = {"units": "km"}
    given = {"attributes": edited} if zarr_format == 3 else edited
    change(store / "x" / attributes_key(zarr_format), **given)
    for path in (store / "g/y").rglob("*"):
        path.unlink(missing_ok=True) if path.is_file() else None
    elsewhere = create_group(str(store / "new"), zarr_format=zarr_format)
    assert elsewhere.path == ""
    with pytest.warns(ZarrCdmWarning, match="are outdated, and not followed, for /g/y, /new, /x: "):
        found = looked_at(store)
    assert not found.consolidated
    assert found["x"].attrs["units"] == "km"
    assert set(found) == {"x", "g", "new"}


@versions
def test_what_is_older_than_the_consolidated_documents_is_looked_at_when_all_of_it_is_asked_for(
    store: Path, zarr_format: ZarrVersion
) -> None:
    key = store / "x" / attributes_key(zarr_format)
    change(key, **({"attributes": {"units": "km"}} if zarr_format == 3 else {"units": "km"}))
    os.utime(key, ns=(0, 0))
    assert looked_at(store).consolidated
    with pytest.warns(ZarrCdmWarning, match=r"outdated, and not followed, for /x:"):
        group = fresh(open_tree(LocalStore(store), options=Options(own_documents="all")))
    assert group["x"].attrs == {"units": "km"}
    with pytest.warns(ZarrCdmWarning, match="outdated"):
        found = zarr_cdm.compare(store, store)
    assert found == []


@versions
def test_a_store_of_consolidated_documents_alone_is_read_by_them(
    store: Path, zarr_format: ZarrVersion
) -> None:
    for name in ("zarr.json", ".zarray", ".zattrs"):
        (store / "x" / name).unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = looked_at(store)
    assert found.consolidated
    assert found.array("x")[...].tolist() == [0, 1, 2]


@versions
@pytest.mark.parametrize("junk", [5, None, [], "x", {"zarr_format": 7}])
def test_consolidated_documents_that_are_none_are_left_to_the_reader(
    store: Path, zarr_format: ZarrVersion, junk: Any
) -> None:
    key = store / ("zarr.json" if zarr_format == 3 else ".zmetadata")
    root = json.loads(key.read_text())
    holder = root["consolidated_metadata"] if zarr_format == 3 else root
    holder["metadata"]["x" if zarr_format == 3 else "x/.zarray"] = junk
    key.write_text(json.dumps(root))
    assert looked_at(store).consolidated


@versions
def test_far_away_nothing_is_looked_at(store: Path, zarr_format: ZarrVersion) -> None:
    files = [path for path in store.rglob("*") if path.is_file()]
    held = {str(path.relative_to(store)): path.read_bytes() for path in files}
    del held["x/zarr.json" if zarr_format == 3 else "x/.zarray"]
    group = open_tree(MemoryStore(held))
    assert fresh(group) is group
