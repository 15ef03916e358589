"""Every spelling of ``_FillValue``: the only place that knows them.

* numbers, and ``"NaN"``, ``"Infinity"``, ``"0x…"`` for floats: NZ-1.0, NCZarr, plain users;
* base64 of a little-endian double, for floats of any size, two of them for complex numbers: xarray
  on Zarr v3;
* base64 of the bytes, for fixed-length bytes: xarray on Zarr v3;
* the character itself, for single ones: NCZarr, and our own dialect on Zarr v2;
* a list of one of these.

>>> decode("AAAAAACI08A=", np.dtype("f4")), decode(-20000.0, np.dtype("f4"))
(np.float32(-20000.0), np.float32(-20000.0))
>>> encode(np.float32(-20000))
'AAAAAACI08A='
"""

from __future__ import annotations

import base64
import struct
from contextlib import suppress
from typing import Any

import numpy as np

from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.dtypes import zarr_type
from zarr_cdm.metadata.fills import decode as decode_fill

NAME = "_FillValue"
DOUBLE = struct.Struct("<d")
DOUBLE_BASE64, BYTE_BASE64 = 12, 4  # characters that eight bytes become, and one


def decode(value: Any, dtype: np.dtype) -> Any:
    """Return the fill value for elements of ``dtype``: a NumPy scalar, or ``str``.

    Raises
    ------
    MetadataError
        It is spelled in none of the known ways.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list) and dtype.kind == "c":
        part = np.dtype(f"f{dtype.itemsize // 2}")
        return np.array([decode(each, part) for each in value[:2]], part).view(dtype)[0]
    if isinstance(value, str):
        if dtype.hasobject or dtype.kind == "U":
            return value
        if dtype.kind == "f" and len(value) == DOUBLE_BASE64:
            return _from_double(value, dtype)
        if dtype == "S1" and len(value) < BYTE_BASE64:
            with suppress(UnicodeEncodeError):  # half of a pair of surrogates is no character
                return np.bytes_(value.encode("utf-8")[:1])
    return decode_fill(value, zarr_type(dtype))


def _from_double(value: str, dtype: np.dtype) -> Any:
    try:
        double = DOUBLE.unpack(base64.b64decode(value, validate=True))[0]
    except ValueError as error:
        raise MetadataError(f"{NAME} is {value!r}, expected base64 of a double") from error
    with np.errstate(over="ignore"):
        return dtype.type(double)


def encode(value: np.generic) -> Any:
    """Return the JSON that xarray reads on Zarr v3, for one number."""
    if isinstance(value, np.floating):
        return base64.b64encode(DOUBLE.pack(float(value))).decode()
    return value.item()
