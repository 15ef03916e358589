"""Arrays in shards and on rectilinear grids: against NumPy, with counted requests, with damage."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import zarr_cdm
from tests.core.selections import numpy_outer, outer_selections, point_selections
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.base import Request, Values
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import ChunkError, LimitError, MetadataError, ZarrCdmError
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.v3 import read

LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
ZSTD = {"name": "zstd", "configuration": {"level": 1}}


def sharding(chunk: Sequence[int], location: str = "end", inner: Any = None) -> dict[str, Any]:
    return {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": list(chunk),
            "codecs": inner or [LITTLE, ZSTD],
            "index_codecs": [LITTLE, {"name": "crc32c"}],
            "index_location": location,
        },
    }


def array(
    shape: Sequence[int], grid: dict[str, Any], codecs: list[Any], store: Any = None
) -> ZarrArray:
    document = read(
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(shape),
            "data_type": "int32",
            "chunk_grid": grid,
            "chunk_key_encoding": {"name": "default"},
            "fill_value": -7,
            "codecs": codecs,
        }
    )
    return ZarrArray(MemoryStore() if store is None else store, "a", document)  # type: ignore[arg-type]


def regular(chunks: Sequence[int]) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}


def rectilinear(axes: Sequence[Any]) -> dict[str, Any]:
    return {"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": list(axes)}}


@st.composite
def arrays(draw: st.DrawFn) -> ZarrArray:
    """Return an array in shards, shards of shards, a rectilinear grid, or shards on one."""
    rank = draw(st.integers(0, 3))
    shape = [draw(st.integers(0, 9)) for _ in range(rank)]
    inner = [draw(st.integers(1, 3)) for _ in range(rank)]
    counts = [draw(st.integers(1, 3)) for _ in range(rank)]
    location = draw(st.sampled_from(["start", "end"]))
    codecs: list[Any] = [sharding(inner, location)]
    kind = draw(st.sampled_from(["shards", "nested", "behind", "rectilinear", "both"]))
    if kind == "nested":
        middle = [length * count for length, count in zip(inner, counts, strict=True)]
        codecs = [sharding(middle, location, [sharding(inner)])]
        inner = middle
    if kind == "behind":  # what stands behind a shard hides it: it can only be read whole
        codecs = [*codecs, ZSTD]
    if kind in ("rectilinear", "both"):
        unit = inner if kind == "both" else [1] * rank
        axes = []
        for size, step in zip(shape, unit, strict=True):
            lengths: list[int] = []
            while sum(lengths) < size:
                lengths.append(step * draw(st.integers(1, 4)))
            axes.append(lengths)
        return array(shape, rectilinear(axes), codecs if kind == "both" else [LITTLE, ZSTD])
    outer = [length * count for length, count in zip(inner, counts, strict=True)]
    return array(shape, regular(outer), codecs)


def filled(target: ZarrArray) -> np.ndarray:
    values = np.arange(int(np.prod(target.shape)), dtype="i4").reshape(target.shape)
    target[...] = values
    return values


@given(data=st.data())
def test_outer_selections_are_those_of_numpy(data: st.DataObject) -> None:
    target = data.draw(arrays())
    values = filled(target)
    selection = data.draw(outer_selections(target.shape))
    assert np.array_equal(target.oindex[selection], numpy_outer(values, selection))


@given(data=st.data())
def test_points_are_those_of_numpy(data: st.DataObject) -> None:
    target = data.draw(arrays().filter(lambda found: found.ndim and 0 not in found.shape))
    values = filled(target)
    selection = data.draw(point_selections(target.shape))
    assert np.array_equal(target.vindex[selection], values[selection])


@given(data=st.data())
def test_writing_a_part_leaves_the_rest(data: st.DataObject) -> None:
    target = data.draw(arrays())
    values = filled(target)
    selection = data.draw(outer_selections(target.shape, most_arrays=0))
    target[selection] = -1
    values[selection] = -1
    assert np.array_equal(target[...], values)


def test_what_nobody_has_written_is_fill() -> None:
    target = array((8, 8), regular((4, 4)), [sharding((2, 2))])
    assert (target[...] == -7).all()
    target[0, 0] = 1
    assert target[...].sum() == 1 - 7 * 63


class CountingStore(MemoryStore):
    """A store that remembers the rounds of requests."""

    gap = 16 * 2**10

    def __init__(self) -> None:
        super().__init__()
        self.rounds: list[list[Request]] = []

    batch = 1000

    def get_many(self, requests: Sequence[Request]) -> Values:
        self.rounds.append(list(requests))
        return super().get_many(requests)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_text_without_dimensions_lies_in_shards(depth: int) -> None:
    codecs: list[Any] = [{"name": "vlen-utf8"}]
    for _ in range(depth):
        codecs = [sharding([], inner=codecs)]
    plain = array([], regular([]), [LITTLE]).metadata
    text = replace(
        plain,
        data_type=Extension("string"),
        fill_value="",
        codecs=tuple(map(Extension.from_json, codecs)),
    )
    texts = ZarrArray(MemoryStore(), "a", text)
    texts[...] = "ä"
    assert texts[...][()] == "ä"


def test_one_point_of_a_shard_costs_its_index_and_one_chunk() -> None:
    store = CountingStore()
    target = array((64, 64), regular((32, 32)), [sharding((8, 8))], store)
    values = filled(target)
    store.rounds.clear()
    assert target[40, 3] == values[40, 3]
    (((index_key, index),), ((chunk_key, chunk),)) = store.rounds
    assert index_key == chunk_key == "a/c/1/0"
    assert index is not None
    assert index.start == -(16 * 16 + 4)
    assert chunk is not None
    assert chunk.length is not None
    assert chunk.length < 400


def test_shards_of_several_shapes_are_read_by_spans_too() -> None:
    store = CountingStore()
    grid = rectilinear([[16, 48], [32, 8, 24]])
    target = array((60, 64), grid, [sharding((8, 8))], store)
    values = filled(target)
    assert target.chunks == (8, 8)
    assert target.shards == ((16, 48), (32, 8, 24))
    store.rounds.clear()
    assert target[50, 42] == values[50, 42]
    (((index_key, index),), ((chunk_key, chunk),)) = store.rounds
    assert index_key == chunk_key == "a/c/1/2"
    assert index is not None
    assert index.start == -(16 * 18 + 4)
    assert chunk is not None
    assert chunk.length is not None
    assert chunk.length < 400
    store.rounds.clear()
    assert np.array_equal(target[:, 30:45], values[:, 30:45])
    spans = [span for requests in store.rounds for _, span in requests if span is not None]
    assert sum(span.start < 0 for span in spans) == 6  # an index for each of the shards


def test_an_array_in_shards_of_several_shapes_grows_by_whole_chunks() -> None:
    target = zarr_cdm.create_array(
        MemoryStore(), data=np.arange(12, dtype="i2"), chunks=[[4, 8]], codecs=[sharding((4,))]
    )
    assert target.append(np.arange(12, 17, dtype="i2")) == (17,)
    assert target.shards == ((4, 8, 8),)
    assert np.array_equal(zarr_cdm.open_array(target.store)[:], np.arange(17))
    target.resize(14)
    target.resize(20)
    assert np.array_equal(target[:], [*range(14), *[0] * 6])


def test_neighbours_in_a_shard_are_one_request() -> None:
    store = CountingStore()
    target = array((64, 64), regular((64, 64)), [sharding((8, 8))], store)
    values = filled(target)
    store.rounds.clear()
    assert np.array_equal(target[...], values)
    assert [len(requests) for requests in store.rounds] == [1, 1]


BLOSC = {
    "name": "blosc",
    "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "noshuffle", "blocksize": 0},
}


@pytest.mark.parametrize(
    ("grid", "codec"),
    [
        (regular([9000]), sharding([1], inner=[LITTLE, BLOSC])),
        (rectilinear([[8000, 1000]]), sharding([1], inner=[LITTLE, BLOSC])),
        (regular([9000]), sharding([3000], inner=[sharding([1], inner=[LITTLE, BLOSC])])),
    ],
    ids=["regular", "rectilinear", "nested"],
)
def test_a_shard_of_thousands_of_tiny_chunks_may_be_larger_than_they_are(
    grid: dict[str, Any], codec: dict[str, Any]
) -> None:
    values = np.arange(9000, dtype="i4")
    target = array([9000], grid, [codec])
    target[:] = values
    stored = sum(size for _, size in target.store.sizes())
    assert stored > 9 * values.nbytes  # 20 bytes of Blosc and 16 of the index for each
    assert np.array_equal(target[:], values)
    target[4000:5000] = values[:1000]
    values[4000:5000] = values[:1000]
    assert np.array_equal(target[:], values)


def test_more_than_a_shard_can_be_is_not_read_to_change_a_part_of_it() -> None:
    store = MemoryStore({"a/c/0": bytes(1_000_000)})
    target = array([8], regular([8]), [sharding([2])], store)
    with pytest.raises(LimitError, match="a/c/0: has 1000000 bytes"):
        target[:2] = 1
    assert store.get("a/c/0") == bytes(1_000_000)


def test_threads_that_write_parts_of_one_shard_lose_nothing() -> None:
    target = array((16, 16), regular((16, 16)), [sharding((4, 4))])

    def write(row: int) -> None:
        target[row] = row

    threads = [threading.Thread(target=write, args=(row,)) for row in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(target[...], np.repeat(np.arange(16), 16).reshape(16, 16))


@pytest.mark.parametrize("location", ["start", "end"])
def test_a_damaged_shard_is_an_error_or_reads_right(location: str) -> None:
    inner = [LITTLE, ZSTD, {"name": "crc32c"}]
    target = array((8, 8), regular((8, 8)), [sharding((4, 4), location, inner)])
    values = filled(target)
    whole = target.store.get("a/c/0/0")
    assert whole is not None
    random, keys = np.random.default_rng(0), set()
    for _ in range(400):
        damaged = bytearray(whole)
        if random.random() < 0.3:
            del damaged[random.integers(len(damaged)) :]
        else:
            damaged[random.integers(len(damaged))] ^= 1 << random.integers(8)
        target.store.set("a/c/0/0", bytes(damaged))
        try:
            found = target[...]
        except ChunkError as error:
            keys.add(error.key)
        else:
            assert np.array_equal(found, values)
    assert keys == {"a/c/0/0"}


def index_of(*pairs: int) -> bytes:
    return np.array(pairs, "<u8").tobytes()


@pytest.mark.parametrize(
    "index",
    [
        index_of(2**64 - 1, 4, 0, 4),
        index_of(0, 2**62, 0, 4),
        index_of(2**64 - 8, 16, 0, 4),
        index_of(100, 4, 0, 4),
        b"",
        b"abc",
    ],
)
def test_an_index_that_lies_is_an_error_that_names_the_key(index: bytes) -> None:
    codec = sharding((2,), inner=[LITTLE])
    codec["configuration"]["index_codecs"] = [LITTLE]
    target = array((4,), regular((4,)), [codec])
    target.store.set("a/c/0", bytes(16) + index)
    if len(index) < 32:
        target.store.set("a/c/0", index)
    for selection in (slice(None), 0):
        with pytest.raises((ChunkError, LimitError)) as caught:
            target[selection]
        assert caught.value.key == "a/c/0"


@pytest.mark.parametrize(
    "codec",
    [
        sharding((3,)),
        sharding((0,)),
        sharding((2, 2)),
        sharding((2,), "middle"),
        sharding((2,), inner=[{"name": "nothing"}]),
        {"name": "sharding_indexed", "configuration": {"chunk_shape": [2]}},
        {
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": [2],
                "codecs": [LITTLE],
                "index_codecs": [LITTLE, {"name": "gzip", "configuration": {"level": 1}}],
            },
        },
        sharding((4,), inner=[sharding((2,), inner=[sharding((1,))])]),
    ],
)
def test_a_shard_that_cannot_be_is_refused_when_it_is_opened(codec: dict[str, Any]) -> None:
    with pytest.raises(ZarrCdmError):
        array((4,), regular((4,)), [codec])


@pytest.mark.parametrize(
    "axes",
    [[[3, 4]], [0], [[2, 0]], [[[4, 0]]], [[[1, 10**18]]], ["4"], [[True, 7]], [8.0], [4, 4], 8],
)
def test_a_rectilinear_grid_that_cannot_be_is_refused(axes: Any) -> None:
    grid = {"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": axes}}
    with pytest.raises((MetadataError, LimitError)):
        array((8,), grid, [LITTLE])


def test_each_shard_must_be_full_of_chunks() -> None:
    with pytest.raises(MetadataError, match=r"chunks of 4 do not fill a shard of 6 in axis 1"):
        array((8, 30), rectilinear([8, [8, 16, 6]]), [sharding((4, 4))])


def test_chunks_and_shards_are_told() -> None:
    assert array((8, 6), regular((4, 6)), [sharding((2, 3))]).chunks == (2, 3)
    assert array((8, 6), regular((4, 6)), [sharding((2, 3))]).shards == (4, 6)
    assert array((8, 6), rectilinear([[3, 5], 4]), [LITTLE]).chunks == ((3, 5), (4, 4))
    assert array((8, 6), rectilinear([[3, 5], 4]), [LITTLE]).shards is None
