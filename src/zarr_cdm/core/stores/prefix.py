"""A part of a store that is used like a store: the keys below a prefix.

>>> from zarr_cdm.core.stores.memory import MemoryStore
>>> store = PrefixStore(MemoryStore({"a/b/zarr.json": b"{}", "c": b""}), "a/b/")
>>> list(store.list()), store.get("zarr.json")
(['zarr.json'], b'{}')
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zarr_cdm.core.stores.base import (
    Buffer,
    Request,
    Span,
    Store,
    Values,
    check_key,
    check_prefix,
)
from zarr_cdm.core.stores.wrapping import WrappingStore


class PrefixStore(WrappingStore):
    """The keys of another store below a prefix, without it."""

    def __init__(self, store: Store, prefix: str) -> None:
        check_prefix(prefix)
        super().__init__(store)
        self.prefix = prefix

    @property
    def url(self) -> str:
        """The place of the prefix."""
        return f"{self.store.url.rstrip('/')}/{self.prefix}".rstrip("/")

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        return super().get(self._full(key), span)

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests."""
        return super().get_many([(self._full(key), span) for key, span in requests])

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        check_prefix(prefix)
        for key in super().list(self.prefix + prefix):
            yield key[len(self.prefix) :]

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        check_prefix(prefix)
        yield from super().children(self.prefix + prefix)

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        check_prefix(prefix)
        for key, size in super().sizes(self.prefix + prefix):
            yield key[len(self.prefix) :], size

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key."""
        super().set(self._full(key), value)

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        """Put the parts of a value at a key."""
        super().set_parts(self._full(key), parts)

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        """Put values at keys."""
        super().set_many([(self._full(key), value) for key, value in values])

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""
        super().delete(self._full(key))

    def occupied(self) -> bool:
        """Return whether there is a key below the prefix."""
        return any(True for _ in self.children())

    def _full(self, key: str) -> str:
        check_key(key)  # the whole would look like a key even where this one is ''
        return self.prefix + key

    def __repr__(self) -> str:
        return f"<PrefixStore {self.url}>"
