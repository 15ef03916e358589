"""zarr-python reads what we write, and we read what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.interop.cases import (
    CASES,
    Case,
    difference,
    only,
    part,
    read_all,
    split,
    unlike,
    write_ours,
    write_rarer,
)
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata.consolidated import walk
from zarr_cdm.metadata.documents import ZarrVersion

zarr = pytest.importorskip("zarr", reason="zarr-python is not installed")
numcodecs = pytest.importorskip("numcodecs")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part:UserWarning"),
    pytest.mark.filterwarnings("ignore:The data type:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The data type:UserWarning"),
]
# What zarr-python cannot read of what we write, with the reason.
CANNOT_READ: dict[ZarrVersion, dict[str, str]] = {2: {}, 3: {}}
# What it cannot write, so that we cannot read it.
RARER: dict[str, str] = {
    "raw bits": "no type r16",
}
CANNOT_WRITE: dict[ZarrVersion, dict[str, str]] = {2: {}, 3: {}}


@pytest.mark.parametrize("consolidated", [True, False])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr_python_reads_what_we_write(
    tmp_path: Path, zarr_format: ZarrVersion, consolidated: bool
) -> None:
    write_ours(tmp_path, zarr_format, consolidated)
    root = zarr.open_group(str(tmp_path), mode="r", use_consolidated=consolidated)
    assert dict(root.attrs) == {"title": "exchange"}
    assert root.metadata.zarr_format == zarr_format
    wrong = {}
    for name, case in CASES[zarr_format].items():
        try:
            array = root["sub"][name]
            found = difference(array[...], case)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        else:
            assert dict(array.attrs) == {"units": "K"}
        if found:
            wrong[name] = found
    only(wrong, CANNOT_READ[zarr_format])


@pytest.mark.parametrize("consolidated", [True, False])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_we_read_what_zarr_python_writes(
    tmp_path: Path, zarr_format: ZarrVersion, consolidated: bool
) -> None:
    root = zarr.create_group(str(tmp_path), zarr_format=zarr_format, attributes={"title": "x"})
    failed = {}
    for name, case in CASES[zarr_format].items():
        try:
            create(root, case)[part(case)] = case.values[part(case)]
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    only(failed, CANNOT_WRITE[zarr_format])
    if consolidated:
        zarr.consolidate_metadata(str(tmp_path))
    group = open_tree(LocalStore(str(tmp_path)))
    assert group.consolidated is consolidated
    assert group.zarr_format == zarr_format
    assert group.node.document.attributes == {"title": "x"}
    assert set(group.node.members) == set(CASES[zarr_format]) - set(failed)
    assert not read_all(group, zarr_format)


def create(root: Any, case: Case) -> Any:
    """Create an array as a user of zarr-python would."""
    dtype = str if case.dtype == "|O" else case.dtype
    shared = {"shape": case.shape, "chunks": case.chunks, "dtype": dtype, "fill_value": case.fill}
    if case.zarr_format == 2:
        filters, compressor = split(case.codecs)
        filters = [{"id": "vlen-utf8"}, *filters] if case.dtype == "|O" else filters
        return root.create_array(
            case.name,
            **shared,
            order=case.order,
            filters=[numcodecs.get_codec(dict(step)) for step in filters] or None,
            compressors=numcodecs.get_codec(dict(compressor)) if compressor else None,
        )
    axes = tuple(range(len(case.shape)))[::-1]
    turned = [zarr.codecs.TransposeCodec(order=axes)] if case.order == "F" else None
    return root.create_array(case.name, **shared, filters=turned, compressors=case.codecs or None)


def test_zarr_python_reads_what_is_rarer(tmp_path: Path) -> None:
    wrong = {}
    for name, values in write_rarer(tmp_path).items():
        try:
            found = unlike(zarr.open_array(str(tmp_path / name), mode="r")[...], values)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        if found:
            wrong[name] = found
    only(wrong, RARER)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr_python_fills_arrays_that_we_created(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    write_ours(tmp_path, zarr_format, consolidated=True, fill=False)
    root = zarr.open_group(str(tmp_path), mode="r+")["sub"]
    names = set(CASES[zarr_format])
    for name in sorted(names):
        case = CASES[zarr_format][name]
        root[name][part(case)] = case.values[part(case)]
    group = open_tree(LocalStore(str(tmp_path / "sub")))
    assert set(group.node.members) == names
    assert not read_all(group, zarr_format)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_nested_groups_of_zarr_python_are_read(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    root = zarr.create_group(str(tmp_path), zarr_format=zarr_format)
    deep = root.create_group("a/b/c", attributes={"deep": True})
    deep.create_array("t", shape=(3,), dtype="i4")[...] = [1, 2, 3]
    root.create_array("odd name µ", shape=(), dtype="f8", fill_value=np.nan)
    zarr.consolidate_metadata(str(tmp_path))
    zarr.consolidate_metadata(str(tmp_path), path="a")
    for consolidated in (True, False):
        group = open_tree(LocalStore(str(tmp_path)))
        assert group.consolidated is consolidated
        paths = ["", "a", "a/b", "a/b/c", "a/b/c/t", "odd name µ"]
        assert sorted(path for path, _ in walk(group.node)) == paths
        assert dict(walk(group.node))["a/b/c"].document.attributes == {"deep": True}
        assert group.array("a/b/c/t")[::-1].tolist() == [3, 2, 1]
        assert np.isnan(group.array("odd name µ")[...])
        key = tmp_path / ("zarr.json" if zarr_format == 3 else ".zmetadata")
        if zarr_format == 2:
            key.unlink(missing_ok=True)
        else:
            key.write_text('{"zarr_format": 3, "node_type": "group"}')
