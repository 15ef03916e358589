"""User-defined types as netCDF4-python shows them, and as the model has them.

>>> CompoundType.of(compound("point", np.dtype([("x", "f4"), ("name", "S4")]))).dtype_view["name"]
dtype('S4')
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Self

import numpy as np

from zarr_cdm.cdm import types as cdm
from zarr_cdm.cdm.types import CHAR, STRING, NetcdfType, atomic_type
from zarr_cdm.errors import UnsupportedError, ValuesError


class _Type:
    """What the three kinds of types share."""

    __slots__ = ("dtype", "kind", "name")

    kind: NetcdfType
    name: str | None
    dtype: Any

    def __reduce__(self) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} is not picklable")

    def _title(self) -> str:
        return f"<class 'zarr_cdm.netcdf4.{type(self).__name__}'>"


class CompoundType(_Type):
    """A C struct, made by `Dataset.createCompoundType`.

    Attributes
    ----------
    name
        Of the type.
    dtype
        The NumPy type of its elements; texts of fixed length are arrays of characters in it.
    dtype_view
        The same with texts of fixed length as such: what data are shown as.
    """

    __slots__ = ("dtype_view",)

    dtype_view: np.dtype

    @classmethod
    def of(cls, kind: cdm.CompoundType) -> Self:
        """Return the type that one of the model is shown as."""
        made = cls()
        made.kind, made.name, made.dtype = kind, kind.name, aligned(kind.dtype)
        made.dtype_view = aligned(viewed(kind.dtype))
        return made

    def __repr__(self) -> str:
        return f"{self._title()}: name = {self.name!r}, numpy dtype = {self.dtype}"


class VLType(_Type):
    """Rows of any length, made by `Dataset.createVLType`; or texts, which have no name.

    Attributes
    ----------
    name
        Of the type, None for texts.
    dtype
        The NumPy type of what rows consist of, ``str`` for texts.
    """

    __slots__ = ()

    @classmethod
    def of(cls, kind: NetcdfType) -> Self:
        """Return the type that one of the model is shown as."""
        made = cls()
        made.kind = kind
        made.name = kind.name if isinstance(kind, cdm.VlenType) else None
        made.dtype = str
        if isinstance(kind, cdm.VlenType) and kind.base is not STRING:
            made.dtype = kind.base.dtype
        return made

    def __repr__(self) -> str:
        if self.dtype is str:
            return f'"{self._title()}": string type'
        return f'"{self._title()}": name = {self.name!r}, numpy dtype = {self.dtype}'


class EnumType(_Type):
    """Named whole numbers, made by `Dataset.createEnumType`.

    Attributes
    ----------
    name
        Of the type.
    dtype
        The NumPy type of its elements.
    enum_dict
        The numbers by their names.
    """

    __slots__ = ("enum_dict",)

    enum_dict: dict[str, int]

    @classmethod
    def of(cls, kind: cdm.EnumType) -> Self:
        """Return the type that one of the model is shown as."""
        made = cls()
        made.kind, made.name, made.dtype = kind, kind.name, kind.dtype
        made.enum_dict = dict(kind.members)
        return made

    def __repr__(self) -> str:
        return (
            f'"{self._title()}": name = {self.name!r}, numpy dtype = {self.dtype}, '
            f"fields/values ={self.enum_dict}"
        )


def compound(name: str, dtype: Any, known: Sequence[cdm.CompoundType] = ()) -> cdm.CompoundType:
    """Return the compound type for a structured NumPy type, with the offsets of the C struct.

    Parameters
    ----------
    known
        The compound types that its members may be of.

    Raises
    ------
    TypeError
        It is no structured type, or has a member that netCDF has no type for.
    """
    given = np.dtype(dtype)
    if given.names is None:
        raise TypeError(f"{given} is no structured type; give one with named fields")
    members = {field: _member(given[field], known) for field in given.names}
    struct = np.dtype(
        {
            "names": list(members),
            "formats": [(kind.dtype, shape) for kind, shape in members.values()],
        },
        align=True,
    )
    assert struct.fields is not None
    fields = tuple(
        cdm.CompoundField(field, kind, struct.fields[field][1], shape)
        for field, (kind, shape) in members.items()
    )
    return cdm.CompoundType(name, fields, struct.itemsize)


def _member(
    dtype: np.dtype, known: Sequence[cdm.CompoundType]
) -> tuple[NetcdfType, tuple[int, ...]]:
    base, shape = dtype.subdtype or (dtype, ())
    if base.names is not None:
        return matching(base, known), shape
    if base.kind == "S" and base.itemsize > 1:
        return CHAR, (*shape, base.itemsize)
    try:
        kind = atomic_type(base)
    except UnsupportedError as error:
        raise TypeError(error.message) from error
    if kind is STRING:
        raise TypeError(f"a member is of {base}; give texts of fixed length, as S10")
    return kind, shape


def matching(dtype: np.dtype, known: Sequence[cdm.CompoundType]) -> cdm.CompoundType:
    """Return the first type whose fields are those of a structure, wherever they lie in it.

    Raises
    ------
    ValueError
        There is none.
    """
    for kind in known:
        if _form(kind.dtype) == _form(dtype):
            return kind
    raise ValueError(f"no compound type is known for {dtype}; create it first")


def _form(dtype: np.dtype) -> Any:
    """Return names, types and shapes of fields, and nothing of offsets and byte order."""
    base, shape = dtype.subdtype or (dtype, ())
    if base.names is not None:
        return [(name, _form(base[name])) for name in base.names], shape
    if base.kind == "S":
        return "S", (*shape, base.itemsize) if base.itemsize > 1 else shape
    return base.newbyteorder("="), shape


def records(value: Any, kind: cdm.CompoundType) -> np.ndarray:
    """Return records, whose texts may be of fixed length, in a type.

    Raises
    ------
    ValuesError
        They have other fields.
    """
    shown = viewed(kind.dtype)
    array = value if isinstance(value, np.ndarray | np.void) else np.array(value, shown)
    array = np.asarray(array)
    if array.dtype.names != shown.names:
        raise ValuesError(f"records have the fields {array.dtype.names}, wanted {shown.names}")
    same = all(array.dtype[name] == kind.dtype[name] for name in shown.names or ())
    return array.astype(kind.dtype) if same else array.astype(shown).view(kind.dtype)


def aligned(dtype: np.dtype) -> np.dtype:
    """Return a structured type marked as a C struct, where its offsets are those of one."""
    if dtype.names is None or dtype.fields is None:
        return dtype
    try:
        return np.dtype(
            {
                "names": list(dtype.names),
                "formats": [aligned(dtype.fields[name][0]) for name in dtype.names],
                "offsets": [dtype.fields[name][1] for name in dtype.names],
                "itemsize": dtype.itemsize,
            },
            align=True,
        )
    except ValueError:  # its offsets are others
        return dtype


def viewed(dtype: np.dtype) -> np.dtype:
    """Return a structured type with its arrays of characters as texts of fixed length.

    >>> viewed(np.dtype([("a", "S1", (3,)), ("b", "i4")]))["a"]
    dtype('S3')
    """
    if dtype.names is None or dtype.fields is None:
        base, shape = dtype.subdtype or (dtype, ())
        if base == CHAR.dtype and shape:
            return (
                np.dtype((f"S{shape[-1]}", shape[:-1])) if shape[1:] else np.dtype(f"S{shape[0]}")
            )
        return dtype
    return np.dtype(
        {
            "names": list(dtype.names),
            "formats": [viewed(dtype.fields[name][0]) for name in dtype.names],
            "offsets": [dtype.fields[name][1] for name in dtype.names],
            "itemsize": dtype.itemsize,
        }
    )
