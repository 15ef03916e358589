"""The netCDF data model: groups, dimensions, variables, attributes.

Source: the netCDF-4 enhanced data model (https://docs.unidata.ucar.edu/nug/current/netcdf_data_model.html).
These are plain objects: they hold no file, and a variable's data may be any array-like.

>>> time = Dimension("time", 2, unlimited=True)
>>> dataset = Dataset(dimensions={"time": time})
>>> dataset.variables["t"] = Variable("t", ATOMIC_TYPES["float"], (time,), data=np.zeros(2, "f4"))
>>> [path for path, _ in dataset.walk()], dataset.variables["t"].shape
(['/'], (2,))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, NetcdfType, UserType

__all__ = [
    "ATOMIC_TYPES",
    "ArrayLike",
    "Dataset",
    "Dimension",
    "Filter",
    "Group",
    "Storage",
    "Variable",
]


Layout = Literal["contiguous", "compact", "chunked"]
Endian = Literal["little", "big"]
FillMode = Literal["explicit", "default", "none"]


class ArrayLike(Protocol):
    """What a variable's data must offer; reading may be delayed until ``__getitem__``.

    It may also offer ``oindex`` and ``vindex`` (see `lazy`), and say how it is stored: ``chunks``
    and ``shards`` (for each axis a length, or a tuple of lengths), ``codecs`` (their names) and
    ``stored_bytes()``.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    @property
    def dtype(self) -> np.dtype:
        """Element type in memory, native byte order."""

    def __getitem__(self, selection: Any, /) -> Any: ...


@dataclass(eq=False, slots=True)
class Dimension:
    """A named length. Two dimensions are the same only if they are the same object.

    netCDF finds a dimension by who holds it, not by its name: the group in whose ``dimensions`` it
    stands is its scope.
    """

    name: str
    size: int
    unlimited: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """One step of how chunks are encoded, in the words of the source (``zlib``, ``shuffle``, …)."""

    name: str
    configuration: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Storage:
    """How a variable lies, or shall lie, on disk. None means: not known, choose.

    Attributes
    ----------
    chunks
        Chunk shape, one length for each dimension.
    filters
        From values to bytes, first step first.
    endian
        Byte order of the stored elements.
    fill_mode
        ``explicit`` (there is a ``_FillValue``), ``default`` (there is none; it is netCDF's own
        fill value, but in what others wrote) or ``none`` (unwritten data are undefined).
    fill_value
        What unwritten elements read as, of the variable's dtype; None where undefined.
    """

    layout: Layout | None = None
    chunks: tuple[int, ...] | None = None
    filters: tuple[Filter, ...] = ()
    endian: Endian | None = None
    fill_mode: FillMode = "default"
    fill_value: Any = None


@dataclass(eq=False, slots=True)
class Variable:
    """Values on dimensions, with typed attributes.

    ``data`` has the shape of the dimensions and the dtype of ``type``, in native byte order, and
    never masked, scaled or joined to strings: decoding is a view that others lay over it.
    """

    name: str
    type: NetcdfType
    dimensions: tuple[Dimension, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    data: ArrayLike = field(default_factory=lambda: np.empty(()))
    storage: Storage = field(default_factory=Storage)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return tuple(dimension.size for dimension in self.dimensions)


@dataclass(eq=False, slots=True)
class Group:
    """Attributes, dimensions, types, variables and groups, each in the order of their creation."""

    name: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    types: dict[str, UserType] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def walk(self, path: str = "/") -> Iterator[tuple[str, Group]]:
        """Yield this group and all below it with their paths, parents first."""
        yield path, self
        for name, group in self.groups.items():
            yield from group.walk(join(path, name))

    def all_variables(self) -> Iterator[tuple[str, Variable]]:
        """Yield every variable of this group and of those below it with its path."""
        for path, group in self.walk():
            for name, variable in group.variables.items():
                yield join(path, name), variable

    def dimension_paths(self) -> dict[Dimension, str]:
        """Return the path of every dimension that this group and those below it hold."""
        return {
            dimension: join(path, name)
            for path, group in self.walk()
            for name, dimension in group.dimensions.items()
        }

    def flat_names(self) -> dict[Dimension, str]:
        """Return what this group's dimensions are called where there are no scopes.

        That is their own name, but ``<name>_<size>`` for one that differs in size from another of
        its name. Those of this group come first, then what its variables have from groups above.
        """
        used = [each for variable in self.variables.values() for each in variable.dimensions]
        own = [each for each in self.dimensions.values() if each in used]
        names: dict[Dimension, str] = {}
        sizes: dict[str, int] = {}
        for dimension in dict.fromkeys([*own, *used, *self.dimensions.values()]):
            name = dimension.name
            while sizes.get(name, dimension.size) != dimension.size or (
                name != dimension.name and name in self.variables
            ):
                name = f"{name}_{dimension.size}"
            names[dimension] = name
            sizes[name] = dimension.size
        return names

    def type_paths(self) -> dict[int, str]:
        """Return the path of every type that is defined here or below, by its `id`.

        By identity, as with dimensions: two groups may define the same type each for itself.
        """
        return {
            id(kind): join(path, name)
            for path, group in self.walk()
            for name, kind in group.types.items()
        }


@dataclass(eq=False, slots=True)
class Dataset(Group):
    """The root group, and where it came from.

    Attributes
    ----------
    source
        File or store that the data are read from; "" for one built in memory.
    facts
        What the source is, in words for people.
    provenance
        Where the data first came from; it goes along when they are converted. ``data_model`` is
        netCDF4-python's name of the model of the file (``NETCDF4``, ``NETCDF3_CLASSIC``, …).
    """

    source: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)
    closer: Callable[[], None] | None = field(default=None, repr=False)

    def close(self) -> None:
        """Let go of the source; data that are not read yet can no longer be read."""
        if self.closer is not None:
            self.closer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def join(path: str, name: str) -> str:
    """Return the path of ``name`` in the group at ``path``.

    >>> join("/", "a"), join("/a", "b")
    ('/a', '/a/b')
    """
    return path + name if path.endswith("/") else f"{path}/{name}"
