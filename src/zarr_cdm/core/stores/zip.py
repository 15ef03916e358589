"""A store in a zip archive, which is read where it lies, here or far away.

Specification: https://ngff.openmicroscopy.org/rfc/9/ (``.ozx``); Zarr itself has none for zip.

Reading takes any store that can read parts of a value. The directory is read once; a member that is
STORED is then read like a file, so a shard in an archive gives single chunks. Where all lies in one
folder (``air.zarr/zarr.json``), the folder is the root. Writing is for `NewZipStore`.

>>> import io, zipfile
>>> from zarr_cdm.core.stores.memory import MemoryStore
>>> file = io.BytesIO()
>>> with zipfile.ZipFile(file, "w") as archive:
...     archive.writestr("air.zarr/zarr.json", "{}")
>>> store = ZipStore(MemoryStore({"air.zip": file.getvalue()}), "air.zip")
>>> list(store.list()), store.get("zarr.json"), store.get("c/0")
(['zarr.json'], b'{}', None)
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NoReturn

from zarr_cdm.core.stores.base import (
    Buffer,
    Readable,
    Request,
    Span,
    Store,
    Values,
    check_key,
    check_prefix,
    names_below,
)
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.zip_directory import LOCAL, TAIL, Member, data_offset, read_directory
from zarr_cdm.core.stores.zip_new import new_zip
from zarr_cdm.errors import FormatError, StoreError, UnsupportedError, ZarrCdmError
from zarr_cdm.limits import current

_STORED, _DEFLATED = 0, 8
_DOCUMENTS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}


class ZipStore:
    """The members of an archive; none where there is no archive.

    Parameters
    ----------
    source, name
        The store that the archive lies in, and its key there.
    root
        The folder in the archive whose members are the keys, '' or with a '/' at its end. None to
        look for it.
    """

    def __init__(self, source: Readable, name: str, root: str | None = None) -> None:
        check_key(name)
        check_prefix(root or "")
        self.source = source
        self.name = name
        self._root = root
        self._lock = threading.Lock()
        self._members: dict[str, Member] | None = None
        self._starts: dict[int, int] = {}  # where the bytes behind a header begin, once known

    @property
    def url(self) -> str:
        """The place of the archive, and of the root in it."""
        folder, mark, query = self.source.url.partition("?")
        place = f"{folder}{'' if folder.endswith('/') else '/'}{self.name}{mark}{query}"
        return f"{place}|zip:{self._root}" if self._root else place

    @property
    def batch(self) -> int:
        """That of the store that the archive lies in."""
        return self.source.batch

    @property
    def gap(self) -> int:
        """What the source below finds right."""
        return self.source.gap

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        return self.get_many([(key, span)])[0]

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests, at one or two reads of the archive."""
        members = self._open()
        wanted = []
        for i, (key, span) in enumerate(requests):
            check_key(key)
            if key in members:
                wanted.append((i, key, members[key], self._span(key, members[key], span)))
        self._locate([member for _, _, member, span in wanted if span is not None])
        values: Values = [None] * len(requests)
        parts = [self._part(member, span) for _, _, member, span in wanted]
        for (i, key, member, span), part, data in zip(
            wanted, parts, self._read(parts), strict=True
        ):
            try:
                values[i] = self._value(member, span, part, data)
            except ZarrCdmError as error:
                raise error.at(source=self.url, key=key) from error.__cause__
        return values

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
        for key, member in self._open().items():
            if key.startswith(prefix):
                yield key, member.size

    def set(self, key: str, value: Buffer) -> None:
        """Refuse: what is appended to an archive and interrupted destroys all of it."""
        check_key(key)
        self._refuse(key)

    def delete(self, key: str) -> None:
        """Refuse, as `set` does."""
        check_key(key)
        self._refuse(key)

    def occupied(self) -> bool:
        """Return whether something is where the archive should be."""
        if isinstance(self.source, LocalStore):
            return os.path.lexists(os.path.join(self.source.root, self.name))
        return self.source.get(self.name, Span(0, 1)) is not None

    def building(self, path: str) -> AbstractContextManager[Store]:
        """Return a context with a new store that is an archive at ``path`` after it."""
        if not isinstance(self.source, LocalStore) or self._root:
            raise UnsupportedError(
                "a zip archive is written on this machine only, and as a whole; copy it afterwards",
                source=self.url,
            )
        return new_zip(path, ome=self.name.lower().endswith(".ozx"))

    def _open(self) -> dict[str, Member]:
        with self._lock:
            if self._members is None:
                tail = self.source.get(self.name, Span(-TAIL))
                if tail is None:
                    return {}  # and look again the next time: it may appear
                try:
                    members = read_directory(tail, self._read_part)
                except ZarrCdmError as error:
                    raise error.at(source=self.url) from error.__cause__
                root = _find_root(members) if self._root is None else self._root
                self._members = {
                    name[len(root) :]: member
                    for name, member in members.items()
                    if name.startswith(root)
                }
            return self._members

    def _read_part(self, span: Span) -> bytes:
        return self._read([span])[0]

    def _read(self, parts: Sequence[Span]) -> Sequence[bytes]:
        """Return parts of the archive; of an empty one without asking for it."""
        asked: Sequence[Request] = [(self.name, part) for part in parts if part.length != 0]
        found = iter(self.source.get_many(asked)) if asked else iter(())
        values = [next(found) if part.length != 0 else b"" for part in parts]
        if None in values:
            raise StoreError("the zip archive is not there any more", source=self.url)
        return [value for value in values if value is not None]

    def _span(self, key: str, member: Member, span: Span | None) -> Span | None:
        """Return what is to be read; None for a whole member, which may be too large."""
        if span is None or not span.is_whole:
            return span
        try:
            span.within(max(member.size, member.stored))
        except ZarrCdmError as error:
            raise error.at(source=self.url, key=key) from None
        return None

    def _locate(self, members: Sequence[Member]) -> None:
        """Find out where the bytes of members begin, for those of which parts can be read."""
        offsets = {each.offset for each in members if each.method == _STORED}
        unknown = sorted(offsets.difference(self._starts))
        headers = self._read([Span(offset, LOCAL.size) for offset in unknown])
        for offset, header in zip(unknown, headers, strict=True):
            self._starts[offset] = offset + self._named(header)

    def _named(self, header: bytes) -> int:
        try:
            return data_offset(header)
        except FormatError as error:
            raise error.at(source=self.url) from None

    def _part(self, member: Member, span: Span | None) -> Span:
        """Return the part of the archive to read: of a STORED member no more than is asked for."""
        if span is None or member.method != _STORED:
            return Span(member.offset, member.reach)
        part = span.within(member.stored)
        return Span(self._starts[member.offset] + part.start, part.stop - part.start)

    def _value(self, member: Member, span: Span | None, part: Span, data: bytes) -> bytes:
        if span is None or member.method != _STORED:
            whole = self._whole(member, data)
            return whole if span is None else whole[span.within(len(whole))]
        if len(data) != part.length:
            raise FormatError(f"the zip archive has {len(data)} of {part.length} bytes here")
        return data

    def _whole(self, member: Member, data: bytes) -> bytes:
        """Return a member from what was read at its header."""
        start = data_offset(data)
        self._starts[member.offset] = member.offset + start
        packed = data[start : start + member.stored]
        if start + member.stored > member.reach:  # a header longer than its entry let expect
            packed = self._read_part(Span(member.offset + start, member.stored))
        value = _unpack(member, packed)
        if len(value) != member.size or zlib.crc32(value) != member.crc:
            raise FormatError(
                f"{len(value)} bytes that are not the {member.size} of the zip directory: "
                "the archive is damaged"
            )
        return value

    def _refuse(self, key: str) -> NoReturn:
        raise UnsupportedError(
            "a zip archive is written once and as a whole; write a new one, or a directory",
            source=self.url,
            key=key,
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (ZipStore, (self.source, self.name, self._root))

    def __repr__(self) -> str:
        return f"<ZipStore {self.url}>"


def _find_root(members: dict[str, Member]) -> str:
    """Return the one folder that all lies in, '' if there is none or a document beside it."""
    tops = {name.partition("/")[0] for name in members if not name.startswith("__MACOSX/")}
    if len(tops) != 1 or not _DOCUMENTS.isdisjoint(tops):
        return ""
    folder = tops.pop()
    return "" if folder in members else folder + "/"


def _unpack(member: Member, packed: bytes) -> bytes:
    if member.method == _STORED:
        return packed
    if member.method != _DEFLATED:
        raise UnsupportedError(
            f"zip method {member.method}; known: 0 (stored), 8 (deflated). Zip it anew with one"
        )
    current().check("chunk_bytes", member.size, "a deflated member of a zip archive")
    try:
        # One byte more than it should have shows a bomb, and no more of it is inflated.
        return zlib.decompressobj(wbits=-15).decompress(packed, member.size + 1)
    except zlib.error as error:
        raise FormatError(f"cannot inflate a member of the zip archive: {error}") from error
