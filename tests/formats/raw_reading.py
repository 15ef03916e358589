"""Any netCDF file as a `Dataset`, by netCDF-C's own calls one after another: for tests alone.

It is as simple as it can be, so that it can be an oracle: all values in memory, nothing checked,
nothing freed. And what two datasets have to agree in.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
)
from zarr_cdm.cdm.values import same
from zarr_cdm.formats.netcdf_c import (
    ATOMIC_IDS,
    COMPOUND_ID,
    ENUM_ID,
    FUNCTIONS,
    GLOBAL,
    LOCK,
    OPAQUE_ID,
    VLEN_ID,
    Int,
    Size,
    call,
)

FUNCTIONS.setdefault("nc_inq_natts", "i*")
FUNCTIONS.setdefault("nc_inq_varnatts", "ii*")
NAMES = {number: name for name, number in ATOMIC_IDS.items()}
LAYOUTS = {0: "chunked", 1: "contiguous", 2: "compact"}
ENDIANS = {0: None, 1: "little", 2: "big"}


def read(path: Path | str) -> Dataset:
    """Return all that a file holds, or what netCDF-C opens at a URL."""
    with LOCK:
        file = Int()
        call("nc_open", os.fsencode(path), 0, file)
        try:
            dataset = Dataset()
            reader = _Reader()
            groups = reader.groups(dataset, file.value)
            for ncid, group in groups:
                group.attributes = reader.attributes(
                    ncid, GLOBAL, reader.number("nc_inq_natts", ncid)
                )
                for varid in reader.ids("nc_inq_varids", ncid):
                    variable = reader.variable(ncid, varid)
                    group.variables[variable.name] = variable
            return dataset
        finally:
            call("nc_close", file.value)


class _Reader:
    def __init__(self) -> None:
        self.dimensions: dict[int, Dimension] = {}
        self.types: dict[int, NetcdfType] = {
            number: ATOMIC_TYPES[name] for number, name in NAMES.items()
        }

    def number(self, function: str, *arguments: int) -> int:
        found = Int()
        call(function, *arguments, found)
        return found.value

    def ids(self, function: str, ncid: int, *more: int) -> list[int]:
        count = Int()
        call(function, ncid, count, None, *more)
        found = (ctypes.c_int * max(1, count.value))()
        call(function, ncid, count, found, *more)
        return list(found)[: count.value]

    def groups(self, group: Group, ncid: int) -> list[tuple[int, Group]]:
        found = [(ncid, group)]
        try:
            unlimited = self.ids("nc_inq_unlimdims", ncid)
            types = self.ids("nc_inq_typeids", ncid)
            below = self.ids("nc_inq_grps", ncid)
        except Exception:  # the classic formats have none of these
            unlimited, types, below = [0], [], []
        for dimid in self.ids("nc_inq_dimids", ncid, 0):
            name, size = ctypes.create_string_buffer(257), Size()
            call("nc_inq_dim", ncid, dimid, name, size)
            dimension = Dimension(name.value.decode(), size.value, dimid in unlimited)
            group.dimensions[dimension.name] = self.dimensions[dimid] = dimension
        for typeid in types:
            kind = self.type(ncid, typeid)
            group.types[kind.name] = self.types[typeid] = kind
        for each in below:
            name = ctypes.create_string_buffer(257)
            call("nc_inq_grpname", each, name)
            child = group.groups[name.value.decode()] = Group(name.value.decode())
            found += self.groups(child, each)
        return found

    def type(self, ncid: int, typeid: int) -> Any:
        label, size, base, count, klass = (
            ctypes.create_string_buffer(257),
            Size(),
            Int(),
            Size(),
            Int(),
        )
        call("nc_inq_user_type", ncid, typeid, label, size, base, count, klass)
        name = label.value.decode()
        if klass.value == OPAQUE_ID:
            return OpaqueType(name, size.value)
        if klass.value == VLEN_ID:
            return VlenType(name, self.types[base.value])
        if klass.value == ENUM_ID:
            members = {}
            for place in range(count.value):
                value = np.zeros((), self.types[base.value].dtype)
                call("nc_inq_enum_member", ncid, typeid, place, label, value.ctypes.data)
                members[label.value.decode()] = int(value)
            return EnumType(name, self.types[base.value], members)  # type: ignore[arg-type]
        assert klass.value == COMPOUND_ID
        fields = tuple(self.field(ncid, typeid, place) for place in range(count.value))
        return CompoundType(name, fields, size.value)

    def field(self, ncid: int, typeid: int, place: int) -> CompoundField:
        label, offset, kind, rank = ctypes.create_string_buffer(257), Size(), Int(), Int()
        shape = (ctypes.c_int * 32)()
        call("nc_inq_compound_field", ncid, typeid, place, label, offset, kind, rank, shape)
        name = label.value.decode()
        return CompoundField(name, self.types[kind.value], offset.value, tuple(shape)[: rank.value])

    def attributes(self, ncid: int, varid: int, count: int) -> dict[str, Attribute]:
        found = {}
        for place in range(count):
            label, kind, size = ctypes.create_string_buffer(257), Int(), Size()
            call("nc_inq_attname", ncid, varid, place, label)
            call("nc_inq_att", ncid, varid, label.value, kind, size)
            memory = ctypes.create_string_buffer(size.value * 4096 + 1)
            call("nc_get_att", ncid, varid, label.value, memory)
            values = decode(self.types[kind.value], ctypes.addressof(memory), size.value)
            found[label.value.decode()] = _attribute(self.types[kind.value], values)
        return found

    def variable(self, ncid: int, varid: int) -> Variable:
        label, kind, rank, count = ctypes.create_string_buffer(257), Int(), Int(), Int()
        axes = (ctypes.c_int * 1024)()
        call("nc_inq_var", ncid, varid, label, kind, rank, axes, count)
        dimensions = tuple(self.dimensions[each] for each in list(axes)[: rank.value])
        shape = tuple(dimension.size for dimension in dimensions)
        size = int(np.prod(shape))
        memory = ctypes.create_string_buffer(size * 4096 + 1)
        if size:
            start, counts = np.zeros(rank.value, "u8"), np.array(shape, "u8")
            call("nc_get_vara", ncid, varid, start.ctypes.data, counts.ctypes.data, memory)
        values = decode(self.types[kind.value], ctypes.addressof(memory), size).reshape(shape)
        return Variable(
            label.value.decode(),
            self.types[kind.value],
            dimensions,
            self.attributes(ncid, varid, count.value),
            values,
            self.storage(ncid, varid, rank.value),
        )

    def storage(self, ncid: int, varid: int, rank: int) -> Storage:
        layout, endian, none = Int(), Int(), Int()
        chunks = (ctypes.c_size_t * max(1, rank))()
        call("nc_inq_var_chunking", ncid, varid, layout, chunks)
        call("nc_inq_var_fill", ncid, varid, none, None)
        try:
            call("nc_inq_var_endian", ncid, varid, endian)
        except Exception:  # the classic formats
            endian = Int()
        return Storage(
            LAYOUTS[layout.value],  # type: ignore[arg-type]
            tuple(chunks)[:rank] if not layout.value else None,
            endian=ENDIANS[endian.value],  # type: ignore[arg-type]
            fill_mode="none" if none.value else "default",
        )


def decode(kind: NetcdfType, address: int, size: int) -> np.ndarray:
    """Return elements that lie in C's memory; those of a compound as netCDF-C says they lie."""
    if kind is STRING or isinstance(kind, VlenType):
        found = np.empty(size, object)
        for place in range(size):
            found[place] = (
                _text(address + 8 * place)
                if kind is STRING
                else _row(
                    kind,
                    address + 16 * place,  # type: ignore[arg-type]
                )
            )
        return found
    if not isinstance(kind, CompoundType):
        data = ctypes.string_at(address, size * kind.dtype.itemsize)
        return np.frombuffer(data, kind.dtype) if data else np.empty(0, kind.dtype)
    found = np.zeros(size, kind.dtype)
    for place in range(size):
        for part in kind.fields:
            inner = int(np.prod(part.shape))
            start = address + place * kind.item_bytes + part.offset
            found[part.name][place] = decode(part.type, start, inner).reshape(part.shape)[()]
    return found


def _text(address: int) -> str | None:
    text = ctypes.c_char_p.from_address(address).value
    return None if text is None else text.decode("utf-8", "surrogateescape")


def _row(kind: VlenType, address: int) -> np.ndarray:
    length = ctypes.c_size_t.from_address(address).value
    data = ctypes.c_void_p.from_address(address + 8).value
    return decode(kind.base, data or 0, length) if length else np.empty(0, kind.base.dtype)


def _attribute(kind: NetcdfType, values: np.ndarray) -> Attribute:
    if kind is CHAR:
        return Attribute(values.tobytes().decode("utf-8", "surrogateescape"), CHAR)
    return Attribute(tuple(values.tolist()) if kind is STRING else values, kind)


def assert_alike(one: Dataset, other: Dataset) -> None:
    """Assert that two datasets agree in everything but their storage: names, order, identity."""
    dims, other_dims = one.dimension_paths(), other.dimension_paths()
    types, other_types = one.type_paths(), other.type_paths()
    assert [path for path, _ in one.walk()] == [path for path, _ in other.walk()]
    for (path, group), (_, found) in zip(one.walk(), other.walk(), strict=True):
        assert list(group.attributes.items()) == list(found.attributes.items()), path
        assert list(group.types.items()) == list(found.types.items()), path
        assert [(name, each.size, each.unlimited) for name, each in group.dimensions.items()] == [
            (name, each.size, each.unlimited) for name, each in found.dimensions.items()
        ], path
        assert list(group.variables) == list(found.variables), path
        for name, variable in group.variables.items():
            place, twin = join(path, name), found.variables[name]
            assert variable.type == twin.type, place
            assert types.get(id(variable.type)) == other_types.get(id(twin.type)), place
            assert [dims[each] for each in variable.dimensions] == [
                other_dims[each] for each in twin.dimensions
            ], place
            assert list(variable.attributes.items()) == list(twin.attributes.items()), place
            values, others = np.asarray(variable.data[...]), np.asarray(twin.data[...])
            assert same(variable.type, values, others), (place, values, others)
