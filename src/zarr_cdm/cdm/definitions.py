"""Types in words, whole, so that two of them can be compared.

>>> from zarr_cdm.cdm.types import ATOMIC_TYPES
>>> cloud = EnumType("cloud", ATOMIC_TYPES["byte"], {"clear": 0})
>>> definition(cloud, {id(cloud): "/g/cloud"})
"enum '/g/cloud' of byte {'clear' = 0}"
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zarr_cdm.cdm.types import (
    AtomicType,
    CompoundField,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
)


def definition(kind: NetcdfType, places: Mapping[int, str]) -> str:
    """Return everything that makes up a type; two types are the same if their texts are.

    Parameters
    ----------
    places
        The path of each type by its `id`, see `Group.type_paths`.
    """
    if isinstance(kind, AtomicType):
        return kind.name
    place = repr(place_of(kind, places))
    if isinstance(kind, OpaqueType):
        return f"opaque {place} of {kind.item_bytes} bytes"
    if isinstance(kind, VlenType):
        return f"vlen {place} of {definition(kind.base, places)}"
    if isinstance(kind, EnumType):
        members = ", ".join(f"{name!r} = {int(number)}" for name, number in kind.members.items())
        return f"enum {place} of {kind.base.name} {{{members}}}"
    fields = ", ".join(_field(part, places) for part in kind.fields)
    return f"compound {place} of {kind.item_bytes} bytes {{{fields}}}"


def _field(part: CompoundField, places: Mapping[int, str]) -> str:
    shape = f"{list(part.shape)}" if part.shape else ""
    return f"{part.name!r}{shape} at {part.offset}: {definition(part.type, places)}"


def place_of(kind: NetcdfType, places: Mapping[int, str]) -> str:
    """Return the path of a user-defined type; the name of an atomic one, or of one without."""
    return kind.name if isinstance(kind, AtomicType) else places.get(id(kind), kind.name)


def alike(first: NetcdfType, second: NetcdfType) -> bool:
    """Tell whether values of two types can be compared: they have the same parts in memory.

    The names of types and enum members do not count, nor does padding.
    """
    if isinstance(first, CompoundType) and isinstance(second, CompoundType):
        return [(part.name, part.shape) for part in first.fields] == [
            (part.name, part.shape) for part in second.fields
        ] and all(
            alike(one.type, other.type)
            for one, other in zip(first.fields, second.fields, strict=True)
        )
    if isinstance(first, VlenType) and isinstance(second, VlenType):
        return alike(first.base, second.base)
    return _in_memory(first) == _in_memory(second)


def _in_memory(kind: NetcdfType) -> tuple[type, np.dtype, str]:
    """Return what tells elements apart; numbers are numbers, whether an enum names them or not."""
    objects = isinstance(kind, AtomicType) and kind.dtype.hasobject
    class_ = AtomicType if isinstance(kind, EnumType) else type(kind)
    return class_, kind.dtype, kind.name if objects else ""
