"""What netCDF-C does to the documents of Zarr v2 itself, besides giving them attributes.

* Before 4.9.3 it kept its notes in ``.zarray`` and ``.zgroup``, which tells such stores from all
  others. It said ``<U1`` of characters of one byte then, and ``>`` of numbers that it stored in
  little-endian order.
* Version 4.8.0, and early ones of 4.8.1, kept them in objects of their own beside the documents.
* Characters are ``>S1``, which no other writer says; texts of one byte are ``|S1``.
* The fill value of texts is the text itself, not base64.
* A text that looks like a number, or like JSON, stands in ``.zattrs`` without quotes.

Specification: none; `conventions/nczarr/`.

>>> as_stored({"dtype": ">i4", "_NCZARR_ARRAY": {}}, {})["dtype"]
'<i4'
>>> with_texts({"v": 1.1, "_nczarr_attr": {"types": {"v": ">S1"}}}, b'{"v": 1.10}')["v"]
'1.10'
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from zarr_cdm.metadata.salvage import as_written

CHAR, OLD_CHAR = ">S1", "<U1"
ARRAY, GROUP, TYPES = "_nczarr_array", "_nczarr_group", "_nczarr_attr"
ROOT = "_nczarr_superblock"
SCALAR = "_scalar_"  # the dimension of a scalar, for those who know no scalars
# What netCDF-C has hidden in documents: as it is called today, and before 4.9.1.
NOTES = (ARRAY, GROUP, ROOT, "_NCZARR_ARRAY", "_NCZARR_GROUP", "_NCZARR_SUPERBLOCK")
ARRAY_NOTES = (ARRAY, "_NCZARR_ARRAY")
# Written into the root by every version, in the pure mode too.
PROPERTIES = "_NCProperties"
# Which object of the oldest layout is which note, and of which document.
OBJECTS = {
    ".nczgroup": (".zgroup", GROUP),
    ".nczvar": (".zarray", ARRAY),
    ".nczarray": (".zarray", ARRAY),
    ".nczattr": (".zattrs", TYPES),
    ".nczattrs": (".zattrs", TYPES),
}
OURS = "cdm"  # a sub-key that only this package writes: such a store is none of netCDF-C
_TEXT = re.compile(r"[|<>=]?S(\d+)")


def has_objects(attributes: Mapping[str, Any]) -> bool:
    """Tell by the root's attributes whether its notes are in objects of their own."""
    return "nczarr=1." in str(attributes.get(PROPERTIES))


def as_stored(document: Mapping[str, Any], attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``.zarray`` with the type that its chunks have, and a fill value as v2 wants it."""
    noted = any(name in document for name in ARRAY_NOTES)
    dtype = document.get("dtype")
    if not isinstance(dtype, str) or not (noted or _is_noted(attributes)):
        return document
    if noted:
        document = {"fill_value": None, **document}  # 4.8.0 left it out
        if dtype == OLD_CHAR:
            dtype = CHAR
        elif dtype.startswith(">") and dtype != CHAR:
            dtype = "<" + dtype[1:]
    text, fill = _TEXT.fullmatch(dtype), document.get("fill_value")
    if text and isinstance(fill, str):
        stored = fill.encode("utf-8", "surrogateescape")[: int(text[1])]
        return {**document, "dtype": dtype, "fill_value": base64.b64encode(stored).decode()}
    return {**document, "dtype": dtype}


def _is_noted(attributes: Mapping[str, Any]) -> bool:
    note = attributes.get(ARRAY)
    return isinstance(note, dict) and OURS not in note


def members(document: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a document of v2 has to say that no word of ours says, to be written so again.

    ``stored`` is the document as `as_stored` has it.
    """
    found = {name: document[name] for name in NOTES if name in document}
    if stored.get("dtype") == CHAR:
        found["dtype"] = CHAR
    fill = document.get("fill_value")
    if stored is not document and isinstance(fill, str) and _TEXT.fullmatch(stored["dtype"]):
        found["fill_value"] = fill
    return found


def with_texts(attributes: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Return ``.zattrs``, in which every attribute that netCDF-C calls characters is a text."""
    types = attributes.get(TYPES)
    types = types.get("types") if isinstance(types, dict) else None
    if not isinstance(types, dict):
        return attributes
    names = [
        name
        for name, value in attributes.items()
        if types.get(name) == CHAR and not isinstance(value, str)
    ]
    written = as_written(data) if names else {}
    return {**attributes, **{name: written[name] for name in names if name in written}}
