r"""netCDF's default fill values, by the codes of NumPy types as netCDF4-python has them.

>>> default_fillvals["i2"], default_fillvals["S1"]
(-32767, '\x00')
"""

from __future__ import annotations

from typing import Any

from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING

default_fillvals: dict[str, Any] = {
    kind.dtype.str[1:]: "\0" if kind is CHAR else kind.default_fill.item()
    for kind in ATOMIC_TYPES.values()
    if kind is not STRING
}
