"""A hierarchy of Zarr nodes as a dataset: what all dialects share when they read."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

from zarr_cdm.cdm.model import ArrayLike, Dataset, Group, Variable, join
from zarr_cdm.dialects.base import OpenArray
from zarr_cdm.dialects.scope import Scope
from zarr_cdm.errors import MetadataError, ZarrCdmError, ZarrCdmWarning
from zarr_cdm.limits import current
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node

# Fills a group's attributes, and what dimensions it declares; returns names in their order.
ReadGroup = Callable[[GroupMetadata, Group, str, Scope], list[str]]
# Makes the variable of an array that lies in the group at that path; None: it is a part of one.
ReadArray = Callable[[ArrayMetadata, ArrayLike, str, str, Scope], Variable | None]
# Returns the name in the data model of what has a document, from that and its name in the store.
NameOf = Callable[[Document, str], str]
# Adds variables that are made of several arrays, when all arrays of a group have been read.
Gather = Callable[[Group, str, Scope], None]


def read_tree(
    root: Node,
    array: OpenArray,
    read_group: ReadGroup,
    read_array: ReadArray,
    *,
    name_of: NameOf = lambda document, name: name,
    gather: Gather = lambda group, path, scope: None,
) -> Dataset:
    """Return the hierarchy as a dataset, its data unread.

    What cannot be read is left out, with a warning that names it.
    """
    dataset = Dataset()
    document = root.document
    if isinstance(document, ArrayMetadata):
        raise MetadataError("the root is an array, not a group: that is no dataset")
    walk = _Walk(array, Scope(dataset), read_group, read_array, name_of, gather)
    walk.read(document, root, dataset, "/", "")
    return dataset


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk over a hierarchy."""

    array: OpenArray
    scope: Scope
    read_group: ReadGroup
    read_array: ReadArray
    name_of: NameOf
    gather: Gather

    def read(
        self, document: GroupMetadata, node: Node, group: Group, path: str, prefix: str
    ) -> None:
        """Fill a group, whose nodes begin with ``prefix`` in the store."""
        current().check("group_depth", path.count("/"), f"the nesting of the group {path[:80]}")
        order = self.read_group(document, group, path, self.scope)
        below: dict[str, tuple[GroupMetadata, Node, str]] = {}
        for key in _ordered(order, list(node.members)):
            member, place = node.members[key], join(path, key)
            try:
                found = member.document
                name = self.name_of(found, key)
                if name in node.members or name in group.variables or name in below:
                    name = key  # that of another node
                if isinstance(found, GroupMetadata):
                    below[name] = found, member, f"{prefix}{key}/"
                    continue
                data = self.array(prefix + key)
                variable = self.read_array(found, data, name, path, self.scope)
                if variable is not None:
                    group.variables[name] = variable
            except ZarrCdmError as error:
                warnings.warn(f"{place} is left out: {error}", ZarrCdmWarning, stacklevel=2)
        self.gather(group, path, self.scope)
        variables, groups = _ordered(order, list(group.variables)), _ordered(order, list(below))
        group.variables = {name: group.variables[name] for name in variables}
        # Only now, because the groups below see the dimensions of this one.
        for name in groups:
            found, member, inside = below[name]
            group.groups[name] = Group(name)
            place = join(path, name)
            self.scope.enter(place, group.groups[name])
            self.read(found, member, group.groups[name], place, inside)


def _ordered(first: list[str], names: list[str]) -> list[str]:
    """Return ``names``, those that ``first`` has in its order and before the others."""
    present = set(names)
    return list(dict.fromkeys([*(name for name in first if name in present), *names]))
