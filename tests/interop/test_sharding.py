"""Shards and rectilinear grids: what zarr-python writes we read, and the other way round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.v3 import read, write

zarr = pytest.importorskip("zarr", reason="zarr-python is not installed")
CASES = [
    ((100, 70), (40, 30), (10, 15), "end"),
    ((100, 70), (40, 30), (40, 30), "start"),
    ((7,), (12,), (3,), "start"),
    ((5, 6, 7), (2, 6, 4), (1, 2, 4), "end"),
]


def values(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(-(2**40), 2**40, shape)


@pytest.mark.parametrize(("shape", "shard", "chunk", "location"), CASES)
def test_shards_of_zarr_python_are_read(
    tmp_path: Path, shape: Any, shard: Any, chunk: Any, location: str
) -> None:
    codec = zarr.codecs.ShardingCodec(chunk_shape=chunk, index_location=location)
    written = zarr.create_array(
        tmp_path / "x.zarr",
        shape=shape,
        chunks=shard,
        dtype="i8",
        serializer=codec,
        compressors=None,
        fill_value=-1,
    )
    written[...] = values(shape)
    store = LocalStore(str(tmp_path / "x.zarr"))
    document = read(json.loads(store.get("zarr.json") or b""))
    assert isinstance(document, ArrayMetadata)
    found = ZarrArray(store, "", document)
    assert np.array_equal(found[...], values(shape))
    assert found[(0,) * len(shape)] == values(shape)[(0,) * len(shape)]


@pytest.mark.parametrize(("shape", "shard", "chunk", "location"), CASES)
def test_our_shards_are_read_by_zarr_python(
    tmp_path: Path, shape: Any, shard: Any, chunk: Any, location: str
) -> None:
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    inner = {"cname": "zstd", "clevel": 1, "shuffle": "shuffle", "typesize": 8, "blocksize": 0}
    sharding = {
        "chunk_shape": list(chunk),
        "codecs": [little, {"name": "blosc", "configuration": inner}],
        "index_codecs": [little, {"name": "crc32c"}],
        "index_location": location,
    }
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": "int64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(shard)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": -1,
        "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        "attributes": {},
    }
    store = LocalStore(str(tmp_path / "x.zarr"))
    metadata = read(document)
    assert isinstance(metadata, ArrayMetadata)
    store.set("zarr.json", json.dumps(write(metadata)).encode())
    ours = ZarrArray(store, "", metadata)
    ours[...] = values(shape)
    found = zarr.open_array(tmp_path / "x.zarr", mode="r")
    assert np.array_equal(found[...], values(shape))
    tensorstore = pytest.importorskip("tensorstore", reason="tensorstore is not installed")
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(tmp_path / "x.zarr")}}
    assert np.array_equal(tensorstore.open(spec).result().read().result(), values(shape))


def test_rectilinear_grids_go_both_ways(tmp_path: Path) -> None:
    if not hasattr(zarr.config, "set") or "rectilinear_chunks" not in str(zarr.config.config):
        pytest.skip("this zarr-python has no rectilinear grid")
    shape, axes = (90, 25), [[31, 28, 31], [10, 15]]
    with zarr.config.set({"array.rectilinear_chunks": True}):
        written = zarr.create_array(tmp_path / "x.zarr", shape=shape, chunks=axes, dtype="i8")
        written[...] = values(shape)
        store = LocalStore(str(tmp_path / "x.zarr"))
        document = read(json.loads(store.get("zarr.json") or b""))
        assert isinstance(document, ArrayMetadata)
        found = ZarrArray(store, "", document)
        assert found.chunks == ((31, 28, 31), (10, 15))
        assert np.array_equal(found[...], values(shape))
        other = LocalStore(str(tmp_path / "y.zarr"))
        other.set("zarr.json", json.dumps(write(document)).encode())
        ZarrArray(other, "", document)[...] = values(shape)
        assert np.array_equal(zarr.open_array(tmp_path / "y.zarr", mode="r")[...], values(shape))
