"""A small HTTP server for tests: it knows ranges, can be slow, and can fail in many ways."""

from __future__ import annotations

import gzip
import queue
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from typing import Any
from urllib.parse import unquote, urlsplit

SECONDS = 60.0  # how long something hangs, if nobody gives up


@dataclass
class Site:
    """What is served, how, and what was asked for.

    ``statuses`` and ``faults`` say what happens at a key: a status, or one of `FAULTS`; with
    ``fault_count`` only the first so many times for each key.
    """

    values: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    fault_count: int | None = None
    latency: float = 0.0
    ignores_ranges: bool = False
    elsewhere: str = ""  # where redirects lead to
    url: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    posted: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)
    running: int = 0
    most_running: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # what does not fit is tried again after a second
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are a part of the tests."""


@contextmanager
def serve(**settings: object) -> Iterator[Site]:
    site = Site(**settings)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_HEAD(self) -> None:
            self._reply(body=False)

        def do_GET(self) -> None:
            with site.lock:
                site.asked.append(self.path)
                site.headers.append(dict(self.headers))
                site.running += 1
                site.most_running = max(site.running, site.most_running)
            time.sleep(site.latency)
            with site.lock:
                site.running -= 1
            self._reply(body=True)

        def do_POST(self) -> None:
            site.posted.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send(204, b"")

        def _reply(self, *, body: bool) -> None:
            key = unquote(urlsplit(self.path).path).lstrip("/")
            asked = self.headers.get("Range")
            fault = site.faults.get(key)
            if fault and (site.fault_count is None or self._times() <= site.fault_count):
                FAULTS[fault](self, site, site.values.get(key, b""), asked)
                return
            status, data, headers = _respond(site, key, asked)
            headers["Content-Type"] = guess_type(key)[0] or "application/octet-stream"
            self.send(status, data if body else b"", {"Content-Length": str(len(data)), **headers})

        def _times(self) -> int:
            with site.lock:
                return site.asked.count(self.path)

        def send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _respond(site: Site, key: str, asked: str | None) -> tuple[int, bytes, dict[str, str]]:
    if key in site.statuses:
        return site.statuses[key], b"<html>no</html>", {}
    if key not in site.values:
        return 404, b"<html>not found</html>", {}
    data = site.values[key]
    if asked is None or site.ignores_ranges:
        return 200, data, {}
    part = _part(data, asked)
    if not part:
        return 416, b"", {"Content-Range": f"bytes */{len(data)}"}
    return 206, data[part.start : part.stop], _content_range(part, len(data))


def _part(data: bytes, asked: str | None) -> range:
    if asked is None:
        return range(len(data))
    start, stop = re.fullmatch(r"bytes=(\d*)-(\d*)", asked).groups()  # type: ignore[union-attr]
    if not start:
        return range(len(data))[max(0, len(data) - int(stop)) :]
    return range(len(data))[int(start) : int(stop) + 1 if stop else None]


def _content_range(part: range, size: int | str) -> dict[str, str]:
    return {"Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}"}


# what can go wrong: each takes the handler, the site, the value and the range that was asked for

Fault = Callable[[Any, Site, bytes, str | None], None]


def _status(status: int, **headers: str) -> Fault:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b"" if status == 204 else b"no"  # a client takes it for the next answer
    return lambda handler, site, data, asked: handler.send(status, body, names)


def _redirect(location: Callable[[Any, Site], str]) -> Fault:
    return lambda handler, site, data, asked: handler.send(
        302, b"", {"Location": location(handler, site)}
    )


def _page(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    page = b"<!DOCTYPE html>\n<html><form>Who are you?</form></html>" + bytes(len(data))
    handler.send(200, page, {"Content-Type": "text/html; charset=utf-8"})


def _answer(data: bytes, asked: str | None, **changes: str) -> tuple[int, bytes, dict[str, str]]:
    part = _part(data, asked)
    status = 200 if asked is None else 206
    headers = {} if asked is None else _content_range(part, len(data))
    body = data[part.start : part.stop]
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    return status, body, {"Content-Length": str(len(body)), **headers, **names}


def _cut(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    status, body, headers = _answer(data, asked)
    handler.send(status, body[: len(body) // 2], headers)
    handler.close_connection = True


def _reset(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    _cut(handler, site, data, asked)
    handler.wfile.flush()
    linger = struct.pack("ii", 1, 0)  # closing sends RST
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def _short_length(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    status, body, headers = _answer(data, asked)
    handler.send(status, body, {**headers, "Content-Length": str(len(body) // 2)})
    handler.close_connection = True


def _short_body(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    """Send half, in such a way that only the range tells."""
    status, body, headers = _answer(data, asked)
    body = body[: len(body) // 2]
    handler.send(status, body, {**headers, "Content-Length": str(len(body))})


def _long_body(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    status, body, headers = _answer(data, asked)
    body += b"more"
    handler.send(status, body, {**headers, "Content-Length": str(len(body))})


def _hang(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    site.over.wait(SECONDS)


def _drip(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    status, body, headers = _answer(data, asked)
    handler.send(status, b"", headers)
    for i in range(len(body)):
        if site.over.wait(0.02):
            return
        handler.wfile.write(body[i : i + 1])


def _gzip(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    """Send the whole value, packed, whatever is asked."""
    handler.send(200, gzip.compress(data), {"Content-Encoding": "gzip"})


def _gzip_cut(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    """Send half of what is packed, as if it were all."""
    packed = gzip.compress(data)
    handler.send(200, packed[: len(packed) // 2], {"Content-Encoding": "gzip"})


def _gzip_part(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    """Send a part of what is packed."""
    status, body, headers = _answer(gzip.compress(data), asked)
    handler.send(status, body, {**headers, "Content-Encoding": "gzip"})


def _wrong_range(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    """Send the part beside the one that was asked for, and say so."""
    part = _part(data, asked)
    part = range(max(0, part.start - 4), part.stop - 4) if asked else range(len(data) // 2)
    handler.send(206, data[part.start : part.stop], _content_range(part, len(data)))


def _unknown_size(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    if asked is not None and not _part(data, asked):
        handler.send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        return
    status, body, headers = _answer(data, asked)
    if asked is not None:
        headers |= _content_range(_part(data, asked), "*")
    handler.send(status, body, headers)


def _chunked(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    """Send the value without a word of its size."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for start in range(0, len(data), 2**20):
        piece = data[start : start + 2**20]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")


def _no_size(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    """Refuse a range behind the end without a word of where that is."""
    if asked is not None and not _part(data, asked):
        handler.send(416, b"")
        return
    _unknown_size(handler, site, data, asked)


def _ignore(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    handler.send(200, data)


def _bare_206(handler: Any, site: Site, data: bytes, asked: str | None) -> None:
    handler.send(206, data)


FAULTS: dict[str, Fault] = {
    **{str(status): _status(status) for status in (204, 400, 401, 403, 404, 410, 500, 502, 503)},
    "429": _status(429, Retry_After="0"),
    "bare 206": _bare_206,
    "redirect": _redirect(lambda handler, site: f"{site.elsewhere}{handler.path}"),
    "redirect to file": _redirect(lambda handler, site: "file:///etc/hostname"),
    "redirect to nowhere": _redirect(lambda handler, site: ""),
    "redirect loop": _redirect(lambda handler, site: handler.path),
    "login page": _page,
    "body cut": _cut,
    "connection reset": _reset,
    "short Content-Length": _short_length,
    "short body": _short_body,
    "long body": _long_body,
    "ignores Range": _ignore,
    "hang": _hang,
    "slow drip": _drip,
    "gzip": _gzip,
    "gzip of a part": _gzip_part,
    "half a gzip": _gzip_cut,
    "wrong Content-Range": _wrong_range,
    "unknown size": _unknown_size,
    "chunked": _chunked,
}
# What servers may do with a range, and what they do.
SPAN_FAULTS = ["ignores Range", "gzip", "chunked", "unknown size", "416 without a size"]
FAULTS["416 without a size"] = _no_size
