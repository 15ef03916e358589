"""The types of the netCDF data model, on NumPy.

What an element is in memory:

======== =========================================================================================
char     one byte (``S1``)
string   ``str``, or None for netCDF's NULL (dtype ``object``); bytes that are no UTF-8 are lone
         surrogates
enum     a number of its base type
opaque   bytes of one length (``V<n>``)
compound a structured element with the offsets of the C struct; texts and rows in it are objects
vlen     a 1-D array of the base type (dtype ``object``)
======== =========================================================================================

Source: the netCDF-4 enhanced data model and ``netcdf.h`` (names, default fill values) of netCDF-C.

>>> ATOMIC_TYPES["ushort"].dtype, ATOMIC_TYPES["ushort"].default_fill
(dtype('uint16'), np.uint16(65535))
>>> atomic_type(np.dtype(">f4")).name
'float'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zarr_cdm.errors import UnsupportedError


@dataclass(frozen=True, slots=True)
class AtomicType:
    """One of the twelve atomic types.

    Attributes
    ----------
    name
        The word that CDL uses.
    dtype
        Element type in memory, native byte order: ``S1`` for char, ``object`` (str or None) for
        string.
    default_fill
        What netCDF writes into data that nobody has written.
    """

    name: str
    dtype: np.dtype
    default_fill: Any

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the twelve by their dtype, so that each stays one object."""
        if ATOMIC_TYPES.get(self.name) is self:
            return atomic_type, (self.dtype,)
        return AtomicType, (self.name, self.dtype, self.default_fill)


def _atomic(name: str, dtype: str, fill: object) -> AtomicType:
    kind = np.dtype(dtype)
    return AtomicType(name, kind, fill if kind.hasobject else kind.type(fill))


ATOMIC_TYPES: Mapping[str, AtomicType] = {
    row.name: row
    for row in (
        _atomic("byte", "i1", -127),
        _atomic("char", "S1", b"\0"),
        _atomic("short", "i2", -32767),
        _atomic("int", "i4", -2147483647),
        _atomic("float", "f4", 9.9692099683868690e36),
        _atomic("double", "f8", 9.9692099683868690e36),
        _atomic("ubyte", "u1", 255),
        _atomic("ushort", "u2", 65535),
        _atomic("uint", "u4", 4294967295),
        _atomic("int64", "i8", -9223372036854775806),
        _atomic("uint64", "u8", 18446744073709551614),
        _atomic("string", "O", ""),
    )
}
CHAR = ATOMIC_TYPES["char"]
STRING = ATOMIC_TYPES["string"]
_BY_DTYPE = {row.dtype: row for row in ATOMIC_TYPES.values()}


@dataclass(frozen=True, slots=True)
class EnumType:
    """Named values of an integer type, in the order of their definition."""

    name: str
    base: AtomicType
    members: Mapping[str, int] = field(hash=False)

    @property
    def dtype(self) -> np.dtype:
        """Element type in memory."""
        return self.base.dtype


@dataclass(frozen=True, slots=True)
class CompoundField:
    """One member of a compound: its type, its place in the C struct, its fixed inner shape."""

    name: str
    type: NetcdfType
    offset: int
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CompoundType:
    """A C struct; offsets and padding are part of the type."""

    name: str
    fields: tuple[CompoundField, ...]
    item_bytes: int

    @property
    def dtype(self) -> np.dtype:
        """Element type in memory."""
        return np.dtype(
            {
                "names": [part.name for part in self.fields],
                "formats": [(part.type.dtype, part.shape) for part in self.fields],
                "offsets": [part.offset for part in self.fields],
                "itemsize": self.item_bytes,
            }
        )


@dataclass(frozen=True, slots=True)
class VlenType:
    """Rows of any length, all of one type."""

    name: str
    base: NetcdfType

    @property
    def dtype(self) -> np.dtype:
        """Element type in memory."""
        return np.dtype(object)


@dataclass(frozen=True, slots=True)
class OpaqueType:
    """Blobs of one size."""

    name: str
    item_bytes: int

    @property
    def dtype(self) -> np.dtype:
        """Element type in memory."""
        return np.dtype(f"V{self.item_bytes}")


UserType = EnumType | CompoundType | VlenType | OpaqueType
NetcdfType = AtomicType | UserType


def parts_of(kind: NetcdfType) -> tuple[NetcdfType, ...]:
    """Return the types that a type is made of: those of its members, or its base.

    >>> parts_of(VlenType("row", STRING))[0].name
    'string'
    """
    if isinstance(kind, CompoundType):
        return tuple(part.type for part in kind.fields)
    return (kind.base,) if isinstance(kind, EnumType | VlenType) else ()


def any_type(dtype: np.dtype) -> AtomicType:
    """Return the atomic type for ``dtype``, or one that netCDF does not have but Zarr does.

    Such a type (bool, complex64, …) has NumPy's name for it. It can be read; the doors that do not
    know it refuse it.
    """
    try:
        return atomic_type(dtype)
    except UnsupportedError:
        return AtomicType(dtype.name, dtype, np.zeros((), dtype)[()])


def atomic_type(dtype: np.dtype) -> AtomicType:
    """Return the atomic type that holds values of ``dtype``, in either byte order.

    Raises
    ------
    UnsupportedError
        Where netCDF has no such type (bool, complex, float16, datetime64, …).
    """
    if dtype.kind in "OUT":
        return STRING
    found = _BY_DTYPE.get(dtype.newbyteorder("="))
    if found is None:
        raise UnsupportedError(f"netCDF has no type for {dtype}; known: {', '.join(ATOMIC_TYPES)}")
    return found
