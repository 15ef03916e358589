"""The stores of other implementations, against the values that several readers agree on.

What is not read yet stands in ``NOT_YET``, each row with the error that says so; a row that does
not fail any more fails the test, so the list is exact.
"""

from __future__ import annotations

import json
import tarfile
from base64 import b64decode
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data import SHARED
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.errors import NodeNotFoundError, UnknownNameError, ZarrCdmError
from zarr_cdm.metadata import v2
from zarr_cdm.metadata.json import loads_object

FIXTURES = SHARED / "fixtures"
SOURCES = ["zarr-python-v2", "zarrs", "zarrita-js"]
needs = {
    source: pytest.mark.skipif(
        not (FIXTURES / "expected" / f"{source}.tar.gz").exists(),
        reason=f"fixtures/{source}.tar.gz of the shared folder is not there",
    )
    for source in SOURCES
}
# Of which source, which arrays (`*` for anything), by which error, with which words.
NOT_YET: list[tuple[str, str, type[ZarrCdmError], str]] = [
    ("zarrita-js", "*.zip", NodeNotFoundError, "no Zarr hierarchy"),
    ("zarrs", "v3/array_optional*", UnknownNameError, "data type 'optional'"),
    ("zarrs", "*/array_pcodec*", UnknownNameError, "pcodec"),
    ("zarrs", "*/array_zfpy*", UnknownNameError, "zfpy"),
]


def manifest(source: str) -> dict[str, Any]:
    """Return what is known of every array of a source; nothing without the folder."""
    path = FIXTURES / "expected" / f"{source}.tar.gz"
    if not path.exists():
        return {}
    with tarfile.open(path) as archive:
        file = archive.extractfile(f"{source}/MANIFEST.json")
        assert file is not None
        found: dict[str, Any] = json.load(file)
    return found


def reason(source: str, key: str) -> tuple[type[ZarrCdmError], str] | None:
    rows = [row for row in NOT_YET if row[0] == source and fnmatchcase(key, row[1])]
    assert len(rows) < 2, f"{key} stands in several rows"
    return rows[0][2:] if rows else None


def keys(source: str) -> list[str]:
    """Return all arrays of a source; for all in a zip file the file."""
    return list(dict.fromkeys(key.partition("!")[0] for key in MANIFESTS[source]))


MANIFESTS = {source: manifest(source) for source in SOURCES}
CASES = [
    pytest.param(source, key, marks=needs[source], id=f"{source}/{key}")
    for source in SOURCES
    for key in keys(source) or ["all"]
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fixtures")
    for path in SOURCES:
        for archive_path, target in (
            (FIXTURES / f"{path}.tar.gz", place),
            (FIXTURES / "expected" / f"{path}.tar.gz", place / "expected"),
        ):
            if archive_path.exists():
                with tarfile.open(archive_path) as archive:
                    archive.extractall(target, filter="data")
    return place


def open_array(place: Path, key: str) -> ZarrArray:
    """Return the array in a folder; ``@v2`` asks for the older of two documents."""
    store = LocalStore(str(place))
    if not key.endswith("@v2"):
        return open_tree(store).array("")
    document = loads_object(store.get(v2.ARRAY_KEY) or b"")
    return ZarrArray(store, "", v2.read_array(document, {}))


@pytest.mark.parametrize(("source", "key"), CASES)
def test_an_array_that_others_wrote_is_read_bit_for_bit(
    folder: Path, source: str, key: str
) -> None:
    place = folder / source / key.removesuffix("@v2")
    expected = reason(source, key)
    if expected is not None:
        kind, words = expected
        with pytest.raises(kind, match=words):
            open_array(place, key)
        return
    array = open_array(place, key)
    check_values(array[...], MANIFESTS[source][key], folder / "expected" / source)


def check_values(found: np.ndarray, entry: dict[str, Any], folder: Path) -> None:
    assert list(found.shape) == entry["shape"]
    if "constant" in entry:  # no chunk is stored
        expected = np.full(found.shape, float(entry["constant"]), entry["dtype"])
        assert found.tobytes() == expected.tobytes()
        return
    path = folder / entry["file"]
    if path.suffix == ".json":
        stored = json.loads(path.read_text(encoding="utf-8"))
        values = [b64decode(v["base64"]) if isinstance(v, dict) else v for v in stored["values"]]
        assert found.ravel().tolist() == values
        return
    expected = np.load(path, allow_pickle=False)
    assert found.dtype == expected.dtype.newbyteorder("=")
    assert found.tobytes() == expected.astype(found.dtype).tobytes()


@pytest.mark.parametrize(
    "source", [pytest.param(source, marks=needs[source]) for source in SOURCES]
)
def test_every_row_of_the_list_is_of_use(source: str) -> None:
    for row in NOT_YET:
        if row[0] == source:
            assert any(fnmatchcase(key, row[1]) for key in keys(source)), row


@needs["zarrita-js"]
def test_a_consolidated_hierarchy_of_others_is_read_whole(folder: Path) -> None:
    place = folder / "zarrita-js" / "v3" / "data.zarr" / "consolidated"
    group = open_tree(LocalStore(str(place)))
    assert group.consolidated
    for path in ("1d.chunked.i2", "2d.contiguous.i2", "nested/1d.i2"):
        entry = MANIFESTS["zarrita-js"][f"v3/data.zarr/consolidated/{path}"]
        check_values(group.array(path)[...], entry, folder / "expected" / "zarrita-js")


@needs["zarr-python-v2"]
def test_attributes_of_others_are_read(folder: Path) -> None:
    group = open_tree(LocalStore(str(folder / "zarr-python-v2" / "utf8attrs")))
    assert group.node.document.attributes == {"foo": "た"}
