"""Every convention that is known here. A new one is one new row, and a folder in `conventions/`."""

from __future__ import annotations

from zarr_cdm.registry import Registry

_HERE = "zarr_cdm.conventions"

CONVENTIONS = Registry(
    "convention",
    {
        "native": f"{_HERE}.reading:NATIVE",
        "nczarr": f"{_HERE}.reading:NCZARR",
        "dimension_names": f"{_HERE}.dimensions:DIMENSION_NAMES",
        "array_dimensions": f"{_HERE}.dimensions:ARRAY_DIMENSIONS",
        "zarr_conventions": f"{_HERE}.framework:FRAMEWORK",
        "nz": f"{_HERE}.nz:NZ",
        "cf": f"{_HERE}.cf:CF",
        "multiscales": f"{_HERE}.multiscales:MULTISCALES",
        "proj": f"{_HERE}.geo:PROJ",
        "spatial": f"{_HERE}.geo:SPATIAL",
        "ome": f"{_HERE}.ome:OME",
        "gdal": f"{_HERE}.reading:GDAL",
        "eopf": f"{_HERE}.reading:EOPF",
    },
)
