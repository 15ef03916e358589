"""Arrays that show one thing at several resolutions, each as a group of its own.

Such levels lie beside each other in one group. Their dimensions have the same names and different
lengths, which cannot be inside one group of netCDF's model, so each array becomes a group that
holds it on dimensions of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.dialects.base import OpenArray
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.nodes import under
from zarr_cdm.dialects.plain import read_plain
from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.limits import current
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node


@dataclass(frozen=True, slots=True)
class Level:
    """An array that shall be a group.

    Attributes
    ----------
    variable
        The name of the array in its group.
    names
        Those of its dimensions; None: as the array itself has them.
    """

    variable: str
    names: tuple[str, ...] | None = None


# The levels that the document of a group speaks of, by their paths from there.
LevelsOf = Callable[[GroupMetadata, Node], Mapping[str, Level]]


@dataclass(slots=True)
class _Split:
    levels_of: LevelsOf
    waiting: dict[str, Level] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)

    def node(self, node: Node, path: str) -> Node:
        current().check("group_depth", path.count("/"), f"the nesting of the group {path[:80]}")
        try:
            document = node.document
        except ZarrCdmError:
            return node  # whoever reads the dataset says so
        if isinstance(document, ArrayMetadata):
            return self.array(node, document, path)
        for place, level in self.levels_of(document, node).items():
            self.waiting.setdefault(under(path, place), level)
        members = {
            name: self.node(member, under(path, name)) for name, member in node.members.items()
        }
        return Node(document, members)

    def array(self, node: Node, document: ArrayMetadata, path: str) -> Node:
        level = self.waiting.get(path)
        if level is None:
            return node
        self.moved[under(path, level.variable)] = path
        if level.names is not None and len(level.names) == len(document.shape):
            node = Node(replace(document, dimension_names=level.names))
        return Node(GroupMetadata(zarr_format=document.zarr_format), {level.variable: node})


def read_levels(root: Node, array: OpenArray, levels_of: LevelsOf) -> Dataset:
    """Return a hierarchy as a dataset, with a group for each level."""
    split = _Split(levels_of)
    node = split.node(root, "")
    return read_plain(node, lambda path: array(split.moved.get(path, path)), names_of)
