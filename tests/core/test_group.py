"""Hierarchies in a store: found at few requests, and published whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.core.test_array import document
from tests.metadata.test_deviations import V2, V3
from zarr_cdm.core.group import ZarrGroup, create_tree, open_tree, publish
from zarr_cdm.core.opening import create_group
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import (
    MetadataError,
    NodeNotFoundError,
    StoreError,
    UnknownNameError,
    UnsupportedError,
    ZarrCdmError,
    ZarrCdmWarning,
)
from zarr_cdm.metadata.consolidated import walk
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.json import dumps, loads

GROUP = {"zarr_format": 3, "node_type": "group"}
GROUP_V2 = {"zarr_format": 2}


class Counting:
    """A store that remembers what is asked of it, and is wrapped around another."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.calls: list[tuple[str, ...]] = []

    def get_many(self, requests: Any) -> list[bytes | None]:
        self.calls.append(("get_many", *(key for key, _ in requests)))
        return self.store.get_many(requests)

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        self.calls.append(("get", key))
        return self.store.get(key, span)

    def children(self, prefix: str = "") -> Iterator[str]:
        self.calls.append(("children", prefix))
        return self.store.children(prefix)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def filled(**documents: Any) -> Counting:
    """Return a store with JSON at keys; ``__`` in a name stands for '/', ``_z`` for '.z'."""
    return Counting(
        MemoryStore(
            {
                key: value if isinstance(value, bytes) else dumps(value)
                for key, value in documents.items()
            }
        )
    )


def store_of(documents: dict[str, Any]) -> Counting:
    return filled(**documents)


def arrays(zarr_format: ZarrVersion) -> ArrayMetadata:
    keys = Extension("v2", {"separator": "."}) if zarr_format == 2 else None
    return document((4, 6), (2, 3), keys=keys, zarr_format=zarr_format, attributes={"units": "K"})


def tree(zarr_format: ZarrVersion) -> Node:
    """Return a tree of two arrays, one of them in a group."""
    sub = GroupMetadata({"deep": True}, zarr_format=zarr_format)
    return Node(
        GroupMetadata({"title": "root"}, zarr_format=zarr_format),
        {"t": Node(arrays(zarr_format)), "sub": Node(sub, {"u": Node(arrays(zarr_format))})},
    )


def written(zarr_format: ZarrVersion) -> MemoryStore:
    store = MemoryStore()
    group = create_tree(store, tree(zarr_format), zarr_format)
    group.array("t")[...] = 1
    group.array("sub/u")[...] = 2
    publish(group)
    return store


def check_tree(group: ZarrGroup) -> None:
    nodes = dict(walk(group.node))
    assert sorted(nodes) == ["", "sub", "sub/u", "t"]
    assert nodes[""].document.attributes == {"title": "root"}
    assert nodes["sub"].document.attributes == {"deep": True}
    assert nodes["sub/u"].document.attributes == {"units": "K"}
    assert group.array("t")[...].tolist() == np.ones((4, 6)).tolist()
    assert group.array("sub/u")[1, 1] == 2


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_consolidated_hierarchy_costs_one_document(zarr_format: ZarrVersion) -> None:
    store = Counting(written(zarr_format))
    group = open_tree(store)
    # Without a look for the other version where there is a v3 document: far away, requests count.
    calls = [("get", "zarr.json"), ("get", ".zmetadata")][: 4 - zarr_format]
    assert store.calls == calls
    assert [node.document for _, node in walk(group.node)]
    group.array("sub/u")
    assert store.calls == calls, "no document is read twice"
    assert (group.zarr_format, group.consolidated) == (zarr_format, True)
    check_tree(group)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_hierarchy_that_is_not_consolidated_is_looked_up(zarr_format: ZarrVersion) -> None:
    plain = written(zarr_format)
    if zarr_format == 2:
        plain.delete(".zmetadata")
    else:
        root = loads(plain.get("zarr.json") or b"")
        del root["consolidated_metadata"]
        plain.set("zarr.json", dumps(root))
    group = open_tree(Counting(plain))
    assert (group.zarr_format, group.consolidated) == (zarr_format, False)
    check_tree(group)


def test_of_many_members_all_documents_are_read_in_one_call() -> None:
    store = store_of({"zarr.json": GROUP} | {f"v{i}/zarr.json": V3 for i in range(50)})
    group = open_tree(store)
    assert len(group.node.members) == 50
    assert all(node.document for node in group.node.members.values())
    assert [call[0] for call in store.calls] == ["get", "children", "get_many"]


def test_one_member_by_name_costs_one_call_and_no_listing() -> None:
    store = store_of({"zarr.json": GROUP, "a/zarr.json": GROUP, "a/t/zarr.json": V3})
    group = open_tree(store)
    store.calls.clear()
    group.array("a/t")
    assert [call[0] for call in store.calls] == ["get_many", "get_many"]


def test_v3_documents_are_preferred_to_v2_ones() -> None:
    store = store_of(
        {
            "zarr.json": GROUP | {"attributes": {"version": 3}},
            ".zgroup": GROUP_V2,
            ".zattrs": {"version": 2},
            "a/zarr.json": V3 | {"attributes": {"version": 3}},
            "a/.zarray": V2,
            "a/.zattrs": {"version": 2},
            "b/.zarray": V2,
            "b/.zattrs": {"version": 2},
        }
    )
    group = open_tree(store)
    assert group.zarr_format == 3
    found = {name: node.document for name, node in group.node.members.items()}
    versions = {name: node.attributes["version"] for name, node in found.items()}
    assert group.node.document.attributes == {"version": 3}
    assert versions == {"a": 3, "b": 2}
    assert {name: node.zarr_format for name, node in found.items()} == versions


def test_a_consolidated_v2_document_does_not_hide_a_v3_root() -> None:
    old = {"zarr_consolidated_format": 1, "metadata": {".zgroup": GROUP_V2}}
    store = store_of({"zarr.json": GROUP, ".zmetadata": old, "a/zarr.json": V3})
    group = open_tree(store)
    assert group.zarr_format == 3
    assert list(group.node.members) == ["a"]


@pytest.mark.parametrize(
    "documents", [{"zarr.json": V3}, {".zarray": V2}, {".zarray": V2, ".zattrs": {"a": 1}}]
)
def test_the_root_may_be_an_array(documents: dict[str, Any]) -> None:
    group = open_tree(store_of(documents))
    assert isinstance(group.node.document, ArrayMetadata)
    assert group.array("").shape == (4, 6)
    assert not group.array("")[...].any()


@pytest.mark.parametrize("documents", [{}, {"a/zarr.json": V3}, {"x": {}}, {"zarr.jso": GROUP}])
def test_without_a_root_there_is_nothing(documents: dict[str, Any]) -> None:
    with pytest.raises(NodeNotFoundError, match="memory: no Zarr hierarchy: there is no"):
        open_tree(store_of(documents))


def test_what_is_not_there_is_not_found() -> None:
    group = open_tree(store_of({"zarr.json": GROUP, "a/zarr.json": GROUP, "a/t/zarr.json": V3}))
    for path in ("b", "a/b", "a/t/u", "t"):
        with pytest.raises(NodeNotFoundError, match=f"memory: {path}: there is no such node"):
            group.array(path)
    for path in ("", "a"):
        with pytest.raises(NodeNotFoundError, match="there is a group, no array"):
            group.array(path)


@pytest.mark.parametrize("path", ["..", "../a", "a/../t", "/a", "a//t"])
def test_no_path_leads_out_of_the_store(path: str) -> None:
    plain = open_tree(store_of({"zarr.json": GROUP, "a/zarr.json": GROUP, "a/t/zarr.json": V3}))
    with pytest.raises((NodeNotFoundError, StoreError)):
        plain.array(path)
    with pytest.raises(NodeNotFoundError):
        open_tree(written(3)).array(path)


@pytest.mark.parametrize(
    "broken",
    [b"", b"{", b"[]", dumps(V3 | {"shape": "x"}), dumps(V3 | {"data_type": "float33"})],
)
def test_a_broken_member_harms_only_itself(broken: bytes) -> None:
    store = store_of({"zarr.json": GROUP, "a/zarr.json": broken, "b/zarr.json": V3})
    group = open_tree(store)
    assert sorted(group.node.members) == ["a", "b"]
    assert group.array("b").shape == (4, 6)
    with pytest.raises(MetadataError, match=r"memory: a/zarr.json: .*|memory: a: .*"):
        group.array("a")


@pytest.mark.parametrize("broken", [b"", b"[]", b"nonsense"])
def test_a_broken_v2_member_harms_only_itself(broken: bytes) -> None:
    documents = {".zgroup": GROUP_V2, "a/.zarray": V2, "a/.zattrs": {}, "b/.zarray": V2}
    group = open_tree(store_of(documents | {"a/.zarray": broken}))
    assert group.array("b").shape == (4, 6)
    with pytest.raises(MetadataError) as error:
        group.array("a")
    assert (error.value.source, error.value.key) == ("memory", "a/.zarray")


@pytest.mark.parametrize("broken", [b"", b"nonsense", b'{"z": 5, "a'])
def test_broken_v2_attributes_are_left_out_with_a_warning(broken: bytes) -> None:
    documents = {".zgroup": GROUP_V2, "a/.zarray": V2, "a/.zattrs": broken}
    group = open_tree(store_of(documents))
    with pytest.warns(ZarrCdmWarning, match="memory: a/.zattrs: .*attributes are left out"):
        array = group.array("a")
    assert array.shape == (4, 6)
    assert array.metadata.attributes == {}


def test_a_member_with_an_unknown_codec_opens_all_others() -> None:
    bad = V3 | {"codecs": ["bytes", {"name": "nope"}]}
    inline = {"kind": "inline", "must_understand": False, "metadata": {"a": bad, "b": V3}}
    group = open_tree(store_of({"zarr.json": GROUP | {"consolidated_metadata": inline}}))
    assert group.array("b").shape == (4, 6)
    with pytest.raises(UnknownNameError, match="memory: a: unknown codec 'nope'") as error:
        group.array("a")
    assert error.value.key == "a"


@pytest.mark.parametrize(
    ("documents", "key"),
    [
        ({"zarr.json": b"{"}, "zarr.json"),
        ({"zarr.json": {"zarr_format": 4}}, "zarr.json"),
        ({"zarr.json": GROUP | {"extra": 1}}, "zarr.json"),
        ({".zgroup": b"{"}, ".zgroup"),
        ({".zgroup": {"zarr_format": 3}}, ".zgroup"),
        ({".zarray": {}}, ".zarray"),
        ({".zmetadata": {}}, ".zmetadata"),
        ({".zmetadata": b"\xff"}, ".zmetadata"),
    ],
)
def test_a_broken_root_names_its_key(documents: dict[str, Any], key: str) -> None:
    with pytest.raises(ZarrCdmError) as error:
        open_tree(store_of(documents))
    assert isinstance(error.value, MetadataError)
    assert (error.value.source, error.value.key) == ("memory", key)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_nothing_opens_before_it_is_published(zarr_format: ZarrVersion) -> None:
    store = MemoryStore()
    group = create_tree(store, tree(zarr_format), zarr_format)
    group.array("t")[...] = 1
    group.array("sub/u")[...] = 2
    assert not {"zarr.json", ".zgroup", ".zattrs", ".zmetadata"} & set(store.list())
    with pytest.raises(NodeNotFoundError):
        open_tree(store)
    publish(group)
    check_tree(open_tree(store))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_the_root_document_is_written_last(zarr_format: ZarrVersion) -> None:
    class Ordered(MemoryStore):
        keys: list[str] = []  # noqa: RUF012

        def set(self, key: str, value: Any) -> None:
            self.keys.append(key)
            super().set(key, value)

    store = Ordered()
    Ordered.keys.clear()
    publish(create_tree(store, tree(zarr_format), zarr_format))
    roots = {2: [".zgroup", ".zattrs", ".zmetadata"], 3: ["zarr.json"]}[zarr_format]
    assert Ordered.keys[-len(roots) :] == roots


def test_a_v2_group_in_between_is_found_by_its_arrays() -> None:
    store = MemoryStore()
    create_group(store, zarr_format=2).create_array("a/b", data=np.arange(3))
    store.delete("a/.zgroup")
    store.set("other/notes", b"")
    with pytest.warns(ZarrCdmWarning, match=r"memory: a: there is no \.zgroup"):
        assert open_tree(store).array("a/b")[...].tolist() == [0, 1, 2]
    with pytest.warns(ZarrCdmWarning, match=r"memory: a: there is no \.zgroup"):
        assert list(open_tree(store)) == ["a"]
    with pytest.raises(NodeNotFoundError):
        open_tree(store).array("other/notes")


@pytest.mark.parametrize(
    ("failure", "seen"), [(StoreError, StoreError), (UnsupportedError, NodeNotFoundError)]
)
def test_only_a_store_that_has_no_listing_may_hide_a_group_without_a_document(
    failure: type[ZarrCdmError], seen: type[ZarrCdmError]
) -> None:
    class Unlisted(MemoryStore):
        def children(self, prefix: str = "") -> Iterator[str]:
            raise failure("cannot list")

    store = Unlisted()
    create_group(store, zarr_format=2)
    with pytest.raises(seen):
        open_tree(store).array("a")
