"""Elements as they are stored: packed, their numbers in a stated byte order.

The byte order is ``"little"`` or ``"big"`` for all numbers of an element, None where nothing is
said (then it is little), or, in v2 alone, a tuple with one of these for each field of a struct.

Specifications: zarr-specs v3 ``codecs/bytes``; zarr-extensions ``data-types/struct``,
"Endianness"; zarr-specs v2, "Data type encoding".

>>> bytes(to_stored(np.array([(1, 2)], "u1,u2"), np.dtype("u1,u2"), "big")).hex()
'010002'
>>> from_stored(bytes.fromhex("010002"), np.dtype("u1,u2"), "big")
array([(1, 2)], dtype=[('f0', 'u1'), ('f1', '<u2')])
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

Endian = str | None | tuple[Any, ...]
ORDERS: dict[str | None, str] = {"little": "<", "big": ">", None: "<"}
# How many bytes a number of a type has that NumPy does not know itself, by the type's name.
MACHINE_NUMBERS = {"bfloat16": 2, "complex32": 2, "bcomplex32": 2}


def has_byte_order(dtype: np.dtype) -> bool:
    """Tell whether elements are made of numbers of more than one byte, or have such fields."""
    dtype = dtype.base
    if dtype.names is None:
        return _number_bytes(dtype) > 1
    return any(has_byte_order(dtype[name]) for name in dtype.names)


def is_memory(dtype: np.dtype, endian: Endian) -> bool:
    """Tell whether stored elements are just what lies in memory."""
    return dtype.isnative and _numbers(dtype, endian) == _numbers(dtype, sys.byteorder)


def to_stored(array: np.ndarray, dtype: np.dtype, endian: Endian) -> np.ndarray:
    """Return the bytes of an array's elements in C order, as a flat array of ``uint8``."""
    native = dtype.newbyteorder("=")
    found = np.ascontiguousarray(array, native).reshape(-1)
    if not is_memory(native, endian):
        found = found.view(_numbers(dtype, sys.byteorder)).astype(_numbers(dtype, endian))
    return found.view(np.uint8)


def from_stored(data: Any, dtype: np.dtype, endian: Endian) -> np.ndarray:
    """Return the elements as a flat array: the inverse of `to_stored`."""
    if is_memory(dtype, endian):
        return np.frombuffer(data, dtype)
    stored = np.frombuffer(data, _numbers(dtype, endian)).astype(_numbers(dtype, sys.byteorder))
    return stored.view(dtype.newbyteorder("=")).astype(dtype, copy=False)


def _numbers(dtype: np.dtype, endian: Endian) -> np.dtype:
    """Return integers of a byte order that lie where a type has its numbers."""
    dtype = dtype.base
    if dtype.names is None:
        assert not isinstance(endian, tuple)
        return np.dtype(f"{ORDERS[endian]}u{_number_bytes(dtype)}")
    orders = endian if isinstance(endian, tuple) else (endian,) * len(dtype.names)
    fields: list[Any] = []
    for name, order in zip(dtype.names, orders, strict=True):
        numbers = _numbers(dtype[name], order)
        fields.append((name, numbers, (dtype[name].itemsize // numbers.itemsize,)))
    return np.dtype(fields)


def _number_bytes(dtype: np.dtype) -> int:
    if dtype.kind in "iufMm":
        return dtype.itemsize
    if dtype.kind == "c":
        return dtype.itemsize // 2
    return 4 if dtype.kind == "U" else MACHINE_NUMBERS.get(dtype.name, 1)
