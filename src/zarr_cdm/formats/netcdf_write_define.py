"""A dataset's groups, types, dimensions, variables and attributes, told to netCDF-C.

The caller holds `netcdf_c.LOCK`, and has let `netcdf_write_check` look for what cannot be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.fills import silent_fill
from zarr_cdm.cdm.model import Dimension, Group, Variable, join
from zarr_cdm.cdm.types import (
    AtomicType,
    CompoundField,
    EnumType,
    NetcdfType,
    OpaqueType,
    UserType,
    VlenType,
)
from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.formats.netcdf_c import ATOMIC_IDS, GLOBAL, UNLIMITED, Int, call
from zarr_cdm.formats.netcdf_write_memory import Memory, layout, offset_of
from zarr_cdm.formats.netcdf_write_models import DataModel
from zarr_cdm.formats.netcdf_write_storage import define_storage
from zarr_cdm.formats.netcdf_write_survey import Survey

FILL = "_FillValue"


@dataclass(slots=True)
class Ids:
    """What netCDF-C calls that which has been defined.

    Attributes
    ----------
    groups
        By path.
    dimensions
        By identity.
    types
        By the `id` of each.
    variables
        Group and variable, by path.
    renamed
        Names that attributes ``_FillValue`` bear until the data are written, by path.
    """

    groups: dict[str, int] = field(default_factory=dict)
    dimensions: dict[Dimension, int] = field(default_factory=dict)
    types: dict[int, int] = field(default_factory=dict)
    variables: dict[str, tuple[int, int]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def type(self, kind: NetcdfType) -> int:
        """Return the id of a type."""
        return ATOMIC_IDS[kind.name] if isinstance(kind, AtomicType) else self.types[id(kind)]


def define(file: int, survey: Survey, model: DataModel) -> Ids:
    """Define all of a dataset in a new file, and leave define mode.

    Raises
    ------
    FormatError
        netCDF-C refuses something; the error names it.
    """
    ids = Ids()
    for path, group in survey.groups.items():
        parent, _, name = path.rpartition("/")
        ids.groups[path] = _made("nc_def_grp", ids.groups[parent or "/"], name) if name else file
        for name, kind in group.types.items():
            with _named(join(path, name)):
                ids.types[id(kind)] = _type(ids.groups[path], name, kind, ids)
    for path in survey.order:
        _group(path, survey.groups[path], model, ids)
        if not survey.in_order:  # a group has to be in the file before what refers to it
            call("nc_enddef", file)
            call("nc_redef", file)
    call("nc_enddef", file)
    return ids


def _group(path: str, group: Group, model: DataModel, ids: Ids) -> None:
    owner = ids.groups[path]
    for name, dimension in group.dimensions.items():
        with _named(join(path, name)):
            size = UNLIMITED if dimension.unlimited else dimension.size
            ids.dimensions[dimension] = _made("nc_def_dim", owner, name, size)
    with _named(path):
        for name, attribute in group.attributes.items():
            _put(owner, GLOBAL, name, attribute, ids)
    for name, variable in group.variables.items():
        with _named(join(path, name)):
            _variable(join(path, name), owner, name, variable, model, ids)


def _variable(
    path: str, owner: int, name: str, variable: Variable, model: DataModel, ids: Ids
) -> None:
    axes = np.array([ids.dimensions[each] for each in variable.dimensions], np.intc)
    kind = ids.type(variable.type)
    number = _made("nc_def_var", owner, name, kind, len(axes), axes.ctypes.data)
    ids.variables[path] = owner, number
    if model.hdf5:
        define_storage(owner, number, path, variable)
        silent = silent_fill(variable)
        if silent is not None:  # netCDF-C keeps it when the attribute goes
            _put(owner, number, FILL, silent, ids)
            call("nc_del_att", owner, number, FILL.encode())
    for each, attribute in variable.attributes.items():
        if each != FILL or _is_heeded(variable):
            _put(owner, number, each, attribute, ids)
            continue
        # Of another type or length netCDF-C refuses it, but not if it comes by way of another name.
        other = _unused(variable.attributes)
        _put(owner, number, other, attribute, ids)
        if model.hdf5:
            rename(owner, number, other)
        else:  # there it does so when data are written, too
            ids.renamed[path] = other


def rename(owner: int, number: int, name: str) -> None:
    """Give an attribute of a variable the name ``_FillValue``."""
    call("nc_rename_att", owner, number, name.encode(), FILL.encode())


def _is_heeded(variable: Variable) -> bool:
    """Tell whether netCDF takes the attribute ``_FillValue`` for the fill value."""
    attribute = variable.attributes[FILL]
    return attribute.type is variable.type and Memory.of(attribute).array.size == 1


def _unused(attributes: Mapping[str, Attribute]) -> str:
    """Return a name that no attribute has, as long as ``_FillValue``."""
    names = (f"_FillVal{number:02}" for number in range(len(attributes) + 1))
    return next(name for name in names if name not in attributes)


def _put(owner: int, variable: int, name: str, attribute: Attribute, ids: Ids) -> None:
    memory = Memory.of(attribute)
    kind = ids.type(attribute.type)
    size = memory.array.size
    call("nc_put_att", owner, variable, name.encode(), kind, size, memory.address)


def _type(owner: int, name: str, kind: UserType, ids: Ids) -> int:
    if isinstance(kind, OpaqueType):
        return _made("nc_def_opaque", owner, kind.item_bytes, name)
    if isinstance(kind, VlenType):
        return _made("nc_def_vlen", owner, name, ids.type(kind.base))
    if isinstance(kind, EnumType):
        number = _made("nc_def_enum", owner, ids.type(kind.base), name)
        for member, value in kind.members.items():
            element = np.array(value, kind.base.dtype)
            call("nc_insert_enum", owner, number, member.encode(), element.ctypes.data)
        return number
    form = layout(kind)
    number = _made("nc_def_compound", owner, form.itemsize, name)
    for part in kind.fields:
        _member(owner, number, part, offset_of(form, part.name), ids)
    return number


def _member(owner: int, kind: int, part: CompoundField, offset: int, ids: Ids) -> None:
    given = owner, kind, part.name.encode(), offset, ids.type(part.type)
    if part.shape:
        shape = np.array(part.shape, np.intc)
        call("nc_insert_array_compound", *given, len(shape), shape.ctypes.data)
    else:
        call("nc_insert_compound", *given)


def _made(name: str, owner: int, *arguments: Any) -> int:
    """Call a function that makes something in a group, and return the id of that."""
    made = Int()
    given = (each.encode() if isinstance(each, str) else each for each in arguments)
    call(name, owner, *given, made)
    return made.value


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Name what an error is about."""
    try:
        yield
    except ZarrCdmError as error:
        raise error.at(variable=path) from error.__cause__
