"""Data types: the names of Zarr v3, the type strings of Zarr v2, and NumPy's types.

Specifications: zarr-specs v3 core, "Data types"; zarr-extensions ``data-types/`` (string, bytes,
fixed_length_utf32, null_terminated_bytes, and those of ml_dtypes); zarr-specs v2, "Data type
encoding". ``raw_bytes`` and ``variable_length_bytes`` are the names that zarr-python writes; in v2
the types of ml_dtypes have the names that tensorstore gives them.

>>> numpy_dtype(Extension("fixed_length_utf32", {"length_bytes": 8}))
dtype('<U2')
>>> zarr_type(np.dtype("S1")).to_json()
{'name': 'null_terminated_bytes', 'configuration': {'length_bytes': 1}}
>>> from_typestr(">f4")
(Extension(name='float32', configuration={}, must_understand=True), 'big')
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import numpy as np

from zarr_cdm.errors import MetadataError, UnknownNameError, UnsupportedError
from zarr_cdm.limits import current
from zarr_cdm.metadata import structs, times
from zarr_cdm.metadata.byteorder import Endian, has_byte_order
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
# Other names of such types.
ALIASES = {"complex_float32": "complex64", "complex_float64": "complex128"}
# Types of the package ml_dtypes: what they are (as NumPy's kinds say it), and their names there.
MACHINE = {
    **{name: ("i", name) for name in ("int2", "int4")},
    **{name: ("u", name) for name in ("uint2", "uint4")},
    **{
        name: ("f", name)
        for name in (
            "bfloat16",
            "float4_e2m1fn",
            "float6_e2m3fn",
            "float6_e3m2fn",
            "float8_e3m4",
            "float8_e4m3",
            "float8_e4m3b11fnuz",
            "float8_e4m3fn",
            "float8_e4m3fnuz",
            "float8_e5m2",
            "float8_e5m2fnuz",
            "float8_e8m0fnu",
        )
    },
    "complex_float16": ("c", "complex32"),
    "complex_bfloat16": ("c", "bcomplex32"),
}
# Types with a length in bytes: NumPy's kind, and how many bytes one of its characters takes.
SIZED = {"fixed_length_utf32": ("U", 4), "null_terminated_bytes": ("S", 1), "raw_bytes": ("V", 1)}
# Types of any length, held as objects: what their elements are.
VARIABLE: dict[str, type] = {
    "string": str,
    "bytes": bytes,
    "variable_length_bytes": bytes,
    "variable_length_array": type(None),  # arrays: of Zarr v2 alone; None where none is stored
}

_NAME_OF = {np.dtype(code): name for name, code in PLAIN.items()}
_NAME_OF_CODE = {dtype.str[1:]: name for dtype, name in _NAME_OF.items()}
_NAME_OF_MACHINE = {theirs: name for name, (_, theirs) in MACHINE.items()}
_SIZED_NAME = {kind: (name, width) for name, (kind, width) in SIZED.items()}
# Not more digits than a number of 64 bits has: Python would refuse thousands of them.
_RAW = re.compile(r"r([1-9]\d{0,18})")
_TYPESTR = re.compile(
    r"([<>|=]?)(?:([biufc])(\d{1,2})|([SUVO])(\d{0,18})|([Mm])8(?:\[(\d{0,10})(\D{1,7})\])?)",
    re.ASCII,
)
ENDIAN = {"<": "little", ">": "big"}


def zero_of(data_type: Extension) -> Any:
    """Return the element of a data type that is zero, or empty.

    >>> zero_of(Extension("float32")), zero_of(Extension("string"))
    (np.float32(0.0), '')
    """
    element = VARIABLE.get(data_type.name)
    return element() if element else np.zeros((), numpy_dtype(data_type))[()]


def numpy_dtype(data_type: Extension) -> np.dtype:
    """Return the NumPy type, native byte order; object for types of variable length.

    Raises
    ------
    UnknownNameError
        The type is not known.
    UnsupportedError
        The type is one of ml_dtypes, which is not installed.
    LimitError
        One element is larger than `Limits` allows, or made of too many fields.
    """
    name = ALIASES.get(data_type.name, data_type.name)
    if name in PLAIN:
        return np.dtype(PLAIN[name])
    if name in VARIABLE:
        return np.dtype(object)
    if name in SIZED:
        kind, width = SIZED[name]
        return np.dtype(f"{kind}{_length(data_type, width)}")
    if name in times.TIMES:
        return times.to_numpy(data_type)
    if name in structs.NAMES:
        return structs.to_numpy(data_type, numpy_dtype)
    if name in MACHINE:
        return _machine_dtype(name)
    raw = _RAW.fullmatch(name)
    if raw and int(raw[1]) % 8 == 0:
        size = int(raw[1]) // 8
        current().check("item_bytes", size, f"data type {name!r}")
        return np.dtype(f"V{size}")
    known = ", ".join([*PLAIN, *SIZED, *VARIABLE, *times.TIMES, structs.STRUCT, *MACHINE])
    raise UnknownNameError(f"unknown data type {name!r}; known: {known}")


def _length(data_type: Extension, width: int) -> int:
    size = data_type.configuration.get("length_bytes")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1 or size % width:
        raise MetadataError(
            f"data type {data_type.name!r}: length_bytes is {size!r}, expected a multiple of "
            f"{width} above 0"
        )
    current().check("item_bytes", size, f"data type {data_type.name!r}")
    return size // width


def _machine_dtype(name: str) -> np.dtype:
    """Return a type that NumPy knows only together with ml_dtypes."""
    try:
        ml_dtypes = import_module("ml_dtypes")
    except ImportError as error:
        raise UnsupportedError(
            f"data type {name!r} needs the package ml_dtypes: pip install 'zarr-cdm[dtypes]'"
        ) from error
    found: type | None = getattr(ml_dtypes, MACHINE[name][1], None)
    if found is None:
        raise UnsupportedError(
            f"data type {name!r} needs a newer ml_dtypes than {ml_dtypes.__version__}"
        )
    dtype: np.dtype = np.dtype(found)
    return dtype


def kind_of(dtype: np.dtype) -> str:
    """Return what a type is, as NumPy's kinds say it: ``f`` for the floats of ml_dtypes too."""
    if dtype in _NAME_OF:  # NumPy takes long to make the name of a type
        return dtype.kind
    name = _NAME_OF_MACHINE.get(dtype.name)
    return MACHINE[name][0] if name else dtype.kind


def is_raw_bits(name: str) -> bool:
    """Tell whether a name is that of raw bits, as ``r8`` and ``r16`` are."""
    return bool(_RAW.fullmatch(name))


def zarr_type(dtype: np.dtype) -> Extension:
    """Return the v3 data type for a NumPy type; str and object become ``string``.

    Padding between the fields of a struct is left out: stored elements are packed.

    Raises
    ------
    UnknownNameError
        Zarr has no such type.
    """
    if dtype in _NAME_OF:
        return Extension(_NAME_OF[dtype])
    if dtype.kind in "OT":
        return Extension("string")
    if dtype.kind in "Mm":
        return times.from_numpy(dtype)
    if dtype.names is not None:
        return structs.from_numpy(dtype, _field_type)
    if dtype.name in _NAME_OF_MACHINE:
        return Extension(_NAME_OF_MACHINE[dtype.name])
    if dtype.kind in _SIZED_NAME:
        name, _ = _SIZED_NAME[dtype.kind]
        return Extension(name, {"length_bytes": dtype.itemsize})
    name = _NAME_OF.get(dtype.newbyteorder("="), "")
    if not name:
        raise UnknownNameError(f"Zarr has no data type for {dtype}; known: {', '.join(PLAIN)}")
    return Extension(name)


def _field_type(dtype: np.dtype) -> Extension:
    if dtype.kind in "OT":
        raise UnknownNameError(
            f"Zarr has no struct with a field of type {dtype}: its length varies"
        )
    return zarr_type(dtype)


def from_typestr(typestr: Any) -> tuple[Extension, Endian]:
    """Return the v3 data type and the byte order of a v2 type; ``|O`` becomes ``string``."""
    if isinstance(typestr, list):
        return structs.from_descr(typestr, from_typestr)
    parts = _TYPESTR.fullmatch(typestr) if isinstance(typestr, str) else None
    if parts is None and not (isinstance(typestr, str) and typestr in MACHINE):
        raise UnknownNameError(f"unknown v2 data type {typestr!r}")
    data_type = _from_parts(parts) if parts else Extension(typestr)
    if data_type.name in VARIABLE or not has_byte_order(numpy_dtype(data_type)):
        return data_type, None
    return data_type, ENDIAN.get(parts[1] if parts else "<", "little")


def _from_parts(parts: re.Match[str]) -> Extension:
    """Return the v3 data type for the parts of a type string."""
    _, plain, size, sized, length, time, scale, unit = parts.groups()
    if time:
        return times.from_typestr(time, scale, unit)
    if sized == "O":
        return Extension("string")
    if sized:
        name, width = _SIZED_NAME[sized]
        return Extension(name, {"length_bytes": int(length or 0) * width})
    if plain + size not in _NAME_OF_CODE:
        raise UnknownNameError(f"unknown v2 data type {parts[0]!r}")
    return Extension(_NAME_OF_CODE[plain + size])


def to_typestr(data_type: Extension, endian: Endian) -> Any:
    """Return the v2 type, a string or a list of fields: the inverse of `from_typestr`.

    Raises
    ------
    UnsupportedError
        The type is one of ml_dtypes in big-endian order, for which v2 has no word.
    """
    if data_type.name in structs.NAMES:
        return structs.to_descr(data_type, endian, to_typestr)
    dtype = numpy_dtype(data_type)
    if dtype.hasobject:
        return "|O"
    if data_type.name in MACHINE:
        if endian == "big" and has_byte_order(dtype):
            raise UnsupportedError(
                f"Zarr v2 has no word for {data_type.name!r} in big-endian order"
            )
        return data_type.name
    if dtype.kind in "Mm":
        return (">" if endian == "big" else "<") + times.to_typestr(dtype)
    return dtype.newbyteorder(">" if endian == "big" else "<").str
