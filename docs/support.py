"""Write `docs/support.md`: what is supported, read off the tables of the package."""

from pathlib import Path

from zarr_cdm.cdm.types import ATOMIC_TYPES
from zarr_cdm.conventions.table import CONVENTIONS
from zarr_cdm.core.codecs.numcodecs import ALLOWED, PREFIX
from zarr_cdm.core.codecs.table import CODECS
from zarr_cdm.core.grids.table import GRIDS
from zarr_cdm.core.stores.table import STORES
from zarr_cdm.dialects.table import DIALECTS, WRITTEN
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS
from zarr_cdm.formats.table import FORMATS
from zarr_cdm.metadata.dtypes import PLAIN, SIZED, VARIABLE
from zarr_cdm.metadata.keys import ENCODINGS

PAGE = Path(__file__).with_suffix(".md")


def table() -> str:
    """Return the page."""
    rows = {
        "Zarr versions": ["2", "3"],
        "data types": [*PLAIN, *SIZED, "r8, r16, …", *VARIABLE],
        "netCDF types": [*ATOMIC_TYPES, "enum", "compound", "vlen", "opaque"],
        "netCDF data models": DATA_MODELS,
        "codecs": sorted(CODECS),
        "codecs through numcodecs": sorted(PREFIX + name for name in ALLOWED),
        "chunk grids": GRIDS,
        "chunk key encodings": ENCODINGS,
        "consolidated metadata": ["inline in zarr.json (v3)", ".zmetadata (v2)"],
        "stores": STORES,
        "dialects": DIALECTS,
        "dialects written": WRITTEN,
        "conventions that are checked": CONVENTIONS,
        "formats": FORMATS,
    }
    lines = ["# What is supported", "", "Made by `python docs/support.py`; do not edit.", ""]
    lines += ["| what | which |", "|---|---|"]
    lines += [
        f"| {what} | {', '.join(f'`{name}`' for name in names)} |" for what, names in rows.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
