"""What ``.zarray`` says otherwise than its chunks are, where netCDF-C before 4.9.3 wrote it.

It kept its own notes in ``.zarray`` then, which tells it from all others. It said ``<U1`` of
characters of one byte, and ``>`` of numbers that it stored in little-endian order.

>>> as_stored({"dtype": ">i4", "_NCZARR_ARRAY": {}})["dtype"]
'<i4'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTES = ("_NCZARR_ARRAY", "_nczarr_array")


def as_stored(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``.zarray`` with the type that its chunks have."""
    dtype = document.get("dtype")
    if not isinstance(dtype, str) or not any(name in document for name in NOTES):
        return document
    if dtype == "<U1":
        return {**document, "dtype": "|S1"}
    return {**document, "dtype": "<" + dtype[1:]} if dtype.startswith(">") else document
