"""Files, stores and datasets are compared in any combination; the model has its own tests."""

from __future__ import annotations

import itertools
from pathlib import Path

import netCDF4
import numpy as np
import pytest

import zarr_cdm
from tests.data import REAL_FILES, name_of, needs_shared
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.errors import NodeNotFoundError, UnsupportedError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.nc"
    with netCDF4.Dataset(path, "w") as root:
        root.createDimension("t", None)
        root.createDimension("x", 1000)
        data = root.createVariable("v", "f4", ("t", "x"), zlib=True, chunksizes=(2, 1000))
        data[:] = np.arange(4000).reshape(4, 1000)
        data.units = "K"
        root.createGroup("g").createVariable("s", str, ("t",))[:] = np.array(list("abcd"), object)
    return path


def test_a_file_its_stores_and_its_dataset_are_all_equal(file: Path, tmp_path: Path) -> None:
    zarr_cdm.convert(file, tmp_path / "3.zarr")
    zarr_cdm.convert(file, tmp_path / "2.zarr", zarr_format=2)
    with zarr_cdm.read(tmp_path / "3.zarr") as dataset:
        sides = [file, str(tmp_path / "3.zarr"), tmp_path / "2.zarr", dataset]
        for pair in itertools.product(sides, repeat=2):
            assert zarr_cdm.compare(*pair) == []


def test_a_dataset_that_is_given_stays_open(file: Path) -> None:
    with zarr_cdm.read(file) as dataset:
        assert zarr_cdm.compare(dataset, file) == []
        assert dataset.variables["v"].data[0, 1] == 1


def test_two_stores_differ_in_their_codecs_if_storage_is_asked_for(
    file: Path, tmp_path: Path
) -> None:
    zarr_cdm.convert(file, tmp_path / "3.zarr")
    zarr_cdm.convert(file, tmp_path / "2.zarr", zarr_format=2)
    found = zarr_cdm.compare(tmp_path / "3.zarr", tmp_path / "2.zarr", storage=True)
    assert {each.rule for each in found} == {"array.codecs"}
    assert zarr_cdm.compare(file, tmp_path / "3.zarr", storage=True) == []


def test_a_chunk_that_is_damaged_is_a_finding_that_names_it(file: Path, tmp_path: Path) -> None:
    zarr_cdm.convert(file, tmp_path / "x.zarr")
    chunk = next(path for path in (tmp_path / "x.zarr" / "v" / "c").rglob("*") if path.is_file())
    chunk.write_bytes(b"damage" + chunk.read_bytes()[6:])
    (found,) = zarr_cdm.compare(file, tmp_path / "x.zarr")
    assert (found.place, found.rule) == ("/v", "values.unreadable")
    assert found.message.startswith("the second cannot be read at [0:4, 0:1000]: ")
    assert str(chunk.relative_to(tmp_path / "x.zarr")) in found.message
    assert zarr_cdm.compare(file, tmp_path / "x.zarr", values=False) == []


def test_what_someone_changed_in_a_store_is_found(file: Path, tmp_path: Path) -> None:
    zarr_cdm.convert(file, tmp_path / "x.zarr")
    array = zarr_cdm.open_array(tmp_path / "x.zarr", "v", mode="r+")
    array[3, 999] = -1
    array.update_attributes({"units": "degC"})
    assert zarr_cdm.compare(file, tmp_path / "x.zarr") == [
        Finding("/v@units", "attribute.value", "'K' against 'degC'"),
        Finding("/v", "values", "1 of 4000 differ, the first at [3, 999]: 3999.0 against -1.0"),
    ]


def test_storage_options_are_for_the_url_among_the_two(file: Path) -> None:
    options = {"skip_instance_cache": True}
    zarr_cdm.convert(file, "memory://compare/x.zarr", storage_options=options)
    target = "memory://compare/x.zarr"
    assert zarr_cdm.compare(file, target, storage_options=options) == []
    assert zarr_cdm.compare(target, file, storage_options=options) == []
    with pytest.raises(UnsupportedError, match="skip_instance_cache"):
        zarr_cdm.compare(file, file, storage_options=options)


def test_a_target_that_is_not_there_is_an_error(file: Path, tmp_path: Path) -> None:
    with pytest.raises(NodeNotFoundError):
        zarr_cdm.compare(file, tmp_path / "no.nc")


@needs_shared
@pytest.mark.parametrize("path", REAL_FILES, ids=name_of)
@pytest.mark.filterwarnings("ignore::zarr_cdm.errors.ZarrCdmWarning")
def test_a_real_file_and_its_store_are_equal(path: Path, tmp_path: Path) -> None:
    zarr_cdm.convert(path, tmp_path / "x.zarr")
    with zarr_cdm.read(path) as dataset:
        assert zarr_cdm.compare(dataset, tmp_path / "x.zarr", storage=True) == []


@needs_shared
def test_two_real_files_differ(tmp_path: Path) -> None:
    found = zarr_cdm.compare(*REAL_FILES[:2])
    assert {"dimension.missing", "variable.missing", "attribute.missing"} <= {
        each.rule for each in found
    }
