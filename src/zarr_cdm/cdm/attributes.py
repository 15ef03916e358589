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


class Attribute:
    """A value and its netCDF type.

    Attributes
    ----------
    type
        The netCDF type.
    value
        By type: ``str`` for char (bytes that are no UTF-8 are kept as lone surrogates, so that
        ``value.encode("utf-8", "surrogateescape")`` gives the stored bytes back), a tuple of
        ``str | None`` for string, a 1-D array of the type's dtype for everything else. netCDF
        attributes have a length and no shape; a length of 0 is legal.
    """

    __slots__ = ("type", "value")

    def __init__(self, value: str | Sequence[str | None] | np.ndarray, type: NetcdfType) -> None:
        self.type = type
        if isinstance(value, str):
            self.value: str | tuple[str | None, ...] | np.ndarray = value
        elif type is STRING:
            self.value = tuple(value)
        else:
            self.value = np.atleast_1d(np.asarray(value, type.dtype))

    @classmethod
    def of(cls, value: Any) -> Attribute:
        """Return the attribute that a Python or NumPy value stands for.

        ``str`` is char, a sequence of ``str`` is string, numbers keep their NumPy dtype; a Python
        int becomes int64 and a float double.

        Raises
        ------
        UnsupportedError
            Where netCDF has no type for the value.
        """
        if isinstance(value, str):
            return cls(value, CHAR)
        array = np.atleast_1d(np.asarray(value))
        if array.dtype.kind in "UO":
            return cls(tuple(array.tolist()), STRING)
        return cls(array, atomic_type(array.dtype))

    def plain(self) -> Any:
        """Return the value as netCDF4-python and xarray show it.

        A ``str`` (without NULs, and with a replacement for bytes that are no UTF-8), a NumPy
        scalar (length 1), a list of ``str`` or a 1-D array.
        """
        if isinstance(self.value, str):
            data = self.value.encode("utf-8", "surrogateescape")
            return data.decode("utf-8", "replace").replace("\0", "")
        if isinstance(self.value, tuple):
            texts = ["" if text is None else text for text in self.value]
            return texts[0] if len(texts) == 1 else texts
        return self.value[0] if self.value.size == 1 else self.value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Attribute) or self.type != other.type:
            return False
        if isinstance(self.value, np.ndarray) and isinstance(other.value, np.ndarray):
            return self.value.tobytes() == other.value.tobytes()
        return type(self.value) is type(other.value) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Attribute({self.value!r}, {self.type.name!r})"
