r"""Elements of user-defined types as CDL spells them.

Source: "CDL Syntax" in the netCDF User's Guide
(https://docs.unidata.ucar.edu/nug/current/_c_d_l.html) and, where that leaves a choice, what
``ncdump`` of netCDF-C 4.9 prints: inside braces no suffixes and no fill values, the fields of a
compound without their names, inner arrays flat, char arrays as strings, chars of a row bare.

The differences: control characters are escaped, which ncdump prints raw; a number that its enum
does not name is printed (0 as ``_UNDEFINED``, as by netCDF-C 4.9.1 and later), where ncdump gives
up; and a compound is a fill value only if all of its inner arrays are those of the fill value.

>>> from zarr_cdm.cdm.types import ATOMIC_TYPES
>>> from zarr_cdm.cdm.values import rows
>>> row = VlenType("row", ATOMIC_TYPES["float"])
>>> element_text(row, rows([[1, 2.5, np.nan]], row)[0])
'{1, 2.5, NaNf}'
>>> element_text(OpaqueType("blob", 3), np.void(b"\x00\xffa"))
'0X00FF61'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import (
    CHAR,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
)
from zarr_cdm.formats.cdl_values import (
    FILL,
    bare_chars,
    escaped_name,
    fill_value,
    is_fill,
    number_text,
    quoted_chars,
    string_text,
    visible,
)

UNDEFINED = "_UNDEFINED"  # the 0 that an enum does not name


def element_texts(values: np.ndarray, variable: Variable) -> list[str]:
    """Return the text of each of these values of a user-defined type, which are a 1-D array."""
    kind, fill = variable.type, fill_value(variable)
    if fill is None:
        return [element_text(kind, value) for value in values]
    return [FILL if _same(kind, each, fill) else element_text(kind, each) for each in values]


def attribute_texts(attribute: Attribute) -> list[str]:
    """Return the texts of the values of an attribute of a user-defined type."""
    if isinstance(attribute.type, EnumType):  # ncdump escapes names here, and only here
        return [_member(attribute.type, value, escaped_name) for value in attribute.value]
    return [element_text(attribute.type, value) for value in attribute.value]


def element_text(kind: NetcdfType, value: Any) -> str:
    """Return the text of one element of any type, as it stands in data or inside braces."""
    if isinstance(kind, CompoundType):
        return _braces(_field(part, value[part.name]) for part in kind.fields)
    if isinstance(kind, VlenType):
        row = () if value is None else value  # None: nobody has written it
        return _braces(element_text(kind.base, each) for each in row)
    if isinstance(kind, EnumType):
        return _member(kind, value, visible)
    if isinstance(kind, OpaqueType):
        return "0X" + bytes(value).hex().upper()
    if kind is STRING:
        return string_text(value)
    return bare_chars(value) if kind is CHAR else number_text(kind, value)


def _braces(texts: Any) -> str:
    return "{" + ", ".join(texts) + "}"


def _field(part: CompoundField, value: Any) -> str:
    if part.type is CHAR:
        strings = np.asarray(value, "S1").reshape(-1, part.shape[-1] if part.shape else 1)
        texts = [quoted_chars(each.tobytes()) for each in strings]
        return _braces(texts) if part.shape else texts[0]
    if part.shape:
        return _braces(element_text(part.type, each) for each in value.reshape(-1))
    return element_text(part.type, value)


def _member(kind: EnumType, value: Any, spelled: Callable[[str], str]) -> str:
    number = int(value)
    names = (spelled(name) for name, member in kind.members.items() if member == number)
    return next(names, str(number) if number else UNDEFINED)


def _same(kind: NetcdfType, value: Any, fill: Any) -> bool:
    """Tell whether an element is the fill value, as ncdump compares: floats only nearly."""
    if isinstance(kind, CompoundType):
        return all(
            _all_same(part.type, value[part.name], fill[part.name])
            if part.shape
            else _same(part.type, value[part.name], fill[part.name])
            for part in kind.fields
        )
    if isinstance(kind, VlenType):
        return _all_same(kind.base, value, fill)
    if kind.dtype.kind == "f":
        return bool(is_fill(np.asarray(value), fill))
    if isinstance(kind, OpaqueType):
        return bytes(value) == bytes(fill)
    return bool(value == fill)


def _all_same(kind: NetcdfType, values: np.ndarray, fills: np.ndarray) -> bool:
    pairs = zip(np.ravel(values), np.ravel(fills), strict=False)
    return np.shape(values) == np.shape(fills) and all(_same(kind, *pair) for pair in pairs)
