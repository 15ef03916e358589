"""A store in an SQLite database: one table of keys and values.

Specification: the layout of zarr-python 2,
https://zarr.readthedocs.io/en/support-v2/_modules/zarr/storage.html#SQLiteStore

A database that somebody else made may hold views and triggers that run code of theirs; so it is
opened to be read until something is written, its schema is trusted in nothing, and only a plain
table of those two columns is read.

>>> import tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> store = SqliteStore(f"{folder.name}/air.sqlite")
>>> store.set("a/c/0", b"chunk")
>>> store.get("a/c/0", Span(1, 2)), store.get("a/c/1"), list(store.children())
(b'hu', None, ['a/'])
>>> store.close()
>>> folder.cleanup()
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from zarr_cdm.core.stores.base import (
    Buffer,
    Request,
    Span,
    Store,
    Values,
    check_key,
    check_prefix,
)
from zarr_cdm.errors import FormatError, LimitError, StoreError

_CREATE = "CREATE TABLE IF NOT EXISTS zarr(k TEXT PRIMARY KEY, v BLOB)"
_SETTINGS = ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0")
_COLUMNS = {"k", "v"}
_GET = "SELECT CAST(v AS BLOB) FROM zarr WHERE k = ?"
_PARTS = {  # a span from the end, one with a length, one without
    "last": "SELECT substr(CAST(v AS BLOB), ?) FROM zarr WHERE k = ?",
    "some": "SELECT substr(CAST(v AS BLOB), ?, ?) FROM zarr WHERE k = ?",
}
_SIZES = "SELECT k, length(CAST(v AS BLOB)) FROM zarr WHERE k >= ? AND k < ?"
_ALL_SIZES = "SELECT k, length(CAST(v AS BLOB)) FROM zarr"
_NEXT = "SELECT min(k) FROM zarr WHERE k >= ?"
_TIMEOUT = 30.0  # seconds to wait for another process that writes
# Rolling back follows a journal that somebody may have put there; who only reads does not do it.
_INTERRUPTED = "SQLITE_READONLY_ROLLBACK"
_TOO_BIG = "SQLITE_TOOBIG"
_LENGTH, _MOST_BYTES = sqlite3.SQLITE_LIMIT_LENGTH, 2**31 - 1
_SPARE = 100  # the header of a row
_AFTER_SLASH = "0"  # the character that follows '/'


class SqliteStore:
    """The rows of a database, which need not exist before something is written.

    There is one connection for each process, used by one thread at a time.

    Parameters
    ----------
    safe
        Whether each value shall survive a loss of power; without, writing is much faster.
    """

    batch = 1
    gap = 16 * 2**10

    def __init__(self, path: str | os.PathLike[str], *, safe: bool = True) -> None:
        self.path = os.fspath(path)
        self._safe = safe
        self._lock = threading.RLock()
        self._connection: tuple[int, bool, sqlite3.Connection] | None = None

    @property
    def url(self) -> str:
        """The path of the database."""
        return self.path

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        check_key(key)
        whole = span if span is not None and span.is_whole else None
        query = _query(key, None if whole else span)
        rows = self._select("cannot read", key, *query, most=whole.most if whole else None)
        if not rows:
            return None
        value = bytes(rows[0][0] or b"")  # an empty one may come back as NULL
        return value[whole.within(len(value))] if whole else value

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests."""
        return [self.get(key, span) for key, span in requests]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        for key, _ in self.sizes(prefix):
            yield key

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix, at one look-up for each."""
        check_prefix(prefix)
        start = prefix
        while True:
            found = self._select("cannot list", prefix, _NEXT, (start,))
            key = found[0][0] if found else None
            if key is None or not str(key).startswith(prefix):
                return
            self._check(key)
            name, slash, _ = key[len(prefix) :].partition("/")
            yield name + slash
            start = prefix + name + (_AFTER_SLASH if slash else "\0")

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        check_prefix(prefix)
        bounds = (prefix, prefix[:-1] + _AFTER_SLASH) if prefix else ()
        query = _SIZES if prefix else _ALL_SIZES
        for key, size in self._select("cannot list", prefix, query, bounds):
            self._check(key)
            yield key, size or 0

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key, in a transaction of its own."""
        check_key(key)
        row = (key, memoryview(value).cast("B") if memoryview(value).nbytes else b"")
        with self._errors("cannot write", key), self._lock:
            self._open(writing=True).execute("REPLACE INTO zarr(k, v) VALUES (?, ?)", row)

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""
        check_key(key)
        with self._errors("cannot delete", key), self._lock:
            if os.path.lexists(self.path):
                self._open(writing=True).execute("DELETE FROM zarr WHERE k = ?", (key,))

    def occupied(self) -> bool:
        """Return whether something is at the path."""
        return os.path.lexists(self.path)

    @contextmanager
    def building(self, path: str) -> Iterator[Store]:
        """Yield a new store that is a database at ``path`` after a clean exit."""
        store = SqliteStore(path, safe=False)
        try:
            with store._errors("cannot create", ""):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
                store._open(writing=True)
            yield store
        finally:
            store.close()

    def close(self) -> None:
        """Close the connection; the next call opens another one."""
        with self._lock:
            if self._connection is not None and self._connection[0] == os.getpid():
                self._connection[2].close()
            self._connection = None

    def _select(
        self,
        what: str,
        key: str,
        query: str,
        values: tuple[Any, ...],
        *,
        most: int | None = None,
    ) -> Sequence[Any]:
        with self._errors(what, key), self._lock:
            if not os.path.lexists(self.path):
                return []
            connection = self._open()
            if most is not None:  # a row holds the key, too
                connection.setlimit(_LENGTH, min(most + _SPARE + 4 * len(key), _MOST_BYTES))
            try:
                rows: Sequence[Any] = connection.execute(query, values).fetchall()
            finally:
                if most is not None:
                    connection.setlimit(_LENGTH, _MOST_BYTES)
            return rows

    def _open(self, *, writing: bool = False) -> sqlite3.Connection:
        """Return the connection of this process; only what writes asks for one that can."""
        known = self._connection
        if known is not None and known[0] == os.getpid() and known[1] >= writing:
            return known[2]
        if os.path.lexists(self.path) and not stat.S_ISREG(os.stat(self.path).st_mode):
            raise OSError("not a regular file")
        connection = self._connect("rwc" if writing else "ro")
        try:
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
            if writing:
                connection.execute(f"PRAGMA synchronous={'FULL' if self._safe else 'OFF'}")
                self._create(connection)
            self._check_schema(connection)
        except BaseException:
            connection.close()
            raise
        self.close()
        # Not left to the collector, which would warn of it.
        weakref.finalize(self, _close, os.getpid(), connection)
        self._connection = (os.getpid(), writing, connection)
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        path = quote(os.path.abspath(self.path))
        uri = f"file://{'' if path.startswith('/') else '/'}{path}?mode={mode}"
        return sqlite3.connect(
            uri, uri=True, timeout=_TIMEOUT, isolation_level=None, check_same_thread=False
        )

    def _create(self, connection: sqlite3.Connection) -> None:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='zarr'").fetchall():
            connection.execute(_CREATE)

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        """Refuse all but a plain table with our two columns and without triggers."""
        found = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name='zarr' AND type!='index'"
        ).fetchall()
        for kind, name, text in found:
            if (kind, name) != ("table", "zarr") or "virtual" in str(text).lower().split("(")[0]:
                raise FormatError(f"has a {kind} {name!r} where a plain table should be")
        columns = connection.execute("PRAGMA table_xinfo(zarr)").fetchall()
        names = {column[1] for column in columns if column[-1] == 0}  # else computed or hidden
        if len(columns) != len(_COLUMNS) or names != _COLUMNS:
            raise FormatError(
                f"no table 'zarr' with the columns k and v, but {sorted(names)}: no Zarr store, "
                "or of another layout"
            )

    def _check(self, key: object) -> None:
        if not isinstance(key, str):
            raise StoreError(f"a key that is no text but {type(key).__name__}", source=self.url)
        check_key(key)

    @contextmanager
    def _errors(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except FormatError as error:
            raise error.at(source=self.url) from None
        # OverflowError: SQLite counts the bytes of a value with 31 bits.
        except (sqlite3.Error, OSError, OverflowError) as error:
            text = getattr(error, "strerror", None) or error
            name = getattr(error, "sqlite_errorname", "")
            if name == _INTERRUPTED:
                text = "a write was interrupted; the next write, or the sqlite3 tool, takes it back"
            kind = LimitError if name == _TOO_BIG else StoreError
            raise kind(f"{what}: {text}", source=self.url, key=key or None) from error

    def __reduce__(self) -> tuple[object, ...]:
        return (SqliteStore, (self.path,))

    def __repr__(self) -> str:
        return f"<SqliteStore {self.url}>"


def _query(key: str, span: Span | None) -> tuple[str, tuple[Any, ...]]:
    """Return what selects a value or a part of it; SQLite counts from one."""
    if span is None:
        return _GET, (key,)
    if span.start < 0 or span.length is None:
        return _PARTS["last"], (span.start if span.start < 0 else span.start + 1, key)
    return _PARTS["some"], (span.start + 1, span.length, key)


def _close(process: int, connection: sqlite3.Connection) -> None:
    if process == os.getpid():  # a child of fork must not touch the connections of its parent
        connection.close()
