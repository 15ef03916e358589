"""Points in time and durations: NumPy's ``datetime64`` and ``timedelta64`` in both versions.

Specifications: zarr-extensions ``data-types/numpy.datetime64``, ``data-types/numpy.timedelta64``;
zarr-specs v2, "Data type encoding".

>>> to_numpy(Extension("numpy.datetime64", {"unit": "us", "scale_factor": 10}))
dtype('<M8[10us]')
>>> from_numpy(np.dtype("m8[ns]")).configuration
{'unit': 'ns', 'scale_factor': 1}
"""

from __future__ import annotations

import numpy as np

from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.extension import Extension

TIMES = {"numpy.datetime64": "M", "numpy.timedelta64": "m"}
UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "μs", "ns", "ps", "fs", "as", "generic")
LARGEST_SCALE = 2**31 - 1

_NAME_OF_KIND = {kind: name for name, kind in TIMES.items()}


def to_numpy(data_type: Extension) -> np.dtype:
    """Return the NumPy type; raise `MetadataError` where unit or scale factor are none."""
    unit = data_type.configuration.get("unit")
    scale = data_type.configuration.get("scale_factor")
    if unit not in UNITS:
        raise MetadataError(
            f"data type {data_type.name!r}: unit is {unit!r}, expected one of {', '.join(UNITS)}"
        )
    if type(scale) is not int or not 1 <= scale <= LARGEST_SCALE:
        raise MetadataError(
            f"data type {data_type.name!r}: scale_factor is {scale!r}, expected a whole number "
            f"from 1 to {LARGEST_SCALE}"
        )
    return np.dtype(f"{TIMES[data_type.name]}8[{scale}{unit}]")


def from_numpy(dtype: np.dtype) -> Extension:
    """Return the v3 data type: the inverse of `to_numpy`."""
    unit, scale = np.datetime_data(dtype)
    return _extension(dtype.kind, unit, scale)


def from_typestr(kind: str, scale: str | None, unit: str | None) -> Extension:
    """Return the v3 data type for the parts of ``M8[10us]``; without a unit it is generic."""
    return _extension(kind, unit or "generic", int(scale or 1))


def to_typestr(dtype: np.dtype) -> str:
    """Return the v2 type string without the byte order: the inverse of `from_typestr`."""
    unit, scale = np.datetime_data(dtype)
    if (unit, scale) == ("generic", 1):
        return f"{dtype.kind}8"
    return f"{dtype.kind}8[{'' if scale == 1 else scale}{unit}]"


def _extension(kind: str, unit: str, scale: int) -> Extension:
    return Extension(_NAME_OF_KIND[kind], {"unit": unit, "scale_factor": scale})
