"""How a variable of a netCDF file is stored, as netCDF-C tells it."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Endian, Filter, Layout, Storage
from zarr_cdm.cdm.types import AtomicType, EnumType, NetcdfType
from zarr_cdm.cdm.values import zeros
from zarr_cdm.formats.netcdf_arrays import taken
from zarr_cdm.formats.netcdf_c import Int, Size, call
from zarr_cdm.formats.netcdf_memory import memory_dtype

LAYOUTS: dict[int, Layout] = {0: "chunked", 1: "contiguous", 2: "compact", 4: "contiguous"}
ENDIANS: dict[int, Endian] = {1: "little", 2: "big"}
# By their numbers at the HDF Group, https://github.com/HDFGroup/hdf5_plugins.
FILTERS = {
    1: "deflate",
    2: "shuffle",
    3: "fletcher32",
    4: "szip",
    5: "nbit",
    6: "scaleoffset",
    307: "bzip2",
    32000: "lzf",
    32001: "blosc",
    32004: "lz4",
    32008: "bitshuffle",
    32013: "zfp",
    32015: "zstd",
    32017: "sz",
    32026: "blosc2",
}
CLASSIC = Storage("contiguous", endian="big")


def storage(ncid: int, number: int, type_id: int, kind: NetcdfType, rank: int) -> Storage:
    """Return how a variable of a netCDF-4 file is stored.

    Its fill value is that of the file, whether it has an attribute that says so or not.
    """
    layout, chunks = Int(), (Size * max(1, rank))()
    call("nc_inq_var_chunking", ncid, number, layout, chunks)
    order, plain = Int(), isinstance(kind, AtomicType) and kind.dtype.kind in "iuf"
    call("nc_inq_var_endian", ncid, number, order)
    unfilled, fill = Int(), np.zeros(1, memory_dtype(kind))
    call("nc_inq_var_fill", ncid, number, unfilled, fill.ctypes.data)
    # HDF5 fills texts and rows always; of a file that is not netCDF's it may say nothing else.
    none = bool(unfilled.value) and not kind.dtype.hasobject
    return Storage(
        layout=LAYOUTS.get(layout.value),
        chunks=tuple(chunks[:rank]) if LAYOUTS.get(layout.value) == "chunked" else None,
        filters=tuple(_filter(ncid, number, code) for code in _filter_ids(ncid, number)),
        endian=ENDIANS.get(order.value) if plain and kind.dtype.itemsize > 1 else None,
        fill_mode="none" if none else "default",
        fill_value=None if unfilled.value else taken(ncid, type_id, kind, fill)[0],
    )


def _filter_ids(ncid: int, number: int) -> list[int]:
    count = Size()
    call("nc_inq_var_filter_ids", ncid, number, count, None)
    found = (ctypes.c_uint * max(1, count.value))()
    call("nc_inq_var_filter_ids", ncid, number, count, found)
    return list(found)[: count.value]


def _filter(ncid: int, number: int, code: int) -> Filter:
    count = Size()
    call("nc_inq_var_filter_info", ncid, number, code, count, None)
    found = (ctypes.c_uint * max(1, count.value))()
    call("nc_inq_var_filter_info", ncid, number, code, count, found)
    name = FILTERS.get(code, f"filter_{code}")
    return Filter(name, {"id": code, "values": tuple(found[: count.value])})


def with_fill(storage: Storage, kind: NetcdfType, fill: Attribute | None) -> Storage:
    """Return ``storage`` with its fill value; netCDF ignores a ``_FillValue`` of another type."""
    if fill is not None and fill.type is kind and len(fill.value):
        return replace(storage, fill_mode="explicit", fill_value=fill.element())
    if storage.fill_mode == "none" or storage.fill_value is not None:
        return storage
    return replace(storage, fill_value=unwritten(kind))


def unwritten(kind: NetcdfType) -> Any:
    """Return what an element is that nobody has written; of a user type but for enums, zeros."""
    base = kind.base if isinstance(kind, EnumType) else kind
    if isinstance(base, AtomicType):
        return base.default_fill
    return zeros(base, 1)[0]
