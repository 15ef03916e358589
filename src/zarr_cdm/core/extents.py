"""Which elements of a chunk a selection needs, as runs of neighbours in memory; without any I/O.

>>> outer_extents((1, slice(0, 2, 1)), (2, 3))
Extents(starts=3, length=2)
>>> outer_extents((slice(0, 4, 2), slice(0, 3, 1)), (4, 3))
Extents(starts=array([0, 6]), length=3)
>>> point_extents((np.array([0, 1]), np.array([2, 0])), (2, 3))
Extents(starts=array([2, 3]), length=1)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.core.indexing import Part

# With more runs than this, finding out what is needed costs more than it saves.
MOST_RUNS = 2**14


class Extents(NamedTuple):
    """Runs of elements or bytes, all of one length, in the C order of a chunk.

    Attributes
    ----------
    starts
        The first element of each run, int64; a plain integer for a single run.
    length
        The number of elements in a run.
    """

    starts: np.ndarray | int
    length: int

    def times(self, item_bytes: int) -> Extents:
        """Return the same as bytes."""
        return Extents(self.starts * item_bytes, self.length * item_bytes)


def outer_extents(source: tuple[Part, ...], shape: tuple[int, ...]) -> Extents | None:
    """Return what an outer selection of a chunk needs; None where that is too many runs."""
    axis, run = len(shape), 1
    while axis and _is_whole(source[axis - 1], shape[axis - 1]):
        axis -= 1
        run *= shape[axis]
    # `stride` is how far neighbours along the next axis are apart.
    stride, first = run, 0
    if axis:
        part = source[axis - 1]
        if isinstance(part, slice) and part.step == 1:
            axis -= 1
            run, first = (part.stop - part.start) * stride, part.start * stride
            stride *= shape[axis]
    starts: np.ndarray | int = first
    count = 1
    for part, size in zip(reversed(source[:axis]), reversed(shape[:axis]), strict=True):
        if isinstance(part, int):
            starts = starts + part * stride
        else:
            positions = (
                np.arange(part.start, part.stop, part.step) if isinstance(part, slice) else part
            )
            count *= len(positions)
            if count > MOST_RUNS:
                return None
            starts = np.add.outer(positions * stride, starts).ravel()
        stride *= size
    return Extents(starts, run)


def _is_whole(part: Part, size: int) -> bool:
    return isinstance(part, slice) and part.stop - part.start == size and part.step == 1


def point_extents(source: tuple[Part, ...], shape: tuple[int, ...]) -> Extents | None:
    """Return what single elements of a chunk need; None where those are too many."""
    positions: Any = source  # arrays alone
    starts = np.atleast_1d(np.ravel_multi_index(positions, shape))
    return Extents(starts, 1) if len(starts) <= MOST_RUNS else None
