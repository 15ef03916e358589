"""Values of any netCDF type: whether they are the same, and rows of them.

>>> from zarr_cdm.cdm.types import ATOMIC_TYPES, VlenType
>>> row = VlenType("row", ATOMIC_TYPES["short"])
>>> same(row, rows([[1, 2], []], row), rows([[1, 2], []], row))
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from zarr_cdm.cdm.types import STRING, AtomicType, CompoundType, EnumType, NetcdfType, VlenType


def rows(values: Iterable[Any], kind: VlenType) -> np.ndarray:
    """Return elements of a vlen type from sequences: shape (n,), dtype object.

    NumPy by itself would make one array of two dimensions out of rows that are equally long.
    """
    given = list(values)
    result = np.empty(len(given), object)
    for place, row in enumerate(given):
        if isinstance(kind.base, VlenType):
            result[place] = rows(row, kind.base)
        else:
            result[place] = np.array(row, kind.base.dtype).reshape(-1)
    return result


def unwritten(kind: NetcdfType) -> np.ndarray:
    """Return what netCDF has where nobody has written: shape ().

    The default fill value of an atomic type and of the base of an enum; else zeros all over, which
    are NULL for texts and empty rows.
    """
    result = zeros(kind, 1).reshape(())
    base = kind.base if isinstance(kind, EnumType) else kind
    if isinstance(base, AtomicType):
        result[()] = base.default_fill
    return result


def zeros(kind: NetcdfType, count: int) -> np.ndarray:
    """Return elements whose memory is zero, in C: texts are NULL, rows are empty."""
    result = np.zeros(count, kind.dtype)
    if isinstance(kind, CompoundType):
        for part in kind.fields:
            place = result[part.name]
            place[...] = zeros(part.type, place.size).reshape(place.shape)
    elif isinstance(kind, VlenType):
        for number in range(count):
            result[number] = np.empty(0, kind.base.dtype)
    elif kind is STRING:
        result[:] = None
    return result


def same(kind: NetcdfType, first: np.ndarray, second: np.ndarray) -> bool:
    """Tell whether two arrays of a type are the same, bit by bit.

    A NaN is itself, -0.0 is not 0.0, None (netCDF's NULL) is not the empty text; the padding of a
    compound does not count.
    """
    if first.shape != second.shape:
        return False
    if isinstance(kind, CompoundType):
        return all(same(part.type, first[part.name], second[part.name]) for part in kind.fields)
    if isinstance(kind, VlenType):
        pairs = zip(first.ravel().tolist(), second.ravel().tolist(), strict=True)
        return all(same(kind.base, *pair) for pair in pairs)
    if kind.dtype.hasobject:
        return bool(first.ravel().tolist() == second.ravel().tolist())
    return first.astype(kind.dtype).tobytes() == second.astype(kind.dtype).tobytes()
