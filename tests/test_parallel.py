"""Work in threads: all of it is done once, an error ends it, and nothing runs on afterwards."""

import os
import threading
import time
from collections.abc import Sequence
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarr_cdm import parallel
from zarr_cdm.parallel import BLOCK_BYTES, blocks, copy, copy_in_order, run


@given(count=st.integers(0, 300), most=st.integers(1, 50))
def test_every_item_is_worked_on_once(count: int, most: int) -> None:
    seen: list[int] = []

    def work(batch: Sequence[int]) -> None:
        assert 0 < len(batch) <= most
        seen.extend(batch)

    run(work, range(count), most)
    assert sorted(seen) == list(range(count))


@pytest.mark.parametrize("error", [ValueError("bad"), IndexError("bad"), StopIteration("bad")])
def test_the_first_error_is_raised_and_ends_the_work(error: Exception) -> None:
    begun: list[int] = []

    def work(batch: Sequence[int]) -> None:
        begun.extend(batch)
        raise error

    with pytest.raises(type(error), match="bad"):
        run(work, range(1000))
    assert len(begun) <= parallel.THREADS


def test_nothing_runs_on_when_an_interrupt_reaches_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, finished = threading.Event(), []

    def work(batch: Sequence[int]) -> None:
        started.set()
        time.sleep(0.05)
        finished.extend(batch)

    def interrupted(self: object) -> None:
        started.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel._Work, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(work, range(1000), helping=False)
    count = len(finished)
    time.sleep(0.2)
    assert 0 < len(finished) == count <= 2 * parallel.THREADS


def test_nothing_runs_on_when_an_interrupt_reaches_the_caller_at_work() -> None:
    caller, finished = threading.current_thread(), []

    def work(batch: Sequence[int]) -> None:
        time.sleep(0.05)
        if threading.current_thread() is caller:
            raise KeyboardInterrupt
        finished.extend(batch)

    with pytest.raises(KeyboardInterrupt):
        run(work, range(1000))
    count = len(finished)
    time.sleep(0.2)
    assert len(finished) == count <= 2 * parallel.THREADS
    run(finished.extend, range(100))
    assert len(finished) == count + 100


@pytest.mark.parametrize("helping", [True, False])
def test_the_caller_works_only_where_it_helps(helping: bool) -> None:
    seen: set[threading.Thread] = set()

    def work(batch: Sequence[int]) -> None:
        seen.add(threading.current_thread())
        time.sleep(0.001)

    run(work, range(100), helping=helping)
    assert (threading.current_thread() in seen) is helping


def test_work_within_work_does_not_wait_for_itself() -> None:
    seen: list[int] = []

    def outer(batch: Sequence[int]) -> None:
        run(seen.extend, range(100), 10)

    run(outer, range(50))
    assert len(seen) == 5000


def test_many_callers_share_the_helpers() -> None:
    totals: list[int] = []

    def call() -> None:
        seen: list[int] = []
        run(seen.extend, range(100), 7)
        totals.append(len(seen))

    callers = [threading.Thread(target=call) for _ in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    assert totals == [100] * 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_child_has_helpers_of_its_own() -> None:
    run(lambda batch: None, range(10))
    child = os.fork()
    if child == 0:
        seen: list[int] = []
        run(seen.extend, range(100))
        os._exit(0 if len(seen) == 100 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


sides = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), max_size=4)


@given(sides=sides, item_bytes=st.sampled_from([1, 8, 1000]))
def test_blocks_cover_an_array_once_in_whole_chunks(
    sides: list[tuple[int, int]], item_bytes: int
) -> None:
    shape, chunks = [size for size, _ in sides], [chunk for _, chunk in sides]
    if prod(-(-size // chunk) for size, chunk in sides) > 20000 or prod(shape) > 10**7:
        return
    seen = np.zeros(shape, "u1")
    for block in blocks(shape, chunks, item_bytes):
        seen[block] += 1
        for part, size, chunk in zip(block, shape, chunks, strict=True):
            assert part.start % chunk == 0
            assert part.stop % chunk == 0 or part.stop == size
        lengths = [
            min(part.stop, size) - part.start for part, size in zip(block, shape, strict=True)
        ]
        bound = max(BLOCK_BYTES, prod(chunks) * item_bytes)
        assert prod(lengths) * item_bytes <= bound
    assert (seen == 1).all()


def test_copy_copies_every_block() -> None:
    source = np.arange(1000 * 70).reshape(1000, 70)
    target = np.zeros_like(source)
    copy(source, target, list(blocks(source.shape, (7, 9), 8 * 1000)))
    assert np.array_equal(source, target)


class Ordered:
    """A target that remembers in which order it was written."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.fails_at: int | None = None

    def __setitem__(self, region: tuple[slice, ...], values: np.ndarray) -> None:
        if region[0].start == self.fails_at:
            raise ValueError("full")
        self.starts.append(region[0].start)


class Slow:
    """A source of which the first parts take longest."""

    def __getitem__(self, region: tuple[slice, ...]) -> np.ndarray:
        time.sleep(0.002 * (region[0].start < 4))
        return np.zeros(1)


def test_copy_in_order_writes_one_block_after_the_other() -> None:
    target = Ordered()
    copy_in_order(Slow(), target, [(slice(i, i + 1),) for i in range(50)])
    assert target.starts == list(range(50))


@pytest.mark.parametrize("at", [0, 1, 7, 49])
def test_copy_in_order_ends_at_the_first_error(at: int) -> None:
    target = Ordered()
    target.fails_at = at
    with pytest.raises(ValueError, match="full"):
        copy_in_order(Slow(), target, [(slice(i, i + 1),) for i in range(50)])
    assert target.starts == list(range(at))
