"""A zip archive that is being written.

Specification: https://ngff.openmicroscopy.org/rfc/9/ ("single-file OME-Zarr")

Members are STORED, because chunks are compressed already, and with the headers of ZIP64. What is
replaced or deleted is left out of the directory, which ends the archive and is written at `close`:
the ``zarr.json`` of the root first, then the others breadth-first, so that one read of its begin
shows the hierarchy. Until then there is no archive to open.

>>> import os, tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> with new_zip(f"{folder.name}/air.zip") as store:
...     store.set("c/0", b"chunk")
...     store.set("zarr.json", b"{}")
>>> zipfile.ZipFile(f"{folder.name}/air.zip").namelist()
['zarr.json', 'c/0']
>>> folder.cleanup()
"""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from zarr_cdm.core.stores.base import (
    Buffer,
    Request,
    Span,
    Values,
    check_key,
    check_prefix,
    names_below,
)
from zarr_cdm.errors import LimitError, StoreError

_DOCUMENT = "zarr.json"
_MODE = 0o644 << 16


@contextmanager
def new_zip(path: str, *, ome: bool = False) -> Iterator[NewZipStore]:
    """Yield a store that is an archive at ``path`` after a clean exit; nothing may be there yet."""
    store = NewZipStore(path, ome=ome)
    try:
        yield store
    except BaseException:
        store.discard()
        raise
    store.close()


class NewZipStore:
    """A new archive; what was set can be read again before it is closed.

    Parameters
    ----------
    ome
        Whether the comment of an ``.ozx`` file shall say in which order the documents lie.
    """

    batch = 1
    gap = 16 * 2**10

    def __init__(self, path: str, *, ome: bool = False) -> None:
        self.url = path
        self._ome = ome
        self._lock = threading.RLock()
        self._places: dict[str, tuple[zipfile.ZipInfo, int, int]] = {}
        try:
            self._file = open(path, "x+b")  # noqa: SIM115 - closed by `close` or `discard`
        except OSError as error:
            raise self._failure("cannot create", error) from error
        self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        check_key(key)
        with self._lock:
            if key not in self._places:
                return None
            _, start, size = self._places[key]
            try:
                part = slice(0, size) if span is None else span.within(size)
                self._file.seek(start + part.start)
                return self._file.read(part.stop - part.start)
            except LimitError as error:
                raise error.at(source=self.url, key=key) from None
            except OSError as error:
                raise self._failure("cannot read", error, key) from error

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests."""
        return [self.get(key, span) for key, span in requests]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        for key, _ in self.sizes(prefix):
            yield key

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        yield from names_below(prefix, self.list(prefix))

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        check_prefix(prefix)
        with self._lock:
            found = [(key, size) for key, (_, _, size) in self._places.items()]
        yield from [each for each in found if each[0].startswith(prefix)]

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key."""
        check_key(key)
        info = zipfile.ZipInfo(key)  # of 1980: the same values give the same archive
        info.external_attr = _MODE
        size = memoryview(value).nbytes
        try:
            with self._lock:
                self._archive.NameToInfo.pop(key, None)  # or it warns of a duplicate
                with self._archive.open(info, "w", force_zip64=True) as member:
                    start = self._file.tell()
                    member.write(value)
                self._places[key] = info, start, size
        except OSError as error:
            raise self._failure("cannot write", error, key) from error

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""
        check_key(key)
        with self._lock:
            self._places.pop(key, None)

    def close(self) -> None:
        """Write the directory; the archive is whole then."""
        with self._lock, self._file:
            try:
                if self._ome:
                    self._archive.comment = self._comment()
                ordered = sorted(self._places, key=_rank)  # those of a rank stay in their order
                self._archive.filelist[:] = [self._places[key][0] for key in ordered]
                self._archive.close()
            except OSError as error:
                self.discard()
                raise self._failure("cannot write", error) from error

    def discard(self) -> None:
        """Close the file as it is, which is no archive."""
        with self._lock:
            self._archive.fp = None  # or it would write a directory when it is collected
            self._file.close()

    def _comment(self) -> bytes:
        ome: dict[str, Any] = {"zipFile": {"centralDirectory": {"jsonFirst": True}}}
        version = _ome_version(self.get(_DOCUMENT))
        return json.dumps({"ome": {"version": version} | ome if version else ome}).encode()

    def _failure(self, what: str, error: OSError, key: str | None = None) -> StoreError:
        return StoreError(f"{what}: {error.strerror or error}", source=self.url, key=key)

    def __repr__(self) -> str:
        return f"<NewZipStore {self.url}>"


def _rank(key: str) -> tuple[int, int, str]:
    folder, _, name = key.rpartition("/")
    return (0, key.count("/"), folder) if name == _DOCUMENT else (1, 0, "")


def _ome_version(document: bytes | None) -> str | None:
    """Return the version of OME-Zarr that the root group names."""
    try:
        ome = json.loads(document or b"{}")["attributes"]["ome"]["version"]
    except (ValueError, LookupError, TypeError):
        return None
    return ome if isinstance(ome, str) else None
