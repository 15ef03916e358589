"""Any `Dataset` as a netCDF-4 file, by netCDF-C's own calls one after another: for tests alone.

It is as simple as it can be, so that it can be an oracle: all values in memory, nothing checked. It
can do what ncgen 4.9 and netCDF4-python cannot: opaque types, NULL texts, dimensions and types by
identity, compounds of anything.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable
from zarr_cdm.cdm.types import (
    CHAR,
    STRING,
    AtomicType,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    UserType,
    VlenType,
)
from zarr_cdm.formats.netcdf_c import ATOMIC_IDS, GLOBAL, LOCK, Int, call

NETCDF4 = 0x1000
LAYOUTS = {"chunked": 0, "contiguous": 1, "compact": 2}
ENDIANS = {"little": 1, "big": 2}
NO_FILL = 1


def write(path: Path, dataset: Dataset) -> Path:
    """Write ``dataset`` to a new file; unlimited dimensions become as long as their variables."""
    with LOCK:
        file = Int()
        call("nc_create", os.fsencode(path), NETCDF4, file)
        try:
            _Writer().dataset(dataset, file.value)
        finally:
            call("nc_close", file.value)
    return path


class _Writer:
    def __init__(self) -> None:
        self.dimensions: dict[Dimension, int] = {}
        self.types: dict[int, int] = {}  # by the identity of the type
        self.variables: list[tuple[int, int, Variable]] = []

    def dataset(self, dataset: Dataset, file: int) -> None:
        groups = self.groups(dataset, file)
        for ncid, group in groups:
            self.attributes(ncid, GLOBAL, group.attributes)
            for variable in group.variables.values():
                self.variable(ncid, variable)
        for ncid, varid, variable in self.variables:
            self.data(ncid, varid, variable)

    def groups(self, group: Group, ncid: int) -> list[tuple[int, Group]]:
        """Define groups with their dimensions and types, which may be used from anywhere."""
        found = [(ncid, group)]
        for dimension in group.dimensions.values():
            size = 0 if dimension.unlimited else dimension.size
            place = Int()
            call("nc_def_dim", ncid, dimension.name.encode(), size, place)
            self.dimensions[dimension] = place.value
        for kind in group.types.values():
            self.types[id(kind)] = self.type(ncid, kind)
        for child in group.groups.values():
            below = Int()
            call("nc_def_grp", ncid, child.name.encode(), below)
            found += self.groups(child, below.value)
        return found

    def id_of(self, kind: NetcdfType) -> int:
        return ATOMIC_IDS[kind.name] if isinstance(kind, AtomicType) else self.types[id(kind)]

    def type(self, ncid: int, kind: UserType) -> int:
        name, found = kind.name.encode(), Int()
        if isinstance(kind, OpaqueType):
            call("nc_def_opaque", ncid, kind.item_bytes, name, found)
        elif isinstance(kind, VlenType):
            call("nc_def_vlen", ncid, name, self.id_of(kind.base), found)
        elif isinstance(kind, EnumType):
            call("nc_def_enum", ncid, self.id_of(kind.base), name, found)
            for label, number in kind.members.items():
                value = np.array(number, kind.dtype)
                call("nc_insert_enum", ncid, found.value, label.encode(), value.ctypes.data)
        else:
            call("nc_def_compound", ncid, kind.item_bytes, name, found)
            for part in kind.fields:
                call(
                    "nc_insert_array_compound",
                    *(ncid, found.value, part.name.encode(), part.offset, self.id_of(part.type)),
                    *(len(part.shape), (ctypes.c_int * max(1, len(part.shape)))(*part.shape)),
                )
        return found.value

    def attributes(self, ncid: int, varid: int, attributes: dict[str, Attribute]) -> None:
        for name, attribute in attributes.items():
            keep: list[Any] = []
            values = encode(attribute.type, _array(attribute), keep)
            size, kind = values.size, self.id_of(attribute.type)
            call("nc_put_att", ncid, varid, name.encode(), kind, size, values.ctypes.data)

    def variable(self, ncid: int, variable: Variable) -> None:
        dims = [self.dimensions[dimension] for dimension in variable.dimensions]
        found, rank = Int(), len(dims)
        kind = self.id_of(variable.type)
        ids = (ctypes.c_int * max(1, rank))(*dims)
        call("nc_def_var", ncid, variable.name.encode(), kind, rank, ids, found)
        storage = variable.storage
        if storage.layout is not None and rank:
            chunks = (ctypes.c_size_t * rank)(*(storage.chunks or [1] * rank))
            call("nc_def_var_chunking", ncid, found.value, LAYOUTS[storage.layout], chunks)
        if storage.fill_mode == "none":
            call("nc_def_var_fill", ncid, found.value, NO_FILL, None)
        names = {step.name: step.configuration["values"] for step in storage.filters}
        if "shuffle" in names or "deflate" in names:
            level = names.get("deflate", (0,))[0]
            call(
                "nc_def_var_deflate",
                *(ncid, found.value, "shuffle" in names, "deflate" in names, level),
            )
        if "fletcher32" in names:
            call("nc_def_var_fletcher32", ncid, found.value, 1)
        if storage.endian is not None:
            call("nc_def_var_endian", ncid, found.value, ENDIANS[storage.endian])
        self.attributes(ncid, found.value, variable.attributes)
        self.variables.append((ncid, found.value, variable))

    def data(self, ncid: int, varid: int, variable: Variable) -> None:
        keep: list[Any] = []
        values = encode(variable.type, np.asarray(variable.data[...]), keep)
        if not values.size:
            return
        rank = max(1, values.ndim)
        start, count = (ctypes.c_size_t * rank)(), (ctypes.c_size_t * rank)(*values.shape)
        call("nc_put_vara", ncid, varid, start, count, values.ctypes.data)


def _array(attribute: Attribute) -> np.ndarray:
    if attribute.type is CHAR:
        data = str(attribute.value).encode("utf-8", "surrogateescape")
        return np.frombuffer(data, "S1")
    if attribute.type is STRING:
        return np.array([*attribute.value, None], object)[:-1]
    return np.asarray(attribute.value)


def encode(kind: NetcdfType, values: np.ndarray, keep: list[Any]) -> np.ndarray:
    """Return values as C has them; what they point to goes into ``keep``."""
    result = np.zeros(values.shape, _memory(kind))
    if isinstance(kind, CompoundType):
        for part in kind.fields:
            result[part.name] = encode(part.type, values[part.name], keep)
    elif kind is STRING:
        for place, text in np.ndenumerate(values):
            if text is not None:
                keep.append(ctypes.create_string_buffer(text.encode("utf-8", "surrogateescape")))
                result[place] = ctypes.addressof(keep[-1])
    elif isinstance(kind, VlenType):
        for place, row in np.ndenumerate(values):
            keep.append(encode(kind.base, row, keep))
            result[place] = (row.size, keep[-1].ctypes.data if row.size else 0)
    else:
        result[...] = values
    return result


def _memory(kind: NetcdfType) -> np.dtype:
    """Return the dtype of the C struct: texts and rows are addresses."""
    if kind is STRING:
        return np.dtype(np.uintp)
    if isinstance(kind, VlenType):
        return np.dtype([("length", np.uintp), ("data", np.uintp)])
    if isinstance(kind, CompoundType):
        return np.dtype(
            {
                "names": [part.name for part in kind.fields],
                "formats": [(_memory(part.type), part.shape) for part in kind.fields],
                "offsets": [part.offset for part in kind.fields],
                "itemsize": kind.item_bytes,
            }
        )
    return kind.dtype
