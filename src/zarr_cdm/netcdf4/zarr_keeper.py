"""A Zarr store that is made or changed.

Chunks are written as values are assigned, documents at `sync` and `close`: those of the nodes that
changed, and last the root's. They are in our own dialect; what an array's document says of chunks
and codecs stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import product
from typing import Any

from zarr_cdm.cdm import model
from zarr_cdm.cdm.types import STRING, AtomicType
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.commit import staged
from zarr_cdm.core.editing import remove_node
from zarr_cdm.core.group import ZarrGroup, open_tree
from zarr_cdm.core.hierarchy import find_root
from zarr_cdm.core.stores.base import OneFile, Store
from zarr_cdm.core.stores.table import exists, open_store
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.native import NativeDialect, encode_texts
from zarr_cdm.dialects.plain import is_reserved
from zarr_cdm.dialects.table import choose
from zarr_cdm.errors import MetadataError, NodeNotFoundError, TargetExistsError, UnsupportedError
from zarr_cdm.metadata import consolidated, v3
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.json import dumps
from zarr_cdm.netcdf4.session import Data, Request
from zarr_cdm.netcdf4.zarr_data import HeldData, StoredData
from zarr_cdm.netcdf4.zarr_layout import layout_for
from zarr_cdm.translate.chunking import layout_of

CHANGEABLE = ("native", "dimension_names", "array_dimensions")  # dialects that ours can replace
StorageOptions = Mapping[str, Any] | None
Raw = dict[str, bytes]


def new_store(
    dataset: model.Dataset,
    target: str,
    storage_options: StorageOptions,
    zarr_format: ZarrVersion,
    *,
    clobber: bool,
) -> ZarrKeeper:
    """Return what keeps a dataset in a new store.

    Raises
    ------
    TargetExistsError
        There is something that may not be removed, or is no Zarr hierarchy.
    """
    store = open_store(target, storage_options)
    if exists(target, storage_options):
        _remove(store, target, clobber)
    stack = ExitStack()
    if isinstance(store, OneFile):  # it can only be written as a whole
        store = stack.enter_context(staged(target, storage_options))
    return ZarrKeeper(dataset, store, zarr_format, stack)


def _remove(store: Store, target: str, clobber: bool) -> None:
    if not clobber:
        raise TargetExistsError("there is something already", source=store.url)
    try:
        find_root(store)
    except NodeNotFoundError:
        if any(True for _ in store.children()):
            raise TargetExistsError(
                "there is something that is no Zarr hierarchy; remove it, or choose another name",
                source=store.url,
            ) from None
    if isinstance(store, OneFile):
        os.unlink(target)
    else:
        remove_node(store, "")


def change_store(target: str, storage_options: StorageOptions) -> ZarrKeeper:
    """Return what keeps the dataset that is in a store, to be changed there.

    Raises
    ------
    NodeNotFoundError, MetadataError
        There is none that can be read.
    UnsupportedError
        It is in a dialect that is only read, or in a store that is only read.
    """
    store = open_store(target, storage_options)
    if isinstance(store, OneFile):
        raise UnsupportedError("a store in one file cannot be changed; copy it", source=store.url)
    group = open_tree(store)
    name, dialect = choose(group.node)
    if name not in CHANGEABLE:
        raise UnsupportedError(
            f"is in the dialect {name!r}, which cannot be changed; convert it", source=store.url
        )
    dataset = dialect.read(group.node, group.array)
    dataset.source = store.url
    keeper = ZarrKeeper(dataset, store, group.zarr_format, ExitStack())
    keeper.take(group)
    return keeper


class ZarrKeeper:
    """What keeps a dataset in a store.

    Attributes
    ----------
    format
        ``ZARR3`` or ``ZARR2``.
    """

    def __init__(
        self, dataset: model.Dataset, store: Store, zarr_format: ZarrVersion, stack: ExitStack
    ) -> None:
        self.dataset = dataset
        self.store = store
        self.zarr_format: ZarrVersion = zarr_format
        self.format = f"ZARR{zarr_format}"
        self._stack = stack
        self._consolidated = True
        self._before = Node(GroupMetadata(zarr_format=zarr_format))
        self._written: dict[str, Raw] = {}
        self._layouts: dict[model.Variable, Layout] = {}
        self._documents: dict[model.Variable, ArrayMetadata] = {}
        self._gone: list[str] = []  # prefixes of what was moved away

    def take(self, group: ZarrGroup) -> None:
        """Take over the arrays that there are."""
        self._before, self._consolidated = group.node, group.consolidated
        self._written = {path: _raw(node) for path, node in consolidated.walk(group.node)}
        for path, variable in self.dataset.all_variables():
            array = group.array(path[1:])
            self._documents[variable] = array.metadata
            self._layouts[variable] = _layout(array.metadata)
            if variable.type.dtype == array.dtype:
                array = ZarrArray(self.store, array.path, self._readable(variable, array.metadata))
                variable.data = StoredData(array, variable.dimensions, clean=False)
            else:
                fill = variable.storage.fill_value
                kind = variable.type.dtype
                variable.data = HeldData(variable.data, kind, variable.dimensions, fill)

    def create(self, path: str, variable: model.Variable, request: Request) -> Data:
        """Return data for a new variable.

        Raises
        ------
        UnsupportedError
            It is of a type that cannot be written.
        """
        if not isinstance(variable.type, AtomicType):
            raise UnsupportedError(
                f"type {variable.type.name!r}: variables of user-defined types cannot be written "
                "to Zarr yet",
                variable=path,
            )
        layout = layout_for(variable, request, self.zarr_format)
        self._layouts[variable] = layout
        if variable.type is STRING and self.zarr_format == 2:
            fill = variable.storage.fill_value
            return HeldData(None, variable.type.dtype, variable.dimensions, fill)
        document = self._document(variable, layout)
        self._documents[variable] = document
        array = ZarrArray(self.store, path[1:], self._readable(variable, document))
        return StoredData(array, variable.dimensions, clean=True)

    def _document(self, variable: model.Variable, layout: Layout) -> ArrayMetadata:
        """Return the document that our dialect writes for a variable, wherever it is."""
        alone = replace_data(variable)
        place = model.Dataset(dimensions={str(n): d for n, d in enumerate(variable.dimensions)})
        place.variables["variable"] = alone
        node = NativeDialect().write(place, {"/variable": layout}, self.zarr_format)
        document = node.members["variable"].document
        assert isinstance(document, ArrayMetadata)
        return document

    def _readable(self, variable: model.Variable, document: ArrayMetadata) -> ArrayMetadata:
        """Return a document with the fill value of netCDF, where that of Zarr is left open."""
        if document.fill_value is not None or variable.storage.fill_value is None:
            return document
        return replace(document, fill_value=variable.storage.fill_value)

    def move(self, old: str, new: str) -> None:
        """Copy what lies at a path, and below it, to another; `settle` removes it where it was."""
        inside = {
            path: variable
            for path, variable in self.dataset.all_variables()
            if path == old or path.startswith(f"{old}/")
        }
        prefix = f"{old[1:]}/"
        for key in list(self.store.list(prefix)):
            value = self.store.get(key)
            if value is not None:
                self.store.set(f"{new[1:]}/{key.removeprefix(prefix)}", value)
        for path, variable in inside.items():
            if isinstance(variable.data, StoredData):
                variable.data.moved((new + path.removeprefix(old))[1:])
            elif isinstance(variable.data, HeldData):
                variable.data.load()
        self._gone.append(old[1:])

    def settle(self) -> None:
        """Say in the documents what was moved, and remove it from where it was."""
        if self._written:  # else there are none yet
            self.sync()
        for path in self._gone:
            for key in list(self.store.list(f"{path}/")):
                self.store.delete(key)
        self._gone = []

    def sync(self) -> None:
        """Write the documents; in a store of one file nothing can be read before it is closed."""
        for path, variable in self.dataset.all_variables():
            if isinstance(variable.data, HeldData):
                self._flush(path, variable, variable.data)
            elif isinstance(variable.data, StoredData):
                self._fill_gaps(variable, variable.data)
        layouts = {path: self._layouts[each] for path, each in self.dataset.all_variables()}
        root = NativeDialect().write(self.dataset, layouts, self.zarr_format)
        self._merge(root, self._before, self.dataset, "")
        self._publish(root)

    def _flush(self, path: str, variable: model.Variable, data: HeldData) -> None:
        """Write texts that were held, with as much room as the longest takes."""
        values = data.values
        if not data.changed:
            return
        encoded = encode_texts(values)
        old = self._layouts[variable]
        variable.storage = replace(variable.storage, chunks=old.chunks)
        layout = layout_of(variable, self.zarr_format, encoded.dtype.itemsize)
        layout = replace(layout, chunks=old.chunks)
        for key in list(self.store.list(f"{path[1:]}/")):
            self.store.delete(key)
        document = self._document(variable, layout)
        array = ZarrArray(self.store, path[1:], document)
        array[...] = encoded.astype(array.dtype)
        self._layouts[variable], self._documents[variable] = layout, document
        data.changed = False

    def _fill_gaps(self, variable: model.Variable, data: StoredData) -> None:
        """Write the chunks that nobody has written, where the document has no fill value.

        In Zarr v2 xarray takes a fill value for ``_FillValue``: a variable without one has none.
        """
        array = data.array
        if self._documents[variable].fill_value is not None or not array.size:
            return
        there = set(self.store.list(f"{array.path}/" if array.path else ""))
        for index in product(*map(range, array.grid.counts)):
            if array.key(index) not in there:
                edges = [array.grid.edges(axis, place) for axis, place in enumerate(index)]
                array[tuple(slice(*edge) for edge in edges)] = array.fill

    def _merge(self, node: Node, before: Node, group: model.Group, path: str) -> None:
        """Let documents say what they said before of what netCDF has no word for."""
        members: dict[str, Node] = dict(node.members)
        for name, variable in group.variables.items():
            new = members[name].document
            assert isinstance(new, ArrayMetadata)
            members[name] = Node(_merged(new, self._stored(variable)))
        for name, below in group.groups.items():
            old = before.members.get(name) or Node(GroupMetadata(zarr_format=self.zarr_format))
            self._merge(members[name], old, below, f"{path}{name}/")
        for name, old in before.members.items():
            if name not in members and f"{path}{name}" not in self._gone:
                members[name] = old  # it could not be read, but it is there
        node.members = members

    def _stored(self, variable: model.Variable) -> ArrayMetadata | None:
        """Return the document of an array that is there, with the chunks that it has by now."""
        document = self._documents.get(variable)
        if document is None or not isinstance(variable.data, StoredData):
            return document
        return replace(document, chunk_grid=variable.data.array.metadata.chunk_grid)

    def _publish(self, root: Node) -> None:
        written = {}
        for path, node in consolidated.walk(root):
            raw = written[path] = _raw(node)
            for name, data in raw.items():
                if path and self._written.get(path, {}).get(name) != data:
                    self.store.set(f"{path}/{name}", data)
        last = written[""]
        if self._consolidated and self.zarr_format == 3:
            last = {v3.KEY: dumps(consolidated.write_v3(root))}
        elif self._consolidated:
            last = {**last, consolidated.KEY: dumps(consolidated.write_v2(root))}
        for name, data in last.items():
            self.store.set(name, data)
        self._written, self._before = written, root

    def close(self) -> None:
        """Let go of the store."""
        self._stack.close()


def replace_data(variable: model.Variable) -> model.Variable:
    """Return a variable without values, but of its shape."""
    return model.Variable(
        variable.name,
        variable.type,
        variable.dimensions,
        dict(variable.attributes),
        _Nothing(variable),
        variable.storage,
    )


class _Nothing:
    """Data of which only shape and type are asked."""

    def __init__(self, variable: model.Variable) -> None:
        self.shape = variable.shape
        self.dtype = variable.type.dtype

    def __getitem__(self, selection: Any) -> Any:
        raise MetadataError("there are no values")


def _layout(document: ArrayMetadata) -> Layout:
    """Return the layout of an array that is there; a chunk of 1 where they differ."""
    regular = document.chunk_grid.configuration.get("chunk_shape")
    chunks = tuple(regular or (1,) * len(document.shape))
    return Layout(document.data_type, chunks, document.codecs)


def _merged(new: ArrayMetadata, old: ArrayMetadata | None) -> ArrayMetadata:
    """Return a document with the storage and the unknown members of the array that is there."""
    if old is None:
        return new
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


def _raw(node: Node) -> Raw:
    """Return the documents of a node by their names, as they are stored."""
    document: Document = node.document
    if document.zarr_format == 3:
        return {v3.KEY: dumps(v3.write(document))}
    return {name: dumps(each) for name, each in consolidated.documents_v2(node).items()}
