"""What is asked for over HTTP, and of whom."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.server import FAULTS, SPAN_FAULTS, Site, serve
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.network import Network
from zarr_cdm.core.stores.remote import RemoteStore
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.errors import LimitError, StoreError

aiohttp = pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")

web = pytest.importorskip("zarr_cdm.core.stores.web")

QUICK = Network(attempts=2, backoff=0.001, connect_timeout=1, read_timeout=0.2)
SECRET = "s3cret-of-mine"
VALUE = bytes(range(256)) * 40


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(values={"air.zarr/c/0": VALUE, "air.zarr/empty": b""}) as site:
        yield site


@pytest.fixture
def other(site: Site) -> Iterator[Site]:
    """Return another site with the same values, which the first one leads to."""
    with serve(values=site.values) as other:
        site.elsewhere = other.url
        site.faults["air.zarr/c/0"] = "redirect"
        yield other


def store_at(site: Site, options: dict[str, Any] | None = None) -> RemoteStore:
    return RemoteStore(site.url + "/air.zarr", options, QUICK)


# credentials and redirects

BASIC = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
CREDENTIALS = {
    "a header": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "a header of the server's own": {"headers": {"X-Api-Key": SECRET}},
    "a cookie": {"cookies": {"session": SECRET}},
    "headers of the session": {"client_kwargs": {"headers": {"X-Api-Key": SECRET}}},
    "cookies of the session": {"client_kwargs": {"cookies": {"session": SECRET}}},
    "headers of both": {
        "headers": {"X-Api-Key": SECRET},
        "client_kwargs": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    },
}


@pytest.mark.parametrize("options", CREDENTIALS.values(), ids=CREDENTIALS)
def test_credentials_go_to_the_host_that_they_are_for(
    site: Site, other: Site, options: dict[str, Any]
) -> None:
    store = store_at(site, options)
    for span in (None, Span(3, 5), Span(-5)):
        assert store.get("c/0", span) == (VALUE if span is None else VALUE[span.within(len(VALUE))])
    assert len(site.headers) == len(other.headers) == 3
    for headers in site.headers:
        assert SECRET in str(headers)
    for headers in other.headers:
        assert not {"Authorization", "Cookie", "X-Api-Key"} & set(headers)
        assert SECRET not in str(headers)


def test_a_user_in_the_url_goes_to_that_host_only(site: Site, other: Site) -> None:
    url = site.url.replace("//", f"//me:{SECRET}@") + "/air.zarr"
    assert RemoteStore(url, network=QUICK).get("c/0") == VALUE
    assert [headers["Authorization"] for headers in site.headers] == [BASIC]
    assert "Authorization" not in other.headers[0]


def test_a_redirect_on_the_same_host_keeps_the_credentials(site: Site) -> None:
    site.values["there/air.zarr/c/0"] = VALUE
    site.elsewhere = "/there"
    site.faults["air.zarr/c/0"] = "redirect"
    url = site.url.replace("//", f"//me:{SECRET}@") + "/air.zarr"
    assert RemoteStore(url, network=QUICK).get("c/0") == VALUE
    assert site.asked == ["/air.zarr/c/0", "/there/air.zarr/c/0"]
    assert [headers["Authorization"] for headers in site.headers] == [BASIC] * 2


def test_five_redirects_are_followed_and_no_more(site: Site) -> None:
    hops = [f"air.zarr/c/{i}" for i in range(8)]
    site.values = {hops[-1]: VALUE}
    FAULTS["hop"] = lambda handler, site, data, asked: handler.send(
        302, b"", {"Location": handler.path[:-1] + str(int(handler.path[-1]) + 1)}
    )
    site.faults = dict.fromkeys(hops[:-1], "hop")
    try:
        assert store_at(site).get("c/2") == VALUE
        with pytest.raises(StoreError, match="more than 5 redirects"):
            store_at(site).get("c/1")
    finally:
        del FAULTS["hop"]
    assert len(site.asked) == 6 + 6


@pytest.mark.parametrize(
    ("begin", "location", "end"),
    [
        ("http://a/b/c", "d", "http://a/b/d"),
        ("http://a/b/c", "//e/d", "http://e/d"),
        ("http://a/b/c", "https://e/d?f=%2F", "https://e/d?f=%2F"),
        ("http://a/b/c", f"http://me:{SECRET}@e/d", "http://e/d"),
        ("https://a/b/c", "https://a/d", "https://a/d"),
        ("https://a/b/c", "http://a/d", None),
        ("http://a/b/c", "file:///etc/hostname", None),
        ("http://a/b/c", "FILE:/etc/hostname", None),
        ("http://a/b/c", "ftp://a/d", None),
        ("http://a/b/c", "data:,d", None),
        ("http://a/b/c", "http://[", None),
        ("http://a/b/c", "", None),
    ],
)
def test_redirects_lead_to_the_web_and_to_no_less_safety(
    begin: str, location: str, end: str | None
) -> None:
    answer: Any = SimpleNamespace(status=302, headers={"Location": location})
    if end is not None:
        assert str(web._target(web.URL(begin), answer)) == end
        return
    with pytest.raises(web.HttpError, match="302 Found: a redirect") as caught:
        web._target(web.URL(begin), answer)
    assert not caught.value.transient


# what is asked for

# Of a value that ends in the middle of a span, nobody can tell whether it came whole from a server
# that does not say how large it is.
SIZELESS = ("unknown size", "416 without a size")
CROSSING = (Span(10_200, 500), Span(-99999))


@pytest.mark.parametrize(
    ("span", "asked"),
    [
        (None, None),
        (Span(0), None),
        (Span(0, None, 10**6), None),
        (Span(5), "bytes=5-"),
        (Span(5, 3), "bytes=5-7"),
        (Span(-7), "bytes=-7"),
    ],
    ids=str,
)
def test_a_span_is_one_request_for_no_more_than_it_is(
    site: Site, span: Span | None, asked: str | None
) -> None:
    store_at(site).get("c/0", span)
    assert [headers.get("Range") for headers in site.headers] == [asked]
    assert site.headers[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("fault", SPAN_FAULTS)
@pytest.mark.parametrize(
    "span",
    [
        Span(0, 10),
        Span(100, 3000),
        Span(10_200, 500),
        Span(20_000, 5),
        Span(9000),
        Span(20_000),
        Span(-10),
        Span(-9999),
        Span(-99999),
        Span(7, 0),
    ],
    ids=str,
)
def test_spans_are_right_whatever_the_server_does_with_them(
    site: Site, fault: str, span: Span
) -> None:
    site.faults["air.zarr/c/0"] = fault
    store = store_at(site)
    if fault in SIZELESS and span in CROSSING:
        with pytest.raises(StoreError, match="206 Partial Content: asked for"):
            store.get("c/0", span)
    else:
        assert store.get("c/0", span) == VALUE[span.within(len(VALUE))]


@pytest.mark.parametrize("span", [Span(0, 3), Span(3), Span(-3)], ids=str)
def test_an_empty_value_is_not_missing(site: Site, span: Span) -> None:
    assert store_at(site).get("empty", span) == b""
    assert store_at(site).get("none", Span(3, 0)) is None


def test_what_is_too_large_is_not_read(site: Site) -> None:
    store = store_at(site)
    assert store.get("c/0", Span(0, None, len(VALUE))) == VALUE
    site.values["air.zarr/c/0"] = bytes(50_000_000)
    for fault in (None, "chunked"):
        site.faults = {"air.zarr/c/0": fault} if fault else {}
        begin = time.perf_counter()
        with pytest.raises(LimitError, match=r"c/0: .*1000 are the most") as caught:
            store.get("c/0", Span(0, None, 1000))
        assert time.perf_counter() - begin < 1
        assert caught.value.source == store.url


def test_a_server_without_ranges_costs_no_more_memory_than_the_span(site: Site) -> None:
    site.ignores_ranges = True
    site.values["air.zarr/c/0"] = bytes(50_000_000) + b"the end"
    store = store_at(site)
    assert store.get("c/0", Span(-7)) == b"the end"
    assert store.get("c/0", Span(50_000_004)) == b"end"
    assert store.get("c/0", Span(49_999_999, 4)) == b"\0the"


def test_403_means_missing_where_a_user_says_so(site: Site) -> None:
    site.statuses["air.zarr/c/1"] = 403
    store = open_store(site.url + "/air.zarr", {"zarr_cdm": {"missing": (403, 404)}})
    assert store.get_many([("c/1", None), ("c/0", Span(0, 1)), ("c/2", None)]) == [
        None,
        b"\0",
        None,
    ]


def test_a_client_of_the_user_is_used(site: Site) -> None:
    made = []

    async def client(**options: Any) -> Any:
        made.append(options)
        return aiohttp.ClientSession(headers={"X-Who": "me"}, **options)

    assert store_at(site, {"get_client": client}).get("c/0") == VALUE
    assert len(made) == 1
    assert site.headers[0]["X-Who"] == "me"


# requests that lie unanswered


def test_a_request_that_lies_unanswered_is_made_again_while_others_are_answered() -> None:
    values = {f"air.zarr/c/{number}": VALUE for number in range(8)}
    with serve(values=values, faults={"air.zarr/c/3": "hang"}, fault_count=1) as site:
        store = RemoteStore(f"{site.url}/air.zarr", None, Network(attempts=1, repeat_after=0.1))
        begin = time.perf_counter()
        assert store.get_many([(f"c/{number}", None) for number in range(8)]) == [VALUE] * 8
        assert time.perf_counter() - begin < 10
        assert site.asked.count("/air.zarr/c/3") == 2


def test_a_server_that_is_slow_with_all_is_asked_once() -> None:
    values = {f"air.zarr/c/{number}": VALUE for number in range(4)}
    with serve(values=values, latency=0.5) as site:
        store = RemoteStore(f"{site.url}/air.zarr", None, Network(attempts=1, repeat_after=0.1))
        assert store.get_many([(f"c/{number}", None) for number in range(4)]) == [VALUE] * 4
        assert len(site.asked) == 4
