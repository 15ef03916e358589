"""Plans of selections, against NumPy, without any store."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests.core.selections import (
    SHAPES,
    numpy_outer,
    outer_selections,
    point_selections,
)
from zarr_cdm.core.grids.regular import RegularGrid
from zarr_cdm.core.indexing import OuterPlan, as_points, outer, points, put, take, take_points
from zarr_cdm.errors import SelectionError


def cut(array: np.ndarray, grid: RegularGrid, index: tuple[int, ...]) -> np.ndarray:
    """Return a chunk of full size; what overhangs is -1."""
    chunk = np.full(grid.chunks, -1, array.dtype)
    edges = [grid.edges(axis, i) for axis, i in enumerate(index)]
    inside = array[tuple(slice(*edge) for edge in edges)]
    chunk[tuple(slice(size) for size in inside.shape)] = inside
    return chunk


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, RegularGrid]:
    shape = draw(SHAPES)
    chunks = [draw(st.integers(1, 12)) for _ in shape]
    return np.arange(np.prod(shape, dtype=int)).reshape(shape), RegularGrid(chunks, shape)


@given(grids(), st.data())
@settings(max_examples=500, deadline=None)
def test_an_outer_plan_gives_what_numpy_gives(
    case: tuple[np.ndarray, RegularGrid], data: st.DataObject
) -> None:
    array, grid = case
    selection = data.draw(outer_selections(array.shape))
    expected = numpy_outer(array, selection)
    plan = outer(selection, array.shape, grid)
    result = np.full(plan.shape, -2)
    written = np.zeros(plan.shape, int)
    chunks = []
    for piece in plan.pieces():
        chunk = cut(array, grid, piece.chunk)
        taken = take(chunk, piece.source)
        put(result, piece.target, taken)
        put(written, piece.target, take(written, piece.target) + 1)
        chunks.append(piece.chunk)
        if piece.whole:
            inside = [
                min(e, s) - b
                for (b, e), s in zip(
                    (grid.edges(a, i) for a, i in enumerate(piece.chunk)), array.shape, strict=True
                )
            ]
            assert taken.size == np.prod(inside)
    assert np.array_equal(result[plan.flips], expected)
    assert np.all(written == 1), "every element comes from one piece"
    assert len(set(chunks)) == len(chunks), "every chunk is read once"


@given(grids(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_plan_of_points_gives_what_numpy_gives(
    case: tuple[np.ndarray, RegularGrid], data: st.DataObject
) -> None:
    array, grid = case
    assume(array.ndim)
    selection = data.draw(point_selections(array.shape))
    try:
        expected = array[selection]
    except IndexError:
        with pytest.raises(SelectionError):
            points(as_points(selection, array.shape), array.shape, grid)
        return
    plan = points(as_points(selection, array.shape), array.shape, grid)
    result = np.full(plan.shape, -2)
    flat = result.reshape(-1)
    chunks = []
    for piece in plan.pieces():
        put(flat, piece.target, take_points(cut(array, grid, piece.chunk), piece.source))
        chunks.append(piece.chunk)
    assert result.shape == expected.shape
    assert np.array_equal(result, expected)
    assert len(set(chunks)) == len(chunks)


@given(grids(), st.data())
@settings(max_examples=200, deadline=None)
def test_put_is_the_inverse_of_take(
    case: tuple[np.ndarray, RegularGrid], data: st.DataObject
) -> None:
    array, grid = case
    selection = data.draw(outer_selections(array.shape))
    for piece in outer(selection, array.shape, grid).pieces():
        chunk = cut(array, grid, piece.chunk)
        copy = chunk.copy()
        put(copy, piece.source, take(chunk, piece.source))
        assert np.array_equal(copy, chunk)
        put(copy, piece.source, -7)
        assert np.all(take(copy, piece.source) == -7)
        assert np.sum(copy != chunk) == len({*take(chunk, piece.source).ravel().tolist()})


GRID = RegularGrid((2, 2), (5, 4))


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        (5, "index 5 is out of bounds for axis 0 of size 5"),
        (-6, "index -6 is out of bounds for axis 0 of size 5"),
        ((0, 4), "index 4 is out of bounds for axis 1 of size 4"),
        ((0, 0, 0), r"selects more than the shape \(5, 4\) has"),
        ((..., ...), "selects more than the shape"),
        (1.0, "axis 0 cannot be selected by 1.0"),
        ("x", "axis 0 cannot be selected by 'x'"),
        (None, "axis 0 cannot be selected by None"),
        (True, "axis 0 cannot be selected by True"),
        (np.True_, "axis 0 cannot be selected by"),
        (slice(None, None, 0), "axis 0 cannot be selected by slice"),
        (slice("a"), "axis 0 cannot be selected by slice"),
        ([0, 5], "an index is out of bounds for axis 0 of size 5"),
        ([-6], "an index is out of bounds for axis 0 of size 5"),
        (np.array([2**63], "u8"), "an index is out of bounds for axis 0 of size 5"),
        ([0.5], "axis 0 is selected by float64, expected integers"),
        (["a"], "axis 0 is selected by <U1, expected integers"),
        ([[0]], "axis 0 is selected by an array of 2 dimensions"),
        ([[0], [1, 2]], "axis 0 cannot be selected by"),
        ([True, False], "axis 0 has 5 elements, its mask 2"),
        ((slice(None), np.zeros(5, bool)), "axis 1 has 4 elements, its mask 5"),
    ],
    ids=repr,
)
def test_a_selection_that_does_not_fit_is_refused(selection: Any, reason: str) -> None:
    with pytest.raises(SelectionError, match=reason) as error:
        outer(selection, (5, 4), GRID)
    assert isinstance(error.value, IndexError)


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        (([0],), "expected 2 integer arrays, found 1"),
        (([0], [0], [0]), "expected 2 integer arrays, found 3"),
        (([0], slice(None)), "not by slices; use oindex"),
        (([0], ...), "not by slices; use oindex"),
        (([0, 1], [0, 1, 2]), "cannot be broadcast together"),
        (([0], [4]), "an index is out of bounds for axis 1 of size 4"),
        (([0], [0.5]), "axis 1 is selected by float64, expected integers"),
        (([0], True), "axis 1 is selected by bool, expected integers"),
        (([0], [True]), r"a mask of shape \(1,\) for an axis of size 4"),
        (([[0], [1, 2]], [0]), "cannot be broadcast together"),
    ],
    ids=repr,
)
def test_points_that_do_not_fit_are_refused(selection: Any, reason: str) -> None:
    with pytest.raises(SelectionError, match=reason):
        points(as_points(selection, (5, 4)), (5, 4), GRID)


def test_a_plan_of_a_huge_array_costs_what_is_selected() -> None:
    shape = (2**62, 2**62)
    plan = outer((slice(2**61, 2**61 + 3), -1), shape, RegularGrid((2, 2), shape))
    assert isinstance(plan, OuterPlan)
    assert [piece.chunk for piece in plan.pieces()] == [(2**60, 2**61 - 1), (2**60 + 1, 2**61 - 1)]
