"""What `info` tells, of files and of stores, and what it does not know."""

import json
from pathlib import Path

import fsspec
import netCDF4
import numpy as np
import pytest

import zarr_cdm
from tests.user_types import user_types
from zarr_cdm.core.stores.remote import RemoteStore
from zarr_cdm.errors import UnsupportedError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.nc"
    with netCDF4.Dataset(path, "w") as root:
        root.createDimension("t", None)
        root.createDimension("x", 1000)
        data = root.createVariable("v", "f4", ("t", "x"), zlib=True, chunksizes=(2, 1000))
        data[:] = np.zeros((4, 1000))
        root.createGroup("g").createVariable("s", str, ("t",))[:] = np.array(list("abcd"), object)
    return path


def test_a_netcdf_file_is_described_by_its_own_storage(file: Path) -> None:
    found = zarr_cdm.info(file)
    assert (found.facts["format"], found.facts["data model"]) == ("netCDF", "NETCDF4")
    assert found.facts["nc properties"].startswith("version=2,netcdf=")
    assert found.dimensions == {"/t": 4, "/x": 1000}
    assert found.unlimited == ("/t",)
    assert found.groups == ("/", "/g")
    data = found.variables[0]
    assert (data.path, data.type, data.shape, data.chunks) == ("/v", "float", (4, 1000), (2, 1000))
    assert data.codecs == ("shuffle", "deflate")
    assert data.raw_bytes == 16000
    assert 0 < data.stored_bytes < 1000
    assert data.ratio == data.raw_bytes / data.stored_bytes


@pytest.mark.parametrize("zarr_format", [3, 2])
def test_a_store_is_described_by_its_chunks_and_codecs(
    file: Path, tmp_path: Path, zarr_format: int
) -> None:
    zarr_cdm.convert(file, tmp_path / "x.zarr", zarr_format=zarr_format)
    found = zarr_cdm.info(tmp_path / "x.zarr")
    assert found.facts["format"] == f"Zarr v{zarr_format}"
    assert found.facts["dialect"] == "native"
    assert found.variables[0].codecs[:2] == ("bytes", "blosc")
    chunks = (tmp_path / "x.zarr").rglob("*")
    documents = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"}
    sizes = [
        path.stat().st_size for path in chunks if path.is_file() and path.name not in documents
    ]
    assert sum(each.stored_bytes for each in found.variables) == sum(sizes)


def test_strings_have_no_raw_size(file: Path) -> None:
    assert zarr_cdm.info(file).variables[1].raw_bytes is None


def test_a_classic_file_is_as_large_as_its_values(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "x.nc", "w", format="NETCDF3_CLASSIC") as root:
        root.createDimension("x", 10)
        root.createVariable("v", "f8", ("x",))[:] = 1
    assert zarr_cdm.info(tmp_path / "x.nc").variables[0].stored_bytes == 80


def test_a_store_that_cannot_list_has_unknown_sizes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarr_cdm.convert(file, "memory://info/x.zarr")

    def refuse(self: RemoteStore, prefix: str = "") -> None:
        raise UnsupportedError("cannot list")

    monkeypatch.setattr(RemoteStore, "sizes", refuse)
    try:
        found = zarr_cdm.info("memory://info/x.zarr")
        assert [each.stored_bytes for each in found.variables] == [None, None]
        assert "  -  " in str(found)
    finally:
        fsspec.filesystem("memory").rm("/info", recursive=True)


def test_json_and_text_tell_the_same(file: Path) -> None:
    found = zarr_cdm.info(file)
    document = json.loads(json.dumps(found.to_json()))
    assert document["variables"][0]["ratio"] == found.variables[0].ratio
    lines = str(found).splitlines()
    assert lines[0] == str(file)
    assert "t=4 x=1000" in str(found)
    assert "/t = 4 (unlimited)" in str(found)


def test_user_types_have_a_raw_size_where_all_their_elements_are_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = user_types()
    monkeypatch.setattr("zarr_cdm.translate.info.read", lambda *_: dataset)
    found = {
        each.path: (each.type, each.raw_bytes) for each in zarr_cdm.info("user types").variables
    }
    assert found["/v padded"] == ("padded", 3 * 24)
    assert found["/v blob"] == ("blob", 3 * 11)
    assert found["/v ragged"] == ("ragged", None)
    assert found["/v every thing"] == ("every thing", None)
    assert found["/g/filled"] == ("cloud_class", 9)
