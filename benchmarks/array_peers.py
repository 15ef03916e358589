"""Who opens, reads and writes arrays: each peer under its name, with the same calls."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorstore
import zarr

import zarr_cdm
from benchmarks.layout import Layout
from benchmarks.measure import OURS

Read = Callable[[object], np.ndarray]
ZARRS = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}


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
    OURS: lambda path: zarr_cdm.open_array(path).__getitem__,
    "zarr-python": _zarr_python,
    "tensorstore": _tensorstore,
}


def _write(path: Path, values: np.ndarray, layout: Layout) -> None:
    array = zarr_cdm.create_array(
        path,
        shape=values.shape,
        dtype=values.dtype,
        chunks=layout.chunk,
        shards=layout.shard,
        codecs=[{"name": "bytes", "configuration": {"endian": "little"}}, layout.blosc()],
    )
    array[...] = values


def write_with_zarr_python(path: Path, values: np.ndarray, layout: Layout) -> None:
    """Write an array, which all readers read."""
    array = zarr.create_array(
        path,
        shape=values.shape,
        dtype=values.dtype,
        chunks=layout.chunk,
        shards=layout.shard,
        compressors=layout.blosc(),
    )
    array[...] = values


def _write_with_zarrs(path: Path, values: np.ndarray, layout: Layout) -> None:
    with zarr.config.set(ZARRS):
        write_with_zarr_python(path, values, layout)


def _write_with_tensorstore(path: Path, values: np.ndarray, layout: Layout) -> None:
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}, layout.blosc()]
    if layout.shard:
        inner = {"chunk_shape": layout.chunk, "codecs": codecs}
        codecs = [{"name": "sharding_indexed", "configuration": inner}]
    metadata = {
        "shape": values.shape,
        "data_type": str(values.dtype),
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": layout.shard or layout.chunk},
        },
        "codecs": codecs,
    }
    kvstore = {"driver": "file", "path": f"{path}/", "file_io_sync": False}
    spec = {"driver": "zarr3", "kvstore": kvstore, "metadata": metadata}
    tensorstore.open(spec, create=True).result().write(values).result()


Write = Callable[[Path, np.ndarray, Layout], None]
WRITERS: dict[str, Write] = {
    OURS: _write,
    "zarr-python": write_with_zarr_python,
    "tensorstore": _write_with_tensorstore,
}
if importlib.util.find_spec("zarrs"):
    READERS["zarr-python + zarrs"] = _zarrs
    WRITERS["zarr-python + zarrs"] = _write_with_zarrs
