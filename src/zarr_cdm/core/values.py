"""Values on their way into an array: of its data type, or refused.

NumPy wraps 300 to 44 when it goes into ``uint8``, cuts 1.5 and long texts, and makes a number of
NaN. Here a value that would not be the same number, text or time afterwards is an error. What
remains is rounding: floats are rounded to those of a shorter type.

>>> fitted([1.0, 2.0], np.dtype("u1"))
array([1, 2], dtype=uint8)
>>> fitted([1, 300], np.dtype("u1"))
Traceback (most recent call last):
zarr_cdm.errors.ValuesError: uint8 cannot hold 300
"""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np

from zarr_cdm.errors import ValuesError
from zarr_cdm.metadata.dtypes import kind_of

NUMBERS = "biufc"
TEXTS = "SUT"
FINEST = {"M": "M8[us]", "m": "m8[us]"}  # what datetime objects are exact in


def fitted(value: Any, dtype: np.dtype, element: type | None = None) -> np.ndarray:
    """Return values as an array of ``dtype``, without a copy where they are that already.

    Parameters
    ----------
    element
        What the elements are where ``dtype`` is object: ``str``, ``bytes`` or None for arrays.

    Raises
    ------
    ValuesError
        A value is not one that the type can hold.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValuesError("some of the values are masked; say with .filled(…) what they become")
    try:
        with np.errstate(all="ignore"):
            if dtype.hasobject:
                return _objects(value, element)
            if dtype.names is not None:
                return _struct(value, dtype)
            return _plain(np.asarray(value), value, dtype)
    except ValuesError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise ValuesError(f"{dtype} cannot hold these values: {error}") from error


def broadcast(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a view of values in the shape of what they are assigned to, as NumPy has it."""
    while values.ndim > len(shape) and values.shape[0] == 1:
        values = values[0]
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ValuesError(
            f"values of shape {values.shape} cannot be broadcast to the selection's {shape}"
        ) from None


def _objects(value: Any, element: type | None) -> np.ndarray:
    found = np.asarray(value, object)
    if element in (str, bytes):
        for each in found.flat:
            if not isinstance(each, element):
                raise ValuesError(f"an array of {element.__name__} cannot hold {each!r}")
    return found


def _struct(value: Any, dtype: np.dtype) -> np.ndarray:
    """Return structs, each field fitted by itself; tuples are structs without names."""
    found: np.ndarray = np.asarray(value, None if hasattr(value, "dtype") else _loose(dtype))
    if found.dtype == dtype:
        return found
    names = dtype.names or ()
    if found.dtype.names is None or set(found.dtype.names) != set(names):
        raise ValuesError(f"{dtype} cannot hold {found.dtype}: the fields are others")
    result = np.empty(found.shape, dtype)
    for name in names:
        result[name] = fitted(found[name], dtype[name].base)
    return result


def _loose(dtype: np.dtype) -> np.dtype:
    """Return a struct with the same fields, each of which holds anything."""
    fields: list[Any] = []
    for name in dtype.names or ():
        field = dtype[name]
        kind = np.dtype(object) if field.base.names is None else _loose(field.base)
        fields.append((name, kind, field.shape))
    return np.dtype(fields)


def _plain(found: np.ndarray, value: Any, dtype: np.dtype) -> np.ndarray:
    if found.dtype == dtype:
        return found
    kind = kind_of(dtype)
    if kind in NUMBERS:
        return _numbers(found, value, dtype)
    if kind in FINEST:
        return _times(found, dtype)
    if kind in TEXTS:
        return _texts(found, dtype)
    if found.dtype.kind in "SV" and found.dtype.names is None:  # raw bytes
        if found.dtype.itemsize == dtype.itemsize:
            return found.view(dtype)
        raise ValuesError(f"{dtype} cannot hold {found.dtype.itemsize} bytes")
    raise _wrong(found, dtype)


def _numbers(found: np.ndarray, value: Any, dtype: np.dtype) -> np.ndarray:
    kind = kind_of(dtype)
    if kind in "iu" and found.dtype.kind == "f" and not hasattr(value, "dtype"):
        found = np.asarray(value, object)  # a float has not all digits of Python's integers
    if found.dtype.kind == "O" and all(
        isinstance(each, Number | np.generic) for each in found.flat
    ):
        if kind in "biu":
            cast = found.astype(dtype)
            return _all(np.equal(cast.astype(object), found).astype(bool), cast, found, dtype)
        found = found.astype("c16" if kind == "c" else "f8")
    if kind_of(found.dtype) not in NUMBERS:
        raise _wrong(found, dtype)
    if found.dtype.kind == "c" and kind != "c":
        _all(found.imag == 0, found, found, dtype)
        found = found.real
    cast = found.astype(dtype)
    if np.can_cast(found.dtype, dtype, "safe"):
        return cast
    wide = cast if dtype.isbuiltin == 1 else cast.astype({"f": "f8", "c": "c16"}.get(kind, "i8"))
    if kind in "biu":
        return _all(wide == found, cast, found, dtype)
    if np.isfinite(wide).all():
        return cast
    seen = found if found.dtype.isbuiltin == 1 else found.astype("c16")
    return _all(np.isfinite(wide) | ~np.isfinite(seen), cast, found, dtype)


def _times(found: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if found.dtype.kind == "O":
        found = found.astype(FINEST[dtype.kind])
    elif found.dtype.kind in "UT" and dtype.kind == "M":
        found = found.astype("U").astype("M8")
    if found.dtype.kind != dtype.kind:
        raise _wrong(found, dtype)
    cast = found.astype(dtype)
    return _all((cast == found) | np.isnat(found), cast, found, dtype)


def _texts(found: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if found.dtype.kind == "O" and all(isinstance(each, str | bytes) for each in found.flat):
        found = np.array(found.tolist())
    if found.dtype.kind not in TEXTS:
        raise _wrong(found, dtype)
    exact = found.astype(dtype.kind)
    width = dtype.itemsize // (4 if dtype.kind == "U" else 1)
    return _all(np.strings.str_len(exact) <= width, exact.astype(dtype), found, dtype)


def _all(good: Any, cast: np.ndarray, found: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the cast values if all are good, or name the first that is not."""
    if not np.all(good):
        bad = found[~np.broadcast_to(good, found.shape)].reshape(-1)[0]
        raise ValuesError(f"{dtype} cannot hold {bad}")
    return cast


def _wrong(found: np.ndarray, dtype: np.dtype) -> ValuesError:
    return ValuesError(f"{dtype} cannot hold values of {found.dtype}; convert them first")
