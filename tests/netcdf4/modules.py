"""The modules under test: netCDF4-python, and ours on both versions of Zarr and on netCDF.

A test that takes ``under`` runs with each of them, and its assertions hold for all. What differs
stands in `EXCEPTIONS` (names) and in test_differences.py (behaviour), each with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import netCDF4
import pytest

import zarr_cdm.netcdf4

CLASSES = ("Dataset", "Group", "Variable", "Dimension", "CompoundType", "VLType", "EnumType")
# Public names of netCDF4-python that ours does not have.
EXCEPTIONS = {
    "Dataset.fromcdl": "calls ncgen, which makes netCDF files only; convert what it has made",
    "Group.fromcdl": "as Dataset.fromcdl",
    "MFDataset": "many files as one are not part of the face",
    "MFTime": "goes with MFDataset",
    "NC_DISKLESS": "netCDF-C's flags for files in memory, which there are none of",
    "NC_PERSIST": "as NC_DISKLESS",
    "NetCDF4MissingFeatureException": "speaks of how netCDF-C was built",
    "dtype_is_complex": "complex numbers by auto_complex are not offered",
    "get_alignment": "a setting of HDF5",
    "set_alignment": "a setting of HDF5",
    "get_chunk_cache": "a setting of netCDF-C",
    "set_chunk_cache": "a setting of netCDF-C",
    "getlibversion": "there is no library below",
    "rc_get": "netCDF-C's settings for servers; storage_options are those of stores",
    "rc_set": "as rc_get",
    "default_encoding": "a constant of how it is made",
    "unicode_error": "a constant of how it is made",
}
MADE_BY = "no public constructor: netCDF4-python says to use "
EXCEPTIONS |= {
    "Variable.__init__": f"{MADE_BY}createVariable",
    "Dimension.__init__": f"{MADE_BY}createDimension",
    "CompoundType.__init__": f"{MADE_BY}createCompoundType",
    "VLType.__init__": f"{MADE_BY}createVLType",
    "EnumType.__init__": f"{MADE_BY}createEnumType",
}
# Keywords of netCDF4-python that mean something else here, or are refused with an error.
REFUSED = "refused: "
KEYWORDS = {
    "Dataset.__init__.format": "its default goes by the suffix: a store is no NETCDF4",
    "Dataset.__init__.diskless": f"{REFUSED}use memory:// of fsspec",
    "Dataset.__init__.persist": "goes with diskless",
    "Dataset.__init__.parallel": f"{REFUSED}stores are written by several processes without it",
    "Dataset.__init__.comm": "goes with parallel",
    "Dataset.__init__.info": "goes with parallel",
    "Dataset.__init__.auto_complex": REFUSED + "store the parts",
}


@dataclass(frozen=True)
class Module:
    """A module under test, and how it is told to write.

    Attributes
    ----------
    ours
        Whether it is ours.
    """

    name: str
    module: ModuleType
    suffix: str
    options: dict[str, Any]

    @property
    def ours(self) -> bool:
        return self.module is zarr_cdm.netcdf4

    def path(self, folder: Path, name: str = "data") -> str:
        return str(folder / f"{name}{self.suffix}")

    def new(self, folder: Path, name: str = "data", mode: str = "w", **others: Any) -> Any:
        return self.module.Dataset(self.path(folder, name), mode, **self.options, **others)

    def open(self, folder: Path, mode: str = "r", name: str = "data") -> Any:
        return self.module.Dataset(self.path(folder, name), mode)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


MODULES = [
    Module("netCDF4", netCDF4, ".nc", {}),
    Module("zarr3", zarr_cdm.netcdf4, ".zarr", {}),
    Module("zarr2", zarr_cdm.netcdf4, ".zarr", {"format": "ZARR2"}),
    Module("netcdf", zarr_cdm.netcdf4, ".nc", {}),
]
over_modules = pytest.mark.parametrize("under", MODULES, ids=lambda each: each.name)
