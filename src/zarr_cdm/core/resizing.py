"""What happens to chunks when an array changes its shape.

A chunk that is outside of the new shape is deleted; of one that overhangs it, what is outside is
set back to the fill value. So nothing of the past comes back when the array grows again, whoever
wrote it: some writers leave data where a chunk overhangs.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from math import prod

from zarr_cdm.core.grids.base import ChunkGrid
from zarr_cdm.core.stores.base import Store
from zarr_cdm.parallel import run

MOST_KEYS = 10_000  # more than these are not tried one by one: the store is asked what it has
BATCH = 64
_NUMBERS = re.compile(r"\d+")
Index = tuple[int, ...]
Shape = tuple[int, ...]


def delete_outside(
    store: Store,
    prefix: str,
    grid: ChunkGrid,
    shape: Shape,
    keys_of: Callable[[Index], Sequence[str]],
) -> None:
    """Delete the chunks of a grid that hold nothing of a shape.

    Parameters
    ----------
    prefix
        What the keys of all chunks begin with.
    keys_of
        Where a chunk may be.
    """
    kept = [_count(grid, axis, size) for axis, size in enumerate(shape)]
    number = prod(grid.counts) - prod(map(min, kept, grid.counts))

    def delete(keys: Sequence[str]) -> None:
        for key in keys:
            store.delete(key)

    if number > MOST_KEYS:
        keys = [key for key in store.list(prefix) if _is_outside(key, prefix, kept, keys_of)]
    else:
        keys = [key for index in _outside(grid.counts, kept) for key in keys_of(index)]
    run(delete, keys, BATCH)


def _count(grid: ChunkGrid, axis: int, size: int) -> int:
    """Return how many chunks along an axis hold some of its first elements."""
    return grid.find(axis, 0, size).stop if size else 0


def _outside(counts: Sequence[int], kept: Sequence[int]) -> Iterator[Index]:
    """Yield the chunks of a grid that are beyond the first along some axis, each once."""
    for axis in range(len(counts)):
        ranges = [
            range(min(kept[other], count))
            if other < axis
            else range(kept[other] if other == axis else 0, count)
            for other, count in enumerate(counts)
        ]
        yield from itertools.product(*ranges)


def _is_outside(
    key: str, prefix: str, kept: Sequence[int], keys_of: Callable[[Index], Sequence[str]]
) -> bool:
    index = tuple(map(int, _NUMBERS.findall(key[len(prefix) :])))
    if len(index) != len(kept) or key not in keys_of(index):
        return False
    return any(number >= count for number, count in zip(index, kept, strict=True))


def overhangs(
    grid: ChunkGrid, before: Shape, after: Shape
) -> Iterator[tuple[Shape, tuple[slice, ...]]]:
    """Yield where chunks hold elements that are in neither shape, or will be in one of them anew.

    Each comes as the shape up to the ends of the chunks, and the region in that.

    >>> from zarr_cdm.core.grids.regular import RegularGrid
    >>> list(overhangs(RegularGrid((4,), (10,)), (10,), (6,)))
    [((8,), (slice(6, 8, None),))]
    """
    both = tuple(map(min, before, after))
    if 0 in both:  # no chunk is left
        return
    ends = tuple(
        grid.edges(axis, grid.find(axis, size - 1, size)[0])[1] for axis, size in enumerate(both)
    )
    for axis, (size, end) in enumerate(zip(both, ends, strict=True)):
        if before[axis] != after[axis] and size < end:
            whole = [slice(0, other) for other in ends]
            yield ends, (*whole[:axis], slice(size, end), *whole[axis + 1 :])
