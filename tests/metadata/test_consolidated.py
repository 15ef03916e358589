"""Whole trees in one document."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.metadata.generated import NAMES, groups, same, v2_arrays, v3_arrays
from tests.metadata.test_deviations import V2, V3
from zarr_cdm.errors import LimitError, MetadataError, UnknownNameError
from zarr_cdm.metadata import consolidated
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node
from zarr_cdm.metadata.json import dumps, loads

GROUP = {"zarr_format": 3, "node_type": "group"}


def inline(metadata: Any, **others: Any) -> dict[str, Any]:
    member = {"kind": "inline", "must_understand": False, "metadata": metadata} | others
    return GROUP | {"attributes": {"title": "root"}, "consolidated_metadata": member}


def old(metadata: Any) -> dict[str, Any]:
    return {"zarr_consolidated_format": 1, "metadata": metadata}


def paths(root: Node | None) -> list[str]:
    assert root is not None
    return [path for path, _ in consolidated.walk(root)]


def trees(zarr_format: int) -> st.SearchStrategy[Node]:
    arrays = (v3_arrays() if zarr_format == 3 else v2_arrays()).map(Node)
    leaves = st.dictionaries(NAMES, arrays, max_size=2)
    return st.recursive(
        st.builds(Node, groups(zarr_format), leaves),
        lambda inner: st.builds(
            Node, groups(zarr_format), st.dictionaries(NAMES, inner, max_size=2)
        ),
        max_leaves=3,
    )


@given(trees(3))
@settings(deadline=None, max_examples=50)
def test_a_v3_tree_is_read_as_it_was_written(root: Node) -> None:
    check_same_tree(consolidated.read_v3(loads(dumps(consolidated.write_v3(root)))), root)


@given(trees(2))
@settings(deadline=None, max_examples=50)
def test_a_v2_tree_is_read_as_it_was_written(root: Node) -> None:
    check_same_tree(consolidated.read_v2(loads(dumps(consolidated.write_v2(root)))), root)


def check_same_tree(found: Node | None, root: Node) -> None:
    assert found is not None
    assert same(found.document, root.document)
    assert set(found.members) == set(root.members)
    for name, member in root.members.items():
        check_same_tree(found.members[name], member)


def test_the_form_in_v3_is_that_of_the_specification() -> None:
    root = Node(GroupMetadata(), {"a": Node(GroupMetadata(), {"b": Node(GroupMetadata())})})
    assert consolidated.write_v3(root)["consolidated_metadata"] == {
        "kind": "inline",
        "must_understand": False,
        "metadata": {"a": GROUP | {"attributes": {}}, "a/b": GROUP | {"attributes": {}}},
    }


def test_the_form_in_v2_is_that_of_zarr_python() -> None:
    root = Node(
        GroupMetadata({"title": "root"}, zarr_format=2),
        {"a": Node(GroupMetadata({}, zarr_format=2), {})},
    )
    assert consolidated.write_v2(root) == old(
        {
            ".zgroup": {"zarr_format": 2},
            ".zattrs": {"title": "root"},
            "a/.zgroup": {"zarr_format": 2},
            "a/.zattrs": {},
        }
    )


def test_the_order_of_keys_does_not_matter() -> None:
    document = inline({"a/b/t": V3, "a/b": GROUP, "c": V3, "a": GROUP | {"attributes": {"x": 1}}})
    root = consolidated.read_v3(document)
    assert paths(root) == ["", "a", "a/b", "a/b/t", "c"]
    assert root is not None
    assert root.document.attributes == {"title": "root"}
    assert root.members["a"].document.attributes == {"x": 1}
    assert isinstance(root.members["c"].document, ArrayMetadata)


def test_groups_that_are_missing_in_between_are_groups_without_attributes() -> None:
    root = consolidated.read_v3(inline({"a/b/t": V3}))
    assert paths(root) == ["", "a", "a/b", "a/b/t"]
    assert root is not None
    assert root.members["a"].document == GroupMetadata()
    root = consolidated.read_v2(old({"a/b/.zarray": V2}))
    assert paths(root) == ["", "a", "a/b"]
    assert root.members["a"].document == GroupMetadata(zarr_format=2)
    assert root.document == GroupMetadata(zarr_format=2)


def test_a_v2_group_may_have_attributes_alone() -> None:
    root = consolidated.read_v2(old({".zattrs": {"title": "x"}, "a/.zattrs": {"y": 1}}))
    assert root.document == GroupMetadata({"title": "x"}, zarr_format=2)
    assert root.members["a"].document == GroupMetadata({"y": 1}, zarr_format=2)


def test_v2_members_keep_their_order() -> None:
    keys = ["z/.zarray", "b/.zattrs", "a/.zarray", "b/.zarray", "a/.zattrs"]
    root = consolidated.read_v2(old({key: V2 if "zarray" in key else {"k": key} for key in keys}))
    assert list(root.members) == ["z", "b", "a"]
    assert root.members["b"].document.attributes == {"k": "b/.zattrs"}
    assert isinstance(root.members["b"].document, ArrayMetadata)


def test_v2_attributes_belong_to_their_node_in_whatever_order() -> None:
    root = consolidated.read_v2(
        old(
            {"a/.zattrs": {"y": 1}, "a/.zarray": V2, ".zattrs": None, ".zgroup": {"zarr_format": 2}}
        )
    )
    assert isinstance(root.members["a"].document, ArrayMetadata)
    assert root.members["a"].document.attributes == {"y": 1}
    assert root.document.attributes == {}


def test_an_empty_tree_in_a_nested_group_is_passed_over() -> None:
    nested = inline({})  # so zarr-python writes it: no statement about members
    root = consolidated.read_v3(inline({"a": nested, "a/t": V3}))
    assert paths(root) == ["", "a", "a/t"]
    old_nested = {"zarr_format": 2, "consolidated_metadata": {"metadata": {}}}
    tree = consolidated.read_v2(old({"a/.zgroup": old_nested, "a/t/.zarray": V2}))
    assert paths(tree) == ["", "a", "a/t"]


def test_what_is_not_consolidated_is_none() -> None:
    assert consolidated.read_v3(GROUP) is None
    assert consolidated.read_v3(GROUP | {"consolidated_metadata": None}) is None
    assert consolidated.read_v3(inline({}, kind="elsewhere")) is None


def test_another_kind_that_must_be_understood_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown kind of consolidated_metadata 'elsewhere'"):
        consolidated.read_v3(inline({}, kind="elsewhere", must_understand=True))


@pytest.mark.parametrize("path", ["../x/v", "a/../b", ".", "a//b", "/a", "a/", "..", "a/./b"])
def test_a_path_that_escapes_is_refused(path: str) -> None:
    with pytest.raises(MetadataError, match="is no path of a node"):
        consolidated.read_v3(inline({path: GROUP}))
    with pytest.raises(MetadataError, match="is no path of a node"):
        consolidated.read_v2(old({f"{path}/.zgroup": {"zarr_format": 2}}))


def test_a_path_that_is_very_deep_is_refused() -> None:
    with pytest.raises(LimitError, match=r"Limits\.group_depth"):
        consolidated.read_v3(inline({"/".join(["a"] * 5000): GROUP}))


@pytest.mark.parametrize("member", [None, 3, [], "x", {"zarr_format": 3, "node_type": "x"}])
def test_a_broken_member_harms_only_itself(member: Any) -> None:
    root = consolidated.read_v3(inline({"bad": member, "good": V3}))
    assert root is not None
    assert isinstance(root.members["good"].document, ArrayMetadata)
    with pytest.raises(MetadataError):
        _ = root.members["bad"].document


@pytest.mark.parametrize("member", [None, 3, [], "x", {"zarr_format": 3}])
def test_a_broken_member_of_v2_harms_only_itself(member: Any) -> None:
    root = consolidated.read_v2(
        old({"bad/.zarray": member, "good/.zarray": V2, "worse/.zarray": V2, "worse/.zattrs": []})
    )
    assert isinstance(root.members["good"].document, ArrayMetadata)
    for name in ("bad", "worse"):
        with pytest.raises(MetadataError, match=r"expected an object|expected 2"):
            _ = root.members[name].document


@pytest.mark.parametrize("metadata", [None, [], 3])
def test_a_tree_that_is_no_object_is_refused(metadata: Any) -> None:
    with pytest.raises(MetadataError, match="consolidated_metadata has no object 'metadata'"):
        consolidated.read_v3(inline(metadata))
    with pytest.raises(MetadataError, match="expected zarr_consolidated_format 1"):
        consolidated.read_v2(old(metadata))
    with pytest.raises(MetadataError, match="expected zarr_consolidated_format 1"):
        consolidated.read_v2({"metadata": {}})


def test_members_are_parsed_when_they_are_asked_for() -> None:
    metadata = {f"v{i}": None for i in range(1000)}
    root = consolidated.read_v3(inline(metadata))
    assert root is not None
    assert len(root.members) == 1000
