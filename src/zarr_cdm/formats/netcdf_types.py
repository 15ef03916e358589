"""The types of a netCDF file, as netCDF-C tells of them.

Each type of the file is one object: the group that defines it holds it, and variables, attributes
and other types refer to it. netCDF-C knows types again by what they are made of: of two that are
alike but for their names, all that is of the second is of the first to it (4.10.1), and so here.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from zarr_cdm.cdm.model import Group
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    AtomicType,
    CompoundField,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    UserType,
    VlenType,
)
from zarr_cdm.errors import FormatError
from zarr_cdm.formats.netcdf_c import (
    ATOMIC_IDS,
    COMPOUND_ID,
    ENUM_ID,
    MAX_DIMS,
    OPAQUE_ID,
    VLEN_ID,
    Int,
    Size,
    call,
)
from zarr_cdm.formats.netcdf_inquire import ids, name_buffer, text

MADE_UP = re.compile(r"_Anonymous(Enum|Compound|Vlen|Opaque)\d+")  # netCDF-C's names


class FileTypes:
    """The types of one file by their numbers, each read when it is first asked for."""

    def __init__(self, ncid: int) -> None:
        self._ncid = ncid
        self._known: dict[int, NetcdfType] = {
            number: ATOMIC_TYPES[name] for name, number in ATOMIC_IDS.items()
        }
        self._user: dict[int, UserType] = {}

    def __getitem__(self, number: int) -> NetcdfType:
        """Return a type.

        Raises
        ------
        FormatError
            The file has no such type, or netCDF-C cannot read it.
        """
        return self._known.get(number) or self._defined(number)

    def of_group(self, ncid: int) -> dict[str, UserType]:
        """Return the types that a group defines, in their order."""
        found = [self._defined(number) for number in ids("nc_inq_typeids", ncid)]
        return {kind.name: kind for kind in found}

    def settle(self, groups: Iterable[Group]) -> None:
        """Put the file's own types in the place of those that netCDF-C has made up.

        It makes up a type where it does not know that of a variable: where HDF5 has none by a
        name, and where that stands in a group that it reads later.
        """
        owners = list(groups)
        own = [kind for group in owners for kind in group.types.values() if not _made_up(kind)]
        if len(own) == sum(len(group.types) for group in owners):
            return
        settled = _Settled({nameless(kind): kind for kind in reversed(own)})
        self._user = {number: settled(kind) for number, kind in self._user.items()}
        for group in owners:
            kept = {name: (kind, settled(kind)) for name, kind in group.types.items()}
            group.types = {
                name: new for name, (old, new) in kept.items() if not _made_up(old) or _made_up(new)
            }

    def _defined(self, number: int) -> UserType:
        if number not in self._user:
            self._user[number] = self._read(number)
        return self._user[number]

    def _read(self, number: int) -> UserType:
        label, size, base, count, kind = name_buffer(), Size(), Int(), Size(), Int()
        call("nc_inq_user_type", self._ncid, number, label, size, base, count, kind)
        name = text(label)
        if kind.value == OPAQUE_ID:
            return OpaqueType(name, size.value)
        if kind.value == VLEN_ID:
            return VlenType(name, self[base.value])
        if kind.value == ENUM_ID:
            return self._enum(number, name, self[base.value], count.value)
        if kind.value == COMPOUND_ID:
            fields = tuple(self._field(number, place) for place in range(count.value))
            return CompoundType(name, fields, size.value)
        raise FormatError(f"type {name!r} is of no class that netCDF has ({kind.value})")

    def _enum(self, number: int, name: str, base: NetcdfType, count: int) -> EnumType:
        if not isinstance(base, AtomicType) or base.dtype.kind not in "iu":
            raise FormatError(f"enum {name!r} is of {base.name}; wanted integers")
        members: dict[str, int] = {}
        for place in range(count):
            label, value = name_buffer(), np.zeros(1, base.dtype)
            call("nc_inq_enum_member", self._ncid, number, place, label, value.ctypes.data)
            members[text(label)] = int(value[0])
        return EnumType(name, base, members)

    def _field(self, number: int, place: int) -> CompoundField:
        label, offset, kind, rank = name_buffer(), Size(), Int(), Int()
        lengths = (ctypes.c_int * MAX_DIMS)()
        call("nc_inq_compound_field", self._ncid, number, place, label, offset, kind, rank, lengths)
        shape = tuple(lengths[: rank.value])
        return CompoundField(text(label), self[kind.value], offset.value, shape)


class _Settled:
    """Types by what they were, with types of the file's own in the place of made-up ones."""

    def __init__(self, own: Mapping[NetcdfType, UserType]) -> None:
        self._own = own
        self._done: dict[int, UserType] = {}  # by identity, so that each stays one object

    def __call__(self, kind: UserType) -> UserType:
        chosen = self._own.get(nameless(kind), kind) if _made_up(kind) else kind
        if id(chosen) not in self._done:
            self._done[id(chosen)] = self._rebuilt(chosen)
        return self._done[id(chosen)]

    def _rebuilt(self, kind: UserType) -> UserType:
        if isinstance(kind, CompoundType):
            fields = tuple(replace(part, type=self._part(part.type)) for part in kind.fields)
            return replace(kind, fields=fields)
        return replace(kind, base=self._part(kind.base)) if isinstance(kind, VlenType) else kind

    def _part(self, kind: NetcdfType) -> NetcdfType:
        return kind if isinstance(kind, AtomicType) else self(kind)


def nameless(kind: NetcdfType) -> NetcdfType:
    """Return a type as HDF5 compares it: without its name, and those of what it is made of."""
    if isinstance(kind, AtomicType):
        return kind
    if isinstance(kind, CompoundType):
        fields = tuple(replace(part, type=nameless(part.type)) for part in kind.fields)
        return replace(kind, name="", fields=fields)
    if isinstance(kind, VlenType):
        return replace(kind, name="", base=nameless(kind.base))
    return replace(kind, name="")


def _made_up(kind: UserType) -> bool:
    return MADE_UP.fullmatch(kind.name) is not None
