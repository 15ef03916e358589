"""A store behind any URL that fsspec knows: ``s3://``, ``https://``, ``simplecache::…``, and so on.

Specification: https://filesystem-spec.readthedocs.io/en/latest/features.html#url-chaining

Of the storage options ``"zarr_cdm"`` is ours, see `Network`; the others are fsspec's. Only "there
is no such thing" reads as a missing key; a refusal or a failing server is an error.
Neither errors nor the repr show what a URL says of users, passwords and tokens, or any option.

>>> store = RemoteStore("memory://doctest.zarr", {"token": "secret"})
>>> store
<RemoteStore memory://doctest.zarr>
>>> store.set("zarr.json", b"{}")
>>> store.get("zarr.json"), store.get("c/0")
(b'{}', None)
>>> store.delete("zarr.json")
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from fsspec.asyn import AsyncFileSystem
from fsspec.core import url_to_fs

from zarr_cdm.core.stores.base import (
    Buffer,
    Request,
    Span,
    Store,
    Values,
    check_key,
    check_prefix,
)
from zarr_cdm.core.stores.cached import CachedStore
from zarr_cdm.core.stores.fetching import MISSING, at_once, fetch_many, is_missing, send_many
from zarr_cdm.core.stores.network import Network, patiently_here, transient
from zarr_cdm.core.stores.protocols import prepared, tuned
from zarr_cdm.core.stores.redact import redact, redact_text
from zarr_cdm.errors import StoreError, UnsupportedError, ZarrCdmError

Result = TypeVar("Result")

OURS = "zarr_cdm"  # the name of our options among those of fsspec
_WEB = ("http://", "https://")


def open_remote(url: str, storage_options: Mapping[str, Any] | None = None) -> Store:
    """Return the store at a URL, with a memory for what was read where that is asked for.

    >>> open_remote("memory://doctest.zarr", {"zarr_cdm": {"cache_bytes": 2**20}})
    <CachedStore <RemoteStore memory://doctest.zarr>>
    """
    options = dict(storage_options or {})
    network = Network.of(options.pop(OURS, None))
    store = RemoteStore(url, options, network)
    return CachedStore(store, network.cache_bytes) if network.cache_bytes else store


class RemoteStore:
    """The keys below a URL.

    The file system is made at the first request, and made anew in a process that got this store by
    pickle or by fork: connections belong to the process that opened them.

    Parameters
    ----------
    url
        What fsspec understands.
    storage_options
        What fsspec hands to the file system.
    network
        How patient to be.
    """

    def __init__(
        self,
        url: str,
        storage_options: Mapping[str, Any] | None = None,
        network: Network | None = None,
    ) -> None:
        self._url = url
        self._options = dict(storage_options or {})
        self._network = network or Network()
        self._connection: tuple[int, Any, str] | None = None

    @property
    def url(self) -> str:
        """The URL without credentials."""
        return redact(self._url)

    @property
    def batch(self) -> int:
        """How many requests one `get_many` sends at once; few where fsspec knows no way to."""
        return at_once(self._connect()[0], self._network)

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
        spans = [span for _, span in requests]
        answers = self._try("cannot read", "", lambda: fetch_many(fs, paths, spans, self._network))
        values: Values = []
        for (key, _), answer in zip(requests, answers, strict=True):
            if isinstance(answer, Exception):
                raise self._failure("cannot read", key, answer)
            values.append(answer)
        return values

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        for key, _ in self.sizes(prefix):
            yield key

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        fs, folder = self._folder(prefix)
        for entry in self._look("cannot list", prefix, lambda: fs.ls(folder, detail=True)) or ():
            name = self._name(entry["name"], prefix)
            if name:
                yield name + "/" if entry["type"] == "directory" else name

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        fs, folder = self._folder(prefix)
        found = self._look("cannot list", prefix, lambda: fs.find(folder, detail=True)) or {}
        for path, entry in found.items():
            name = self._name(path, prefix)
            if name and entry["type"] != "directory":
                yield prefix + name, entry["size"]

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key."""
        fs, root = self._connect()
        path, data = _join(root, key), bytes(value)
        self._try("cannot write", key, lambda: _pipe(fs, path, data), again=True)

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        """Put values at keys, all of them sent at once where the file system knows a way to."""
        fs, root = self._connect()
        data = {_join(root, key): bytes(value) for key, value in values}  # or no key: none is put
        if not isinstance(fs, AsyncFileSystem):
            for key, value in values:
                self.set(key, value)
            return
        answers = self._try("cannot write", "", lambda: send_many(fs, data, self._network))
        for (key, _), error in zip(values, answers, strict=True):
            if error is not None:
                raise self._failure("cannot write", key, error)

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""
        fs, root = self._connect()
        path = _join(root, key)
        self._look("cannot delete", key, lambda: fs.rm_file(path))

    def occupied(self) -> bool:
        """Return whether something is below the URL, or an object right at it."""
        if any(True for _ in self.children()):
            return True
        fs, root = self._connect()
        found = self._look("cannot look", "", lambda: fs.info(root))
        return found is not None and found["type"] != "directory"

    def _connect(self) -> tuple[Any, str]:
        if self._connection is None or self._connection[0] != os.getpid():
            self._connection = (os.getpid(), *self._try("cannot open", "", self._open))
        return self._connection[1:]

    def _open(self) -> tuple[Any, str]:
        fs, root = url_to_fs(self._url, **prepared(self._url, self._options, self._network))
        self._network = tuned(fs, self._network)
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

    def _look(self, what: str, key: str, call: Callable[[], Result]) -> Result | None:
        """Return what ``call`` does, None where there is nothing."""

        def look() -> Result | None:
            try:
                return call()
            except MISSING as error:
                if is_missing(error):
                    return None
                raise

        return self._try(what, key, look, again=True)

    def _try(
        self, what: str, key: str, call: Callable[[], Result], *, again: bool = False
    ) -> Result:
        """Return what ``call`` does; its errors become ours."""
        try:
            return patiently_here(call, self._network) if again else call()
        except Exception as error:  # file systems are plugins, each with errors of its own
            failure = self._failure(what, key, error, again)
        # Not above, where it would remember an error that may show credentials.
        raise failure

    def _failure(self, what: str, key: str, error: Exception, again: bool = True) -> ZarrCdmError:
        places = {"source": self.url, "key": key or None}
        if isinstance(error, ZarrCdmError):
            return error.at(**places)
        text = redact_text(str(error).replace(self._url, self.url), self._options)
        if isinstance(error, ImportError):
            text = f"fsspec cannot open this: {text}; pip install 'zarr-cdm[remote]'"
            return UnsupportedError(text, **places)
        kind = UnsupportedError if isinstance(error, NotImplementedError) else StoreError
        message = f"{what}: {type(error).__name__}: {text}".removesuffix(": ")
        if again and transient(error) and self._network.attempts > 1:
            message += f", after {self._network.attempts} attempts"
        return kind(message, **places)

    def __reduce__(self) -> tuple[object, ...]:
        return (RemoteStore, (self._url, self._options, self._network))

    def __repr__(self) -> str:
        return f"<RemoteStore {self.url}>"


def _join(root: str, key: str) -> str:
    check_key(key)
    if not root.startswith(_WEB):
        return f"{root}/{key}" if root else key
    parts = urlsplit(root)  # a token in the query stays behind the path
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(key)}"))


def _pipe(fs: Any, path: str, data: bytes) -> None:
    try:
        fs.pipe_file(path, data)
    except FileNotFoundError:
        # A file system with real directories; where there are buckets, it would make one.
        if isinstance(fs, AsyncFileSystem):
            raise
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(path, data)
