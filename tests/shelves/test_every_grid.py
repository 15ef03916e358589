"""What every chunk grid promises, against plain arithmetic."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from zarr_cdm.core.grids.base import ChunkGrid
from zarr_cdm.core.grids.table import GRIDS
from zarr_cdm.errors import MetadataError, UnknownNameError

Case = tuple[ChunkGrid, tuple[int, ...], list[np.ndarray]]


@st.composite
def regular(draw: st.DrawFn) -> Case:
    """Return a grid, its shape, and where along each axis chunks start, and the last one stops."""
    shape = tuple(draw(st.lists(st.integers(0, 40), max_size=3)))
    chunks = [draw(st.integers(1, 50)) for _ in shape]
    grid = GRIDS["regular"].from_json({"chunk_shape": chunks}, shape)
    edges = [
        np.arange(-(-size // chunk) + 1) * chunk for size, chunk in zip(shape, chunks, strict=True)
    ]
    return grid, shape, edges


@st.composite
def rectilinear(draw: st.DrawFn) -> Case:
    """Return the same for chunks of any length, which reach to the end of the array or beyond."""
    axes = draw(st.lists(st.lists(st.integers(1, 20), max_size=6), max_size=3))
    shape = tuple(draw(st.integers(0, sum(axis))) for axis in axes)
    configuration = {"kind": "inline", "chunk_shapes": axes}
    grid = GRIDS["rectilinear"].from_json(configuration, shape)
    edges = [np.concatenate([[0], np.cumsum(axis, dtype=int)]) for axis in axes]
    return grid, shape, edges


CASES = {"regular": regular(), "rectilinear": rectilinear()}


def test_every_grid_of_the_table_is_tested() -> None:
    assert set(GRIDS) == set(CASES)


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
@settings(deadline=None)
def test_chunks_cover_each_axis_without_a_gap(name: str, data: st.DataObject) -> None:
    grid, shape, edges = data.draw(CASES[name])
    assert grid.counts == tuple(len(axis) - 1 for axis in edges)
    for axis, size in enumerate(shape):
        found = [grid.edges(axis, index) for index in range(grid.counts[axis])]
        assert found == list(zip(edges[axis][:-1], edges[axis][1:], strict=True))
        assert sum(max(0, min(stop, size) - start) for start, stop in found) == size


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
@settings(deadline=None)
def test_positions_are_found_in_their_chunks(name: str, data: st.DataObject) -> None:
    grid, shape, edges = data.draw(CASES[name])
    for axis, size in enumerate(shape):
        positions = np.arange(size)
        expected = np.searchsorted(edges[axis], positions, side="right") - 1
        located = grid.locate(axis, positions)
        assert located.shape == positions.shape
        assert np.array_equal(located, expected)
        if size:
            start = data.draw(st.integers(0, size - 1))
            stop = data.draw(st.integers(start + 1, size))
            assert list(grid.find(axis, start, stop)) == sorted({*expected[start:stop].tolist()})


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
@settings(deadline=None)
def test_a_chunk_is_stored_as_large_as_its_edges_say(name: str, data: st.DataObject) -> None:
    grid, _, _ = data.draw(CASES[name])
    for index in np.ndindex(*grid.counts):
        edges = [grid.edges(axis, i) for axis, i in enumerate(index)]
        assert grid.chunk_shape(index) == tuple(stop - start for start, stop in edges)


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
@settings(deadline=None)
def test_a_grid_is_read_as_it_was_written(name: str, data: st.DataObject) -> None:
    grid, shape, _ = data.draw(CASES[name])
    again = GRIDS[name].from_json(grid.to_json(), shape)
    assert again.to_json() == grid.to_json()
    assert again.counts == grid.counts


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("configuration", [{}, {"chunk_shape": None}, {"chunk_shape": "22"}])
def test_a_grid_without_its_configuration_is_refused(name: str, configuration: Any) -> None:
    with pytest.raises(MetadataError):
        GRIDS[name].from_json(configuration, (4, 4))


def test_an_unknown_grid_is_refused_by_its_name() -> None:
    known = "unknown chunk grid 'hexagonal'; known: rectilinear, regular"
    with pytest.raises(UnknownNameError, match=known):
        GRIDS["hexagonal"]


def test_a_length_of_zero_along_an_empty_axis_is_repaired() -> None:
    grid = GRIDS["regular"].from_json({"chunk_shape": [0, 3]}, (0, 6))
    assert grid.counts == (0, 2)
    assert grid.to_json() == {"chunk_shape": [1, 3]}


def test_a_huge_grid_costs_nothing() -> None:
    grid = GRIDS["regular"].from_json({"chunk_shape": [1]}, (2**62,))
    assert grid.counts == (2**62,)
    assert len(grid.find(0, 2**61, 2**62)) == 2**61
    assert grid.edges(0, 2**62 - 1) == (2**62 - 1, 2**62)
