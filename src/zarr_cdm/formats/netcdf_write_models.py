"""What each data model of netCDF can hold: a table.

Source: netCDF-C, "File Format Specifications" and ``netcdf.h``; lengths and axes as netCDF-C
enforces them.

>>> sorted(DATA_MODELS["NETCDF3_CLASSIC"].types)
['byte', 'char', 'double', 'float', 'int', 'short']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zarr_cdm.cdm.types import ATOMIC_TYPES

_NETCDF4, _CLASSIC_MODEL, _64BIT_OFFSET, _64BIT_DATA = 0x1000, 0x0100, 0x0200, 0x0020
_CLASSIC_TYPES = frozenset(("byte", "char", "short", "int", "float", "double"))
_ANY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class DataModel:
    """One kind of netCDF file.

    Attributes
    ----------
    name
        As netCDF4-python calls it.
    mode
        How ``nc_create`` is told.
    types
        The atomic types, by name.
    enhanced
        Whether there are groups, user-defined types, and unlimited dimensions as many as wanted.
    hdf5
        Whether the file is HDF5: reserved names, chunks, filters and byte orders are its.
    largest
        The longest length of a dimension that is not unlimited.
    axes
        The most dimensions of a variable.
    """

    name: str
    mode: int
    types: frozenset[str]
    enhanced: bool = False
    hdf5: bool = False
    largest: int = _ANY
    axes: int = 1024


DATA_MODELS: Mapping[str, DataModel] = {
    model.name: model
    for model in (
        DataModel("NETCDF4", _NETCDF4, frozenset(ATOMIC_TYPES), enhanced=True, hdf5=True, axes=32),
        DataModel("NETCDF4_CLASSIC", _NETCDF4 | _CLASSIC_MODEL, _CLASSIC_TYPES, hdf5=True, axes=32),
        DataModel("NETCDF3_CLASSIC", 0, _CLASSIC_TYPES, largest=2**31 - 4),
        DataModel("NETCDF3_64BIT_OFFSET", _64BIT_OFFSET, _CLASSIC_TYPES, largest=2**32 - 4),
        DataModel("NETCDF3_64BIT_DATA", _64BIT_DATA, frozenset(ATOMIC_TYPES) - {"string"}),
    )
}
