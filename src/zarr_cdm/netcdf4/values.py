"""Values of a variable on their way out and in, by netCDF4-python's rules of selection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from zarr_cdm.cdm import types as cdm
from zarr_cdm.cdm.lazy import outer
from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import CHAR, STRING
from zarr_cdm.errors import SelectionError, UnsupportedError, ValuesError
from zarr_cdm.netcdf4.indexing import Part, fitting, reading, writing
from zarr_cdm.netcdf4.masking import Coding
from zarr_cdm.netcdf4.quantizing import quantized
from zarr_cdm.netcdf4.texts import chartostring, stringtochar
from zarr_cdm.netcdf4.types import records


def read(variable: Variable, selection: Any) -> tuple[Any, bool]:
    """Return selected values as they are stored, and whether all of the last axis is selected."""
    if not variable.dimensions:
        (part,) = reading(selection, (1,))
        value = _scalar(variable)
        if isinstance(part, int) or variable.type.dtype.hasobject:
            return value[()], False
        return (value if _taken(part) else value.reshape(1)[:0]), False
    shape = variable.shape
    parts = reading(selection, shape)
    kept = tuple(slice(part, part + 1) if isinstance(part, int) else part for part in parts)
    lengths = [_length(part, size) for part, size in zip(kept, shape, strict=True)]
    nothing = 0 in lengths  # a netCDF variable may not like to be asked for it
    values = np.empty(lengths, variable.type.dtype) if nothing else outer(variable.data, kept)
    last = not isinstance(parts[-1], int) and lengths[-1] == shape[-1]
    return values[tuple(0 if isinstance(part, int) else slice(None) for part in parts)], last


def _scalar(variable: Variable) -> np.ndarray:
    """Return the one element of a variable without dimensions, as an array of none."""
    found = variable.data[...]
    if isinstance(found, np.ndarray) and found.dtype == variable.type.dtype and not found.ndim:
        return found
    result = np.empty((), variable.type.dtype)
    result[()] = found
    return result


def _taken(part: Part) -> bool:
    return _length(part, 1) > 0


def _length(part: Part, size: int) -> int:
    if isinstance(part, slice):
        return len(range(*part.indices(size)))
    return len(part) if isinstance(part, np.ndarray) else 1


def decode_texts(values: Any, encoding: str) -> np.ndarray:
    """Return characters as texts, the last axis joined; masked ones are NULs."""
    filled = values.filled(b"\0") if isinstance(values, np.ma.MaskedArray) else values
    return chartostring(np.asarray(filled, CHAR.dtype), encoding)


def incoming(variable: Variable, value: Any, encoding: str | None, coding: Coding) -> Any:
    """Return what is to be assigned as an array; rows are packed.

    Raises
    ------
    ValuesError
        It is no value of the variable's type.
    """
    kind = variable.type
    if kind is CHAR and encoding and variable.dimensions:
        return _characters(value, encoding, variable.shape[-1])
    if kind is STRING:
        return _texts(value)
    if isinstance(kind, cdm.VlenType):
        return _rows(value, kind, coding)
    if isinstance(value, np.ma.MaskedArray):
        return value
    array = np.asarray(value)
    if isinstance(kind, cdm.CompoundType):
        return records(value, kind)
    if isinstance(kind, cdm.EnumType):
        _check_enum(array, kind)
    return array


def _characters(value: Any, encoding: str, length: int) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "SU" or array.dtype in (np.dtype("S1"), np.dtype("U1")):
        is_text = isinstance(value, str | bytes)
        if not is_text:
            return array
    return np.asarray(stringtochar(array, encoding, length))


def _texts(value: Any) -> np.ndarray:
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError("masked arrays cannot be assigned to texts; fill them")
    given = np.asarray(value, object) if not isinstance(value, np.ndarray) else value
    texts = np.empty(given.shape, object)
    items = [_text(item) for item in given.astype(object).reshape(-1).tolist()]
    texts.reshape(-1)[:] = items
    return texts


def _text(item: Any) -> str:
    if isinstance(item, bytes):
        return item.decode("utf-8", "surrogateescape")
    if not isinstance(item, str):
        raise TypeError(f"{item!r} is no text; a variable of texts takes str and bytes")
    return str(item)


def _rows(value: Any, kind: cdm.VlenType, coding: Coding) -> np.ndarray:
    """Return rows as an object array; what is none is taken for a single row."""
    coding = replace(coding, dtype=kind.base.dtype)
    if isinstance(value, np.ndarray) and value.dtype.hasobject and kind.base is not STRING:
        given = value
    else:
        given = np.empty((), object)
        given[()] = value
    rows = np.empty(given.shape, object)
    for place in np.ndindex(given.shape):
        row = np.asarray(given[place])
        if coding.packs:
            row = coding.encoded(row)
        if kind.base is not STRING and not np.can_cast(row.dtype, kind.base.dtype, "same_kind"):
            raise ValuesError(f"a row is of {row.dtype}, wanted {kind.base.dtype}")
        rows[place] = row.astype(kind.base.dtype).reshape(-1)
    return rows


def _check_enum(array: np.ndarray, kind: cdm.EnumType) -> None:
    if not np.all(np.isin(array, list(kind.members.values()))):
        raise ValueError(f"a value is none of {kind.name}: {dict(kind.members)}")


def write(variable: Variable, selection: Any, values: Any, coding: Coding) -> None:
    """Assign values to a selection; unlimited dimensions grow by it.

    Raises
    ------
    SelectionError
        They do not fit.
    UnsupportedError
        The variable cannot be written.
    """
    put = getattr(variable.data, "write", None)
    if put is None:
        raise UnsupportedError("the values of this variable cannot be changed here")
    dimensions = variable.dimensions
    shape = variable.shape or (1,)
    grows = tuple(dimension.unlimited for dimension in dimensions) or (False,)
    target = writing(selection, shape, grows, values.shape)
    for dimension, size, least in zip(dimensions, variable.shape, target.sizes, strict=False):
        if least > size and not dimension.unlimited:
            raise SelectionError(f"dimension {dimension.name!r} has {size} elements")
    fitted = fitting(values, target.shape)
    if (
        not isinstance(variable.type, cdm.CompoundType | cdm.VlenType)
        and variable.type is not STRING
    ):
        fitted = quantized(variable, coding.encoded(fitted))
    for dimension, least in zip(dimensions, target.sizes, strict=False):
        dimension.size = max(dimension.size, least)
    if 0 in target.shape:
        return
    parts = tuple(slice(part, part + 1) if isinstance(part, int) else part for part in target.parts)
    if dimensions:
        put(parts, fitted)
    else:
        put((), fitted.reshape(()))
