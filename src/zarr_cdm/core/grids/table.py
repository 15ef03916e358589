"""Every chunk grid, by the name that ``zarr.json`` gives it. A new grid is one new row."""

from __future__ import annotations

from zarr_cdm.registry import Registry

GRIDS = Registry("chunk grid", {"regular": "zarr_cdm.core.grids.regular:RegularGrid"})
