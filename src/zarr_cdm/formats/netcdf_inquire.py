"""Questions to netCDF-C that have a list, a name or a reason for an answer."""

from __future__ import annotations

import ctypes
from typing import Any

from zarr_cdm.errors import FormatError
from zarr_cdm.formats.netcdf_c import MAX_NAME, Int, call

MOST_BYTES = 2**12


def ids(function: str, ncid: int, *rest: int) -> list[int]:
    """Return the numbers by which a group has its groups, dimensions, types or variables."""
    count = Int()
    call(function, ncid, count, None, *rest)
    found = (Int * max(1, count.value))()
    call(function, ncid, count, found, *rest)
    return list(found)[: count.value]


def name_buffer() -> Any:
    """Return memory for a name, and for what netCDF-C adds to one of 256 bytes; see `text`."""
    return ctypes.create_string_buffer(MOST_BYTES)


def text(buffer: Any) -> str:
    """Return the name that a function has filled in.

    Of an HDF5 file netCDF-C (4.10.1) forgets to end names of 256 bytes, and goes on until there is
    a zero.

    Raises
    ------
    UnicodeDecodeError
        It is not UTF-8.
    """
    return str(buffer.value[:MAX_NAME].decode())


def name(function: str, *arguments: Any) -> str:
    """Return the name that a function fills into its last argument.

    Raises
    ------
    UnicodeDecodeError
        It is not UTF-8.
    """
    found = name_buffer()
    call(function, *arguments, found)
    return text(found)


def variables(ncid: int) -> dict[int, str | FormatError]:
    """Return the variables of a group by their numbers: names, or why netCDF-C does not tell them.

    It reads all attributes of a variable first, and fails where one has two dimensions in HDF5.
    """
    found: dict[int, str | FormatError] = {}
    for number in ids("nc_inq_varids", ncid):
        try:
            found[number] = name("nc_inq_varname", ncid, number)
        except FormatError as error:
            found[number] = error
    return found


def groups(ncid: int, path: str = "/") -> list[tuple[int, str]]:
    """Return the number and the path of a group and of all below it, parents first."""
    found = [(ncid, path)]
    for child in ids("nc_inq_grps", ncid):
        found += groups(child, f"{path.rstrip('/')}/{name('nc_inq_grpname', child)}")
    return found


def reason(error: FormatError) -> str:
    """Return why something failed, without the name of the function that said so."""
    return error.message.partition(": ")[2] if error.message.startswith("nc_") else error.message
