"""netCDF4-python's names over netCDF's data model: code written for netCDF4 runs on Zarr.

>>> from zarr_cdm.netcdf4 import Dataset
>>> with Dataset("ocean.zarr") as nc:                                  # doctest: +SKIP
...     print(nc["temperature"][0, :10])
"""

import sys

from cftime import date2index, date2num, num2date

from zarr_cdm.netcdf4.dataset import Dataset, Group
from zarr_cdm.netcdf4.dimension import Dimension
from zarr_cdm.netcdf4.fills import default_fillvals
from zarr_cdm.netcdf4.texts import chartostring, stringtoarr, stringtochar
from zarr_cdm.netcdf4.types import CompoundType, EnumType, VLType
from zarr_cdm.netcdf4.variable import Variable

is_native_little = sys.byteorder == "little"
is_native_big = not is_native_little

__all__ = [
    "CompoundType",
    "Dataset",
    "Dimension",
    "EnumType",
    "Group",
    "VLType",
    "Variable",
    "chartostring",
    "date2index",
    "date2num",
    "default_fillvals",
    "is_native_big",
    "is_native_little",
    "num2date",
    "stringtoarr",
    "stringtochar",
]
