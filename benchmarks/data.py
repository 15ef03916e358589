"""The stores and files that are read: rounded random walks, written by the peers."""

from __future__ import annotations

import warnings
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from benchmarks.converters import NAME

SIDE = 256
AXES = ("time", "lat", "lon")


def walks(size_mb: int, sides: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """Return float32 of about this many megabytes: walks along time, in steps of 0.01.

    >>> walks(1).shape, walks(1).dtype
    ((4, 256, 256), dtype('float32'))
    """
    times = size_mb * 2**20 // (4 * sides[0] * sides[1])
    steps = np.random.default_rng(0).normal(0, 0.5, (times, *sides))
    return np.round(250 + np.cumsum(np.cumsum(steps, 0) * 0.1, 2) * 0.1, 2).astype("f4")


def coordinates(times: int) -> dict[str, tuple[str, np.ndarray, dict[str, str]]]:
    """Return the three axes of the walks."""
    return {
        "time": ("time", np.arange(times) * 6, {"units": "hours since 2000-01-01", "axis": "T"}),
        "lat": ("lat", np.linspace(-90, 90, SIDE), {"units": "degrees_north", "axis": "Y"}),
        "lon": ("lon", np.linspace(0, 359, SIDE), {"units": "degrees_east", "axis": "X"}),
    }


def blosc() -> BloscCodec:
    """Return the compressor of the first suite: Blosc with zstd 1 and byte shuffle."""
    return BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=4)


def cube(path: Path, values: np.ndarray, chunk: tuple[int, int, int], checksum: bool) -> None:
    """Write one v3 store with the walks and their axes, by zarr-python."""
    root = zarr.create_group(path, zarr_format=3)
    array = root.create_array(
        NAME,
        shape=values.shape,
        dtype=values.dtype,
        chunks=chunk,
        compressors=[blosc(), *([Crc32cCodec()] if checksum else [])],
        dimension_names=AXES,
        attributes={"units": "K", "long_name": "air temperature"},
    )
    array[...] = values
    for name, (_, points, attributes) in coordinates(len(values)).items():
        axis = root.create_array(
            name,
            shape=points.shape,
            dtype=points.dtype,
            dimension_names=(name,),
            attributes=attributes,
        )
        axis[...] = points
    consolidate(path)


def consolidate(path: Path) -> None:
    """Gather the documents of a store in its root."""
    with warnings.catch_warnings():  # v3 has not specified it yet, says zarr-python
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(path)


def many_variables(count: int) -> xr.Dataset:
    """Return a dataset of small variables, each with four attributes."""
    values = np.arange(100, dtype="f4").reshape(10, 10)
    names = [f"v{number:04}" for number in range(count)]
    return xr.Dataset(
        {
            name: (
                ("y", "x"),
                values,
                {"units": "K", "long_name": name, "level": 2.0, "cell_methods": "time: mean"},
            )
            for name in names
        }
    )


def few_variables() -> xr.Dataset:
    """Return a dataset like a real one: four axes, six variables, CF attributes, packing."""
    random = np.random.default_rng(1)
    axes = coordinates(40)
    axes["level"] = ("level", np.arange(5.0), {"units": "hPa", "positive": "down"})
    surface, volume = ("time", "lat", "lon"), ("time", "level", "lat", "lon")
    sizes = {"time": 40, "level": 5, "lat": SIDE, "lon": SIDE}
    variables = {}
    for name, dimensions in (
        ("t2m", surface),
        ("msl", surface),
        ("tp", surface),
        ("ta", volume),
        ("ua", volume),
        ("va", volume),
    ):
        values = random.normal(280, 5, [sizes[axis] for axis in dimensions]).astype("f4")
        attributes = {"units": "1", "long_name": f"{name} of the model", "standard_name": name}
        variables[name] = (dimensions, values, attributes)
    dataset = xr.Dataset(variables, axes, {"Conventions": "CF-1.8", "title": "A benchmark"})
    for name in variables:
        dataset[name].encoding = {
            "dtype": "int16",
            "scale_factor": 0.01,
            "add_offset": 280.0,
            "_FillValue": -32767,
        }
    return dataset


def write_store(dataset: xr.Dataset, path: Path) -> None:
    """Write a consolidated v3 store, by xarray."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.to_zarr(path, zarr_format=3, consolidated=True)


def netcdf_file(path: Path, values: np.ndarray, chunk: tuple[int, int, int]) -> None:
    """Write a netCDF-4 file with zlib 4 and shuffle, by netCDF4-python."""
    with netCDF4.Dataset(path, "w") as file:
        file.Conventions = "CF-1.8"
        for name, size in zip(AXES, values.shape, strict=True):
            file.createDimension(name, size)
            _, points, attributes = coordinates(values.shape[0])[name]
            axis = file.createVariable(name, points.dtype, (name,))
            axis.setncatts(attributes)
            axis[...] = points[:size]
        sizes = tuple(map(min, chunk, values.shape))
        air = file.createVariable(
            NAME, "f4", AXES, zlib=True, complevel=4, shuffle=True, chunksizes=sizes
        )
        air.setncatts({"units": "K", "long_name": "air temperature"})
        air[...] = values
