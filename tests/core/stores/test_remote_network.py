"""How patient we are with a network, and what file systems are told of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.server import FAULTS, Site, serve
from zarr_cdm.core.stores.network import Network
from zarr_cdm.core.stores.protocols import prepared, tuned
from zarr_cdm.core.stores.remote import RemoteStore
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.errors import StoreError, ZarrCdmError

pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")

VALUE = b"value"


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(values={"air.zarr/c/0": VALUE}) as site:
        yield site


def test_a_server_that_asks_for_a_wait_gets_it(site: Site) -> None:
    FAULTS["wait"] = lambda handler, site, data, asked: handler.send(
        503, b"", {"Retry-After": "3600"}
    )
    site.faults["air.zarr/c/0"], site.fault_count = "wait", 1
    network = Network(attempts=2, backoff=0.001, longest_wait=0.3)
    begin = time.perf_counter()
    try:
        assert RemoteStore(site.url + "/air.zarr", network=network).get("c/0") == VALUE
    finally:
        del FAULTS["wait"]
    assert 0.3 <= time.perf_counter() - begin < 2


def test_the_waits_double_and_differ() -> None:
    network = Network(attempts=5, backoff=1, longest_wait=3)
    error = ConnectionResetError()
    waits = [[network.wait_after(attempt, error) for _ in range(50)] for attempt in range(1, 6)]
    assert all(0.5 <= wait <= 1 for wait in waits[0] if wait is not None)
    assert all(1 <= wait <= 2 for wait in waits[1] if wait is not None)
    assert all(2 <= wait <= 3 for wait in waits[2] if wait is not None)
    assert len(set(waits[0])) > 10
    assert set(waits[4]) == {None}
    assert network.wait_after(1, PermissionError()) is None


@pytest.mark.parametrize("attempts", [1, 4])
def test_no_server_is_tried_that_often(attempts: int, caplog: pytest.LogCaptureFixture) -> None:
    with serve() as site:
        url = site.url
    network = {"attempts": attempts, "backoff": 0.001}
    text = "after 4 attempts" if attempts > 1 else "cannot read"
    with caplog.at_level("DEBUG", logger="zarr_cdm"), pytest.raises(StoreError, match=text):
        open_store(url, {"zarr_cdm": network}).get("zarr.json")
    assert len(caplog.records) == attempts - 1


def test_a_host_that_does_not_answer_is_given_up() -> None:
    network = Network(attempts=2, backoff=0.001, connect_timeout=0.2)
    begin = time.perf_counter()
    with pytest.raises(StoreError):
        RemoteStore("http://192.0.2.1/air.zarr", network=network).get("zarr.json")
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"attemps": 3}, "unknown attemps; known: attempts, "),
        ({"attempts": 0}, "attempts is 0; wanted at least 1"),
        (3, "a int is no Network"),
    ],
)
def test_settings_that_are_none_are_refused(given: Any, text: str) -> None:
    with pytest.raises(ZarrCdmError, match=text):
        open_store("memory://a", {"zarr_cdm": given})


# what file systems are told


@pytest.mark.parametrize(
    ("url", "options", "place"),
    [
        ("s3://b/a", {}, []),
        ("s3://b/a", {"config_kwargs": {"read_timeout": 7}}, []),
        ("s3://b/a", {"s3": {"config_kwargs": {"read_timeout": 7}}}, []),
        ("simplecache::s3://b/a", {"s3": {"config_kwargs": {"read_timeout": 7}}}, ["s3"]),
        ("simplecache::s3://b/a", {"config_kwargs": {"read_timeout": 8}}, ["s3"]),
    ],
)
def test_a_user_is_heard_first(url: str, options: dict[str, Any], place: list[str]) -> None:
    given = str(options)
    found = prepared(url, options, Network(requests=9, connect_timeout=3))
    assert str(options) == given
    for name in place:
        found = found[name]
    config = found["config_kwargs"]
    assert config["read_timeout"] == (7 if "7" in given else 30)
    assert (config["max_pool_connections"], config["connect_timeout"]) == (9, 3)
    assert config["retries"]["total_max_attempts"] == 1


def test_attempts_do_not_multiply() -> None:
    google, amazon = SimpleNamespace(protocol=("gs", "gcs")), SimpleNamespace(protocol=["s3"])
    amazon.retries = 5
    assert tuned(SimpleNamespace(protocol="simplecache", fs=google), Network()).attempts == 1
    assert tuned(amazon, Network()).attempts == 5
    assert amazon.retries == 1
