"""Which part of which chunk goes where: selections cut along a grid, without any I/O.

Two ways to select, as in NumPy's enhancement proposal 21: *outer*, where each axis is selected on
its own by an integer, a slice, an integer array or a mask, and *by points*, where integer arrays
are broadcast and name one element each.

>>> from zarr_cdm.core.grids.regular import RegularGrid
>>> plan = outer((slice(1, 4), 0), (5, 2), RegularGrid((2, 2), (5, 2)))
>>> plan.shape, [(piece.chunk, piece.source, piece.target) for piece in plan.pieces()]
((3,), [((0, 0), (slice(1, 2, 1), 0), (slice(0, 1, None),)), \
((1, 0), (slice(0, 2, 1), 0), (slice(1, 3, None),))])
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.core.grids.base import ChunkGrid
from zarr_cdm.errors import SelectionError

Index = tuple[int, ...]
Part = int | slice | np.ndarray
FORWARDS, BACKWARDS = slice(None), slice(None, None, -1)


class Piece(NamedTuple):
    """The share of a selection that lies in one chunk.

    Attributes
    ----------
    chunk
        The place of the chunk in the grid.
    source
        For each axis of the chunk what is taken from it.
    target
        For each axis of the result where that goes.
    whole
        Whether all of the chunk that lies inside the array is taken, in order.
    """

    chunk: tuple[int, ...]
    source: tuple[Part, ...]
    target: tuple[Part, ...]
    whole: bool


class Cut(NamedTuple):
    """A selection of one axis, cut along the grid: for each chunk the same place in four lists.

    ``targets`` is None where the axis is not in the result; then there is one chunk.
    """

    chunks: Sequence[int]
    sources: Sequence[Part]
    targets: Sequence[Part] | None
    whole: Sequence[bool]


@dataclass(frozen=True, slots=True)
class OuterPlan:
    """An outer selection, cut along the grid.

    ``shape`` is that of the result, ``flips`` turns round the axes of it that were selected
    backwards.
    """

    shape: tuple[int, ...]
    flips: Any
    axes: tuple[Cut, ...]

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces, in the order of the chunks."""
        product = itertools.product
        return map(
            Piece,
            product(*[cut.chunks for cut in self.axes]),
            product(*[cut.sources for cut in self.axes]),
            product(*[cut.targets for cut in self.axes if cut.targets is not None]),
            map(all, product(*[cut.whole for cut in self.axes])),
        )


def outer(selection: Any, shape: Sequence[int], grid: ChunkGrid) -> OuterPlan:
    """Return the plan of an outer selection.

    Raises
    ------
    SelectionError
        The selection does not fit the shape.
    """
    return cut(expand(selection, shape), shape, grid)


def cut(parts: Sequence[Part], shape: Sequence[int], grid: ChunkGrid) -> OuterPlan:
    """Return the plan of a selection that `expand` has returned."""
    axes, sizes, flips = [], [], []
    for axis, (part, size) in enumerate(zip(parts, shape, strict=True)):
        if isinstance(part, slice):
            along, length, flip = _slice(part, axis, size, grid)
            sizes.append(length)
            flips.append(flip)
        elif isinstance(part, np.ndarray):
            along = _array(part, axis, grid)
            sizes.append(len(part))
            flips.append(FORWARDS)
        else:
            along = _integer(part, axis, grid)
        axes.append(along)
    # With the dots even a selection of one element stays an array.
    return OuterPlan(tuple(sizes), (*flips, ...), tuple(axes))


def expand(selection: Any, shape: Sequence[int]) -> tuple[Part, ...]:
    """Return one integer (≥ 0), slice or array of integers (≥ 0) for each axis."""
    given = list(selection) if isinstance(selection, tuple) else [selection]
    dots = [i for i, part in enumerate(given) if part is Ellipsis]
    if len(dots) > 1 or len(given) - len(dots) > len(shape):
        raise SelectionError(f"{selection!r} selects more than the shape {tuple(shape)} has")
    rest = [slice(None)] * (len(shape) - len(given) + len(dots))
    at = dots[0] if dots else len(given)
    given = [*given[:at], *rest, *given[at + len(dots) :]]
    return tuple(
        _normalise(part, axis, size)
        for axis, (part, size) in enumerate(zip(given, shape, strict=True))
    )


def _normalise(part: Any, axis: int, size: int) -> Part:
    if isinstance(part, slice):
        return part
    if type(part) is int:  # before NumPy is asked, which takes longer
        return _checked_index(part, axis, size)
    try:
        array = np.asarray(part)
    except ValueError as error:  # lists of different lengths
        raise SelectionError(f"axis {axis} cannot be selected by {part!r}") from error
    if array.ndim == 0:
        return _checked_index(part, axis, size)
    if array.ndim != 1:
        raise SelectionError(f"axis {axis} is selected by an array of {array.ndim} dimensions")
    if array.dtype == bool:
        if len(array) != size:
            raise SelectionError(f"axis {axis} has {size} elements, its mask {len(array)}")
        return np.flatnonzero(array)
    return checked_indices(array, axis, size)


def _checked_index(part: Any, axis: int, size: int) -> int:
    if isinstance(part, bool):  # for NumPy no index, but a mask of no dimension
        raise SelectionError(f"axis {axis} cannot be selected by {part!r}")
    try:
        index = operator.index(part)
    except TypeError as error:
        raise SelectionError(f"axis {axis} cannot be selected by {part!r}") from error
    if not -size <= index < size:
        raise SelectionError(f"index {index} is out of bounds for axis {axis} of size {size}")
    return index % size


def checked_indices(array: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Return an integer array with its negative indices counted from the end."""
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise SelectionError(f"axis {axis} is selected by {array.dtype}, expected integers")
    if array.min() < -size or array.max() >= size:
        raise SelectionError(f"an index is out of bounds for axis {axis} of size {size}")
    array = array.astype(np.int64)
    return np.where(array < 0, array + size, array)


def _integer(position: int, axis: int, grid: ChunkGrid) -> Cut:
    index = grid.find(axis, position, position + 1)[0]
    start, stop = grid.edges(axis, index)
    return Cut((index,), (position - start,), None, (stop - start == 1,))


def _slice(part: slice, axis: int, size: int, grid: ChunkGrid) -> tuple[Cut, int, slice]:
    """Return the cut of a slice, its length, and how to turn round one that goes backwards."""
    try:
        positions = range(*part.indices(size))
    except (TypeError, ValueError) as error:
        raise SelectionError(f"axis {axis} cannot be selected by {part!r}") from error
    flip = FORWARDS
    if positions.step < 0:
        positions, flip = positions[::-1], BACKWARDS
    first, step = positions.start, positions.step
    chunks: list[int] = []
    sources, targets, whole = [], [], []
    for index in grid.find(axis, first, positions[-1] + 1) if positions else ():
        start, stop = grid.edges(axis, index)
        low = max(0, -(-(start - first) // step))
        high = min(len(positions), -(-(stop - first) // step))
        if low < high:
            begin, end = first + low * step - start, first + (high - 1) * step + 1 - start
            chunks.append(index)
            sources.append(slice(begin, end, step))
            targets.append(slice(low, high))
            whole.append(step == 1 and begin == 0 and end == min(stop, size) - start)
    return Cut(chunks, sources, targets, whole), len(positions), flip


def _array(positions: np.ndarray, axis: int, grid: ChunkGrid) -> Cut:
    chunks, sources, targets = [], [], []
    for index, places in _grouped(grid.locate(axis, positions)):
        start, _ = grid.edges(axis, index)
        chunks.append(index)
        sources.append(positions[places] - start)
        targets.append(places)
    return Cut(chunks, sources, targets, [False] * len(chunks))


def _grouped(numbers: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each number that occurs and the places where it does."""
    if not numbers.size:
        return
    order = np.argsort(numbers, kind="stable")
    values, starts = np.unique(numbers[order], return_index=True)
    yield from zip(values.tolist(), np.split(order, starts[1:]), strict=True)


@dataclass(frozen=True, slots=True)
class PointsPlan:
    """A selection of single elements, cut along the grid; targets count along the flat result."""

    shape: tuple[int, ...]
    all_pieces: list[Piece]

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces, in the order of the chunks."""
        yield from self.all_pieces


def points(arrays: Sequence[np.ndarray], shape: Sequence[int], grid: ChunkGrid) -> PointsPlan:
    """Return the plan of single elements, which `as_points` names."""
    flat = [
        checked_indices(array.ravel(), axis, size)
        for axis, (array, size) in enumerate(zip(arrays, shape, strict=True))
    ]
    chunks = np.stack([grid.locate(axis, positions) for axis, positions in enumerate(flat)])
    indices, numbers = np.unique(chunks, axis=1, return_inverse=True)
    pieces = []
    for number, places in _grouped(numbers.ravel()):
        index = tuple(indices[:, number].tolist())
        source = tuple(
            positions[places] - grid.edges(axis, index[axis])[0]
            for axis, positions in enumerate(flat)
        )
        pieces.append(Piece(index, source, (places,), False))
    return PointsPlan(arrays[0].shape, pieces)


def names_points(selection: Any, rank: int) -> bool:
    """Tell whether NumPy takes a selection for single elements: a mask, or arrays for all axes.

    >>> names_points(([0, 1], [2, 3]), 2), names_points((slice(3), [2, 3]), 2)
    (True, False)
    """
    given = selection if isinstance(selection, tuple) else (selection,)
    arrays = [part for part in given if isinstance(part, np.ndarray | list)]
    if not arrays:
        return False
    if len(given) == 1:
        try:
            only = np.asarray(arrays[0])
        except ValueError:  # lists of different lengths, of which somebody else complains
            return False
        return only.ndim > 1 and (only.ndim == rank if only.dtype == bool else rank == 1)
    complete = len(given) == rank and not any(
        isinstance(part, slice) or part is Ellipsis for part in given
    )
    return complete and (len(arrays) > 1 or np.ndim(arrays[0]) > 1)


def as_points(selection: Any, shape: Sequence[int]) -> list[np.ndarray]:
    """Return which elements a selection by integer arrays or masks names.

    Returns
    -------
    list of numpy.ndarray
        For each axis integers, all broadcast to one shape, that of the selection.

    Raises
    ------
    SelectionError
        The selection does not fit the shape.
    """
    given = selection if isinstance(selection, tuple) else (selection,)
    if any(isinstance(part, slice) or part is Ellipsis for part in given):
        raise SelectionError("points are selected by integer arrays, not by slices; use oindex")
    try:
        arrays = [np.asarray(part) for part in given]
        if len(arrays) == 1 and _is_mask(arrays[0]):
            if arrays[0].shape != tuple(shape):
                found = arrays[0].shape
                raise SelectionError(f"a mask of shape {found} for an array of {tuple(shape)}")
            return list(np.nonzero(arrays[0]))
        if len(arrays) != len(shape) or not arrays:
            raise SelectionError(f"expected {len(shape)} integer arrays, found {len(arrays)}")
        for axis, size in enumerate(shape):
            if _is_mask(arrays[axis]):
                arrays[axis] = _selected_by(arrays[axis], size)
        return list(np.broadcast_arrays(*arrays))
    except ValueError as error:
        raise SelectionError(f"the arrays cannot be broadcast together: {error}") from error


def _is_mask(array: np.ndarray) -> bool:
    return array.dtype == bool and array.ndim > 0


def _selected_by(mask: np.ndarray, size: int) -> np.ndarray:
    if mask.shape != (size,):
        raise SelectionError(f"a mask of shape {mask.shape} for an axis of size {size}")
    return np.flatnonzero(mask)


def take(chunk: np.ndarray, source: tuple[Part, ...]) -> np.ndarray:
    """Return the outer selection ``source`` of a chunk."""
    arrays = [part for part in source if isinstance(part, np.ndarray)]
    if not arrays:
        return np.asarray(chunk[source])
    chunk = chunk[tuple(slice(None) if isinstance(part, np.ndarray) else part for part in source)]
    kept = [part for part in source if not isinstance(part, int)]
    for axis, part in enumerate(kept):
        if isinstance(part, np.ndarray):
            chunk = np.take(chunk, part, axis=axis)
    return chunk


def take_points(chunk: np.ndarray, source: tuple[Part, ...]) -> np.ndarray:
    """Return the single elements that the arrays of ``source`` name."""
    return np.asarray(chunk[source])


def put_points(chunk: np.ndarray, source: tuple[Part, ...], values: Any) -> None:
    """Assign to the single elements that the arrays of ``source`` name; of two the last counts."""
    chunk[source] = values


def put(result: np.ndarray, target: tuple[Part, ...], values: Any) -> None:
    """Assign to the outer selection ``target`` of a result."""
    arrays = sum(isinstance(part, np.ndarray) for part in target)
    if arrays:
        # Integers first: beside an array NumPy would take them for arrays too.
        simple = [slice(None) if isinstance(part, np.ndarray) else part for part in target]
        result = result[tuple(simple)]
        kept = [part for part in target if not isinstance(part, int)]
        target = tuple(part if isinstance(part, np.ndarray) else slice(None) for part in kept)
    if arrays > 1:
        lists = [np.arange(size)[part] for part, size in zip(target, result.shape, strict=True)]
        result[np.ix_(*lists)] = values
    else:
        # With the dots an element that is an object does not become an array itself.
        result[(*target, ...)] = values
