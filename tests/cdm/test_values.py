"""When values of any netCDF type are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Group
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
    parts_of,
)
from zarr_cdm.cdm.values import rows, same, unwritten

DOUBLE, SHORT = ATOMIC_TYPES["double"], ATOMIC_TYPES["short"]
CLOUD = EnumType("cloud", ATOMIC_TYPES["byte"], {"clear": 0, "cumulus": 1})
ROW = VlenType("row", SHORT)
ROWS = VlenType("rows", ROW)
MIXED = CompoundType(
    "mixed",
    (CompoundField("text", STRING, 0), CompoundField("row", ROW, 8), CompoundField("n", SHORT, 24)),
    32,
)


def mixed(text: str | None, row: list[int], number: int) -> np.ndarray:
    result = np.zeros(1, MIXED.dtype)
    result["text"], result["n"] = text, number
    result["row"][0] = np.array(row, "i2")
    return result


@pytest.mark.parametrize(
    ("kind", "first", "second", "expected"),
    [
        (DOUBLE, np.array([np.nan]), np.array([np.nan]), True),
        (DOUBLE, np.array([0.0]), np.array([-0.0]), False),
        (DOUBLE, np.array([1.0]), np.array([[1.0]]), False),
        (SHORT, np.array([1], ">i2"), np.array([1], "<i2"), True),
        (STRING, np.array([""], object), np.array([None], object), False),
        (STRING, np.array([None, "a"], object), np.array([None, "a"], object), True),
        (CLOUD, np.array([1], "i1"), np.array([1], "i1"), True),
        (OpaqueType("o", 2), np.array([b"ab"], "V2"), np.array([b"ac"], "V2"), False),
        (ROW, rows([[1, 2], [3, 4]], ROW), rows([[1, 2], [3, 4]], ROW), True),
        (ROW, rows([[1, 2]], ROW), rows([[1], [2]], ROW), False),
        (ROW, rows([[1, 2]], ROW), rows([[1, 3]], ROW), False),
        (ROWS, rows([[[1], []]], ROWS), rows([[[1], []]], ROWS), True),
        (ROWS, rows([[[1], []]], ROWS), rows([[[1]]], ROWS), False),
        (MIXED, mixed("a", [1], 2), mixed("a", [1], 2), True),
        (MIXED, mixed("a", [1], 2), mixed(None, [1], 2), False),
        (MIXED, mixed("a", [1], 2), mixed("a", [1, 1], 2), False),
        (MIXED, mixed("a", [1], 2), mixed("a", [1], 3), False),
    ],
)
def test_values_are_the_same_bit_by_bit(
    kind: NetcdfType, first: Any, second: Any, expected: bool
) -> None:
    assert same(kind, first, second) is expected
    assert same(kind, second, first) is expected


def test_the_padding_of_a_compound_does_not_count() -> None:
    pair = CompoundType("p", (CompoundField("a", ATOMIC_TYPES["byte"], 0),), 4)
    first, second = (np.frombuffer(data, pair.dtype) for data in (b"\1\0\0\0", b"\1\2\3\4"))
    assert first.tobytes() != second.tobytes()
    assert same(pair, first, second)
    assert Attribute(first, pair) == Attribute(second, pair)


def test_rows_that_are_equally_long_stay_rows() -> None:
    found = rows([[1, 2], [3, 4]], ROW)
    assert found.shape == (2,)
    assert found[1].dtype == "i2"
    assert rows([], ROW).shape == (0,)
    assert Attribute(found, ROW).value.shape == (2,)  # type: ignore[union-attr]


def test_a_type_tells_what_it_is_made_of() -> None:
    assert parts_of(MIXED) == (STRING, ROW, SHORT)
    assert parts_of(ROWS) == (ROW,)
    assert parts_of(CLOUD) == (ATOMIC_TYPES["byte"],)
    assert parts_of(OpaqueType("o", 2)) == parts_of(DOUBLE) == ()


def test_types_that_are_alike_are_told_apart_by_their_groups() -> None:
    here, below = VlenType("row", SHORT), VlenType("row", SHORT)
    dataset = Dataset(types={"row": here}, groups={"g": Group("g", types={"row": below})})
    paths = dataset.type_paths()
    assert here == below
    assert (paths[id(here)], paths[id(below)]) == ("/row", "/g/row")


def test_what_nobody_has_written_is_zero_in_memory_but_for_atomic_types() -> None:
    short, text = ATOMIC_TYPES["short"], ATOMIC_TYPES["string"]
    row = VlenType("row", short)
    fields = (
        CompoundField("a", short, 0, (2,)),
        CompoundField("s", text, 8),
        CompoundField("r", row, 16),
    )
    kind = CompoundType("c", fields, 32)
    found = unwritten(kind)
    assert found.shape == ()
    assert found["a"].tolist() == [0, 0]
    assert found["s"][()] is None
    assert found["r"][()].dtype == np.int16
    assert len(found["r"][()]) == 0
    assert len(unwritten(row)[()]) == 0
    assert unwritten(EnumType("e", short, {"a": 1})) == short.default_fill
    assert unwritten(text)[()] == ""
    assert unwritten(OpaqueType("o", 2)).tobytes() == b"\0\0"
