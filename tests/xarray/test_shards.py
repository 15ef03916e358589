"""Sharded and rectilinear arrays of other writers through the engine."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import zarr_cdm

pytest.importorskip("zarr", reason="zarr-python is not installed")


def test_a_sharded_store_opens_and_dask_takes_whole_shards(tmp_path: Path) -> None:
    values = np.arange(64 * 64, dtype="f4").reshape(64, 64)
    dataset = xr.Dataset({"v": (("y", "x"), values)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.to_zarr(
            tmp_path / "x.zarr",
            zarr_format=3,
            encoding={"v": {"chunks": (8, 8), "shards": (32, 32)}},
        )
    found = xr.open_dataset(tmp_path / "x.zarr", engine="zarr_cdm")
    assert found.v.encoding["chunks"] == (8, 8)
    assert found.v.encoding["preferred_chunks"] == {"y": 32, "x": 32}
    xr.testing.assert_equal(found.load(), dataset)
    zarr_cdm.convert(tmp_path / "x.zarr", tmp_path / "y.zarr")
    xr.testing.assert_equal(xr.open_dataset(tmp_path / "y.zarr", engine="zarr_cdm").load(), dataset)
    assert "sharding_indexed" in str(zarr_cdm.info(tmp_path / "x.zarr"))


def test_a_rectilinear_store_opens_with_its_own_chunks(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    if "rectilinear_chunks" not in str(zarr.config.config):
        pytest.skip("this zarr-python has no rectilinear grid")
    values = np.arange(90.0)
    with zarr.config.set({"array.rectilinear_chunks": True}):
        group = zarr.create_group(tmp_path / "x.zarr")
        array = group.create_array(
            "v", shape=(90,), chunks=[[31, 28, 31]], dtype="f8", dimension_names=["t"]
        )
        array[...] = values
    found = xr.open_dataset(tmp_path / "x.zarr", engine="zarr_cdm", chunks={})
    assert found.v.chunks == ((31, 28, 31),)
    assert np.array_equal(found.v.values, values)
    zarr_cdm.convert(tmp_path / "x.zarr", tmp_path / "y.zarr")
    assert np.array_equal(zarr_cdm.read(tmp_path / "y.zarr").variables["v"].data[...], values)
    assert "31,28,31" in str(zarr_cdm.info(tmp_path / "x.zarr"))
