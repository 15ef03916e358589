"""Fill values and their JSON, in both versions.

Specifications: zarr-specs v3 core, "Fill value"; zarr-specs v2, "Fill value encoding". v2 writes
fixed-length bytes as base64 too, and its old writers put ``0`` for the empty value of any type.

>>> decode("0x7fc00001", Extension("float32")), encode(np.float32("nan"), Extension("float32"))
(np.float32(nan), 'NaN')
>>> decode("YWI=", Extension("null_terminated_bytes", {"length_bytes": 4}))
np.bytes_(b'ab')
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import numpy as np

from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.dtypes import VARIABLE, is_raw_bits, numpy_dtype
from zarr_cdm.metadata.extension import Extension

SPECIAL = {"NaN": np.nan, "Infinity": np.inf, "+Infinity": np.inf, "-Infinity": -np.inf}
_HEX = re.compile(r"0x[0-9a-fA-F]+")


def decode(value: Any, data_type: Extension) -> Any:
    """Return the fill value that JSON stands for, as a NumPy scalar, ``str`` or ``bytes``.

    Raises
    ------
    MetadataError
        The JSON does not stand for a value of this type.
    """
    dtype = numpy_dtype(data_type)  # outside: an unknown type is no wrong fill value
    try:
        return _decode(value, data_type, dtype)
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise MetadataError(
            f"the fill value {value!r} is none of data type {data_type.name!r} ({error})"
        ) from error


def _decode(value: Any, data_type: Extension, dtype: np.dtype) -> Any:
    if data_type.name in VARIABLE:
        empty = VARIABLE[data_type.name]()
        if _is_zero(value):
            return empty
        return _bytes(value) if empty == b"" else _text(value)
    if dtype.kind in "SUV" and (_is_zero(value) or (value == "0" and dtype.kind == "S")):
        return np.zeros((), dtype)[()]
    return _DECODE[dtype.kind](value, dtype)


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
    return dtype.type(int(value))


def _float(value: Any, dtype: np.dtype) -> Any:
    if isinstance(value, str) and _HEX.fullmatch(value):
        if len(value) != 2 + 2 * dtype.itemsize:
            raise ValueError(f"expected {2 * dtype.itemsize} hexadecimal digits")
        return np.frombuffer(bytes.fromhex(value[2:]), dtype.newbyteorder(">")).astype(dtype)[0]
    if isinstance(value, bool | list | dict) or value is None:
        raise TypeError("expected a number")
    with np.errstate(over="ignore"):
        return dtype.type(SPECIAL.get(value, value) if isinstance(value, str) else value)


def _complex(value: Any, dtype: np.dtype) -> Any:
    part = np.dtype(f"f{dtype.itemsize // 2}")
    real, imaginary = value if isinstance(value, list) else (value, 0.0)
    pair = np.array([_float(real, part), _float(imaginary, part)])
    return pair.view(dtype)[0]


def _sized(value: Any, dtype: np.dtype) -> Any:
    found = _bytes(value)
    if len(found) > dtype.itemsize:
        raise ValueError(f"expected {dtype.itemsize} bytes")
    return np.frombuffer(found.ljust(dtype.itemsize, b"\0"), dtype)[0]


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
    "S": _sized,
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
    if isinstance(value, np.void):
        # ``r<bits>`` is a type of the specification, and has its own form there.
        found = value.tobytes()
        return list(found) if is_raw_bits(data_type.name) else base64.b64encode(found).decode()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, str):
        return str(value)
    value = np.asarray(value, numpy_dtype(data_type))[()]
    if isinstance(value, np.complexfloating):
        return [_encode_float(value.real), _encode_float(value.imag)]
    if isinstance(value, np.floating):
        return _encode_float(value)
    return value.item()


def _encode_float(value: np.floating) -> Any:
    if np.isfinite(value):
        return value.item()
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    bits = np.array([value, np.nan], value.dtype).astype(value.dtype.newbyteorder(">"))
    first, usual = bits[:1].tobytes(), bits[1:].tobytes()
    return "NaN" if first == usual else f"0x{first.hex()}"
