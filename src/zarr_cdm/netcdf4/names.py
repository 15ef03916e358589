r"""Names that netCDF allows, refused as netCDF4-python refuses others.

>>> checked("température") == checked("tempe\u0301rature")
True
>>> checked("a/b")
Traceback (most recent call last):
zarr_cdm.errors.NetcdfError: 'a/b' is no name for netCDF: it has '/' in it
"""

from __future__ import annotations

from collections.abc import Container

from zarr_cdm.cdm.names import RESERVED, normal, problem_of
from zarr_cdm.errors import AttributesError, NetcdfError


def checked(name: str) -> str:
    """Return a name as netCDF keeps it: in Unicode's form NFC.

    Raises
    ------
    NetcdfError
        It is none.
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is {name!r}, expected a str")
    problem = problem_of(name)
    if problem is not None:
        raise NetcdfError(f"{name[:80]!r} is no name for netCDF: it {problem}")
    return normal(name)


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
    if found in RESERVED:
        raise AttributesError(f"the attribute {found!r} is reserved for the format itself")
    return found
