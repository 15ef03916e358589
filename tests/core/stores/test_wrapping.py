"""A store around another one writes as that one does: at once what it takes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

import zarr_cdm
from zarr_cdm.core.commit import staged
from zarr_cdm.core.stores.base import Buffer, Store
from zarr_cdm.core.stores.cached import CachedStore
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.prefix import PrefixStore
from zarr_cdm.core.stores.version import VersionStore
from zarr_cdm.core.stores.wrapping import WrappingStore
from zarr_cdm.errors import StoreError


class Far(MemoryStore):
    """A store that notes how it is written."""

    batch = 100

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.calls: list[list[str]] = []
        super().__init__(self.values)

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        self.calls.append([key for key, _ in values])
        for key, value in values:
            super().set(key, value)

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        self.calls.append([f"{key}: {len(parts)} parts"])
        super().set(key, b"".join(parts))


WRAPPERS: dict[str, tuple[Callable[[Store], Store], str]] = {
    "nothing changed": (WrappingStore, ""),
    "cached": (lambda store: CachedStore(store, 1000), ""),
    "below a prefix": (lambda store: PrefixStore(store, "a/"), "a/"),
    "of one version": (lambda store: VersionStore(store, 3), ""),
    "all of them": (
        lambda store: VersionStore(CachedStore(PrefixStore(store, "a/"), 1000), 3),
        "a/",
    ),
}


@pytest.fixture(params=WRAPPERS)
def wrapper(request: pytest.FixtureRequest) -> tuple[Callable[[Store], Store], str]:
    return WRAPPERS[request.param]


def test_many_values_and_parts_reach_the_store_below_as_such(
    wrapper: tuple[Callable[[Store], Store], str],
) -> None:
    wrap, prefix = wrapper
    far = Far()
    store = wrap(far)
    assert store.get("c/1") is None
    store.set_many([("c/0", b"0"), ("c/1", b"1")])
    store.set_parts("c/2", [b"2", b"3"])
    assert far.calls == [[f"{prefix}c/0", f"{prefix}c/1"], [f"{prefix}c/2: 2 parts"]]
    assert [store.get(f"c/{i}") for i in range(4)] == [b"0", b"1", b"23", None]


def test_a_store_that_takes_neither_gets_values_one_by_one(
    wrapper: tuple[Callable[[Store], Store], str],
) -> None:
    wrap, prefix = wrapper
    values: dict[str, bytes] = {}
    store = wrap(MemoryStore(values))
    store.set_many([("c/0", b"0"), ("c/1", b"1")])
    store.set_parts("c/2", [b"2", b"3"])
    assert values == {f"{prefix}c/0": b"0", f"{prefix}c/1": b"1", f"{prefix}c/2": b"23"}


def test_the_chunks_of_an_array_are_sent_at_once_through_all_of_them(
    wrapper: tuple[Callable[[Store], Store], str],
) -> None:
    wrap, prefix = wrapper
    far = Far()
    array = zarr_cdm.create_array(wrap(far), shape=(50,), chunks=(1,), dtype="int16")
    array[:] = np.arange(1, 51)
    assert max(map(len, far.calls)) > 8
    assert sorted(key for call in far.calls for key in call) == sorted(
        f"{prefix}c/{i}" for i in range(50)
    )
    assert (array[:] == np.arange(1, 51)).all()


def test_a_document_of_another_version_among_many_values_stops_them_all() -> None:
    values: dict[str, bytes] = {}
    store = VersionStore(MemoryStore(values), 3)
    with pytest.raises(StoreError, match="another version than 3"):
        store.set_many([("c/0", b"0"), (".zgroup", b"{}")])
    with pytest.raises(StoreError, match="another version than 3"):
        store.set_parts(".zarray", [b"{}"])
    assert not values


def test_what_was_sent_at_once_is_removed_after_a_failure() -> None:
    target = "memory://wrapping-failure.zarr"

    def fail(store: Store) -> None:
        assert isinstance(store, WrappingStore)
        store.set_many([("c/0", b"0"), ("c/1", b"1")])
        store.set_parts("c/2", [b"2", b"3"])
        assert set(store.list()) == {"c/0", "c/1", "c/2"}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), staged(target) as store:
        fail(store)
    with staged(target) as store:
        assert not list(store.list())
