"""Every spelling of ``_FillValue``: the only place that knows them.

* numbers, and ``"NaN"``, ``"Infinity"``, ``"0x…"`` for floats: NZ-1.0, NCZarr, plain users;
* base64 of a little-endian double, for floats of any size: xarray on Zarr v3;
* base64 of the bytes, for fixed-length bytes: xarray on Zarr v3;
* a list of one of these.

>>> decode("AAAAAACI08A=", np.dtype("f4")), decode(-20000.0, np.dtype("f4"))
(np.float32(-20000.0), np.float32(-20000.0))
>>> encode(np.float32(-20000))
'AAAAAACI08A='
"""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np

from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.dtypes import zarr_type
from zarr_cdm.metadata.fills import SPECIAL
from zarr_cdm.metadata.fills import decode as decode_fill

NAME = "_FillValue"
DOUBLE = struct.Struct("<d")
DOUBLE_BASE64 = 12  # characters that eight bytes become


def decode(value: Any, dtype: np.dtype) -> Any:
    """Return the fill value for elements of ``dtype``: a NumPy scalar, or ``str``.

    Raises
    ------
    MetadataError
        It is spelled in none of the known ways.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if dtype.hasobject or dtype.kind == "U":
        return str(value)
    if (
        dtype.kind == "f"
        and isinstance(value, str)
        and len(value) == DOUBLE_BASE64
        and value not in SPECIAL
        and not value.startswith("0x")
    ):
        try:
            return dtype.type(DOUBLE.unpack(base64.b64decode(value, validate=True))[0])
        except ValueError as error:
            raise MetadataError(f"{NAME} is {value!r}, expected base64 of a double") from error
    return decode_fill(value, zarr_type(dtype))


def encode(value: np.generic) -> Any:
    """Return the JSON that xarray reads on Zarr v3, for one number."""
    if isinstance(value, np.floating):
        return base64.b64encode(DOUBLE.pack(float(value))).decode()
    return value.item()
