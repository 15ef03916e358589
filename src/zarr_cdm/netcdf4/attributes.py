"""Attributes as netCDF4-python has them: plain values, also as attributes of the object itself.

What a value becomes: text that is ASCII, or bytes, is char; other text, and several texts, are
string; numbers keep their NumPy type.

>>> stored_as("K").type.name, stored_as("°C").type.name, stored_as(["a", "b"]).type.name
('char', 'string', 'string')
>>> stored_as([1, 2]).type.name, stored_as(np.float32(1)).type.name
('int64', 'float')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, CompoundType, NetcdfType
from zarr_cdm.dialects.texts import as_utf8
from zarr_cdm.errors import AttributesError
from zarr_cdm.netcdf4.masking import cast
from zarr_cdm.netcdf4.names import attribute_name
from zarr_cdm.netcdf4.session import Session
from zarr_cdm.netcdf4.types import matching, records, viewed

FILL_VALUE = "_FillValue"
ENHANCED = "NETCDF4"
WIDE = (ENHANCED, "NETCDF3_64BIT_DATA")  # data models that have int64
NUMBERS = {kind.dtype: kind for kind in ATOMIC_TYPES.values() if kind.dtype.kind in "iuf"}


def stored_as(
    value: Any,
    *,
    string: bool = False,
    model: str = "NETCDF4",
    compounds: Sequence[CompoundType] = (),
) -> Attribute:
    """Return the attribute that a Python value becomes.

    Parameters
    ----------
    string
        Whether text becomes a string even where a char would do.
    model
        The data model: the others have no strings, and most of them no int64.
    compounds
        The types that records may be of.

    Raises
    ------
    TypeError
        netCDF has no type for it.
    ValueError
        It has more than one dimension, or there is no such type of records.
    """
    array = np.array(value)
    if array.ndim > 1:
        raise ValueError(f"an attribute has one dimension, this one {array.ndim}; flatten it")
    if array.dtype.kind in "SU":
        return _text_stored_as(array, string, model)
    if array.dtype.names is not None:
        record = matching(array.dtype, compounds)
        return Attribute(records(array, record), record)
    if model not in WIDE and array.dtype.newbyteorder("=") == np.dtype("i8"):
        array = cast(array, np.dtype("i4"))
    kind = NUMBERS.get(array.dtype.newbyteorder("="))
    if kind is None:
        known = ", ".join(map(str, NUMBERS))
        raise TypeError(
            f"netCDF has no attribute of {array.dtype} as in {value!r}; expected text or {known}"
        )
    return Attribute(array, kind)


def _text_stored_as(array: np.ndarray, string: bool, model: str) -> Attribute:
    texts = [
        item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else item
        for item in array.reshape(-1).tolist()
    ]
    plain = model != ENHANCED
    if plain and (string or len(texts) > 1):
        raise OSError(f"{model} has no attributes of strings; join them to one text")
    if len(texts) > 1 or (string and texts):
        return Attribute(texts, STRING)
    text = "".join(texts)
    is_char = plain or array.dtype.kind == "S" or text.isascii()
    return Attribute(text, CHAR) if is_char else Attribute([text], STRING)


def shown_as(name: str, attribute: Attribute, encoding: str = "utf-8") -> Any:
    """Return an attribute as netCDF4-python shows it.

    A ``str``, a list of them, a NumPy scalar or a 1-D array; a ``_FillValue`` of chars is bytes.
    """
    if name == FILL_VALUE and isinstance(attribute.value, str):
        return attribute.value.encode("utf-8", "surrogateescape")
    if isinstance(attribute.value, np.ndarray):
        values = attribute.value.copy()
        if isinstance(attribute.type, CompoundType) and not values.dtype.hasobject:
            values = values.view(viewed(values.dtype))
        return values[0] if values.size == 1 else values
    if encoding.lower() in ("utf-8", "utf8"):
        return attribute.plain()
    return _decoded(attribute.value, encoding)


def _decoded(value: str | tuple[str | None, ...], encoding: str) -> Any:
    texts = (value,) if isinstance(value, str) else value
    found = [as_utf8(text).decode(encoding, "replace").replace("\0", "") for text in texts]
    return found[0] if len(found) == 1 else found


class Attributed:
    """Something that has netCDF attributes: a dataset, a group or a variable.

    ``thing.units = "K"`` sets an attribute, ``thing.units`` returns it, ``del thing.units`` removes
    it, and ``thing.__dict__`` is all of them. What has the name of something else of the object can
    be reached by `setncattr` and `getncattr` only.
    """

    __slots__ = ("_ncstring_attrs__", "_session")

    OWN: frozenset[str]  # names that are no netCDF attributes, and are not set from outside

    auto_complex = False  # whether complex numbers are made of pairs

    _session: Session
    _ncstring_attrs__: bool

    def _attributes(self) -> dict[str, Attribute]:
        """Return the attributes of the model."""
        raise NotImplementedError

    def _type_of(self, name: str) -> NetcdfType | None:
        """Return the type that an attribute of this name must have; None where any will do."""
        return None

    def ncattrs(self) -> list[str]:
        """Return the names of the attributes, in the order of their creation."""
        self._session.check_open(AttributesError)
        return list(self._attributes())

    def getncattr(self, name: str, encoding: str = "utf-8") -> Any:
        """Return the value of an attribute.

        Returns
        -------
        str, list of str, NumPy scalar or 1-D array

        Raises
        ------
        AttributesError
            There is none of this name; it is an `AttributeError`.
        """
        self._session.check_open(AttributesError)
        try:
            return shown_as(name, self._attributes()[name], encoding)
        except KeyError:
            raise AttributesError(f"there is no attribute {name!r}") from None

    def setncattr(self, name: str, value: Any) -> None:
        """Set an attribute, also one that has the name of something else of this object.

        Raises
        ------
        AttributesError
            It is no name for an attribute, or the dataset was opened for reading.
        TypeError, ValueError
            netCDF has no attribute for the value.
        """
        self._set({name: self._stored_as(value, self._ncstring_attrs__)})

    def setncattr_string(self, name: str, value: Any) -> None:
        """Set an attribute; text becomes a string even where a char would do."""
        self._set({name: self._stored_as(value, True)})

    def setncatts(self, attdict: Mapping[str, Any]) -> None:
        """Set all attributes of a mapping."""
        self._set({name: self._stored_as(value, False) for name, value in attdict.items()})

    def _stored_as(self, value: Any, string: bool) -> Attribute:
        model = self._session.data_model
        return stored_as(value, string=string, model=model, compounds=self._compounds())

    def _compounds(self) -> list[CompoundType]:
        """Return the types that records in attributes may be of."""
        raise NotImplementedError

    def _set(self, attributes: Mapping[str, Attribute]) -> None:
        self._session.change(AttributesError)
        self._attributes().update(
            {attribute_name(name): attribute for name, attribute in attributes.items()}
        )

    def delncattr(self, name: str) -> None:
        """Remove an attribute.

        Raises
        ------
        AttributesError
            There is none of this name; it is a `RuntimeError` too.
        """
        self._session.change()
        if name not in self._attributes():
            raise AttributesError(f"there is no attribute {name!r}")
        del self._attributes()[name]

    def renameAttribute(self, oldname: str, newname: str) -> None:
        """Give an attribute another name; it keeps its place among the others."""
        self._session.change()
        attributes = self._attributes()
        if oldname not in attributes:
            raise AttributesError(f"there is no attribute {oldname!r}")
        new = attribute_name(newname)
        if new != oldname and new in attributes:
            raise AttributesError(f"the name {new!r} is in use already; choose another")
        renamed = {new if name == oldname else name: each for name, each in attributes.items()}
        attributes.clear()
        attributes.update(renamed)

    def set_ncstring_attrs(self, ncstring_attrs: bool) -> None:
        """Set whether text attributes become strings even where chars would do."""
        self._own(_ncstring_attrs__=bool(ncstring_attrs))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """All attributes by their names."""
        return {name: self.getncattr(name) for name in self.ncattrs()}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self.getncattr(name)

    def _own(self, **values: Any) -> None:
        """Set what belongs to the object and is no netCDF attribute."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.OWN:
            raise AttributesError(f"{name!r} cannot be rebound; use setncattr for an attribute")
        self._assign(name, value)

    def _assign(self, name: str, value: Any) -> None:
        self.setncattr(name, value)

    def __delattr__(self, name: str) -> None:
        if name in self.OWN:
            raise AttributesError(f"{name!r} cannot be deleted; use delncattr for an attribute")
        self.delncattr(name)
