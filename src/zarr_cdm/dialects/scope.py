"""Which dimension a name stands for.

In netCDF a dimension belongs to a group and can be seen from the groups below it. Zarr has names
only, so lengths decide: an array's dimension is the nearest one of that name *and* size.

Source: CF conventions, section 2.7; netCDF users' guide, "Groups".

>>> dataset = Dataset()
>>> scope = Scope(dataset)
>>> x = scope.nearest("/", "x", 3)
>>> scope.enter("/g", Group("g"))
>>> scope.nearest("/g", "x", 3) is x, scope.nearest("/g", "x", 5) is x
(True, False)
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

from zarr_cdm.cdm.model import Dataset, Dimension, Group, join
from zarr_cdm.errors import ZarrCdmWarning


class Scope:
    """The dimensions of the groups that have been read so far."""

    def __init__(self, dataset: Dataset) -> None:
        self._groups: dict[str, Group] = {"/": dataset}
        self._used: set[Dimension] = set()

    def enter(self, path: str, group: Group) -> None:
        """Make a group known."""
        self._groups[path] = group

    def nearest(self, group: str, name: str, size: int) -> Dimension:
        """Return the dimension that an array in ``group`` means by ``name``; a new one if need be.

        Where the group has that name with another size already, the new one is called
        ``<name>_<size>``, and a warning says so.
        """
        for path in _upwards(group):
            found = self._groups[path].dimensions.get(name)
            if found is not None and found.size == size:
                return self._use(found)
        here = self._groups[group].dimensions
        if name in here:
            other = f"{name}_{size}"
            warnings.warn(
                f"{group}: dimension {name!r} has two lengths, {here[name].size} and {size}; "
                f"the latter is called {other!r}",
                ZarrCdmWarning,
                stacklevel=2,
            )
            return self.nearest(group, other, size)
        here[name] = Dimension(name, size)
        return self._use(here[name])

    def at(self, group: str, place: str, size: int, *, unlimited: bool) -> Dimension:
        """Return the dimension at the path ``place``, which an array in ``group`` lies on.

        The array is right about the size: what was declared gives way to it.
        """
        holder, _, name = place.rpartition("/")
        dimensions = (
            self._groups[holder or "/"].dimensions if (holder or "/") in self._groups else None
        )
        if dimensions is None:
            return self.nearest(group, name, size)
        if name not in dimensions:
            dimensions[name] = Dimension(name, size, unlimited)
        found = dimensions[name]
        if found.size != size:
            if found in self._used:
                return self.nearest(group, name, size)
            self.settle(holder or "/", found, size)
        return self._use(found)

    def held(self, place: str) -> Dimension | None:
        """Return the dimension at a path; None where there is none by now."""
        holder, _, name = place.rpartition("/")
        group = self._groups.get(holder or "/")
        return None if group is None else group.dimensions.get(name)

    def settle(self, group: str, dimension: Dimension, size: int) -> None:
        """Give a dimension of a group the length that the arrays have: no array changes it again.

        A warning tells of another one that was declared.
        """
        if dimension.size != size:
            warnings.warn(
                f"dimension {join(group, dimension.name)!r} was declared with length "
                f"{dimension.size}, but the arrays have {size}: another writer changed them",
                ZarrCdmWarning,
                stacklevel=2,
            )
        dimension.size = size
        self._use(dimension)

    def _use(self, dimension: Dimension) -> Dimension:
        self._used.add(dimension)
        return dimension


def labels(names: Sequence[str | None], shape: Sequence[int]) -> list[str]:
    """Return a name for each axis of an array, of which some may have none.

    Those without share one for each length, netCDF-C's.

    >>> labels(("time", None, None), (3, 4, 4))
    ['time', '_Anonymous_Dim_4', '_Anonymous_Dim_4']
    """
    return [name or f"_Anonymous_Dim_{size}" for name, size in zip(names, shape, strict=True)]


def _upwards(path: str) -> Iterator[str]:
    """Yield a path and those of the groups above it.

    >>> list(_upwards("/a/b"))
    ['/a/b', '/a', '/']
    """
    while path != "/":
        yield path
        path = path.rpartition("/")[0] or "/"
    yield "/"
