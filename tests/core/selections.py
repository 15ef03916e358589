"""Selections of all kinds as hypothesis strategies, and what NumPy makes of them."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np

SHAPES = st.lists(st.integers(0, 9), max_size=4).map(tuple)


def slices(size: int) -> st.SearchStrategy[slice]:
    ends = st.none() | st.integers(-size - 2, size + 2)
    steps = st.none() | st.integers(-size - 1, size + 1).filter(bool)
    return st.builds(slice, ends, ends, steps)


def indices(size: int) -> st.SearchStrategy[Any]:
    """Integers of all kinds, which count from the end below zero."""
    plain = st.integers(-size, size - 1)
    return plain | plain.map(np.int64) | plain.map(np.array)


def arrays(size: int) -> st.SearchStrategy[Any]:
    """Integer arrays, as lists too, and masks."""
    if not size:
        return st.just([]) | st.just(np.zeros(0, "i4")) | st.just(np.zeros(0, bool))
    places = st.lists(st.integers(-size, size - 1), max_size=6)
    masks = st.lists(st.booleans(), min_size=size, max_size=size)
    unsigned = st.lists(st.integers(0, size - 1), max_size=4)
    return (
        places
        | places.map(lambda found: np.array(found, "i4"))
        | unsigned.map(lambda found: np.array(found, "u8"))
        | masks.map(lambda found: np.array(found, bool))
    )


@st.composite
def outer_selections(draw: st.DrawFn, shape: tuple[int, ...], most_arrays: int = 9) -> Any:
    """Return a selection of each axis on its own, perhaps with dots or fewer parts than axes."""
    parts: list[Any] = []
    count = 0
    for size in shape:
        kinds = [slices(size)]
        if size:
            kinds.append(indices(size))
        if count < most_arrays:
            kinds.append(arrays(size))
        part = draw(st.one_of(kinds))
        count += np.ndim(part) == 1 if not isinstance(part, slice) else 0
        parts.append(part)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(parts)))
        until = draw(st.integers(at, len(parts)))
        parts[at:until] = [Ellipsis]
    elif draw(st.booleans()):
        parts = parts[: draw(st.integers(0, len(parts)))]
    if len(parts) == 1 and draw(st.booleans()):
        return parts[0]
    return tuple(parts)


def numpy_outer(array: np.ndarray, selection: Any) -> np.ndarray:
    """Return an outer selection as NumPy would give it, one axis at a time."""
    for axis, part in reversed(list(enumerate(filled(array.ndim, selection)))):
        array = array[(slice(None),) * axis + (part,)]
    return np.asarray(array)


def filled(rank: int, selection: Any) -> list[Any]:
    """Return one part for each axis, without dots."""
    parts = list(selection) if isinstance(selection, tuple) else [selection]
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), None)
    head, tail = (parts, []) if at is None else (parts[:at], parts[at + 1 :])
    filling = [slice(None)] * (rank - len(head) - len(tail))
    return [_plain(part) for part in [*head, *filling, *tail]]


def _plain(part: Any) -> Any:
    if isinstance(part, list):
        return np.array(part, np.int64)
    return part if isinstance(part, slice) or np.ndim(part) else int(part)


@st.composite
def point_selections(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return integer arrays that can be broadcast together, one for each axis."""
    result = draw(st.lists(st.integers(0, 3), max_size=3))
    parts: list[Any] = []
    for size in shape:
        own = result[draw(st.integers(0, len(result))) :]
        own = [1 if draw(st.booleans()) else length for length in own]
        if not size:
            own = [0, *own[1:]] if own else [0]
        count = int(np.prod(own))
        places = draw(
            st.lists(st.integers(-size, max(size - 1, 0)), min_size=count, max_size=count)
        )
        parts.append(np.array(places, "i8").reshape(own))
    return tuple(parts)
