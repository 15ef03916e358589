"""Every dialect, in the order in which they are tried. A new dialect is one new row."""

from __future__ import annotations

from zarr_cdm.dialects.base import Dialect
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.documents import Node
from zarr_cdm.registry import Registry

_HERE = "zarr_cdm.dialects"

DIALECTS = Registry(
    "dialect",
    {
        "native": f"{_HERE}.native:NativeDialect",
        "dimension_names": f"{_HERE}.dimension_names:DimensionNamesDialect",
        "array_dimensions": f"{_HERE}.array_dimensions:ArrayDimensionsDialect",
    },
)


def choose(root: Node) -> tuple[str, Dialect]:
    """Return the name of the first dialect that knows a hierarchy, and the dialect."""
    for name in DIALECTS:
        dialect: Dialect = DIALECTS[name]()
        if dialect.matches(root):
            return name, dialect
    raise MetadataError("the root document is of no known version")
