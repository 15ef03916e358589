"""How arrays are read and written where there is a choice: missing chunks above all."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from zarr_cdm.cli import main
from zarr_cdm.core.options import Options
from zarr_cdm.errors import ChunkError, LimitError, UnsupportedError, ZarrCdmWarning

LAYOUTS: list[dict[str, Any]] = [{"chunks": 2}, {"chunks": 2, "shards": 4}]


def sparse(layout: dict[str, Any], **others: Any) -> dict[str, bytes]:
    """Return a store with an array of 8 elements, of which the last 6 were never written."""
    keys: dict[str, bytes] = {}
    array = zarr_cdm.create_array(
        keys, "deep/v", shape=8, dtype="i4", fill_value=-1, **layout, **others
    )
    array[:2] = [1, 2]
    return keys


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_missing_chunk_reads_as_the_fill_value_by_itself(layout: dict[str, Any]) -> None:
    assert zarr_cdm.open_array(sparse(layout), "deep/v")[:].tolist() == [1, 2, *[-1] * 6]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_missing_chunk_is_an_error_when_asked_for(layout: dict[str, Any]) -> None:
    array = zarr_cdm.open_array(sparse(layout), "deep/v", missing_chunks="error")
    assert array[:2].tolist() == [1, 2]
    for select in (lambda: array[:], lambda: array[5], lambda: array.vindex[[0, 5]]):
        with pytest.raises(ChunkError, match=r"chunk \(\d,\) is missing") as error:
            select()
        assert error.value.source == "memory"
        assert error.value.key is not None
        assert error.value.key.startswith("deep/v/c/")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_missing_chunks_are_told_once_for_a_selection_when_asked_for(
    layout: dict[str, Any],
) -> None:
    array = zarr_cdm.open_array(sparse(layout), "deep/v", missing_chunks="warn")
    with pytest.warns(
        ZarrCdmWarning, match=r"/deep/v: missing chunks: 3, the first is \(1,\)"
    ) as told:
        assert array[:].tolist() == [1, 2, *[-1] * 6]
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert array[:2].tolist() == [1, 2]


def test_a_group_hands_its_options_on_and_they_are_pickled() -> None:
    keys = sparse({"chunks": 2})
    group = zarr_cdm.open_group(keys, missing_chunks="error", verify_checksums=False)
    array = group["deep"]["v"]
    for found in (
        array,
        pickle.loads(pickle.dumps(array)),
        pickle.loads(pickle.dumps(group))["deep/v"],
    ):
        assert found.options == Options("error", False, True, True)
        with pytest.raises(ChunkError):
            found[:]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_checksum_is_compared_unless_it_is_asked_not_to(layout: dict[str, Any]) -> None:
    keys = sparse(layout, codecs=["crc32c"])
    array = zarr_cdm.open_array(keys, "deep/v", mode="r+", verify_checksums=False)
    array[2:4] = [3, 4]
    assert zarr_cdm.open_array(keys, "deep/v")[:4].tolist() == [1, 2, 3, 4], "written nevertheless"
    place = "deep/v/c/0"
    keys[place] = b"\x09" + keys[place][1:]
    assert array[:2].tolist() == [9, 2]
    with pytest.raises(ChunkError, match="checksum"):
        zarr_cdm.open_array(keys, "deep/v")[:2]


@pytest.mark.parametrize(
    "wrong", [{"missing_chunks": "zero"}, {"verify_checksums": 1}, {"write_empty_chunks": None}]
)
def test_an_option_that_nobody_knows_is_refused(wrong: dict[str, Any]) -> None:
    for opened in (zarr_cdm.open_array, zarr_cdm.open_group):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is .*, expected"):
            opened({}, **wrong)


@pytest.fixture
def holed(tmp_path: Path) -> str:
    """A store that one chunk has been lost from."""
    data = xr.Dataset({"v": (("x",), np.arange(6.0), {"units": "K"})})
    place = tmp_path / "holed.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.to_zarr(place, encoding={"v": {"chunks": (2,)}}, zarr_format=2, consolidated=True)
    (place / "v" / "1").unlink()
    return str(place)


def test_the_engine_tells_of_missing_chunks(holed: str) -> None:
    def opened(**how: Any) -> xr.Dataset:
        return xr.open_dataset(holed, engine="zarr_cdm", **how)

    assert np.isnan(opened().v[2])
    with pytest.raises(ChunkError, match=r"v/1: chunk \(1,\) is missing"):
        opened(missing_chunks="error").v.load()
    with pytest.warns(ZarrCdmWarning, match=r"/v: missing chunks: 1,"):
        opened(missing_chunks="warn").v.load()
    assert opened(missing_chunks="error", verify_checksums=False).v[0] == 0
    tree = xr.open_datatree(holed, engine="zarr_cdm", missing_chunks="error")
    with pytest.raises(ChunkError):
        tree["v"].load()


def test_reading_and_converting_tell_of_missing_chunks(
    holed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zarr_cdm.read(holed, missing_chunks="error") as dataset, pytest.raises(ChunkError):
        dataset.variables["v"].data[...]
    target = tmp_path / "copy.zarr"
    with pytest.raises(ChunkError):
        zarr_cdm.convert(holed, target, missing_chunks="error")
    assert main(["convert", holed, str(target), "--missing-chunks", "error"]) == 1
    assert "chunk (1,) is missing" in capsys.readouterr().err
    assert not target.exists()
    assert main(["convert", holed, str(target), "--missing-chunks", "warn"]) == 0
    assert "missing chunks: 1," in capsys.readouterr().err
    assert target.exists()


def test_of_the_chunks_of_a_netcdf_file_nothing_can_be_asked(tmp_path: Path) -> None:
    xr.Dataset({"v": (("x",), np.arange(3.0))}).to_netcdf(tmp_path / "x.nc")
    with pytest.raises(UnsupportedError, match="are for Zarr"):
        zarr_cdm.read(tmp_path / "x.nc", missing_chunks="error")


@pytest.mark.parametrize("shards", [None, (8,)])
def test_a_part_that_is_written_gives_damage_no_new_checksum(shards: tuple[int] | None) -> None:
    keys: dict[str, bytes] = {}
    codecs = ["bytes", "crc32c"]
    zarr_cdm.create_array(
        keys, data=np.arange(8, dtype="u1"), chunks=4, shards=shards, codecs=codecs
    )
    damaged = bytes([keys["c/0"][0] ^ 1]) + keys["c/0"][1:]
    keys["c/0"] = damaged
    array = zarr_cdm.open_array(keys, mode="r+", verify_checksums=False)
    assert array[0] == 1
    with pytest.raises(ChunkError, match="checksum"):
        array[3] = 7
    assert keys["c/0"] == damaged
    array[:4] = 5  # nothing of the damage is left
    assert zarr_cdm.open_array(keys)[...].tolist() == [5, 5, 5, 5, 4, 5, 6, 7]


def test_a_chunk_that_is_too_large_is_not_read_to_write_a_part_of_it(tmp_path: Path) -> None:
    array = zarr_cdm.create_array(tmp_path / "a.zarr", data=np.arange(8), chunks=4)
    (tmp_path / "a.zarr" / "c" / "0").write_bytes(bytes(10**6))
    with pytest.raises(LimitError, match="c/0: has 1000000 bytes"):
        array[0] = 1
