r"""Names that netCDF allows, in the one spelling in which it keeps them.

Source: ``NC_check_name`` in ``libdispatch/dstring.c`` of netCDF-C, and its list of reserved
attributes in ``libsrc4/nc4internal.c``.

>>> checked("température") == checked("tempe\u0301rature")
True
>>> checked("a/b")
Traceback (most recent call last):
zarr_cdm.errors.NetcdfError: 'a/b' is no name for netCDF: it contains '/'
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container

from zarr_cdm.errors import AttributesError, NetcdfError

MOST_BYTES = 256
RESERVED_ATTRIBUTES = frozenset(
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


def checked(name: str) -> str:
    """Return a name as netCDF keeps it: in Unicode's form NFC.

    Raises
    ------
    NetcdfError
        It is none.
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is {name!r}, expected a str")
    found = unicodedata.normalize("NFC", name)
    wrong = _wrong(found)
    if wrong:
        raise NetcdfError(f"{name[:80]!r} is no name for netCDF: it {wrong}")
    return found


def unused(name: str, *taken: Container[str]) -> str:
    """Return a name as netCDF keeps it; raise where it is none, or taken already."""
    found = checked(name)
    if any(found in names for names in taken):
        raise NetcdfError(f"the name {found!r} is in use already; choose another")
    return found


def attribute_name(name: str) -> str:
    """Return the name of an attribute as netCDF keeps it; raise where it cannot be one."""
    try:
        found = checked(name)
    except NetcdfError as error:
        raise AttributesError(error.message) from None
    if found in RESERVED_ATTRIBUTES:
        raise AttributesError(f"the attribute {found!r} is reserved for the format itself")
    return found


def _wrong(name: str) -> str | None:
    if not name:
        return "is empty"
    first, last = name[0], name[-1]
    if first.isascii() and not (first.isalnum() or first == "_"):
        return f"begins with {first!r}"
    bad = next((sign for sign in name if sign < " " or sign in "/\x7f"), None)
    if bad is not None:
        return f"contains {bad!r}"
    if last.isspace():
        return "ends in a space"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "is no Unicode"
    return f"has {size} bytes, {MOST_BYTES} are the most" if size > MOST_BYTES else None
