"""Writing, growing and shrinking arrays of all kinds, against NumPy."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import hypothesis.strategies as st
import numpy as np
import pytest
from fsspec.asyn import AsyncFileSystem
from hypothesis import assume, given

import zarr_cdm
from tests.core.selections import numpy_outer, outer_selections, point_selections
from tests.core.test_array import Counting, check_equal, document
from zarr_cdm.core import resizing, writing
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.options import Options
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import MetadataError, SelectionError, StoreError, ValuesError
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.json import loads
from zarr_cdm.parallel import THREADS

# A type that an array is made of: a fill value, and what else its elements are.
KINDS: dict[str, tuple[Any, Any, list[Any]]] = {
    "int": ("i4", 7, [0, 1, -5, 2**31 - 1]),
    "big-endian": (">i2", -1, [0, 1, 300]),
    "float": ("f8", np.nan, [0.0, -0.0, 1.5, np.inf]),
    "bool": ("?", True, [False, True]),
    "complex": ("c8", 1j, [0, 2 - 1j]),
    "characters": ("S2", b"", [b"ab", b"c"]),
    "fixed texts": ("U2", "é", ["ab", ""]),
    "texts": (str, "x", ["", "long enough", "é"]),
    "times": ("M8[s]", np.datetime64("NaT", "s"), list(np.arange(3).astype("M8[s]"))),
    "struct": ([("a", "u1"), ("b", "f4")], (1, 2.5), [(0, 0.0), (200, -1.0)]),
}


def elements(kind: str, count: int, seed: int) -> np.ndarray:
    """Return elements of a kind, some of them the fill value."""
    dtype, fill, others = KINDS[kind]
    native = np.dtype(object) if dtype is str else np.dtype(dtype).newbyteorder("=")
    pool = np.empty(len(others) + 1, native)
    pool[:] = [*others, fill]
    return pool[np.random.default_rng(seed).integers(0, len(pool), count)]


@st.composite
def layouts(draw: st.DrawFn, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return chunks of one shape, chunks in shards, or chunks of listed lengths."""
    inner = tuple(draw(st.integers(1, 4)) for _ in shape)
    which = draw(st.sampled_from(["regular", "shards", "rectilinear"]))
    if which == "shards":
        shards = tuple(length * draw(st.integers(1, 3)) for length in inner)
        return {"chunks": inner, "shards": shards}
    if which == "rectilinear" and shape:
        lengths = st.lists(st.integers(1, 4), min_size=1, max_size=5)
        listed = [
            [*axis, size - sum(axis)] if sum(axis) < size else axis
            for size, axis in ((size, draw(lengths)) for size in shape)
        ]
        return {"chunks": [draw(st.sampled_from([axis, 3])) for axis in listed]}
    return {"chunks": inner}


@st.composite
def made(draw: st.DrawFn, least_rank: int = 0) -> tuple[np.ndarray, ZarrArray, str]:
    """Return an array and its twin in a store, perhaps with chunks that were never written."""
    shape = tuple(draw(st.lists(st.integers(0, 8), min_size=least_rank, max_size=3)))
    kind = draw(st.sampled_from(sorted(KINDS)))
    dtype, fill, _ = KINDS[kind]
    twin = zarr_cdm.create_array(
        {},
        "a",
        shape=shape,
        dtype=dtype,
        fill_value=fill,
        codecs=draw(st.sampled_from([None, [], ["zstd", "crc32c"]])),
        order=draw(st.sampled_from(["C", "F"])),
        write_empty_chunks=draw(st.booleans()),
        **draw(layouts(shape)),
    )
    array = np.empty(shape, twin.dtype)
    array[...] = np.full((), twin.fill_value, twin.dtype)
    if draw(st.booleans()):
        array[...] = elements(kind, array.size, draw(st.integers(0, 99))).reshape(shape)
        twin[...] = array
    return array, twin, kind


def check_bits(found: np.ndarray, array: np.ndarray) -> None:
    """Compare bit by bit: NaN is NaN, and -0.0 is not 0.0."""
    assert (found.shape, found.dtype) == (array.shape, array.dtype)
    if array.dtype.hasobject:
        assert found.tolist() == array.tolist()
    else:
        assert found.tobytes() == array.tobytes()


def check_stored(twin: ZarrArray, array: np.ndarray) -> None:
    """The same must be in the store, for whoever opens it."""
    check_bits(twin[...], array)
    check_bits(zarr_cdm.open_array(twin.store, "a")[...], array)


@given(made(), st.data())
def test_all_of_an_array_is_written_by_any_selection_of_it(
    case: tuple[np.ndarray, ZarrArray, str], data: st.DataObject
) -> None:
    array, twin, kind = case
    for seed in range(3):
        selection = data.draw(outer_selections(array.shape))
        places = numpy_outer(np.arange(array.size).reshape(array.shape), selection)
        assume(len({*places.ravel().tolist()}) == places.size)  # which of two wins nobody says
        values = elements(kind, places.size, seed).reshape(places.shape)
        twin.oindex[selection] = values
        array.reshape(-1)[places.ravel()] = values.ravel()
    check_stored(twin, array)


@given(made(least_rank=1), st.data())
def test_points_are_written_as_in_numpy(
    case: tuple[np.ndarray, ZarrArray, str], data: st.DataObject
) -> None:
    array, twin, kind = case
    assume(array.size)
    for seed in range(2):
        selection = data.draw(point_selections(array.shape))
        shape = np.broadcast_shapes(*(part.shape for part in selection))
        values = elements(kind, int(np.prod(shape)), seed).reshape(shape)
        twin.vindex[selection] = values
        array[selection] = values  # of several at one place the last one counts, for both
    check_stored(twin, array)


@given(made(least_rank=1), st.data())
def test_masks_select_and_are_written_as_in_numpy(
    case: tuple[np.ndarray, ZarrArray, str], data: st.DataObject
) -> None:
    array, twin, kind = case
    mask = np.random.default_rng(data.draw(st.integers(0, 99))).random(array.shape) < 0.3
    check_bits(twin[mask], array[mask])
    check_bits(twin.vindex[mask], array[mask])
    values = elements(kind, int(mask.sum()), 1)
    twin[mask] = values
    array[mask] = values
    check_stored(twin, array)


@pytest.mark.parametrize(
    "selection",
    [
        ([0, 2], [1, 1]),
        ([[0], [1]], [0, 2]),
        (2, [[0, 1], [1, 0]]),
        ([True, False, True], [1, 2]),
        (np.array([-1, 0]), np.array([[2], [-3]])),
    ],
)
def test_arrays_for_all_axes_name_points_as_in_numpy(selection: Any) -> None:
    array = np.arange(9).reshape(3, 3)
    twin = zarr_cdm.create_array({}, data=array, chunks=2)
    check_equal(twin[selection], array[selection], array.dtype)
    twin[selection] = array[selection] = -1
    check_equal(twin[...], array, array.dtype)


def test_one_axis_is_selected_by_an_array_of_any_rank() -> None:
    array = np.arange(6)
    twin = zarr_cdm.create_array({}, data=array, chunks=2)
    check_equal(twin[[[0, 1], [5, 2]]], array[[[0, 1], [5, 2]]], array.dtype)


@pytest.mark.parametrize("wrong", [np.ones((2, 3), bool), np.ones((3, 2, 1), bool)])
def test_a_mask_of_another_shape_is_refused(wrong: np.ndarray) -> None:
    twin = zarr_cdm.create_array({}, shape=(3, 2), dtype="u1")
    for way in (twin, twin.vindex):
        with pytest.raises(SelectionError):
            _ = way[wrong]
        with pytest.raises(SelectionError):
            way[wrong] = 1


def test_values_are_broadcast_as_in_numpy() -> None:
    array = np.zeros((3, 4))
    twin = zarr_cdm.create_array({}, data=array, chunks=(2, 3))
    for values in (1, [1, 2, 3, 4], [[1], [2], [3]], [[[1, 2, 3, 4]]], np.arange(12).reshape(3, 4)):
        array[...] = np.array(values)
        twin[...] = values
        check_equal(twin[...], array, array.dtype)
    with pytest.raises(ValuesError, match=r"shape \(3,\) .* broadcast .* \(3, 4\)"):
        twin[...] = [1, 2, 3]


FITTING: list[tuple[Any, Any, Any]] = [
    (2.0, "u1", 2),
    (True, "f4", 1),
    (1 + 0j, "i2", 1),
    (2**63, "u8", 2**63),
    (1e300, "f8", 1e300),
    ([1, np.nan], "f4", [1, np.nan]),
    (-np.inf, "f4", -np.inf),
    (0.1, "f4", np.float32(0.1)),
    ("2020-02-03", "M8[s]", np.datetime64("2020-02-03", "s")),
    (np.timedelta64(2, "m"), "m8[s]", np.timedelta64(120, "s")),
    ("ab", "S2", b"ab"),
    (b"ab", "U3", "ab"),
    ((1, 2), "u1,f4", (1, 2.0)),
    (np.array([(1, 2)], "i8,i8"), "u1,f4", [(1, 2.0)]),
    (np.array([1, 2], object), "u1", [1, 2]),
    (np.array(["a", "b"]), str, ["a", "b"]),
    (b"ab", "V2", b"ab"),
]


@pytest.mark.parametrize(("value", "dtype", "expected"), FITTING, ids=repr)
def test_values_that_mean_the_same_are_taken(value: Any, dtype: Any, expected: Any) -> None:
    twin = zarr_cdm.create_array(
        {}, shape=np.shape(expected) if dtype != "u1,f4" else (1,), dtype=dtype
    )
    twin[...] = value
    wanted = np.empty(twin.shape, twin.dtype)
    wanted[...] = expected
    np.testing.assert_array_equal(twin[...], wanted)


@pytest.mark.parametrize(
    ("value", "dtype", "named"),
    [
        (300, "u1", "uint8 cannot hold 300"),
        (-1, "u4", "uint32 cannot hold -1"),
        (np.array([5, 2**63], "u8"), "i8", "cannot hold 9223372036854775808"),
        ([1, 2**64], "u8", "uint64"),
        (1.5, "i4", "cannot hold 1.5"),
        (np.nan, "i4", "int32 cannot hold"),
        (1e300, "f4", "cannot hold 1e"),
        (70000, "f2", "cannot hold 70000"),
        (np.array([1e300], object), "f4", "cannot hold 1e"),
        (1j, "f8", "cannot hold 1j"),
        (2, "?", "bool cannot hold 2"),
        (None, "f8", "convert them first"),
        ("12", "i4", "values of <U2; convert them first"),
        (np.array(["12"], object), "f8", "convert them first"),
        (12, "U2", "values of int64; convert them first"),
        ("abc", "U2", "cannot hold abc"),
        ("é", "S2", "ascii"),
        (5, "M8[s]", "values of int64"),
        ("2020-02-03T01", "M8[D]", "cannot hold 2020-02-03T01"),
        (np.timedelta64(90, "s"), "m8[m]", "cannot hold 90 seconds"),
        ((300, 1), "u1,f4", "uint8"),
        ((1.5, 1), "u1,f4", "uint8 cannot hold 1.5"),
        (
            np.array([(1, 2)], "i8,u1").view([("a", "i8"), ("b", "u1")]),
            "u1,f4",
            "fields are others",
        ),
        (12, str, "an array of str cannot hold 12"),
        ([None], str, "an array of str cannot hold None"),
        ("text", "variable_length_bytes", "an array of bytes cannot hold 'text'"),
        (b"abc", "V2", "cannot hold 3 bytes"),
        (np.ma.masked_equal([0], 0), "i4", "some of the values are masked"),
    ],
    ids=repr,
)
def test_values_that_would_become_others_are_refused(value: Any, dtype: Any, named: str) -> None:
    keys: dict[str, bytes] = {}
    twin = zarr_cdm.create_array(keys, shape=(1,), dtype=dtype)
    before = dict(keys)
    for write in (twin.__setitem__, twin.vindex.__setitem__, twin.oindex.__setitem__):
        with pytest.raises(ValuesError, match=named):
            write([0], value)
    assert keys == before, "nothing is written"


@given(st.data())
def test_numbers_are_taken_exactly_or_refused(data: st.DataObject) -> None:
    source, target = (np.dtype(data.draw(st.sampled_from("bBhHiIqQefd"))) for _ in range(2))
    raw = data.draw(st.binary(min_size=source.itemsize, max_size=source.itemsize))
    value = np.frombuffer(raw, source)
    twin = zarr_cdm.create_array({}, shape=1, dtype=target)
    try:
        twin[...] = value
    except ValuesError:
        number = value[0].item()
        if target.kind in "iu":
            limits = np.iinfo(target)
            assert number != number or number % 1 or not limits.min <= number <= limits.max
        else:
            assert abs(number) > float(np.finfo(target).max)
        return
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(twin[...], value.astype(target))
    if target.kind in "iu":
        assert int(twin[0]) == value[0]


class Written(MemoryStore):
    """A store that remembers what is written and deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, str]] = []

    def set(self, key: str, value: Any) -> None:
        self.calls.append(("set", key))
        super().set(key, value)

    def delete(self, key: str) -> None:
        self.calls.append(("delete", key))
        super().delete(key)

    def get(self, key: str, span: Any = None) -> bytes | None:
        self.calls.append(("get", key))
        return super().get(key, span)


def test_whole_chunks_and_shards_are_written_once_and_not_read() -> None:
    for layout in ({"chunks": (2, 2)}, {"chunks": (2, 2), "shards": (4, 4)}):
        store = Written()
        twin = zarr_cdm.create_array(store, shape=(7, 5), dtype="i4", **layout)
        store.calls.clear()
        twin[...] = np.arange(35).reshape(7, 5)
        assert all(call == "set" for call, _ in store.calls)
        assert len({key for _, key in store.calls}) == len(store.calls)


def test_a_part_of_a_shard_is_one_read_and_one_write() -> None:
    store = Written()
    twin = zarr_cdm.create_array(store, shape=(8, 8), dtype="i4", chunks=(2, 2), shards=(4, 4))
    twin[...] = 1
    store.calls.clear()
    twin[1:3, 1:3] = 2
    assert store.calls == [("get", "c/0/0"), ("set", "c/0/0")]
    assert twin[...].sum() == 64 + 4


@pytest.mark.parametrize(("fill", "other"), [(0.0, -0.0), (np.nan, 0.0), (-0.0, 0.0)])
def test_chunks_of_fill_value_are_left_out_when_asked_for(fill: float, other: float) -> None:
    for layout in ({"chunks": 2}, {"chunks": 2, "shards": 4}):
        keys: dict[str, bytes] = {}
        twin = zarr_cdm.create_array(
            keys, shape=8, dtype="f8", fill_value=fill, write_empty_chunks=False, **layout
        )
        twin[...] = fill
        assert set(keys) == {"zarr.json"}
        twin[1] = other
        assert set(keys) == {"zarr.json", "c/0"}
        assert twin[...].tobytes() == np.array([fill, other, *[fill] * 6]).tobytes()
        twin[1] = fill
        assert set(keys) == {"zarr.json"}, "a chunk that has become empty is deleted"


def test_chunks_of_fill_value_are_stored_otherwise() -> None:
    keys: dict[str, bytes] = {}
    zarr_cdm.create_array(keys, shape=4, dtype="f8", chunks=2)[...] = 0
    assert set(keys) == {"zarr.json", "c/0", "c/1"}


def test_a_shard_leaves_out_its_empty_chunks() -> None:
    keys: dict[str, bytes] = {}
    twin = zarr_cdm.create_array(
        keys, shape=8, dtype="u1", chunks=2, shards=8, codecs=[], write_empty_chunks=False
    )
    twin[...] = [0, 0, 1, 2, 0, 0, 0, 0]
    assert keys["c/0"][:2] == b"\1\2"
    assert len(keys["c/0"]) == 2 + 4 * 16 + 4
    assert twin[...].tolist() == [0, 0, 1, 2, 0, 0, 0, 0]


@given(st.data())
def test_growing_shrinking_and_appending_follow_a_model(data: st.DataObject) -> None:
    array, twin, kind = data.draw(made(least_rank=1))
    for seed in range(data.draw(st.integers(1, 5))):
        action = data.draw(st.sampled_from(["resize", "append", "write"]))
        if action == "resize":
            shape = tuple(data.draw(st.integers(0, 9)) for _ in array.shape)
            twin.resize(*shape)
            resized = np.empty(shape, array.dtype)
            resized[...] = np.full((), twin.fill_value, array.dtype)
            both = tuple(slice(0, min(pair)) for pair in zip(shape, array.shape, strict=True))
            resized[both] = array[both]
            array = resized
        elif action == "append":
            axis = data.draw(st.integers(-array.ndim, array.ndim - 1))
            more = list(array.shape)
            more[axis] = data.draw(st.integers(0, 5))
            values = elements(kind, int(np.prod(more)), seed).reshape(more)
            array = np.concatenate([array, values], axis)
            assert twin.append(values, axis) == array.shape
        else:
            array[...] = elements(kind, array.size, seed).reshape(array.shape)
            twin[...] = array
        check_stored(twin, array)
    # No chunk is left that is outside.
    kept = {
        twin.key(index)
        for index in np.ndindex(*twin.grid.counts)
        if all(twin.grid.edges(axis, at)[0] < array.shape[axis] for axis, at in enumerate(index))
    }
    assert {key for key in twin.store.list() if key.startswith("a/c")} <= kept


def test_what_others_left_where_a_chunk_overhangs_does_not_come_back() -> None:
    for layout in ({"chunks": 4}, {"chunks": 2, "shards": 4}):
        keys: dict[str, bytes] = {}
        twin = zarr_cdm.create_array(keys, data=np.arange(1, 5), fill_value=-1, **layout)
        keys["zarr.json"] = keys["zarr.json"].replace(b'"shape": [\n    4', b'"shape": [\n    1')
        shrunk = zarr_cdm.open_array(keys, mode="r+")  # without a word to its only chunk
        assert shrunk.shape == (1,)
        shrunk.resize(4)
        assert shrunk[...].tolist() == [1, -1, -1, -1]
        assert twin.shape == (4,)


def test_chunks_outside_are_found_by_listing_where_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resizing, "MOST_KEYS", 3)
    store = Written()
    twin = zarr_cdm.create_array(store, "a", shape=(2**40, 9), dtype="u1", chunks=(1, 3))
    zarr_cdm.create_array(store, "a1", shape=4, dtype="u1", chunks=1)[...] = 1
    twin[2] = twin[2**39] = 7
    store.calls.clear()
    twin.resize(10, 4)
    deleted = sorted(key for call, key in store.calls if call == "delete")
    assert deleted == sorted(["a/c/2/2", *(f"a/c/{2**39}/{i}" for i in range(3))])
    assert twin[2].tolist() == [7] * 4
    twin.resize((10, 6))
    assert twin[2].tolist() == [7] * 4 + [0] * 2
    assert zarr_cdm.open_array(store, "a1")[...].tolist() == [1] * 4


def test_a_listed_axis_grows_by_one_chunk_at_a_time() -> None:
    twin = zarr_cdm.create_array({}, shape=(31, 4), dtype="f4", chunks=([31], 2))
    twin.append(np.ones((28, 4)))
    twin.append(np.ones((31, 4)))
    assert twin.chunks == ((31, 28, 31), (2, 2))
    twin.resize(59, 4)
    assert twin.chunks == ((31, 28), (2, 2))
    twin.resize(40, 6)
    assert twin.chunks == ((31, 28), (2, 2, 2))
    assert twin[...].sum() == 9 * 4


@pytest.mark.parametrize("shape", [(3,), (3, -1), (3, 2.0), (3, 2, 1)])
def test_an_impossible_shape_is_refused(shape: Any) -> None:
    twin = zarr_cdm.create_array({}, data=np.zeros((3, 2)))
    with pytest.raises(MetadataError, match="is no shape for an array of 2 dimensions"):
        twin.resize(*shape)
    assert twin.shape == (3, 2)


def test_what_cannot_be_appended_is_refused_and_changes_nothing() -> None:
    keys: dict[str, bytes] = {}
    twin = zarr_cdm.create_array(keys, data=np.zeros((3, 2), "u1"))
    before = dict(keys)
    for values in (np.zeros((1, 3)), np.zeros(2), np.zeros((1, 2, 1))):
        with pytest.raises(ValuesError, match=r"cannot follow \(3, 2\) along axis 0"):
            twin.append(values)
    with pytest.raises(ValuesError, match="cannot hold 300"):
        twin.append([[300, 0]])
    with pytest.raises(SelectionError, match="no axis 2 in 2 dimensions"):
        twin.append(np.zeros((3, 2)), axis=2)
    assert keys == before
    assert twin.shape == (3, 2)


def test_an_append_that_fails_leaves_the_array_as_it_was() -> None:
    class Full(MemoryStore):
        left = 10

        def set(self, key: str, value: Any) -> None:
            self.left -= 1
            if self.left < 0:
                raise StoreError("no space left", source=self.url, key=key)
            super().set(key, value)

    store = Full()
    twin = zarr_cdm.create_array(store, data=np.arange(4), chunks=2)
    store.left = 2
    with pytest.raises(StoreError, match="no space left"):
        twin.append(np.arange(8))
    assert twin.shape == (4,)
    assert zarr_cdm.open_array(store)[...].tolist() == [0, 1, 2, 3]
    store.left = 10
    assert twin.append([9, 8]) == (6,)
    assert zarr_cdm.open_array(store)[...].tolist() == [0, 1, 2, 3, 9, 8]


def test_two_who_append_to_one_array_do_not_overwrite_each_other() -> None:
    keys: dict[str, bytes] = {}
    one = zarr_cdm.create_array(keys, data=np.arange(2), chunks=2)
    other = zarr_cdm.open_array(keys, mode="r+")
    one.append([2, 3])
    for change in (lambda: other.append([9]), lambda: other.resize(1)):
        with pytest.raises(MetadataError, match=r"shape is \[4\] by now, .* open it again"):
            change()
    assert zarr_cdm.open_array(keys)[...].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_a_document_says_besides_survives_a_change_of_shape(zarr_format: Any) -> None:
    keys: dict[str, bytes] = {}
    twin = zarr_cdm.create_array(
        keys, data=np.arange(4), attributes={"units": "m"}, zarr_format=zarr_format
    )
    name = {2: ".zarray", 3: "zarr.json"}[zarr_format]
    extra = b'{\n  "extra": {"must_understand": false, "a": [1e3]},'
    keys[name] = extra + keys[name][1:]
    twin.append([4])
    twin.update_attributes({"long_name": "depth", "valid_range": np.array([0, 9])})
    assert loads(keys[name])["extra"] == {"must_understand": False, "a": [1e3]}
    again = zarr_cdm.open_array(keys)
    assert dict(again.attrs) == dict(twin.attrs)
    assert dict(again.attrs) == {"units": "m", "long_name": "depth", "valid_range": [0, 9]}
    with pytest.raises(TypeError):
        again.attrs["units"] = "km"  # type: ignore[index]


def test_chunks_that_were_nested_without_a_word_are_changed_and_deleted() -> None:
    store = MemoryStore()
    nested = document((4, 4), (2, 2), keys=Extension("v2", {"separator": "/"}), zarr_format=2)
    ZarrArray(store, "a", nested)[...] = 5
    silent = ZarrArray(
        store,
        "a",
        document((4, 4), (2, 2), keys=Extension("v2"), zarr_format=2),
        Options(write_empty_chunks=False),
    )
    silent[0, 0] = 6
    assert silent[:2, :2].tolist() == [[6, 5], [5, 5]]
    silent[:2, :2] = 0
    assert silent[:2, :2].tolist() == [[0, 0], [0, 0]]


def test_threads_that_write_parts_of_one_chunk_lose_nothing(tmp_path: Path) -> None:
    for number, layout in enumerate(({"chunks": 64}, {"chunks": 8, "shards": 64})):
        twin = zarr_cdm.create_array(tmp_path / str(number), shape=64, dtype="i4", **layout)
        barrier = threading.Barrier(8)

        def write(start: int, twin: ZarrArray = twin, barrier: Any = barrier) -> None:
            barrier.wait()
            for i in range(start, 64, 8):
                twin[i] = i + 1

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        assert twin[...].tolist() == list(range(1, 65))


def test_an_array_opened_for_reading_refuses_to_change() -> None:
    keys: dict[str, bytes] = {}
    zarr_cdm.create_array(keys, "a", data=np.arange(4))
    twin = zarr_cdm.open_array(keys, "a")
    before = dict(keys)
    for change in (
        lambda: twin.__setitem__(0, 1),
        lambda: twin.vindex.__setitem__(([0],), 1),
        lambda: twin.resize(3),
        lambda: twin.append([1]),
        lambda: twin.update_attributes({"a": 1}),
    ):
        with pytest.raises(StoreError, match=r"a: opened for reading; open it with mode='r\+'"):
            change()
    assert keys == before


def test_an_array_has_a_length_and_rows() -> None:
    array = np.arange(15).reshape(5, 3)
    twin = zarr_cdm.create_array({}, data=array, chunks=(2, 2))
    assert len(twin) == 5
    assert [row.tolist() for row in twin] == array.tolist()
    assert (twin.size, twin.nbytes, twin.ndim) == (15, array.nbytes, 2)
    scalar = zarr_cdm.create_array({}, data=7)
    assert scalar[()] == 7
    for use in (len, iter):
        with pytest.raises(TypeError):
            list(use(scalar))  # type: ignore[call-overload]


def test_rows_are_read_chunk_by_chunk() -> None:
    store = Counting()
    twin = ZarrArray(store, "", document((6, 2), (3, 2)))
    rows: Iterator[Any] = iter(twin)
    next(rows)
    assert [keys for _, keys in store.calls] == [["c/0/0"]]


def test_a_local_shard_is_written_from_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    writev = getattr(os, "writev", None)
    if writev is None:
        pytest.skip("this system writes one buffer at a time")
    array = np.arange(4000, dtype="i4")
    for most in (1, 10, 10**9):  # bytes that the system takes at once
        monkeypatch.setattr(
            os, "writev", lambda fd, parts, most=most: os.write(fd, b"".join(parts)[:most])
        )
        twin = zarr_cdm.create_array(
            tmp_path / str(most), data=array, chunks=2, shards=4000, codecs=[]
        )
        assert isinstance(twin.store, LocalStore)
        check_equal(twin[...], array, array.dtype)


class Slow(AsyncFileSystem):  # type: ignore[misc]
    """Files in memory, each of which takes its time to be written."""

    protocol = "slow"
    cachable = False
    files: ClassVar[dict[str, bytes]] = {}
    now = most = 0

    async def _pipe_file(self, path: str, value: bytes, **how: Any) -> None:
        Slow.now += 1
        Slow.most = max(Slow.most, Slow.now)
        await asyncio.sleep(0.01)
        Slow.now -= 1
        if "bad" in path and path.endswith("c/3"):
            raise PermissionError("not yours")
        self.files[path] = value

    async def _cat_file(self, path: str, start: Any = None, end: Any = None, **how: Any) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path][start:end]

    async def _ls(self, path: str, detail: bool = True, **how: Any) -> Any:
        raise FileNotFoundError(path)

    async def _rm_file(self, path: str, **how: Any) -> None:
        self.files.pop(path, None)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> type[Slow]:
    fsspec.register_implementation("slow", Slow, clobber=True)
    monkeypatch.setattr(Slow, "files", {})
    monkeypatch.setattr(Slow, "most", 0)
    return Slow


def test_chunks_that_go_far_are_sent_at_once(slow: type[Slow]) -> None:
    array = np.arange(100)
    twin = zarr_cdm.create_array("slow://x", data=array, chunks=1)
    assert slow.most > 40, "many more than there are threads"
    check_equal(twin[...], array, array.dtype)
    twin[1:99:2] = 0
    array[1:99:2] = 0
    check_equal(zarr_cdm.open_array("slow://x")[...], array, array.dtype)
    sparse = zarr_cdm.create_array("slow://y", data=array, chunks=1, write_empty_chunks=False)
    check_equal(sparse[...], array, array.dtype)
    assert len([path for path in slow.files if "y/c/" in path]) == np.count_nonzero(array)


def test_what_goes_far_waits_for_no_more_than_some_memory(
    slow: type[Slow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_BYTES", 30)
    twin = zarr_cdm.create_array("slow://z", data=np.arange(50), chunks=1, codecs=[])
    assert slow.most <= 4 * THREADS
    assert twin[...].tolist() == list(range(50))


def test_an_error_far_away_is_one_of_ours(slow: type[Slow]) -> None:
    with pytest.raises(
        StoreError, match="slow://bad: c/3: cannot write: PermissionError: not yours"
    ):
        zarr_cdm.create_array("slow://bad", data=np.arange(9), chunks=1)
