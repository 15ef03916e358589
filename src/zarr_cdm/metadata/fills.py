"""Fill values and their JSON, in both versions.

Specifications: zarr-specs v3 core, "Fill value"; zarr-extensions ``data-types/``; zarr-specs v2,
"Fill value encoding". v2 writes fixed-length bytes and structs as base64 too, and its old writers
put ``0`` for the empty value of any type.

>>> decode("0x7fc00001", Extension("float32")), encode(np.float32("nan"), Extension("float32"))
(np.float32(nan), 'NaN')
>>> decode("YWI=", Extension("null_terminated_bytes", {"length_bytes": 4}))
np.bytes_(b'ab')
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata import structs
from zarr_cdm.metadata.byteorder import Endian, from_stored, to_stored
from zarr_cdm.metadata.dtypes import VARIABLE, is_raw_bits, kind_of, numpy_dtype
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.lenient import lenient

SPECIAL = {"NaN": np.nan, "Infinity": np.inf, "+Infinity": np.inf, "-Infinity": -np.inf}
NAT = -(2**63)
PARTS = {
    "complex64": "float32",
    "complex128": "float64",
    "complex32": "float16",
    "bcomplex32": "bfloat16",
}
_NUMPY_FLOATS = {np.dtype("f2"), np.dtype("f4"), np.dtype("f8")}
SPELLED = {"NaN", "Infinity", "-Infinity"}
_HEX = re.compile(r"0x[0-9a-fA-F]+")


def decode(value: Any, data_type: Extension, endian: Endian = None) -> Any:
    """Return the fill value that JSON stands for, as a NumPy scalar, ``str`` or ``bytes``.

    ``endian`` is the byte order of a struct that is given as base64.

    Raises
    ------
    MetadataError
        The JSON does not stand for a value of this type.
    """
    numpy_dtype(data_type)  # outside: an unknown type is no wrong fill value
    try:
        return _decode(value, data_type, endian)
    except MetadataError:
        raise  # it names the field of a struct already
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise MetadataError(
            f"the fill value {value!r} is none of data type {data_type.name!r} ({error})"
        ) from error


def of_document(value: Any, data_type: Extension, endian: Endian = None) -> Any:
    """Return the fill value of a document as `decode` does; with a warning what is not legal."""
    kind = kind_of(numpy_dtype(data_type))
    if kind in "iu" and value == "NaN":  # xarray has written that
        lenient("the fill value of integers is 'NaN', zero is taken for it")
        return decode(0, data_type, endian)
    found = decode(value, data_type, endian)
    if kind in "iu" and isinstance(value, float):
        lenient("the fill value of integers has a decimal point")
    elif kind == "f" and isinstance(value, str) and value not in SPELLED and value[:2] != "0x":
        lenient(f"the fill value {value!r} is a text")
    return found


def _decode(value: Any, data_type: Extension, endian: Endian) -> Any:
    dtype = numpy_dtype(data_type)
    if data_type.name in VARIABLE:
        empty = VARIABLE[data_type.name]()
        if _is_zero(value):
            return empty
        return _bytes(value) if empty == b"" else _text(value)
    if kind_of(dtype) in "SUV" and (_is_zero(value) or (value == "0" and dtype.kind == "S")):
        return np.zeros((), dtype)[()]
    if data_type.name in structs.NAMES:
        return _struct(value, data_type, endian)
    return _DECODE[kind_of(dtype)](value, dtype)


def _struct(value: Any, data_type: Extension, endian: Endian) -> Any:
    """Return a struct: an object has a value for each field, base64 all of its bytes."""
    dtype = numpy_dtype(data_type)
    if not isinstance(value, dict):
        found = _bytes(value)
        if len(found) != dtype.itemsize:
            raise ValueError(f"expected {dtype.itemsize} bytes, found {len(found)}")
        return from_stored(found, dtype, endian)[0]
    if set(value) != set(dtype.names or ()):
        raise ValueError(f"expected a value for each of {', '.join(dtype.names or ())}")
    whole = np.zeros((), dtype)
    for field in structs.fields_of(data_type):
        whole[field.name] = decode(value[field.name], field.data_type, endian)
    return whole[()]


def _is_zero(value: Any) -> bool:
    return value in (0, "")  # False == 0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _bytes(value: Any) -> bytes:
    return (
        bytes(value) if isinstance(value, list) else base64.b64decode(_text(value), validate=True)
    )


def _bool(value: Any, dtype: np.dtype) -> Any:
    if value not in (0, 1):
        raise ValueError("expected true or false")
    return np.bool_(value)


def _integer(value: Any, dtype: np.dtype) -> Any:
    if isinstance(value, str) or int(value) != value:
        raise TypeError("expected an integer")
    found = dtype.type(int(value))
    if int(found) != value:  # the short ones of ml_dtypes do not complain themselves
        raise OverflowError(f"{value} is out of bounds for {dtype.name}")
    return found


def _time(value: Any, dtype: np.dtype) -> Any:
    count = NAT if value == "NaT" else _integer(value, np.dtype("i8"))
    return np.array(count, "i8").view(dtype)[()]


def _float(value: Any, dtype: np.dtype) -> Any:
    if isinstance(value, str) and _HEX.fullmatch(value):
        if len(value) != 2 + 2 * dtype.itemsize:
            raise ValueError(f"expected {2 * dtype.itemsize} hexadecimal digits")
        return from_stored(bytes.fromhex(value[2:]), dtype, "big")[0]
    if isinstance(value, bool | list | dict) or value is None:
        raise TypeError("expected a number")
    wanted = SPECIAL.get(value, value) if isinstance(value, str) else value
    with np.errstate(over="ignore"):
        found = dtype.type(wanted if dtype in _NUMPY_FLOATS else float(wanted))
    if isinstance(value, str) and value in SPECIAL and str(float(found)) != str(wanted):
        raise ValueError(f"{dtype.name} has no such value")
    return found


def _parts(dtype: np.dtype) -> np.dtype:
    """Return the type of the two numbers that a complex one is made of."""
    return numpy_dtype(Extension(PARTS[dtype.name]))


def _complex(value: Any, dtype: np.dtype) -> Any:
    part = _parts(dtype)
    real, imaginary = value if isinstance(value, list) else (value, 0.0)
    pair = np.array([_float(real, part), _float(imaginary, part)])
    return pair.view(dtype)[0]


def _sized(value: Any, dtype: np.dtype) -> Any:
    found = _bytes(value)
    if len(found) > dtype.itemsize:
        raise ValueError(f"expected {dtype.itemsize} bytes")
    return np.frombuffer(found.ljust(dtype.itemsize, b"\0"), dtype)[0]


def _text_or_sized(value: Any, dtype: np.dtype) -> Any:
    """Return bytes that are given as base64, or, as NCZarr writes them, as what they are."""
    try:
        return _sized(value, dtype)
    except binascii.Error:
        return _sized(base64.b64encode(_text(value).encode()).decode(), dtype)


def _characters(value: Any, dtype: np.dtype) -> Any:
    text = _text(value).rstrip("\0")
    if len(text) * 4 > dtype.itemsize:
        raise ValueError(f"expected {dtype.itemsize // 4} characters")
    return np.array(text, dtype)[()]


_DECODE = {
    "b": _bool,
    "i": _integer,
    "u": _integer,
    "f": _float,
    "c": _complex,
    "M": _time,
    "m": _time,
    "S": _text_or_sized,
    "V": _sized,
    "U": _characters,
}


def encode(value: Any, data_type: Extension) -> Any:
    """Return the JSON of a fill value: the inverse of `decode`.

    Raises
    ------
    MetadataError
        There is no fill value, which only v2 can say.
    """
    if value is None:
        raise MetadataError(f"data type {data_type.name!r} has no fill value, but must have one")
    if data_type.name in structs.NAMES and value.dtype.names is not None:
        fields = structs.fields_of(data_type)
        return {field.name: encode(value[field.name], field.data_type) for field in fields}
    if isinstance(value, np.void):
        # ``r<bits>`` is a type of the specification, and has its own form there.
        found = value.tobytes()
        return list(found) if is_raw_bits(data_type.name) else base64.b64encode(found).decode()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, str):
        return str(value)
    dtype = numpy_dtype(data_type)
    return _ENCODE[kind_of(dtype)](np.asarray(value, dtype)[()])


def _encode_complex(value: Any) -> list[Any]:
    parts = np.array([value]).view(_parts(value.dtype))
    return [_encode_float(part) for part in parts]


def _encode_float(value: Any) -> Any:
    if np.isfinite(value):
        return float(value)
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    bits = [
        to_stored(np.array([number], value.dtype), value.dtype, "big").tobytes().hex()
        for number in (value, np.nan)
    ]
    return "NaN" if bits[0] == bits[1] else f"0x{bits[0]}"


_ENCODE: dict[str, Callable[[Any], Any]] = {
    "b": bool,
    "i": int,
    "u": int,
    "f": _encode_float,
    "c": _encode_complex,
    "M": lambda value: int(value.view("i8")),
    "m": lambda value: int(value.view("i8")),
}
