"""Every chunk grid, by the name that ``zarr.json`` gives it. A new grid is one new row."""

from __future__ import annotations

from zarr_cdm.registry import Registry

_HERE = "zarr_cdm.core.grids"

GRIDS = Registry(
    "chunk grid",
    {
        "rectilinear": f"{_HERE}.rectilinear:RectilinearGrid",
        "regular": f"{_HERE}.regular:RegularGrid",
    },
)
