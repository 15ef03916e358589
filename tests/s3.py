"""An S3 of our own for tests: moto's server, started when it is first asked for."""

from __future__ import annotations

import atexit
import http.client
import logging
import os
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

BUCKET = "bucket"
# Nothing of the machine that the tests run on, above all no credentials.
KEYS = {"key": "no-key-of-anybody", "secret": "no-secret-of-anybody"}


@cache
def endpoint() -> str:
    """Return the URL of a server with one bucket; skip the test where there is no moto."""
    pytest.importorskip("s3fs", reason="S3 needs s3fs")
    server_module = pytest.importorskip("moto.server", reason="an S3 for tests needs moto[server]")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{url}/{BUCKET}", method="PUT")).close()
    return url


def options(url: str | None = None) -> dict[str, Any]:
    """Return the storage options for the server, or for what stands in front of it."""
    client = {"endpoint_url": url or endpoint(), "region_name": "us-east-1"}
    return {**KEYS, "client_kwargs": client, "skip_instance_cache": True}


def new_url() -> str:
    """Return the URL of a place where nothing is yet."""
    endpoint()
    return f"s3://{BUCKET}/{uuid.uuid4().hex}/air.zarr"


@dataclass
class Proxy:
    """A server in front of another one, which fails at some requests.

    ``fault`` happens to the first ``count`` requests with ``method`` whose path ends in ``path``.
    """

    target: str
    url: str = ""
    fault: str = ""
    method: str = "GET"
    path: str = ""
    count: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def fails(self, handler: BaseHTTPRequestHandler) -> bool:
        wanted = handler.command == self.method
        if wanted and urlsplit(handler.path).path.endswith(self.path) and self.count > 0:
            self.count -= 1
            return True
        return False


@contextmanager
def proxy() -> Iterator[Proxy]:
    """Return a proxy in front of our S3."""
    front = Proxy(endpoint())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            front.asked.append((self.command, self.path))
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length) if length else None
            fails = front.fails(self)
            if fails and front.fault in ERRORS:
                status, code = ERRORS[front.fault]
                body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
                self._answer(status, {"Content-Type": "application/xml"}, body, len(body))
                return
            status, headers, body = self._forward(data)
            if fails and front.fault == "lost answer":
                self.close_connection = True
                return
            sent = len(body) // 2 if fails and front.fault == "body cut" else len(body)
            self._answer(status, headers, body[:sent], len(body))
            self.close_connection = sent < len(body)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _handle

        def _forward(self, data: bytes | None) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(urlsplit(front.target).netloc, timeout=20)
            connection.request(self.command, self.path, data, dict(self.headers))
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, dict(answer.getheaders()), body

        def _answer(self, status: int, headers: dict[str, str], body: bytes, size: int) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _OF_THE_CONNECTION:
                    self.send_header(name, value)
            if self.command == "HEAD":
                size = int(headers.get("Content-Length", 0))
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    front.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_OF_THE_CONNECTION = {"connection", "content-length", "date", "server", "transfer-encoding"}
ERRORS = {
    "500": (500, "InternalError"),
    "503": (503, "ServiceUnavailable"),
    "SlowDown": (503, "SlowDown"),
}
FAULTS = [*ERRORS, "lost answer", "body cut"]
