"""What is remembered, for how long, and what must not be."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from zarr_cdm.core.stores.base import Request, Span, Values
from zarr_cdm.core.stores.cached import CachedStore
from zarr_cdm.core.stores.memory import MemoryStore


class Counting(MemoryStore):
    """A store that knows what it was asked for."""

    def __init__(self, values: dict[str, bytes]) -> None:
        super().__init__(values)
        self.asked: list[Request] = []

    def get_many(self, requests: Sequence[Request]) -> Values:
        self.asked += requests
        return super().get_many(requests)


@pytest.fixture
def inner() -> Counting:
    return Counting({"a": b"0123456789", "b": bytes(100)})


def test_each_thing_is_asked_for_once(inner: Counting) -> None:
    store = CachedStore(inner, 10_000)
    wanted: list[Request] = [("a", Span(2, 3)), ("none", None), ("a", None), ("b", Span(-3))]
    first = store.get_many(wanted)
    assert first == [b"234", None, b"0123456789", bytes(3)]
    assert store.get_many(wanted) == first
    assert inner.asked == wanted


def test_a_span_is_cut_from_a_whole_value(inner: Counting) -> None:
    store = CachedStore(inner, 10_000)
    store.get("a")
    assert store.get("a", Span(-3)) == b"789"
    assert store.get("none", None) is store.get("none", Span(-3)) is None
    assert inner.asked == [("a", None), ("none", None)]


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    inner = Counting({name: bytes(1000) for name in "abc"})
    store = CachedStore(inner, 2500)
    for key in "abacab":
        store.get(key)
    assert [key for key, _ in inner.asked] == ["a", "b", "c", "b"]
    assert store._bytes <= 2500


def test_what_is_too_big_is_not_remembered(inner: Counting) -> None:
    store = CachedStore(inner, 250)
    for _ in range(2):
        store.get("b")
    assert len(inner.asked) == 2
    assert store._bytes == 0


@pytest.mark.parametrize("change", ["set", "delete"])
def test_what_is_written_is_forgotten(inner: Counting, change: str) -> None:
    store = CachedStore(inner, 10_000)
    store.get_many([("a", None), ("a", Span(1, 1)), ("b", None)])
    if change == "set":
        store.set("a", b"new")
    else:
        store.delete("a")
    assert store.get("a") == (b"new" if change == "set" else None)
    store.set("b", b"")
    store.set("a", b"")
    assert store._bytes == 0


def test_an_answer_that_a_write_overtook_is_not_remembered() -> None:
    asked, written = threading.Event(), threading.Event()

    class Slow(MemoryStore):
        def get_many(self, requests: Sequence[Request]) -> Values:
            values = super().get_many(requests)
            asked.set()
            assert written.wait(10)
            return values

    store = CachedStore(Slow({"a": b"old"}), 10_000)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(store.get, "a")
        assert asked.wait(10)
        store.set("a", b"new")
        written.set()
        assert late.result() == b"old"
    assert store.get("a") == b"new"
