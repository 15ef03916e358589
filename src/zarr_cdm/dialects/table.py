"""Every dialect, in the order in which they are tried. A new dialect is one new row."""

from __future__ import annotations

from zarr_cdm.dialects.base import Dialect
from zarr_cdm.errors import MetadataError, UnknownNameError, UnsupportedError
from zarr_cdm.metadata.documents import Node, ZarrVersion
from zarr_cdm.registry import Registry

_HERE = "zarr_cdm.dialects"

DIALECTS = Registry(
    "dialect",
    {
        "native": f"{_HERE}.native:NativeDialect",
        "nczarr": f"{_HERE}.nczarr:NczarrDialect",
        "nz": f"{_HERE}.nz:NzDialect",
        "ome": f"{_HERE}.ome:OmeDialect",
        "multiscales": f"{_HERE}.multiscales:MultiscalesDialect",
        "eopf": f"{_HERE}.eopf:EopfDialect",
        "gdal": f"{_HERE}.gdal:GdalDialect",
        "dimension_names": f"{_HERE}.dimension_names:DimensionNamesDialect",
        "array_dimensions": f"{_HERE}.array_dimensions:ArrayDimensionsDialect",
    },
)

# What can be written: its name for users, and which dialect it is in each version of Zarr.
WRITTEN: dict[str, dict[ZarrVersion, str]] = {
    "native": {3: "native", 2: "native"},
    "xarray": {3: "dimension_names", 2: "array_dimensions"},
    "nczarr": {2: "nczarr"},
    "nz": {3: "nz"},
}


def version_of(name: str, zarr_format: ZarrVersion | None) -> ZarrVersion:
    """Return the version of Zarr to write a dialect in: the given one, else its newest.

    Raises
    ------
    UnknownNameError
        No dialect of that name can be written.
    UnsupportedError
        It is none of that version.
    """
    if name not in WRITTEN:
        raise UnknownNameError(f"unknown dialect {name!r}; known: {', '.join(WRITTEN)}")
    versions = WRITTEN[name]
    if zarr_format is not None and zarr_format not in versions:
        known = " and ".join(map(str, versions))
        raise UnsupportedError(f"the dialect {name!r} is written in Zarr v{known} only")
    return zarr_format or max(versions)


def writer(name: str, zarr_format: ZarrVersion) -> Dialect:
    """Return the dialect that is written under a name, in a version of Zarr."""
    dialect: Dialect = DIALECTS[WRITTEN[name][version_of(name, zarr_format)]]()
    return dialect


def choose(root: Node) -> tuple[str, Dialect]:
    """Return the name of the first dialect that knows a hierarchy, and the dialect."""
    for name in DIALECTS:
        dialect: Dialect = DIALECTS[name]()
        if dialect.matches(root):
            return name, dialect
    raise MetadataError("the root document is of no known version")
