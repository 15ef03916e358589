"""What a store offers: bytes at keys.

Keys and prefixes are those of the abstract store interface of Zarr v3, except that a missing key is
None and that no key can climb out of its store.
Specification: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html#abstract-store-interface

A contract asks for little: what only reads is `Readable`, what lists says so with `Listable`.

>>> Span(2, 3).within(4)
slice(2, 4, None)
>>> Span(-3).within(10)
slice(7, 10, None)
>>> check_key("c/0/../1")
Traceback (most recent call last):
zarr_cdm.errors.StoreError: c/0/../1: not a key: it has a part '..'; a key is names joined by '/'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from zarr_cdm.errors import LimitError, StoreError


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a value.

    Attributes
    ----------
    start
        The first byte; below zero it stands for the last ``-start`` bytes.
    length
        How many bytes, None for all that follow; always None where ``start`` is below zero.
    most
        How many bytes are worth reading. Where all that follow are more, a store that can tell
        refuses them before it reads them; one that cannot does not look at it.
    """

    start: int
    length: int | None = None
    most: int | None = None

    def __post_init__(self) -> None:
        if self.length is not None and (self.start < 0 or self.length < 0):
            raise ValueError(f"{self} is no span: wanted start >= 0 and length >= 0, or no length")

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a value."""
        return self.start == 0 and self.length is None

    def within(self, size: int) -> slice:
        """Return the part of a value of ``size`` bytes that there really is, perhaps nothing.

        Raises
        ------
        LimitError
            It is more than ``most`` bytes.
        """
        start = max(0, size + self.start) if self.start < 0 else min(self.start, size)
        stop = size if self.length is None else min(start + self.length, size)
        if self.most is not None and stop - start > self.most:
            raise LimitError(f"has {stop - start} bytes, but {self.most} are the most that it may")
        return slice(start, stop)


Request: TypeAlias = tuple[str, Span | None]
Buffer: TypeAlias = bytes | bytearray | memoryview
# Inside a class with a method ``list``, ``list[...]`` would mean that method.
Values: TypeAlias = list[bytes | None]


class Readable(Protocol):
    """Something that returns the bytes at a key."""

    @property
    def url(self) -> str:
        """What errors and reprs call this store; without credentials."""

    @property
    def batch(self) -> int:
        """How many requests are worth handing to one call of `get_many`."""

    @property
    def gap(self) -> int:
        """How many bytes are read as quickly as one request more is made."""

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests, in their order."""


class Listable(Protocol):
    """Something that knows its keys. A prefix is '' or ends in '/'; no order is promised."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix, those of prefixes with a '/' at the end."""

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value in bytes."""


class Writable(Protocol):
    """Something that keeps bytes at a key."""

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key: afterwards, and after any failure, the old one or the new one."""

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""


class Store(Readable, Listable, Writable, Protocol):
    """A store that can do everything."""


@runtime_checkable
class Gathering(Protocol):
    """A store that takes a value in parts, so that nobody has to join them in memory."""

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        """Put the parts of a value, one behind the other, at a key, as `Writable.set` would."""


@runtime_checkable
class Batching(Protocol):
    """A store that is far away, and takes many values at once in the time of one."""

    @property
    def batch(self) -> int:
        """How many values are worth handing to one call."""

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        """Put values at keys: after a failure each key has the old one or the new one."""


@runtime_checkable
class OneFile(Protocol):
    """A store that is one file on this machine, and is written as a whole."""

    def building(self, path: str) -> AbstractContextManager[Store]:
        """Return a context with a new store that is a whole file at ``path`` after a clean exit."""


_NO_NAMES = {"", ".", ".."}


def check_key(key: str) -> None:
    """Raise `StoreError` for what is no key, above all for what would leave the store."""
    parts = key.split("/")
    if not _NO_NAMES.isdisjoint(parts):
        part = next(part for part in parts if part in _NO_NAMES)
        raise _no_key(key, f"a part {part!r}" if part else "an empty part")
    if "\\" in key or "\0" in key:
        raise _no_key(key, "a backslash" if "\\" in key else "a NUL")
    # JSON can spell half a surrogate pair, which no file system and no URL can.
    if not key.isascii() and any("\ud800" <= character <= "\udfff" for character in key):
        raise _no_key(key, "half a surrogate pair")


def check_prefix(prefix: str) -> None:
    """Raise `StoreError` for a prefix that is neither '' nor a key followed by '/'."""
    if prefix.endswith("/"):
        check_key(prefix[:-1])
    elif prefix:
        raise StoreError("not a prefix: it should be '' or end in '/'", key=prefix)


def names_below(prefix: str, keys: Iterable[str]) -> Iterator[str]:
    """Yield the names right below a prefix, from all keys below it.

    >>> list(names_below("a/", ["a/zarr.json", "a/c/0", "a/c/1"]))
    ['zarr.json', 'c/']
    """
    parts = (key[len(prefix) :].partition("/") for key in keys)
    yield from dict.fromkeys(name + slash for name, slash, _ in parts)


def _no_key(key: str, found: str) -> StoreError:
    shown = key if key.isprintable() else ascii(key)
    return StoreError(f"not a key: it has {found}; a key is names joined by '/'", key=shown)
