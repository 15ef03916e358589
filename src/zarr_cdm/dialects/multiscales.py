"""The multiscales convention of zarr-conventions: which arrays or groups are levels of which.

A level that is a group is one already; one that is an array beside others becomes one. What the
levels have to do with each other stays in the attribute ``multiscales`` of their group.

Specification: zarr-conventions, "multiscales"; `conventions/multiscales/`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.dialects.base import Layout, OpenArray, read_only
from zarr_cdm.dialects.gdal import with_grid_mappings
from zarr_cdm.dialects.levels import Level, read_levels
from zarr_cdm.dialects.nodes import find, groups
from zarr_cdm.dialects.records import as_list, as_object
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion

NAME = "multiscales"
VARIABLE = "data"


class MultiscalesDialect:
    """Groups with the attribute ``multiscales`` and a layout in it."""

    def matches(self, root: Node) -> bool:
        return any(layout(document.attributes) for _, _, document in groups(root))

    def read(self, root: Node, array: OpenArray) -> Dataset:
        return with_grid_mappings(read_levels(root, array, levels_of))

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        raise read_only(NAME)


def layout(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the levels that a group lists, as they stand there."""
    return as_list(as_object(attributes.get(NAME)).get("layout"), dict)


def levels_of(document: GroupMetadata, node: Node) -> dict[str, Level]:
    """Return the levels that are arrays right below the group, or beside another level."""
    paths = [str(entry.get("asset", "")).strip("/") for entry in layout(document.attributes)]
    found = [path for path in paths if isinstance(find(node, path), ArrayMetadata)]
    beside = Counter(path.rpartition("/")[0] for path in found)
    return {
        path: Level(VARIABLE)
        for path in found
        if "/" not in path or beside[path.rpartition("/")[0]] > 1
    }
