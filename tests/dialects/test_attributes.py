"""Typed attributes and their JSON, as properties over all twelve types."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.datasets import attributes
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, any_type
from zarr_cdm.dialects.attributes import exact, from_exact, inferred, shown, typed
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.json import dumps, loads

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec=None))
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


@given(attributes())
def test_an_attribute_comes_back_from_its_json_and_its_type_or_from_its_exact_form(
    attribute: Attribute,
) -> None:
    value = loads(dumps(shown(attribute)))
    try:
        found = typed(value, attribute.type.name)
    except MetadataError:
        found = None
    recorded = loads(dumps(exact(attribute)))
    assert from_exact(recorded) == attribute
    assert found == attribute or from_exact(recorded) == attribute
    if found != attribute:
        assert needs_exact_form(attribute)


def needs_exact_form(attribute: Attribute) -> bool:
    """Tell whether an attribute is more than JSON can show, whatever its type."""
    if isinstance(attribute.value, np.ndarray):
        kind = attribute.value.dtype.kind
        return kind == "f" and bool(np.isnan(attribute.value).any())
    texts = [attribute.value] if isinstance(attribute.value, str) else attribute.value
    return any(
        text is None or "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
        for text in texts
    )


@given(attributes())
def test_what_is_shown_is_shown_alike_whether_its_type_is_known_or_not(
    attribute: Attribute,
) -> None:
    value = shown(attribute)
    assert shown(inferred(value)) == value


@given(JSON)
def test_any_json_is_some_attribute_that_can_be_written_again(value: Any) -> None:
    attribute = inferred(value)
    assert attribute.type in ATOMIC_TYPES.values()
    dumps(shown(attribute))
    assert from_exact(exact(attribute)) == attribute


@given(JSON, st.sampled_from([*ATOMIC_TYPES, "compound"]))
def test_any_json_is_an_attribute_of_a_type_or_an_error_of_ours(value: Any, name: str) -> None:
    try:
        attribute = typed(value, name)
    except MetadataError:
        return
    assert attribute.type.name == name
    dumps(shown(attribute))


@given(st.one_of(JSON, st.fixed_dictionaries({"type": st.sampled_from(["int", "<c8", "O", "x"])})))
def test_any_json_is_a_recorded_attribute_or_an_error_of_ours(document: Any) -> None:
    for data in ["", "AAAA", "AAAAAAAAAAA=", [None, "YQ=="], 1, [1], "é", None]:
        try:
            from_exact({**document, "base64": data} if isinstance(document, dict) else document)
        except MetadataError:
            continue


@pytest.mark.parametrize(
    ("value", "type_name", "stored"),
    [
        (1, "int64", [1]),
        (2**64 - 1, "uint64", [2**64 - 1]),
        ([0, 2**63], "uint64", [0, 2**63]),
        ([-1, 2**63], "double", [-1, 2**63]),
        (2**64, "double", [2**64]),
        (10**400, "char", f"1{'0' * 400}"),
        ([1, 2.5], "double", [1, 2.5]),
        (5.0, "double", [5.0]),
        (True, "ubyte", [1]),
        ([True, False], "ubyte", [1, 0]),
        ([True, 1], "char", "[true, 1]"),
        (["NaN", 1], "double", [np.nan, 1]),
        ("NaN", "char", "NaN"),
        (["NaN", "b"], "string", ["NaN", "b"]),
        (float("nan"), "double", [np.nan]),
        ([], "double", []),
        (None, "char", "null"),
        ({"a": [1]}, "char", '{"a": [1]}'),
        ([[1, 2], [3]], "char", "[[1, 2], [3]]"),
        (["a", None], "char", '["a", null]'),
        ("\ud800a", "char", "?a"),
        ('{"a": 1}', "char", '{"a": 1}'),
    ],
)
def test_json_without_a_type_becomes_what_it_looks_like(
    value: Any, type_name: str, stored: Any
) -> None:
    attribute = inferred(value)
    assert attribute.type.name == type_name
    if isinstance(stored, str):
        assert attribute.value == stored
    else:
        np.testing.assert_array_equal(list(attribute.value), stored)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (1.5, "short"),
        (True, "float"),
        (70000, "short"),
        (-1, "ubyte"),
        (2**64, "uint64"),
        ("1", "int"),
        ("x", "double"),
        (None, "int"),
        ({}, "double"),
        (1, "char"),
        (["a"], "char"),
        ([1], "string"),
        ([[1], [2]], "int"),
        (1, "enum"),
    ],
)
def test_a_value_that_its_type_cannot_hold_is_refused(value: Any, name: str) -> None:
    with pytest.raises(MetadataError, match="is no attribute of type"):
        typed(value, name)


def test_json_shows_floats_with_all_of_their_digits() -> None:
    attribute = Attribute(np.array([0.1, 16777217], "f4"), ATOMIC_TYPES["float"])
    assert json.dumps(shown(attribute)) == "[0.10000000149011612, 16777216.0]"
    assert typed(shown(attribute), "float") == attribute


def test_a_list_of_one_is_shown_as_its_element() -> None:
    assert shown(Attribute(["K"], STRING)) == shown(Attribute("K", CHAR)) == "K"
    assert typed("K", "string") == Attribute(["K"], STRING)


def test_a_type_that_netcdf_lacks_has_an_exact_form_too() -> None:
    for value in (np.complex64(1 - 2j), np.bool_(True), np.bytes_(b"ab")):
        kind = np.dtype(value.dtype)
        attribute = Attribute(np.array([value]), any_type(kind))
        assert from_exact(loads(dumps(exact(attribute)))) == attribute
