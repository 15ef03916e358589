"""The nodes of a hierarchy that can be read: what dialects look at to know one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.limits import current
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node


def nodes(root: Node, path: str = "") -> Iterator[tuple[str, Node, Document]]:
    """Yield every node with its path and document, parents first.

    Reading a dataset parses all of these documents anyway, and each only once. What cannot be read
    is passed over: whoever reads the dataset says so.
    """
    current().check("group_depth", path.count("/"), f"the nesting of the group {path[:80]}")
    try:
        document = root.document
    except ZarrCdmError:
        return
    yield path, root, document
    for name, member in root.members.items():
        yield from nodes(member, under(path, name))


def arrays(root: Node) -> Iterator[tuple[str, ArrayMetadata]]:
    """Yield the path and the document of every array."""
    for path, _, document in nodes(root):
        if isinstance(document, ArrayMetadata):
            yield path, document


def groups(root: Node) -> Iterator[tuple[str, Node, GroupMetadata]]:
    """Yield the path, the node and the document of every group."""
    for path, node, document in nodes(root):
        if isinstance(document, GroupMetadata):
            yield path, node, document


def find(node: Node, path: Any) -> Document | None:
    """Return the document at a path below a node; None where there is none that can be read.

    Paths lead downwards only: one with ``..`` finds nothing.
    """
    if not isinstance(path, str):
        return None
    for name in path.strip("/").split("/"):
        found = node.members.get(name) if name not in ("", ".", "..") else None
        if found is None:
            return None
        node = found
    try:
        return node.document
    except ZarrCdmError:
        return None


def under(path: str, name: str) -> str:
    """Return the path of ``name`` in the group at ``path``, without a slash in front.

    >>> under("", "a"), under("a", "b")
    ('a', 'a/b')
    """
    return f"{path}/{name}" if path else name
