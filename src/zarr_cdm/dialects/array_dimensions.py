"""xarray's way to name dimensions in Zarr v2: the attribute ``_ARRAY_DIMENSIONS``.

Specification: xarray, "Zarr Encoding Specification"; `conventions/array_dimensions/`.
"""

from __future__ import annotations

from collections.abc import Mapping

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.plain import read_plain, write_plain
from zarr_cdm.metadata.documents import Node, ZarrVersion


class ArrayDimensionsDialect:
    """Zarr v2 with ``_ARRAY_DIMENSIONS``."""

    def matches(self, root: Node) -> bool:
        return root.document.zarr_format == 2

    def read(self, root: Node, array: OpenArray) -> Dataset:
        return read_plain(root, array, names_of)

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        return write_plain(dataset, layouts, 2)
