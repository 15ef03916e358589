"""Comparing datasets: what is equal gives nothing, and each change is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.datasets import datasets
from tests.user_types import another, array_of, default_of
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.findings import RULES, Finding
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable, join
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    STRING,
)

Change = Callable[[st.DataObject, Dataset], tuple[str, str]]


@given(datasets())
def test_a_dataset_is_equal_to_itself_and_to_its_copy(dataset: Dataset) -> None:
    assert compare(dataset, dataset, storage=True) == []
    assert compare(dataset, copy.deepcopy(dataset), storage=True) == []


# ---- one change in any dataset


@st.composite
def rich_datasets(draw: st.DrawFn) -> Dataset:
    """Any dataset, with so much added that each change below can be made."""
    dataset = draw(datasets())
    for number in (1, 2):
        x = dataset.dimensions[f"more {number}"] = Dimension(f"more {number}", number)
        made = Variable(f"more {number}", ATOMIC_TYPES["short"], (x,), data=np.arange(number))
        made.storage = Storage(fill_value=np.int16(-32767))
        dataset.variables[made.name] = made
        dataset.groups[f"group {number}"] = Group(f"group {number}")
        for holder in (dataset.attributes, made.attributes):
            holder["more 1"], holder["more 2"] = Attribute.of("K"), Attribute.of([0.1])
    return dataset


def any_group(
    data: st.DataObject, dataset: Dataset, members: str | None = None
) -> tuple[str, Group]:
    """Return a group, with two at least of these ``members``."""
    groups = dataset.walk()
    few = [each for each in groups if members is None or len(getattr(each[1], members)) > 1]
    return data.draw(st.sampled_from(few))


def any_variable(
    data: st.DataObject, dataset: Dataset, fits: Callable[[Variable], bool] = lambda _: True
) -> tuple[str, Variable]:
    found = [each for each in dataset.all_variables() if fits(each[1])]
    return data.draw(st.sampled_from(found))


def any_dimension(data: st.DataObject, dataset: Dataset) -> tuple[str, Dimension]:
    found = [(path, dimension) for dimension, path in dataset.dimension_paths().items()]
    return data.draw(st.sampled_from(found))


def any_holder(
    data: st.DataObject, dataset: Dataset, at_least: int = 0
) -> tuple[str, dict[str, Attribute]]:
    """Return the attributes of a group or variable."""
    holders = [(path, group.attributes) for path, group in dataset.walk()]
    holders += [(path, variable.attributes) for path, variable in dataset.all_variables()]
    return data.draw(st.sampled_from([each for each in holders if len(each[1]) >= at_least]))


def any_attribute(
    data: st.DataObject, dataset: Dataset
) -> tuple[str, dict[str, Attribute], str, Attribute]:
    path, holder = any_holder(data, dataset, 1)
    name = data.draw(st.sampled_from(list(holder)))
    return f"{path}@{name}", holder, name, holder[name]


def turn(mapping: dict[str, Any]) -> None:
    """Put what comes first last."""
    name = next(iter(mapping))
    mapping[name] = mapping.pop(name)


def add_attribute(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, holder = any_holder(data, dataset)
    holder["another"] = Attribute.of(1)
    return f"{path}@another", "attribute.missing"


def remove_attribute(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    place, holder, name, _ = any_attribute(data, dataset)
    del holder[name]
    return place, "attribute.missing"


def turn_attributes(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, holder = any_holder(data, dataset, 2)
    turn(holder)
    return path, "attribute.order"


def change_attribute(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    place, holder, name, attribute = any_attribute(data, dataset)
    value = attribute.value
    if isinstance(value, str):
        value += "\0"
    elif isinstance(value, tuple):
        value = (*value, None)
    else:
        kind = attribute.type
        value = np.concatenate([value, array_of(kind, [default_of(kind)])])
    holder[name] = Attribute(value, attribute.type)
    return place, "attribute.value"


def change_attribute_type(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    place, holder, name, attribute = any_attribute(data, dataset)
    other = ATOMIC_TYPES["int" if attribute.type.name != "int" else "int64"]
    holder[name] = Attribute(np.zeros(1, other.dtype), other)
    return place, "attribute.type"


def add_group(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, group = any_group(data, dataset)
    group.groups["another"] = Group("another")
    return join(path, "another"), "group.missing"


def turn_groups(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, group = any_group(data, dataset, "groups")
    turn(group.groups)
    return path, "group.order"


def add_dimension(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, group = any_group(data, dataset)
    group.dimensions["another"] = Dimension("another", 1)
    return join(path, "another"), "dimension.missing"


def turn_dimensions(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, group = any_group(data, dataset, "dimensions")
    turn(group.dimensions)
    return path, "dimension.order"


def lengthen_dimension(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    place, dimension = any_dimension(data, dataset)
    dimension.size += 1
    return place, "dimension.size"


def free_dimension(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    place, dimension = any_dimension(data, dataset)
    dimension.unlimited = not dimension.unlimited
    return place, "dimension.unlimited"


def add_variable(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, group = any_group(data, dataset)
    group.variables["another"] = Variable("another", ATOMIC_TYPES["int"], ())
    return join(path, "another"), "variable.missing"


def turn_variables(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, group = any_group(data, dataset, "variables")
    turn(group.variables)
    return path, "variable.order"


def move_variable(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    """Put a variable on another dimension of the same name and length, of no group."""
    path, variable = any_variable(data, dataset, lambda each: bool(each.dimensions))
    last = variable.dimensions[-1]
    twin = Dimension(last.name, last.size, last.unlimited)
    variable.dimensions = (*variable.dimensions[:-1], twin)
    return path, "variable.dimensions"


def change_type(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset)
    name = "int" if variable.type.name != "int" else "uint"  # of one size: the name counts
    variable.type = ATOMIC_TYPES[name]
    variable.data = np.zeros(variable.shape, variable.type.dtype)
    return path, "variable.type"


def change_value(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset, lambda each: 0 not in each.shape)
    values = np.array(variable.data, variable.type.dtype)
    flat = values.reshape(-1)
    place = data.draw(st.integers(0, values.size - 1))
    flat[place] = another(variable.type, flat[place])
    variable.data = values
    return path, "values"


def change_fill_mode(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset)
    mode = {"none": "explicit", "default": "explicit", "explicit": "default"}
    other = mode[variable.storage.fill_mode]
    variable.storage = replace(variable.storage, fill_mode=other)  # type: ignore[arg-type]
    return path, "fill.mode"


def change_fill_value(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset, lambda each: each.storage.fill_value is not None)
    other = another(variable.type, variable.storage.fill_value)
    other = "!" if other is None else other  # None: there is no fill value
    variable.storage = replace(variable.storage, fill_value=other)
    return path, "fill.value"


def change_endian(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset)
    other = "big" if variable.storage.endian != "big" else None
    variable.storage = replace(variable.storage, endian=other)  # type: ignore[arg-type]
    return path, "storage.endian"


def change_chunks(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset)
    chunks = (*(variable.storage.chunks or ()), 1)
    variable.storage = replace(variable.storage, chunks=chunks)
    return path, "storage.chunks"


def change_filters(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset)
    filters = (*variable.storage.filters, Filter("zstd", {"level": 3}))
    variable.storage = replace(variable.storage, filters=filters)
    return path, "storage.filters"


def change_layout(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    path, variable = any_variable(data, dataset)
    other = "compact" if variable.storage.layout != "compact" else "chunked"
    variable.storage = replace(variable.storage, layout=other)  # type: ignore[arg-type]
    return path, "storage.layout"


def change_provenance(data: st.DataObject, dataset: Dataset) -> tuple[str, str]:
    dataset.provenance = {**dataset.provenance, "data_model": "NETCDF3_CLASSIC"}
    return "/", "provenance"


ALONE: list[Change] = [  # found as one thing
    add_attribute,
    remove_attribute,
    turn_attributes,
    change_attribute,
    change_attribute_type,
    add_group,
    turn_groups,
    add_dimension,
    turn_dimensions,
    lengthen_dimension,
    free_dimension,
    add_variable,
    turn_variables,
    move_variable,
    change_value,
    change_fill_value,
    change_endian,
    change_chunks,
    change_filters,
    change_layout,
    change_provenance,
]
# A type has values and a fill value of its own; some fill states have no value.
WITH_OTHERS: list[Change] = [change_type, change_fill_mode]


@given(dataset=rich_datasets(), data=st.data())
def test_each_change_is_found_and_named(dataset: Dataset, data: st.DataObject) -> None:
    for change in (*ALONE, *WITH_OTHERS):
        second = copy.deepcopy(dataset)
        place, rule = change(data, second)
        found = compare(dataset, second, storage=True)
        named = [(finding.place, finding.rule) for finding in found]
        assert (place, rule) in named, change
        if change in ALONE:
            assert len(found) == 1, change
        for each in found:
            assert each.rule in RULES
            assert_shows_both_sides(each.message)
        back = compare(second, dataset, storage=True)
        assert [(finding.place, finding.rule) for finding in back] == named, change


def assert_shows_both_sides(message: str) -> None:
    one, against, other = message.partition(" against ")
    if against:
        assert one != other
        assert not one.endswith(f": {other}")
    else:
        assert message in ("only in the first", "only in the second")


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ({"order": False}, [turn_attributes, turn_groups, turn_dimensions, turn_variables]),
        ({"values": False}, [change_value]),
        (
            {"storage": False},
            [change_endian, change_chunks, change_filters, change_layout, change_provenance],
        ),
    ],
)
@given(dataset=rich_datasets(), data=st.data())
def test_what_is_not_asked_for_is_not_compared(
    option: dict[str, bool], changes: list[Change], dataset: Dataset, data: st.DataObject
) -> None:
    second = copy.deepcopy(dataset)
    data.draw(st.sampled_from(changes))(data, second)
    options = {"storage": True, "order": True, "values": True, **option}
    assert compare(dataset, second, **options) == []


# ---- single cases


def test_types_whose_values_cannot_be_compared_are_one_finding_that_says_so() -> None:
    first, second = (
        Dataset(variables={"v": Variable("v", kind, (), data=np.zeros((), kind.dtype))})
        for kind in (ATOMIC_TYPES["int"], STRING)
    )
    found = [str(each) for each in compare(first, second)]
    assert found == ["/v: variable.type: int against string; their values cannot be compared"]
    assert str(compare(first, second, values=False)[0]).endswith("int against string")


def test_a_default_fill_value_that_is_not_spelled_out_is_that_of_netcdf() -> None:
    kind = ATOMIC_TYPES["short"]
    silent, said, other = (
        Dataset(variables={"v": Variable("v", kind, (), data=np.zeros((), "i2"), storage=storage)})
        for storage in (
            Storage(),
            Storage(fill_value=np.int16(-32767)),
            Storage(fill_value=np.int16(0)),
        )
    )
    assert compare(silent, said) == []
    assert compare(silent, other) == [Finding("/v", "fill.value", "-32767 against 0")]


def test_dimensions_are_compared_by_the_group_that_holds_them() -> None:
    def nested(outer: bool) -> Dataset:
        """Return a dataset with two dimensions of one name and length, one of them used."""
        dims = Dimension("x", 2), Dimension("x", 2)
        variable = Variable("v", ATOMIC_TYPES["int"], (dims[not outer],), data=np.zeros(2, "i4"))
        group = Group("g", dimensions={"x": dims[1]}, variables={"v": variable})
        return Dataset(dimensions={"x": dims[0]}, groups={"g": group})

    assert compare(nested(True), nested(True)) == []
    assert compare(nested(True), nested(False)) == [
        Finding("/g/v", "variable.dimensions", "(/x) against (/g/x)")
    ]


def test_dimensions_of_no_group_are_told_apart_by_where_they_are_used() -> None:
    def lost(*axes: int) -> Dataset:
        """Return a dataset with dimensions that are alike, the same where their numbers are."""
        dims = [Dimension("x", 2) for _ in axes]
        used = tuple(dims[axis] for axis in axes)
        return Dataset(variables={"v": Variable("v", ATOMIC_TYPES["int"], used)})

    assert compare(lost(0, 0), lost(1, 1), values=False) == []
    (found,) = compare(lost(0, 0), lost(0, 1), values=False)
    assert (found.place, found.rule) == ("/v", "variable.dimensions")
