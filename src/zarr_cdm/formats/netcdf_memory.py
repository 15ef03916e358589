"""Values as netCDF-C has them in memory, and as the model has them.

They differ where C has addresses: a text is a ``char *`` there, a row a ``nc_vlen_t``. All else is
the same bytes.

>>> text = ctypes.create_string_buffer("°C".encode())
>>> memory = np.array([ctypes.addressof(text), 0], memory_dtype(STRING))
>>> values(STRING, memory)
array(['°C', None], dtype=object)
"""

from __future__ import annotations

import ctypes

import numpy as np

from zarr_cdm.cdm.types import STRING, CompoundType, NetcdfType, VlenType

TEXT = np.dtype(np.uintp)
ROW = np.dtype([("length", np.uintp), ("data", np.uintp)])


def memory_dtype(kind: NetcdfType) -> np.dtype:
    """Return the dtype of elements in C's memory."""
    if not kind.dtype.hasobject:
        return kind.dtype
    if isinstance(kind, CompoundType):
        return np.dtype(
            {
                "names": [part.name for part in kind.fields],
                "formats": [(memory_dtype(part.type), part.shape) for part in kind.fields],
                "offsets": [part.offset for part in kind.fields],
                "itemsize": kind.item_bytes,
            }
        )
    return TEXT if kind is STRING else ROW


def values(kind: NetcdfType, memory: np.ndarray) -> np.ndarray:
    """Return what C has in ``memory``, which may be freed then; without addresses, ``memory``."""
    if not kind.dtype.hasobject:
        return memory
    result = np.empty(memory.shape, kind.dtype)
    if isinstance(kind, CompoundType):
        for part in kind.fields:
            result[part.name] = values(part.type, memory[part.name])
    elif isinstance(kind, VlenType):
        result.reshape(-1)[...] = _rows(kind, memory)
    else:
        result.reshape(-1)[...] = _texts(memory)
    return result


def _texts(memory: np.ndarray) -> list[str | None]:
    flat = np.ascontiguousarray(memory).reshape(-1)
    if not flat.size:
        return []
    found = (ctypes.c_char_p * flat.size).from_buffer(flat.data)
    return [None if text is None else text.decode("utf-8", "surrogateescape") for text in found]


def _rows(kind: VlenType, memory: np.ndarray) -> np.ndarray:
    base = memory_dtype(kind.base)
    flat = memory.reshape(-1)
    result = np.empty(flat.size, object)
    for place, (length, address) in enumerate(flat.tolist()):
        data = ctypes.string_at(address, length * base.itemsize) if length else b""
        result[place] = values(kind.base, np.frombuffer(bytearray(data), base))
    return result
