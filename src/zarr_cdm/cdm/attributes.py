"""Attributes with their netCDF type, exact to the bit.

>>> Attribute.of(np.float32(0.1))
Attribute(array([0.1], dtype=float32), 'float')
>>> Attribute.of("K") == Attribute.of(["K"])
False
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zarr_cdm.cdm.types import CHAR, STRING, NetcdfType, atomic_type
from zarr_cdm.cdm.values import same
from zarr_cdm.errors import UnsupportedError


class Attribute:
    """A value and its netCDF type.

    Attributes
    ----------
    type
        The netCDF type.
    value
        By type: ``str`` for char (bytes that are no UTF-8 are kept as lone surrogates, so that
        ``value.encode("utf-8", "surrogateescape")`` gives the stored bytes back), a tuple of
        ``str | None`` for string, a 1-D array of the type's dtype for everything else (see
        `types`). netCDF attributes have a length and no shape; a length of 0 is legal.
    """

    __slots__ = ("type", "value")

    def __init__(self, value: str | Sequence[str | None] | np.ndarray, type: NetcdfType) -> None:
        self.type = type
        if type is STRING:
            texts = (value,) if isinstance(value, str) else value
            self.value: str | tuple[str | None, ...] | np.ndarray = tuple(map(_text, texts))
        elif isinstance(value, str):
            self.value = str(value)  # a plain one, if it is NumPy's
        else:
            self.value = np.asarray(value, type.dtype).reshape(-1)

    @classmethod
    def of(cls, value: Any) -> Attribute:
        """Return the attribute that a Python or NumPy value stands for.

        ``str`` and ``bytes`` are char, a sequence of ``str`` is string, numbers keep their NumPy
        dtype; a Python int becomes int64 and a float double.

        Raises
        ------
        UnsupportedError
            Where netCDF has no type for the value.
        """
        if isinstance(value, str):
            return cls(value, CHAR)
        if isinstance(value, bytes):
            return cls(value.decode("utf-8", "surrogateescape"), CHAR)
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise UnsupportedError(f"netCDF has no attribute for {value!r} ({error})") from error
        kind = atomic_type(array.dtype)
        if kind is CHAR:
            return cls.of(array.tobytes())
        return cls(_texts(value) if kind is STRING else array, kind)

    def plain(self) -> Any:
        """Return the value as netCDF4-python and xarray show it.

        A ``str`` (without NULs, and with a replacement for bytes that are no UTF-8), a NumPy
        scalar (length 1), a list of ``str`` or a 1-D array.
        """
        if isinstance(self.value, str):
            return _clean(self.value)
        if isinstance(self.value, tuple):
            texts = [_clean(text or "") for text in self.value]
            return texts[0] if len(texts) == 1 else texts
        return self.value[0] if self.value.size == 1 else self.value

    def element(self) -> Any:
        """Return the first element as the data of a variable of this type have it."""
        if isinstance(self.value, str):
            return np.bytes_(self.value.encode("utf-8", "surrogateescape")[:1])
        return self.value[0] if isinstance(self.value, np.ndarray) else self.value[0] or ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Attribute) or self.type != other.type:
            return False
        if isinstance(self.value, np.ndarray) and isinstance(other.value, np.ndarray):
            return same(self.type, self.value, other.value)
        return type(self.value) is type(other.value) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Attribute({self.value!r}, {self.type.name!r})"


def _clean(text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "replace").replace("\0", "")


def _text(value: str | None) -> str | None:
    return value if value is None else str(value)


def _texts(value: Any) -> list[str | None]:
    """Return the texts of a sequence; raise where it has anything else."""
    items = value.reshape(-1).tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(items, list | tuple) or not all(
        item is None or isinstance(item, str) for item in items
    ):
        raise UnsupportedError(f"netCDF has no attribute for {value!r}; wanted texts or numbers")
    return list(items)
