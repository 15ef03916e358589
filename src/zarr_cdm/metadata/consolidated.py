"""A whole hierarchy in one document, in both versions.

Specification: zarr-specs v3 core, "Consolidated metadata" (in the root group's ``zarr.json``).
v2's ``.zmetadata`` is a custom of zarr-python, in no specification.

>>> root = read_v3({"zarr_format": 3, "node_type": "group", "consolidated_metadata": {
...     "kind": "inline", "must_understand": False, "metadata": {
...         "ocean": {"zarr_format": 3, "node_type": "group", "attributes": {"depth": 4000}}}}})
>>> root.members["ocean"].document.attributes
{'depth': 4000}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from zarr_cdm.errors import MetadataError, UnknownNameError
from zarr_cdm.limits import current
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node

KEY = ".zmetadata"
FORMAT_V2 = "zarr_consolidated_format"
WRITING = "cdm_writing"
_NO_PATH = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)")  # with a part that is empty, '.' or '..'


def read_v3(document: Mapping[str, Any]) -> Node | None:
    """Return the tree in a group's ``zarr.json``; None where nothing is consolidated there."""
    consolidated = document.get(v3.CONSOLIDATED)
    if not isinstance(consolidated, dict):
        return None
    kind = consolidated.get("kind", "inline")
    if kind != "inline":
        if consolidated.get("must_understand") is False:
            return None
        raise UnknownNameError(f"unknown kind of consolidated_metadata {kind!r}; known: inline")
    metadata = consolidated.get("metadata")
    if not isinstance(metadata, dict):
        raise MetadataError("consolidated_metadata has no object 'metadata'")
    current().check("nodes", len(metadata), "consolidated_metadata")
    nodes: dict[str, Callable[[], Document]] = {}
    for path, member in metadata.items():
        nodes[path] = partial(_read_member, v3.read, path, member)
    return _tree({**nodes, "": partial(v3.read, document)}, GroupMetadata)


def _read_member(read: Callable[..., Document], key: str, *documents: Any) -> Document:
    for document in documents:
        if not isinstance(document, dict):
            raise MetadataError(f"expected an object, found {type(document).__name__}", key=key)
    return read(*documents)


def read_v2(document: Mapping[str, Any]) -> Node:
    """Return the tree in a ``.zmetadata``."""
    metadata = document.get("metadata")
    if document.get(FORMAT_V2) != 1 or not isinstance(metadata, dict):
        raise MetadataError(f"expected {FORMAT_V2} 1 with 'metadata', found {list(document)[:4]}")
    ranks = {name: rank for rank, name in enumerate(_READERS_V2)}
    found: dict[str, str] = {}  # the document that counts, in the order of first mention
    for key in metadata:
        path, _, name = key.rpartition("/")
        if name in ranks and ranks[name] >= ranks[found.get(path, v2.ATTRIBUTES_KEY)]:
            found[path] = name
    current().check("nodes", len(found), f"a {KEY}")
    return _tree(
        {path: _node_v2(metadata, path, name) for path, name in found.items()},
        partial(GroupMetadata, zarr_format=2),
    )


def _node_v2(metadata: Mapping[str, Any], path: str, name: str) -> Callable[[], Document]:
    prefix = f"{path}/" if path else ""
    attributes = metadata.get(prefix + v2.ATTRIBUTES_KEY)
    attributes = {} if attributes is None else attributes
    member = attributes if name == v2.ATTRIBUTES_KEY else metadata[prefix + name]
    return partial(_read_member, _READERS_V2[name], prefix + name, member, attributes)


# The last one counts where a node has several; one with attributes alone is a group.
_READERS_V2: dict[str, Callable[[Any, Any], Document]] = {
    v2.ATTRIBUTES_KEY: lambda _, attributes: GroupMetadata(attributes, zarr_format=2),
    v2.GROUP_KEY: v2.read_group,
    v2.ARRAY_KEY: v2.read_array,
}


def _tree(
    nodes: Mapping[str, Callable[[], Document]], missing: Callable[[], GroupMetadata]
) -> Node:
    """Return the root of a tree of nodes; stores may lack the groups in between."""
    members_of: dict[str, dict[str, Node]] = {"": {}}

    def place(path: str) -> dict[str, Node]:
        own = members_of.get(path)
        if own is None:
            own = members_of[path] = {}
            parent, _, name = path.rpartition("/")
            place(parent)[name] = Node(nodes.get(path, missing), own)
        return own

    for path in nodes:
        if path:
            _check_path(path)
            place(path)
    return Node(nodes.get("", missing), members_of[""])


def _check_path(path: str) -> None:
    if _NO_PATH.search(path):
        raise MetadataError(f"{path!r} is no path of a node")
    if "/" in path:
        depth = path.count("/") + 1
        current().check("group_depth", depth, f"the path {path[:60]!r}… of a node")


def write_v3(root: Node, *, writing: bool = False) -> dict[str, Any]:
    """Return the root's ``zarr.json`` with the whole tree below it inside.

    Parameters
    ----------
    writing
        Note that documents of nodes are being written, and that these hold until that is done.
    """
    document = v3.write(root.document)
    metadata = {path: v3.write(node.document) for path, node in walk(root) if path}
    document[v3.CONSOLIDATED] = {
        "kind": "inline",
        "must_understand": False,
        "metadata": metadata,
        **({WRITING: True} if writing else {}),
    }
    return document


def write_v2(root: Node, *, writing: bool = False) -> dict[str, Any]:
    """Return ``.zmetadata`` for a tree; for ``writing`` see `write_v3`."""
    metadata: dict[str, Any] = {}
    for path, node in walk(root):
        prefix = f"{path}/" if path else ""
        metadata.update({prefix + key: value for key, value in documents_v2(node).items()})
    return {FORMAT_V2: 1, "metadata": metadata, **({WRITING: True} if writing else {})}


def documents_v2(node: Node) -> dict[str, Any]:
    """Return the v2 documents of one node by their names."""
    document = node.document
    if isinstance(document, ArrayMetadata):
        return {
            v2.ARRAY_KEY: v2.write_array(document),
            v2.ATTRIBUTES_KEY: dict(document.attributes),
        }
    return {v2.GROUP_KEY: v2.write_group(document), v2.ATTRIBUTES_KEY: dict(document.attributes)}


def walk(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Yield a node and all below it with their paths, parents first."""
    yield path, node
    for name, member in node.members.items():
        yield from walk(member, f"{path}/{name}" if path else name)
