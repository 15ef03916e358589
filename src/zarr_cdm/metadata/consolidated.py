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

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node

KEY = ".zmetadata"
FORMAT_V2 = "zarr_consolidated_format"


def read_v3(document: Mapping[str, Any]) -> Node | None:
    """Return the tree in a group's ``zarr.json``; None where nothing is consolidated there."""
    consolidated = document.get(v3.CONSOLIDATED)
    if not isinstance(consolidated, dict) or consolidated.get("kind", "inline") != "inline":
        return None
    metadata = consolidated.get("metadata")
    if not isinstance(metadata, dict):
        raise MetadataError("consolidated_metadata has no object 'metadata'")
    nodes: dict[str, Callable[[], Document]] = {"": partial(v3.read, document)}
    for path, member in metadata.items():
        nodes[path] = partial(_read_member, path, member)
    return _tree(nodes)


def _read_member(path: str, member: Any) -> Document:
    if not isinstance(member, dict):
        raise MetadataError(f"expected an object, found {type(member).__name__}", key=path)
    return v3.read(member)


def read_v2(document: Mapping[str, Any]) -> Node:
    """Return the tree in a ``.zmetadata``."""
    metadata = document.get("metadata")
    if document.get(FORMAT_V2) != 1 or not isinstance(metadata, dict):
        raise MetadataError(f"expected {FORMAT_V2} 1 with 'metadata', found {list(document)[:4]}")
    nodes: dict[str, Callable[[], Document]] = {}
    readers: dict[str, Callable[[Any, Any], Document]] = {
        v2.ARRAY_KEY: v2.read_array,
        v2.GROUP_KEY: v2.read_group,
    }
    for key, member in metadata.items():
        path, _, name = key.rpartition("/")
        if name in readers:
            attributes = metadata.get(f"{path}/{v2.ATTRIBUTES_KEY}" if path else v2.ATTRIBUTES_KEY)
            nodes[path] = partial(readers[name], member, attributes or {})
    return _tree(nodes)


def _tree(nodes: Mapping[str, Callable[[], Document]]) -> Node:
    """Return the root of a tree of nodes; v2 stores may lack the groups in between."""
    places: dict[str, tuple[Node, dict[str, Node]]] = {}

    def place(path: str) -> tuple[Node, dict[str, Node]]:
        if path not in places:
            members: dict[str, Node] = {}
            node = Node(nodes.get(path, GroupMetadata), members)
            places[path] = (node, members)
            if path:
                parent, _, name = path.rpartition("/")
                place(parent)[1][name] = node
        return places[path]

    for path in nodes:
        _check_path(path)
        place(path)
    return place("")[0]


def _check_path(path: str) -> None:
    if path and not all(part not in ("", ".", "..") for part in path.split("/")):
        raise MetadataError(f"{path!r} is no path of a node")


def write_v3(root: Node) -> dict[str, Any]:
    """Return the root's ``zarr.json`` with the whole tree below it inside."""
    document = v3.write(root.document)
    metadata = {path: v3.write(node.document) for path, node in walk(root) if path}
    document[v3.CONSOLIDATED] = {
        "kind": "inline",
        "must_understand": False,
        "metadata": metadata,
    }
    return document


def write_v2(root: Node) -> dict[str, Any]:
    """Return ``.zmetadata`` for a tree."""
    metadata: dict[str, Any] = {}
    for path, node in walk(root):
        prefix = f"{path}/" if path else ""
        metadata.update({prefix + key: value for key, value in documents_v2(node).items()})
    return {FORMAT_V2: 1, "metadata": metadata}


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
