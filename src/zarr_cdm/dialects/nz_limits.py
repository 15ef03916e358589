"""What NZ-1.0 has no word for in a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Group, join
from zarr_cdm.cdm.types import STRING, AtomicType
from zarr_cdm.dialects.names import is_node_name
from zarr_cdm.dialects.plain import is_reserved

OWN = "conventions"  # the attribute in which a group declares NZ-1.0


def unsayable(dataset: Dataset) -> Iterator[str]:
    """Yield what would be read as something else, or not at all."""
    for path, group in dataset.walk():
        for name in group.types:
            yield f"the type {join(path, name)}"
        for name in [*group.variables, *group.groups]:
            if not is_node_name(name, 3):
                yield f"the name {join(path, name)}"
        for name in group.variables.keys() & group.groups.keys():
            yield f"a variable and a group of the name {join(path, name)}"
        yield from _two_lengths(group, path)
        if OWN in group.attributes:
            yield f"{path}@{OWN}, the attribute of NZ-1.0 itself"
        yield from _reserved(group.attributes, path)
    for path, variable in dataset.all_variables():
        kind = variable.type
        if not isinstance(kind, AtomicType) or (kind.dtype.hasobject and kind is not STRING):
            yield f"{path}, which is of type {kind.name!r}"
        yield from _reserved(variable.attributes, path)


def _reserved(attributes: Mapping[str, Attribute], path: str) -> Iterator[str]:
    for name in attributes:
        if is_reserved(name):
            yield f"{path}@{name}, a name that Zarr keeps for itself"


def _two_lengths(group: Group, path: str) -> Iterator[str]:
    """Yield the names that two lengths have inside a group: its arrays must agree in them."""
    lengths: dict[str, set[int]] = {}
    for variable in group.variables.values():
        for dimension in variable.dimensions:
            lengths.setdefault(dimension.name, set()).add(dimension.size)
    for name, found in lengths.items():
        if not name:
            yield f"a dimension without a name in {path}"
        if len(found) > 1:
            sizes = " and ".join(map(str, sorted(found)))
            yield f"the dimension {name!r}, which in {path} has the lengths {sizes}"
