"""The documents of a hierarchy in a store: finding them, and writing a whole tree of them.

A hierarchy that is consolidated costs one read; in any other, a group's members are looked up when
they are first asked for. Where a node has documents of both versions, v3 is taken.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.core.stores.naming import named
from zarr_cdm.errors import (
    MetadataError,
    NodeNotFoundError,
    UnsupportedError,
    ZarrCdmWarning,
)
from zarr_cdm.limits import current
from zarr_cdm.metadata import consolidated, nczarr, v2, v3
from zarr_cdm.metadata.documents import Document, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.json import dumps, loads_object
from zarr_cdm.metadata.salvage import repaired

NODE_KEYS = (v3.KEY, v2.ARRAY_KEY, v2.GROUP_KEY, v2.ATTRIBUTES_KEY)


def join(*names: str) -> str:
    """Return the path of names, of which some may be empty."""
    return "/".join(name for name in names if name)


class Root(NamedTuple):
    """A node that a hierarchy is opened at, and whether its documents were found in one."""

    node: Node
    zarr_format: ZarrVersion
    consolidated: bool


def find_root(store: Store, path: str = "") -> Root:
    """Return the node at a path of a store, at one read where it is consolidated.

    Raises
    ------
    NodeNotFoundError
        There is no node.
    MetadataError
        Its document is no legal one.
    """
    newest, old = (join(path, name) for name in (v3.KEY, consolidated.KEY))
    v3_root = store.get(newest, _whole())
    if v3_root is not None:
        document = load(v3_root, store, newest)
        with named(store, newest):
            tree = consolidated.read_v3(document)
        node = tree or Node(partial(v3.read, document), Members(store, path))
        return Root(_checked(node, store, newest), 3, tree is not None)
    all_v2 = store.get(old, _whole())  # not before: far away, each request counts
    if all_v2 is not None:
        document = load(all_v2, store, old)
        with named(store, old):
            node = consolidated.read_v2(document)
        return Root(_checked(node, store, old), 2, True)
    found = nodes_at(store, [path])[0]  # not `_silent_group`: what has no root is not finished
    if found is None:
        missing = f"there is no {v3.KEY}, {v2.GROUP_KEY} or {v2.ARRAY_KEY}"
        raise NodeNotFoundError(f"no Zarr hierarchy: {missing}", source=store.url, key=path or None)
    root = _checked(found, store, join(path, v2.GROUP_KEY))
    if nczarr.has_objects(root.document.attributes):
        root = nodes_at(store, [path], tuple(nczarr.OBJECTS))[0] or root
    return Root(root, 2, False)


def _whole() -> Span:
    """Return what asks for a whole document, but for no more bytes than one may have."""
    return Span(0, None, current().document_bytes)


def load(data: bytes, store: Store, key: str) -> dict[str, Any]:
    """Return the JSON object that a key holds."""
    with named(store, key):
        return loads_object(data)


def _load_attributes(data: bytes, store: Store, key: str) -> dict[str, Any]:
    """Return the attributes of v2; with a warning what can be read where they are no JSON.

    NCZarr writes such attributes.
    """
    try:
        found = load(data, store, key)
    except MetadataError as error:
        if not isinstance(error.__cause__, ValueError):  # JSON, but no object
            raise
        found = _salvaged(data, error)
    return nczarr.with_texts(found, data)


def _salvaged(data: bytes, error: MetadataError) -> dict[str, Any]:
    try:
        legal, rest = repaired(data)
        found = loads_object(legal)
    except MetadataError:
        warnings.warn(f"{error}; all attributes are left out", ZarrCdmWarning, stacklevel=2)
        return {}
    lost = f"; {len(rest)} bytes behind them are of another document" if rest else ""
    warnings.warn(f"{error}; read as netCDF-C means them{lost}", ZarrCdmWarning, stacklevel=2)
    return found


MOST_LOOKED_AT = 1000  # names below what may be a group without a document
LOADERS = {v2.ATTRIBUTES_KEY: _load_attributes}


def _checked(node: Node, store: Store, key: str) -> Node:
    """Return the node, whose document must be a legal one."""
    with named(store, key):
        _ = node.document  # read when it is first asked for
    return node


class Members(Mapping[str, Node]):
    """What lies below a group that is not consolidated, looked up when it is first asked for.

    ``beside`` are the keys that nodes of this store may have beside their documents.
    """

    def __init__(self, store: Store, path: str, beside: tuple[str, ...] = ()) -> None:
        self._store = store
        self._path = path
        self._beside = beside
        self._found: dict[str, Node] | None = None

    def forget(self) -> None:
        """Look anew the next time: something was written."""
        self._found = None

    @property
    def _nodes(self) -> dict[str, Node]:
        if self._found is None:
            prefix = f"{self._path}/" if self._path else ""
            names = sorted(name[:-1] for name in self._store.children(prefix) if name.endswith("/"))
            nodes = nodes_at(self._store, [prefix + name for name in names], self._beside)
            self._found = {
                name: node
                for name, found in zip(names, nodes, strict=True)
                if (node := found or _silent_group(self._store, prefix + name)) is not None
            }
        return self._found

    def __getitem__(self, name: str) -> Node:
        if self._found is None:  # one name is asked for: list nothing
            path = join(self._path, name)
            node = (
                nodes_at(self._store, [path], self._beside)[0] or _silent_group(self._store, path)
                if name
                else None
            )
            if node is None:
                raise KeyError(name)
            return node
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


def _silent_group(store: Store, path: str) -> Node | None:
    """Return a group of v2 that has no document, only arrays right below; None where none have.

    Each should have one (zarr-specs, v2, "Hierarchies"), but groups in between are met without.
    """
    try:
        names = [name for name in store.children(f"{path}/" if path else "") if name.endswith("/")]
    except UnsupportedError:  # a store that cannot list; that it fails to is an error
        return None
    keys = [join(path, name[:-1], v2.ARRAY_KEY) for name in names[:MOST_LOOKED_AT]]
    if not any(store.get_many([(key, Span(0, 1)) for key in keys])):
        return None
    place = f"{store.url}: {path}" if path else store.url
    message = f"{place}: there is no {v2.GROUP_KEY}; taken for a group, for there are arrays below"
    warnings.warn(message, ZarrCdmWarning, stacklevel=2)
    return Node(GroupMetadata(zarr_format=2), Members(store, path))


def nodes_at(store: Store, paths: list[str], beside: tuple[str, ...] = ()) -> list[Node | None]:
    """Return the node at each path, None where there is none."""
    names = (*NODE_KEYS, *beside)
    keys = [join(path, name) for path in paths for name in names]
    values = store.get_many([(key, _whole()) for key in keys])
    rows = [values[i : i + len(names)] for i in range(0, len(values), len(names))]
    return [
        _node(store, path, dict(zip(names, row, strict=True)), beside)
        for path, row in zip(paths, rows, strict=True)
    ]


def _node(
    store: Store, path: str, found: dict[str, bytes | None], beside: tuple[str, ...]
) -> Node | None:
    def document(read: Callable[..., Document], *names: str) -> Document:
        loaded = {name: loaded_at(name) for name in names}
        for name in beside:
            of, note = nczarr.OBJECTS[name]
            if of in loaded and found[name] is not None:
                loaded[of] = {**loaded[of], note: loaded_at(name)}
        with named(store, join(path, names[0])):
            return read(*loaded.values())

    def loaded_at(name: str) -> dict[str, Any]:
        data = found[name]
        return {} if data is None else LOADERS.get(name, load)(data, store, join(path, name))

    members = Members(store, path, beside)
    if found[v3.KEY] is not None:
        return Node(partial(document, v3.read, v3.KEY), members)
    if found[v2.ARRAY_KEY] is not None:
        return Node(partial(document, v2.read_array, v2.ARRAY_KEY, v2.ATTRIBUTES_KEY))
    if found[v2.GROUP_KEY] is not None:
        return Node(partial(document, v2.read_group, v2.GROUP_KEY, v2.ATTRIBUTES_KEY), members)
    return None


def write_tree(store: Store, root: Node) -> None:
    """Write the documents of a whole tree, except for those of the root.

    The root comes last, with `publish`, when all data are written: until then nothing opens.
    """
    for path, node in consolidated.walk(root):
        if path:
            write_documents(store, path, node)


def write_documents(store: Store, path: str, node: Node) -> None:
    """Write the documents of one node that is not the root."""
    documents = (
        {v3.KEY: v3.write(node.document)}
        if node.document.zarr_format == 3
        else consolidated.documents_v2(node)
    )
    for name, document in documents.items():
        store.set(f"{path}/{name}", dumps(document))


def publish_tree(store: Store, root: Node, zarr_format: ZarrVersion) -> None:
    """Write the documents of the root, and in them the whole tree."""
    if zarr_format == 3:
        store.set(v3.KEY, dumps(consolidated.write_v3(root)))
        return
    for name, document in consolidated.documents_v2(root).items():
        store.set(name, dumps(document))
    store.set(consolidated.KEY, dumps(consolidated.write_v2(root)))
