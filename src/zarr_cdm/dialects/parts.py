"""A dataset as the plain arrays that a store holds: user-defined types in parts, names encoded.

An array of a part is called ``name.field``, ``name.length`` or ``name.values``; see `splitting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.flags import flags_of
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import STRING, AtomicType, EnumType
from zarr_cdm.cdm.values import unwritten
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import encodable
from zarr_cdm.dialects.joined import Steps, head_steps, head_type, leaf_steps
from zarr_cdm.dialects.names import free_name, node_name
from zarr_cdm.dialects.spelling import USUAL, Spelling
from zarr_cdm.dialects.splitting import Whole, split
from zarr_cdm.dialects.taken import TakenArray, with_axis
from zarr_cdm.errors import MetadataError, UnsupportedError, ZarrCdmError
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.nczarr import SCALAR

# What is written in parts, by its name in `table.WRITTEN`; the other dialects know no such types.
PARTED = ("native", "xarray")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a plain array is a part of.

    Attributes
    ----------
    name, variable
        The variable of the model, and its name.
    steps
        From the variable to this part: names of fields, ``length`` and ``values``.
    is_head
        Whether this part bears what is said of the variable, its attributes above all.
    """

    name: str
    variable: Variable
    steps: Steps
    is_head: bool


@dataclass(eq=False, slots=True)
class PartedDataset(Dataset):
    """A dataset of atomic variables under names that a store can hold.

    Attributes
    ----------
    whole
        The dataset that it stands for. Groups are in the same order in both.
    origins
        For each variable here what it is a part of.
    paths
        The paths of all dimensions by the names of the model, those of added axes too.
    """

    whole: Dataset = field(default_factory=Dataset)
    origins: dict[Variable, Origin] = field(default_factory=dict)
    paths: dict[Dimension, str] = field(default_factory=dict)


def parted(dataset: Dataset, zarr_format: ZarrVersion, spelling: Spelling = USUAL) -> PartedDataset:
    """Return a dataset in parts, its data unread, but for the lengths of the rows of vlens.

    What is in parts already is returned as it is.

    Raises
    ------
    MetadataError
        A variable and a group have one name, or data are not of the shape of their dimensions.
    """
    if isinstance(dataset, PartedDataset):
        return dataset
    result = PartedDataset(
        provenance=dataset.provenance,
        source=dataset.source,
        whole=dataset,
        paths=dataset.dimension_paths(),
    )
    _Splitter(result, zarr_format, spelling).fill(result, dataset, "/")
    return result


class _Splitter:
    """Splits all variables of a dataset."""

    def __init__(self, result: PartedDataset, zarr_format: ZarrVersion, spelling: Spelling) -> None:
        self.result = result
        self.spelling = spelling
        self._one: Dimension | None = None
        self.zarr_format = zarr_format
        # Names of dimensions, anywhere: plain readers know no scopes.
        self.taken = {dimension.name for dimension in result.paths}

    def fill(self, target: Group, group: Group, path: str) -> None:
        """Fill a group with the plain arrays of another."""
        target.attributes = atomic_attributes(group.attributes)
        target.dimensions = dict(group.dimensions)
        names = self._names(group, path)
        taken = {*names, *names.values()}
        for name, variable in group.variables.items():
            self._check(variable, join(path, name))
            try:
                self._add(variable, names[name], _Place(name, target, path, taken))
            except ZarrCdmError as error:
                raise error.at(variable=join(path, name)) from error.__cause__
        for name, below in group.groups.items():
            target.groups[names[name]] = Group(names[name])
            self.fill(target.groups[names[name]], below, join(path, name))

    def _names(self, group: Group, path: str) -> dict[str, str]:
        """Return the name in the store of each variable and group: its own, wherever possible."""
        for name in group.variables:
            if name in group.groups:
                place = join(path, name)
                raise MetadataError("a variable and a group have one name", variable=place)
        members = [*group.variables, *group.groups]
        for name in members:
            if not name or encodable(name) != name:
                found = "no UTF-8" if name else "empty"
                place = ascii(join(path, name))
                raise UnsupportedError(f"a name is {found}; change it", variable=place)
        names = {name: name for name in members if node_name(name, self.zarr_format) == name}
        for name in members:
            if name not in names:
                taken = {*members, *names.values()}
                names[name] = free_name(name, self.zarr_format, taken)
        return names

    def _check(self, variable: Variable, path: str) -> None:
        """Raise where a variable does not fit its dataset."""
        kind = variable.type
        if isinstance(kind, AtomicType) and kind.dtype.hasobject and kind is not STRING:
            raise UnsupportedError(f"type {kind.name!r} cannot be written yet", variable=path)
        for dimension in variable.dimensions:
            if dimension not in self.result.paths:
                raise MetadataError(
                    f"dimension {dimension.name!r} belongs to no group", variable=path
                )
        if tuple(variable.data.shape) != variable.shape:
            raise MetadataError(
                f"the data have shape {variable.data.shape}, the dimensions {variable.shape}",
                variable=path,
            )

    def _add(self, variable: Variable, name: str, place: _Place) -> None:
        """Add the plain arrays of a variable to its group."""
        kind, dimensions, data = variable.type, variable.dimensions, variable.data
        if not dimensions and self.spelling.scalar == "nczarr":
            dimensions = (self._scalar(),)
            data = TakenArray(data, kind.dtype, (1,), with_axis)
        whole = Whole(kind, dimensions, data, _storage_of(variable))
        found = dict(split(whole, self.spelling, partial(self._new_axis, place)))
        head = leaf_steps(head_steps(kind), found)
        for steps, part in found.items():
            part.name = name if not steps else self._part_name(place.label(steps), place)
            part.storage = _with_fill(part, variable)
            if steps == head:
                flags = flags_of(head_type(kind), variable.attributes)
                part.attributes = {**_shown(variable, part), **flags}
            place.group.variables[part.name] = part
            self.result.origins[part] = Origin(place.name, variable, steps, steps == head)

    def _part_name(self, label: str, place: _Place) -> str:
        name = free_name(label, self.zarr_format, place.taken)
        place.taken.add(name)
        return name

    def _scalar(self) -> Dimension:
        """Return the dimension of what has none: one for all groups, as NCZarr has it."""
        if self._one is None:
            self._one = self._axis(SCALAR, 1, _Place("", self.result, "/", set()))
        return self._one

    def _new_axis(self, place: _Place, steps: Steps, name: str, size: int) -> Dimension:
        return self._axis(f"{place.label(steps)}.{name}", size, place)

    def _axis(self, label: str, size: int, place: _Place) -> Dimension:
        """Return a new dimension; one of its name would make an index of an array, to xarray."""
        while label in self.taken or label in place.taken:
            label += "_"
        self.taken.add(label)
        place.taken.add(label)
        dimension = place.group.dimensions[label] = Dimension(label, size)
        self.result.paths[dimension] = join(place.path, label)
        return dimension


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the parts of a variable go."""

    name: str
    group: Group
    path: str
    taken: set[str]  # names of nodes

    def label(self, steps: Steps) -> str:
        return ".".join((self.name, *steps))


def _storage_of(variable: Variable) -> Storage:
    """Return how the parts of a variable shall lie: as it does, but for fill values of its type."""
    if isinstance(variable.type, AtomicType | EnumType):
        return variable.storage
    return Storage(chunks=variable.storage.chunks, fill_mode="none")


def _with_fill(part: Variable, variable: Variable) -> Storage:
    """Return the storage of a part with the share that it has in the fill value of its variable.

    So what grows, and was not written, is what it would be in the variable.
    """
    mode, data = variable.storage.fill_mode, part.data
    if part.type is STRING or mode == "none" or not isinstance(data, TakenArray):
        return part.storage
    if data.source is not variable.data:  # the values of rows
        return part.storage
    fill = np.empty((1,) * len(data.source.shape), variable.type.dtype)
    fill[...] = unwritten(variable.type) if mode == "default" else variable.storage.fill_value
    share = data.take(fill).reshape(-1)
    if any(item.tobytes() != share[0].tobytes() for item in share):
        return part.storage  # Zarr has one for all elements
    return replace(part.storage, fill_value=share[0])


def _shown(variable: Variable, part: Variable) -> dict[str, Attribute]:
    """Return the attributes of a variable as its head shows them.

    A fill value is shown where it is one of the values that are there: readers mask by it.
    """
    found = atomic_attributes(variable.attributes)
    fill = found.get(fill_value.NAME)
    if fill is not None and fill.type is not part.type and part.type is not variable.type:
        del found[fill_value.NAME]
    return found


def atomic_attributes(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Return what plain JSON can show of attributes: of enums their numbers."""
    result: dict[str, Attribute] = {}
    for name, attribute in attributes.items():
        if isinstance(attribute.type, EnumType):
            attribute = Attribute(_numbers(attribute), attribute.type.base)
        if isinstance(attribute.type, AtomicType):
            result[name] = attribute
    return result


def _numbers(attribute: Attribute) -> np.ndarray:
    assert isinstance(attribute.value, np.ndarray)
    return attribute.value
