"""Datasets written as netCDF-4 files with netCDF-C's own functions, for other readers to read.

A short writer for tests alone: values go as they lie in C memory, one whole variable at a time.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group
from zarr_cdm.cdm.types import (
    CHAR,
    STRING,
    AtomicType,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
)
from zarr_cdm.formats.netcdf_c import ATOMIC_IDS, GLOBAL, LOCK, UNLIMITED, Int, Vlen, call

NETCDF4 = 0x1000


def write(path: Path, dataset: Dataset) -> Path:
    """Write a dataset to a new file and return its path."""
    file = Int()
    with LOCK:
        call("nc_create", str(path).encode(), NETCDF4, file)
        try:
            writer = _Writer()
            writer.types_of(file.value, dataset)
            writer.group(file.value, dataset)
        finally:
            call("nc_close", file.value)
    return path


class _Writer:
    def __init__(self) -> None:
        self.groups: dict[int, int] = {}
        self.types: dict[int, int] = {}
        self.dimensions: dict[Dimension, int] = {}
        self.kept: list[Any] = []  # memory that other memory points to

    def types_of(self, group_id: int, group: Group) -> None:
        """Make all groups, types and dimensions first: any of them may be used anywhere."""
        for name, kind in group.types.items():
            self.types[id(kind)] = self.define(group_id, name.encode(), kind)
        for name, dimension in group.dimensions.items():
            made, size = Int(), UNLIMITED if dimension.unlimited else dimension.size
            call("nc_def_dim", group_id, name.encode(), size, made)
            self.dimensions[dimension] = made.value
        for name, child in group.groups.items():
            made = Int()
            call("nc_def_grp", group_id, name.encode(), made)
            self.groups[id(child)] = made.value
            self.types_of(made.value, child)

    def define(self, group_id: int, name: bytes, kind: NetcdfType) -> int:
        made = Int()
        if isinstance(kind, OpaqueType):
            call("nc_def_opaque", group_id, kind.item_bytes, name, made)
        elif isinstance(kind, VlenType):
            call("nc_def_vlen", group_id, name, self.id_of(kind.base), made)
        elif isinstance(kind, EnumType):
            call("nc_def_enum", group_id, self.id_of(kind.base), name, made)
            for member, number in kind.members.items():
                value = np.array(number, kind.dtype).tobytes()
                call("nc_insert_enum", group_id, made.value, member.encode(), value)
        elif isinstance(kind, CompoundType):
            call("nc_def_compound", group_id, kind.item_bytes, name, made)
            for part in kind.fields:
                given = (group_id, made.value, part.name.encode(), part.offset)
                base, shape = self.id_of(part.type), part.shape
                if shape:
                    sides = (ctypes.c_int * len(shape))(*shape)
                    call("nc_insert_array_compound", *given, base, len(shape), sides)
                else:
                    call("nc_insert_compound", *given, base)
        return made.value

    def id_of(self, kind: NetcdfType) -> int:
        return ATOMIC_IDS[kind.name] if isinstance(kind, AtomicType) else self.types[id(kind)]

    def group(self, group_id: int, group: Group) -> None:
        for name, attribute in group.attributes.items():
            self.attribute(group_id, GLOBAL, name, attribute)
        for name, variable in group.variables.items():
            made, rank = Int(), len(variable.dimensions)
            dims = (ctypes.c_int * rank)(*(self.dimensions[each] for each in variable.dimensions))
            kind = self.id_of(variable.type)
            call("nc_def_var", group_id, name.encode(), kind, rank, dims, made)
            for key, attribute in variable.attributes.items():
                self.attribute(group_id, made.value, key, attribute)
            if 0 not in variable.shape:
                values = np.asarray(variable.data, variable.type.dtype)
                start, count = ((ctypes.c_size_t * (rank + 1))() for _ in range(2))
                count[:rank] = variable.shape
                packed = self.packed(variable.type, values.reshape(-1))
                call("nc_put_vara", group_id, made.value, start, count, packed)
        for child in group.groups.values():
            self.group(self.groups[id(child)], child)

    def attribute(self, group_id: int, variable: int, name: str, attribute: Attribute) -> None:
        value: Any = attribute.value
        if isinstance(value, str):
            data = value.encode("utf-8", "surrogateescape")
            length = len(data)
        else:
            array = np.empty(len(value), attribute.type.dtype)
            array[:] = value
            data, length = self.packed(attribute.type, array), len(array)
        kind = self.id_of(attribute.type)
        call("nc_put_att", group_id, variable, name.encode(), kind, length, data)

    def packed(self, kind: NetcdfType, values: Any) -> bytes:
        """Return elements as they lie in C memory."""
        return b"".join(self.element(kind, value) for value in values)

    def element(self, kind: NetcdfType, value: Any) -> bytes:
        if isinstance(kind, CompoundType):
            result = bytearray(kind.item_bytes)
            for part in kind.fields:
                inner = np.reshape(value[part.name], -1) if part.shape else [value[part.name]]
                data = self.packed(part.type, inner)
                result[part.offset : part.offset + len(data)] = data
            return bytes(result)
        if isinstance(kind, VlenType):
            buffer = self.keep(self.packed(kind.base, value))
            return bytes(Vlen(len(value), ctypes.cast(buffer, ctypes.c_void_p)))
        if kind is STRING:
            text = None if value is None else self.keep(value.encode() + b"\0")
            return bytes(ctypes.c_void_p(None if text is None else ctypes.addressof(text)))
        if kind is CHAR:
            return bytes(value).ljust(1, b"\0")
        return np.asarray(value, kind.dtype).tobytes()

    def keep(self, data: bytes) -> Any:
        buffer = ctypes.create_string_buffer(data, max(1, len(data)))
        self.kept.append(buffer)
        return buffer
