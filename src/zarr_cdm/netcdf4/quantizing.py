"""Rounding to significant digits, as netCDF-C does it: values that compress better.

The bits of the significand that the digits do not need are set to zeros (``BitRound``, and
``GranularBitRound``, which finds for each value how many there are), or to zeros and ones by turns
(``BitGroom``). The variable notes it by an attribute, and whatever is assigned is rounded.

Missing values are left as they are, and so are infinities, of which netCDF-C makes other values.

Sources: "Quantization" in netCDF-C's documentation (`nc_def_var_quantize`); Zender (2016),
doi:10.5194/gmd-9-3199-2016; Delaunay et al. (2019), doi:10.5194/gmd-12-4099-2019; Kouznetsov
(2021), doi:10.5194/gmd-14-377-2021.

>>> pi = np.full(2, np.pi, "f4")
>>> rounded(pi, "BitGroom", 2, np.float32(-1)).tolist()
[3.140625, 3.148437261581421]
>>> rounded(pi, "BitRound", 4, np.float32(-1)).tolist()
[3.125, 3.125]
"""

from __future__ import annotations

from math import ceil, log

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, AtomicType, NetcdfType
from zarr_cdm.errors import NetcdfError

ATTRIBUTES = {
    "BitGroom": "_QuantizeBitGroomNumberOfSignificantDigits",
    "GranularBitRound": "_QuantizeGranularBitRoundNumberOfSignificantDigits",
    "BitRound": "_QuantizeBitRoundNumberOfSignificantBits",
}
BITS_PER_DIGIT, DIGITS_PER_BIT = log(10) / log(2), log(2) / log(10)
MOST_DIGITS = {"float": 6, "double": 15}


def attribute_for(kind: NetcdfType, mode: str, digits: int) -> tuple[str, Attribute]:
    """Return the name and value of the attribute that says how values are rounded.

    Raises
    ------
    ValueError
        There is no such algorithm.
    NetcdfError
        The values are no floats, or have not so many digits.
    """
    if mode not in ATTRIBUTES:
        raise ValueError(f"quantize_mode is {mode!r}, expected one of: {', '.join(ATTRIBUTES)}")
    if kind.name not in MOST_DIGITS:
        raise NetcdfError(f"significant_digits are for floats, not for {kind.name!r}")
    most = np.finfo(kind.dtype).nmant if mode == "BitRound" else MOST_DIGITS[kind.name]
    if not 1 <= digits <= most:
        raise NetcdfError(
            f"significant_digits is {digits}, expected 1 to {most} ({mode}, {kind.name})"
        )
    return ATTRIBUTES[mode], Attribute(np.array([digits], "i4"), ATOMIC_TYPES["int"])


def quantization_of(variable: Variable) -> tuple[int, str] | None:
    """Return how many digits, or bits, are kept by which algorithm; None where all are."""
    for mode, name in ATTRIBUTES.items():
        if name in variable.attributes:
            return int(variable.attributes[name].plain()), mode
    return None


def quantized(variable: Variable, values: np.ndarray) -> np.ndarray:
    """Return values of a variable's type as they are stored: rounded, where it says so."""
    found, kind = quantization_of(variable), variable.type
    if found is None or kind.name not in MOST_DIGITS:
        return values
    assert isinstance(kind, AtomicType)
    fill = variable.storage.fill_value
    digits, mode = found
    return rounded(values, mode, digits, kind.default_fill if fill is None else fill)


def rounded(values: np.ndarray, mode: str, digits: int, missing: float) -> np.ndarray:
    """Return floats with ``digits`` significant digits, of a mode in `ATTRIBUTES`."""
    flat = np.ascontiguousarray(values).reshape(-1)
    bits = flat.view(f"u{flat.itemsize}")
    surplus = (np.finfo(flat.dtype).nmant - _needed(flat, mode, digits)).astype(bits.dtype)
    one = bits.dtype.type(1)
    rest = (one << surplus) - one  # the bits that are not needed
    if mode == "BitGroom":
        even = np.arange(flat.size) % 2 == 0
        changed = np.where(even, bits & ~rest, np.where(flat == 0, bits, bits | rest))
    else:
        changed = (bits + (rest & ~(rest >> one))) & ~rest
    same = (flat == missing) | ~np.isfinite(flat) | ((mode == "GranularBitRound") & (flat == 0))
    return np.where(same, bits, changed).view(flat.dtype).reshape(values.shape)


def _needed(values: np.ndarray, mode: str, digits: int) -> np.ndarray:
    """Return how many bits of the significand of each value are needed."""
    if mode == "BitRound":
        return np.full(values.shape, digits)
    if mode == "BitGroom":
        return np.full(values.shape, ceil(digits * BITS_PER_DIGIT) + 1)
    usable = np.where(np.isfinite(values) & (values != 0), values, 1).astype("f8")
    significand, exponent = np.frexp(usable)
    decimal = np.log10(np.abs(significand))
    before_point = np.floor(exponent * DIGITS_PER_BIT + decimal) + 1  # digits
    power = np.floor(BITS_PER_DIGIT * (before_point - digits))
    needed = np.abs(np.floor(exponent - BITS_PER_DIGIT * decimal) - power) - 1
    bits: np.ndarray = np.clip(needed, 0, np.finfo(values.dtype).nmant)
    return bits
