"""A hierarchy of Zarr nodes as a dataset: what all dialects share when they read."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from zarr_cdm.cdm.model import ArrayLike, Dataset, Group, Variable, join
from zarr_cdm.dialects.base import OpenArray
from zarr_cdm.dialects.scope import Scope
from zarr_cdm.errors import MetadataError, ZarrCdmError, ZarrCdmWarning
from zarr_cdm.limits import current
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node

# Fills a group's attributes, and what dimensions it declares; returns names in their order.
ReadGroup = Callable[[GroupMetadata, Group, str, Scope], list[str]]
# Makes the variable of an array that lies in the group at that path.
ReadArray = Callable[[ArrayMetadata, ArrayLike, str, str, Scope], Variable]


def read_tree(
    root: Node, array: OpenArray, read_group: ReadGroup, read_array: ReadArray
) -> Dataset:
    """Return the hierarchy as a dataset, its data unread.

    What cannot be read is left out, with a warning that names it.
    """
    dataset = Dataset()
    scope = Scope(dataset)
    document = root.document
    if isinstance(document, ArrayMetadata):
        raise MetadataError("the root is an array, not a group: that is no dataset")
    _read(document, root, dataset, "/", array, scope, read_group, read_array)
    return dataset


def _read(
    document: GroupMetadata,
    node: Node,
    group: Group,
    path: str,
    array: OpenArray,
    scope: Scope,
    read_group: ReadGroup,
    read_array: ReadArray,
) -> None:
    current().check("group_depth", path.count("/"), f"the nesting of the group {path[:80]}")
    order = read_group(document, group, path, scope)
    below: list[tuple[str, GroupMetadata, Node]] = []
    for name in _ordered(order, list(node.members)):
        member, place = node.members[name], join(path, name)
        try:
            found = member.document
            if isinstance(found, GroupMetadata):
                below.append((name, found, member))
                continue
            data = array(place[1:])
            group.variables[name] = read_array(found, data, name, path, scope)
        except ZarrCdmError as error:
            warnings.warn(f"{place} is left out: {error}", ZarrCdmWarning, stacklevel=2)
    # Only now, because the groups below see the dimensions of this one.
    for name, found, member in below:
        group.groups[name] = Group(name)
        place = join(path, name)
        scope.enter(place, group.groups[name])
        _read(found, member, group.groups[name], place, array, scope, read_group, read_array)


def _ordered(first: list[str], names: list[str]) -> list[str]:
    """Return ``names``, those that ``first`` has in its order and before the others."""
    present = set(names)
    return list(dict.fromkeys([*(name for name in first if name in present), *names]))
