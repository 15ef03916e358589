"""A tree of Zarr groups and arrays in a store: finding its documents, and writing them.

A hierarchy that is consolidated costs one read; in any other, a group's members are looked up when
they are first asked for. Where a node has documents of both versions, v3 is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.base import Store
from zarr_cdm.errors import NodeNotFoundError, ZarrCdmError
from zarr_cdm.metadata import consolidated, v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata, Document, Node, ZarrVersion
from zarr_cdm.metadata.json import dumps, loads_object

NODE_KEYS = (v3.KEY, v2.ARRAY_KEY, v2.GROUP_KEY, v2.ATTRIBUTES_KEY)


class ZarrGroup:
    """A group in a store.

    Attributes
    ----------
    store
        Where it is.
    node
        Its document, and those of all that is below it.
    zarr_format
        The version it is written in.
    consolidated
        Whether the documents of the whole tree were found in one.
    """

    def __init__(self, store: Store, node: Node, zarr_format: ZarrVersion, consolidated: bool):
        self.store = store
        self.node = node
        self.zarr_format: ZarrVersion = zarr_format
        self.consolidated = consolidated

    def array(self, path: str) -> ZarrArray:
        """Return the array at ``path``.

        Raises
        ------
        NodeNotFoundError
            There is no array.
        MetadataError, LimitError, UnsupportedError
            Its document is none that can be read.
        """
        try:
            document = _find(self.node, path).document
            if not isinstance(document, ArrayMetadata):
                raise NodeNotFoundError("there is a group, no array")
            return ZarrArray(self.store, path, document)
        except ZarrCdmError as error:
            raise error.at(source=self.store.url, key=path) from error.__cause__


def _find(node: Node, path: str) -> Node:
    for name in path.split("/") if path else ():
        try:
            node = node.members[name]
        except KeyError:
            raise NodeNotFoundError("there is no such node") from None
    return node


def open_group(store: Store) -> ZarrGroup:
    """Return the root of the hierarchy in a store, at one read where it is consolidated.

    Raises
    ------
    NodeNotFoundError
        There is no Zarr hierarchy.
    MetadataError
        The root's document is no legal one.
    """
    root = store.get(v3.KEY)
    if root is not None:
        document = _load(root, store, v3.KEY)
        tree = _named(consolidated.read_v3, document, store=store, key=v3.KEY)
        node = tree or Node(partial(v3.read, document), Members(store, ""))
        return ZarrGroup(store, _checked(node, store, v3.KEY), 3, tree is not None)
    all_v2 = store.get(consolidated.KEY)  # not before: far away, each request counts
    if all_v2 is not None:
        document = _load(all_v2, store, consolidated.KEY)
        node = _named(consolidated.read_v2, document, store=store, key=consolidated.KEY)
        return ZarrGroup(store, _checked(node, store, consolidated.KEY), 2, True)
    found = _read_node(store, "")
    if found is None:
        raise NodeNotFoundError(
            "no Zarr hierarchy: there is no zarr.json, .zgroup or .zarray", source=store.url
        )
    return ZarrGroup(store, _checked(found, store, v2.GROUP_KEY), 2, False)


def _load(data: bytes, store: Store, key: str) -> dict[str, Any]:
    loaded: dict[str, Any] = _named(loads_object, data, store=store, key=key)
    return loaded


def _named(call: Callable[[Any], Any], value: Any, *, store: Store, key: str) -> Any:
    """Return ``call(value)``; an error says of which key it speaks."""
    try:
        return call(value)
    except ZarrCdmError as error:
        raise error.at(source=store.url, key=key) from error.__cause__


def _checked(node: Node, store: Store, key: str) -> Node:
    """Return the node, whose document must be a legal one."""
    _named(lambda found: found.document, node, store=store, key=key)
    return node


class Members(Mapping[str, Node]):
    """What lies below a group that is not consolidated, looked up when it is first asked for."""

    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self._path = path
        self._found: dict[str, Node] | None = None

    @property
    def _nodes(self) -> dict[str, Node]:
        if self._found is None:
            prefix = f"{self._path}/" if self._path else ""
            names = sorted(name[:-1] for name in self._store.children(prefix) if name.endswith("/"))
            nodes = _read_nodes(self._store, [prefix + name for name in names])
            self._found = {
                name: node for name, node in zip(names, nodes, strict=True) if node is not None
            }
        return self._found

    def __getitem__(self, name: str) -> Node:
        if self._found is None:  # one name is asked for: list nothing
            path = f"{self._path}/{name}" if self._path else name
            node = _read_node(self._store, path)
            if node is None:
                raise KeyError(name)
            return node
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


def _read_node(store: Store, path: str) -> Node | None:
    return _read_nodes(store, [path])[0]


def _read_nodes(store: Store, paths: list[str]) -> list[Node | None]:
    """Return the node at each path, None where there is none."""
    keys = [f"{path}/{key}" if path else key for path in paths for key in NODE_KEYS]
    values = store.get_many([(key, None) for key in keys])
    rows = [values[i : i + len(NODE_KEYS)] for i in range(0, len(values), len(NODE_KEYS))]
    return [_node(store, path, *row) for path, row in zip(paths, rows, strict=True)]


def _node(
    store: Store,
    path: str,
    newest: bytes | None,
    array: bytes | None,
    group: bytes | None,
    attributes: bytes | None,
) -> Node | None:
    def document(read: Callable[..., Document], *found: tuple[str, bytes | None]) -> Document:
        keys = [f"{path}/{key}" if path else key for key, _ in found]
        loaded = [
            {} if data is None else _load(data, store, key)
            for key, (_, data) in zip(keys, found, strict=True)
        ]
        result: Document = _named(lambda parts: read(*parts), loaded, store=store, key=keys[0])
        return result

    members = Members(store, path)
    described = (v2.ATTRIBUTES_KEY, attributes)
    if newest is not None:
        return Node(partial(document, v3.read, (v3.KEY, newest)), members)
    if array is not None:
        return Node(partial(document, v2.read_array, (v2.ARRAY_KEY, array), described))
    if group is not None:
        return Node(partial(document, v2.read_group, (v2.GROUP_KEY, group), described), members)
    return None


def create_group(store: Store, root: Node, zarr_format: ZarrVersion) -> ZarrGroup:
    """Write the documents of a whole tree, except for those of the root.

    The root comes last, with `publish`, when all data are written: until then nothing opens.
    """
    for path, node in consolidated.walk(root):
        if path and zarr_format == 3:
            store.set(f"{path}/{v3.KEY}", dumps(v3.write(node.document)))
        elif path:
            for name, document in consolidated.documents_v2(node).items():
                store.set(f"{path}/{name}", dumps(document))
    return ZarrGroup(store, root, zarr_format, True)


def publish(group: ZarrGroup) -> None:
    """Write the documents of the root, and in them the whole tree."""
    if group.zarr_format == 3:
        group.store.set(v3.KEY, dumps(consolidated.write_v3(group.node)))
        return
    for name, document in consolidated.documents_v2(group.node).items():
        group.store.set(name, dumps(document))
    group.store.set(consolidated.KEY, dumps(consolidated.write_v2(group.node)))
