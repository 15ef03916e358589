"""Typed attributes and their JSON.

JSON has one kind of number, so the type of most attributes has to be written beside them. What JSON
shows is meant for everybody: plain numbers and texts, as xarray and netCDF4-python show them.

>>> shown(Attribute.of(np.float32(0.1))), inferred(0.5), inferred(["a", "b"])
(0.10000000149011612, Attribute(array([0.5]), 'double'), Attribute(('a', 'b'), 'string'))
>>> typed([1, 2], "short")
Attribute(array([1, 2], dtype=int16), 'short')
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    STRING,
    AtomicType,
    EnumType,
    NetcdfType,
    any_type,
)
from zarr_cdm.dialects.packed import pack, unpack
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata import fills
from zarr_cdm.metadata.dtypes import zarr_type

NameOf = Callable[[NetcdfType], str]
Named = Callable[[str], NetcdfType]


def atomic_name(kind: NetcdfType) -> str:
    """Return the name of a type; NumPy's type string for one that netCDF does not have."""
    return kind.name if kind.name in ATOMIC_TYPES else kind.dtype.str


def atomic_named(name: str) -> NetcdfType:
    """Return the type of a name: the inverse of `atomic_name`."""
    return ATOMIC_TYPES[name] if name in ATOMIC_TYPES else any_type(np.dtype(name))


def can_be_shown(attribute: Attribute) -> bool:
    """Tell whether JSON has a form for an attribute: not for bytes, complex numbers and rows."""
    kind = attribute.type
    if isinstance(kind, AtomicType | EnumType):
        return kind in (CHAR, STRING) or kind.dtype.kind not in "cSVO"
    return False


def shown(attribute: Attribute) -> Any:
    """Return the JSON of an attribute: exact but for its type, bytes that are no text, and NaNs."""
    value = attribute.plain()
    if isinstance(value, np.ndarray):
        return [_number(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return _number(value.item())
    return value


def _number(item: Any) -> Any:
    if isinstance(item, float) and not np.isfinite(item):
        return "NaN" if np.isnan(item) else "Infinity" if item > 0 else "-Infinity"
    return item


def inferred(value: Any) -> Attribute:
    """Return the attribute that JSON stands for where no type is written beside it.

    Text is char, a list of texts string, whole numbers int64 (uint64 where they need it), other
    numbers double, true and false ubyte. What netCDF cannot hold (objects, null, mixed lists) is
    kept as JSON text.
    """
    if isinstance(value, str):
        return Attribute(encodable(value), CHAR)
    items = value if isinstance(value, list) else [value]
    if items and all(isinstance(item, str) for item in items):
        return Attribute([encodable(item) for item in items], STRING)
    kinds = {type(item) for item in items}
    if kinds == {bool}:
        return Attribute(items, ATOMIC_TYPES["ubyte"])
    if kinds == {int} and all(-(2**63) <= item < 2**64 for item in items):
        large = max(items) >= 2**63
        if not large or min(items) >= 0:
            return Attribute(items, ATOMIC_TYPES["uint64" if large else "int64"])
    numbers = [fills.SPECIAL.get(item, item) if type(item) is str else item for item in items]
    if {type(item) for item in numbers} <= {int, float}:
        with suppress(OverflowError):  # a whole number beyond all doubles
            return Attribute(np.array(numbers, float), ATOMIC_TYPES["double"])
    return Attribute(encodable(json.dumps(value, ensure_ascii=False)), CHAR)


def encodable(text: str) -> str:
    """Return a text without the halves of surrogate pairs that JSON can spell."""
    return text.encode("utf-8", "replace").decode("utf-8")


def typed(value: Any, name: str, named: Named = atomic_named) -> Attribute:
    """Return the attribute that JSON and the name of a netCDF type stand for.

    Parameters
    ----------
    named
        Returns the type of a name; without it there are atomic types only.

    Raises
    ------
    MetadataError
        The JSON cannot be a value of that type.
    """
    try:
        kind = named(name) if str(name).startswith("/") else ATOMIC_TYPES[name]
        if not isinstance(kind, AtomicType | EnumType):
            raise TypeError("its values are not shown")
        if kind is CHAR:
            if not isinstance(value, str):
                raise TypeError("expected text")
            return Attribute(encodable(value), CHAR)
        items = value if isinstance(value, list) else [value]
        if kind is STRING:
            return Attribute([_text(item) for item in items], STRING)
        numbers = [fills.decode(item, zarr_type(kind.dtype)) for item in items]
        return Attribute(np.array(numbers, kind.dtype), kind)
    except (KeyError, TypeError, ValueError) as error:
        raise MetadataError(f"{value!r} is no attribute of type {name!r} ({error})") from error


def _text(item: Any) -> str | None:
    if item is not None and not isinstance(item, str):
        raise TypeError("expected texts")
    return item and encodable(item)


def exact(attribute: Attribute, name_of: NameOf = atomic_name) -> dict[str, Any]:
    """Return type and value of an attribute as JSON that loses nothing.

    A type that netCDF does not have goes by NumPy's type string, a user-defined one by what
    ``name_of`` calls it.
    """
    if not isinstance(attribute.type, AtomicType):
        assert isinstance(attribute.value, np.ndarray)
        data = pack(attribute.type, attribute.value)
        return {"type": name_of(attribute.type), "base64": _base64(data)}
    name = atomic_name(attribute.type)
    if isinstance(attribute.value, tuple):
        texts = [text if text is None else _base64(_stored(text)) for text in attribute.value]
        return {"type": name, "base64": texts}
    if isinstance(attribute.value, str):
        return {"type": name, "base64": _base64(_stored(attribute.value))}
    little = attribute.value.astype(attribute.value.dtype.newbyteorder("<"))
    return {"type": name, "base64": _base64(little.tobytes())}


def from_exact(document: Any, named: Named = atomic_named) -> Attribute:
    """Return the attribute: the inverse of `exact`."""
    try:
        name, data = document["type"], document["base64"]
        if name.startswith("/"):
            kind = named(name)
            return Attribute(unpack(kind, base64.b64decode(data)), kind)
        kind = atomic_named(name)
        if kind is STRING:
            return Attribute([None if text is None else _restored(text) for text in data], STRING)
        if kind is CHAR:
            return Attribute(_restored(data), CHAR)
        stored = np.frombuffer(base64.b64decode(data), kind.dtype.newbyteorder("<"))
        return Attribute(stored.astype(kind.dtype), kind)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MetadataError(f"{document!r} is no recorded attribute ({error})") from error


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _restored(data: str) -> str:
    return base64.b64decode(data).decode("utf-8", "surrogateescape")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
