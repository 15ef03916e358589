"""A Zarr group: its attributes, and the arrays and groups below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.consolidating import consolidate
from zarr_cdm.core.creating import new_array
from zarr_cdm.core.editing import create_node, remove_node, update_attributes
from zarr_cdm.core.hierarchy import Members, find_root, join, publish_tree, write_tree
from zarr_cdm.core.options import DEFAULT_OPTIONS, Options
from zarr_cdm.core.repr import group_html, group_text, tree_text
from zarr_cdm.core.stores.base import Store
from zarr_cdm.core.writing import check_writable
from zarr_cdm.errors import NodeNotFoundError, TargetExistsError, ZarrCdmError
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Json, Node, ZarrVersion
from zarr_cdm.metadata.json import plain


class ZarrGroup(Mapping[str, "ZarrArray | ZarrGroup"]):
    """A group in a store: a mapping from names, or paths, to arrays and groups.

    A node's document is parsed when the node is first asked for. What a group has read it keeps;
    what others write later is seen by who opens it again.

    Attributes
    ----------
    store
        Where it is.
    path
        Its place in the store, without slashes at its ends.
    node
        Its document, and those of all that is below it.
    zarr_format
        The version it is written in.
    consolidated
        Whether the documents of the whole tree were found in one.
    options
        How the arrays below are read and written.
    """

    def __init__(
        self,
        store: Store,
        node: Node,
        zarr_format: ZarrVersion,
        consolidated: bool,
        path: str = "",
        options: Options = DEFAULT_OPTIONS,
    ) -> None:
        self.store = store
        self.path = path
        self.node = node
        self.zarr_format: ZarrVersion = zarr_format
        self.consolidated = consolidated
        self.options = options

    @property
    def name(self) -> str:
        """The path with a slash in front."""
        return f"/{self.path}"

    @property
    def attrs(self) -> Mapping[str, Json]:
        """The attributes, to read; `update_attributes` changes them."""
        return MappingProxyType(dict(self.node.document.attributes))

    def array(self, path: str) -> ZarrArray:
        """Return the array at ``path``.

        Raises
        ------
        NodeNotFoundError
            There is no array.
        MetadataError, LimitError, UnsupportedError
            Its document is none that can be read.
        """
        found = self._open(path)
        if isinstance(found, ZarrArray):
            return found
        raise NodeNotFoundError("there is a group, no array", source=self.store.url, key=path)

    def __getitem__(self, path: str) -> ZarrArray | ZarrGroup:
        """Return the array or group at a path from here, as in ``group["ocean/temperature"]``.

        Raises
        ------
        NodeNotFoundError
            There is none; it is a `KeyError` too.
        MetadataError, LimitError, UnsupportedError
            Its document is none that can be read.
        """
        return self._open(path.strip("/"))

    def _open(self, path: str) -> ZarrArray | ZarrGroup:
        place = join(self.path, path)
        try:
            node = _find(self.node, path)
            document = node.document
            if isinstance(document, ArrayMetadata):
                array = ZarrArray(self.store, place, document, self.options)
                array.node = node
                return array
        except ZarrCdmError as error:
            raise error.at(source=self.store.url, key=place) from error.__cause__
        return ZarrGroup(
            self.store, node, document.zarr_format, self.consolidated, place, self.options
        )

    def __contains__(self, path: object) -> bool:
        try:
            return isinstance(path, str) and _find(self.node, path.strip("/")) is not None
        except NodeNotFoundError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self.node.members)

    def __len__(self) -> int:
        return len(self.node.members)

    # As a mapping it would be equal to another that holds the same, and would have to open it all.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def arrays(self) -> Iterator[tuple[str, ZarrArray]]:
        """Yield the names of the arrays right below, each with its array."""
        for name, node in self.node.members.items():
            if isinstance(node.document, ArrayMetadata):
                yield name, self.array(name)

    def groups(self) -> Iterator[tuple[str, ZarrGroup]]:
        """Yield the names of the groups right below, each with its group."""
        for name in self.node.members:
            found = self[name] if _is_group(self.node.members[name]) else None
            if isinstance(found, ZarrGroup):
                yield name, found

    def tree(self) -> str:
        """Return a picture of all that is below, in text."""
        return tree_text(self.name, self.node)

    def create_array(
        self, path: str, shape: Any = None, dtype: Any = None, *, data: Any = None, **others: Any
    ) -> ZarrArray:
        """Create an array below this group, of the group's version of Zarr.

        Groups on the way to it are created too. The other parameters, what is returned and what is
        raised are those of `zarr_cdm.create_array`.
        """
        overwrite = others.pop("overwrite", False)
        document = new_array(shape, dtype, data, zarr_format=self.zarr_format, **others)
        return self._create_array(path.strip("/"), document, data, overwrite)

    def _create_array(
        self, path: str, document: ArrayMetadata, data: Any, overwrite: bool
    ) -> ZarrArray:
        place = self._writable(path)
        array = ZarrArray(self.store, place, document, self.options)  # or it raises, before writing
        create_node(self.store, place, document, overwrite)
        array.node = Node(document)
        self._add(path, array.node)
        if data is not None:
            array[...] = data
        return array

    def create_group(
        self, path: str, *, attributes: Mapping[str, Json] | None = None, overwrite: bool = False
    ) -> ZarrGroup:
        """Create a group below this one, and the groups on the way to it.

        What is raised is what `zarr_cdm.create_group` raises.
        """
        path = path.strip("/")
        place = self._writable(path)
        document = GroupMetadata(plain(attributes or {}), zarr_format=self.zarr_format)
        create_node(self.store, place, document, overwrite)
        members = {} if self.consolidated else Members(self.store, place)
        node = Node(document, members)
        self._add(path, node)
        return ZarrGroup(self.store, node, self.zarr_format, self.consolidated, place, self.options)

    def __delitem__(self, path: str) -> None:
        """Remove an array or group and all that is below it."""
        path = path.strip("/")
        place = self._writable(path)
        _find(self.node, path)
        remove_node(self.store, place)
        *names, last = path.split("/")
        members = _find(self.node, "/".join(names)).members
        if isinstance(members, dict):
            del members[last]
        elif isinstance(members, Members):
            members.forget()

    def update_attributes(self, attributes: Mapping[str, Json]) -> None:
        """Set attributes in the store and here; others stay as they are.

        Raises
        ------
        MetadataError
            JSON has no word for a value, as for NaN.
        """
        check_writable(self.store, self.path, self.options)
        change = plain(attributes)
        update_attributes(self.store, self.path, self.zarr_format, change)
        before = self.node.document
        assert isinstance(before, GroupMetadata)
        whole = {**before.attributes, **change}
        self.node.document = GroupMetadata(whole, before.members, before.zarr_format)

    def consolidate(self) -> None:
        """Put the documents of all nodes below into this group's, so that one read opens them.

        What there is of this is replaced. From then on it is kept up to date by this package:
        whatever creates, removes, resizes or describes a node changes it there too. Other writers
        may not know of it; after them, consolidate again.

        Raises
        ------
        MetadataError
            A document is no JSON, or one of the other version of Zarr.
        """
        check_writable(self.store, self.path, self.options)
        consolidate(self.store, self.path, self.zarr_format)
        root = find_root(self.store, self.path)
        self.node, self.consolidated = root.node, root.consolidated

    def _writable(self, path: str) -> str:
        check_writable(self.store, join(self.path, path), self.options)
        if not path:
            raise TargetExistsError(
                "there is a group already; name a path below it", source=self.store.url
            )
        return join(self.path, path)

    def _add(self, path: str, node: Node) -> None:
        """Put a node into the tree here, and the groups on the way to it."""
        members = self.node.members
        *names, last = path.split("/")
        for name in names:
            if not isinstance(members, dict):
                break
            if name not in members:
                members[name] = Node(GroupMetadata(zarr_format=self.zarr_format), {})
            members = members[name].members
        if isinstance(members, dict):
            members[last] = node
        elif isinstance(members, Members):
            members.forget()

    def __repr__(self) -> str:
        return group_text(self)

    def _repr_html_(self) -> str:
        return group_html(self)


def _is_group(node: Node) -> bool:
    return not isinstance(node.document, ArrayMetadata)


def _find(node: Node, path: str) -> Node:
    for name in path.split("/") if path else ():
        try:
            node = node.members[name]
        except KeyError:
            raise NodeNotFoundError("there is no such node") from None
    return node


def open_tree(store: Store, path: str = "", options: Options = DEFAULT_OPTIONS) -> ZarrGroup:
    """Return the hierarchy at a path of a store; its root may be an array, at the path ''.

    Raises
    ------
    NodeNotFoundError
        There is no Zarr hierarchy.
    MetadataError
        The root's document is no legal one.
    """
    root = find_root(store, path)
    return ZarrGroup(store, root.node, root.zarr_format, root.consolidated, path, options)


def create_tree(store: Store, root: Node, zarr_format: ZarrVersion) -> ZarrGroup:
    """Write the documents of a whole tree, except for those of the root.

    The root comes last, with `publish`, when all data are written: until then nothing opens.
    """
    write_tree(store, root)
    return ZarrGroup(store, root, zarr_format, True)


def publish(group: ZarrGroup) -> None:
    """Write the documents of the root, and in them the whole tree."""
    publish_tree(group.store, group.node, group.zarr_format)
