"""Nodes of a hierarchy in a store: made, changed and removed.

What is written goes into the consolidated documents of all groups above too, so that none of them
becomes stale: first the node's own documents, then theirs. Threads of one process wait for each
other in that; two processes that change one consolidated hierarchy at once do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zarr_cdm.core.consolidating import LOCK, Raw, above_of, record
from zarr_cdm.core.hierarchy import NODE_KEYS, join, load, nodes_at
from zarr_cdm.core.stores.base import Store, check_key
from zarr_cdm.errors import MetadataError, NodeNotFoundError, TargetExistsError
from zarr_cdm.metadata import consolidated, v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.json import dumps
from zarr_cdm.parallel import run

DOCUMENT_KEYS = (*NODE_KEYS, consolidated.KEY)


def create_node(store: Store, path: str, document: Document, overwrite: bool = False) -> None:
    """Write a new node, and the groups above it that are not there yet.

    Raises
    ------
    TargetExistsError
        There is something already, and it is not a node, or may not be overwritten.
    MetadataError
        A node above is an array, or of the other version of Zarr.
    """
    if path:
        check_key(path)
    raw = _raw(document)
    for each in raw.values():  # what JSON has no word for is said before anything is written
        dumps(each)
    above = list(above_of(path))
    *parents, own = nodes_at(store, [*above, path])
    for place, parent in zip(above, parents, strict=True):
        if parent is not None:
            _check_parent(store, place, parent.document, document.zarr_format)
    if own is not None and not overwrite:
        raise TargetExistsError(
            "there is a node already; choose another path, or overwrite=True",
            source=store.url,
            key=path or None,
        )
    if own is not None:
        remove_node(store, path)
    elif isinstance(document, ArrayMetadata):
        _check_empty(store, path)
    for place, parent in zip(above, parents, strict=True):
        if parent is None:
            _write(store, place, _raw(GroupMetadata(zarr_format=document.zarr_format)))
    _write(store, path, raw)


def _raw(document: Document) -> dict[str, Raw]:
    """Return the documents of a node by their names."""
    if document.zarr_format == 3:
        return {v3.KEY: v3.write(document)}
    return consolidated.documents_v2(Node(document))


def _check_parent(store: Store, path: str, parent: Document, zarr_format: ZarrVersion) -> None:
    if isinstance(parent, ArrayMetadata):
        raise MetadataError("an array has no members", source=store.url, key=path or None)
    if parent.zarr_format != zarr_format:
        raise MetadataError(
            f"the group is of Zarr v{parent.zarr_format}: give zarr_format={parent.zarr_format}",
            source=store.url,
            key=path or None,
        )


def _check_empty(store: Store, path: str) -> None:
    """Raise where there are keys that the chunks of a new array would mix with."""
    name = next(iter(store.children(path + "/" if path else "")), None)
    if name is not None:
        raise TargetExistsError(
            f"there is {name!r}, which is no node; remove it or choose another path",
            source=store.url,
            key=path or None,
        )


def edit_node(
    store: Store, path: str, zarr_format: ZarrVersion, name: str, change: Callable[[Raw], None]
) -> None:
    """Change one document of a node; what it says besides stays as it is.

    Parameters
    ----------
    name
        Of the document in v2: in v3 there is but one.

    Raises
    ------
    NodeNotFoundError
        There is no such document any more.
    """
    key = join(path, v3.KEY if zarr_format == 3 else name)
    with LOCK:
        data = store.get(key)
        if data is None and not key.endswith(v2.ATTRIBUTES_KEY):
            raise NodeNotFoundError("the document is gone", source=store.url, key=key)
        raw = {} if data is None else load(data, store, key)
        change(raw)
        _write(store, path, {key.rpartition("/")[2]: raw})


def update_attributes(
    store: Store, path: str, zarr_format: ZarrVersion, attributes: Mapping[str, Any]
) -> None:
    """Set attributes of a node; others stay as they are."""

    def change(raw: Raw) -> None:
        held = raw if zarr_format == 2 else raw.setdefault("attributes", {})
        held.update(attributes)

    edit_node(store, path, zarr_format, v2.ATTRIBUTES_KEY, change)


def write_shape(store: Store, path: str, metadata: ArrayMetadata) -> None:
    """Write the shape of an array, and its chunk grid where that lists all chunks."""
    grid = metadata.chunk_grid

    def change(raw: Raw) -> None:
        raw["shape"] = list(metadata.shape)
        if metadata.zarr_format == 3:
            raw["chunk_grid"] = grid.to_json()
        else:
            raw["chunks"] = list(grid.configuration["chunk_shape"])

    edit_node(store, path, metadata.zarr_format, v2.ARRAY_KEY, change)


def check_unchanged(store: Store, path: str, metadata: ArrayMetadata) -> None:
    """Raise where the store has another shape by now: resizing would undo what another did."""
    key = join(path, v3.KEY if metadata.zarr_format == 3 else v2.ARRAY_KEY)
    data = store.get(key)
    if data is None:
        raise NodeNotFoundError("the document is gone", source=store.url, key=key)
    shape = load(data, store, key).get("shape")
    if shape != list(metadata.shape):
        raise MetadataError(
            f"the shape is {shape} by now, it was {list(metadata.shape)} when the array was opened;"
            " open it again",
            source=store.url,
            key=key,
        )


def remove_node(store: Store, path: str) -> None:
    """Remove a node and all that is below it, its documents first."""
    prefix = path + "/" if path else ""
    documents = [prefix + name for name in DOCUMENT_KEYS]

    def remove(metadata: Raw, place: str) -> None:
        for key in list(metadata):
            if key == place or key.startswith(f"{place}/"):
                del metadata[key]

    def delete(keys: Sequence[str]) -> None:
        for key in keys:
            store.delete(key)

    with LOCK:
        record(store, path, remove, remove)
        delete(documents)
    run(delete, list(store.list(prefix)), 64)


def _write(store: Store, path: str, documents: Mapping[str, Raw]) -> None:
    """Write documents of a node, and put them into the consolidated ones above."""

    def put_v3(metadata: Raw, place: str) -> None:
        if v3.KEY in documents:
            member = dict(documents[v3.KEY])
            member.pop(v3.CONSOLIDATED, None)
            metadata[place] = member

    def put_v2(metadata: Raw, place: str) -> None:
        metadata.update(
            {join(place, name): raw for name, raw in documents.items() if name != v3.KEY}
        )

    encoded = {join(path, name): dumps(raw) for name, raw in documents.items()}
    with LOCK:
        for key, data in encoded.items():
            store.set(key, data)
        record(store, path, put_v3, put_v2)
