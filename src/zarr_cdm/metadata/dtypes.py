"""Data types: the names of Zarr v3, the type strings of Zarr v2, and NumPy's types.

Specifications: zarr-specs v3 core, "Data types"; zarr-extensions ``data-types/`` (string, bytes,
fixed_length_utf32, null_terminated_bytes); zarr-specs v2, "Data type encoding". ``raw_bytes`` and
``variable_length_bytes`` are the names that zarr-python writes.

>>> numpy_dtype(Extension("fixed_length_utf32", {"length_bytes": 8}))
dtype('<U2')
>>> zarr_type(np.dtype("S1")).to_json()
{'name': 'null_terminated_bytes', 'configuration': {'length_bytes': 1}}
>>> from_typestr(">f4")
(Extension(name='float32', configuration={}, must_understand=True), 'big')
"""

from __future__ import annotations

import re

import numpy as np

from zarr_cdm.errors import MetadataError, UnknownNameError
from zarr_cdm.limits import DEFAULT_LIMITS
from zarr_cdm.metadata.extension import Extension

# Types whose name says it all.
PLAIN = {
    "bool": "?",
    **{
        f"{sign}int{8 * size}": f"{sign or 'i'}{size}"
        for sign in ("", "u")
        for size in (1, 2, 4, 8)
    },
    **{f"float{8 * size}": f"f{size}" for size in (2, 4, 8)},
    **{f"complex{8 * size}": f"c{size}" for size in (8, 16)},
}
# Types with a length in bytes: NumPy's kind, and how many bytes one of its characters takes.
SIZED = {"fixed_length_utf32": ("U", 4), "null_terminated_bytes": ("S", 1), "raw_bytes": ("V", 1)}
# Types of any length, held as objects: what their elements are.
VARIABLE: dict[str, type] = {"string": str, "bytes": bytes, "variable_length_bytes": bytes}

_NAME_OF = {np.dtype(code): name for name, code in PLAIN.items()}
_NAME_OF_CODE = {dtype.str[1:]: name for dtype, name in _NAME_OF.items()}
_SIZED_NAME = {kind: (name, width) for name, (kind, width) in SIZED.items()}
# Not more digits than a number of 64 bits has: Python would refuse thousands of them.
_RAW = re.compile(r"r([1-9]\d{0,18})")
_TYPESTR = re.compile(r"([<>|=]?)(?:([biufc])(\d{1,2})|([SUVO])(\d{0,18}))", re.ASCII)
ENDIAN = {"<": "little", ">": "big"}


def numpy_dtype(data_type: Extension) -> np.dtype:
    """Return the NumPy type, native byte order; object for types of variable length.

    Raises
    ------
    UnknownNameError
        The type is not known.
    LimitError
        One element is larger than `Limits` allows.
    """
    name = data_type.name
    if name in PLAIN:
        return np.dtype(PLAIN[name])
    if name in VARIABLE:
        return np.dtype(object)
    if name in SIZED:
        kind, width = SIZED[name]
        return np.dtype(f"{kind}{_length(data_type, width)}")
    raw = _RAW.fullmatch(name)
    if raw and int(raw[1]) % 8 == 0:
        size = int(raw[1]) // 8
        DEFAULT_LIMITS.check("item_bytes", size, f"data type {name!r}")
        return np.dtype(f"V{size}")
    known = ", ".join([*PLAIN, *SIZED, *VARIABLE])
    raise UnknownNameError(f"unknown data type {name!r}; known: {known}")


def _length(data_type: Extension, width: int) -> int:
    size = data_type.configuration.get("length_bytes")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1 or size % width:
        raise MetadataError(
            f"data type {data_type.name!r}: length_bytes is {size!r}, expected a multiple of "
            f"{width} above 0"
        )
    DEFAULT_LIMITS.check("item_bytes", size, f"data type {data_type.name!r}")
    return size // width


def is_raw_bits(name: str) -> bool:
    """Tell whether a name is that of raw bits, as ``r8`` and ``r16`` are."""
    return bool(_RAW.fullmatch(name))


def zarr_type(dtype: np.dtype) -> Extension:
    """Return the v3 data type for a NumPy type; str and object become ``string``.

    Raises
    ------
    UnknownNameError
        Zarr has no such type.
    """
    if dtype.kind in "OT":
        return Extension("string")
    if dtype.kind in _SIZED_NAME and dtype.names is None:
        name, _ = _SIZED_NAME[dtype.kind]
        return Extension(name, {"length_bytes": dtype.itemsize})
    name = _NAME_OF.get(dtype.newbyteorder("="), "")
    if not name:
        raise UnknownNameError(f"Zarr has no data type for {dtype}; known: {', '.join(PLAIN)}")
    return Extension(name)


def has_byte_order(dtype: np.dtype) -> bool:
    """Tell whether elements are made of numbers of more than one byte."""
    return dtype.kind in "iufcU" and dtype.itemsize > 1


def from_typestr(typestr: object) -> tuple[Extension, str | None]:
    """Return the v3 data type and the byte order of a v2 type string; ``|O`` becomes ``string``."""
    parts = _TYPESTR.fullmatch(typestr) if isinstance(typestr, str) else None
    if parts is None:
        raise UnknownNameError(f"unknown v2 data type {typestr!r}")
    order, *found = parts.groups()
    kind, length = found[:2] if found[0] else found[2:]
    if kind == "O":
        return Extension("string"), None
    if kind in _SIZED_NAME:
        name, width = _SIZED_NAME[kind]
        data_type = Extension(name, {"length_bytes": int(length or 0) * width})
    else:
        if kind + length not in _NAME_OF_CODE:
            raise UnknownNameError(f"unknown v2 data type {typestr!r}")
        data_type = Extension(_NAME_OF_CODE[kind + length])
    multi = has_byte_order(numpy_dtype(data_type))
    return data_type, ENDIAN.get(order, "little") if multi else None


def to_typestr(data_type: Extension, endian: str | None) -> str:
    """Return the v2 type string: the inverse of `from_typestr`."""
    dtype = numpy_dtype(data_type)
    if dtype.hasobject:
        return "|O"
    return dtype.newbyteorder(">" if endian == "big" else "<").str
