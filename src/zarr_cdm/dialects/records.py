"""What plain Zarr cannot say of a dataset, as JSON: the records of our own dialect.

An array's record holds its netCDF type, the paths of its dimensions, the types of its attributes
and how it was stored at its source; a group's record its dimensions, the order of its members and
the types of its attributes. Where they stand in a store is `native`'s matter; their form is stated
in `conventions/native/`. What is not of that form counts as not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, get_args

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import (
    Dataset,
    Dimension,
    Endian,
    FillMode,
    Filter,
    Group,
    Layout,
    Storage,
    Variable,
)
from zarr_cdm.dialects.attributes import exact, from_exact, inferred, shown, typed
from zarr_cdm.errors import MetadataError

Record = dict[str, Any]
# How JSON stands for an attribute, and what it stands for if nothing is recorded.
Shown = Callable[[str, Attribute], Any]
Inferred = Callable[[str, Any], Attribute]


def as_object(value: Any) -> Record:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any, kind: type = object) -> list[Any]:
    """Return a JSON list whose items are all of a kind, an empty one for anything else."""
    if isinstance(value, list) and all(isinstance(item, kind) for item in value):
        return value
    return []


def group_record(group: Group, shown_attributes: Mapping[str, Any]) -> Record:
    """Return the record of a group."""
    record: Record = {
        "dimensions": {name: _dimension(dim) for name, dim in group.dimensions.items()},
        "variables": list(group.variables),
        "groups": list(group.groups),
        **attributes_record(group.attributes, shown_attributes),
    }
    if isinstance(group, Dataset) and group.provenance:
        record["provenance"] = dict(group.provenance)
    return record


def _dimension(dimension: Dimension) -> Any:
    if dimension.unlimited:
        return {"size": dimension.size, "unlimited": True}
    return {"size": dimension.size}


def read_dimensions(record: Record) -> dict[str, Dimension]:
    """Return the dimensions that a group's record declares."""
    found = {}
    for name, entry in as_object(record.get("dimensions")).items():
        size = as_object(entry).get("size")
        if type(size) is int and 0 <= size < 2**63:
            found[name] = Dimension(name, size, entry.get("unlimited") is True)
    return found


def variable_record(
    variable: Variable,
    paths: Mapping[Dimension, str],
    shown_attributes: Mapping[str, Any],
    infer: Inferred,
) -> Record:
    """Return the record of a variable."""
    return {
        "type": variable.type.name,
        "dimensions": [
            {"path": paths[dimension], **({"unlimited": True} if dimension.unlimited else {})}
            for dimension in variable.dimensions
        ],
        **attributes_record(variable.attributes, shown_attributes, infer),
        "storage": _storage_record(variable.storage),
    }


def attributes_record(
    attributes: Mapping[str, Attribute],
    shown_attributes: Mapping[str, Any],
    infer: Inferred = lambda name, value: inferred(value),
) -> Record:
    """Return what JSON does not tell of some attributes.

    For each that it tells wrongly: the name of its type, where that is enough, or its exact value.
    One that is not shown at all is ``hidden``.
    """
    record: Record = {}
    for name, attribute in attributes.items():
        if name not in shown_attributes:
            record[name] = {**exact(attribute), "hidden": True}
        elif infer(name, shown_attributes[name]) != attribute:
            record[name] = _type_or_value(attribute, shown_attributes[name])
    result: Record = {"attributes": record} if record else {}
    if any(isinstance(entry, dict) and "hidden" in entry for entry in record.values()):
        result["attribute_order"] = list(attributes)
    return result


def _type_or_value(attribute: Attribute, value: Any) -> Any:
    name = attribute.type.name
    try:
        return name if typed(value, name) == attribute else exact(attribute)
    except MetadataError:
        return exact(attribute)


def read_attributes(
    record: Record,
    shown_attributes: Mapping[str, Any],
    infer: Inferred = lambda name, value: inferred(value),
    show: Shown = lambda name, attribute: shown(attribute),
) -> dict[str, Attribute]:
    """Return attributes with their types; what JSON shows wins over a record that it outdates."""
    entries = as_object(record.get("attributes"))
    order = as_list(record.get("attribute_order"), str)
    found: dict[str, Attribute] = {}
    for name in dict.fromkeys([*order, *shown_attributes, *entries]):
        entry = entries.get(name)
        if name in shown_attributes:
            found[name] = _read_attribute(name, shown_attributes[name], entry, infer, show)
        elif as_object(entry).get("hidden"):
            with suppress(MetadataError):
                found[name] = from_exact(entry)
    return found


def _read_attribute(name: str, value: Any, entry: Any, infer: Inferred, show: Shown) -> Attribute:
    """Return the recorded attribute or, where the value is another by now, one of its type."""
    if entry is None:
        return infer(name, value)
    with suppress(MetadataError):
        recorded = from_exact(entry)
        if show(name, recorded) == value:
            return recorded
        entry = recorded.type.name
    with suppress(MetadataError):
        found = typed(value, entry)
        if value in (show(name, found), [show(name, found)]):
            return found
    return infer(name, value)  # somebody gave it a value of another kind


def _storage_record(storage: Storage) -> Record:
    record: Record = {"fill": storage.fill_mode}
    if storage.layout:
        record["layout"] = storage.layout
    if storage.chunks:
        record["chunks"] = list(storage.chunks)
    if storage.endian:
        record["endian"] = storage.endian
    if storage.filters:
        record["filters"] = [
            {"name": step.name, "configuration": dict(step.configuration)}
            for step in storage.filters
        ]
    return record


def read_storage(record: Record) -> Storage:
    """Return how a variable was stored at its source, but for the fill value itself."""
    return Storage(
        layout=_one_of(record.get("layout"), get_args(Layout), None),
        chunks=tuple(as_list(record.get("chunks"), int)) or None,
        filters=tuple(map(_filter, as_list(record.get("filters"), dict))),
        endian=_one_of(record.get("endian"), get_args(Endian), None),
        fill_mode=_one_of(record.get("fill"), get_args(FillMode), "default"),
    )


def _one_of(value: Any, known: tuple[str, ...], other: Any) -> Any:
    return value if value in known else other


def _filter(step: Record) -> Filter:
    configuration = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in as_object(step.get("configuration")).items()
    }
    return Filter(str(step.get("name")), configuration)
