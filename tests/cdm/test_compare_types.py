"""Comparing user-defined types: their definitions, and values and attributes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.user_types import another, array_of, user_types
from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset, Storage, Variable
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    STRING,
    CompoundType,
    EnumType,
    OpaqueType,
    VlenType,
)


def changed(change: Callable[[Dataset], None]) -> list[Finding]:
    """Return what a change of the dataset with all user types is found as."""
    second = user_types()
    change(second)
    return compare(user_types(), second, storage=True)


def test_a_dataset_of_user_types_is_equal_to_one_that_is_made_in_the_same_way() -> None:
    assert changed(lambda dataset: None) == []


def replace_type(dataset: Dataset, name: str, **changes: Any) -> None:
    """Put another definition in the place of a type, for all that is of it."""
    old = dataset.types[name]
    new = dataset.types[name] = replace(old, **changes)
    for _, variable in dataset.all_variables():
        if variable.type is old:
            variable.type = new


def turned_fields(kind: CompoundType) -> CompoundType:
    return replace(kind, fields=kind.fields[::-1])


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("cloud_class", {"members": {"Cumulus nimbus": 1, "Clear": 0, "Stratus": -3}}),
        ("cloud_class", {"members": {"Clear": 0, "Cumulus nimbus": 2, "Stratus": -3}}),
        ("cloud_class", {"members": {"Clear": 0, "cumulus nimbus": 1, "Stratus": -3}}),
        ("cloud_class", {"members": {"Clear": 0, "Cumulus nimbus": 1}}),
        ("blob", {"item_bytes": 12}),
        ("ragged", {"base": ATOMIC_TYPES["ushort"]}),
        ("ragged", {"base": EnumType("s", ATOMIC_TYPES["short"], {"a": 1})}),
        ("padded", {"item_bytes": 32}),
        ("padded", {"fields": turned_fields(user_types().types["padded"]).fields}),
    ],
)
def test_another_definition_of_a_type_is_found_where_it_stands_and_where_it_is_used(
    name: str, changes: dict[str, Any]
) -> None:
    found = changed(lambda dataset: replace_type(dataset, name, **changes))
    rules = {(each.place, each.rule) for each in found}
    assert (f"/{name}", "type.definition") in rules
    assert (f"/v {name}", "variable.type") in rules
    assert not [each for each in found if each.rule == "values"], "they are the same in memory"


def test_an_offset_that_moves_is_found() -> None:
    def move(dataset: Dataset) -> None:
        first, *others = dataset.types["padded"].fields
        replace_type(dataset, "padded", fields=(replace(first, offset=1), *others))

    found = changed(move)
    assert found[0].place == "/padded"
    assert "'flag' at 0: byte" in found[0].message
    assert "'flag' at 1: byte" in found[0].message


def test_a_type_of_another_group_is_another_type_though_it_is_defined_alike() -> None:
    def define_again(dataset: Dataset) -> None:
        twin = replace(dataset.types["cloud_class"])
        dataset.groups["g"].types["cloud_class"] = twin
        dataset.variables["v cloud_class"].type = twin

    assert changed(define_again) == [
        Finding("/v cloud_class", "variable.type", "/cloud_class against /g/cloud_class"),
        Finding("/g/cloud_class", "type.missing", "only in the second"),
    ]


def turn_types(dataset: Dataset) -> None:
    dataset.types["cloud_class"] = dataset.types.pop("cloud_class")


def test_types_in_another_order_are_found() -> None:
    found = changed(turn_types)
    assert [(each.place, each.rule) for each in found] == [("/", "type.order")]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("cloud_class", [0, 1, 5], "1 of 3 differ, the first at [2]: Stratus (-3) against 5"),
        ("blob", [b"\1" + bytes(10), b"\xff" * 11, b"jello world"], "2 of 3 differ, the first at"),
        ("ragged", [[1, -2, 3], [0], [7]], "1 of 3 differ, the first at [1]: [] against [0]"),
        ("nested", [[[1], [], [2, 3]], [], []], "the first at [2]: [[]] against []"),
        ("words", [["a", "", ""], [], ["°C"]], "['a', '', NULL] against ['a', '', '']"),
        ("letters", [[b"a", b"b"], [b""], [b"c"]], "[] against [b'']"),
    ],
)
def test_values_of_user_types_are_compared(name: str, values: list[Any], message: str) -> None:
    def change(dataset: Dataset) -> None:
        variable = dataset.variables[f"v {name}"]
        variable.data = array_of(variable.type, values)

    (found,) = changed(change)
    assert (found.place, found.rule) == (f"/v {name}", "values")
    assert message in found.message


@pytest.mark.parametrize("name", user_types().types)
def test_the_least_change_of_a_value_or_attribute_is_found(name: str) -> None:
    def change(dataset: Dataset) -> None:
        variable = dataset.variables[f"v {name}"]
        variable.data[1] = another(variable.type, variable.data[1])
        value = variable.attributes["one"].value
        value[0] = another(variable.type, value[0])

    found = changed(change)
    assert [(each.place, each.rule) for each in found] == [
        (f"/v {name}@one", "attribute.value"),
        (f"/v {name}", "values"),
    ]
    assert "1 of 3 differ, the first at [1]" in found[1].message


@pytest.mark.parametrize("name", user_types().types)
def test_values_of_no_dimension_are_compared(name: str) -> None:
    sample = user_types().variables[f"v {name}"]
    sides = []
    for element in (sample.data[0], another(sample.type, sample.data[0])):
        data = np.empty((), sample.type.dtype)
        data[()] = element
        variable = Variable("v", sample.type, (), data=data)
        sides.append(Dataset(types={name: sample.type}, variables={"v": variable}))
    assert compare(sides[0], sides[0]) == []
    (found,) = compare(*sides)
    assert found.message.startswith("1 of 1 differ, the first at []: ")


def test_each_field_of_a_compound_is_compared_but_not_its_padding() -> None:
    def change(dataset: Dataset) -> None:
        things = dataset.variables["v every thing"].data
        things["table"][1, 1, 2] += 1
        things["pair"]["value"][2, 1] = -0.0

    (found,) = changed(change)
    assert found.message.startswith("2 of 3 differ, the first at [1]: ")

    def stain(dataset: Dataset) -> None:
        variable = dataset.variables["v padded"]
        stained = np.full(3 * 24, 0xAA, "u1").view(variable.type.dtype)
        for name in stained.dtype.names:
            stained[name] = variable.data[name]
        assert stained.tobytes() != variable.data.tobytes()
        variable.data = stained

    assert changed(stain) == []


def test_attributes_of_user_types_are_compared() -> None:
    def change(dataset: Dataset) -> None:
        dataset.variables["v points"].attributes["one"].value[0]["value"] = 3.0

    assert changed(change) == [
        Finding(
            "/v points@one",
            "attribute.value",
            "[[{flag: 1, value: 2.0, letter: b'c'}]] against "
            "[[{flag: 1, value: 3.0, letter: b'c'}]]",
        )
    ]


@pytest.mark.parametrize(
    ("kind", "fills"),
    [(VlenType("row", STRING), [["a"], [None]]), (OpaqueType("blob", 3), [b"abc", b"abd"])],
)
def test_fill_values_of_user_types_are_compared(kind: Any, fills: list[Any]) -> None:
    sides = []
    for fill in array_of(kind, fills):
        storage = Storage(fill_mode="explicit", fill_value=fill)
        variable = Variable("v", kind, (), data=np.zeros((), kind.dtype), storage=storage)
        sides.append(Dataset(types={kind.name: kind}, variables={"v": variable}))
    assert compare(sides[0], sides[0], values=False) == []
    assert [each.rule for each in compare(*sides, values=False)] == ["fill.value"]
