"""Comparing values: which are the same, and how they are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.datasets import variable_of
from zarr_cdm.cdm import compare_values
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset, Dimension, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES
from zarr_cdm.errors import ChunkError


def values_found(name: str, first: Any, second: Any) -> list[str]:
    kind = ATOMIC_TYPES[name]
    sides = []
    for given_values in (first, second):
        data = np.asarray(given_values, kind.dtype)
        x = Dimension("x", len(data))
        dimensions = {"x": x}
        variable = Variable("v", kind, (x,), data=data)
        sides.append(Dataset(dimensions=dimensions, variables={"v": variable}))
    return [finding.message for finding in compare(*sides) if finding.place == "/v"]


@pytest.mark.parametrize(
    ("name", "first", "second", "found"),
    [
        ("double", [np.nan], [np.nan], []),
        ("double", [0.0, 1], [-0.0, 1], ["1 of 2 differ, the first at [0]: 0.0 against -0.0"]),
        ("float", [0.1], [0.10000001], ["1 of 1 differ, the first at [0]: 0.1 against 0.10000001"]),
        ("string", ["a", None], ["a", ""], ["1 of 2 differ, the first at [1]: NULL against ''"]),
        ("char", [b"", b"a"], [b"\0", b"a"], []),
        ("short", [1, 2, 3], [1, 2], ["[3] against [2]"]),
        (
            "short",
            [1, 2, 3],
            [1, 5],
            ["[3] against [2]", "1 of 2 differ, the first at [1]: 2 against 5"],
        ),
    ],
)
def test_values_are_compared_bit_by_bit(
    name: str, first: list[Any], second: list[Any], found: list[str]
) -> None:
    assert values_found(name, first, second) == found


def test_nans_that_differ_are_told_apart() -> None:
    other = np.array([0x7FC00001], "u4").view("f4")
    (message,) = values_found("float", [np.nan], other)
    assert message.endswith("nan against nan (7fc00001)")


def test_long_texts_are_shown_where_they_part() -> None:
    first = Dataset(attributes={"history": Attribute.of("x" * 5000 + "1" + "y" * 5000)})
    second = Dataset(attributes={"history": Attribute.of("x" * 5000 + "2" + "y" * 5000)})
    (found,) = compare(first, second)
    assert "x1y" in found.message
    assert "x2y" in found.message
    assert len(found.message) < 400


# ---- how values are read


class Counted:
    """An array that notes what is read of it, with chunks, and perhaps with damage."""

    def __init__(self, values: np.ndarray, chunks: tuple[int, ...], damaged: int = -1) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.chunks = chunks
        self.damaged = damaged
        self.sizes: list[int] = []

    def __getitem__(self, selection: Any) -> np.ndarray:
        part = self.values[selection]
        self.sizes.append(part.size)
        if self.damaged in part:
            raise ChunkError("checksum differs", key="c/0/1")
        return part


def two_arrays(
    shape: tuple[int, int], first: tuple[int, int], second: tuple[int, int], **damage: int
) -> tuple[Dataset, Dataset]:
    sides = []
    for chunks in (first, second):
        values = np.arange(shape[0] * shape[1], dtype="i4").reshape(shape)
        dims = tuple(Dimension(name, size) for name, size in zip("yx", shape, strict=True))
        data = Counted(values, chunks, **damage)
        variable = Variable("v", ATOMIC_TYPES["int"], dims, data=data)
        sides.append(
            Dataset(dimensions={each.name: each for each in dims}, variables={"v": variable})
        )
    return sides[0], sides[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [((1, 60), (40, 1)), ((7, 11), (5, 13)), ((40, 60), (3, 3)), ((1, 1), (1, 1))],
)
def test_values_are_read_in_bounded_blocks_and_all_of_them(
    first: tuple[int, int], second: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_values, "BLOCK_BYTES", 400)
    monkeypatch.setattr("zarr_cdm.parallel.BLOCK_BYTES", 400)
    one, other = two_arrays((40, 60), first, second)
    other.variables["v"].data.values[[0, 17, 39], [59, 30, 0]] = -5
    (found,) = compare(one, other)
    assert found.message == "3 of 2400 differ, the first at [0, 59]: 59 against -5"
    for side in (one, other):
        data = side.variables["v"].data
        assert sum(data.sizes) == 2400
        largest = max(100, *(a * b for a, b in (first, second)))
        assert max(data.sizes) <= largest


def test_the_first_place_is_that_of_all_blocks_not_of_the_first_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zarr_cdm.parallel.BLOCK_BYTES", 4 * 100)
    one, other = two_arrays((20, 20), (10, 10), (10, 10))
    other.variables["v"].data.values[[5, 1], [5, 15]] = -5  # the first and the second block
    assert "2 of 400 differ, the first at [1, 15]: 35 against" in compare(one, other)[0].message


def test_what_cannot_be_read_is_a_finding_and_the_rest_is_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zarr_cdm.parallel.BLOCK_BYTES", 4 * 100)
    one, other = two_arrays((20, 20), (10, 10), (10, 10), damaged=17)
    one.variables["v"].data.damaged = -1
    other.variables["v"].data.values[19, 19] = -5
    values, unreadable = compare(one, other)
    assert values.message == "1 of 400 differ, the first at [19, 19]: 399 against -5"
    assert unreadable == Finding(
        "/v",
        "values.unreadable",
        "the second cannot be read at [0:10, 10:20]: c/0/1: checksum differs",
    )


def test_data_that_are_not_asked_for_are_not_read() -> None:
    one, other = two_arrays((4, 4), (2, 2), (2, 2))
    assert compare(one, other, values=False, storage=True) == []
    assert variable_of(one, "/v").data.sizes == variable_of(other, "/v").data.sizes == []


def test_arrays_of_two_stores_are_compared_in_their_own_chunks() -> None:
    one, other = two_arrays((4, 4), (2, 2), (4, 1))
    assert compare(one, other) == []
    assert compare(one, other, storage=True) == [
        Finding("/v", "array.chunks", "(2, 2) against (4, 1)")
    ]
