"""A store around another one, which does all that a subclass does not do in its own way.

>>> from zarr_cdm.core.stores.memory import MemoryStore
>>> values: dict[str, bytes] = {}
>>> WrappingStore(MemoryStore(values)).set_parts("c/0", [b"half, ", b"and half"])
>>> values
{'c/0': b'half, and half'}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from zarr_cdm.core.stores.base import (
    Batching,
    Buffer,
    Gathering,
    Request,
    Span,
    Store,
    Values,
    check_key,
)


class WrappingStore:
    """Another store, with nothing changed."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def url(self) -> str:
        """That of the other store."""
        return self.store.url

    @property
    def batch(self) -> int:
        """That of the other store."""
        return self.store.batch

    @property
    def gap(self) -> int:
        """That of the other store."""
        return self.store.gap

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        return self.store.get(key, span)

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests."""
        return self.store.get_many(requests)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        return self.store.list(prefix)

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        return self.store.children(prefix)

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        return self.store.sizes(prefix)

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key."""
        self.store.set(key, value)

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        """Put the parts of a value at a key; joined first where the other store takes none."""
        if isinstance(self.store, Gathering):
            self.store.set_parts(key, parts)
        else:
            self.store.set(key, b"".join(parts))

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        """Put values at keys; one by one where the other store does not take many at once."""
        if isinstance(self.store, Batching):
            self.store.set_many(values)
            return
        for key, _ in values:
            check_key(key)  # of all, before one is put
        for key, value in values:
            self.store.set(key, value)

    def delete(self, key: str) -> None:
        """Remove a key; that it is absent is fine."""
        self.store.delete(key)

    def occupied(self) -> bool:
        """Return whether there is something in the place of the other store."""
        return bool(cast(Any, self.store).occupied())
