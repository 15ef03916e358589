"""A store that remembers what another one returned.

What was used longest ago is forgotten first. A span is cut from a value that is known as a whole.
That a key is absent is remembered too, a listing is not. What others write meanwhile is not seen.

>>> from zarr_cdm.core.stores.memory import MemoryStore
>>> values = {"zarr.json": b"{}"}
>>> store = CachedStore(MemoryStore(values), max_bytes=2**20)
>>> store.get("zarr.json")
b'{}'
>>> values.clear()
>>> store.get("zarr.json")
b'{}'
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from zarr_cdm.core.stores.base import Buffer, Request, Span, Store, Values, check_key
from zarr_cdm.core.stores.wrapping import WrappingStore
from zarr_cdm.errors import LimitError

_OVERHEAD = 200  # bytes that an entry of a dict takes, about
_UNKNOWN = object()


class CachedStore(WrappingStore):
    """Another store, behind a memory of ``max_bytes``."""

    def __init__(self, store: Store, max_bytes: int) -> None:
        super().__init__(store)
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._known: OrderedDict[str, dict[Span | None, bytes | None]] = OrderedDict()
        self._bytes = 0
        self._writes = 0

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        return self.get_many([(key, span)])[0]

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests; what is unknown, at one call."""
        with self._lock:
            writes = self._writes
            found = [self._recall(key, _part(span)) for key, span in requests]
        unknown = [i for i, value in enumerate(found) if value is _UNKNOWN]
        answers = self.store.get_many([requests[i] for i in unknown]) if unknown else []
        with self._lock:
            for i, answer in zip(unknown, answers, strict=True):
                found[i] = answer
                if writes == self._writes:  # else it may be older than what was written since
                    self._remember(requests[i][0], _part(requests[i][1]), answer)
        values = cast(Values, found)  # all of it is known now
        for (key, span), value in zip(requests, values, strict=True):
            _check(key, span, value)
        return values

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key of the other store, and forget the old one."""
        with self._forgetting(key):
            super().set(key, value)

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        """Put the parts of a value at a key of the other store, and forget the old one."""
        with self._forgetting(key):
            super().set_parts(key, parts)

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        """Put values at keys of the other store, and forget the old ones."""
        with self._forgetting(*(key for key, _ in values)):
            super().set_many(values)

    def delete(self, key: str) -> None:
        """Remove a key from the other store; that it is absent is fine."""
        with self._forgetting(key):
            super().delete(key)

    def _recall(self, key: str, span: Span | None) -> object:
        check_key(key)
        parts = self._known.get(key)
        if parts is None:
            return _UNKNOWN
        self._known.move_to_end(key)
        if span not in parts and None in parts:
            whole = parts[None]
            return whole if whole is None or span is None else whole[span.within(len(whole))]
        return parts.get(span, _UNKNOWN)

    def _remember(self, key: str, span: Span | None, value: bytes | None) -> None:
        cost = _cost(key, value)
        if cost > self.max_bytes or span in self._known.get(key, {}):
            return
        self._known.setdefault(key, {})[span] = value
        self._known.move_to_end(key)
        self._bytes += cost
        while self._bytes > self.max_bytes:
            oldest = next(iter(self._known))
            parts = self._known[oldest]
            first = next(iter(parts))
            self._bytes -= _cost(oldest, parts.pop(first))
            if not parts:
                del self._known[oldest]

    @contextmanager
    def _forgetting(self, *keys: str) -> Iterator[None]:
        """Forget keys before and after they change: meanwhile others may remember the old value."""
        self._forget(keys)
        try:
            yield
        finally:
            self._forget(keys)

    def _forget(self, keys: Sequence[str]) -> None:
        with self._lock:
            self._writes += 1
            for key in keys:
                for value in self._known.pop(key, {}).values():
                    self._bytes -= _cost(key, value)

    def __reduce__(self) -> tuple[object, ...]:
        return (CachedStore, (self.store, self.max_bytes))

    def __repr__(self) -> str:
        return f"<CachedStore {self.store!r}>"


def _part(span: Span | None) -> Span | None:
    return None if span is None or span.is_whole else span


def _check(key: str, span: Span | None, value: bytes | None) -> None:
    """Raise `LimitError` for what was remembered of a request that was content with more."""
    if span is None or value is None or not span.is_whole:
        return
    try:
        span.within(len(value))
    except LimitError as error:
        raise error.at(key=key) from None


def _cost(key: str, value: bytes | None) -> int:
    return _OVERHEAD + len(key) + len(value or b"")
