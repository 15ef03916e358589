"""Reading: whole arrays, a point and a time series, through xarray and from the arrays."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore
import xarray as xr
import zarr

import zarr_cdm
from benchmarks import data
from benchmarks.converters import NAME
from benchmarks.measure import OURS, Case

CHUNKS = {"64 KB": (16, 32, 32), "1 MB": (64, 64, 64)}
ALL = (slice(None),) * 3
PARTS = {
    "one point": (2, 100, 200),
    "time series": (slice(None), 100, 200),
    "one map": (2, slice(None), slice(None)),
}
ZARRS = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}


def cases(folder: Path, size_mb: int) -> Iterator[Case]:
    """Yield the cases; their stores are written into ``folder``."""
    values = data.walks(size_mb)
    for size, chunk in CHUNKS.items():
        for checksum in (True, False):
            store = folder / f"{size}-{checksum}.zarr".replace(" ", "")
            data.cube(store, values, chunk, checksum)
            kind = f"{size} chunks{', crc32c' if checksum else ''}"
            yield _case(f"read {size_mb} MB, {kind} (xarray)", _datasets(store), ALL)
            yield _case(f"read {size_mb} MB, {kind} (arrays)", _arrays(store), ALL)
        for name, part in PARTS.items():
            yield _case(f"{name}, {kind} (xarray)", _datasets(store), part)
            yield _case(f"{name}, {kind} (arrays)", _arrays(store), part)


Read = Callable[[Any], np.ndarray]


def _case(name: str, readers: Mapping[str, Read], part: Any) -> Case:
    def call(read: Read) -> Callable[[], np.ndarray]:
        return lambda: read(part)

    return Case(name, {peer: call(read) for peer, read in readers.items()}, same_arrays)


def same_arrays(ours: np.ndarray, peers: np.ndarray) -> None:
    """Raise unless two arrays hold the same."""
    assert ours.dtype == peers.dtype
    np.testing.assert_array_equal(ours, peers, strict=True)


def _datasets(store: Path) -> dict[str, Read]:
    def opened(engine: str) -> Read:
        array = xr.open_dataset(store, engine=engine, cache=False)[NAME]
        return lambda part: array[part].values

    readers = {OURS: opened("zarr_cdm"), "xarray": opened("zarr")}
    if importlib.util.find_spec("zarrs"):
        with zarr.config.set(ZARRS):
            readers["xarray + zarrs"] = opened("zarr")
    return readers


def _arrays(store: Path) -> dict[str, Read]:
    def opened() -> Read:
        array = zarr.open_group(store, mode="r")[NAME]
        return lambda part: np.asarray(array[part])

    ours = zarr_cdm.read(store).variables[NAME].data
    third = tensorstore.open(
        {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{store}/{NAME}/"}}
    ).result()
    readers: dict[str, Read] = {
        OURS: lambda part: np.asarray(ours[part]),
        "zarr-python": opened(),
        "tensorstore": lambda part: np.asarray(third[part].read().result()),
    }
    if importlib.util.find_spec("zarrs"):
        with zarr.config.set(ZARRS):
            readers["zarr-python + zarrs"] = opened()
    return readers
