"""Where everything of a dataset stands, and in which order netCDF-C can be told of it."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable, join
from zarr_cdm.cdm.types import NetcdfType, parts_of


class Survey:
    """A dataset, looked through once.

    Attributes
    ----------
    groups
        Every group by its path, parents first.
    homes
        The path of the group that holds a dimension.
    types
        The place of each user-defined type, by its `id`: the number of its group, its own number.
    order
        The paths of the groups, each behind those whose dimensions its variables lie on.
    circular
        Pairs of groups that lie on each other's dimensions, so that none can be the first.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.groups: dict[str, Group] = dict(dataset.walk())
        self._numbers = {path: number for number, path in enumerate(self.groups)}
        self.homes: dict[Dimension, str] = {
            dimension: path
            for path, group in self.groups.items()
            for dimension in group.dimensions.values()
        }
        self.types: dict[int, tuple[int, int]] = {
            id(kind): (number, place)
            for number, group in enumerate(self.groups.values())
            for place, kind in enumerate(group.types.values())
        }
        self.order: dict[str, None] = {}
        self.circular: list[tuple[str, str]] = []
        for path in self.groups:
            self._visit(path, [])

    def _visit(self, path: str, open_: list[str]) -> None:
        if path in self.order:
            return
        for home in self._used(path):
            if home in open_:
                self.circular.append((path, home))
            else:
                self._visit(home, [*open_, path])
        self.order[path] = None

    def _used(self, path: str) -> list[str]:
        """Return the other groups whose dimensions the variables of a group lie on."""
        homes = dict.fromkeys(
            self.homes[dimension]
            for variable in self.groups[path].variables.values()
            for dimension in variable.dimensions
            if dimension in self.homes
        )
        return [home for home in homes if home != path]

    @property
    def in_order(self) -> bool:
        """Whether the groups can be told of in the order in which they stand."""
        return list(self.order) == list(self.groups)

    def is_known_in(self, group: str, kind: NetcdfType) -> bool:
        """Tell whether a reader knows a type when it comes to the variables of a group."""
        return self.types[id(kind)][0] <= self._numbers[group]

    def on(self, dimension: Dimension) -> Iterator[tuple[str, Variable]]:
        """Yield the variables that tell the length of an unlimited dimension, with their paths.

        netCDF-C looks for them in the group of the dimension and below.
        """
        home = self.homes[dimension]
        for path, group in self.groups.items():
            if path == home or path.startswith(join(home, "")):
                for name, variable in group.variables.items():
                    if dimension in variable.dimensions:
                        yield join(path, name), variable

    def used_types(self) -> set[int]:
        """Return the types that something is of, or another type is made of, by their `id`."""
        owners: list[Group | Variable] = [*self.groups.values()]
        owners += [variable for _, variable in self.dataset.all_variables()]
        found = {id(variable.type) for _, variable in self.dataset.all_variables()}
        found |= {id(each.type) for owner in owners for each in owner.attributes.values()}
        for group in self.groups.values():
            found |= {id(part) for kind in group.types.values() for part in parts_of(kind)}
        return found

    def unreached(self) -> list[Dimension]:
        """Return the unlimited dimensions that have a length, but no values along them."""
        return [
            dimension
            for dimension in self.homes
            if dimension.unlimited
            and dimension.size
            and not any(prod(variable.shape) for _, variable in self.on(dimension))
        ]
