"""Cases and contenders, and how they are timed: in alternating rounds, one after the other.

A ratio is taken within each round, of two samples that are milliseconds apart, and the median of
these ratios is what counts: what else the machine does meanwhile slows both.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

OURS = "zarr_cdm"
LEAST_SECONDS = 0.02  # of a sample: what is shorter is called several times


@dataclass(frozen=True)
class Case:
    """One thing that several contenders do.

    Attributes
    ----------
    name
        What is done.
    contenders
        By name, calls without arguments that do it; one of them is `OURS`.
    same
        Raises where the result of ours and that of a peer disagree.
    discard
        Undoes a call, given its result; it is not timed.
    repeatable
        Whether a call may be repeated before it is undone.
    """

    name: str
    contenders: Mapping[str, Callable[[], Any]]
    same: Callable[[Any, Any], None]
    discard: Callable[[Any], None] = lambda result: None
    repeatable: bool = True


@dataclass
class Samples:
    """What one contender took, per call: seconds on the clock, and of all cores together."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A line of the table: ours against one peer; ratios are the peer's time over ours."""

    case: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    ratio: float
    low: float
    high: float
    cpu_ratio: float


def check(case: Case) -> None:
    """Run every contender once, which warms it up, and compare what they return."""
    expected = case.contenders[OURS]()
    for name, call in case.contenders.items():
        if name == OURS:
            continue
        found = call()
        try:
            case.same(expected, found)
        except AssertionError as error:
            raise AssertionError(f"{case.name}: {OURS} and {name} disagree") from error
        finally:
            case.discard(found)
    case.discard(expected)


def run(case: Case, rounds: int) -> list[Row]:
    """Return one row for each peer."""
    check(case)
    repeats = {name: _repeats(case, call) for name, call in case.contenders.items()}
    samples = {name: Samples() for name in case.contenders}
    names = list(case.contenders)
    for number in range(rounds):
        # Another one begins each round, so that none always follows the same neighbour.
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            wall, cpu = _sample(case, case.contenders[name], repeats[name])
            samples[name].wall.append(wall)
            samples[name].cpu.append(cpu)
    return list(_rows(case, samples))


def _repeats(case: Case, call: Callable[[], Any]) -> int:
    if not case.repeatable:
        return 1
    seconds, _ = _sample(case, call, 1)
    return max(1, round(LEAST_SECONDS / seconds))


def _sample(case: Case, call: Callable[[], Any], repeats: int) -> tuple[float, float]:
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        result = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    case.discard(result)
    return wall / repeats, cpu / repeats


def _rows(case: Case, samples: Mapping[str, Samples]) -> Iterator[Row]:
    ours = samples[OURS]
    for name, peer in samples.items():
        if name == OURS:
            continue
        ratios = sorted(theirs / mine for theirs, mine in zip(peer.wall, ours.wall, strict=True))
        quarter = len(ratios) // 4
        yield Row(
            case.name,
            name,
            median(ours.wall),
            median(peer.wall),
            median(ratios),
            ratios[quarter],
            ratios[-1 - quarter],
            median(theirs / mine for theirs, mine in zip(peer.cpu, ours.cpu, strict=True)),
        )
