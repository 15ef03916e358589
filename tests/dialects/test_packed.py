"""Values of any type as bytes, and bytes that are none."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.datasets import elements, user_types
from zarr_cdm.cdm.types import ATOMIC_TYPES, STRING, CompoundField, CompoundType, VlenType
from zarr_cdm.cdm.values import same
from zarr_cdm.dialects.packed import pack, unpack

ROW = VlenType("row", ATOMIC_TYPES["short"])


@given(data=st.data())
def test_values_of_any_type_come_back(data: st.DataObject) -> None:
    known: list[Any] = []
    for name in "abc":
        known.append(data.draw(user_types(name, known)))
    kind = data.draw(st.sampled_from([*known, *ATOMIC_TYPES.values()]))
    values = data.draw(elements(kind, data.draw(st.integers(0, 3))))
    found = unpack(kind, pack(kind, values))
    assert found.dtype == kind.dtype
    assert same(kind, values, found)


def test_a_compound_is_its_members_without_padding() -> None:
    fields = (CompoundField("a", ATOMIC_TYPES["byte"], 0), CompoundField("b", STRING, 8))
    kind = CompoundType("c", fields, 16)
    values = np.array([(1, "é"), (2, None)], kind.dtype)
    texts = b"\2\0\0\0\0\0\0\0\xc3\xa9", b"\xff" * 8
    assert pack(kind, values) == b"\1" + texts[0] + b"\2" + texts[1]


@pytest.mark.parametrize(
    "data",
    [b"\0", b"\1" + 7 * b"\0", b"\xff" * 8, b"\1" + 7 * b"\0" + b"\0", b"\0" * 6 + b"\xff\x7f"],
)
def test_bytes_that_are_no_rows_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="announced"):
        unpack(ROW, data)
    with pytest.raises(ValueError, match="announced"):
        unpack(VlenType("rows", ROW), data)


@given(data=st.binary(max_size=40))
def test_any_bytes_are_values_or_refused(data: bytes) -> None:
    fields = (CompoundField("a", STRING, 0), CompoundField("b", ROW, 8, (2,)))
    for kind in (ROW, VlenType("c", CompoundType("c", fields, 40)), STRING):
        try:
            found = unpack(kind, data)
        except ValueError:
            continue
        assert pack(kind, found) == data
