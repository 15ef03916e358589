"""Names that netCDF allows, in the one spelling in which it keeps them.

Source: netCDF-C, ``NC_check_name`` in ``libdispatch/dstring.c`` and the reserved attributes in
``libsrc4/nc4internal.c``.

>>> problem_of("a/b")
"has '/' in it"
>>> problem_of("°C") is None
True
"""

from __future__ import annotations

import unicodedata

MOST_BYTES = 256
# Attributes that netCDF-4 keeps for itself, and refuses to write.
RESERVED = frozenset(
    (
        "CLASS",
        "DIMENSION_LIST",
        "NAME",
        "REFERENCE_LIST",
        "_ARRAY_DIMENSIONS",
        "_Codecs",
        "_Format",
        "_IsNetcdf4",
        "_NCProperties",
        "_Netcdf4Coordinates",
        "_Netcdf4Dimid",
        "_SuperblockVersion",
        "_nc3_strict",
        "_nczarr_array",
        "_nczarr_attr",
        "_nczarr_group",
        "_nczarr_superblock",
    )
)


def normal(name: str) -> str:
    """Return a name as netCDF stores it: in Unicode's form NFC."""
    return unicodedata.normalize("NFC", name)


def problem_of(name: str) -> str | None:
    """Return why netCDF refuses a name, None if it does not."""
    if not name:
        return "is empty"
    try:
        size = len(normal(name).encode())
    except UnicodeEncodeError:
        return "is not UTF-8"
    if size > MOST_BYTES:
        return f"has {size} bytes, {MOST_BYTES} are the most"
    if not (name[0].isalnum() or name[0] == "_" or name[0] > "\x7f"):
        return f"begins with {name[0]!r}; wanted a letter, a digit or _"
    wrong = next((char for char in name if char < " " or char in "/\x7f"), None)
    if wrong is not None:
        return f"has {wrong!r} in it"
    return "ends with a space" if name.endswith(" ") else None
