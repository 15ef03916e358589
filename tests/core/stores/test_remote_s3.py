"""S3, as moto speaks it: whole hierarchies, what is missing and what is refused, and faults."""

from __future__ import annotations

import pickle
import time
from typing import Any

import numpy as np
import pytest

from tests import s3
from tests.core.stores.test_remote_latency import SHARDS, VALUES, array
from zarr_cdm.core.commit import staged
from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.core.stores.table import exists, open_store
from zarr_cdm.errors import (
    LimitError,
    NodeNotFoundError,
    StoreError,
    TargetExistsError,
    ZarrCdmError,
)
from zarr_cdm.metadata.documents import GroupMetadata, Node

BYTES = {"name": "bytes", "configuration": {"endian": "little"}}
QUICK = {"attempts": 4, "backoff": 0.001}


def options(**network: Any) -> dict[str, Any]:
    return {**s3.options(), "zarr_cdm": QUICK | network}


def write(store: Store) -> None:
    root = Node(
        GroupMetadata({"title": "S3"}),
        {
            "plain": Node(array(100, [BYTES])),
            "sharded": Node(array(1000, [SHARDS])),
        },
    )
    group = create_tree(store, root, 3)
    for name in root.members:
        group.array(name)[...] = VALUES
    publish(group)


def test_a_hierarchy_is_written_read_and_listed() -> None:
    url = s3.new_url()
    assert not exists(url, options())
    with staged(url, options()) as store:
        write(store)
    assert exists(url, options())
    with pytest.raises(TargetExistsError):
        staged(url, options())
    group = open_tree(open_store(url, options()))
    assert group.consolidated
    assert list(group.node.members) == ["plain", "sharded"]
    for name in group.node.members:
        np.testing.assert_array_equal(group.array(name)[...], VALUES)
        np.testing.assert_array_equal(group.array(name)[5:1995:100], VALUES[5:1995:100])
    store = open_store(url, options())
    assert sorted(store.children()) == ["plain/", "sharded/", "zarr.json"]
    assert sorted(store.list("sharded/")) == [
        "sharded/c/0",
        "sharded/c/1",
        "sharded/zarr.json",
    ]
    again = pickle.loads(pickle.dumps(store))
    assert dict(again.sizes("plain/c/")) == {f"plain/c/{i}": 400 for i in range(20)}


def test_what_failed_leaves_nothing() -> None:
    url = s3.new_url()
    staging = staged(url, options())
    write(staging.__enter__())
    assert exists(url, options())
    staging.__exit__(KeyError, KeyError(), None)
    assert not exists(url, options())


def test_shards_are_read_by_their_parts() -> None:
    url = s3.new_url()
    write(open_store(url, options()))
    with s3.proxy() as front:
        group = open_tree(open_store(url, {**s3.options(front.url), "zarr_cdm": QUICK}))
        sharded = group.array("sharded")
        assert front.asked == [("GET", url.removeprefix("s3:/") + "/zarr.json")]
        front.asked.clear()
        np.testing.assert_array_equal(sharded[:1000], VALUES[:1000])
        assert [method for method, _ in front.asked] == ["GET", "GET"]  # index, chunks


def test_a_store_costs_no_more_than_its_bound() -> None:
    store = open_store(s3.new_url(), options())
    store.set("c/0", bytes(5000))
    assert store.get("c/0", Span(0, None, 5000)) == bytes(5000)
    with pytest.raises(LimitError, match="more bytes than the 1000"):
        store.get("c/0", Span(0, None, 1000))
    store.set("empty", b"")
    assert store.get_many([("empty", Span(0, None, 10)), ("none", Span(0, None, 10))]) == [
        b"",
        None,
    ]


# what is missing and what is refused


def test_a_key_is_missing_but_a_bucket_is_an_error() -> None:
    store = open_store(s3.new_url(), options())
    assert store.get_many([("a", None), ("a", Span(1, 2)), ("a", Span(-2))]) == [None] * 3
    store = open_store("s3://no-such-bucket/air.zarr", options())
    for span in (None, Span(1, 2), Span(-2)):
        with pytest.raises(StoreError, match="bucket does not exist"):
            store.get("zarr.json", span)
    with pytest.raises(StoreError, match="bucket does not exist"):
        store.set("zarr.json", b"{}")
    with pytest.raises(StoreError, match="bucket does not exist"):
        store.get("zarr.json")  # writing made none


def test_a_bucket_that_is_not_there_is_no_empty_store() -> None:
    with pytest.raises(ZarrCdmError) as caught:
        open_tree(open_store("s3://no-such-bucket/air.zarr", options()))
    assert not isinstance(caught.value, NodeNotFoundError)


@pytest.fixture
def denied() -> Any:
    """Return the options of somebody who may do nothing."""
    with s3.proxy() as front:
        s3.ERRORS["denied"] = (403, "AccessDenied")
        front.fault, front.count = "denied", 10**6
        yield front
        del s3.ERRORS["denied"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_refusal_is_an_error_and_not_repeated(denied: s3.Proxy, method: str) -> None:
    url = s3.new_url()
    open_store(url, options()).set("c/0", b"1")
    denied.method = method
    store = open_store(url, {**s3.options(denied.url), "zarr_cdm": QUICK})
    with pytest.raises(StoreError, match="PermissionError") as caught:
        _ = store.get("c/0") if method == "GET" else store.set("c/0", b"2")
    assert caught.value.key == "c/0"
    assert len(denied.asked) == 1
    for secret in s3.KEYS.values():
        assert secret not in str(caught.value) + repr(store)


# faults


@pytest.mark.parametrize("fault", s3.FAULTS)
@pytest.mark.parametrize("span", [None, Span(10, 500), Span(-500)], ids=str)
def test_reading_is_tried_again(fault: str, span: Span | None) -> None:
    url, value = s3.new_url(), bytes(range(256)) * 10
    open_store(url, options()).set("c/0", value)
    with s3.proxy() as front:
        store = open_store(url, {**s3.options(front.url), "zarr_cdm": QUICK})
        front.fault, front.count, front.path = fault, 2, "c/0"
        assert store.get("c/0", span) == (value if span is None else value[span.within(2560)])
        assert len(front.asked) == 3


@pytest.mark.parametrize("fault", ["500", "503", "SlowDown", "lost answer"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_writing_is_tried_again(fault: str, method: str) -> None:
    url = s3.new_url()
    store = open_store(url, options())
    store.set("c/0", b"old")
    with s3.proxy() as front:
        front.fault, front.count, front.method, front.path = fault, 2, method, "c/0"
        faulty = open_store(url, {**s3.options(front.url), "zarr_cdm": QUICK})
        if method == "PUT":
            faulty.set("c/0", b"new")
        else:
            faulty.delete("c/0")
        assert front.count == 0
    assert store.get("c/0") == (b"new" if method == "PUT" else None)


def test_a_fault_that_lasts_is_an_error_after_as_many_attempts() -> None:
    url = s3.new_url()
    with s3.proxy() as front:
        front.fault, front.count = "503", 10**6
        store = open_store(url, {**s3.options(front.url), "zarr_cdm": QUICK})
        begin = time.perf_counter()
        with pytest.raises(StoreError, match="after 4 attempts"):
            store.get("c/0")
        assert time.perf_counter() - begin < 5
        assert len(front.asked) == 4


def test_many_are_read_at_once() -> None:
    url = s3.new_url()
    store = open_store(url, options())
    for i in range(30):
        store.set(f"c/{i}", bytes([i]))
    found = store.get_many([(f"c/{i}", None) for i in range(31)])
    assert found == [*(bytes([i]) for i in range(30)), None]
    assert store.batch == 256
