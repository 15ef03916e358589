"""netCDF-C's own functions, for all that netCDF4-python does not say or gets wrong.

netCDF4-python finds dimensions by their names, knows neither opaque types nor NULL texts, and
chooses the types of text attributes itself. The library that it is linked with does none of that.
It is reached through netCDF4-python's own module, so that there is one netCDF-C and one HDF5 in
the process.

Source: netCDF-C, ``netcdf.h``, https://docs.unidata.ucar.edu/netcdf-c/current/

>>> int(version()[0]) >= 4
True
>>> call("nc_open", b"no such file", 0, Int())
Traceback (most recent call last):
zarr_cdm.errors.FormatError: nc_open: No such file or directory
"""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from importlib import import_module
from typing import Any

from zarr_cdm.errors import FormatError, UnsupportedError

# netCDF-C is not thread-safe, and lets go of the GIL while it works.
LOCK = threading.RLock()

Int, Size, Pointer = ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p

NOWRITE, WRITE, NOCLOBBER = 0x0000, 0x0001, 0x0004
GLOBAL = -1
UNLIMITED = 0
MAX_NAME, MAX_DIMS = 256, 1024
NAT, STRING_ID, VLEN_ID, OPAQUE_ID, ENUM_ID, COMPOUND_ID = 0, 12, 13, 14, 15, 16
ATOMIC_IDS = {
    "byte": 1,
    "char": 2,
    "short": 3,
    "int": 4,
    "float": 5,
    "double": 6,
    "ubyte": 7,
    "ushort": 8,
    "uint": 9,
    "int64": 10,
    "uint64": 11,
    "string": STRING_ID,
}


# The parameters of each function that is used: s a text, i an int, z a size_t, f a float, * an
# address (of an array, or of a number that the function fills in; None is NULL).
FUNCTIONS = {
    # files and groups
    "nc_open": "si*",
    "nc_create": "si*",
    "nc_set_default_format": "i*",
    "nc_close": "i",
    "nc_abort": "i",
    "nc_sync": "i",
    "nc_enddef": "i",
    "nc_redef": "i",
    "nc_inq_format": "i*",
    "nc_inq_grps": "i**",
    "nc_inq_grpname": "i*",
    "nc_inq_natts": "i*",
    "nc_def_grp": "is*",
    "nc_set_fill": "ii*",
    # dimensions
    "nc_inq_dimids": "i**i",
    "nc_inq_dim": "ii**",
    "nc_inq_unlimdims": "i**",
    "nc_def_dim": "isz*",
    # types
    "nc_inq_typeids": "i**",
    "nc_inq_user_type": "ii*****",
    "nc_inq_compound_field": "iii*****",
    "nc_inq_enum_member": "iii**",
    "nc_def_opaque": "izs*",
    "nc_def_vlen": "isi*",
    "nc_def_enum": "iis*",
    "nc_insert_enum": "iis*",
    "nc_def_compound": "izs*",
    "nc_insert_compound": "iiszi",
    "nc_insert_array_compound": "iiszii*",
    # variables
    "nc_inq_varids": "i**",
    "nc_inq_var": "ii*****",
    "nc_inq_varname": "ii*",
    "nc_inq_varnatts": "ii*",
    "nc_inq_vartype": "ii*",
    "nc_inq_var_chunking": "ii**",
    "nc_inq_var_endian": "ii*",
    "nc_inq_var_fill": "ii**",
    "nc_inq_var_filter_ids": "ii**",
    "nc_inq_var_filter_info": "iii**",
    "nc_inq_var_quantize": "ii**",
    "nc_def_var": "isii**",
    "nc_def_var_chunking": "iii*",
    "nc_def_var_endian": "iii",
    "nc_def_var_fill": "iii*",
    "nc_def_var_filter": "iiiz*",
    "nc_def_var_deflate": "iiiii",
    "nc_def_var_fletcher32": "iii",
    "nc_inq_filter_avail": "ii",
    "nc_set_var_chunk_cache": "iizzf",
    "nc_get_vara": "ii***",
    "nc_get_vars": "ii****",
    "nc_put_vara": "ii***",
    # attributes
    "nc_inq_attname": "iii*",
    "nc_inq_att": "iis**",
    "nc_get_att": "iis*",
    "nc_put_att": "iisiz*",
    "nc_rename_att": "iiss",
    "nc_del_att": "iis",
    # memory that netCDF-C has made
    "nc_reclaim_data": "ii*z",
}
_NUMBERS = frozenset((Int, Size))
_KINDS = {"s": ctypes.c_char_p, "i": Int, "z": Size, "f": ctypes.c_float, "*": Pointer}


class Vlen(ctypes.Structure):
    """A row in memory: ``nc_vlen_t``."""

    _fields_ = (("length", Size), ("data", Pointer))


_LIBRARY = ctypes.CDLL(import_module("netCDF4._netCDF4").__file__)


def version() -> str:
    """Return the version of netCDF-C."""
    return _text("nc_inq_libvers").split()[0]


def call(name: str, *arguments: Any) -> None:
    """Call a function of netCDF-C; the status that it returns becomes an error.

    The caller holds `LOCK`. A number of ctypes (``Int()``) goes by reference, for the function to
    fill in; numbers to go by value are Python's.

    Raises
    ------
    FormatError
        In the words of netCDF-C.
    UnsupportedError
        This netCDF-C has no such function.
    """
    status = _declared(name)(
        *[ctypes.byref(each) if type(each) in _NUMBERS else each for each in arguments]
    )
    if status:
        raise FormatError(f"{name}: {_text('nc_strerror', status)}")


@cache
def _declared(name: str) -> Any:
    function = _function(name)
    function.argtypes = [_KINDS[letter] for letter in FUNCTIONS[name]]
    return function


def _text(name: str, *arguments: int) -> str:
    function = _function(name)
    function.restype = ctypes.c_char_p
    found: bytes = function(*arguments)
    return found.decode()


def _function(name: str) -> Any:
    try:
        return getattr(_LIBRARY, name)
    except AttributeError as error:
        raise UnsupportedError(f"this netCDF-C has no {name}; install a newer netCDF4") from error
