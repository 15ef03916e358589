"""A dataset in a Zarr store that is made or changed.

Chunks are written as values are assigned, documents at `sync` and `close`: those of the nodes that
changed, and last the root's. They are in our own dialect; what an array's document says of chunks
and codecs stays as it is.

Values that are held in memory are written whole, as new arrays beside the old ones. The root's
consolidated metadata, which are one key, then name the new ones in the place of the old; these are
replaced, and at last named again. Meanwhile they say that they hold, whatever other documents say.
So whoever reads finds the old values or the new, at any time, also when the process ends.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import product

from zarr_cdm.cdm import model
from zarr_cdm.cdm.types import STRING, AtomicType, EnumType
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.group import ZarrGroup
from zarr_cdm.core.outdated import is_being_written
from zarr_cdm.core.stores.base import Store
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.names import node_name
from zarr_cdm.dialects.native import NativeDialect, with_null
from zarr_cdm.dialects.parts import PartedDataset, parted
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.formats.zarr_data import write_data
from zarr_cdm.metadata.documents import ArrayMetadata, Node, ZarrVersion
from zarr_cdm.netcdf4.session import Data, Request
from zarr_cdm.netcdf4.zarr_data import HeldData, StoredData
from zarr_cdm.netcdf4.zarr_documents import (
    Raw,
    add,
    arrays_of,
    beside,
    document_for,
    is_document,
    layout_in,
    merged,
    nodes_of,
    placed,
    publish,
    raw_of,
    with_old_null,
)
from zarr_cdm.netcdf4.zarr_layout import layout_for, text_bytes
from zarr_cdm.translate.chunking import layout_of


class ZarrKeeper:
    """What keeps a dataset in a store.

    Attributes
    ----------
    format
        ``ZARR3`` or ``ZARR2``.
    stack
        What is done when it is closed.
    has_changed
        Whether something has been written.
    """

    def __init__(
        self, dataset: model.Dataset, store: Store, zarr_format: ZarrVersion, stack: ExitStack
    ) -> None:
        self.dataset = dataset
        self.store = store
        self.zarr_format: ZarrVersion = zarr_format
        self.format = f"ZARR{zarr_format}"
        self.stack = stack
        self.has_changed = False
        self._consolidated = True
        self._root: Node | None = None  # the documents that are there
        self._written: dict[str, Raw] = {}
        self._arrays: dict[str, ArrayMetadata] = {}  # what documents say, by the paths of arrays
        self._unread: dict[str, Node] = {}  # what is in the store, but not in the dataset
        self._left: list[str] = []  # arrays of a process that has not got to the end

    def take(self, group: ZarrGroup) -> None:
        """Take over what is in a store."""
        self._consolidated = group.consolidated
        self._root = group.node
        self._written = {path: raw_of(node) for path, node in nodes_of(group.node).items()}
        self._arrays = dict(arrays_of(group.node))
        known = {path[1:] for path, _ in parted(self.dataset, self.zarr_format).all_variables()}
        taken = known | (self._written.keys() - self._arrays.keys())
        # A process that replaced them may have ended before it was done.
        left = {beside(path, taken, self.zarr_format) for path in known - self._arrays.keys()}
        self._unread = {
            path: node
            for path, node in nodes_of(group.node).items()
            if path in self._arrays and path not in known | left
        }
        if is_being_written(group):
            places = {beside(path, taken, self.zarr_format) for path in known}
            self._left = sorted(places - self._written.keys())
            self._written = {path: {} for path in self._written}  # they may be others by now
        for _, variable in self.dataset.all_variables():
            data, kind, fill = variable.data, variable.type, variable.storage.fill_value
            if isinstance(data, ZarrArray) and data.dtype == kind.dtype and data.path in known:
                array = ZarrArray(self.store, data.path, data.metadata)
                variable.data = StoredData(array, variable.dimensions, fill, clean=False)
            else:
                variable.data = HeldData(data, kind, variable.dimensions, fill)

    def create(self, path: str, variable: model.Variable, request: Request) -> Data:
        """Return data for a new variable: in the store, or held where parts of it are stored."""
        names = path[1:].split("/")
        odd = any(node_name(name, self.zarr_format) != name for name in names)
        texts = variable.type is STRING and self.zarr_format == 2
        fill = variable.storage.fill_value
        if odd or texts or not isinstance(variable.type, AtomicType | EnumType):
            return HeldData(None, variable.type, variable.dimensions, fill)
        layout = layout_for(variable, request, self.zarr_format)
        document = self._arrays[path[1:]] = document_for(variable, layout, self.zarr_format)
        array = ZarrArray(self.store, path[1:], document)
        return StoredData(array, variable.dimensions, fill, clean=True)

    def move(self, old: str, new: str) -> None:
        """Begin to move what lies at a path, and below it: read what is not in memory yet."""
        for path, variable in self.dataset.all_variables():
            if f"{path}/".startswith(f"{old}/") and isinstance(variable.data, HeldData):
                variable.data.load()
        prefix = "/".join(node_name(name, self.zarr_format) for name in old[1:].split("/"))
        lost = [path for path in self._unread if path.startswith(f"{prefix}/")]
        if lost:
            raise UnsupportedError(f"{lost[0]!r} in it could not be read: it cannot be moved")

    def settle(self) -> None:
        """End a move: put chunks where the dataset says that they are now."""
        old = []
        for path, variable in self._stored(parted(self.dataset, self.zarr_format)):
            data = variable.data
            if isinstance(data, StoredData) and data.path != path:
                old.append(data.path)
                self._copy(data.path, path)
                self._arrays[path] = self._arrays.pop(data.path)
                data.moved(path)
        if self._written:  # else there are no documents yet
            self.sync()
        for path in old:
            self._delete(path)

    def _stored(self, split: PartedDataset) -> Iterator[tuple[str, model.Variable]]:
        """Yield the path of each array with the variable that it is, or is a part of."""
        for path, part in split.all_variables():
            yield path[1:], split.origins[part].variable

    def _copy(self, old: str, new: str) -> None:
        """Copy chunks; documents are written when they are published."""
        for key in list(self.store.list(f"{old}/")):
            value = None if is_document(key) else self.store.get(key)
            if value is not None:
                self.store.set(f"{new}/{key.removeprefix(f'{old}/')}", value)

    def _delete(self, path: str) -> None:
        for key in sorted(self.store.list(f"{path}/"), key=is_document, reverse=True):
            self.store.delete(key)
        if path in self._written:
            self._written[path] = {}  # none of its documents is there any more

    def sync(self) -> None:
        """Write the documents; in a store of one file nothing can be read before it is closed."""
        self.has_changed = True
        while self._left:
            self._delete(self._left.pop())
        split = parted(self.dataset, self.zarr_format)
        changed: dict[str, model.Variable] = {}
        layouts: dict[str, Layout] = {}
        for path, part in split.all_variables():
            data = split.origins[part].variable.data
            if isinstance(data, HeldData) and (data.is_changed or path[1:] not in self._arrays):
                changed[path[1:]] = part
                room = text_bytes(part) if part.type is STRING else None
                layouts[path] = layout_of(part, self.zarr_format, room)
            else:
                layouts[path] = layout_in(self._arrays[path[1:]])
                if isinstance(data, StoredData):
                    self._fill_gaps(path[1:], data)
        root = NativeDialect().write(split, layouts, self.zarr_format)
        self._merge(root, split, changed)
        taken = nodes_of(root).keys()
        places = {
            path: beside(path, taken, self.zarr_format) for path in changed if path in self._written
        }
        self._write_held(root, changed, places)
        self._publish(root, places)
        for _, variable in self.dataset.all_variables():
            if isinstance(variable.data, HeldData):
                variable.data.is_changed = False

    def _write_held(
        self, root: Node, changed: Mapping[str, model.Variable], places: Mapping[str, str]
    ) -> None:
        """Write arrays at other places, where there are such, else at their own."""
        group = ZarrGroup(self.store, placed(root, places), self.zarr_format, True)
        chosen = {places.get(path, path): part for path, part in changed.items()}
        for place in chosen:
            self._delete(place)  # what another process may have left
        try:
            null = write_data(_Chosen(chosen), group)
        except BaseException:
            for place in chosen:
                self._delete(place)
            raise
        nodes = nodes_of(root)
        for path in changed:
            document = nodes[path].document
            assert isinstance(document, ArrayMetadata)
            found = null.get(f"/{places.get(path, path)}")
            nodes[path].document = document if found is None else with_null(document, found)

    def _fill_gaps(self, path: str, data: StoredData) -> None:
        """Write the chunks that nobody has written, where the document has no fill value.

        In Zarr v2 xarray takes a fill value for ``_FillValue``: a variable without one has none.
        """
        array = data.array
        if not data.clean or self._arrays[path].fill_value is not None or not array.size:
            return
        there = set(self.store.list(f"{path}/"))
        for index in product(*map(range, array.grid.counts)):
            if array.key(index) not in there:
                edges = [array.grid.edges(axis, place) for axis, place in enumerate(index)]
                array[tuple(slice(*edge) for edge in edges)] = array.fill

    def _merge(self, root: Node, split: PartedDataset, changed: Container[str]) -> None:
        """Let documents say what they said before of what netCDF has no word for."""
        nodes = nodes_of(root)
        for path, variable in self._stored(split):
            new, old = nodes[path].document, self._arrays.get(path)
            assert isinstance(new, ArrayMetadata)
            if old is None or path in changed:
                continue
            if isinstance(variable.data, StoredData):
                old = replace(old, chunk_grid=variable.data.array.metadata.chunk_grid)
            nodes[path].document = with_old_null(merged(new, old), old)
        for path, node in self._unread.items():
            add(root, path, node)

    def _publish(self, root: Node, places: Mapping[str, str]) -> None:
        """Write the documents, and move arrays to where they belong.

        Until all is done the consolidated ones say so: then they hold, whatever the others say.
        """
        gone = self._written.keys() - nodes_of(root).keys()
        if self._root is not None and (places or (self._consolidated and self._differs(root))):
            self._write_documents(self._root, True, writing=True)
        if places:
            self._write_documents(placed(root, places), True, writing=True)
            for path, place in places.items():
                self._copy(place, path)
        if places or (gone and self._consolidated):  # what is not named any more is removed
            self._write_documents(root, True, writing=True)
        self._write_documents(root, self._consolidated)

    def _differs(self, root: Node) -> bool:
        """Tell whether documents below the root's are others than those that are there."""
        new = {path: raw_of(node) for path, node in nodes_of(root).items() if path}
        return new != {path: raw for path, raw in self._written.items() if path}

    def _write_documents(self, root: Node, consolidate: bool, *, writing: bool = False) -> None:
        """Write the documents, and then remove the arrays that they do not name any more."""
        before, self._root = self._written, root
        self._written = publish(
            self.store,
            root,
            self.zarr_format,
            before,
            consolidate=consolidate,
            writing=writing,
        )
        self._arrays = dict(arrays_of(root))
        for path in before:
            if path not in self._written:
                self._delete(path)

    def close(self, error: BaseException | None = None) -> None:
        """Let go of the store; one that is a file appears now, unless there was an error."""
        self.stack.__exit__(type(error) if error else None, error, None)


class _Chosen(model.Dataset):
    """Some variables of a dataset, which are to be written."""

    def __init__(self, variables: Mapping[str, model.Variable]) -> None:
        super().__init__()
        self._variables = variables

    def all_variables(self) -> Iterator[tuple[str, model.Variable]]:
        return ((f"/{path}", variable) for path, variable in self._variables.items())
