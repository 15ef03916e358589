"""The stores of other implementations: where they are, what is in them, and what is refused."""

from __future__ import annotations

import json
import shutil
import tarfile
from base64 import b64decode
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from tests.data import SHARED
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.errors import ChunkError, UnknownNameError, ZarrCdmError
from zarr_cdm.metadata import v2
from zarr_cdm.metadata.json import loads_object

FIXTURES = SHARED / "fixtures"
SOURCES = {
    "zarr-python-v2": "zarr-python 2, its own corpus of Zarr v2",
    "zarrs": "zarrs (Rust)",
    "zarrita-js": "zarrita.js, in folders and zip archives",
    "zarr-extensions": "samples of the registry of extensions",
    "netcdf-c-nczarr": "netCDF-C's own tests of NCZarr",
    "nczarr-own": "netCDF-C 4.9.0 to 4.10.1 (NCZarr), and what it trips over",
}


class Refused(NamedTuple):
    """Arrays (``*`` for anything) that cannot be read, the error and words in it, and why."""

    source: str
    key: str
    error: type[ZarrCdmError]
    words: str
    why: str


# The list is exact: what is read after all, or fails otherwise, fails the tests.
REFUSED = [
    Refused(
        "zarrs", "v3/array_optional*", UnknownNameError, "'optional'", "a proposal for a data type"
    ),
    Refused(
        "zarr-extensions",
        "optional/*",
        UnknownNameError,
        "'optional'",
        "a proposal for a data type",
    ),
    Refused(
        "netcdf-c-nczarr",
        "ref_noshape.file.zip!*",
        ChunkError,
        "24 bytes when decoded, expected 4",
        "a chunk of six elements for an array of one",
    ),
    *(
        Refused("nczarr-own", f"{folder}/filters/szip", UnknownNameError, "szip", "no such codec")
        for folder in ("nczarr_4.9.3", "nczarr_4.10.1")
    ),
]


def manifest(source: str) -> dict[str, Any]:
    """Return what is known of every array of a source; nothing without the shared folder."""
    path = FIXTURES / "expected" / f"{source}.tar.gz"
    if not path.exists():
        return {}
    with tarfile.open(path) as archive:
        file = archive.extractfile(f"{source}/MANIFEST.json")
        assert file is not None
        found: dict[str, Any] = json.load(file)
    return found


def unpack(place: Path) -> None:
    """Unpack all sources, and below ``expected`` the values that several readers agree on."""
    for source in SOURCES:
        if (FIXTURES / source).is_dir():
            shutil.copytree(FIXTURES / source, place / source)
        for archive_path, target in (
            (FIXTURES / f"{source}.tar.gz", place),
            (FIXTURES / "expected" / f"{source}.tar.gz", place / "expected"),
        ):
            if archive_path.exists():
                with tarfile.open(archive_path) as archive:
                    archive.extractall(target, filter="data")


def refusal(source: str, key: str) -> Refused | None:
    """Return the row that speaks of an array, None if it must be read."""
    rows = [row for row in REFUSED if row.source == source and fnmatchcase(key, row.key)]
    assert len(rows) < 2, f"{key} stands in several rows"
    return rows[0] if rows else None


def open_array(place: Path, key: str) -> ZarrArray:
    """Return an array of a source: ``!`` leads into a zip archive, ``@v2`` asks for the older."""
    path, archive, inside = key.removesuffix("@v2").partition("!/")
    store = open_store(
        f"{(place / path).as_uri()}|zip:{quote(inside)}/" if archive else place / path
    )
    if not key.endswith("@v2"):
        return open_tree(store).array("")
    return ZarrArray(store, "", v2.read_array(loads_object(store.get(v2.ARRAY_KEY) or b""), {}))


def difference(found: np.ndarray, entry: dict[str, Any], folder: Path) -> str | None:
    """Return what is wrong with an array, None if it has the expected values to the last bit."""
    if list(found.shape) != entry["shape"]:
        return f"shape {found.shape}, not {entry['shape']}"
    if "constant" in entry:  # no chunk is stored
        expected = np.full(found.shape, float(entry["constant"]), entry["dtype"])
        return None if found.tobytes() == expected.tobytes() else "not the fill value"
    path = folder / entry["file"]
    if path.suffix == ".json":
        stored = json.loads(path.read_text(encoding="utf-8"))
        values = [b64decode(v["base64"]) if isinstance(v, dict) else v for v in stored["values"]]
        return None if found.ravel().tolist() == values else f"values {found}"
    expected = np.load(path, allow_pickle=False)
    if (found.dtype.kind, expected.dtype.str) == ("S", "<U1"):
        found = found.astype("<U1")  # netCDF-C 4.9.0 says so of characters of one byte
    if found.dtype != expected.dtype.newbyteorder("="):
        return f"dtype {found.dtype}, not {expected.dtype}"
    same = found.tobytes() == expected.astype(found.dtype).tobytes()
    return None if same else f"values {found}, not {expected}"
