"""Arrays that the core creates, writes, resizes and appends to are read by zarr-python."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from zarr_cdm.metadata.documents import ZarrVersion

zarr = pytest.importorskip("zarr", reason="zarr-python is not installed")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part:UserWarning"),
    pytest.mark.filterwarnings("ignore:The data type:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The data type:UserWarning"),
    pytest.mark.filterwarnings("ignore:The codec:UserWarning"),
]
versions = pytest.mark.parametrize("zarr_format", [2, 3])

STRUCT = [("a", "u1"), ("b", "<f4")]
VALUES: dict[str, Any] = {
    "?": [True, False, True],
    "i1": [-1, 0, 1],
    ">u2": [1, 256, 3],
    "i8": [-(2**63), 0, 2**63 - 1],
    "f2": [0.5, np.nan, -0.0],
    "f8": [1e300, np.inf, np.nan],
    "c16": [1j, 2, -3 + 1j],
    "S3": [b"a", b"abc", b""],
    "U2": ["é", "", "ab"],
    "str": ["long enough", "", "é"],
    "M8[s]": ["2020-01-01", "NaT", "1969-12-31T23:59:59"],
    "m8[ms]": np.array([1, -1, 0], "m8[ms]"),
    "struct": np.array([(1, 0.5), (255, -1), (0, 0)], STRUCT),
}
LAYOUTS: dict[str, dict[str, Any]] = {
    "chunks": {"chunks": 2},
    "order F": {"chunks": 2, "order": "F"},
    "shards": {"chunks": 2, "shards": 4},
    "no codecs": {"codecs": []},
    "gzip": {"chunks": 3, "codecs": ["gzip"]},
    "zstd": {"chunks": 3, "codecs": [{"name": "zstd", "configuration": {"level": 3}}]},
    "empty left out": {"chunks": 2, "write_empty_chunks": False},
    "dots": {"chunks": 2, "chunk_key_encoding": {"name": "v2", "separator": "."}},
}


# Before 3.2 zarr-python knows structs in Zarr v3 by an older name alone.
TOO_NEW = set() if hasattr(zarr.dtype, "Struct") else {(3, "struct")}


def theirs(place: Path, path: str) -> Any:
    """Return what zarr-python reads."""
    return zarr.open_group(place, mode="r")[path][...]


def check(found: Any, expected: np.ndarray) -> None:
    found = np.asarray(found, expected.dtype)
    assert found.shape == expected.shape
    if expected.dtype.hasobject or expected.dtype.names:
        assert found.tolist() == expected.tolist()
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("zarr_format", "dtype"),
    [(version, name) for name in VALUES for version in (2, 3) if (version, name) not in TOO_NEW],
)
def test_every_type_is_read(tmp_path: Path, zarr_format: ZarrVersion, dtype: str) -> None:
    given = {"str": str, "struct": STRUCT}.get(dtype, dtype)
    array = zarr_cdm.create_array(
        tmp_path, "a", shape=5, dtype=given, chunks=2, zarr_format=zarr_format
    )
    array[:3] = VALUES[dtype]
    check(theirs(tmp_path, "a"), array[...])


@pytest.mark.parametrize(
    ("zarr_format", "layout"),
    [(version, name) for name in LAYOUTS for version in (2, 3) if (version, name) != (2, "shards")],
)
def test_every_layout_is_read_after_each_change(
    tmp_path: Path, zarr_format: ZarrVersion, layout: str
) -> None:
    model = np.arange(35.0).reshape(5, 7)
    array = zarr_cdm.create_array(
        tmp_path, "a/b", data=model, fill_value=-1, zarr_format=zarr_format, **LAYOUTS[layout]
    )
    check(theirs(tmp_path, "a/b"), model)
    array.append(np.ones((2, 7)))
    model = np.concatenate([model, np.ones((2, 7))])
    check(theirs(tmp_path, "a/b"), model)
    array.resize(3, 4)
    array.resize(6, 6)
    model, before = np.full((6, 6), -1.0), model
    model[:3, :4] = before[:3, :4]
    check(theirs(tmp_path, "a/b"), model)
    array[model == -1] = 5
    array.vindex[[0, 1], [2, 3]] = -1
    array.oindex[[0, 5], [1]] = 9
    check(theirs(tmp_path, "a/b"), array[...])
    mine = zarr.open_group(tmp_path, mode="r+")["a/b"]
    mine[2, 2] = 77
    assert array[2, 2] == 77


def test_a_rectilinear_grid_is_read_after_each_change(tmp_path: Path) -> None:
    flag = "array.rectilinear_chunks"
    if zarr.config.get(flag, None) is None:
        pytest.skip(f"this zarr-python has no {flag}")
    model = np.arange(59.0 * 4).reshape(59, 4)
    array = zarr_cdm.create_array(tmp_path, "a", data=model, chunks=([31, 28], [1, 3]))
    array.append(np.ones((31, 4)))
    with zarr.config.set({flag: True}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(theirs(tmp_path, "a"), np.concatenate([model, np.ones((31, 4))]))
        array.resize(40, 5)
        found = theirs(tmp_path, "a")
    check(found[:, :4], model[:40])
    assert not found[:, 4].any()


@versions
def test_consolidated_documents_are_read_after_each_change(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    group = zarr_cdm.create_group(tmp_path, attributes={"title": "x"}, zarr_format=zarr_format)
    group.create_array("a/t", data=np.arange(4), attributes={"units": "m"})
    group.consolidate()
    group["a/t"].append([4, 5])
    group["a"].create_array("u", data=[1, 2])
    group.update_attributes({"title": "y"})
    for consolidated in (True, False):
        root = zarr.open_group(tmp_path, mode="r", use_consolidated=consolidated)
        assert dict(root.attrs) == {"title": "y"}
        assert sorted(root["a"].keys()) == ["t", "u"]
        assert root["a/t"][...].tolist() == [0, 1, 2, 3, 4, 5]
        assert dict(root["a/t"].attrs) == {"units": "m"}


@versions
def test_what_zarr_python_makes_is_changed_in_place(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    root = zarr.create_group(tmp_path, zarr_format=zarr_format, attributes={"title": "x"})
    below = root.create_array("a/t", shape=(5,), chunks=(2,), dtype="f4", fill_value=7)
    below[:] = np.arange(5)
    zarr.consolidate_metadata(tmp_path)
    group = zarr_cdm.open_group(tmp_path, mode="r+")
    group["a/t"].append([5, 6])
    group["a/t"].resize(8)
    group.create_array("a/new", data=[1])
    for consolidated in (True, False):
        found = zarr.open_group(tmp_path, mode="r", use_consolidated=consolidated)
        assert found["a/t"][...].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
        assert found["a/new"][...].tolist() == [1]
