"""What netCDF-C sees in a data set, in a process of its own: some stores end it.

Its arguments are URLs or paths. For each there is one line on standard output: a list of facts,
each a place, a word and what is there, with values as bytes in base64; or what is wrong, as a text.
"""

from __future__ import annotations

import ctypes
import json
import sys
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import netCDF4
import numpy as np

LIBRARY = ctypes.CDLL(netCDF4._netCDF4.__file__)
# By netcdf.h's numbers, from 1: names of types, and NumPy's.
ATOMIC = "byte char short int float double ubyte ushort uint int64 uint64 string"
NAMES = dict(enumerate(ATOMIC.split(), 1))
DTYPES = dict(enumerate("i1 S1 i2 i4 f4 f8 u1 u2 u4 i8 u8".split(), 1))  # noqa: SIM905


def exact(value: Any) -> Any:
    """Return a value as JSON that loses nothing."""
    if isinstance(value, str | list) or value is None:
        return value
    array = np.asarray(value)
    if array.dtype.hasobject:
        return array.ravel().tolist()
    return b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def attribute(group: int, variable: int, name: str) -> list[Any]:
    """Return type, length and value of an attribute."""
    key, kind, length = name.encode(), ctypes.c_int(), ctypes.c_size_t()
    LIBRARY.nc_inq_att(group, variable, key, ctypes.byref(kind), ctypes.byref(length))
    if NAMES[kind.value] == "string":
        texts = (ctypes.c_char_p * length.value)()
        LIBRARY.nc_get_att_string(group, variable, key, texts)
        return ["string", length.value, [None if each is None else each.decode() for each in texts]]
    size = np.dtype(DTYPES[kind.value]).itemsize
    data = ctypes.create_string_buffer(max(1, length.value * size))
    LIBRARY.nc_get_att(group, variable, key, data)
    return [NAMES[kind.value], length.value, b64encode(data.raw[: length.value * size]).decode()]


def facts(group: Any, path: str) -> Iterator[list[Any]]:
    dims = group.dimensions.values()
    yield [path, "dimensions", [[dim.name, len(dim), dim.isunlimited()] for dim in dims]]
    yield [path, "variables", list(group.variables)]
    yield [path, "groups", list(group.groups)]
    for name in group.ncattrs():
        yield [f"{path}@{name}", "attribute", attribute(group._grpid, -1, name)]
    for name, variable in group.variables.items():
        place = f"{path}{name}"
        variable.set_auto_maskandscale(False)
        variable.set_auto_chartostring(False)
        kind = kind_of(variable)
        owners = [owner(dim) for dim in variable.get_dims()]
        yield [place, "type", kind]
        yield [place, "on", owners]
        yield [place, "shape", list(variable.shape)]
        yield [place, "fill", fill_of(variable, kind)]
        if kind not in ("string", "char", "byte", "ubyte"):
            yield [place, "endian", variable.endian()]
        yield [place, "values", exact(variable[...])]
        for each in variable.ncattrs():
            yield [f"{place}@{each}", "attribute", attribute(group._grpid, variable._varid, each)]
    for name, below in group.groups.items():
        yield from facts(below, f"{path}{name}/")


def kind_of(variable: Any) -> str:
    kind = ctypes.c_int()
    LIBRARY.nc_inq_vartype(variable._grpid, variable._varid, ctypes.byref(kind))
    return NAMES[kind.value]


def fill_of(variable: Any, kind: str) -> str | None:
    """Return the fill value: netCDF4-python swaps the bytes of big-endian ones."""
    if kind == "string":
        return None
    no_fill, data = ctypes.c_int(), ctypes.create_string_buffer(8)
    LIBRARY.nc_inq_var_fill(variable._grpid, variable._varid, ctypes.byref(no_fill), data)
    size = 1 if kind == "char" else variable.dtype.itemsize
    return None if no_fill.value else b64encode(data.raw[:size]).decode()


def owner(dimension: Any) -> str:
    group = dimension.group()
    return f"{group.path.rstrip('/')}/{dimension.name}"


def main() -> None:
    for url in sys.argv[1:]:
        try:
            with netCDF4.Dataset(url) as dataset:
                found: object = list(facts(dataset, "/"))
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
