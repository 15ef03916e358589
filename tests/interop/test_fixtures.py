"""The stores of other implementations, against the values that several readers agree on."""

from __future__ import annotations

import runpy
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.data import ROOT
from tests.interop.fixtures import (
    FIXTURES,
    REFUSED,
    SOURCES,
    difference,
    manifest,
    open_array,
    refusal,
    unpack,
)
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.local import LocalStore

needs = {
    source: pytest.mark.skipif(
        not (FIXTURES / "expected" / f"{source}.tar.gz").exists(),
        reason=f"fixtures/expected/{source}.tar.gz of the shared folder is not there",
    )
    for source in SOURCES
}
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*read as netCDF-C means them:zarr_cdm.errors.ZarrCdmWarning"
)
MANIFESTS = {source: manifest(source) for source in SOURCES}
CASES = [
    pytest.param(source, key, marks=needs[source], id=f"{source}/{key}")
    for source in SOURCES
    for key in MANIFESTS[source] or ["all"]
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fixtures")
    unpack(place)
    return place


# Some have null for dimension_names, which is no legal Zarr and read with a warning.
@pytest.mark.filterwarnings("ignore::zarr_cdm.errors.ZarrCdmWarning")
@pytest.mark.parametrize(("source", "key"), CASES)
def test_an_array_that_others_wrote_is_read_bit_for_bit_or_refused(
    folder: Path, source: str, key: str
) -> None:
    row = refusal(source, key)
    if row is not None:
        with pytest.raises(row.error, match=row.words):
            open_array(folder / source, key)[...]
        return
    if "zfpy" in key or "pcodec" in key:
        package = "zfpy" if "zfpy" in key else "pcodec"
        pytest.importorskip(package, reason=f"{package} is not installed")
    found = open_array(folder / source, key)[...]
    wrong = difference(found, MANIFESTS[source][key], folder / "expected" / source)
    assert wrong is None


@pytest.mark.parametrize(
    "source", [pytest.param(source, marks=needs[source]) for source in SOURCES]
)
def test_every_row_of_the_list_is_of_use(source: str) -> None:
    for row in REFUSED:
        if row.source == source:
            assert any(fnmatchcase(key, row.key) for key in MANIFESTS[source]), row


@needs["zarrita-js"]
def test_a_consolidated_hierarchy_of_others_is_read_whole(folder: Path) -> None:
    place = folder / "zarrita-js" / "v3" / "data.zarr" / "consolidated"
    group = open_tree(LocalStore(str(place)))
    assert group.consolidated
    for path in ("1d.chunked.i2", "2d.contiguous.i2", "nested/1d.i2"):
        entry = MANIFESTS["zarrita-js"][f"v3/data.zarr/consolidated/{path}"]
        found = group.array(path)[...]
        assert difference(found, entry, folder / "expected" / "zarrita-js") is None


@needs["zarr-python-v2"]
def test_attributes_of_others_are_read(folder: Path) -> None:
    group = open_tree(LocalStore(str(folder / "zarr-python-v2" / "utf8attrs")))
    assert group.node.document.attributes == {"foo": "た"}


@pytest.mark.skipif(
    not all(MANIFESTS.values()), reason="not all fixtures of the shared folder are there"
)
def test_the_table_of_fixtures_is_that_of_the_fixtures() -> None:
    for package in ("zfpy", "pcodec"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    made = runpy.run_path(str(ROOT / "docs" / "fixtures.py"))["table"]()
    assert made == (ROOT / "docs" / "fixtures.md").read_text(encoding="utf-8"), (
        "run `python -m docs.fixtures`"
    )
