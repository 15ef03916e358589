"""What plain Zarr cannot say of a dataset, as JSON: the records of our own dialect.

An array's record holds its netCDF type, the paths of its dimensions, the types of its attributes
and how it was stored at its source; a group's record its dimensions, the order of its members and
the types of its attributes. Where they stand in a store is `native`'s matter; their form is stated
in `conventions/native/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable
from zarr_cdm.dialects.attributes import exact, from_exact, inferred, shown, typed
from zarr_cdm.errors import MetadataError

Record = dict[str, Any]
# How JSON stands for an attribute, and what it stands for if nothing is recorded.
Shown = Callable[[str, Attribute], Any]
Inferred = Callable[[str, Any], Attribute]


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


def variable_record(
    variable: Variable,
    paths: Mapping[Dimension, str],
    shown_attributes: Mapping[str, Any],
    infer: Inferred,
    show: Shown,
) -> Record:
    """Return the record of a variable."""
    return {
        "type": variable.type.name,
        "dimensions": [
            {"path": paths[dimension], **({"unlimited": True} if dimension.unlimited else {})}
            for dimension in variable.dimensions
        ],
        **attributes_record(variable.attributes, shown_attributes, infer, show),
        "storage": _storage_record(variable.storage),
    }


def attributes_record(
    attributes: Mapping[str, Attribute],
    shown_attributes: Mapping[str, Any],
    infer: Inferred = lambda name, value: inferred(value),
    show: Shown = lambda name, attribute: shown(attribute),
) -> Record:
    """Return what JSON does not tell of some attributes.

    For each that it tells wrongly: the name of its type, where that is enough, or its exact value.
    One that is not shown at all is ``hidden``.
    """
    record: Record = {}
    for name, attribute in attributes.items():
        if name not in shown_attributes or shown_attributes[name] != show(name, attribute):
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
    entries = record.get("attributes", {})
    names = [*record.get("attribute_order", ()), *shown_attributes, *entries]
    found: dict[str, Attribute] = {}
    for name in dict.fromkeys(names):
        entry = entries.get(name)
        hidden = isinstance(entry, dict) and bool(entry.get("hidden"))
        if hidden:
            found[name] = from_exact(entry)
        elif name in shown_attributes:
            found[name] = _read_attribute(name, shown_attributes[name], entry, infer, show)
    return found


def _read_attribute(name: str, value: Any, entry: Any, infer: Inferred, show: Shown) -> Attribute:
    if isinstance(entry, dict):
        recorded = from_exact(entry)
        if show(name, recorded) == value:
            return recorded
        entry = recorded.type.name
    if entry is not None:
        try:
            return typed(value, entry)
        except MetadataError:  # somebody gave it a value of another kind
            pass
    return infer(name, value)


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
            {"name": step.name, **{key: _plain(value) for key, value in step.configuration.items()}}
            for step in storage.filters
        ]
    return record


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def read_storage(record: Record) -> Storage:
    """Return how a variable was stored at its source, but for the fill value itself."""
    chunks = record.get("chunks")
    return Storage(
        layout=record.get("layout"),
        chunks=tuple(chunks) if chunks else None,
        filters=tuple(_filter(step) for step in record.get("filters", ())),
        endian=record.get("endian"),
        fill_mode=record.get("fill", "default"),
    )


def _filter(step: Record) -> Filter:
    configuration = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in step.items()
        if key != "name"
    }
    return Filter(step["name"], configuration)
