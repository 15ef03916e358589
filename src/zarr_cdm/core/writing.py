"""Writing the pieces of a selection: to one object for each chunk, or into shards.

What is written whole is not read before. A chunk of which a part is written is read, changed and
stored anew, and so is a shard: its other chunks go over as they are, still encoded.

Threads of one process that write parts of one chunk wait for each other. Processes do not: let each
write chunks (or shards) of its own.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from math import prod
from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.core.chunks import Chunks, all_of
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.codecs.sharding import Shard, cut, spans_of
from zarr_cdm.core.indexing import Index, Piece
from zarr_cdm.core.options import Options
from zarr_cdm.core.stores.base import Batching, Buffer, Gathering, Span, Store
from zarr_cdm.core.stores.naming import named
from zarr_cdm.errors import StoreError
from zarr_cdm.parallel import run

Take = Callable[[np.ndarray, Any], np.ndarray]
Put = Callable[[np.ndarray, Any, Any], None]
BATCH = 8  # pieces that a thread takes at once
MOST_BYTES = 32 * 2**20  # of encoded chunks that wait to be sent together
_locks = [threading.Lock() for _ in range(64)]


def _forget_locks() -> None:
    global _locks
    _locks = [threading.Lock() for _ in range(64)]


if hasattr(os, "register_at_fork"):  # another thread of the parent may have held one
    os.register_at_fork(after_in_child=_forget_locks)


def locked(store: Store, key: str) -> threading.Lock:
    """Return the lock that guards what is at a key of a store."""
    return _locks[_number(store, key)]


def _number(store: Store, key: str) -> int:
    return hash((store.url, key)) % len(_locks)


def check_writable(store: Store, path: str, options: Options) -> None:
    """Raise `StoreError` where the options refuse writing."""
    if options.read_only:
        raise StoreError("opened for reading; open it with mode='r+'", source=store.url, key=path)


class Source(NamedTuple):
    """What is written, and how.

    Attributes
    ----------
    values
        The values of the whole selection.
    take
        What is taken from them for a piece.
    put
        How that goes into a chunk.
    fill
        What an element is that nobody has written.
    empty_chunks
        Whether a chunk that is all fill value is stored.
    clears
        Whether elements are not written but taken back: no chunk comes into being by that.
    """

    values: np.ndarray
    take: Take
    put: Put
    fill: Any
    empty_chunks: bool = True
    clears: bool = False

    def encode(self, piece: Piece, before: Buffer | None, pipeline: Pipeline) -> Buffer | None:
        """Return a chunk with the piece in it, encoded; None where none should be stored.

        ``before`` is what the chunk was, and is returned itself where there is nothing to clear.
        """
        if self.clears and (piece.whole or before is None):
            return None
        spec = pipeline.spec
        share = self.take(self.values, piece.target)
        if piece.whole and share.size == spec.size:
            chunk = share.reshape(spec.shape)
        else:
            if before is None or piece.whole:
                chunk = np.full(spec.shape, self.fill, spec.dtype)
            else:
                chunk = np.array(pipeline.decode(before))
                if self.clears and is_fill(self.take(chunk, piece.source), self.fill):
                    return before
            self.put(chunk, piece.source, share)
        if not self.empty_chunks and is_fill(chunk, self.fill):
            return None
        return pipeline.encode(chunk)


def is_fill(chunk: np.ndarray, fill: Any) -> bool:
    """Tell whether all elements are the fill value, bit for bit: -0.0 is not 0.0, but NaN NaN.

    >>> is_fill(np.array([0.0, -0.0]), 0.0), is_fill(np.array([np.nan]), np.nan)
    (False, True)
    """
    if chunk.dtype.hasobject:
        return all(type(each) is type(fill) and each == fill for each in chunk.flat)
    pattern = np.array([fill], chunk.dtype).view(np.uint8)
    # Most chunks differ in their first element, which costs nothing to see.
    if chunk.size and chunk[(slice(0, 1),) * chunk.ndim].tobytes() != pattern.tobytes():
        return False
    elements = np.ascontiguousarray(chunk).reshape(-1).view(np.uint8)
    return bool((elements.reshape(-1, len(pattern)) == pattern).all())


def write_chunks(chunks: Chunks, pieces: Sequence[Piece], source: Source) -> None:
    """Write pieces of chunks that are an object each."""
    store = chunks.store
    far = store.batch > 1 and isinstance(store, Batching)

    def work(batch: Sequence[Piece]) -> None:
        if far:
            batch = _write_many(chunks, batch, source)
        for piece in batch:
            (key, *others), pipeline = chunks.keys(piece.chunk), chunks.pipeline_of(piece.chunk)
            with named(store, key):
                if piece.whole:
                    data = source.encode(piece, None, pipeline)
                    with locked(store, key):
                        _store(store, key, data, *others)
                    continue
                with locked(store, key):
                    before = store.get(key, all_of(pipeline))
                    for other in others:
                        before = store.get(other, all_of(pipeline)) if before is None else before
                    data = source.encode(piece, before, pipeline)
                    if data is not before:
                        _store(store, key, data, *others)

    run(work, pieces, max(BATCH, store.batch) if far else BATCH)


def _write_many(chunks: Chunks, pieces: Sequence[Piece], source: Source) -> list[Piece]:
    """Write the whole chunks among pieces, many at once; return the pieces that are left."""
    store = chunks.store
    ready: list[tuple[str, Buffer]] = []
    left, size = [], 0
    for piece in pieces:
        data = None
        if piece.whole:
            key = chunks.key_of(piece.chunk)
            with named(store, key):
                data = source.encode(piece, None, chunks.pipeline_of(piece.chunk))
        if data is None:  # a part of a chunk, or one that is deleted
            left.append(piece)
            continue
        ready.append((key, data))
        size += len(data)
        if size >= MOST_BYTES:
            _set_many(store, ready)
            ready, size = [], 0
    _set_many(store, ready)
    return left


def _set_many(store: Any, values: Sequence[tuple[str, Buffer]]) -> None:
    """Put chunks at keys, while nobody else changes them; locks are taken in one order by all."""
    with ExitStack() as held:
        numbers = {_number(store, key) for key, _ in values}
        for number in sorted(numbers):
            held.enter_context(_locks[number])
        if values:
            store.set_many(values)


def _store(store: Store, key: str, data: Buffer | None, *others: str) -> None:
    """Put a chunk at a key; None deletes it, there and at the other keys where it may be."""
    if data is not None:
        store.set(key, data)
        return
    for each in (key, *others):
        store.delete(each)


def write_shards(chunks: Chunks, pieces: Iterable[Piece], source: Source) -> None:
    """Write pieces of chunks that lie in shards."""
    store = chunks.store
    grouped: dict[Index, list[tuple[Index, Piece]]] = defaultdict(list)
    for piece in pieces:
        number, place = chunks.place_of(piece.chunk)
        grouped[number].append((place, piece))
    calls: list[Callable[[], None]] = []
    for number, wanted in grouped.items():
        key, shard = chunks.key_of(number), chunks.shard_of(number)
        held = prod(
            min(count, whole - first)
            for first, count, whole in zip(
                chunks.first_of(number), shard.counts, chunks.selected.counts, strict=True
            )
        )
        if len(wanted) == held and all(piece.whole for _, piece in wanted):
            calls += _WholeShard(store, key, source, shard).calls(wanted)
        else:
            whole = all_of(chunks.pipeline_of(number))
            calls.append(_change(store, key, whole, source, shard, wanted))

    def work(batch: Sequence[Callable[[], None]]) -> None:
        for call in batch:
            call()

    run(work, calls, BATCH)


class _WholeShard:
    """A shard whose chunks are all written: by several threads, the last of which stores it."""

    def __init__(self, store: Store, key: str, source: Source, shard: Shard) -> None:
        self.store, self.key, self.source, self.shard = store, key, source, shard
        self._parts: dict[Index, Buffer | None] = {}
        self._left = 0
        self._lock = threading.Lock()

    def calls(self, wanted: Sequence[tuple[Index, Piece]]) -> list[Callable[[], None]]:
        """Return what is to be done, a call for each chunk."""
        self._parts = {place: None for place, _ in wanted}  # the order in which they will lie
        self._left = len(wanted)
        return [self._call(place, piece) for place, piece in wanted]

    def _call(self, place: Index, piece: Piece) -> Callable[[], None]:
        def call() -> None:
            with named(self.store, self.key):
                self._parts[place] = self.source.encode(piece, None, self.shard.chunks)
                with self._lock:
                    self._left -= 1
                    last = not self._left
                if last:
                    with locked(self.store, self.key):
                        _store_shard(self.store, self.key, self.shard, self._parts)

        return call


def _change(
    store: Store,
    key: str,
    whole: Span,
    source: Source,
    shard: Shard,
    wanted: Sequence[tuple[Index, Piece]],
) -> Callable[[], None]:
    """Return a call that writes some of the chunks of a shard, and keeps the others."""

    def call() -> None:
        with named(store, key), locked(store, key):
            before = store.get(key, whole)
            if before is None and source.clears:
                return
            parts = {} if before is None else _parts(before, shard)
            old = dict(parts)
            for place, piece in wanted:
                parts[place] = source.encode(piece, parts.get(place), shard.chunks)
            if source.clears and all(part is old.get(place) for place, part in parts.items()):
                return
            _store_shard(store, key, shard, dict(sorted(parts.items())))

    return call


def _parts(data: bytes, shard: Shard) -> dict[Index, Buffer | None]:
    """Return the encoded chunks of a shard by their places."""
    seen = memoryview(data)
    places = list(np.ndindex(shard.counts))
    spans = zip(places, spans_of(shard.index_of(seen), places), strict=True)
    return {place: cut(seen, *span) for place, span in spans if span is not None}


def _store_shard(store: Store, key: str, shard: Shard, parts: dict[Index, Buffer | None]) -> None:
    stored = {place: part for place, part in parts.items() if part is not None}
    if not stored:
        store.delete(key)
    elif isinstance(store, Gathering):
        store.set_parts(key, shard.lined_up(stored))
    else:
        store.set(key, b"".join(shard.lined_up(stored)))
