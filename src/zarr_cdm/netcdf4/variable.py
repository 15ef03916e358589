"""A variable as netCDF4-python shows it: values on dimensions, masked and unpacked when read."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from zarr_cdm.cdm import types as cdm
from zarr_cdm.cdm.types import CHAR, STRING, AtomicType
from zarr_cdm.errors import AttributesError, SelectionError
from zarr_cdm.netcdf4.attributes import FILL_VALUE
from zarr_cdm.netcdf4.described import Described
from zarr_cdm.netcdf4.masking import Coding, quantized
from zarr_cdm.netcdf4.values import decode_texts, incoming, read, write

CAST = ("valid_min", "valid_max", "valid_range", "missing_value")
LEAST_DIGIT = "least_significant_digit"


class Variable(Described):
    """A variable of a dataset, made by `Dataset.createVariable`.

    ``variable[…]`` returns values, ``variable[…] = …`` assigns them; each axis is selected on its
    own (orthogonally) by an integer, a slice, or a 1-D array of integers or booleans. Unlimited
    dimensions grow by what is assigned.

    Attributes
    ----------
    scale, mask, always_mask, chartostring
        Whether values are unpacked, masked, masked arrays even where nothing is missing, and
        characters with an ``_Encoding`` joined to texts; the ``set_…`` methods change them.
    """

    __slots__ = ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[...], dtype)

    # Attributes that must be of the variable's type.

    def _assign(self, name: str, value: Any) -> None:
        if name in CAST and isinstance(self._model.type, AtomicType):
            found = self._coding({name: value})._cast(name)
            value = value if found is None else found
        self.setncattr(name, value)

    def setncattr(self, name: str, value: Any) -> None:
        """Set an attribute, also one that has the name of something else of this object.

        Raises
        ------
        AttributesError
            It is no name for an attribute, or ``_FillValue``, which only `createVariable` sets; or
            the dataset was opened for reading.
        TypeError, ValueError
            netCDF has no attribute for the value.
        """
        self._set({name: self._stored_as(value, self._ncstring_attrs__)})

    def _set(self, attributes: Any) -> None:
        if FILL_VALUE in attributes:
            raise AttributesError(f"{FILL_VALUE} is set by createVariable(…, fill_value=…) only")
        super()._set(attributes)

    # Values.

    def _coding(self, attributes: Any) -> Coding:
        kind = self._model.type
        atomic = isinstance(kind, AtomicType) and kind is not STRING
        enum = isinstance(kind, cdm.EnumType)
        return Coding(
            attributes,
            kind.dtype,
            mask=self.mask and (atomic or enum),
            scale=self.scale,
            always=self.always_mask,
            filled=self._model.storage.fill_mode != "none",
            scalable=atomic or isinstance(kind, cdm.VlenType),
        )

    def __getitem__(self, selection: Any) -> Any:
        """Return selected values.

        Returns
        -------
        masked array, or array
            Of the shape that is selected. A plain array with masking off; a ``str`` or a row where
            a single text or row is selected.

        Raises
        ------
        SelectionError
            The selection does not fit; it is an `IndexError`.
        """
        self._session.check_open()
        values, whole = read(self._model, selection)
        if self._model.type is STRING:
            return values
        if isinstance(self._model.type, cdm.CompoundType):
            view = self._datatype.dtype_view
            return values.view(view) if self.chartostring and view != values.dtype else values
        if not isinstance(self._model.type, cdm.VlenType | cdm.OpaqueType):
            values = values.astype(self.dtype, copy=False)
        values = self._coding(self.__dict__).decoded(values)
        if self.chartostring and self._model.type is CHAR and whole and self._encoding:
            return decode_texts(values, self._encoding)
        return values

    @property
    def _encoding(self) -> str | None:
        found = self._model.attributes.get("_Encoding")
        return str(found.plain()) if found is not None else None

    def __setitem__(self, selection: Any, value: Any) -> None:
        """Assign values to a selection.

        A masked value becomes ``missing_value``, ``_FillValue`` or netCDF's default fill value.
        Floats lose their fraction in whole numbers.

        Raises
        ------
        SelectionError
            The selection does not fit, or the values do not fit it; it is an `IndexError`.
        ValuesError
            The variable's type cannot hold a value; it is a `ValueError`.
        NetcdfError
            The dataset was opened for reading.
        """
        self._session.change()
        encoding = self._encoding if self.chartostring else None
        coding = self._coding(self.__dict__)
        values = incoming(self._model, value, encoding, coding)
        if LEAST_DIGIT in self._model.attributes and values.dtype.kind == "f":
            values = quantized(values, float(self.getncattr(LEAST_DIGIT)))
        write(self._model, selection, values, coding)

    def getValue(self) -> Any:
        """Return the value of a variable without dimensions."""
        if self._model.dimensions:
            raise SelectionError("the variable has dimensions; select values by a slice")
        return self[...]

    def assignValue(self, val: Any) -> None:
        """Assign the value of a variable without dimensions."""
        if self._model.dimensions:
            raise SelectionError("the variable has dimensions; assign values to a slice")
        self[...] = val

    # How values are shown.

    def set_auto_chartostring(self, chartostring: bool) -> None:
        """Set whether characters with an ``_Encoding`` are joined to texts."""
        self._own(chartostring=bool(chartostring))

    def set_auto_mask(self, mask: bool) -> None:
        """Set whether missing values are masked."""
        self._own(mask=bool(mask))

    def set_auto_scale(self, scale: bool) -> None:
        """Set whether values are unpacked, and packed when assigned."""
        self._own(scale=bool(scale))

    def set_auto_maskandscale(self, maskandscale: bool) -> None:
        """Set both of `set_auto_mask` and `set_auto_scale`."""
        self._own(mask=bool(maskandscale), scale=bool(maskandscale))

    def set_always_mask(self, always_mask: bool) -> None:
        """Set whether values are masked arrays even where nothing is missing."""
        self._own(always_mask=bool(always_mask))

    def __reduce__(self) -> NoReturn:
        raise NotImplementedError("Variable is not picklable; open the dataset where it is needed")
