"""User-defined types and their JSON.

A type goes by its path, which begins with ``/``, so that it cannot be taken for an atomic one. A
record says all of the types that it names, so that each can be understood without the others.

>>> color = EnumType("color", ATOMIC_TYPES["ubyte"], {"red": 0, "green": 1})
>>> names = TypeNames(Dataset(types={"color": color}))
>>> names.definitions([VlenType("row", color)])  # doctest: +ELLIPSIS
Traceback (most recent call last):
zarr_cdm.errors.MetadataError: type 'row' belongs to no group; ...
>>> found = KnownTypes(names.definitions([color]))
>>> found.named("/color") == color
True
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from zarr_cdm.cdm.model import Dataset, Group, join
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
    parts_of,
)
from zarr_cdm.errors import LimitError, MetadataError, ZarrCdmError, ZarrCdmWarning
from zarr_cdm.limits import current

MOST_NESTED = 32  # types inside types: what netCDF-C can be expected to take


class TypeNames:
    """What the types of a dataset are called in its records."""

    def __init__(self, dataset: Group) -> None:
        self._paths = dataset.type_paths()

    def name(self, kind: NetcdfType) -> str:
        """Return the name of an atomic type, the path of any other.

        Raises
        ------
        MetadataError
            It stands in no group.
        """
        if isinstance(kind, AtomicType):
            return kind.name
        if id(kind) not in self._paths:
            raise MetadataError(
                f"type {kind.name!r} belongs to no group; put it into the `types` of one"
            )
        return self._paths[id(kind)]

    def definitions(self, kinds: Iterable[NetcdfType]) -> dict[str, Any]:
        """Return the JSON of the user-defined types among these, and of all that they need."""
        found: dict[str, Any] = {}
        for kind in kinds:
            found |= self.definitions(parts_of(kind))
            if not isinstance(kind, AtomicType):
                found[self.name(kind)] = self._definition(kind)
        return found

    def _definition(self, kind: UserType) -> dict[str, Any]:
        if isinstance(kind, EnumType):
            members = {name: int(value) for name, value in kind.members.items()}
            return {"class": "enum", "base": kind.base.name, "members": members}
        if isinstance(kind, OpaqueType):
            return {"class": "opaque", "size": kind.item_bytes}
        if isinstance(kind, VlenType):
            return {"class": "vlen", "base": self.name(kind.base)}
        fields = [
            {"name": part.name, "type": self.name(part.type), "offset": part.offset}
            | ({"shape": list(part.shape)} if part.shape else {})
            for part in kind.fields
        ]
        return {"class": "compound", "size": kind.item_bytes, "fields": fields}


class KnownTypes:
    """The types that records define, each made once: what is alike at two paths is two types."""

    def __init__(self, definitions: Any = None) -> None:
        self._definitions: dict[str, Any] = {}
        self._made: dict[str, UserType] = {}
        self.add(definitions)

    def add(self, definitions: Any) -> None:
        """Make definitions known; the first one of a path counts."""
        if isinstance(definitions, dict):
            self._definitions = definitions | self._definitions

    def named(self, name: str) -> NetcdfType:
        """Return the type of a name: an atomic one, or the one at a path.

        Raises
        ------
        MetadataError
            No record defines it, or it cannot be what is defined.
        """
        return self._at(name, 0)

    def _at(self, path: Any, depth: int) -> NetcdfType:
        if isinstance(path, str) and path in ATOMIC_TYPES:
            return ATOMIC_TYPES[path]
        if not isinstance(path, str) or path not in self._definitions:
            raise MetadataError(f"no record defines the type {path!r}")
        if depth > MOST_NESTED:
            raise MetadataError(f"type {path!r} lies in too many others, or in itself")
        if path not in self._made:
            try:
                made = self._make(path.rpartition("/")[2], self._definitions[path], depth)
                current().check("item_bytes", made.dtype.itemsize, f"type {path!r}")
            except LimitError:
                raise
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                if isinstance(error, ZarrCdmError):
                    raise
                raise MetadataError(f"type {path!r} cannot be what it says ({error})") from error
            self._made[path] = made
        return self._made[path]

    def _make(self, name: str, definition: Mapping[str, Any], depth: int) -> UserType:
        match definition["class"]:
            case "enum":
                return _enum(name, ATOMIC_TYPES[definition["base"]], definition["members"])
            case "opaque":
                return OpaqueType(name, _whole(definition["size"], 1))
            case "vlen":
                return VlenType(name, self._at(definition["base"], depth + 1))
            case "compound":
                fields = tuple(self._field(part, depth) for part in definition["fields"])
                if not fields:
                    raise ValueError("it has no fields")
                return CompoundType(name, fields, _whole(definition["size"], 1))
        raise ValueError(f"its class is {definition['class']!r}")

    def _field(self, part: Mapping[str, Any], depth: int) -> CompoundField:
        return CompoundField(
            str(part["name"]),
            self._at(part["type"], depth + 1),
            _whole(part["offset"], 0),
            tuple(_whole(length, 1) for length in part.get("shape", ())),
        )

    def fill(self, group: Group, path: str) -> None:
        """Put the types that are defined right in a group into it, in their order."""
        for place in self._definitions:
            holder, _, name = place.rpartition("/")
            if (holder or "/") == path and name not in group.types:
                try:
                    kind = self._at(place, 0)
                except ZarrCdmError as error:
                    warnings.warn(f"{place} is left out: {error}", ZarrCdmWarning, stacklevel=2)
                    continue
                assert not isinstance(kind, AtomicType)
                group.types[name] = kind

    def place(self, dataset: Dataset) -> None:
        """Put types of groups that have lost their record, or are gone, where they can be seen."""
        groups = dict(dataset.walk())
        for place, kind in self._made.items():
            holder = place.rpartition("/")[0] or "/"
            while holder not in groups:
                holder = holder.rpartition("/")[0] or "/"
            if all(kind is not other for other in groups[holder].types.values()):
                name = _free(kind.name, groups[holder].types)
                groups[holder].types[name] = kind
                if join(holder, name) != place:
                    message = f"type {place!r} stands at {join(holder, name)!r}: its group is gone"
                    warnings.warn(message, ZarrCdmWarning, stacklevel=2)


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _enum(name: str, base: AtomicType, members: Mapping[str, Any]) -> EnumType:
    limits = np.iinfo(base.dtype)
    values = {
        str(member): _whole(value, int(limits.min), int(limits.max))
        for member, value in members.items()
    }
    if not values:
        raise ValueError("it has no members")
    return EnumType(name, base, values)


def _whole(value: Any, least: int, most: int = 2**63 - 1) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r} is no whole number from {least} to {most}")
    return value
