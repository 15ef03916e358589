"""Reading over HTTP, where an answer is believed only when it is what was asked for.

Specification: https://www.rfc-editor.org/rfc/rfc9110 (sections 14 and 15)

fsspec makes the connections, with all of its options; what an answer means is decided here. A
part of a value has to be the part that was asked for, or is cut from the whole where a server
knows no ranges. Redirects lead to no other scheme, and to another host without credentials.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from yarl import URL

from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.network import Network, passing

MOST_REDIRECTS = 5
LEAST_BYTES = 1024  # that have to arrive in each ``read_timeout``

MOST_REPEATS = 3  # of a request that lies unanswered

# How many requests each connector has seen answered, or fail.
_answers: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
_REDIRECTS = {301, 302, 303, 307, 308}
_SCHEMES = {"http": {"http", "https"}, "https": {"https"}}  # where each may lead to
# What another host is sent too: how to get there, but nothing that says who asks.
_HARMLESS = {"proxy", "proxy_auth", "proxy_headers", "server_hostname", "ssl", "timeout"}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_SIZE = re.compile(r"bytes \*/(\d+)")
_PAGE = re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE)


class HttpError(OSError):
    """An answer that is not what was asked for.

    Attributes
    ----------
    status
        The status of the answer.
    transient
        Whether it may be another one a little later.
    wait
        How many seconds the server wants to be left alone.
    """

    def __init__(self, text: str, status: int, *, transient: bool = False, wait: float = 0) -> None:
        super().__init__(text)
        self.status = status
        self.transient = transient
        self.wait = wait


async def connect(*, requests: int, **options: Any) -> aiohttp.ClientSession:
    """Return a session for that many requests at once, which fsspec keeps."""
    options.setdefault("connector", aiohttp.TCPConnector(limit=requests))
    return aiohttp.ClientSession(**options)


async def fetch(fs: Any, url: str, span: Span | None, network: Network) -> bytes | None:
    """Return the value at a URL or a part of it, None where there is no such thing.

    Parameters
    ----------
    fs
        fsspec's HTTPFileSystem.

    Raises
    ------
    HttpError
        The answer is not what was asked for.
    LimitError
        There are more bytes than the span allows.
    aiohttp.ClientError, TimeoutError
        There is no answer, or it ends early.
    """
    session = await fs.set_session()
    options: dict[str, Any] = {**fs.kwargs}
    if "timeout" not in {**fs.client_kwargs, **options}:
        options["timeout"] = aiohttp.ClientTimeout(
            total=None, sock_connect=network.connect_timeout, sock_read=network.read_timeout
        )
    ours = {"Accept-Encoding": "identity"}
    if (asked := _range(span)) is not None:
        ours["Range"] = asked
    async with _follow(session, fs.encode_url(url), ours, options, network) as answer:
        if answer.status in network.missing:
            return None
        if answer.status == HTTPStatus.OK:
            return await _whole(answer, span, network)
        if answer.status == HTTPStatus.PARTIAL_CONTENT and span is not None and asked:
            return await _part(answer, span, network)
        behind = answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        if not behind or span is None or not asked:
            raise _refusal(answer)
        size = _SIZE.fullmatch(answer.headers.get("Content-Range", ""))
        if size is not None and not _taken(span, int(size[1])):
            return b""
        if size is not None:
            raise _wrong(answer, f"a value of {size[1]} bytes has that range")
    # No word of the size: the whole value tells.
    whole = await fetch(fs, url, None, network)
    return None if whole is None else whole[span.within(len(whole))]


def _range(span: Span | None) -> str | None:
    if span is None or span.is_whole:
        return None
    if span.start < 0:
        return f"bytes={span.start}"
    if span.length is None:
        return f"bytes={span.start}-"
    return f"bytes={span.start}-{span.start + max(1, span.length) - 1}"  # none cannot be asked for


def _taken(span: Span, size: int) -> range:
    """Return which bytes of a value the request for a span takes."""
    part = Span(span.start, span.length and max(1, span.length)).within(size)
    return range(part.start, part.stop)


@asynccontextmanager
async def _follow(
    session: aiohttp.ClientSession,
    url: URL,
    ours: Mapping[str, str],
    options: dict[str, Any],
    network: Network,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Yield the answer at the end of all redirects."""
    headers = {**options.pop("headers", {}), **ours}
    if url.user is not None and session.auth is None:  # a redirect to the same host keeps it
        headers.setdefault("Authorization", _basic(url.user, url.password or ""))
    url = url.with_user(None)
    async with AsyncExitStack() as stack:
        for _ in range(MOST_REDIRECTS + 1):
            asking = partial(session.get, url, headers=headers, allow_redirects=False, **options)
            answer = await stack.enter_async_context(await _first(asking, session, network))
            if answer.status not in _REDIRECTS:
                yield answer
                return
            target = _target(url, answer)
            if target.origin() != url.origin():
                session = await stack.enter_async_context(_stranger(session))
                headers = dict(ours)
                options = {name: options[name] for name in _HARMLESS.intersection(options)}
            url = target
        raise _wrong(answer, f"the last of more than {MOST_REDIRECTS} redirects")


async def _first(
    asking: Callable[[], Awaitable[aiohttp.ClientResponse]],
    session: aiohttp.ClientSession,
    network: Network,
) -> aiohttp.ClientResponse:
    """Return the first answer to a request, which is made again while only others are answered.

    A server whose queue of new connections is full lets one lie for many seconds; by then there
    are others that it has taken. Only the head of an answer is waited for: no long body is fetched
    twice.
    """
    before, wait = _answers.get(session.connector, 0), network.repeat_after
    tasks = [asyncio.ensure_future(asking())]
    try:
        while True:
            patience = wait if wait and len(tasks) <= MOST_REPEATS else None
            done, _ = await asyncio.wait(
                tasks, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                task = done.pop()
                tasks.remove(task)
                return await task
            if _answers.get(session.connector, 0) > before:
                tasks.append(asyncio.ensure_future(asking()))
            wait *= 2
    finally:
        _answers[session.connector] = _answers.get(session.connector, 0) + 1
        for task in tasks:
            if not task.cancel() and not task.cancelled() and task.exception() is None:
                task.result().close()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _target(url: URL, answer: aiohttp.ClientResponse) -> URL:
    location = answer.headers.get("Location", "")
    try:
        target = url.join(URL(location, encoded=location.isascii() and " " not in location))
        target.origin()
    except ValueError:
        raise _wrong(answer, "a redirect to nowhere") from None
    if not location or target.scheme not in _SCHEMES[url.scheme]:
        raise _wrong(answer, f"a redirect from {url.scheme} to {target.scheme!r} is not followed")
    return target.with_user(None)


def _stranger(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return a session on the same connections that knows no headers, users and cookies."""
    return aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=session.trust_env,
    )


async def _whole(answer: aiohttp.ClientResponse, span: Span | None, network: Network) -> bytes:
    """Return a value, or a part of it where that is all that the server sends."""
    asked = _range(span) is not None
    if asked and answer.content_type == "text/html":
        raise _wrong(answer, "an HTML page instead of a range")
    if span is not None and answer.content_length is not None and not _coded(answer):
        span.within(answer.content_length)  # is it too much?
    if span is not None and asked:
        return await _cut_out(answer, span, network)
    pieces, size = [], 0
    async for piece in _values(answer, network):
        pieces.append(piece)
        size += len(piece)
        if span is not None:
            span.within(size)
    return b"".join(pieces)


async def _cut_out(answer: aiohttp.ClientResponse, span: Span, network: Network) -> bytes:
    """Return a part of a value that comes as a whole, and keep hardly more of it than that."""
    stop = None if span.length is None else span.start + span.length
    data, before = bytearray(), 0  # and how many bytes have been left out before them
    async for piece in _values(answer, network):
        data += piece
        surplus = len(data) + span.start if span.start < 0 else min(len(data), span.start - before)
        if surplus > len(data) // 2:
            del data[:surplus]
            before += surplus
        if span.start >= 0:
            span.within(before + len(data))
        if stop is not None and before + len(data) >= stop:
            break
    part = span.within(before + len(data))
    return bytes(memoryview(data)[max(0, part.start - before) : max(0, part.stop - before)])


async def _part(answer: aiohttp.ClientResponse, span: Span, network: Network) -> bytes:
    """Return the body of a partial answer, which has to be the part that was asked for."""
    found = answer.headers.get("Content-Range", "")
    told = _CONTENT_RANGE.fullmatch(found.strip())
    if told is None or _coded(answer):
        raise _wrong(answer, f"which part of the value it is does not say {found!r}")
    got = range(int(told[1]), int(told[2]) + 1)
    if told[3] != "*":
        right = got == _taken(span, int(told[3]))
    elif span.start < 0:
        right = len(got) == -span.start
    else:
        right = got.start == span.start and len(got) == (span.length or len(got))
    if not right:
        raise _wrong(answer, f"asked for {_range(span)}, it says {found!r}")
    Span(0, None, span.most).within(len(got))  # is it too much?
    pieces, size = [], 0
    async for piece in _pieces(answer, network):
        pieces.append(piece)
        size += len(piece)
        if size > len(got):
            raise _wrong(answer, f"more than the {len(got)} bytes that it says it has")
    if size < len(got):
        raise HttpError(f"{size} of {len(got)} bytes", answer.status, transient=True)
    return b"".join(pieces)[: span.length]  # none at all had to be asked for as one


async def _values(answer: aiohttp.ClientResponse, network: Network) -> AsyncIterator[bytes]:
    """Yield a body as it arrives, unless it is a page for people."""
    first = True
    async for piece in _pieces(answer, network):
        if first and _PAGE.match(piece):
            raise _wrong(answer, "an HTML page, perhaps to log in, instead of data")
        first = False
        yield piece


async def _pieces(answer: aiohttp.ClientResponse, network: Network) -> AsyncIterator[bytes]:
    """Yield the body as it arrives, as long as it does."""
    begin, arrived = time.monotonic(), 0
    while piece := await answer.content.readany():
        yield piece
        arrived += len(piece)
        if time.monotonic() - begin > network.read_timeout:
            if arrived < LEAST_BYTES:
                raise TimeoutError(f"{arrived} bytes in {network.read_timeout:g} s")
            begin, arrived = time.monotonic(), 0


def _coded(answer: aiohttp.ClientResponse) -> bool:
    return answer.headers.get("Content-Encoding", "identity").lower() != "identity"


def _refusal(answer: aiohttp.ClientResponse) -> HttpError:
    """Return the error for a status that is none of success."""
    wait = answer.headers.get("Retry-After", "")
    return HttpError(
        f"{answer.status} {_phrase(answer.status)}",
        answer.status,
        transient=passing(answer.status),
        wait=float(wait) if wait.isdecimal() and wait.isascii() else 0,
    )


def _wrong(answer: aiohttp.ClientResponse, what: str) -> HttpError:
    return HttpError(f"{answer.status} {_phrase(answer.status)}: {what}", answer.status)


def _phrase(status: int) -> str:
    """Return the standard's words for a status; a server's own may be anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(no status of HTTP)"
