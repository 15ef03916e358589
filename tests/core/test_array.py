"""Arrays in a store: what is written is read, by every selection, against NumPy."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests.core.selections import (
    SHAPES,
    filled,
    numpy_outer,
    outer_selections,
    point_selections,
    slices,
)
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import ChunkError, SelectionError, StoreError
from zarr_cdm.metadata import v2
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.dtypes import has_byte_order, zarr_type
from zarr_cdm.metadata.extension import Extension

ZLIB = Extension("numcodecs.zlib", {"level": 1})
CHAINS: dict[str, list[Extension]] = {
    "none": [],
    "blosc": [Extension("blosc", {"cname": "lz4", "shuffle": "shuffle", "typesize": 4})],
    "zstd": [Extension("zstd")],
    "two": [ZLIB, Extension("crc32c")],
    "crc32c": [Extension("crc32c")],
}


def document(
    shape: Sequence[int],
    chunks: Sequence[int],
    dtype: Any = "<f4",
    *,
    codecs: Sequence[Extension] = (),
    fill: Any = 0,
    keys: Extension | None = None,
    order: Sequence[int] | None = None,
    endian: str = "little",
    **others: Any,
) -> ArrayMetadata:
    """Return the document of an array."""
    dtype = np.dtype(dtype)
    serializer = Extension("bytes", {"endian": endian} if has_byte_order(dtype) else {})
    if dtype.hasobject:
        serializer = Extension("vlen-utf8")
    first = () if order is None else (Extension("transpose", {"order": list(order)}),)
    return ArrayMetadata(
        shape=tuple(shape),
        data_type=zarr_type(dtype),
        chunk_grid=Extension("regular", {"chunk_shape": list(chunks)}),
        chunk_key_encoding=keys or Extension("default"),
        fill_value=fill if fill is None or dtype.hasobject else np.array(fill, dtype)[()],
        codecs=(*first, serializer, *codecs),
        **others,
    )


@st.composite
def stored(draw: st.DrawFn) -> tuple[np.ndarray, ZarrArray]:
    """Return an array, and its twin in a store; some chunks may never have been written."""
    shape = draw(SHAPES)
    chunks = [draw(st.integers(1, 12)) for _ in shape]
    orders = st.none() | st.permutations(range(len(shape)))
    codecs = CHAINS[draw(st.sampled_from(sorted(CHAINS)))]
    dtype = draw(st.sampled_from(["<i4", "<f8", "|u1", "<U3", "|S2", "O"]))
    fill = "x" if dtype in ("<U3", "|S2", "O") else 7
    metadata = document(
        shape,
        chunks,
        dtype,
        codecs=codecs,
        fill=fill,
        order=draw(orders),
        endian=draw(st.sampled_from(["little", "big"])),
    )
    twin = ZarrArray(MemoryStore(), "a", metadata)
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    array %= 90
    if dtype in ("<U3", "|S2", "O"):
        array = array.astype("U2")
    array = array.astype(dtype)
    twin[...] = array
    if draw(st.booleans()):
        for key in list(twin.store.list())[::2]:
            index = tuple(map(int, key.split("/")[2:]))
            twin.store.delete(key)
            edges = [twin.grid.edges(axis, i) for axis, i in enumerate(index)]
            array[tuple(slice(*edge) for edge in edges)] = fill
    return array, twin


def check_equal(found: Any, expected: Any, dtype: np.dtype) -> None:
    expected = np.asarray(expected, dtype)  # NumPy gives one object instead of an array of one
    assert isinstance(found, np.ndarray)
    assert found.dtype == dtype
    assert found.shape == expected.shape
    assert found.tolist() == expected.tolist()


@given(stored(), st.data())
@settings(max_examples=300, deadline=None)
def test_outer_selections_are_those_of_numpy(
    case: tuple[np.ndarray, ZarrArray], data: st.DataObject
) -> None:
    array, twin = case
    selection = data.draw(outer_selections(array.shape))
    check_equal(twin.oindex[selection], numpy_outer(array, selection), array.dtype)


@given(stored(), st.data())
@settings(max_examples=150, deadline=None)
def test_selections_with_one_array_are_those_of_numpy(
    case: tuple[np.ndarray, ZarrArray], data: st.DataObject
) -> None:
    array, twin = case
    selection = data.draw(outer_selections(array.shape, most_arrays=1))
    check_equal(twin[selection], numpy_outer(array, selection), array.dtype)


@given(stored(), st.data())
@settings(max_examples=150, deadline=None)
def test_selections_of_points_are_those_of_numpy(
    case: tuple[np.ndarray, ZarrArray], data: st.DataObject
) -> None:
    array, twin = case
    assume(array.ndim and array.size)
    selection = data.draw(point_selections(array.shape))
    check_equal(twin.vindex[selection], array[selection], array.dtype)


@given(stored(), st.data())
@settings(max_examples=250, deadline=None)
def test_basic_selections_are_written_as_in_numpy(
    case: tuple[np.ndarray, ZarrArray], data: st.DataObject
) -> None:
    array, twin = case
    for _ in range(data.draw(st.integers(1, 3))):
        selection = data.draw(outer_selections(array.shape, most_arrays=0))
        place = array[(*filled(array.ndim, selection), ...)]
        values: Any = np.arange(place.size).reshape(place.shape) % 50 + 40
        if data.draw(st.booleans()):
            values = 42
        values = np.asarray(values).astype("U2") if array.dtype.kind in "USO" else values
        twin[selection] = values
        place[...] = values
    check_equal(twin[...], array, array.dtype)


@given(stored(), st.data())
@settings(max_examples=150, deadline=None)
def test_outer_selections_are_written_each_axis_on_its_own(
    case: tuple[np.ndarray, ZarrArray], data: st.DataObject
) -> None:
    array, twin = case
    selection = data.draw(outer_selections(array.shape))
    places = numpy_outer(np.arange(array.size).reshape(array.shape), selection)
    assume(len({*places.ravel().tolist()}) == places.size)  # which of two wins nobody says
    values = np.array(np.arange(places.size).reshape(places.shape) % 50 + 40, "U2")
    values = np.asarray(values.astype(array.dtype), array.dtype)
    twin.oindex[selection] = values
    flat = array.reshape(-1).copy()
    flat[places.ravel()] = values.ravel()
    check_equal(twin[...], flat.reshape(array.shape), array.dtype)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (4, 6)])
def test_arrays_of_any_shape_are_read_whole(chain: str, shape: tuple[int, ...]) -> None:
    twin = ZarrArray(MemoryStore(), "", document(shape, [5] * len(shape), codecs=CHAINS[chain]))
    array = np.arange(np.prod(shape, dtype=int), dtype="f4").reshape(shape)
    twin[...] = array
    for found in (twin[...], twin[()], np.asarray(twin), twin.oindex[...]):
        check_equal(found, array, array.dtype)
    assert (twin.shape, twin.ndim, twin.dtype) == (shape, len(shape), array.dtype)
    assert twin.chunks == (5,) * len(shape)
    assert len(list(twin.store.list())) == (0 if 0 in shape else -(-max(shape or [1]) // 5))


def test_a_missing_chunk_reads_as_the_fill_value() -> None:
    store = MemoryStore()
    twin = ZarrArray(store, "", document((4, 4), (2, 2), fill=-0.0))
    assert np.signbit(twin[...]).all()
    twin[0:2, 0:2] = 1
    assert set(store.list()) == {"c/0/0"}
    assert twin[1, 1] == 1
    assert np.signbit(twin[2:]).all()


@pytest.mark.parametrize(
    ("dtype", "expected"), [("<f4", 0.0), ("|b1", False), ("|S3", b""), ("<U2", ""), ("O", "")]
)
def test_without_a_fill_value_a_missing_chunk_reads_as_zero(dtype: str, expected: Any) -> None:
    twin = ZarrArray(MemoryStore(), "", document((3,), (2,), dtype, fill=None, zarr_format=2))
    assert twin[...].tolist() == [expected] * 3


def test_without_a_fill_value_bytes_read_as_empty_bytes() -> None:
    metadata = replace(
        document((2,), (2,), "O", fill=None, zarr_format=2),
        data_type=Extension("bytes"),
        codecs=(Extension("vlen-bytes"),),
    )
    assert ZarrArray(MemoryStore(), "", metadata)[...].tolist() == [b"", b""]


def test_what_overhangs_is_written_as_the_fill_value() -> None:
    store = MemoryStore()
    twin = ZarrArray(store, "", document((3,), (2,), "|u1", fill=9))
    twin[...] = [1, 2, 3]
    assert store.get("c/1") == b"\3\x09"


def test_order_f_is_a_transpose() -> None:
    store = MemoryStore()
    array = np.arange(6, dtype="u1").reshape(2, 3)
    metadata = v2.read_array(
        {
            "zarr_format": 2,
            "shape": [2, 3],
            "chunks": [2, 3],
            "dtype": "|u1",
            "order": "F",
            "fill_value": 0,
            "filters": None,
            "compressor": None,
        },
        {},
    )
    twin = ZarrArray(store, "", metadata)
    twin[...] = array
    assert store.get("0.0") == array.tobytes("F")
    check_equal(twin[...], array, array.dtype)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (Extension("default"), "a/b/c/1/2"),
        (Extension("default", {"separator": "."}), "a/b/c.1.2"),
        (Extension("v2"), "a/b/1.2"),
        (Extension("v2", {"separator": "/"}), "a/b/1/2"),
    ],
)
def test_chunks_lie_at_the_keys_that_the_document_names(keys: Extension, expected: str) -> None:
    store = MemoryStore()
    twin = ZarrArray(store, "a/b", document((4, 6), (2, 2), keys=keys))
    twin[2:4, 4:6] = 1
    assert list(store.list()) == [expected]
    assert twin.key((1, 2)) == expected
    assert twin[2, 4] == 1


def test_chunks_that_were_nested_without_a_word_are_found() -> None:
    store = MemoryStore()
    nested = document((4, 4), (2, 2), keys=Extension("v2", {"separator": "/"}), zarr_format=2)
    ZarrArray(store, "a", nested)[0:2] = 5
    silent = document((4, 4), (2, 2), keys=Extension("v2"), zarr_format=2)
    assert ZarrArray(store, "a", silent)[...].tolist() == [[5] * 4] * 2 + [[0] * 4] * 2
    said = document((4, 4), (2, 2), keys=Extension("v2", {"separator": "."}), zarr_format=2)
    assert not ZarrArray(store, "a", said)[...].any()


def test_selecting_with_several_arrays_needs_a_way_to_select() -> None:
    twin = ZarrArray(MemoryStore(), "", document((4, 4, 4), (2, 2, 2)))
    with pytest.raises(SelectionError, match=r"use oindex .* or vindex"):
        twin[[0, 1], [0, 1], :]


def test_a_selection_that_does_not_fit_reads_and_writes_nothing() -> None:
    store = Counting()
    twin = ZarrArray(store, "", document((4, 4), (2, 2)))
    with pytest.raises(SelectionError):
        twin[4]
    with pytest.raises(SelectionError):
        twin[0, 9] = 1
    with pytest.raises(ValueError, match="broadcast"):
        twin[0] = np.zeros(3)
    assert not store.calls
    assert not list(store.list())


class Counting(MemoryStore):
    """A store that remembers what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, list[str]]] = []

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        self.calls.append(("get", [key]))
        return super().get(key, span)

    def get_many(self, requests: Any) -> list[bytes | None]:
        self.calls.append(("get_many", [key for key, _ in requests]))
        return [super(Counting, self).get(key, span) for key, span in requests]


def test_each_chunk_is_read_once_and_no_other() -> None:
    store = Counting()
    twin = ZarrArray(store, "", document((8, 8), (2, 2)))
    twin[...] = 1
    assert store.calls == [], "whole chunks are not read before they are written"
    _ = twin[3:5, 1]
    assert sorted(key for _, keys in store.calls for key in keys) == ["c/1/0", "c/2/0"]


def test_opening_reads_nothing() -> None:
    store = Counting()
    ZarrArray(store, "a", document((2**40, 2**40), (1000, 1000)))
    assert not store.calls


def test_many_threads_read_and_write_one_array(tmp_path: Path) -> None:
    array = np.arange(64 * 64, dtype="i4").reshape(64, 64)
    chain = [Extension("blosc", {"cname": "zstd", "shuffle": "shuffle", "typesize": 4})]
    twin = ZarrArray(
        LocalStore(str(tmp_path)), "a", document((64, 64), (8, 8), "<i4", codecs=chain)
    )

    def write(row: int) -> None:
        twin[8 * row : 8 * row + 8] = array[8 * row : 8 * row + 8]

    def read(seed: int) -> bool:
        chance = np.random.default_rng(seed)
        start, stop = np.sort(chance.integers(0, 65, 2))
        places = chance.integers(0, 64, 20)
        return bool(
            np.array_equal(twin[start:stop], array[start:stop])
            and np.array_equal(twin.oindex[:, places], array[:, places])
            and np.array_equal(twin.vindex[places, places], array[places, places])
        )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(8)))
        assert all(pool.map(read, range(200)))


def test_an_array_can_be_pickled(tmp_path: Path) -> None:
    for store in (LocalStore(str(tmp_path)), MemoryStore()):
        twin = ZarrArray(store, "a", document((4,), (2,), codecs=CHAINS["two"]))
        twin[...] = [1, 2, 3, 4]
        again = pickle.loads(pickle.dumps(twin))
        assert again[1:3].tolist() == [2, 3]
        assert (again.path, again.metadata) == (twin.path, twin.metadata)


@pytest.mark.parametrize("chain", ["none", "crc32c", "two", "blosc", "zstd"])
@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("selection", [..., 0, (slice(None), [1, 2])], ids=repr)
def test_a_chunk_of_wrong_size_names_source_key_and_both_sizes(
    chain: str, change: int, selection: Any
) -> None:
    store = MemoryStore()
    right = document((4, 4), (2, 2), "|u1", codecs=CHAINS[chain])
    wrong = document((9,), (9,), "|u1", codecs=CHAINS[chain])
    other = ZarrArray(
        MemoryStore(),
        "",
        replace(
            wrong,
            shape=(4 + change,),
            chunk_grid=Extension("regular", {"chunk_shape": [4 + change]}),
        ),
    )
    twin = ZarrArray(store, "deep/v", right)
    twin[...] = 1
    other[...] = 1
    store.set("deep/v/c/0/1", other.store.get("c/0") or b"")
    with pytest.raises(
        ChunkError, match=rf"\b{4 + change}\b.*\b4\b|\bmore than the 4 bytes"
    ) as error:
        twin[selection]
    assert (error.value.source, error.value.key) == ("memory", "deep/v/c/0/1")
    assert str(error.value).startswith("memory: deep/v/c/0/1: ")
    with pytest.raises(ChunkError) as error:
        twin[0, 2] = 3
    assert error.value.key == "deep/v/c/0/1"
    assert twin[2:].tolist() == [[1] * 4] * 2


def test_a_damaged_chunk_harms_no_other() -> None:
    store = MemoryStore()
    twin = ZarrArray(store, "", document((4,), (2,), codecs=CHAINS["crc32c"]))
    twin[...] = [1, 2, 3, 4]
    store.set("c/1", b"damaged!")
    assert twin[:2].tolist() == [1, 2]
    with pytest.raises(ChunkError, match="memory: c/1: the checksum"):
        twin[...]


def test_a_chunk_error_has_the_error_below_as_its_cause() -> None:
    store = MemoryStore()
    twin = ZarrArray(store, "", document((4,), (4,), codecs=[ZLIB]))
    store.set("c/0", b"no zlib stream")
    with pytest.raises(ChunkError) as error:
        twin[...]
    assert type(error.value.__cause__).__name__ == "error"


class Failing(MemoryStore):
    def get(self, key: str, span: Any = None) -> bytes | None:
        raise StoreError("the line is cut", source=self.url, key=key)

    def get_many(self, requests: Any) -> list[bytes | None]:
        return [self.get(*request) for request in requests]


def test_an_error_of_the_store_comes_through() -> None:
    with pytest.raises(StoreError, match="memory: c/0: the line is cut"):
        ZarrArray(Failing(), "", document((4,), (4,)))[...]


def test_an_array_says_what_it_is() -> None:
    twin = ZarrArray(MemoryStore(), "a/b", document((4, 2), (2, 2), codecs=CHAINS["two"]))
    assert repr(twin).splitlines()[0] == "<ZarrArray /a/b (4, 2) float32>"
    assert twin.codecs == ("bytes", "numcodecs.zlib", "crc32c")


def test_stored_bytes_are_those_of_the_chunks() -> None:
    store = MemoryStore()
    twin = ZarrArray(store, "a", document((4,), (2,)))
    twin[...] = 1
    store.set("a/zarr.json", bytes(1000))
    store.set("ab/c/0", bytes(1000))
    assert twin.stored_bytes() == 16


def rows(count: int) -> Iterator[slice]:
    yield from (slice(i, i + 1) for i in range(count))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_writing_in_slices_is_writing_at_once(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 30))
    metadata = document((size,), (data.draw(st.integers(1, 35)),), "<i4", fill=-1)
    one, other = (ZarrArray(MemoryStore(), "", metadata) for _ in range(2))
    values = np.arange(size)
    one[...] = values
    for part in data.draw(st.permutations(list(rows(size)))):
        other[part] = values[part]
    assert {key: one.store.get(key) for key in one.store.list()} == {
        key: other.store.get(key) for key in other.store.list()
    }
    backwards = data.draw(slices(size))
    one[backwards] = -values[backwards]
    values[backwards] *= -1
    assert one[...].tolist() == values.tolist()
