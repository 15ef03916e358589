"""One group of a dataset as a dataset of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from zarr_cdm.cdm.model import Dataset, Group, Variable
from zarr_cdm.cdm.types import AtomicType, NetcdfType, UserType, parts_of
from zarr_cdm.errors import NodeNotFoundError


def only_group(dataset: Dataset, path: str) -> Dataset:
    """Return one group as a dataset of its own, with what it uses from outside.

    These are dimensions of the groups above, and user-defined types of any group.
    """
    group: Group = dataset
    above: dict[str, Any] = {}
    for name in path.strip("/").split("/"):
        if not name:
            continue
        if name not in group.groups:
            known = ", ".join(group.groups) or "none"
            raise NodeNotFoundError(
                f"there is no group {path!r}; groups there: {known}", source=dataset.source
            )
        above |= group.dimensions
        group = group.groups[name]
    own = set(group.dimension_paths())
    used = {
        dimension
        for _, variable in group.all_variables()
        for dimension in variable.dimensions
        if dimension not in own
    }
    inherited = {name: dim for name, dim in above.items() if dim in used}
    for name in inherited.keys() & group.dimensions.keys():  # two that become one group's
        inherited[name].name = f"{name}_{inherited[name].size}"
    inherited = {dimension.name: dimension for dimension in inherited.values()}
    return Dataset(
        attributes=group.attributes,
        dimensions=inherited | group.dimensions,
        types=_types_from_outside(group) | group.types,
        variables=group.variables,
        groups=group.groups,
        source=dataset.source,
        provenance=dataset.provenance,
    )


def _types_from_outside(group: Group) -> dict[str, UserType]:
    """Return the types that a group uses, or one below it, and that none of them defines."""
    own = group.type_paths()
    holders: list[Group | Variable] = [
        *(below for _, below in group.walk()),
        *(variable for _, variable in group.all_variables()),
    ]
    used = [each.type for holder in holders for each in holder.attributes.values()]
    used += [variable.type for _, variable in group.all_variables()]
    used += [kind for _, below in group.walk() for kind in below.types.values()]
    found: dict[str, UserType] = {}
    for kind in _with_parts(used):
        if not isinstance(kind, AtomicType) and id(kind) not in own:
            name = kind.name
            while name in group.types or found.get(name, kind) is not kind:
                name += "_"
            found[name] = kind
    return found


def _with_parts(kinds: Iterable[NetcdfType]) -> Iterator[NetcdfType]:
    """Yield types, each after those that it is made of."""
    for kind in kinds:
        yield from _with_parts(parts_of(kind))
        yield kind
