"""What a netCDF file cannot hold of a dataset, found before a byte is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Group, Variable, join
from zarr_cdm.cdm.names import RESERVED, normal
from zarr_cdm.cdm.types import STRING, CompoundType, NetcdfType, VlenType, parts_of
from zarr_cdm.errors import ValuesError
from zarr_cdm.formats.netcdf_c import version
from zarr_cdm.formats.netcdf_write_memory import Memory
from zarr_cdm.formats.netcdf_write_models import DataModel
from zarr_cdm.formats.netcdf_write_names import name_findings
from zarr_cdm.formats.netcdf_write_survey import Survey
from zarr_cdm.formats.netcdf_write_types import (
    alike_findings,
    is_atomic,
    type_findings,
    unknown_type,
)

# What is written all the same, a little different: a warning is enough.
HARMLESS = {
    "name.normal": "a name that netCDF writes in Unicode's form NFC",
    "type.layout": "a compound whose members lie where C would not put them",
    "type.alike": "a type that netCDF-C takes for another, of the same form",
}
RULES = HARMLESS | {
    "name.illegal": "a name that netCDF does not have",
    "name.unreadable": "a name of 256 bytes, which netCDF-C does not read back from HDF5",
    "name.taken": "a name that stands for two things in one group",
    "attribute.reserved": "an attribute that netCDF-4 keeps for itself",
    "attribute.value": "an attribute with a value that is none of its type",
    "group": "a group, where there are none",
    "dimension.size": "a length that a dimension cannot have",
    "dimension.unlimited": "an unlimited dimension that is one too many, or not the first axis",
    "type.unknown": "a type that netCDF does not have, or that no group of the dataset defines",
    "type.model": "a type that the data model does not have",
    "type.definition": "a user-defined type that netCDF-C refuses",
    "type.order": "a type that is used before it is defined",
    "variable.dimensions": "dimensions that netCDF-C cannot put a variable on",
    "variable.shape": "data of another shape than the dimensions have",
}


def check(survey: Survey, model: DataModel) -> list[Finding]:
    """Return all that a file of a data model cannot hold, or holds a little differently."""
    return [
        *chain.from_iterable(
            _group(path, group, survey, model) for path, group in survey.groups.items()
        ),
        *alike_findings(survey),
        *_circular(survey),
    ]


def _group(path: str, group: Group, survey: Survey, model: DataModel) -> Iterator[Finding]:
    if path != "/" and not model.enhanced:
        yield Finding(path, "group", f"{model.name} has no groups")
    yield from _names(path, group, model)
    yield from _attributes(path, group.attributes, survey, model)
    yield from _dimensions(path, group, survey, model)
    for name, kind in group.types.items():
        if not model.enhanced:
            message = f"{model.name} has no user-defined types"
            yield Finding(join(path, name), "type.model", message)
        yield from type_findings(join(path, name), kind, survey)
    for name, variable in group.variables.items():
        yield from _variable(join(path, name), variable, path, survey, model)


def _names(path: str, group: Group, model: DataModel) -> Iterator[Finding]:
    """Names in a group: HDF5 has one object under each, a dimension and its variable share one."""
    seen: dict[str, list[tuple[str, str]]] = {}
    for kind, members in (
        ("dimension", group.dimensions),
        ("type", group.types),
        ("group", group.groups),
        ("variable", group.variables),
    ):
        for name in members:
            yield from name_findings(join(path, name), name, hdf5=model.hdf5)
            alike = seen.setdefault(normal(name), [])
            for other, spelling in alike:
                if {kind, other} != {"dimension", "variable"}:
                    message = f"a {kind} has the name of the {other} {spelling!r} of its group"
                    yield Finding(join(path, name), "name.taken", message)
                    break
            alike.append((kind, name))


def _dimensions(path: str, group: Group, survey: Survey, model: DataModel) -> Iterator[Finding]:
    unlimited = [name for name, dimension in group.dimensions.items() if dimension.unlimited]
    if not model.enhanced:
        for name in unlimited[1:]:
            message = f"{model.name} has one unlimited dimension, and {unlimited[0]!r} is it"
            yield Finding(join(path, name), "dimension.unlimited", message)
    for name, dimension in group.dimensions.items():
        place = join(path, name)
        if dimension.unlimited:
            if model.hdf5 and dimension.size and not any(survey.on(dimension)):
                message = f"no variable has the length of {dimension.size}, so readers would see 0"
                yield Finding(place, "dimension.size", message)
        elif not dimension.size:
            message = "has the length 0, which only an unlimited dimension can have; make it one"
            yield Finding(place, "dimension.size", message)
        elif dimension.size > model.largest:
            message = f"has the length {dimension.size}, {model.largest} is the most"
            yield Finding(place, "dimension.size", f"{message} in {model.name}")


def _kind(place: str, kind: NetcdfType, survey: Survey, model: DataModel) -> Iterator[Finding]:
    """Find what is wrong with the type of a variable or attribute."""
    if id(kind) not in survey.types and not is_atomic(kind):
        yield unknown_type(place, kind)
    elif not (model.enhanced or (kind.name in model.types and is_atomic(kind))):
        yield Finding(place, "type.model", f"is of the type {kind.name}, {model.name} has none")


def _attributes(
    path: str, attributes: Mapping[str, Attribute], survey: Survey, model: DataModel
) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, attribute in attributes.items():
        place = f"{path}@{name}"
        yield from name_findings(place, name)
        if model.hdf5 and name in RESERVED:
            message = "netCDF-4 keeps this name for itself"
            yield Finding(place, "attribute.reserved", message)
        if seen.setdefault(normal(name), name) != name:
            message = f"has the name of the attribute {seen[normal(name)]!r}"
            yield Finding(place, "name.taken", message)
        wrong = list(_kind(place, attribute.type, survey, model))
        yield from wrong or _value(place, attribute)


def _value(place: str, attribute: Attribute) -> Iterator[Finding]:
    try:
        Memory.of(attribute)
    except ValuesError as error:
        yield Finding(place, "attribute.value", error.message)
        return
    value = attribute.value
    if isinstance(value, np.ndarray) and _has_null_in_row(attribute.type, value):
        message = "has a NULL in a row of texts, at which netCDF-C crashes in attributes"
        yield Finding(place, "attribute.value", message)
    elif _has_text_inside(attribute.type) and version().startswith("4.9."):
        message = f"has texts behind other members, at which netCDF-C {version()} crashes in "
        message += "attributes; netCDF4 1.7.5 has a newer one"
        yield Finding(place, "attribute.value", message)


def _has_null_in_row(kind: NetcdfType, values: np.ndarray) -> bool:
    if isinstance(kind, CompoundType):
        return any(_has_null_in_row(part.type, values[part.name]) for part in kind.fields)
    if not isinstance(kind, VlenType):
        return False
    rows = values.ravel().tolist()
    if kind.base is STRING:
        return any(None in row.tolist() for row in rows)
    return any(_has_null_in_row(kind.base, row) for row in rows)


def _has_text_inside(kind: NetcdfType) -> bool:
    """Tell whether a compound in a type has texts that are not its first member."""
    if isinstance(kind, CompoundType) and any(part.type is STRING for part in kind.fields[1:]):
        return True
    return any(_has_text_inside(part) for part in parts_of(kind))


def _variable(
    path: str, variable: Variable, group: str, survey: Survey, model: DataModel
) -> Iterator[Finding]:
    yield from _attributes(path, variable.attributes, survey, model)
    yield from _kind(path, variable.type, survey, model)
    if id(variable.type) in survey.types and not survey.is_known_in(group, variable.type):
        message = f"is of the type {variable.type.name!r}, which stands in a group behind its own"
        yield Finding(path, "type.order", message)
    for dimension in variable.dimensions:
        if dimension not in survey.homes:
            message = f"lies on {dimension.name!r}, which no group of the dataset holds"
            yield Finding(path, "variable.dimensions", message)
    if len(variable.dimensions) > model.axes:
        message = f"lies on {len(variable.dimensions)} dimensions, {model.axes} are the most"
        yield Finding(path, "variable.dimensions", message)
    if not model.hdf5 and any(dimension.unlimited for dimension in variable.dimensions[1:]):
        message = f"in {model.name} an unlimited dimension can only be the first"
        yield Finding(path, "dimension.unlimited", message)
    if tuple(variable.data.shape) != variable.shape:
        message = f"its data have the shape {variable.data.shape}, its dimensions {variable.shape}"
        yield Finding(path, "variable.shape", message)


def _circular(survey: Survey) -> list[Finding]:
    message = "lies on dimensions of {!r}, whose variables lie on those of this group; netCDF-C "
    message += "has to write one group before the other"
    return [
        Finding(path, "variable.dimensions", message.format(home)) for path, home in survey.circular
    ]
