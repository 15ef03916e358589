"""What servers do, and what must not be shown."""

from __future__ import annotations

import multiprocessing
import pickle
import time
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Site, serve
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.network import Network
from zarr_cdm.core.stores.redact import redact
from zarr_cdm.core.stores.remote import RemoteStore
from zarr_cdm.errors import StoreError, UnsupportedError

QUICK = Network(attempts=2, backoff=0.001)


def store_at(site: Site) -> RemoteStore:
    return RemoteStore(site.url + "/air.zarr", network=QUICK)


@pytest.fixture
def site() -> Iterator[Site]:
    pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")
    with serve(values={"air.zarr/zarr.json": b"{}", "air.zarr/c/0": b"0123456789"}) as site:
        yield site


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/air.zarr", "s3://bucket/air.zarr"),
        ("s3://bucket/a@b.zarr", "s3://bucket/a@b.zarr"),
        ("https://me:pw@host:80/a@b", "https://host:80/a@b"),
        ("https://me@mail:p@w@host", "https://host"),
        ("https://host/a?sig=pw&x=1#y", "https://host/a?…"),
        ("zip://a::https://me:pw@host/a.zip?pw::x", "zip://a::https://host/a.zip?…"),
        ("simplecache::https://host/a?pw::s3://b/c", "simplecache::https://host/a?…::s3://b/c"),
        ("sftp://me:pw::x@host/a", "sftp://host/a"),
    ],
)
def test_redact(url: str, shown: str) -> None:
    assert redact(url) == shown


@pytest.mark.parametrize("status", [404, 410])
def test_gone_means_missing(site: Site, status: int) -> None:
    site.statuses["air.zarr/c/0"] = status
    store = store_at(site)
    for span in (None, Span(2, 3), Span(2), Span(-3)):
        assert store.get("c/0", span) is None


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("span", [None, Span(2, 3), Span(2), Span(-3)], ids=str)
def test_no_other_status_means_missing(site: Site, status: int, span: Span | None) -> None:
    site.statuses["air.zarr/c/0"] = status
    store = store_at(site)
    with pytest.raises(StoreError, match=f"cannot read: .*{status}") as caught:
        store.get("c/0", span)
    assert caught.value.key == "c/0"
    assert caught.value.source == store.url
    with pytest.raises(StoreError):
        store.get_many([("zarr.json", None), ("c/0", span)])


def test_no_server_is_an_error() -> None:
    pytest.importorskip("aiohttp")
    with serve() as site:
        url = site.url
    with pytest.raises(StoreError, match="cannot read"):
        RemoteStore(url, network=QUICK).get("zarr.json")


def test_secrets_are_nowhere_to_be_seen(site: Site) -> None:
    site.statuses["air.zarr/c/0"] = 403
    url = site.url.replace("//", "//me:s3cret@") + "/air.zarr?sig=s3cret"
    store = RemoteStore(url, {"headers": {"token": "s3cret"}})
    assert store.get("zarr.json") == b"{}"
    with pytest.raises(StoreError) as caught:
        store.get("c/0")
    shown = "".join(traceback.format_exception(caught.value))
    assert "403" in shown
    with pytest.raises(UnsupportedError) as unsupported:
        list(store.list())
    for text in (shown, str(unsupported.value), repr(store), store.url):
        assert "s3cret" not in text
        assert "me:" not in text


def test_the_query_of_a_url_goes_with_every_key(site: Site) -> None:
    assert RemoteStore(site.url + "/air.zarr/?sig=abc").get("c/0", Span(-2)) == b"89"
    assert site.asked == ["/air.zarr/c/0?sig=abc"]


def test_an_open_span_is_sent_once(site: Site) -> None:
    assert store_at(site).get("c/0", Span(4)) == b"456789"
    assert site.asked == ["/air.zarr/c/0"]


def test_a_server_that_ignores_ranges_is_understood(site: Site) -> None:
    site.ignores_ranges = True
    store = store_at(site)
    spans = [Span(0, 4), Span(3, 4), Span(3), Span(-3), Span(-30), Span(8, 9), Span(20)]
    assert store.get_many([("c/0", span) for span in spans]) == [
        b"0123",
        b"3456",
        b"3456789",
        b"789",
        b"0123456789",
        b"89",
        b"",
    ]


@pytest.mark.parametrize("span", [None, Span(2, 3), Span(-3)], ids=str)
def test_requests_are_sent_at_once(site: Site, span: Span | None) -> None:
    site.latency = 0.05
    store = store_at(site)
    store.get("zarr.json")
    start = time.perf_counter()
    values = store.get_many([("c/0", span)] * 64)
    assert time.perf_counter() - start < 64 * site.latency / 2
    assert site.most_running > 8
    assert set(values) == {b"0123456789" if span is None else b"234" if span.length else b"789"}
    assert store.batch == 256


def _read(store: RemoteStore, results: multiprocessing.SimpleQueue[bytes | None]) -> None:
    results.put(store.get("zarr.json"))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_used_store_works_after_a_fork(site: Site) -> None:
    store = store_at(site)
    assert store.get("zarr.json") == b"{}"
    context = multiprocessing.get_context("fork")
    results: multiprocessing.SimpleQueue[bytes | None] = context.SimpleQueue()
    process = context.Process(target=_read, args=(store, results))
    process.start()
    process.join(20)
    assert process.exitcode == 0
    assert results.get() == b"{}"


def test_pickling_keeps_the_options() -> None:
    store = RemoteStore("simplecache::memory://a", {"simplecache": {"same_names": True}})
    assert list(store.children()) == []
    again = pickle.loads(pickle.dumps(store))
    assert again._options == store._options == {"simplecache": {"same_names": True}}


@pytest.mark.parametrize(
    "span", [None, Span(2, 3), Span(2), Span(-3), Span(-30), Span(40)], ids=str
)
def test_a_cache_in_front_reads_all_spans(tmp_path: Path, span: Span | None) -> None:
    url = f"memory://{tmp_path.name}/air.zarr"
    RemoteStore(url).set("c/0", b"0123456789")
    options = {"simplecache": {"cache_storage": str(tmp_path)}}
    store = RemoteStore(f"simplecache::{url}", options)
    expected = b"0123456789" if span is None else b"0123456789"[span.within(10)]
    assert store.get("c/0", span) == expected
    assert store.get("c/1", span) is None
    assert store.get_many([("c/1", span), ("c/0", span)]) == [None, expected]
    assert list(store.list()) == ["c/0"]


def test_a_cache_in_front_of_http_reads_but_cannot_list(site: Site, tmp_path: Path) -> None:
    options = {"simplecache": {"cache_storage": str(tmp_path)}}
    store = RemoteStore(f"simplecache::{site.url}/air.zarr", options)
    assert store.get_many([("c/0", Span(-3)), ("c/1", None)]) == [b"789", None]
    with pytest.raises(UnsupportedError, match="no way to list"):
        list(store.children())


def test_an_unknown_protocol_is_an_error() -> None:
    with pytest.raises(StoreError, match="cannot open: ValueError: Protocol not known"):
        RemoteStore("nosuch://me:pw@a/b").get("zarr.json")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("zarr_cdm.core.stores.remote.url_to_fs", refuse)
    with pytest.raises(UnsupportedError, match=r"Install s3fs.*pip install 'zarr-cdm\[remote\]'"):
        RemoteStore("s3://bucket/a").get("zarr.json")


def test_what_others_wrote_in_between_is_listed() -> None:
    one, other = RemoteStore("memory://between/a"), RemoteStore("memory://between/a")
    assert list(one.list()) == []
    other.set("c/0", b"1")
    assert list(one.list()) == ["c/0"]
    other.delete("c/0")


def test_an_archive_is_a_store(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("zarr.json", "{}")
        archive.writestr("c/0", "0123456789")
    store = RemoteStore(f"zip::file://{tmp_path}/a.zip")
    assert sorted(store.list()) == ["c/0", "zarr.json"]
    assert sorted(store.children()) == ["c/", "zarr.json"]
    assert store.get_many([("c/0", Span(-3)), ("c/1", None)]) == [b"789", None]
