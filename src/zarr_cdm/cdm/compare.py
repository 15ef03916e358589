"""Two datasets, compared: everything in which they differ.

Nothing is taken for the same that is not: attributes and values are compared bit by bit (a NaN is
itself, -0.0 is not 0.0, NULL is not the empty text), dimensions and types by the groups that hold
them, and what has an order by its order.

>>> first = Dataset(attributes={"title": Attribute.of("a sea")})
>>> for finding in compare(first, Dataset(attributes={"title": Attribute.of("an ocean")})):
...     print(finding)
/@title: attribute.value: 'a sea' against 'an ocean'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.compare_values import against, compare_values, differing, shown, shown_all
from zarr_cdm.cdm.definitions import alike, definition, place_of
from zarr_cdm.cdm.findings import ONLY_FIRST, ONLY_SECOND, Finding
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Variable, join
from zarr_cdm.cdm.types import NetcdfType
from zarr_cdm.cdm.values import unwritten

STORAGE = ("layout", "chunks", "filters", "endian")
# What arrays themselves may say of how they are stored.
ARRAY = ("chunks", "shards", "codecs")


def compare(
    first: Dataset,
    second: Dataset,
    *,
    storage: bool = False,
    values: bool = True,
    order: bool = True,
) -> list[Finding]:
    """Return everything in which two datasets differ; see `findings.RULES`.

    Parameters
    ----------
    storage
        Compare layout, chunks, filters, byte order and provenance, too.
    values
        Compare the values of the variables, all of them, block by block.
    order
        Compare the order of groups, dimensions, types, variables and attributes.
    """
    sides = _Side.of(first), _Side.of(second)
    return list(_Comparison(*sides, storage=storage, values=values, order=order).all())


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two datasets, and where its dimensions and types stand."""

    dataset: Dataset
    dimensions: Mapping[Dimension, str]
    types: Mapping[int, str]

    @classmethod
    def of(cls, dataset: Dataset) -> _Side:
        places = dataset.dimension_paths()
        # A dimension that no group holds has a name from where it is used, in any order.
        for path, variable in sorted(dataset.all_variables(), key=itemgetter(0)):
            for axis, dimension in enumerate(variable.dimensions):
                size = f"{dimension.size}{', unlimited' * dimension.unlimited}"
                place = f"{dimension.name} ({size}; of no group, axis {axis} of {path})"
                places.setdefault(dimension, place)
        return cls(dataset, places, dataset.type_paths())


@dataclass(frozen=True, slots=True)
class _Comparison:
    first: _Side
    second: _Side
    storage: bool
    values: bool
    order: bool

    def all(self) -> Iterator[Finding]:
        one, other = self.first.dataset, self.second.dataset
        yield from self._group("/", one, other)
        if self.storage and one.provenance != other.provenance:
            pair = against(_words(one.provenance), _words(other.provenance))
            yield Finding("/", "provenance", pair)

    def _group(self, path: str, one: Group, other: Group) -> Iterator[Finding]:
        yield from self._members(path, "type", one.types, other.types)
        for name in _common(one.types, other.types):
            yield from self._type(join(path, name), one.types[name], other.types[name])
        yield from self._members(path, "dimension", one.dimensions, other.dimensions)
        for name in _common(one.dimensions, other.dimensions):
            sides = one.dimensions[name], other.dimensions[name]
            yield from _dimension(join(path, name), *sides)
        yield from self._attributes(path, one.attributes, other.attributes)
        yield from self._members(path, "variable", one.variables, other.variables)
        for name in _common(one.variables, other.variables):
            pair = one.variables[name], other.variables[name]
            yield from self._variable(join(path, name), *pair)
        yield from self._members(path, "group", one.groups, other.groups)
        for name in _common(one.groups, other.groups):
            yield from self._group(join(path, name), one.groups[name], other.groups[name])

    def _members(
        self, path: str, word: str, one: Mapping[str, Any], other: Mapping[str, Any], mark: str = ""
    ) -> Iterator[Finding]:
        """Yield what only one side has, and where the order of what both have differs."""
        for only, names, others in ((ONLY_FIRST, one, other), (ONLY_SECOND, other, one)):
            for name in names:
                if name not in others:
                    place = f"{path}{mark}{name}" if mark else join(path, name)
                    yield Finding(place, f"{word}.missing", only)
        sides = _common(one, other), _common(other, one)
        if self.order and sides[0] != sides[1]:
            yield Finding(path, f"{word}.order", against(*map(", ".join, sides)))

    def _type(self, place: str, one: NetcdfType, other: NetcdfType) -> Iterator[Finding]:
        sides = definition(one, self.first.types), definition(other, self.second.types)
        if sides[0] != sides[1]:
            yield Finding(place, "type.definition", against(*sides))

    def _kinds(self, one: NetcdfType, other: NetcdfType) -> tuple[str, str] | None:
        """Return in words the types of a thing where they are not the same: by path, or whole."""
        whole = definition(one, self.first.types), definition(other, self.second.types)
        if whole[0] == whole[1]:
            return None
        names = place_of(one, self.first.types), place_of(other, self.second.types)
        return whole if names[0] == names[1] else names

    def _attributes(
        self, path: str, one: Mapping[str, Attribute], other: Mapping[str, Attribute]
    ) -> Iterator[Finding]:
        yield from self._members(path, "attribute", one, other, "@")
        for name in _common(one, other):
            sides = one[name], other[name]
            kinds = self._kinds(sides[0].type, sides[1].type)
            if kinds is not None:
                texts = (f"{kind} {_value(side)}" for kind, side in zip(kinds, sides, strict=True))
                yield Finding(f"{path}@{name}", "attribute.type", against(*texts))
            elif sides[0] != sides[1]:
                yield Finding(f"{path}@{name}", "attribute.value", against(*map(_value, sides)))

    def _variable(self, path: str, one: Variable, other: Variable) -> Iterator[Finding]:
        kinds = self._kinds(one.type, other.type)
        comparable = alike(one.type, other.type)
        if kinds is not None:
            note = "; their values cannot be compared" if self.values and not comparable else ""
            yield Finding(path, "variable.type", against(*kinds) + note)
        places = (
            [self.first.dimensions[dimension] for dimension in one.dimensions],
            [self.second.dimensions[dimension] for dimension in other.dimensions],
        )
        if places[0] != places[1]:
            sides = (f"({', '.join(each)})" for each in places)
            yield Finding(path, "variable.dimensions", against(*sides))
        yield from self._attributes(path, one.attributes, other.attributes)
        yield from _fill(path, one, other, comparable)
        if self.storage:
            yield from _storage(path, one, other)
        if self.values and comparable:
            yield from compare_values(path, one, other)


def _common(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [name for name in one if name in other]


def _dimension(place: str, one: Dimension, other: Dimension) -> Iterator[Finding]:
    if one.size != other.size:
        yield Finding(place, "dimension.size", against(str(one.size), str(other.size)))
    if one.unlimited != other.unlimited:
        words = ("unlimited" if each.unlimited else "fixed" for each in (one, other))
        yield Finding(place, "dimension.unlimited", against(*words))


def _value(attribute: Attribute) -> str:
    if isinstance(attribute.value, str):
        return repr(attribute.value)
    if isinstance(attribute.value, tuple):
        return f"[{', '.join(shown(attribute.type, text) for text in attribute.value)}]"
    return shown_all(attribute.type, attribute.value)


def _fill(path: str, one: Variable, other: Variable, comparable: bool) -> Iterator[Finding]:
    modes = one.storage.fill_mode, other.storage.fill_mode
    if modes[0] != modes[1]:
        yield Finding(path, "fill.mode", against(*modes))
    if not comparable:
        return
    first, second = _element(one), _element(other)
    if first is None and second is None:
        return
    if first is None or second is None or differing(one.type, first, second).any():
        texts = ("none" if each is None else shown(one.type, each[0]) for each in (first, second))
        yield Finding(path, "fill.value", against(*texts))


def _element(variable: Variable) -> np.ndarray | None:
    """Return the fill value in an array of one; None where unwritten elements are undefined."""
    kind, fill = variable.type, variable.storage.fill_value
    if fill is None and variable.storage.fill_mode == "default":
        return unwritten(kind).reshape(1)
    if fill is None:
        return None
    result = np.empty(1, kind.dtype)
    result[0] = fill
    return result


def _storage(path: str, one: Variable, other: Variable) -> Iterator[Finding]:
    for word, names, first, second in (
        ("storage", STORAGE, one.storage, other.storage),
        ("array", ARRAY, one.data, other.data),
    ):
        for name in names:
            if hasattr(first, name) and hasattr(second, name):
                found = getattr(first, name), getattr(second, name)
                if found[0] != found[1]:
                    yield Finding(path, f"{word}.{name}", against(*map(_words, found)))


def _words(value: Any) -> str:
    """Return what is said of storage, or of where data come from, as people write it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {each}" for key, each in value.items()) or "nothing"
    if isinstance(value, tuple) and value and isinstance(value[0], Filter):
        return ", ".join(f"{each.name} {dict(each.configuration)}" for each in value)
    return "nothing" if value is None or value == () else str(value)
