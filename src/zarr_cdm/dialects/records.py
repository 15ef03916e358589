"""What plain Zarr cannot say of a dataset, as JSON: the records of our own dialect.

An array's record holds its netCDF type, the paths of its dimensions, the types of its attributes
and how it was stored at its source; a group's record its dimensions, the order of its members and
the types of its attributes. Where they stand in a store is `native`'s matter; their form is stated
in `conventions/native/`. What is not of that form counts as not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import (
    Dataset,
    Dimension,
    Group,
    Variable,
)
from zarr_cdm.cdm.types import AtomicType
from zarr_cdm.dialects.attributes import (
    Named,
    NameOf,
    atomic_name,
    atomic_named,
    exact,
    from_exact,
    inferred,
    shown,
    typed,
)
from zarr_cdm.dialects.types import TypeNames
from zarr_cdm.errors import MetadataError, UnsupportedError

MOST_RUNS = 10**5  # of NULL texts in a record

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


def group_record(group: Group, shown_attributes: Mapping[str, Any], names: TypeNames) -> Record:
    """Return the record of a group."""
    record: Record = {
        "dimensions": {name: _dimension(dim) for name, dim in group.dimensions.items()},
        "variables": list(group.variables),
        "groups": list(group.groups),
        **attributes_record(group.attributes, shown_attributes, name_of=names.name),
    }
    own = list(group.types.values())
    types = names.definitions([*own, *(each.type for each in group.attributes.values())])
    if types:  # its own ones in their order
        places = [names.name(kind) for kind in own]
        record["types"] = {place: types[place] for place in places} | types
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
    flat_names: Mapping[Dimension, str],
    names: TypeNames,
) -> Record:
    """Return what the record of a variable begins with.

    ``flat_names`` are those that plain Zarr has for the dimensions of its group.
    """
    dimensions = []
    for dimension in variable.dimensions:
        entry: Record = {"path": paths[dimension]}
        if dimension.unlimited:
            entry["unlimited"] = True
        if flat_names[dimension] != dimension.name:
            entry["name"] = flat_names[dimension]
        dimensions.append(entry)
    return {"type": names.name(variable.type), "dimensions": dimensions}


def read_places(record: Record, names: tuple[str | None, ...]) -> list[str] | None:
    """Return the paths of an array's dimensions; None where its names outdate the record."""
    recorded = as_list(record.get("dimensions"), dict)
    places = [str(entry.get("path")) for entry in recorded]
    shown_names = [
        entry.get("name", place.rpartition("/")[2])
        for place, entry in zip(places, recorded, strict=True)
    ]
    return places if shown_names == list(names) else None


def attributes_record(
    attributes: Mapping[str, Attribute],
    shown_attributes: Mapping[str, Any],
    infer: Inferred = lambda name, value: inferred(value),
    name_of: NameOf = atomic_name,
) -> Record:
    """Return what JSON does not tell of some attributes.

    For each that it tells wrongly: the name of its type, where that is enough, or its exact value.
    One that is not shown at all is ``hidden``.
    """
    record: Record = {}
    for name, attribute in attributes.items():
        if name not in shown_attributes:
            record[name] = {**exact(attribute, name_of), "hidden": True}
        elif infer(name, shown_attributes[name]) != attribute:
            record[name] = _type_or_value(attribute, shown_attributes[name], name_of)
    result: Record = {"attributes": record} if record else {}
    if any(isinstance(entry, dict) and "hidden" in entry for entry in record.values()):
        result["attribute_order"] = list(attributes)
    return result


def _type_or_value(attribute: Attribute, value: Any, name_of: NameOf) -> Any:
    kind = attribute.type
    name = kind.name if isinstance(kind, AtomicType) else name_of(kind)
    with suppress(MetadataError):
        if typed(value, name, lambda _: kind) == attribute:
            return name
    return exact(attribute, name_of)


def read_attributes(
    record: Record,
    shown_attributes: Mapping[str, Any],
    infer: Inferred = lambda name, value: inferred(value),
    show: Shown = lambda name, attribute: shown(attribute),
    named: Named = atomic_named,
) -> dict[str, Attribute]:
    """Return attributes with their types; what JSON shows wins over a record that it outdates."""
    entries = as_object(record.get("attributes"))
    order = as_list(record.get("attribute_order"), str)
    found: dict[str, Attribute] = {}
    for name in dict.fromkeys([*order, *shown_attributes, *entries]):
        entry = entries.get(name)
        if name in shown_attributes:
            found[name] = _read_attribute(name, shown_attributes[name], entry, infer, show, named)
        elif as_object(entry).get("hidden"):
            with suppress(MetadataError):
                found[name] = from_exact(entry, named)
    return found


def _read_attribute(
    name: str, value: Any, entry: Any, infer: Inferred, show: Shown, named: Named
) -> Attribute:
    """Return the recorded attribute or, where the value is another by now, one of its type."""
    if entry is None:
        return infer(name, value)
    with suppress(MetadataError):
        recorded = from_exact(entry, named)
        if show(name, recorded) == value:
            return recorded
        entry = entry["type"]
    with suppress(MetadataError):
        found = typed(value, entry, named)
        if value in (show(name, found), [show(name, found)]):
            return found
    return infer(name, value)  # somebody gave it a value of another kind


def null_record(shape: tuple[int, ...], places: np.ndarray) -> Record:
    """Return where NULL is among texts: runs of places in C order.

    Raises
    ------
    UnsupportedError
        The runs are more than a document should hold.
    """
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    starts = places[np.concatenate([[0], breaks])]
    lengths = np.diff(np.concatenate([[0], breaks, [len(places)]]))
    if len(starts) > MOST_RUNS:
        raise UnsupportedError(
            f"NULL texts lie in {len(starts)} places, a record holds {MOST_RUNS}; write '' for them"
        )
    return {"shape": list(shape), "runs": np.stack([starts, lengths], 1).tolist()}


def read_null(record: Any, rank: int) -> tuple[tuple[int, ...], np.ndarray] | None:
    """Return the shape that texts had, and the runs of NULL, ascending; None if there are none."""
    shape = tuple(as_list(as_object(record).get("shape"), int))
    runs = [run for run in as_list(as_object(record).get("runs"), list) if _is_run(run)]
    if not runs or len(shape) != rank or any(not 0 <= size < 2**62 for size in shape):
        return None
    return shape, np.array(sorted(runs), np.int64)


def _is_run(run: list[Any]) -> bool:
    return len(run) == 2 and all(type(item) is int and 0 <= item < 2**62 for item in run)
