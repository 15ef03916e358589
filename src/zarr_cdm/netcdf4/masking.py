"""What netCDF4-python does to values: masking what is missing, unpacking and packing.

Masked are the values of ``missing_value`` and ``_FillValue`` (netCDF's default where there is
none), and what is outside ``valid_range`` or ``valid_min`` and ``valid_max``. ``_Unsigned`` makes
unsigned numbers of signed ones, ``scale_factor`` and ``add_offset`` unpack.

Source: the docstrings of `set_auto_mask`, `set_auto_scale` and `set_always_mask` in netCDF4-python;
"Attribute conventions" in the netCDF user's guide.

>>> coding = Coding({"missing_value": np.int16(-1), "scale_factor": 0.5}, np.dtype("i2"))
>>> coding.decoded(np.array([-1, 3], "i2")).tolist()
[None, 1.5]
>>> coding.encoded(np.ma.masked_array([0.0, 1.5], [True, False]))
array([-1,  3], dtype=int16)
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zarr_cdm.cdm.types import atomic_type
from zarr_cdm.errors import NetcdfError, ValuesError, ZarrCdmWarning

BYTES = (np.dtype("i1"), np.dtype("u1"))


@dataclass(frozen=True, slots=True)
class Coding:
    """How the values of one variable are decoded and encoded.

    Attributes
    ----------
    attributes
        Of the variable, as they are shown.
    dtype
        Of the stored values.
    mask, scale, always
        Whether values are masked, and unpacked; whether arrays without missing values are masked
        arrays too.
    filled
        Whether netCDF fills what nobody has written.
    scalable
        Whether the values are numbers that can be packed: those of an enum are not.
    """

    attributes: Mapping[str, Any]
    dtype: np.dtype
    mask: bool = True
    scale: bool = True
    always: bool = True
    filled: bool = True
    scalable: bool = True

    @property
    def _unsigned(self) -> np.dtype | None:
        """The unsigned type that values are shown in."""
        wanted = self.attributes.get("_Unsigned") in ("true", "True")
        if not (wanted and self.scale and self.dtype.kind == "i"):
            return None
        return np.dtype(f"{self.dtype.byteorder}u{self.dtype.itemsize}")

    def decoded(self, values: Any) -> Any:
        """Return stored values as they are shown."""
        if self._unsigned is not None:
            values = values.view(self._unsigned)
        if self.mask:
            values = self._masked(values)
        return self._unpacked(values) if self.scale and self.scalable else values

    def _masked(self, values: Any) -> Any:
        hidden = np.zeros(values.shape, bool)
        fill = None
        for places, value in self._missing(values):
            if np.any(places):
                hidden = hidden | places
                fill = value if fill is None else fill
        low, high = self._valid()
        if low is not None:
            hidden = hidden | (values < low)
        if high is not None:
            hidden = hidden | (values > high)
        if not hidden.any():
            return np.ma.masked_array(values) if self.always else np.asarray(values)
        if fill is None:
            fill = self._default_fill() if self._cast("_FillValue") is None else self._fill_value()
        result = np.ma.masked_array(values, hidden, fill_value=fill)
        return result[()] if result.shape == () else result

    def _missing(self, values: Any) -> Any:
        """Yield where values are missing, each time with the value that says so."""
        missing = self._cast("missing_value")
        if missing is not None:
            places = [_equal(values, each) for each in np.atleast_1d(missing)]
            yield np.logical_or.reduce(places), np.atleast_1d(missing)[0]
        if self._cast("_FillValue") is not None:
            fill = self._fill_value()
            yield _equal(values, fill), fill
        elif self._unsigned is None and (self.filled or self.dtype not in BYTES):
            fill = self._default_fill()
            yield _equal(values, fill), fill

    def _fill_value(self) -> Any:
        return np.atleast_1d(self._cast("_FillValue"))[0]

    def _default_fill(self) -> Any:
        fill = np.array(atomic_type(self.dtype).default_fill, self.dtype)
        return fill.view(self._unsigned or self.dtype)[()]

    def _valid(self) -> tuple[Any, Any]:
        """Return the least and the largest valid value, None where there is none."""
        if self.dtype.kind == "S":
            return None, None
        both = self._cast("valid_range")
        if both is not None and both.size == 2:
            return both[0], both[1]
        return self._cast("valid_min"), self._cast("valid_max")

    def _cast(self, name: str) -> Any:
        """Return an attribute in the type of the values; None where there is none, or it cannot.

        One that would be another number then is ignored, with a warning.
        """
        if name not in self.attributes:
            return None
        given = np.array(self.attributes[name])
        try:
            with np.errstate(all="ignore"):
                found = given.astype(self.dtype)
                exact = bool(np.all(_same(given, found)))
        except (TypeError, ValueError, OverflowError):
            exact = False
        if not exact:
            message = f"{name} is {self.attributes[name]!r}, no {self.dtype}: it is not used"
            warnings.warn(message, ZarrCdmWarning, stacklevel=2)
            return None
        return found.view(self._unsigned or self.dtype)

    def _unpacked(self, values: Any) -> Any:
        try:
            factor, offset = self._packing()
        except (TypeError, ValueError):
            message = "scale_factor or add_offset is no number: nothing is unpacked"
            warnings.warn(message, ZarrCdmWarning, stacklevel=2)
            return values
        if factor is not None and offset is not None and factor == 1 and offset == 0:
            return values.astype(np.asarray(factor).dtype)
        if factor is not None and (factor != 1 or offset is not None):
            values = values * factor
        return values if offset is None or (factor is None and offset == 0) else values + offset

    def _packing(self) -> tuple[Any, Any]:
        """Return scale_factor and add_offset; raise where one is no number."""
        factor, offset = self.attributes.get("scale_factor"), self.attributes.get("add_offset")
        for number in (factor, offset):
            if number is not None:
                float(number)
        return factor, offset

    @property
    def packs(self) -> bool:
        """Whether values are packed before they are stored."""
        return self.scale and bool({"scale_factor", "add_offset"} & self.attributes.keys())

    def encoded(self, values: np.ndarray) -> np.ndarray:
        """Return values as they are stored: packed, of the stored type, the missing ones filled.

        Raises
        ------
        ValuesError
            The stored type cannot hold a value.
        """
        if self.packs:
            values = self._packed(values)
        if not isinstance(values, np.ma.MaskedArray):
            return cast(values, self.dtype)
        hidden = np.ma.getmaskarray(values)
        missing = np.atleast_1d(self.attributes.get("missing_value", ()))
        if "missing_value" in self.attributes and np.all(np.isin(values.data[hidden], missing)):
            return cast(values.data, self.dtype)  # they say themselves that they are missing
        result = np.empty(values.shape, self.dtype)
        result[~hidden] = cast(values.data[~hidden], self.dtype)
        if hidden.any():
            result[hidden] = self._for_masked()
        return result

    def _packed(self, values: Any) -> Any:
        factor, offset = self._packing()
        if offset is not None:
            values = values - offset
        if factor is not None:
            values = values / factor
        return np.around(values) if self.dtype.kind in "iu" else values

    def _for_masked(self) -> Any:
        """Return what is stored for a value that is masked."""
        missing = self.attributes.get("missing_value")
        if missing is None:
            missing = self.attributes.get("_FillValue", self._default_fill())
        if np.size(missing) != 1:
            raise NetcdfError(
                f"missing_value is {missing!r}: which of them shall masked values become? Fill them"
            )
        return np.array(missing).astype(self.dtype)


def _equal(values: Any, value: Any) -> Any:
    if getattr(value, "dtype", np.dtype(object)).kind == "f" and np.isnan(value):
        return np.isnan(values)
    return values == value


def _same(first: np.ndarray, second: np.ndarray) -> Any:
    if first.dtype.kind == "f" and second.dtype.kind == "f":
        return (first == second) | (np.isnan(first) & np.isnan(second))
    return first == second


def cast(values: Any, dtype: np.dtype) -> np.ndarray:
    """Return values in a type: floats are rounded, or lose their fraction in a whole number.

    Raises
    ------
    ValuesError
        A number is outside of what the type can hold, or a text is longer.
    """
    found = np.asarray(values)
    if found.dtype == dtype:
        return found
    if dtype.kind in "iu" and found.dtype.kind in "iufb" and found.size:
        limits = np.iinfo(dtype)
        if found.dtype.kind == "f":  # of which there may be none for the largest number
            whole = np.trunc(found)
            bad = ~((whole >= float(limits.min)) & (whole < float(limits.max + 1)))
        else:
            whole = found
            bad = (whole < limits.min) | (whole > limits.max)
        if np.any(bad):
            raise ValuesError(f"{dtype} cannot hold {found[bad].reshape(-1)[0]}")
        return np.asarray(whole, dtype)
    if dtype.kind == "S" and found.dtype.kind in "SU" and found.size:
        exact = found.astype("S")
        if np.strings.str_len(exact).max() > dtype.itemsize:
            raise ValuesError(f"{dtype} cannot hold {found.reshape(-1)[0]!r}")
        return exact.astype(dtype)
    try:
        with np.errstate(over="ignore"):
            result = found.astype(dtype)
    except (TypeError, ValueError) as error:
        raise ValuesError(f"{dtype} cannot hold values of {found.dtype} ({error})") from error
    if dtype.kind == "f" and found.dtype.kind == "f":
        bad = np.isinf(result) & ~np.isinf(found)
        if np.any(bad):
            raise ValuesError(f"{dtype} cannot hold {found[bad].reshape(-1)[0]}")
    return result


def quantized(values: Any, digits: float) -> Any:
    """Return values rounded to binary fractions that keep a decimal place.

    Source: ``least_significant_digit`` in the conventions of the Physical Sciences Laboratory.

    >>> float(quantized(np.float64(0.123), 1))
    0.125
    """
    bits = np.ceil(np.log2(10.0 ** _exponent(digits)))
    scale = 2.0**bits
    return np.around(scale * values) / scale


def _exponent(digits: float) -> int:
    """Return the power of ten that keeps at least that many places."""
    return int(np.ceil(digits)) if digits > 0 else int(np.floor(digits))
