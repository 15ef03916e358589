"""Values of any netCDF type as netCDF-C takes them: in C's memory.

>>> from zarr_cdm.cdm.types import ATOMIC_TYPES, CompoundField, CompoundType
>>> parts = CompoundField("b", ATOMIC_TYPES["byte"], 0), CompoundField("s", STRING, 8)
>>> layout(CompoundType("c", parts, 16)).fields["s"]
(dtype('uint64'), 8)
>>> texts = Memory(STRING, np.array(["a", None], object)).array
>>> texts[0] > 0, texts[1] == 0
(np.True_, np.True_)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import CHAR, STRING, CompoundType, NetcdfType, VlenType
from zarr_cdm.errors import ValuesError

ADDRESS = np.dtype(np.uintp)  # of a text: char*
ROW = np.dtype([("length", np.uintp), ("data", np.uintp)], align=True)  # nc_vlen_t


def layout(kind: NetcdfType) -> np.dtype:
    """Return what an element of a type is in C.

    The members of a compound lie where C puts them, whatever the type says: it is so that netCDF-C
    takes them, and gives them back.
    """
    if kind is STRING:
        return ADDRESS
    if isinstance(kind, VlenType):
        return ROW
    if isinstance(kind, CompoundType):
        members = [(part.name, layout(part.type), part.shape) for part in kind.fields]
        return np.dtype(members, align=True)
    return kind.dtype


def offset_of(form: np.dtype, member: str) -> int:
    """Return where a member lies in elements of a `layout`."""
    assert form.fields is not None
    return form.fields[member][1]


class Memory:
    """Values of a type, laid out for C; texts and rows live as long as this does.

    Attributes
    ----------
    array
        One element of `layout` for each value.

    Raises
    ------
    ValuesError
        Something is no value of the type, or a text that C cannot hold.
    """

    __slots__ = ("_kept", "array")

    def __init__(self, kind: NetcdfType, values: np.ndarray) -> None:
        self._kept: list[np.ndarray] = []
        self.array = np.ascontiguousarray(self._laid_out(kind, values))

    @classmethod
    def of(cls, attribute: Attribute) -> Memory:
        """Return the value of an attribute; the array's length is its length."""
        value = attribute.value
        if isinstance(value, str):
            return cls(CHAR, np.frombuffer(_bytes(value) + b"\0", "S1")[:-1])
        if isinstance(value, tuple):
            texts = np.empty(len(value), object)
            texts[:] = value
            return cls(STRING, texts)
        return cls(attribute.type, value)

    @property
    def address(self) -> int:
        """Where the first element lies."""
        return self.array.ctypes.data

    def _laid_out(self, kind: NetcdfType, values: np.ndarray) -> np.ndarray:
        """Return the values as elements of `layout`, of the same shape."""
        if kind is STRING:
            return self._addresses(values)
        if isinstance(kind, VlenType):
            return self._rows(kind, values)
        if isinstance(kind, CompoundType):
            result = np.zeros(values.shape, layout(kind))
            for part in kind.fields:
                result[part.name] = self._laid_out(part.type, values[part.name])
            return result
        if not np.can_cast(values.dtype, kind.dtype, "equiv"):
            raise ValuesError(f"has values of {values.dtype}, wanted {kind.dtype} for {kind.name}")
        return np.ascontiguousarray(values, kind.dtype).reshape(values.shape)

    def _addresses(self, values: np.ndarray) -> np.ndarray:
        """Return where the texts lie, one behind the other; NULL is 0."""
        texts = [_text(text) for text in values.ravel().tolist()]
        known = [text for text in texts if text is not None]
        lengths = np.array([len(text) + 1 for text in known], np.uintp)
        start = self._keep(np.frombuffer(b"\0".join(known) + b"\0", "u1"))
        result = np.zeros(len(texts), ADDRESS)
        result[[text is not None for text in texts]] = start + np.cumsum(lengths) - lengths
        return result.reshape(values.shape)

    def _rows(self, kind: VlenType, values: np.ndarray) -> np.ndarray:
        """Return the rows, whose elements lie one behind the other."""
        rows = [_row(kind, row) for row in values.ravel().tolist()]
        lengths = np.array([len(row) for row in rows], np.uintp)
        elements = np.concatenate([np.empty(0, kind.base.dtype), *rows])
        laid_out = np.ascontiguousarray(self._laid_out(kind.base, elements))
        result = np.zeros(len(rows), ROW)
        result["length"] = lengths
        starts = (np.cumsum(lengths) - lengths) * np.uintp(laid_out.itemsize)
        result["data"] = self._keep(laid_out) + starts
        return result.reshape(values.shape)

    def _keep(self, array: np.ndarray) -> np.uintp:
        """Keep an array alive, and return where it lies."""
        self._kept.append(array)
        return np.uintp(array.ctypes.data)


def _text(text: Any) -> bytes | None:
    """Return a text as C has it."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValuesError(f"has {text!r} where a text, or None, should be")
    found = _bytes(text)
    if b"\0" in found:
        raise ValuesError(f"has the text {text!r}, but a string of netCDF ends at its first NUL")
    return found


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValuesError(f"has the text {text!r}, which UTF-8 cannot say") from error


def _row(kind: VlenType, row: Any) -> np.ndarray:
    if not isinstance(row, np.ndarray) or row.ndim != 1:
        raise ValuesError(f"has {row!r} where a row of {kind.base.name} should be")
    if not np.can_cast(row.dtype, kind.base.dtype, "equiv"):
        raise ValuesError(f"has a row of {row.dtype}, wanted {kind.base.dtype} for {kind.name}")
    return row.astype(kind.base.dtype, copy=False)
