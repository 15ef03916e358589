"""A store behind any URL that fsspec knows: ``s3://``, ``https://``, ``simplecache::…``, and so on.

Specification: https://filesystem-spec.readthedocs.io/en/latest/features.html#url-chaining

Only "there is no such thing" reads as a missing key; a refusal or a failing server is an error.
Neither errors nor the repr show what a URL says of users, passwords and tokens, or any option.

>>> store = RemoteStore("memory://doctest.zarr", {"token": "secret"})
>>> store
<RemoteStore memory://doctest.zarr>
>>> store.set("zarr.json", b"{}")
>>> store.get("zarr.json"), store.get("c/0")
(b'{}', None)
>>> store.delete("zarr.json")
>>> redact("https://me:secret@host/air.zarr?token=secret")
'https://host/air.zarr?…'
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from fsspec.asyn import AsyncFileSystem
from fsspec.core import url_to_fs

from zarr_cdm.core.stores.base import Buffer, Request, Span, Values, check_key, check_prefix
from zarr_cdm.errors import StoreError, UnsupportedError

Answer: TypeAlias = bytes | Exception
Bounds: TypeAlias = tuple[int | None, int | None]

_MISSING = (FileNotFoundError, NotADirectoryError)
_GONE, _BEHIND_THE_END = 410, 416  # HTTP; fsspec itself takes care of 404
_WEB = ("http://", "https://")


class RemoteStore:
    """The keys below a URL.

    The file system is made at the first request, and made anew in a process that got this store by
    pickle or by fork: connections belong to the process that opened them.
    """

    def __init__(self, url: str, storage_options: Mapping[str, Any] | None = None) -> None:
        self._url = url
        self._options = dict(storage_options or {})
        self._connection: tuple[int, Any, str] | None = None

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return redact(self._url)

    @property
    def batch(self) -> int:
        """How many requests one `get_many` sends at once; few where fsspec knows no way to."""
        return 256 if isinstance(self._connect()[0], AsyncFileSystem) else 16

    @property
    def gap(self) -> int:
        """What arrives in some ten milliseconds."""
        return 512 * 2**10

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        return self.get_many([(key, span)])[0]

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests, all of them sent at once."""
        fs, root = self._connect()
        paths = [_join(root, key) for key, _ in requests]
        bounds = [_bounds(span) for _, span in requests]
        answers: Sequence[Answer] = ()
        with self._errors("cannot read"):
            answers = _fetch(fs, paths, bounds)
        return [
            self._answer(key, span, path, answer)
            for (key, span), path, answer in zip(requests, paths, answers, strict=True)
        ]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        for key, _ in self.sizes(prefix):
            yield key

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        fs, folder = self._folder(prefix)
        found: Sequence[Any] = ()
        with self._errors("cannot list", prefix), suppress(*_MISSING):
            found = fs.ls(folder, detail=True)
        for entry in found:
            name = self._name(entry["name"], prefix)
            if name:
                yield name + "/" if entry["type"] == "directory" else name

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        fs, folder = self._folder(prefix)
        found: dict[str, Any] = {}
        with self._errors("cannot list", prefix), suppress(*_MISSING):
            found = fs.find(folder, detail=True)
        for path, entry in found.items():
            name = self._name(path, prefix)
            if name and entry["type"] != "directory":
                yield prefix + name, entry["size"]

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key."""
        fs, root = self._connect()
        path, data = _join(root, key), bytes(value)
        with self._errors("cannot write", key):
            _pipe(fs, path, data)

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""
        fs, root = self._connect()
        path = _join(root, key)
        with self._errors("cannot delete", key), suppress(*_MISSING):
            fs.rm_file(path)

    def occupied(self) -> bool:
        """Return whether something is below the URL, or an object right at it."""
        if any(True for _ in self.children()):
            return True
        fs, root = self._connect()
        found = {"type": "directory"}
        with self._errors("cannot look"), suppress(*_MISSING):
            found = fs.info(root)
        return found["type"] != "directory"

    def _connect(self) -> tuple[Any, str]:
        if self._connection is None or self._connection[0] != os.getpid():
            self._connection = (os.getpid(), *self._open())
        return self._connection[1:]

    def _open(self) -> tuple[Any, str]:
        # Copies, because fsspec writes into the options of a chained URL.
        options = {
            name: dict(value) if isinstance(value, dict) else value
            for name, value in self._options.items()
        }
        try:
            fs, root = url_to_fs(self._url, **options)
        except ImportError as error:
            raise UnsupportedError(
                f"fsspec cannot open this: {error}; pip install 'zarr-cdm[remote]'",
                source=self.url,
            ) from None
        except Exception as error:  # file systems are plugins, each with errors of its own
            self._fail("cannot open", "", error)
        return fs, root if root.startswith(_WEB) else root.rstrip("/")

    def _folder(self, prefix: str) -> tuple[Any, str]:
        """Return where to list, after a look at whether that can be done."""
        check_prefix(prefix)
        fs, root = self._connect()
        if root.startswith(_WEB):
            raise UnsupportedError(
                "HTTP has no way to list keys; open a store with consolidated metadata, or an "
                "array by its own path",
                source=self.url,
            )
        fs.invalidate_cache()  # somebody else may have written since
        return fs, _join(root, prefix[:-1]) if prefix else root

    def _name(self, path: str, prefix: str) -> str:
        """Return what follows the prefix in a path, '' for what is not below it."""
        root = self._connect()[1].strip("/")
        base = f"{root}/{prefix}" if root else prefix
        path = path.strip("/")
        return path[len(base) :] if path.startswith(base) else ""

    def _answer(self, key: str, span: Span | None, path: str, answer: Answer) -> bytes | None:
        if _is_missing(answer):
            return None
        if span is not None and _needs_size(path, span, answer):
            return self._get_by_size(key, span, path, answer)
        if isinstance(answer, Exception):
            self._fail("cannot read", key, answer)
        return _cut(answer, span)

    def _get_by_size(self, key: str, span: Span, path: str, answer: Answer) -> bytes:
        fs, _ = self._connect()
        try:
            return _read_by_size(fs, path, span, answer)
        except Exception as error:
            # The first error counts: over HTTP, `info` calls any failure a missing file.
            self._fail("cannot read", key, answer if isinstance(answer, Exception) else error)

    @contextmanager
    def _errors(self, what: str, key: str = "") -> Iterator[None]:
        try:
            yield
        except Exception as error:  # file systems are plugins, each with errors of its own
            self._fail(what, key, error)

    def _fail(self, what: str, key: str, error: Exception) -> NoReturn:
        kind = UnsupportedError if isinstance(error, NotImplementedError) else StoreError
        text = str(error).replace(self._url, self.url)
        text = re.sub(r"\w+://[^\s'\"]+", lambda found: redact(found[0]), text)
        message = f"{what}: {type(error).__name__}: {text}".removesuffix(": ")
        # Without the cause: its text may show the credentials that this one leaves out.
        raise kind(message, source=self.url, key=key or None) from None

    def __reduce__(self) -> tuple[object, ...]:
        return (RemoteStore, (self._url, self._options))

    def __repr__(self) -> str:
        return f"<RemoteStore {self.url}>"


def redact(url: str) -> str:
    """Return a URL, chained or not, without users, passwords and queries."""
    url = re.sub(r"(?<=://)[^/?#]*@", "", url)
    return re.sub(r"(?s)\?.+?(?=::[\w+.-]+://|$)", "?…", url)


def _join(root: str, key: str) -> str:
    check_key(key)
    if not root.startswith(_WEB):
        return f"{root}/{key}" if root else key
    parts = urlsplit(root)  # a token in the query stays behind the path
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(key)}"))


def _fetch(fs: Any, paths: list[str], bounds: list[Bounds]) -> Sequence[Answer]:
    """Return for each path the bytes or an error, at once where the file system can."""
    if not isinstance(fs, AsyncFileSystem):
        # Their `cat_ranges` is a loop too, and that of a cache fails as a whole.
        return [_fetch_one(fs, path, *each) for path, each in zip(paths, bounds, strict=True)]
    starts, stops = [start for start, _ in bounds], [stop for _, stop in bounds]
    # Not `cat`: it would take a '*' or '?' in a key for a pattern.
    answers: Sequence[Answer] = fs.cat_ranges(paths, starts, stops, on_error="return")
    return answers


def _fetch_one(fs: Any, path: str, start: int | None, stop: int | None) -> Answer:
    try:
        data: bytes = fs.cat_file(path, start=start, end=stop)
    except Exception as error:  # the caller tells which of them is serious
        return error
    return data


def _bounds(span: Span | None) -> Bounds:
    if span is None:
        return None, None
    return span.start, None if span.length is None else span.start + span.length


def _cut(data: bytes, span: Span | None) -> bytes:
    """Return the span of a whole value, which a server sends that ignores ranges."""
    if span is None:
        return data
    wanted = -span.start if span.start < 0 else span.length
    return data if wanted is None or len(data) <= wanted else data[span.within(len(data))]


def _needs_size(path: str, span: Span, answer: Answer) -> bool:
    """Return whether another try is worthwhile, with the size of the value known."""
    if isinstance(answer, Exception):
        # No other status of HTTP than 416 complains about the span.
        return getattr(answer, "status", _BEHIND_THE_END) == _BEHIND_THE_END
    # A server may ignore a range, and without an end the length does not tell.
    return path.startswith(_WEB) and span.start > 0 and span.length is None


def _read_by_size(fs: Any, path: str, span: Span, answer: Answer) -> bytes:
    """Return a part of a value the slow way.

    For file systems that do not know "the last n bytes", and for a span that begins behind the
    end, which some call an error and others nothing.
    """
    size = fs.info(path)["size"]
    if size is None:
        data: bytes = fs.cat_file(path)
        return data[span.within(len(data))]
    if not isinstance(answer, Exception):
        return answer[span.start :] if len(answer) == size else answer
    part = span.within(size)
    if part.start >= part.stop:
        return b""
    data = fs.cat_file(path, start=part.start, end=part.stop)
    return _cut(data, Span(part.start, part.stop - part.start))


def _pipe(fs: Any, path: str, data: bytes) -> None:
    try:
        fs.pipe_file(path, data)
    except FileNotFoundError:  # a file system with real directories
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(path, data)


def _is_missing(answer: object) -> bool:
    return isinstance(answer, _MISSING) or getattr(answer, "status", None) == _GONE
