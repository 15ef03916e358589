"""One version of Zarr out of a store that has both."""

from __future__ import annotations

from pathlib import Path

import pytest

import zarr_cdm
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.table import exists, open_store
from zarr_cdm.core.stores.version import VersionStore
from zarr_cdm.errors import NodeNotFoundError, StoreError

BOTH = {
    "zarr.json": b'{"zarr_format": 3, "node_type": "group", "attributes": {"version": 3}}',
    ".zgroup": b'{"zarr_format": 2}',
    ".zattrs": b'{"version": 2}',
    "a/c/0": b"1",
}
SEEN = {2: {".zgroup", ".zattrs", "a/c/0"}, 3: {"zarr.json", "a/c/0"}}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    store = open_store(tmp_path / "air.zarr")
    for key, value in BOTH.items():
        store.set(key, value)
    return tmp_path / "air.zarr"


@pytest.mark.parametrize("version", [2, 3])
def test_the_version_of_a_url_is_the_one_that_is_opened(place: Path, version: int) -> None:
    for target in (f"{place.as_uri()}|zarr{version}:", f"{place}|zarr{version}:"):
        group = open_tree(open_store(target))
        assert group.zarr_format == version
        assert group.node.document.attributes == {"version": version}
        assert zarr_cdm.info(target).facts["format"] == f"Zarr v{version}"


def test_without_a_version_the_newest_is_opened(place: Path) -> None:
    for target in (f"{place.as_uri()}|zarr:", str(place)):
        assert open_tree(open_store(target)).zarr_format == 3


@pytest.mark.parametrize("version", [2, 3])
def test_a_version_that_is_not_there_is_not_found(place: Path, version: int) -> None:
    for key in BOTH:
        if key not in SEEN[version]:
            open_store(place).delete(key)
    with pytest.raises(NodeNotFoundError):
        open_tree(open_store(f"{place.as_uri()}|zarr{5 - version}:"))
    assert exists(f"{place.as_uri()}|zarr{5 - version}:")  # it is no place for a new one


@pytest.mark.parametrize("version", [2, 3])
def test_the_documents_of_the_other_version_are_not_seen(version: int) -> None:
    inner = MemoryStore(dict(BOTH))
    store = VersionStore(inner, version)
    keys = list(BOTH)
    expected = [BOTH[key] if key in SEEN[version] else None for key in keys]
    assert store.get_many([(key, None) for key in keys]) == expected
    assert [store.get(key, Span(0)) for key in keys] == expected
    assert set(store.list()) == SEEN[version]
    assert set(store.children()) == {key.replace("a/c/0", "a/") for key in SEEN[version]}
    assert {key for key, _ in store.sizes()} == SEEN[version]
    for key in set(keys) - SEEN[version]:
        store.delete(key)
        with pytest.raises(StoreError, match=f"another version than {version}"):
            store.set(f"b/{key}", b"{}")
    assert set(inner.list()) == set(BOTH)
    store.set("a/c/1", b"2")
    assert inner.get("a/c/1") == b"2"


@pytest.mark.parametrize("ending", ["", ".zip|zip:"])
@pytest.mark.parametrize("version", [2, 3])
def test_what_is_written_has_to_be_of_the_version_of_the_url(
    tmp_path: Path, version: int, ending: str
) -> None:
    source = str(tmp_path / "source.zarr")
    open_store(source).set("zarr.json", BOTH["zarr.json"])
    target = f"{tmp_path.as_uri()}/new{ending}|zarr{version}:"
    with pytest.raises(StoreError, match="another version"):
        zarr_cdm.convert(source, target, zarr_format=5 - version)
    assert not exists(target)
    zarr_cdm.convert(source, target, zarr_format=version)
    assert zarr_cdm.info(target).facts["format"] == f"Zarr v{version}"
