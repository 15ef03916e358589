"""Structs: elements that are made of named fields, packed one behind the other.

Inside, a struct is the ``struct`` of v3, and a field of it an object with ``name`` and
``data_type``; one that comes from v2 may have a ``shape`` too, for which v3 has no word. What a
single field is, its caller knows: ``inner`` is the function for one data type.

Specifications: zarr-extensions ``data-types/struct`` and ``data-types/structured`` (an older name,
which is read and not written); zarr-specs v2, "Data type encoding".

>>> canonical(Extension("structured", {"fields": [["x", "int8"]]})).to_json()
{'name': 'struct', 'configuration': {'fields': [{'name': 'x', 'data_type': 'int8'}]}}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.errors import MetadataError, UnsupportedError
from zarr_cdm.limits import current
from zarr_cdm.metadata.byteorder import Endian
from zarr_cdm.metadata.extension import Extension

STRUCT = "struct"
NAMES = {STRUCT, "structured"}


class Field(NamedTuple):
    """A field of a struct; ``shape`` is empty where an element has one value of it."""

    name: str
    data_type: Extension
    shape: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the field as it stands in a configuration."""
        shape = {"shape": list(self.shape)} if self.shape else {}
        return {"name": self.name, "data_type": self.data_type.to_short_json(), **shape}


def fields_of(data_type: Extension) -> list[Field]:
    """Return the fields of a struct.

    Raises
    ------
    MetadataError
        They are none.
    LimitError
        They are too many, or nested too deeply.
    """
    fields = data_type.configuration.get("fields")
    return _checked([_field(field) for field in _list(fields)])


def _list(fields: Any) -> list[Any]:
    if not isinstance(fields, list) or not fields:
        raise MetadataError(f"a struct has the fields {fields!r:.80}, expected a list of some")
    depth = parts = 0
    level: list[Any] = [fields]
    while level:
        depth, parts = depth + 1, parts + len(level)
        current().check("json_depth", depth, "the nesting of a struct")
        current().check("struct_parts", parts, "the lists and objects of a struct")
        inside = [part.values() if isinstance(part, dict) else part for part in level]
        level = [part for parts in inside for part in parts if isinstance(part, dict | list)]
    return fields


def _field(field: Any) -> Field:
    if isinstance(field, list) and len(field) == 2:
        field = {"name": field[0], "data_type": field[1]}
    if not isinstance(field, dict) or not {"name", "data_type"} <= set(field):
        raise MetadataError(
            f"expected a field as an object with name and data_type, found {field!r:.80}"
        )
    return Field(field["name"], Extension.from_json(field["data_type"]), _shape(field.get("shape")))


def _shape(shape: Any) -> tuple[int, ...]:
    if shape is None:
        return ()
    sizes = [shape] if type(shape) is int else shape
    if not isinstance(sizes, list) or not all(type(size) is int and size > 0 for size in sizes):
        raise MetadataError(f"a field has the shape {shape!r:.80}, expected numbers above 0")
    current().check("dimensions", len(sizes), "the number of dimensions of a field")
    return tuple(sizes)


def _checked(fields: list[Field]) -> list[Field]:
    names = [field.name for field in fields]
    for name in names:
        if not isinstance(name, str) or not name:
            raise MetadataError(f"a field is called {name!r:.80}, expected a name")
    if len(set(names)) < len(names):
        raise MetadataError(f"the fields {names!r:.200} do not each have a name of their own")
    return fields


def _struct(fields: Iterable[Field]) -> Extension:
    return Extension(STRUCT, {"fields": [field.to_json() for field in fields]})


def canonical(data_type: Extension) -> Extension:
    """Return a data type of v3 with each struct in it as it is written today."""
    if data_type.name not in NAMES:
        return data_type
    fields = fields_of(data_type)
    _check_shapes(fields, MetadataError)
    return _struct(field._replace(data_type=canonical(field.data_type)) for field in fields)


def check_v3(data_type: Extension) -> None:
    """Raise `UnsupportedError` where a data type says what only v2 can."""
    if data_type.name in NAMES:
        fields = fields_of(data_type)
        _check_shapes(fields, UnsupportedError)
        for field in fields:
            check_v3(field.data_type)


def _check_shapes(fields: list[Field], kind: type[MetadataError | UnsupportedError]) -> None:
    for field in fields:
        if field.shape:
            raise kind(f"field {field.name!r} has the shape {field.shape}; Zarr v3 has no such")


def to_numpy(data_type: Extension, inner: Callable[[Extension], np.dtype]) -> np.dtype:
    """Return the NumPy type, packed and in native byte order."""
    types: list[Any] = []
    size = 0
    for field in fields_of(data_type):
        dtype = inner(field.data_type)
        if dtype.hasobject:
            raise MetadataError(
                f"field {field.name!r} is of type {field.data_type.name!r}, which has no fixed "
                "length; a struct cannot have such a field"
            )
        types.append((field.name, dtype, field.shape))
        count = 1
        for length in field.shape:
            count *= length
        size += count * dtype.itemsize
        current().check("item_bytes", size, f"data type {data_type.name!r}")
    return np.dtype(types)


def from_numpy(dtype: np.dtype, inner: Callable[[np.dtype], Extension]) -> Extension:
    """Return the v3 data type: the inverse of `to_numpy`; padding between fields is left out."""
    names = dtype.names or ()
    return _struct(Field(name, inner(dtype[name].base), dtype[name].shape) for name in names)


def from_descr(
    descr: Any, inner: Callable[[Any], tuple[Extension, Endian]]
) -> tuple[Extension, Endian]:
    """Return the v3 data type and the byte order of the list by which v2 says a struct."""
    fields, orders = [], []
    for entry in _list(descr):
        if not isinstance(entry, list) or len(entry) not in (2, 3):
            raise MetadataError(
                f"expected a field as [name, dtype] or [name, dtype, shape], found {entry!r:.80}"
            )
        data_type, order = inner(entry[1])
        fields.append(Field(entry[0], data_type, _shape(entry[2] if len(entry) == 3 else None)))
        orders.append(order)
    return _struct(_checked(fields)), _common(orders)


def _common(orders: list[Endian]) -> Endian:
    """Return the one byte order of all fields that have one; all orders if they differ."""
    found = {order for order in orders if order is not None}
    if len(found) > 1 or any(isinstance(order, tuple) for order in found):
        return tuple(orders)
    return found.pop() if found else None


def to_descr(
    data_type: Extension, endian: Endian, inner: Callable[[Extension, Endian], Any]
) -> list[Any]:
    """Return the list by which v2 says a struct: the inverse of `from_descr`."""
    fields = fields_of(data_type)
    orders = endian if isinstance(endian, tuple) else (endian,) * len(fields)
    return [
        [field.name, inner(field.data_type, order), *([list(field.shape)] if field.shape else [])]
        for field, order in zip(fields, orders, strict=True)
    ]
