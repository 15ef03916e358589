"""One way of doing things at once: threads, in batches.

Helpers do the work: daemon threads, as many as the machine has cores, which start with the first
call of `run` and anew in a forked child. Work that a helper hands on runs where it is. The caller
only waits, so an interrupt reaches it at once (netCDF4-python would swallow one). When `run` has
returned or raised, nothing of it runs on: what an interrupted conversion has begun can be removed,
for no thread writes to it any more.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil, prod
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Block = tuple[slice, ...]

THREADS = min(32, os.cpu_count() or 1)
BLOCK_BYTES = 16 * 2**20
WAIT = 0.1  # seconds
_inside = threading.local()
_lock = threading.Lock()
_calls: SimpleQueue[Callable[[], None]] | None = None


def _forget_helpers() -> None:
    global _calls, _lock
    _calls, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)


def _helpers() -> SimpleQueue[Callable[[], None]]:
    """Return the queue that the helpers serve; start them where there are none."""
    global _calls
    with _lock:
        if _calls is None:
            calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
            for number in range(THREADS):
                name = f"zarr_cdm-{number}"
                threading.Thread(target=_serve, args=(calls,), name=name, daemon=True).start()
            _calls = calls
        return _calls


def _serve(calls: SimpleQueue[Callable[[], None]]) -> None:
    _inside.run = True
    while True:
        calls.get()()


class _Work(Generic[Item]):
    """What one call of `run` has to do, taken batch by batch by whichever helper is free."""

    def __init__(
        self, work: Callable[[Sequence[Item]], None], batches: Sequence[Sequence[Item]]
    ) -> None:
        self._work = work
        self._left = deque(batches)
        self._unfinished = len(batches)
        self._helping = 0
        self._changed = threading.Condition()
        self.error: BaseException | None = None

    def help(self) -> None:
        """Do batches until none is left; an error ends it and stays here for the caller."""
        with self._changed:
            self._helping += 1
        try:
            self.go_on()
        except BaseException as error:
            self.error = self.error or error
        finally:
            with self._changed:
                self._helping -= 1
                self._changed.notify_all()

    def go_on(self) -> None:
        """Do batches until none is left."""
        while (batch := self._next()) is not None:
            self._work(batch)
            with self._changed:
                self._unfinished -= 1

    def _next(self) -> Sequence[Item] | None:
        with self._changed:
            return self._left.popleft() if self._left and self.error is None else None

    def wait(self) -> None:
        """Wait until all is done, or there is an error.

        Not in one go: a signal that comes just before Python begins to wait is seen when it ends.
        """
        with self._changed:
            while self._unfinished and self.error is None:
                self._changed.wait(WAIT)

    def end(self) -> None:
        """Wait until no helper is at it any more; one that comes later finds nothing left."""
        self._left.clear()
        with self._changed:
            self._changed.wait_for(lambda: not self._helping)


def run(
    work: Callable[[Sequence[Item]], None],
    items: Sequence[Item],
    most: int = 1,
    helping: bool = True,
) -> None:
    """Call ``work`` with all items, in batches of at most ``most``, several batches at once.

    With ``helping`` the caller works too, which saves waking up one helper. Without, it only waits,
    even for a single batch: for work that would swallow an interrupt, which the main thread gets.

    Raises
    ------
    Exception
        The first error of a batch; batches that have not begun by then never do.
    """
    size = max(1, min(most, ceil(len(items) / THREADS)))
    batches = [items[i : i + size] for i in range(0, len(items), size)]
    if getattr(_inside, "run", False) or len(batches) < (2 if helping else 1):
        for batch in batches:
            work(batch)
        return
    task = _Work(work, batches)
    try:
        for _ in range(min(len(batches), THREADS) - helping):
            _helpers().put(task.help)
        if helping:
            _inside.run = True
            try:
                task.go_on()
            finally:
                _inside.run = False
        task.wait()
    finally:
        task.end()
    if task.error is not None:
        raise task.error


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

    run(work, regions, helping=False)


def copy_in_order(source: Any, target: Any, regions: Sequence[Block]) -> None:
    """Copy regions as `copy`; they are read several at once, but written one after the other.

    For a target whose bytes depend on the order in which it is written.
    """
    turns = _Turns()

    def work(batch: Sequence[tuple[int, Block]]) -> None:
        for number, region in batch:
            with turns.giving_up():
                values = source[region]
                with turns.turn(number):
                    target[region] = values

    run(work, list(enumerate(regions)), helping=False)


class _Turns:
    """Turns, taken by number; all that wait give up when one that has a turn to come fails."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._error: BaseException | None = None

    @contextmanager
    def turn(self, number: int) -> Iterator[None]:
        """Wait for a turn, and give it to the next at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._next == number or self._error)
            if self._error is not None:
                raise self._error
            yield
            self._next += 1
            self._changed.notify_all()

    @contextmanager
    def giving_up(self) -> Iterator[None]:
        """Let nobody wait for what has failed."""
        try:
            yield
        except BaseException as error:
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()
            raise
