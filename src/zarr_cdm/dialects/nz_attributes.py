"""The attributes of NZ-1.0: JSON, and beside it the types that JSON does not give.

>>> problems = []
>>> write_typed({"scale_factor": Attribute([0.5], ATOMIC_TYPES["float"])}, "/v", problems)
({'scale_factor': 0.5}, {'scale_factor': 'float32'})
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import inferred, typed
from zarr_cdm.dialects.plain import fill_attribute
from zarr_cdm.dialects.records import as_object
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata import fills, nczarr
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.dtypes import from_typestr, numpy_dtype, zarr_type

# Zarr's names of netCDF's numbers, and netCDF's names by them.
ZARR_NAMES = {
    name: zarr_type(kind.dtype).name
    for name, kind in ATOMIC_TYPES.items()
    if kind not in (CHAR, STRING)
}
NAMES = {theirs: name for name, theirs in ZARR_NAMES.items()}


def types_in(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return netCDF's names of the types that a node states for its attributes."""
    stated = as_object(as_object(attributes.get(nczarr.TYPES)).get("types"))
    found = {name: _netcdf_name(kind) for name, kind in stated.items()}
    return {name: kind for name, kind in found.items() if kind}


def _netcdf_name(kind: Any) -> str | None:
    """Return netCDF's name of a type: of Zarr's name, or of NumPy's type string, as in NCZarr."""
    if not isinstance(kind, str):
        return None
    if kind in NAMES:
        return NAMES[kind]
    try:
        dtype = numpy_dtype(from_typestr(kind)[0])
    except MetadataError:
        return None
    if dtype.kind == "S":
        return "char" if dtype.itemsize == 1 else "string"
    return next((name for name in ZARR_NAMES if ATOMIC_TYPES[name].dtype == dtype), None)


def read_typed(attributes: dict[str, Attribute], shown: Mapping[str, Any]) -> None:
    """Give attributes their stated types, where the JSON can be a value of it."""
    for name, kind in types_in(shown).items():
        if name in attributes:
            with suppress(MetadataError):
                attributes[name] = typed(shown[name], kind)


def write_typed(
    attributes: Mapping[str, Attribute],
    path: str,
    problems: list[str],
    document: ArrayMetadata | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return attributes as JSON, and Zarr's names of those types that it does not give.

    Parameters
    ----------
    problems
        Takes a line for each attribute that cannot be said.
    document
        Of the array whose attributes they are: its ``_FillValue`` is of its type.
    """
    found: dict[str, Any] = {}
    types: dict[str, str] = {}
    for name, attribute in attributes.items():
        kind, value = attribute.type.name, _json(attribute)
        if _inferred(name, value, document) == attribute:
            found[name] = value
        elif kind in ZARR_NAMES and typed(value, kind) == attribute:
            found[name], types[name] = value, ZARR_NAMES[kind]
        else:
            problems.append(f"{path}@{name} ({kind})")
    return found, types


def _inferred(name: str, value: Any, document: ArrayMetadata | None) -> Attribute | None:
    if document is not None and name == fill_value.NAME:
        alone = replace(document, attributes={name: value})
        return fill_attribute(alone, document.dtype)
    return inferred(value)


def _json(attribute: Attribute) -> Any:
    """Return exact JSON: all bits of a number, a text with its NULs, texts always in a list."""
    if isinstance(attribute.value, str):
        return attribute.value
    if isinstance(attribute.value, tuple):
        return list(attribute.value)
    if attribute.type.name not in ZARR_NAMES:
        return None  # JSON has no form for it
    kind = zarr_type(attribute.value.dtype)
    items = [fills.encode(item, kind) for item in attribute.value]
    return items[0] if len(items) == 1 else items
