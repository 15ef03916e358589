"""Attributes: what Python values become, when two are equal, and what people are shown."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from tests.datasets import attributes, bytes_as_text
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.errors import UnsupportedError

FLOAT, DOUBLE = ATOMIC_TYPES["float"], ATOMIC_TYPES["double"]


@pytest.mark.parametrize("kind", [kind for kind in ATOMIC_TYPES.values() if kind is not STRING])
def test_a_numpy_value_keeps_its_type(kind: Any) -> None:
    value = np.zeros(2, kind.dtype)
    assert Attribute.of(value).type is kind
    assert Attribute.of(value.astype(kind.dtype.newbyteorder(">"))).type is kind
    assert Attribute.of(value[0]).type is kind


@pytest.mark.parametrize(
    ("value", "type_name", "stored"),
    [
        (1, "int64", [1]),
        (2**63, "uint64", [2**63]),
        (0.5, "double", [0.5]),
        ([1, 2.5], "double", [1, 2.5]),
        ([], "double", []),
        ([[1, 2], [3, 4]], "int64", [1, 2, 3, 4]),
        ("K", "char", "K"),
        (np.str_("K"), "char", "K"),
        (b"K\xff", "char", "K\udcff"),
        (np.array([b"K", b"\0", b"m"], "S1"), "char", "K\0m"),
        ("", "char", ""),
        (["K"], "string", ["K"]),
        (["a\0"], "string", ["a\0"]),
        (np.array(["a", "bc"]), "string", ["a", "bc"]),
        (np.array("a"), "string", ["a"]),
        (np.array(["a", None], object), "string", ["a", None]),
        (np.array(["a"], np.dtypes.StringDType()), "string", ["a"]),
    ],
)
def test_a_python_value_becomes_the_type_that_netcdf_has_for_it(
    value: Any, type_name: str, stored: Any
) -> None:
    attribute = Attribute.of(value)
    assert attribute.type.name == type_name
    found = attribute.value
    assert (found if isinstance(found, str) else list(found)) == stored
    assert type(found) in (str, tuple, np.ndarray)


@pytest.mark.parametrize(
    "value",
    [
        True,
        None,
        1j,
        10**30,
        {"a": 1},
        [1, "a"],
        [["a"], 1],
        [1, [2]],
        np.float16(1),
        [b"ab"],
    ],
)
def test_what_netcdf_has_no_type_for_is_refused(value: Any) -> None:
    with pytest.raises(UnsupportedError):
        Attribute.of(value)


def test_a_nul_tells_attributes_apart_and_is_not_shown() -> None:
    with_nul, without = Attribute("K\0", CHAR), Attribute("K", CHAR)
    assert with_nul != without
    assert with_nul.plain() == without.plain() == "K"


def test_bytes_that_are_no_text_are_kept_and_shown_as_a_replacement() -> None:
    latin = Attribute(bytes_as_text("°C".encode("latin-1")), CHAR)
    assert latin == Attribute(bytes_as_text(b"\xb0C"), CHAR)
    assert latin != Attribute("\ufffdC", CHAR)
    assert latin.plain() == "\ufffdC"
    assert Attribute([latin.value, "a"], STRING).plain() == ["\ufffdC", "a"]


def test_nans_are_equal_where_their_bits_are() -> None:
    quiet, payload = np.array([0x7FC00000, 0x7FC00001], "u4").view("f4")
    assert Attribute([quiet], FLOAT) == Attribute([np.nan], FLOAT)
    assert Attribute([quiet], FLOAT) != Attribute([payload], FLOAT)
    assert Attribute([0.0], DOUBLE) != Attribute([-0.0], DOUBLE)


def test_type_and_length_belong_to_what_is_compared() -> None:
    assert Attribute([1], FLOAT) != Attribute([1], DOUBLE)
    assert Attribute([], FLOAT) != Attribute([], DOUBLE)
    assert Attribute("K", CHAR) != Attribute(["K"], STRING)
    assert Attribute([None], STRING) != Attribute([""], STRING)
    assert Attribute([], STRING) != Attribute("", CHAR)
    assert Attribute("K", CHAR) != "K"


def test_a_text_is_one_string_and_not_its_letters() -> None:
    assert Attribute("abc", STRING) == Attribute(["abc"], STRING)


@pytest.mark.parametrize(
    ("attribute", "shown"),
    [
        (Attribute([1.5], FLOAT), np.float32(1.5)),
        (Attribute(["K"], STRING), "K"),
        (Attribute([None], STRING), ""),
        (Attribute([], STRING), []),
        (Attribute("", CHAR), ""),
    ],
)
def test_one_element_is_shown_by_itself(attribute: Attribute, shown: Any) -> None:
    assert attribute.plain() == shown
    assert type(attribute.plain()) is type(shown)


def test_the_first_element_is_what_data_would_hold() -> None:
    assert Attribute("é", CHAR).element() == b"\xc3"
    assert Attribute("\0", CHAR).element() == b"\0"
    assert Attribute([None], STRING).element() == ""
    assert Attribute([1, 2], FLOAT).element().dtype == "f4"


@given(attributes())
def test_an_attribute_equals_a_copy_of_itself(attribute: Attribute) -> None:
    assert attribute == Attribute(attribute.value, attribute.type)
    assert pickle.loads(pickle.dumps(attribute)) == attribute


@given(attributes())
def test_what_is_shown_can_be_encoded(attribute: Attribute) -> None:
    shown = attribute.plain()
    for text in shown if isinstance(shown, list) else [shown]:
        assert not isinstance(text, str) or text.encode("utf-8").count(b"\0") == 0
