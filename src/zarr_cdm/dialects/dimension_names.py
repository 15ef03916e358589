"""Zarr v3's own way to name dimensions: ``dimension_names`` in ``zarr.json``.

Specification: zarr-specs, v3 core, "dimension_names"; `conventions/dimension_names/`.
"""

from __future__ import annotations

from collections.abc import Mapping

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.plain import DIMENSIONS, read_plain, write_plain
from zarr_cdm.metadata.documents import ArrayMetadata, Node, ZarrVersion


class DimensionNamesDialect:
    """Zarr v3 with ``dimension_names``; early xarray stores have `_ARRAY_DIMENSIONS` there too."""

    def matches(self, root: Node) -> bool:
        return root.document.zarr_format == 3

    def read(self, root: Node, array: OpenArray) -> Dataset:
        return read_plain(root, array, names_of)

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        return write_plain(dataset, layouts, 3)


def names_of(document: ArrayMetadata) -> tuple[str | None, ...]:
    """Return the names of an array's dimensions; None for one that has none."""
    rank = len(document.shape)
    found = document.dimension_names or document.attributes.get(DIMENSIONS)
    if not isinstance(found, list | tuple) or len(found) != rank:
        return (None,) * rank
    return tuple(name if isinstance(name, str) else None for name in found)
