"""Attributes as netCDF-C's NCZarr writes them: JSON, and beside it a table of their types.

>>> read_attributes({"scale": 1.5, "n": 2}, {"scale": "<f4"}, None)["scale"]
Attribute(array([1.5], dtype=float32), 'float')
>>> type_string(Attribute(["°C", "K"], STRING))
'|S3'
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, AtomicType, NetcdfType
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import encodable, inferred, typed
from zarr_cdm.errors import MetadataError, ZarrCdmWarning
from zarr_cdm.metadata import nczarr

# Names that netCDF-C keeps to itself: they are no attributes of the data.
RESERVED = {
    "_ARRAY_DIMENSIONS",
    "_Codecs",
    "_Format",
    "_IsNetcdf4",
    nczarr.PROPERTIES,
    "_Netcdf4Coordinates",
    "_Netcdf4Dimid",
    "_SuperblockVersion",
    "_nc3_strict",
    "_nc_cdm",
    nczarr.TYPES,
    "_NCZARR_ATTR",
    *nczarr.NOTES,
}
JSON = "|J0"
_TEXT = re.compile(r"[|<>=]?S\d+")
_NUMBERS = {kind.dtype.str[1:]: kind for kind in ATOMIC_TYPES.values() if kind.dtype.kind in "iuf"}
_BY_ID = dict(enumerate(ATOMIC_TYPES.values(), 1))  # the numbers of netcdf.h


def read_attributes(
    shown: Mapping[str, Any], types: Mapping[str, Any], kind: NetcdfType | None
) -> dict[str, Attribute]:
    """Return the attributes of a node; ``kind`` is the type of its variable, None for groups."""
    return {
        name: _read(name, value, types.get(name), kind)
        for name, value in shown.items()
        if name not in RESERVED
    }


def _read(name: str, value: Any, noted: Any, kind: NetcdfType | None) -> Attribute:
    wanted = _type(noted)
    if wanted is None and name == fill_value.NAME and isinstance(kind, AtomicType):
        wanted = kind
    if wanted is CHAR:
        return Attribute(_text(value) or "\0", CHAR)  # netCDF-C has no empty text
    if wanted is None or wanted.name not in ATOMIC_TYPES:
        return _inferred(value)
    try:
        return typed(value, wanted.name)
    except MetadataError as error:
        warnings.warn(f"attribute {name!r}: {error}", ZarrCdmWarning, stacklevel=2)
        return _inferred(value)


def _type(noted: Any) -> AtomicType | None:
    """Return the type that a table of types means; None where it has none, or no known one."""
    if not isinstance(noted, str):
        return None
    if noted in (nczarr.CHAR, nczarr.OLD_CHAR):
        return CHAR
    if noted.isascii() and noted.isdigit():
        return _BY_ID.get(int(noted[:3]))
    return STRING if _TEXT.fullmatch(noted) else _NUMBERS.get(noted[1:])


def _text(value: Any) -> str:
    """Return characters as text: what is none is JSON, as netCDF-C writes it."""
    text: str = value
    if not isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ": "))
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return encodable(text)
    return text


def _inferred(value: Any) -> Attribute:
    """Return what JSON stands for by itself; whole numbers are ``int`` to netCDF-C."""
    found = inferred(value)
    if found.type is ATOMIC_TYPES["int64"] and isinstance(found.value, np.ndarray):
        limits = np.iinfo("i4")
        if np.all((limits.min <= found.value) & (found.value <= limits.max)):
            return Attribute(found.value, ATOMIC_TYPES["int"])
    return found


def type_string(attribute: Attribute) -> str:
    """Return the type of an attribute as a table of types has it."""
    if attribute.type is CHAR:
        return nczarr.CHAR
    if isinstance(attribute.value, tuple):
        longest = max((len((text or "").encode()) for text in attribute.value), default=1)
        return f"|S{max(1, longest)}"
    return "<" + attribute.type.dtype.str[1:]
