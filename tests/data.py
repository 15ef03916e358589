"""Where test data come from: the shared folder of real files."""

import csv
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("ZARR_CDM_SHARED", ROOT.parent / "shared"))
needs_shared = pytest.mark.skipif(
    not (SHARED / "data" / "INDEX.tsv").exists(),
    reason="the shared folder of real files is not there; ZARR_CDM_SHARED may name it",
)


def shared_files(core: str) -> list[Path]:
    """Return the real files ("core") or the broken ones ("negative"); none without the folder."""
    index = SHARED / "data" / "INDEX.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [SHARED / "data" / row["path"] for row in rows if row["core"] == core]


def name_of(path: Path) -> str:
    """Return the name of a shared file for the list of tests."""
    return f"{path.parent.name}/{path.name}"


# Listed as broken because netCDF4-python cannot open it: a compound nested in another.
NESTED = "negative/ref_tst_xplatform2_2.nc"
REAL_FILES = shared_files("core")
BROKEN_FILES = [path for path in shared_files("negative") if name_of(path) != NESTED]
