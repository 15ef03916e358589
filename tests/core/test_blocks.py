"""Reading inside a chunk: only the Blosc blocks that a selection needs are decoded, or read."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.core.selections import numpy_outer, outer_selections, point_selections
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.codecs.blosc_frame import HEADER, STORED
from zarr_cdm.core.codecs.crc32c import Crc32cCodec
from zarr_cdm.core.options import Options
from zarr_cdm.core.stores.base import Request, Values
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import ChunkError
from zarr_cdm.metadata.v3 import read

NEVER = 2**40
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
CRC32C = {"name": "crc32c"}


class CountingStore(MemoryStore):
    """A store that says how many bytes each round of requests has taken."""

    def __init__(self, gap: int) -> None:
        super().__init__()
        self.gap = gap
        self.rounds: list[int] = []

    def get_many(self, requests: Sequence[Request]) -> Values:
        values = super().get_many(requests)
        self.rounds.append(sum(len(value or b"") for value in values))
        return values


def blosc(**configuration: Any) -> dict[str, Any]:
    usual = {"cname": "zstd", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 1024}
    return {"name": "blosc", "configuration": {**usual, **configuration}}


def array(
    values: np.ndarray, chunk: Sequence[int], codecs: Sequence[Any], gap: int = 0
) -> ZarrArray:
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(values.shape),
        "data_type": str(values.dtype),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": {"name": "default"},
        "fill_value": 0,
        "codecs": list(codecs),
    }
    made = ZarrArray(CountingStore(gap), "a", read(document))  # type: ignore[arg-type]
    made[...] = values
    made.store.rounds.clear()  # type: ignore[attr-defined]
    return made


def walk(shape: Sequence[int], dtype: Any = "float32") -> np.ndarray:
    steps = np.random.default_rng(7).integers(-3, 4, tuple(shape))
    return np.cumsum(steps, -1).astype(dtype)


@st.composite
def divided(draw: st.DrawFn) -> tuple[np.ndarray, ZarrArray]:
    """Return values, and an array of them whose chunks have many blocks."""
    dtype = draw(st.sampled_from(["float32", "int16", "uint8", "complex128", "float64"]))
    values = walk(draw(st.sampled_from([(90, 40), (37, 11, 13), (3000,)])), dtype)
    chunk = draw(
        st.sampled_from([(64, 40), (50, 7)] if values.ndim == 2 else [(30, 8, 13), (37, 11, 12)])
    )
    chunk = (1700,) if values.ndim == 1 else chunk
    codecs = [
        LITTLE,
        blosc(
            cname=draw(st.sampled_from(["lz4", "zstd", "blosclz", "zlib", "lz4hc"])),
            clevel=draw(st.sampled_from([0, 1, 5, 9])),
            shuffle=draw(st.sampled_from(["noshuffle", "shuffle", "bitshuffle"])),
            typesize=draw(st.sampled_from([values.dtype.itemsize, 1, 3, 4])),
            blocksize=draw(st.sampled_from([0, 128, 1000, 2048, 4096])),
        ),
    ]
    if draw(st.booleans()):
        codecs.append(CRC32C)
    order = draw(st.none() | st.permutations(range(values.ndim)))
    if order is not None:
        codecs.insert(0, {"name": "transpose", "configuration": {"order": list(order)}})
    if draw(st.booleans()):
        inner = {"chunk_shape": list(chunk), "codecs": codecs}
        codecs = [{"name": "sharding_indexed", "configuration": inner}]
        chunk = tuple(2 * length for length in chunk)
    return values, array(values, chunk, codecs, draw(st.sampled_from([0, 100, NEVER])))


@given(data=st.data())
def test_outer_selections_of_divided_chunks_are_those_of_numpy(data: st.DataObject) -> None:
    values, stored = data.draw(divided())
    selection = data.draw(outer_selections(values.shape))
    assert np.array_equal(stored.oindex[selection], numpy_outer(values, selection))


@given(data=st.data())
def test_points_of_divided_chunks_are_those_of_numpy(data: st.DataObject) -> None:
    values, stored = data.draw(divided())
    selection = data.draw(point_selections(values.shape))
    assert np.array_equal(stored.vindex[selection], values[selection])


def frame_of(stored: ZarrArray) -> bytearray:
    data = stored.store.get("a/c/0/0")
    assert data is not None
    return bytearray(data)


@pytest.mark.parametrize("gap", [0, NEVER], ids=["by ranges", "as a whole"])
def test_a_point_decodes_one_block_and_leaves_the_others_alone(gap: int) -> None:
    values = walk((100, 100))
    stored = array(values, (100, 100), [LITTLE, blosc()], gap)
    frame = frame_of(stored)
    starts = np.frombuffer(frame, "<i4", 40, HEADER.size)
    for start in starts[1:]:  # only the first block stays as it was
        frame[start : start + 8] = b"\xff" * 8
    stored.store.set("a/c/0/0", frame)
    assert stored[1, 1] == values[1, 1]
    with pytest.raises(ChunkError, match="a/c/0/0"):
        stored[50, 50]


def test_a_point_of_a_large_chunk_is_read_in_two_small_requests() -> None:
    stored = array(walk((512, 512)), (512, 512), [LITTLE, blosc(blocksize=8192)])
    whole = len(frame_of(stored))
    stored.store.rounds.clear()  # type: ignore[attr-defined]
    assert stored[300, 17] == walk((512, 512))[300, 17]
    head, block = stored.store.rounds  # type: ignore[attr-defined]
    assert (head, block < whole / 20) == (16 + 4 * 128, True)


def test_a_column_of_a_large_chunk_is_read_in_two_rounds() -> None:
    values = walk((64, 2048))  # a row is a block
    stored = array(values, (64, 2048), [LITTLE, blosc(blocksize=8192)])
    assert np.array_equal(stored[::4, 5], values[::4, 5])
    assert len(stored.store.rounds) == 2  # type: ignore[attr-defined]
    assert sum(stored.store.rounds) < len(frame_of(stored)) / 3  # type: ignore[attr-defined]


def test_a_checksum_is_compared_before_a_part_is_decoded() -> None:
    stored = array(walk((100, 100)), (100, 100), [LITTLE, blosc(), CRC32C])
    data = frame_of(stored)
    data[-20] ^= 1  # in the last block
    stored.store.set("a/c/0/0", data)
    with pytest.raises(ChunkError, match="checksum"):
        stored[0, 0]


def test_without_a_look_at_checksums_only_some_blocks_are_read() -> None:
    values = walk((512, 512))
    stored = array(values, (512, 512), [LITTLE, blosc(blocksize=8192), CRC32C])
    whole = len(frame_of(stored))
    trusting = ZarrArray(stored.store, "a", stored.metadata, Options(verify_checksums=False))
    for reader, most in ((stored, whole), (trusting, whole / 10)):
        reader.store.rounds.clear()  # type: ignore[attr-defined]
        assert reader[300, 17] == values[300, 17]
        assert sum(reader.store.rounds) <= most  # type: ignore[attr-defined]
    sharded = {"chunk_shape": [512, 512], "codecs": [LITTLE, blosc(blocksize=8192), CRC32C]}
    codecs = [{"name": "sharding_indexed", "configuration": sharded}]
    stored = array(values, (512, 512), codecs)
    trusting = ZarrArray(stored.store, "a", stored.metadata, Options(verify_checksums=False))
    assert np.array_equal(trusting[300:302, 17], values[300:302, 17])
    assert sum(stored.store.rounds) < whole / 5  # type: ignore[attr-defined]


def test_blocks_may_lie_in_any_order() -> None:
    values = walk((100, 100))
    stored = array(values, (100, 100), [LITTLE, blosc()])
    frame = bytes(frame_of(stored))
    starts = [*struct.unpack_from("<40i", frame, HEADER.size), len(frame)]
    pieces = [frame[a:b] for a, b in itertools.pairwise(starts)]
    order = np.random.default_rng(1).permutation(40)
    moved, at, places = b"", starts[0], np.zeros(40, "<i4")
    for number in order:
        places[number] = at + len(moved)
        moved += pieces[number]
    stored.store.set("a/c/0/0", frame[: HEADER.size] + places.tobytes() + moved)
    for index in ((0, 0), (50, 3), (99, 99)):
        assert stored[index] == values[index]
    assert np.array_equal(stored[:, 7], values[:, 7])


def test_bytes_that_do_not_compress_lie_in_the_frame_as_they_are() -> None:
    values = np.random.default_rng(3).integers(0, 2**32, (64, 64), "u4")
    for gap in (0, NEVER):
        stored = array(values, (64, 64), [LITTLE, blosc()], gap)
        assert frame_of(stored)[2] & STORED
        assert stored[5, 7] == values[5, 7]
        assert np.array_equal(stored[::9, 3], values[::9, 3])


@given(data=st.data())
def test_a_damaged_head_is_an_error_or_reads_right(data: st.DataObject) -> None:
    values = walk((100, 100))
    stored = array(values, (100, 100), [LITTLE, blosc()], data.draw(st.sampled_from([0, NEVER])))
    frame = frame_of(stored)
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, 16 + 4 * 40 - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.none() | st.integers(0, len(frame)))
    stored.store.set("a/c/0/0", frame[:cut])
    try:
        found = stored[2, 3]
    except ChunkError:
        return
    assert found.shape == ()  # a start or a flag may have become another that is as good


@pytest.mark.parametrize("start", [-1, 0, 15, 16 + 4 * 40 - 1, 2**31 - 1])
@pytest.mark.parametrize("gap", [0, NEVER])
def test_a_block_outside_of_the_frame_is_an_error(start: int, gap: int) -> None:
    stored = array(walk((100, 100)), (100, 100), [LITTLE, blosc()], gap)
    frame = frame_of(stored)
    struct.pack_into("<i", frame, HEADER.size, start)
    stored.store.set("a/c/0/0", frame)
    with pytest.raises(ChunkError, match="a block lies outside"):
        stored[0, 0]


def test_a_chunk_that_is_not_there_reads_as_fill() -> None:
    stored = array(walk((100, 100)), (50, 50), [LITTLE, blosc()])
    stored.store.delete("a/c/1/0")
    assert stored[60, 2] == 0
    assert np.array_equal(stored[:, 3], np.r_[walk((100, 100))[:50, 3], np.zeros(50)])


def test_a_codec_that_does_not_look_at_checksums_takes_them_off() -> None:
    data = bytes(Crc32cCodec().encode(b"chunk"))
    damaged = bytes([data[0] ^ 1]) + data[1:]
    assert bytes(Crc32cCodec().unchecked().decode(damaged, 5)) == b"bhunk"
    with pytest.raises(ChunkError, match="checksum"):
        Crc32cCodec().decode(damaged, 5)
