"""Values of any type as bytes: how attributes of user-defined types are kept.

Element after element, without padding: numbers are little-endian; a text is its length in bytes
(``int64``, -1 for NULL) and its UTF-8; a row is its length (``int64``) and its elements; a compound
is its members.

>>> pack(STRING, np.array(["é", None], object)).hex()
'0200000000000000c3a9ffffffffffffffff'
"""

from __future__ import annotations

import struct

import numpy as np

from zarr_cdm.cdm.types import STRING, CompoundType, NetcdfType, VlenType

COUNT = struct.Struct("<q")


def pack(kind: NetcdfType, values: np.ndarray) -> bytes:
    """Return the bytes of a 1-D array of a type."""
    if isinstance(kind, CompoundType):
        return b"".join(
            pack(part.type, values[i : i + 1][part.name].reshape(-1))
            for i in range(len(values))
            for part in kind.fields
        )
    if isinstance(kind, VlenType):
        return b"".join(COUNT.pack(len(row)) + pack(kind.base, row) for row in values)
    if kind is STRING:
        return b"".join(map(_pack_text, values.tolist()))
    return values.astype(kind.dtype.newbyteorder("<")).tobytes()


def _pack_text(text: str | None) -> bytes:
    if text is None:
        return COUNT.pack(-1)
    data = text.encode("utf-8", "surrogateescape")
    return COUNT.pack(len(data)) + data


def unpack(kind: NetcdfType, data: bytes) -> np.ndarray:
    """Return the 1-D array that bytes stand for: the inverse of `pack`.

    Raises
    ------
    ValueError
        They stand for no whole number of elements.
    """
    source = _Source(data)
    found = []
    while source.left:
        found.append(_read(kind, source, 1))
    return joined(kind, found)


def joined(kind: NetcdfType, rows: list[np.ndarray]) -> np.ndarray:
    """Return 1-D arrays of a type one behind the other.

    NumPy's own `concatenate` would make packed structs of those with padding.
    """
    result = np.empty(sum(map(len, rows)), kind.dtype)
    if result.dtype.names is None and rows:
        np.concatenate(rows, out=result, casting="safe")
        return result
    start = 0
    for row in rows:
        result[start : start + len(row)] = row
        start += len(row)
    return result


class _Source:
    """Bytes that are taken from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._start = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._start

    def take(self, size: int) -> bytes:
        if not 0 <= size <= self.left:
            raise ValueError(f"{size} bytes are announced, {self.left} are left")
        self._start += size
        return self._data[self._start - size : self._start]

    def count(self) -> int:
        return int(COUNT.unpack(self.take(COUNT.size))[0])


def _read(kind: NetcdfType, source: _Source, count: int) -> np.ndarray:
    if not 0 <= count <= source.left:  # each element takes at least one byte
        raise ValueError(f"{count} elements are announced, {source.left} bytes are left")
    if not kind.dtype.hasobject and not isinstance(kind, CompoundType):
        stored = np.frombuffer(
            source.take(count * kind.dtype.itemsize), kind.dtype.newbyteorder("<")
        )
        return stored.astype(kind.dtype)
    result = np.zeros(count, kind.dtype)
    for i in range(count):
        if isinstance(kind, CompoundType):
            for part in kind.fields:
                place = result[i : i + 1][part.name]
                place[...] = _read(part.type, source, place.size).reshape(place.shape)
        else:
            result[i] = _read_object(kind, source)
    return result


def _read_object(kind: NetcdfType, source: _Source) -> np.ndarray | str | None:
    count = source.count()
    if isinstance(kind, VlenType):
        return _read(kind.base, source, count)
    return None if count == -1 else source.take(count).decode("utf-8", "surrogateescape")
