"""One way of doing things at once: threads, in batches.

There is one pool in a process, as wide as the machine has cores; it starts with its first work and
starts anew in a forked child. Work that a worker hands on runs where it is, so that nothing waits
for a free thread that it occupies itself.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from math import ceil, prod
from typing import Any, TypeVar

Item = TypeVar("Item")
Block = tuple[slice, ...]

THREADS = min(32, os.cpu_count() or 1)
BLOCK_BYTES = 16 * 2**20
_inside = threading.local()
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _mark() -> None:
    _inside.worker = True


def _executor() -> ThreadPoolExecutor:
    global _pool
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(THREADS, "zarr_cdm", initializer=_mark)
        return _pool


def run(work: Callable[[Sequence[Item]], None], items: Sequence[Item], most: int = 1) -> None:
    """Call ``work`` with all items, in batches of at most ``most``, several batches at once.

    Raises
    ------
    Exception
        The first error of a batch; batches that have not begun by then never do.
    """
    size = max(1, min(most, ceil(len(items) / THREADS)))
    batches = [items[i : i + size] for i in range(0, len(items), size)]
    if len(batches) < 2 or getattr(_inside, "worker", False):
        for batch in batches:
            work(batch)
        return
    futures = [_executor().submit(work, batch) for batch in batches]
    try:
        wait(futures, return_when=FIRST_EXCEPTION)
    finally:
        for future in futures:
            future.cancel()
        wait(futures)
    for future in futures:
        if not future.cancelled():
            future.result()


def blocks(shape: Sequence[int], chunks: Sequence[int], item_bytes: int) -> Iterator[Block]:
    """Yield regions that cover ``shape``, each of whole chunks and of about `BLOCK_BYTES`.

    >>> list(blocks((4, 3), (2, 2), 8))
    [(slice(0, 4, None), slice(0, 3, None))]
    >>> len(list(blocks((4000, 3000), (1, 1000), 8)))
    6
    """
    lengths = list(chunks)
    for axis in reversed(range(len(shape))):
        others = prod(lengths) // max(1, lengths[axis]) * item_bytes
        count = max(1, BLOCK_BYTES // max(1, others * chunks[axis]))
        lengths[axis] = min(chunks[axis] * count, max(1, shape[axis]))
        if lengths[axis] < shape[axis]:
            break
    axes = [
        [slice(start, min(start + length, size)) for start in range(0, size, length)]
        for size, length in zip(shape, lengths, strict=True)
    ]
    yield from itertools.product(*axes)


def copy(source: Any, target: Any, regions: Sequence[Block]) -> None:
    """Copy regions from one array-like to another; no two may share a chunk of the target."""

    def work(batch: Sequence[Block]) -> None:
        for region in batch:
            target[region] = source[region]

    run(work, regions)
