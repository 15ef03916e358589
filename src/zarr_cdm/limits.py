"""How much a store may ask for before it is refused.

Opening a store that somebody else wrote must not cost more than what was asked of it. Each error
names the limit that it ran into, so that it can be raised on purpose:

>>> Limits(codecs=20).use()                                          # doctest: +SKIP
>>> with Limits(chunk_bytes=2**33).use():
...     current().chunk_bytes
8589934592
>>> current().chunk_bytes
2147483647
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from types import TracebackType

from zarr_cdm.errors import LimitError

MiB = 2**20


def _most_of_memory() -> int:
    """Return 90 % of the memory of this machine; 8 GiB where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 10 * 9
    except (AttributeError, OSError, ValueError):
        return 8192 * MiB


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for what metadata and chunks may ask for.

    They hold for the whole process, in all of its threads, once `use` is called.

    Attributes
    ----------
    document_bytes
        Size of one metadata document; a consolidated one holds about 500 arrays in a MiB.
    json_depth
        How deep a document may be nested.
    json_parts
        How many commas, colons and brackets a document may have: parsed, each takes up to 80 bytes.
    integer_digits
        Digits of an integer in a document; `sys.set_int_max_str_digits` bounds it too.
    string_bytes
        Length of one text in a document.
    attribute_bytes
        Size of the attributes of one node.
    group_depth
        How many groups may lie in each other.
    nodes
        Number of arrays and groups in a consolidated document.
    dimensions
        Number of dimensions of an array (NumPy itself stops at 64).
    item_bytes
        Size of one element, which a ``|S2147483647`` would otherwise choose for us.
    struct_parts
        The lists and objects that a data type may be made of: one or more for each field.
    axis_chunks
        Number of chunks along an axis of a grid that lists them.
    chunk_bytes
        Size of one decoded chunk; Blosc counts with signed 32-bit integers. A stored one may have
        twice as many as it has decoded, and 64 KiB.
    read_bytes
        Size of what one selection reads; 90 % of the memory of the machine.
    codecs
        Length of a chain of codecs.
    shard_depth
        How many shards may lie in each other.
    shard_chunks
        Number of chunks in a shard; its index takes 16 bytes for each.
    zip_entries
        Number of entries of a zip archive.
    zip_directory_bytes
        Size of the directory of a zip archive, which is read as a whole.
    follow_symlinks
        Whether links in a local store may lead out of it; other links always may.
    """

    document_bytes: int = 64 * MiB
    json_depth: int = 64
    json_parts: int = 2**21
    integer_digits: int = 4300
    string_bytes: int = 16 * MiB
    attribute_bytes: int = 16 * MiB
    group_depth: int = 32
    nodes: int = 10**6
    dimensions: int = 32
    item_bytes: int = MiB
    struct_parts: int = 4096
    axis_chunks: int = 2**24
    chunk_bytes: int = 2**31 - 1
    read_bytes: int = field(default_factory=_most_of_memory)
    codecs: int = 16
    shard_depth: int = 2
    shard_chunks: int = 2**24
    zip_entries: int = 10**7
    zip_directory_bytes: int = 1024 * MiB
    follow_symlinks: bool = False

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            wanted = bool if each.name == "follow_symlinks" else int
            if type(value) is not wanted or value < 0:
                raise TypeError(f"Limits.{each.name} is {value!r}, expected {wanted.__name__}")

    def check(self, name: str, found: int, what: str) -> None:
        """Raise `LimitError` where ``found`` is above the limit called ``name``.

        >>> Limits(codecs=2).check("codecs", 3, "the chain of codecs")
        Traceback (most recent call last):
        zarr_cdm.errors.LimitError: the chain of codecs asks for 3, the limit is 2; raise Limits.codecs
        """  # noqa: E501 - the message in one line
        limit = getattr(self, name)
        if found > limit:
            raise LimitError(f"{what} asks for {found}, the limit is {limit}; raise Limits.{name}")

    def use(self) -> Used:
        """Make these the limits of the process; as a context, those before come back after it."""
        global _current
        used = Used(_current)
        _current = self
        return used


class Used:
    """The context that `Limits.use` returns."""

    __slots__ = ("_before",)

    def __init__(self, before: Limits) -> None:
        self._before = before

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._before.use()


_current = Limits()


def current() -> Limits:
    """Return the limits of the process."""
    return _current
