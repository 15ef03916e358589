"""The central directory of a zip archive: which members there are, and where their bytes lie.

Specification: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

The directory stands at the end, so that two reads find all: one of the last bytes, and one of the
directory where those do not hold it already. An archive that somebody else made may lie; what does
not fit together is refused before a member is read.

>>> import io, zipfile
>>> file = io.BytesIO()
>>> with zipfile.ZipFile(file, "w") as archive:
...     archive.writestr("a/zarr.json", "{}")
>>> value = file.getvalue()
>>> members = read_directory(value, lambda span: value[span.within(len(value))])
>>> {name: (member.method, member.size) for name, member in members.items()}
{'a/zarr.json': (0, 2)}
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from zarr_cdm.core.stores.base import Span, check_key
from zarr_cdm.errors import FormatError, UnsupportedError
from zarr_cdm.limits import current

# The end of an archive, its ZIP64 twin with a locator, an entry, and what precedes a member.
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
TAIL = 2**16 + _END.size + _LOCATOR.size + _END_64.size  # a comment has at most 65535 bytes
_FULL_32 = 2**32 - 1  # "see the ZIP64 field"
_ZIP64_FIELD = 1
_ENCRYPTED = 1
_SPARE = 64  # extra fields of a member are often longer than those of its entry

Read: TypeAlias = Callable[[Span], bytes]


class Member(NamedTuple):
    """Where a member of an archive lies.

    Attributes
    ----------
    offset
        Where its header begins; its bytes follow.
    reach
        How many bytes from there hold the header and, most likely, all bytes of the member.
    stored
        How many bytes it has in the archive.
    size
        How many bytes it has once it is inflated.
    """

    offset: int
    reach: int
    method: int
    crc: int
    stored: int
    size: int


class _End(NamedTuple):
    entries: int
    size: int
    offset: int


def read_directory(tail: bytes, read: Read) -> dict[str, Member]:
    """Return the members of an archive by name; the last of several that share one.

    Parameters
    ----------
    tail
        The last `TAIL` bytes of the archive, or all of a smaller one.
    read
        Returns a part of the archive.

    Raises
    ------
    FormatError
        It is no zip archive, or a damaged or dangerous one.
    LimitError
        It has more entries, or a bigger directory, than the limits allow.
    """
    end, before = _find_end(tail)
    limits = current()
    limits.check("zip_entries", end.entries, "a zip archive")
    limits.check("zip_directory_bytes", end.size, "the directory of a zip archive")
    if end.size <= before:
        data = tail[before - end.size : before]
    else:
        data = read(Span(end.offset, end.size))
    if len(data) != end.size:
        raise FormatError(f"the zip directory has {len(data)} of {end.size} bytes: it is cut off")
    found = list(_entries(data))
    _check_overlaps([member for _, member in found], end.offset)
    return {name: member for name, member in found if not name.endswith("/")}


def data_offset(header: bytes) -> int:
    """Return how far behind the begin of its header the bytes of a member begin."""
    if len(header) < LOCAL.size or header[:4] != b"PK\3\4":
        raise FormatError("no member of the zip archive where its directory says: it is damaged")
    *_, name, extra = LOCAL.unpack_from(header)
    return LOCAL.size + int(name) + int(extra)


def _find_end(tail: bytes) -> tuple[_End, int]:
    """Return what the end of an archive says, and where in the tail the directory has ended."""
    at = tail.rfind(b"PK\5\6")
    while at >= 0:  # the comment may hold the same four bytes
        if at + _END.size <= len(tail):
            *_, comment = _END.unpack_from(tail, at)
            if at + _END.size + comment == len(tail):
                return _read_end(tail, at)
        at = tail.rfind(b"PK\5\6", 0, at)
    raise FormatError("no zip archive: its end is not there; it may be cut off")


def _read_end(tail: bytes, at: int) -> tuple[_End, int]:
    _, disk, first_disk, _, entries, size, offset, _ = _END.unpack_from(tail, at)
    locator = at - _LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\6\7":  # some write it always
        at = locator - _END_64.size
        if at < 0 or tail[at : at + 4] != b"PK\6\6":
            raise FormatError("the ZIP64 end of the zip archive is not there: it is damaged")
        _, _, _, _, disk, first_disk, _, entries, size, offset = _END_64.unpack_from(tail, at)
    if disk or first_disk:
        raise UnsupportedError("a zip archive in several parts; join them first")
    return _End(entries, size, offset), at


def _entries(data: bytes) -> Iterator[tuple[str, Member]]:
    at = count = 0
    while at < len(data):
        if at + _ENTRY.size > len(data) or data[at : at + 4] != b"PK\1\2":
            raise FormatError(f"no entry at byte {at} of the zip directory: it is damaged")
        fields = _ENTRY.unpack_from(data, at)
        flags, method, crc = fields[3], fields[4], fields[7]
        name, extra, comment = fields[10:13]
        begin = at + _ENTRY.size
        raw = data[begin : begin + name]
        stored, size, offset = _sizes(
            (fields[8], fields[9], fields[16]), data[begin + name : begin + name + extra]
        )
        at = begin + name + extra + comment
        count += 1
        key = _key(raw)
        if flags & _ENCRYPTED:
            raise UnsupportedError("an encrypted zip archive; decrypt it first", key=key)
        reach = LOCAL.size + name + max(extra, _SPARE) + stored
        yield key, Member(offset, reach, method, crc, stored, size)
    current().check("zip_entries", count, "a zip archive")


def _sizes(found: tuple[int, int, int], extra: bytes) -> tuple[int, int, int]:
    """Return compressed size, size and offset, from the ZIP64 field where they are too big."""
    stored, size, offset = found
    if _FULL_32 not in found:
        return found
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _ZIP64_FIELD:
            field = extra[at + 4 : at + 4 + length]
            values = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
            # Only what does not fit stands there, in this order.
            size = next(values, size) if size == _FULL_32 else size
            stored = next(values, stored) if stored == _FULL_32 else stored
            offset = next(values, offset) if offset == _FULL_32 else offset
        at += 4 + length
    return stored, size, offset


def _key(raw: bytes) -> str:
    """Return a name as a key, with the '/' of a directory; refuse one that leaves the archive."""
    try:
        name = raw.decode()  # many write it without the flag that announces it
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    name = name.replace("\\", "/")
    check_key(name.removesuffix("/"))
    return name


def _check_overlaps(members: list[Member], end: int) -> None:
    """Refuse members that share bytes: so a small archive unfolds to a huge one."""
    places = sorted((member.offset, LOCAL.size + member.stored) for member in members)
    for (offset, length), (following, _) in pairwise([*places, (end, 0)]):
        if offset + length > following:
            raise FormatError(
                f"members of the zip archive overlap at byte {following}: it is damaged or a bomb"
            )
