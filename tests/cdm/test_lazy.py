"""Lazy arrays against NumPy."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from zarr_cdm.cdm.lazy import MappedArray, by_points, outer
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.extension import Extension

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=5)


class Basic:
    """An array-like that offers no more than the contract asks for."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype

    def __getitem__(self, selection: Any) -> np.ndarray:
        parts = selection if isinstance(selection, tuple) else (selection,)
        assert sum(isinstance(part, np.ndarray) for part in parts) == 0
        return self.array[selection]


def zarr_array(values: np.ndarray) -> ZarrArray:
    document = ArrayMetadata(
        values.shape,
        Extension("int64"),
        Extension("regular", {"chunk_shape": [2] * values.ndim}),
        Extension("default"),
        0,
        (Extension("bytes", {"endian": "little"}),),
    )
    array = ZarrArray(MemoryStore(), "", document)
    array[...] = values
    return array


WRAPPERS = {
    "basic": Basic,
    "numpy": lambda values: values,
    "zarr": zarr_array,
    "mapped": lambda values: MappedArray(Basic(values - 7), values.dtype, lambda part: part + 7),
    "mapped zarr": lambda values: MappedArray(
        zarr_array(values - 7), values.dtype, lambda part: part + 7
    ),
}
wrappers = pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=list(WRAPPERS))


def indices(size: int, most: int = 4) -> st.SearchStrategy[np.ndarray]:
    element = st.integers(-size, size - 1)
    return st.lists(element, max_size=most).map(lambda found: np.array(found, np.intp))


@st.composite
def outer_selections(draw: st.DrawFn) -> tuple[np.ndarray, tuple[Any, ...]]:
    shape = draw(SHAPES)
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    selection = tuple(
        draw(st.one_of(st.integers(0, size - 1), st.slices(size), indices(size))) for size in shape
    )
    return values, selection


@st.composite
def point_selections(draw: st.DrawFn) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    shape = draw(hnp.array_shapes(max_dims=3, max_side=5))
    values = np.arange(np.prod(shape)).reshape(shape)
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=len(shape), max_dims=2, min_side=0, max_side=3)
    )
    arrays = [
        draw(hnp.arrays(np.intp, each, elements=st.integers(0, size - 1)))
        for each, size in zip(shapes.input_shapes, shape, strict=True)
    ]
    return values, tuple(arrays)


def expected_outer(values: np.ndarray, selection: tuple[Any, ...]) -> np.ndarray:
    """Select axis by axis, the last first, so that no axis moves before its turn."""
    for axis in reversed(range(values.ndim)):
        values = values[(slice(None),) * axis + (selection[axis],)]
    return np.asarray(values)


@wrappers
@given(case=outer_selections())
def test_outer_selects_each_axis_on_its_own(
    wrap: Any, case: tuple[np.ndarray, tuple[Any, ...]]
) -> None:
    values, selection = case
    found = outer(wrap(values), selection)
    wanted = expected_outer(values, selection)
    assert found.shape == wanted.shape
    assert (found == wanted).all()


@wrappers
@given(case=point_selections())
def test_by_points_selects_what_numpys_arrays_select(
    wrap: Any, case: tuple[np.ndarray, tuple[np.ndarray, ...]]
) -> None:
    values, selection = case
    found = by_points(wrap(values), selection)
    wanted = values[selection]
    assert found.shape == wanted.shape
    assert (found == wanted).all()


def test_a_mapped_array_tells_how_the_array_below_lies_and_nothing_else() -> None:
    mapped = MappedArray(zarr_array(np.zeros((4, 4), int)), np.dtype("i8"), lambda part: part)
    assert mapped.chunks == (2, 2)
    assert mapped.codecs == ("bytes",)
    assert mapped.stored_bytes() == 4 * 32
    with pytest.raises(AttributeError, match="path"):
        mapped.path  # noqa: B018
    with pytest.raises(AttributeError):
        MappedArray(np.zeros(2), np.dtype("f8"), abs).chunks  # noqa: B018


def test_a_mapped_array_reads_only_what_is_selected() -> None:
    seen = []

    def look(part: np.ndarray) -> np.ndarray:
        seen.append(part.size)
        return part

    mapped = MappedArray(np.arange(100), np.dtype("i8"), look)
    assert (mapped[10:12] == [10, 11]).all()
    assert seen == [2]
