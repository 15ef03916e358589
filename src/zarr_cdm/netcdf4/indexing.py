"""Selections by netCDF4-python's rules: each axis on its own.

Source: the docstrings of netCDF4-python ("Slicing and assigning"), and what it does. A selection is
an integer, a slice, an ellipsis or a 1-D array of integers or booleans for each axis; slices may
reach beyond the end. In an assignment an unlimited dimension grows to what is selected.

>>> reading((slice(1, 9), [True, False, True]), (4, 3))
(slice(1, 4, 1), array([0, 2]))
>>> writing(slice(2, None), (2,), (True,), (3,)).sizes
(5,)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.errors import SelectionError, ValuesError

Part = int | slice | np.ndarray
WANTED = "only integers, slices, one ellipsis and 1-d arrays of integers or booleans select"


class Target(NamedTuple):
    """Where values go.

    Attributes
    ----------
    parts
        An integer, slice or integer array for each axis.
    sizes
        What each axis must be long, at the least.
    shape
        Of the selection, 1 for an axis that an integer selects.
    """

    parts: tuple[Part, ...]
    sizes: tuple[int, ...]
    shape: tuple[int, ...]


def reading(selection: Any, shape: Sequence[int]) -> tuple[Part, ...]:
    """Return an integer (≥ 0), slice or array of integers (≥ 0) for each axis of ``shape``.

    Raises
    ------
    SelectionError
        The selection does not fit.
    """
    whole = tuple(shape)
    parts = _expanded(selection, whole, (False,) * len(whole))
    return tuple(_inside(part, size) for part, size in zip(parts, whole, strict=True))


def writing(
    selection: Any, shape: Sequence[int], unlimited: Sequence[bool], given: tuple[int, ...]
) -> Target:
    """Return where values of the shape ``given`` go.

    Raises
    ------
    SelectionError
        The selection reaches beyond a dimension that is not unlimited.
    """
    parts = _expanded(selection, tuple(shape), unlimited)
    lengths = _lengths(parts, shape, unlimited, given)
    found: list[Part] = []
    for part, size, length, grows in zip(parts, shape, lengths, unlimited, strict=True):
        if isinstance(part, slice):
            found.append(_bounded(part, length))
        elif grows and not isinstance(part, np.ndarray):
            found.append(part if part >= 0 else _inside_integer(part, size))
        else:
            found.append(_inside(part, _grown(part, size) if grows else size))
    sizes = tuple(max(size, _stop(part)) for part, size in zip(found, shape, strict=True))
    return Target(tuple(found), sizes, tuple(_count(part) for part in found))


def fitting(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return values in the shape of a selection: as they are, reshaped, or repeated.

    Raises
    ------
    ValuesError
        They do not fit.
    """
    if values.shape == shape:
        return values
    try:
        if values.size == prod(shape) and values.size > 1:
            return values.reshape(shape)
        if isinstance(values, np.ma.MaskedArray):
            mask = np.broadcast_to(np.ma.getmaskarray(values), shape)
            return np.ma.masked_array(np.broadcast_to(values.data, shape), mask)
        return np.broadcast_to(values, shape)
    except ValueError as error:
        raise ValuesError(
            f"values of shape {values.shape} do not fit a selection of {shape}"
        ) from error


def _expanded(selection: Any, shape: tuple[int, ...], unlimited: Sequence[bool]) -> list[Part]:
    """Return an integer, slice or integer array for each axis, negative ones as they are."""
    given = _listed(selection)
    dots = [place for place, part in enumerate(given) if part is Ellipsis]
    if len(dots) > 1:
        raise SelectionError(f"there are {len(dots)} ellipses in a selection, one may be")
    room = len(shape) - len(given) + len(dots)
    if room < 0:
        raise SelectionError(f"{len(given) - len(dots)} parts select from {len(shape)} dimensions")
    at = dots[0] if dots else len(given)
    given = [*given[:at], *[slice(None)] * room, *given[at + len(dots) :]]
    return [
        _part(part, size, grows) for part, size, grows in zip(given, shape, unlimited, strict=True)
    ]


def _listed(selection: Any) -> list[Any]:
    """Return the parts of a selection; one array, or list of integers, is for the first axis."""
    if isinstance(selection, tuple):
        return list(selection)
    if isinstance(selection, str | bytes | np.ndarray) or not isinstance(selection, Iterable):
        return [selection]
    items = list(selection)
    return [items] if all(map(_is_integer, items)) else items


def _is_integer(part: Any) -> bool:
    try:
        return bool(int(part) == part)
    except (TypeError, ValueError):
        return False


def _part(part: Any, size: int, grows: bool) -> Part:
    if isinstance(part, slice):
        return part
    if isinstance(part, str | bytes):
        return _integer(part)
    array = np.asarray(part)
    if array.ndim > 1:
        raise SelectionError(f"an axis is selected by an array of {array.ndim} dimensions")
    if array.ndim == 0:
        return _integer(part)
    if array.dtype.kind == "b":
        if not grows and len(array) != size:
            raise SelectionError(f"an axis has {size} elements, its mask {len(array)}")
        return np.flatnonzero(array)
    if array.dtype.kind not in "iu":
        raise SelectionError(WANTED)
    return np.where(array < 0, array + size, array).astype(np.int64)


def _integer(part: Any) -> int:
    try:
        number = int(part)
    except (TypeError, ValueError, OverflowError) as error:
        raise SelectionError(f"{WANTED}, not {part!r}") from error
    if isinstance(part, float | np.floating) and number != part:
        raise SelectionError(f"{WANTED}, not {part!r}")
    return number


def _inside(part: Part, size: int) -> Part:
    """Return a part that lies in an axis, its integers counted from the begin."""
    if isinstance(part, slice):
        return _bounded(part, size)
    if isinstance(part, np.ndarray):
        if part.size and (part.min() < 0 or part.max() >= size):
            raise SelectionError(f"an index is out of bounds for an axis of {size} elements")
        return part
    return _inside_integer(part, size)


def _inside_integer(part: int, size: int) -> int:
    if not -size <= part < size:
        raise SelectionError(f"index {part} is out of bounds for an axis of {size} elements")
    return part % size


def _bounded(part: slice, length: int) -> slice:
    """Return a slice with numbers; a stop of None only where it runs down to the begin."""
    start, stop, step = part.indices(length)
    if not range(start, stop, step):
        return slice(0, 0, 1)
    return slice(start, None if stop < 0 else stop, step)


def _lengths(
    parts: Sequence[Part],
    shape: Sequence[int],
    unlimited: Sequence[bool],
    given: tuple[int, ...],
) -> list[int]:
    """Return what each axis is taken to be long, so that slices can be resolved.

    An open slice of an unlimited dimension is as long as the values are there.
    """
    kept = [place for place, part in enumerate(parts) if isinstance(part, slice | np.ndarray)]
    if len(given) == len(kept) and len(given) != len(parts):
        extents = dict(zip(kept, given, strict=True))
    else:
        extents = dict(enumerate(given))
    lengths = []
    for place, (part, size, grows) in enumerate(zip(parts, shape, unlimited, strict=True)):
        length = size
        if grows and isinstance(part, slice):
            if part.stop is not None:
                length = max(size, part.stop)
            elif not given:
                length = size or 1
            elif place not in extents:
                raise SelectionError("the values have fewer dimensions than are selected")
            else:
                length = _open(part, extents[place], size)
        lengths.append(length)
    return lengths


def _open(part: slice, extent: int, size: int) -> int:
    """Return the length of an unlimited axis of which an open slice takes ``extent`` elements."""
    start, step = part.start or 0, part.step or 1
    if start < 0:
        start += size
    if step < 0:
        return size
    return start + extent if step == 1 else start + (extent - 1) * step + 1


def _grown(part: Part, size: int) -> int:
    return max(size, int(part.max()) + 1) if isinstance(part, np.ndarray) and part.size else size


def _count(part: Part) -> int:
    if isinstance(part, slice):
        return len(_range(part))
    return len(part) if isinstance(part, np.ndarray) else 1


def _stop(part: Part) -> int:
    """Return the least length of an axis in which a part lies."""
    if isinstance(part, slice):
        places = _range(part)
        return max(places[0], places[-1]) + 1 if places else 0
    if isinstance(part, np.ndarray):
        return int(part.max()) + 1 if part.size else 0
    return part + 1


def _range(part: slice) -> range:
    return range(part.start, -1 if part.stop is None else part.stop, part.step)
