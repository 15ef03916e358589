"""A small HTTP server for tests: it knows ranges, can be slow, and can refuse."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass
class Site:
    """What is served, and what was asked for."""

    values: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    latency: float = 0.0
    ignores_ranges: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # what does not fit is tried again after a second
    daemon_threads = True


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
                site.running += 1
                site.most_running = max(site.running, site.most_running)
            time.sleep(site.latency)
            with site.lock:
                site.running -= 1
            self._reply(body=True)

        def _reply(self, *, body: bool) -> None:
            key = unquote(urlsplit(self.path).path).lstrip("/")
            status, data = _respond(site, key, self.headers.get("Range"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if not site.ignores_ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            if body:
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
        server.shutdown()
        thread.join()
        server.server_close()


def _respond(site: Site, key: str, asked: str | None) -> tuple[int, bytes]:
    if key in site.statuses:
        return site.statuses[key], b"<html>no</html>"
    if key not in site.values:
        return 404, b"<html>not found</html>"
    data = site.values[key]
    if asked is None or site.ignores_ranges:
        return 200, data
    start, stop = re.fullmatch(r"bytes=(\d*)-(\d*)", asked).groups()  # type: ignore[union-attr]
    if not start:
        return 206, data[max(0, len(data) - int(stop)) :]
    if int(start) >= len(data):
        return 416, b""
    return 206, data[int(start) : int(stop) + 1 if stop else None]
