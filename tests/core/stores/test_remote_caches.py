"""fsspec's caches of files in front of a store, and our own of values in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import Site, serve
from zarr_cdm.core.commit import staged
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.cached import CachedStore
from zarr_cdm.core.stores.table import exists, open_store
from zarr_cdm.errors import StoreError

pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")

CACHES = ["simplecache", "filecache", "blockcache"]
WHOLE = CACHES[:2]
COUNT = 40
QUICK = {"attempts": 3, "backoff": 0.001, "read_timeout": 0.3}


@pytest.fixture
def site() -> Iterator[Site]:
    values = {f"air.zarr/c/{i}": bytes([i]) * 1000 for i in range(COUNT)}
    with serve(values={**values, "air.zarr/zarr.json": b"{}"}) as site:
        yield site


def options(cache: str, folder: Path, **network: Any) -> dict[str, Any]:
    return {cache: {"cache_storage": str(folder)}, "zarr_cdm": QUICK | network}


REQUESTS: list[tuple[str, Span | None]] = [(f"c/{i}", None) for i in range(COUNT)]


# fsspec leaves the files of a blockcache to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("cache", CACHES)
def test_values_and_parts_are_read_once(site: Site, tmp_path: Path, cache: str) -> None:
    store = open_store(f"{cache}::{site.url}/air.zarr", options(cache, tmp_path))
    asked: list[tuple[str, Span | None]] = [
        ("c/3", Span(5, 10)),
        ("c/3", None),
        ("none", None),
        ("c/4", Span(-7)),
        ("c/3", Span(2000, 5)),
    ]
    expected = [bytes([3]) * 10, bytes([3]) * 1000, None, bytes([4]) * 7, b""]
    assert store.get_many(asked) == expected
    before = [path for path in site.asked if not path.endswith("none")]
    assert store.get_many(asked) == expected
    assert [path for path in site.asked if not path.endswith("none")] == before


@pytest.mark.parametrize("cache", WHOLE)
def test_what_a_cache_lacks_is_read_at_once(site: Site, tmp_path: Path, cache: str) -> None:
    calm = options(cache, tmp_path, read_timeout=10, repeat_after=60)
    store = open_store(f"{cache}::{site.url}/air.zarr", calm)
    assert store.get("zarr.json") == b"{}"
    site.latency, site.most_running = 0.5, 0
    assert store.get_many(REQUESTS) == [bytes([i]) * 1000 for i in range(COUNT)]
    assert site.most_running > COUNT / 2
    assert store.batch == 256


@pytest.mark.parametrize("cache", WHOLE)
def test_a_cache_is_there_for_the_next_one(site: Site, tmp_path: Path, cache: str) -> None:
    url = f"{cache}::{site.url}/air.zarr"
    open_store(url, options(cache, tmp_path)).get_many(REQUESTS)
    site.values.clear()
    again = open_store(url, options(cache, tmp_path))
    assert again.get("c/7", Span(0, 3)) == b"\7\7\7"


@pytest.mark.parametrize("cache", WHOLE)
@pytest.mark.parametrize("fault", ["body cut", "503", "hang"])
def test_a_cache_keeps_nothing_that_is_not_whole(
    site: Site, tmp_path: Path, cache: str, fault: str
) -> None:
    site.faults["air.zarr/c/1"] = fault
    store = open_store(f"{cache}::{site.url}/air.zarr", options(cache, tmp_path))
    with pytest.raises(StoreError, match="after 3 attempts"):
        store.get_many(REQUESTS[:3])
    site.faults.clear()
    assert store.get_many(REQUESTS[:3]) == [bytes([i]) * 1000 for i in range(3)]
    assert not [name for name in os.listdir(tmp_path) if "." in name]  # nor half a file


@pytest.mark.parametrize("cache", WHOLE)
@pytest.mark.parametrize("fault", ["login page", "204", "403"])
def test_a_cache_keeps_nothing_that_is_no_value(
    site: Site, tmp_path: Path, cache: str, fault: str
) -> None:
    site.faults["air.zarr/c/1"] = fault
    store = open_store(f"{cache}::{site.url}/air.zarr", options(cache, tmp_path))
    with pytest.raises(StoreError, match="c/1: cannot read"):
        store.get("c/1")
    site.faults.clear()
    assert store.get("c/1") == b"\1" * 1000


# our own, in memory


def remembering(site: Site, cache_bytes: int) -> Any:
    return open_store(site.url + "/air.zarr", {"zarr_cdm": QUICK | {"cache_bytes": cache_bytes}})


def test_what_was_read_is_remembered_where_a_user_wants_it(site: Site) -> None:
    store = remembering(site, 10**6)
    for _ in range(3):
        assert store.get_many(REQUESTS) == [bytes([i]) * 1000 for i in range(COUNT)]
        assert store.get("c/5", Span(-2)) == b"\5\5"
        assert store.get("none") is None
    assert len(site.asked) == COUNT + 1
    assert exists("memory://nothing/there", {"zarr_cdm": {"cache_bytes": 10}}) is False


def test_without_a_wish_nothing_is_remembered(site: Site) -> None:
    store = open_store(site.url + "/air.zarr")
    store.get("c/0")
    store.get("c/0")
    assert len(site.asked) == 2


def test_the_memory_is_bounded(site: Site) -> None:
    store = remembering(site, 10_000)
    assert isinstance(store, CachedStore)
    for _ in range(2):
        store.get_many(REQUESTS)
        assert 0 < store._bytes <= 10_000
    assert len(site.asked) > 1.5 * COUNT  # most have gone again


def test_what_was_missing_is_seen_when_it_is_written() -> None:
    url = "memory://caches/air.zarr"
    with staged(url, {"zarr_cdm": {"cache_bytes": 10**6}}) as store:
        assert store.get("zarr.json") is store.get("c/0", Span(-4)) is None
        store.set("c/0", b"0123456789")
        store.set("zarr.json", b"{}")
        assert store.get_many([("zarr.json", None), ("c/0", Span(-4))]) == [b"{}", b"6789"]
        store.delete("c/0")
        assert store.get("c/0") is None
    open_store(url).delete("zarr.json")


def test_parts_of_an_archive_are_remembered_too(site: Site, tmp_path: Path) -> None:
    with staged(tmp_path / "air.zip") as archive:
        archive.set("zarr.json", b"{}")
        archive.set("c/0", bytes(1000))
    site.values["air.zip"] = (tmp_path / "air.zip").read_bytes()
    store = open_store(f"{site.url}/air.zip|zip:", {"zarr_cdm": {"cache_bytes": 10**6}})
    for _ in range(3):
        assert store.get_many([("zarr.json", None), ("c/0", Span(10, 5))]) == [b"{}", bytes(5)]
    assert len(site.asked) == 4  # the directory, a header and two values
