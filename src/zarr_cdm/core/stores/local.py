"""A store in a directory: each key is a file.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/stores/filesystem/v1.0.html

A key is read only from a regular file, so a FIFO cannot hang and a device cannot go on for ever;
and only from below the directory, so a link cannot show what lies elsewhere. The directory itself
may be a link.
A value is written beside its place and moved there, so a reader sees the old one or the new one.

>>> import tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> store = LocalStore(folder.name)
>>> store.set("a/c/0", b"chunk")
>>> store.get("a/c/0"), store.get("a/c/1")
(b'chunk', None)
>>> list(store.children("a/"))
['c/']
>>> folder.cleanup()
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter

from zarr_cdm.core.stores.base import (
    Buffer,
    Request,
    Span,
    Values,
    check_key,
    check_prefix,
)
from zarr_cdm.errors import LimitError, StoreError
from zarr_cdm.limits import current

# Windows has no O_NONBLOCK and no O_CLOEXEC; the others have no O_BINARY.
_COMMON = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _COMMON
_NO_LINK = _READ | getattr(os, "O_NOFOLLOW", 0)
_IS_LINK = (errno.ELOOP, errno.EMLINK)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _COMMON
_MARK, _SUFFIX = ".zarr_cdm-", ".partial"
_ATTEMPTS = 100
_MOST_BUFFERS = 1024  # IOV_MAX: no system takes fewer at once that has writev at all
_MOST_FOLDERS = 2**16
_MISSING = (FileNotFoundError, NotADirectoryError)


class LocalStore:
    """The files below a directory, which need not exist before something is written."""

    batch = 1
    gap = 16 * 2**10

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.fspath(root)
        self._base = self.root.rstrip("/") + "/"
        self._inside = {""}  # directories that are known to lie in the store

    @property
    def url(self) -> str:
        """The path of the directory."""
        return self.root

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        return self._get(key, (span,))[0]

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each request; neighbours of one key at one opening."""
        values: Values = []
        for key, asked in groupby(requests, itemgetter(0)):
            values += self._get(key, [span for _, span in asked])
        return values

    def _get(self, key: str, spans: Sequence[Span | None]) -> Values:
        try:
            descriptor = self._open(key)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(f"not a regular file but {stat.filemode(status.st_mode)}")
                values: Values = [_read(descriptor, spans[0], status.st_size)]
                for span in spans[1:]:
                    os.lseek(descriptor, 0, os.SEEK_SET)
                    values.append(_read(descriptor, span, status.st_size))
                return values
            finally:
                os.close(descriptor)
        except _MISSING:
            return [None] * len(spans)
        except LimitError as error:
            raise error.at(source=self.url, key=key) from None
        except OSError as error:
            raise self._failure("cannot read", error, key) from error

    def modified(self, key: str) -> int | None:
        """Return when a value was written, in ns; None where there is no such key."""
        try:
            return os.stat(self._base + key, follow_symlinks=False).st_mtime_ns
        except (OSError, ValueError):  # what cannot be the name of a file, as one with a NUL
            return None

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix; links to directories are not followed."""
        for key, _ in self._walk(prefix):
            yield key

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        for entry in self._scan(prefix):
            kind = _kind(entry)
            if kind:
                yield entry.name + "/" if kind == "directory" else entry.name

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its file."""
        for key, entry in self._walk(prefix):
            try:
                size = entry.stat().st_size
            except FileNotFoundError:  # deleted since the directory was listed
                continue
            yield key, size

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key: a new file takes the place of the old one in one step."""
        self.set_parts(key, [value])

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        """Put the parts of a value at a key, in one step too."""
        check_key(key)
        path = self._base + key
        try:
            with suppress(FileNotFoundError):
                self._enter(key.rpartition("/")[0])
            descriptor, partial = _create_beside(path)
            try:
                try:
                    _write(descriptor, parts)
                finally:
                    os.close(descriptor)
                os.replace(partial, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(partial)
                raise
        except OSError as error:
            raise self._failure("cannot write", error, key) from error

    def delete(self, key: str) -> None:
        """Remove a key, and the directories that are empty then; that it is absent is fine."""
        check_key(key)
        try:
            self._enter(key.rpartition("/")[0])
            os.unlink(self._base + key)
        except _MISSING:
            return
        except OSError as error:
            raise self._failure("cannot delete", error, key) from error
        with suppress(OSError):  # the first directory that is not empty ends it
            while "/" in key:
                key = key.rpartition("/")[0]
                os.rmdir(self._base + key)

    def occupied(self) -> bool:
        """Return whether something is at the path of the directory, be it a file or a link."""
        return os.path.lexists(self.root)

    def _open(self, key: str) -> int:
        """Return a descriptor of the file at a key, which must lie in the store."""
        folder, _, name = key.rpartition("/")
        # Most keys are numbers in a directory that is known: there is nothing to check.
        if not folder or folder not in self._inside or not name.isalnum():
            check_key(key)
            self._enter(folder)
        try:
            return os.open(self._base + key, _NO_LINK)
        except OSError as error:
            if error.errno not in _IS_LINK:
                raise
        self._follow(key)
        return os.open(self._base + key, _READ)

    def _enter(self, folder: str) -> None:
        """Raise `OSError` where a directory is a link out of the store; remember where not."""
        inside = True
        names = folder.split("/")
        for count in range(1, len(names) + 1):
            part = "/".join(names[:count])
            if part in self._inside:
                continue
            if stat.S_ISLNK(os.lstat(self._base + part).st_mode):
                inside = self._follow(part) and inside
            if inside:
                if len(self._inside) > _MOST_FOLDERS:
                    self._inside = {""}
                self._inside.add(part)

    def _follow(self, key: str) -> bool:
        """Return whether a link stays in the store; raise `OSError` where it must but does not."""
        root, place = os.path.realpath(self.root), os.path.realpath(self._base + key)
        inside = os.path.commonpath([root, place]) == root
        if not inside and not current().follow_symlinks:
            raise OSError(
                f"a link leads out of the store, to {place}; if that is meant, set "
                "Limits.follow_symlinks"
            )
        return inside

    def _walk(self, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        folders = [prefix]
        while folders:
            folder = folders.pop()
            for entry in self._scan(folder):
                kind = _kind(entry)
                if kind == "file":
                    yield folder + entry.name, entry
                elif kind == "directory" and not entry.is_symlink():  # it may lead back up
                    folders.append(f"{folder}{entry.name}/")

    def _scan(self, prefix: str) -> Iterator[os.DirEntry[str]]:
        check_prefix(prefix)
        try:
            self._enter(prefix[:-1])
            with os.scandir(self._base + prefix) as entries:
                found = [entry for entry in entries if not _is_partial(entry.name)]
        except _MISSING:
            return
        except OSError as error:
            raise self._failure("cannot list", error, prefix) from error
        yield from found

    def _failure(self, what: str, error: OSError, key: str) -> StoreError:
        reason = error.strerror or str(error)
        return StoreError(f"{what}: {reason}", source=self.url, key=key)

    def __reduce__(self) -> tuple[object, ...]:
        return (LocalStore, (self.root,))

    def __repr__(self) -> str:
        return f"<LocalStore {self.url}>"


def _read(descriptor: int, span: Span | None, size: int) -> bytes:
    """Return a part of a file of ``size`` bytes that is at its beginning."""
    part = slice(0, size) if span is None else span.within(size)
    if part.start:
        os.lseek(descriptor, part.start, os.SEEK_SET)
    wanted = part.stop - part.start
    data = os.read(descriptor, wanted)
    while len(data) < wanted:  # Linux reads no more than 2 GiB at once
        more = os.read(descriptor, wanted - len(data))
        if not more:
            raise OSError(f"the file ends after {len(data)} of {wanted} bytes")
        data += more
    return data


def _create_beside(path: str) -> tuple[int, str]:
    """Create a file next to ``path``, and its directory only where that is found missing."""
    folder = path.rpartition("/")[0]
    partial = f"{folder}/{_MARK}{secrets.token_hex(8)}{_SUFFIX}"
    for _ in range(_ATTEMPTS):
        try:
            return os.open(partial, _CREATE, 0o666), partial
        except FileNotFoundError:
            # Another thread's `delete` may remove a directory while this one makes it.
            with suppress(FileNotFoundError, FileExistsError):
                os.makedirs(folder, exist_ok=True)
    return os.open(partial, _CREATE, 0o666), partial


def _write(descriptor: int, parts: Sequence[Buffer]) -> None:
    """Write buffers one behind the other, many at once where the system can."""
    if len(parts) == 1 or not hasattr(os, "writev"):
        for part in parts:
            _write_all(descriptor, part, os.write(descriptor, part))
        return
    for first in range(0, len(parts), _MOST_BUFFERS):
        some = parts[first : first + _MOST_BUFFERS]
        written = os.writev(descriptor, some)
        for part in some:  # all of them, but for a signal, a full disk or more than 2 GiB
            size = memoryview(part).nbytes
            _write_all(descriptor, part, min(written, size))
            written = max(0, written - size)


def _write_all(descriptor: int, value: Buffer, written: int) -> None:
    """Write what is left of a buffer of which some bytes are written."""
    size = memoryview(value).nbytes
    while written < size:  # a signal, or more than 2 GiB
        written += os.write(descriptor, memoryview(value).cast("B")[written:])


def _kind(entry: os.DirEntry[str]) -> str:
    """Return "file" or "directory", or '' for a FIFO, a link that leads nowhere, and the like."""
    try:
        return "directory" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:  # a link to itself
        return ""


def _is_partial(name: str) -> bool:
    return name.startswith(_MARK) and name.endswith(_SUFFIX)
