"""Numbers from one type to another, with every rounding and rule that ``cast_value`` has.

>>> cast(np.array([0.5, -1.5, 300.0]), np.dtype("u1"), "nearest-even", "wrap")
array([  0, 254,  44], dtype=uint8)
>>> cast(np.array([2**24 + 1, 5]), np.dtype("f4"), "towards-positive", None)
array([1.6777218e+07, 5.0000000e+00], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zarr_cdm.core.codecs.bitround import bit_lengths


def _away(x: np.ndarray) -> np.ndarray:
    whole = np.trunc(x)
    away: np.ndarray = np.where(np.abs(x - whole) >= 0.5, whole + np.sign(x), whole)
    return away


ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nearest-even": np.rint,
    "nearest-away": _away,
    "towards-zero": np.trunc,
    "towards-positive": np.ceil,
    "towards-negative": np.floor,
}
OUT_OF_RANGE = (None, "clamp", "wrap")


def cast(array: np.ndarray, dtype: np.dtype, rounding: str, out_of_range: str | None) -> np.ndarray:
    """Return the numbers as ``dtype``, in an array of its own.

    Raises
    ------
    ArithmeticError
        A number lies outside of the type, or is one that the type does not have.
    """
    with np.errstate(all="ignore"):
        if dtype.kind == "f":
            return _to_floats(array, dtype, rounding, out_of_range)
        if array.dtype.kind == "f":
            return _floats_to_integers(array, dtype, rounding, out_of_range)
        return _integers_to_integers(array, dtype, out_of_range)


def _integers_to_integers(
    array: np.ndarray, dtype: np.dtype, out_of_range: str | None
) -> np.ndarray:
    have, want = np.iinfo(array.dtype), np.iinfo(dtype)
    if out_of_range == "clamp":
        array = np.clip(array, max(have.min, want.min), min(have.max, want.max))
    elif out_of_range is None and array.size:
        for end in (int(array.min()), int(array.max())):
            _check(want.min <= end <= want.max, end, dtype)
    return array.astype(dtype)


def _floats_to_integers(
    array: np.ndarray, dtype: np.dtype, rounding: str, out_of_range: str | None
) -> np.ndarray:
    _check(bool(np.all(np.isfinite(array))), "a NaN or infinity", dtype)
    whole = ROUNDINGS[rounding](array.astype("f8"))
    limits = np.iinfo(dtype)
    # The largest 64-bit integers are no float64, the number behind them is one.
    low, high = whole < float(limits.min), whole >= float(limits.max + 1)
    if not (low.any() or high.any()):
        return whole.astype(dtype)
    if out_of_range is None:
        _check(False, whole[low | high].flat[0], dtype)
    if out_of_range == "clamp":
        result = np.where(low | high, 0, whole).astype(dtype)
        result[low], result[high] = limits.min, limits.max
        return result
    size = np.fmod(np.abs(whole), 2.0**limits.bits).astype("u8")
    wrapped: np.ndarray = np.where(whole < 0, np.uint64(0) - size, size).astype(dtype)
    return wrapped


def _to_floats(
    array: np.ndarray, dtype: np.dtype, rounding: str, out_of_range: str | None
) -> np.ndarray:
    infinite = np.isinf(array)
    # To NumPy it is safe to cast 64-bit integers to float64.
    exact = np.can_cast(array.dtype, dtype, "safe") and array.dtype not in ("i8", "u8")
    if exact or rounding == "nearest-even":
        result = array.astype(dtype)
    elif array.dtype.kind == "f":
        result = _round_floats(array.astype("f8"), dtype, rounding)
    else:
        result = _round_integers(array, dtype, rounding)
    over = np.isinf(result) & ~infinite
    if out_of_range != "clamp" and over.any():
        _check(False, array[over].flat[0], dtype)
    return result


def _round_floats(array: np.ndarray, dtype: np.dtype, rounding: str) -> np.ndarray:
    """Return narrower floats: whole multiples of the last bit that they have there."""
    info = np.finfo(dtype)
    exponents = np.frexp(array)[1]
    last = np.maximum(exponents - (info.nmant + 1), info.minexp - info.nmant)
    rounded = np.ldexp(ROUNDINGS[rounding](np.ldexp(array, -last)), last)
    return np.where(np.isfinite(array), rounded, array).astype(dtype)


def _round_integers(array: np.ndarray, dtype: np.dtype, rounding: str) -> np.ndarray:
    negative = array < 0
    wide = array.astype("u8")
    size = np.where(negative, np.uint64(0) - wide, wide)
    drop = np.maximum(bit_lengths(size) - (np.finfo(dtype).nmant + 1), 0).astype("u8")
    whole = size >> drop
    # What is cut off, in quarters: none, less than half, half, more.
    one = np.uint64(1)
    rest, half = size & ((one << drop) - one), (one << drop) >> one
    quarters = np.where(rest == 0, 0, np.where(rest < half, 1, np.where(rest == half, 2, 3)))
    sign = np.where(negative, -1.0, 1.0)
    # 4 or 5 in front keeps even numbers even; a float64 holds no more bits of the number itself.
    head = (whole & one).astype("f8") + 4
    up = ROUNDINGS[rounding](sign * (head + quarters / 4)) * sign - head
    result: np.ndarray = np.ldexp(whole.astype("f8") + up, drop.astype("i4")) * sign
    return result.astype(dtype)


def _check(holds: bool, number: object, dtype: np.dtype) -> None:
    if not holds:
        raise OverflowError(f"{number} is no {dtype}")
