"""Arrays of numbers at equal distances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarr_cdm.cdm.lazy import by_points, outer
from zarr_cdm.cdm.regular import RegularArray
from zarr_cdm.errors import SelectionError

NUMBERS = RegularArray(10.0, -0.5, 7)
EXPECTED = 10 - 0.5 * np.arange(7)


@pytest.mark.parametrize(
    "selection",
    [
        ...,
        (),
        slice(None),
        (slice(1, 5, 2),),
        slice(None, None, -1),
        slice(5, 90),
        3,
        -1,
        np.int64(2),
        [4, 0, -2],
        np.array([[1, 2], [3, 4]]),
        np.array([True, False] * 3 + [True]),
        (..., 2),
    ],
)
def test_a_selection_gives_what_numpy_gives(selection: Any) -> None:
    np.testing.assert_array_equal(NUMBERS[selection], EXPECTED[selection])
    assert np.asarray(NUMBERS[selection]).dtype == NUMBERS.dtype


@given(st.slices(7))
def test_a_slice_gives_what_numpy_gives(selection: slice) -> None:
    np.testing.assert_array_equal(NUMBERS[selection], EXPECTED[selection])


def test_it_may_be_selected_from_as_other_lazy_arrays() -> None:
    assert outer(NUMBERS, (np.array([0, 6]),)).tolist() == [10, 7]
    assert by_points(NUMBERS, (np.array([6, 0, 6]),)).tolist() == [7, 10, 7]


@pytest.mark.parametrize("selection", [7, -8, [0, 7], (0, 0)])
def test_what_it_does_not_have_is_an_error(selection: Any) -> None:
    with pytest.raises(SelectionError):
        NUMBERS[selection]


def test_a_part_of_a_huge_one_takes_no_memory() -> None:
    assert RegularArray(0.0, 1.0, 2**62)[2**61 : 2**61 + 1] == [2.0**61]
