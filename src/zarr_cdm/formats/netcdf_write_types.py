"""What netCDF-C refuses of user-defined types, or makes a little different."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

import numpy as np

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import join
from zarr_cdm.cdm.names import normal
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    AtomicType,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    UserType,
    parts_of,
)
from zarr_cdm.formats.netcdf_types import nameless
from zarr_cdm.formats.netcdf_write_memory import layout, offset_of
from zarr_cdm.formats.netcdf_write_names import name_findings
from zarr_cdm.formats.netcdf_write_survey import Survey


def type_findings(place: str, kind: UserType, survey: Survey) -> Iterator[Finding]:
    """Yield what is wrong with the definition of a type."""
    for part in parts_of(kind):
        if isinstance(part, UserType):
            if id(part) not in survey.types:
                yield unknown_type(place, part)
            elif survey.types[id(part)] >= survey.types[id(kind)]:
                message = f"is made of {part.name!r}, which is only defined later"
                yield Finding(place, "type.order", message)
        elif not is_atomic(part):
            yield unknown_type(place, part)
    names: Iterable[str] = kind.members if isinstance(kind, EnumType) else ()
    if isinstance(kind, CompoundType):
        names = [part.name for part in kind.fields]
    for name in names:
        yield from name_findings(f"{place}.{name}", name)
    problem = _problem(kind)
    if problem is not None:
        yield Finding(place, "type.definition", problem)
    elif isinstance(kind, CompoundType):
        yield from _layout(place, kind)


def alike_findings(survey: Survey) -> Iterator[Finding]:
    """Yield the types that are used, and that netCDF-C (4.10.1) does not know from others."""
    used = survey.used_types()
    first: dict[NetcdfType, str] = {}
    for path, group in survey.groups.items():
        for name, kind in group.types.items():
            place = join(path, name)
            other = first.setdefault(nameless(kind), place)
            if other != place and id(kind) in used:
                message = f"is made as {other} is; netCDF-C takes all that is of it for that type"
                yield Finding(place, "type.alike", message)


def _problem(kind: UserType) -> str | None:
    """Return why netCDF-C refuses a definition."""
    if isinstance(kind, EnumType):
        if kind.base.dtype.kind not in "iu":
            return f"is an enum of {kind.base.name}, wanted an integer type"
        values = list(kind.members.values())
        if not values:
            return "is an enum without members"
        limits = np.iinfo(kind.base.dtype)
        if min(values) < limits.min or max(values) > limits.max:
            return f"has a member that is no {kind.base.name}"
        return "has two members of one value" if len(set(values)) < len(values) else None
    if isinstance(kind, CompoundType):
        if not kind.fields:
            return "is a compound without members"
        if len({normal(part.name) for part in kind.fields}) < len(kind.fields):
            return "has two members of one name"
        empty = any(not prod(part.shape) for part in kind.fields)
        return "has a member of no elements" if empty else None
    return "is opaque, of 0 bytes" if isinstance(kind, OpaqueType) and not kind.item_bytes else None


def _layout(place: str, kind: CompoundType) -> Iterator[Finding]:
    given = [part.offset for part in kind.fields], kind.item_bytes
    found = layout(kind)
    natural = [offset_of(found, part.name) for part in kind.fields], found.itemsize
    if given != natural:
        message = "the members lie at {} of {} bytes; netCDF-C puts them where C does, at {} of {}"
        yield Finding(place, "type.layout", message.format(*given, *natural))


def is_atomic(kind: NetcdfType) -> bool:
    """Tell whether a type is one of netCDF's twelve."""
    return ATOMIC_TYPES.get(kind.name) is kind


def unknown_type(place: str, kind: NetcdfType) -> Finding:
    """Return what there is to say of a type that nobody defines."""
    if isinstance(kind, AtomicType):
        message = f"is of the type {kind.name}, which netCDF does not have"
    else:
        message = f"is of the type {kind.name!r}, which no group of the dataset defines"
    return Finding(place, "type.unknown", message)
