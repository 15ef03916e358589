"""The documents of a store that is changed: ours, with what they said of chunks before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from zarr_cdm.cdm.model import Dataset, Variable
from zarr_cdm.cdm.types import EnumType
from zarr_cdm.core.stores.base import Store
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.names import DOCUMENTS, free_name
from zarr_cdm.dialects.native import NativeDialect
from zarr_cdm.dialects.native_record import record_of, with_entry
from zarr_cdm.dialects.plain import is_reserved
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata import consolidated, v3
from zarr_cdm.metadata.documents import ArrayMetadata, Document, Node, ZarrVersion
from zarr_cdm.metadata.json import dumps

Raw = dict[str, bytes]  # the documents of a node by their names, as they are stored


def document_for(variable: Variable, layout: Layout, zarr_format: ZarrVersion) -> ArrayMetadata:
    """Return the document that our dialect writes for a new variable, wherever it is."""
    kind = variable.type.base if isinstance(variable.type, EnumType) else variable.type
    dimensions, storage = variable.dimensions, variable.storage
    alone = Variable("variable", kind, dimensions, {}, _Nothing(variable), storage)
    place = Dataset(dimensions={str(n): each for n, each in enumerate(dimensions)})
    place.variables["variable"] = alone
    node = NativeDialect().write(place, {"/variable": layout}, zarr_format)
    document = node.members["variable"].document
    assert isinstance(document, ArrayMetadata)
    return document


class _Nothing:
    """Data of which only shape and type are asked."""

    def __init__(self, variable: Variable) -> None:
        self.shape = variable.shape
        self.dtype = variable.type.dtype

    def __getitem__(self, selection: Any) -> Any:
        raise MetadataError("there are no values")


def layout_in(document: ArrayMetadata) -> Layout:
    """Return the layout of an array that is there; a chunk of 1 where they differ."""
    regular = document.chunk_grid.configuration.get("chunk_shape")
    chunks = tuple(regular or (1,) * len(document.shape))
    return Layout(document.data_type, chunks, document.codecs)


def merged(new: ArrayMetadata, old: ArrayMetadata) -> ArrayMetadata:
    """Return a document with the storage and the unknown members of the array that is there."""
    kept = {name: value for name, value in old.attributes.items() if is_reserved(name)}
    return replace(
        new,
        data_type=old.data_type,
        chunk_grid=old.chunk_grid,
        chunk_key_encoding=old.chunk_key_encoding,
        codecs=old.codecs,
        fill_value=old.fill_value,
        attributes={**kept, **new.attributes},
        members={**old.members, **new.members},
    )


def with_old_null(new: ArrayMetadata, old: ArrayMetadata) -> ArrayMetadata:
    """Return a document that says which texts are NULL as another does."""
    null = record_of(old).get("null")
    return new if null is None else with_entry(new, "null", null)


def nodes_of(root: Node) -> dict[str, Node]:
    """Return all nodes by their paths, without slashes at the ends; parents first."""
    return dict(consolidated.walk(root))


def arrays_of(root: Node) -> Iterator[tuple[str, ArrayMetadata]]:
    """Yield the documents of all arrays with their paths."""
    for path, node in consolidated.walk(root):
        if isinstance(node.document, ArrayMetadata):
            yield path, node.document


def add(root: Node, path: str, node: Node) -> None:
    """Put a node into a tree, whose group is there."""
    *names, last = path.split("/")
    for name in names:
        if name not in root.members:
            raise MetadataError(f"{path!r} could not be read, and its group is gone")
        root = root.members[name]
    root.members = {**root.members, last: node}


def beside(path: str, taken: Collection[str], zarr_format: ZarrVersion) -> str:
    """Return the path at which an array is made that shall replace another.

    >>> beside("g/v", {"g/v", "g/v.new"}, 3)
    'g/v.new_'
    """
    group, slash, name = path.rpartition("/")
    prefix = group + slash
    names = {each.removeprefix(prefix) for each in taken if each.startswith(prefix)}
    return prefix + free_name(f"{name}.new", zarr_format, names)


def placed(root: Node, places: Mapping[str, str]) -> Node:
    """Return a tree in which some arrays, by their paths, are at other places of their groups.

    An array that is a variable notes its name; one that is a part of one has it noted already.
    """
    members: dict[str, Node] = {}
    for name, node in root.members.items():
        if name in places:
            members[places[name]] = Node(_named(node.document, name))
        else:
            prefix = f"{name}/"
            inside = {
                path.removeprefix(prefix): place.removeprefix(prefix)
                for path, place in places.items()
                if path.startswith(prefix)
            }
            members[name] = placed(node, inside) if inside else node
    return Node(root.document, members)


def _named(document: Document, name: str) -> Document:
    """Return the document of an array that notes which variable it is."""
    assert isinstance(document, ArrayMetadata)
    record = record_of(document)
    return document if "part" in record else with_entry(document, "name", record.get("name", name))


def is_document(key: str) -> bool:
    """Tell whether what lies at a key is a document, not a chunk."""
    return key.rpartition("/")[2] in DOCUMENTS


def raw_of(node: Node) -> Raw:
    """Return the documents of a node."""
    document = node.document
    if document.zarr_format == 3:
        return {v3.KEY: dumps(v3.write(document))}
    return {name: dumps(each) for name, each in consolidated.documents_v2(node).items()}


def publish(
    store: Store,
    root: Node,
    zarr_format: ZarrVersion,
    before: Mapping[str, Raw],
    *,
    consolidate: bool,
    writing: bool = False,
) -> dict[str, Raw]:
    """Write the documents that are not as they were before, the root's last, and return all.

    Parameters
    ----------
    consolidate
        Without it there are no consolidated ones afterwards.
    writing
        Note in these that more is to come.
    """
    written = {path: raw_of(node) for path, node in nodes_of(root).items()}
    for path, raw in written.items():
        for name, data in raw.items():
            if path and before.get(path, {}).get(name) != data:
                store.set(f"{path}/{name}", data)
    last = written[""]
    if consolidate and zarr_format == 3:
        last = {v3.KEY: dumps(consolidated.write_v3(root, writing=writing))}
    elif consolidate:
        last = {**last, consolidated.KEY: dumps(consolidated.write_v2(root, writing=writing))}
    for name, data in last.items():
        store.set(name, data)
    if not consolidate and zarr_format == 2:
        store.delete(consolidated.KEY)
    return written
