"""Who reads and writes arrays: each peer under its name, with the same calls."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorstore
import zarr

from benchmarks.measure import OURS
from zarr_cdm.core.group import open_group
from zarr_cdm.core.stores.local import LocalStore

Read = Callable[[object], np.ndarray]
ZARRS = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}


def _ours(path: Path) -> Read:
    array = open_group(LocalStore(path)).array("")
    return lambda part: array[part]


def _zarr_python(path: Path) -> Read:
    array = zarr.open_array(path, mode="r")
    return lambda part: np.asarray(array[part])


def _zarrs(path: Path) -> Read:
    with zarr.config.set(ZARRS):
        return _zarr_python(path)


def _tensorstore(path: Path) -> Read:
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}
    array = tensorstore.open(spec).result()
    return lambda part: np.asarray(array[part].read().result())


READERS: dict[str, Callable[[Path], Read]] = {
    OURS: _ours,
    "zarr-python": _zarr_python,
    "tensorstore": _tensorstore,
}
if importlib.util.find_spec("zarrs"):
    READERS["zarr-python + zarrs"] = _zarrs
