"""A store in a dictionary: for tests, and for what never needs a file.

>>> store = MemoryStore()
>>> store.set("a/zarr.json", b"{}")
>>> store.get("a/zarr.json"), store.get("a/c/0")
(b'{}', None)
>>> list(store.children())
['a/']
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence

from zarr_cdm.core.stores.base import (
    Buffer,
    Request,
    Span,
    Values,
    check_key,
    check_prefix,
    names_below,
)
from zarr_cdm.errors import LimitError


class MemoryStore:
    """Keys and values of a mapping, which is used and not copied."""

    url = "memory"
    batch = 1
    gap = 0

    def __init__(self, mapping: MutableMapping[str, bytes] | None = None) -> None:
        self._values: MutableMapping[str, bytes] = {} if mapping is None else mapping

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        check_key(key)
        value = self._values.get(key)
        if value is None or span is None:
            return value
        try:
            return value[span.within(len(value))]
        except LimitError as error:
            raise error.at(source=self.url, key=key) from None

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests."""
        return [self.get(key, span) for key, span in requests]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        check_prefix(prefix)
        # A copy: other threads may write while somebody iterates.
        yield from [key for key in tuple(self._values) if key.startswith(prefix)]

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        yield from names_below(prefix, self.list(prefix))

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        for key in self.list(prefix):
            value = self._values.get(key)
            if value is not None:
                yield key, len(value)

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key."""
        check_key(key)
        self._values[key] = bytes(value)

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""
        check_key(key)
        self._values.pop(key, None)

    def __repr__(self) -> str:
        return f"<MemoryStore of {len(self._values)} keys>"
