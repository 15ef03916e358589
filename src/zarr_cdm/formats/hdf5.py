"""What netCDF4-python cannot tell of a netCDF-4 file, through h5py.

netCDF4-python gives the same ``str`` for an attribute of type char and for one of type string,
drops NULs and bytes that are no UTF-8, and finds dimensions by their name alone. The file
underneath is HDF5 and says all of it.

Source: "The NetCDF-4 Format",
https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html
"""

from __future__ import annotations

from types import TracebackType
from typing import Literal, Self

import h5py
import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Filter, Storage
from zarr_cdm.cdm.types import CHAR, STRING
from zarr_cdm.errors import FormatError

NUMBERS = (h5py.h5t.INTEGER, h5py.h5t.FLOAT)
# What is put before the name of a variable that is no coordinate of the dimension of its name.
NON_COORDINATE = "_nc4_non_coord_"
DIMENSION_LIST = "DIMENSION_LIST"  # for each axis the scales that are attached to it


LAYOUTS: dict[int, Literal["contiguous", "compact", "chunked"]] = {
    h5py.h5d.COMPACT: "compact",
    h5py.h5d.CONTIGUOUS: "contiguous",
    h5py.h5d.CHUNKED: "chunked",
    h5py.h5d.VIRTUAL: "contiguous",
}
BYTE_ORDERS: dict[int, Literal["little", "big"]] = {
    h5py.h5t.ORDER_LE: "little",
    h5py.h5t.ORDER_BE: "big",
}
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 307: "bzip2"}
FILTERS |= {32001: "blosc", 32015: "zstd"}


def is_hdf5(path: str) -> bool:
    """Tell whether a file is HDF5, behind a user block too."""
    return bool(h5py.is_hdf5(path))


class Hdf5File:
    """A netCDF-4 file as HDF5 sees it, open for reading."""

    def __init__(self, path: str) -> None:
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise FormatError(
                f"not readable as HDF5, damaged or cut short ({error}); fetch it again",
                source=path,
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def extent(self, group: str, variable: str) -> tuple[int, ...]:
        """Return the stored shape of a variable; netCDF pads it along unlimited dimensions."""
        shape: tuple[int, ...] = self._object(group, variable).shape
        return shape

    def dimensions(self, group: str, variable: str) -> tuple[str, ...] | None:
        """Return the paths of a variable's dimensions; None where it is one itself, or has none."""
        owner = self._object(group, variable)
        if DIMENSION_LIST not in owner.attrs:
            return None
        axes = owner.attrs[DIMENSION_LIST]
        if not all(len(scales) for scales in axes):
            return None
        return tuple(h5py.h5r.get_name(scales[0], owner.id).decode() for scales in axes)

    def storage(self, group: str, variable: str) -> Storage:
        """Return how a variable is stored, but for its fill value."""
        stored = self._object(group, variable).id
        recipe = stored.get_create_plist()
        chunked = recipe.get_layout() == h5py.h5d.CHUNKED
        kind = stored.get_type()
        number = kind.get_class() in NUMBERS and kind.get_size() > 1
        return Storage(
            layout=LAYOUTS[recipe.get_layout()],
            chunks=recipe.get_chunk() if chunked else None,
            filters=tuple(_filter(*recipe.get_filter(i)) for i in range(recipe.get_nfilters())),
            endian=BYTE_ORDERS[kind.get_order()] if number else None,
            fill_mode="none" if recipe.get_fill_time() == h5py.h5d.FILL_TIME_NEVER else "default",
        )

    def stored_bytes(self, group: str, variable: str) -> int:
        """Return how many bytes a variable takes; texts lie in a heap and do not count."""
        return int(self._object(group, variable).id.get_storage_size())

    def attributes(self, group: str, variable: str | None) -> dict[str, Attribute | None]:
        """Return the attributes of a group or variable that are not plain numbers.

        Text comes with its exact bytes and as char or string, whichever it is; an attribute of a
        user-defined type is None.
        """
        owner = self._object(group, variable).id
        found: dict[str, Attribute | None] = {}
        for number in range(h5py.h5a.get_num_attrs(owner)):
            attribute = h5py.h5a.open(owner, index=number)
            kind = attribute.get_type()
            if kind.get_class() == h5py.h5t.STRING:
                found[attribute.name.decode()] = _text(attribute, kind)
            elif kind.get_class() not in NUMBERS:
                found[attribute.name.decode()] = None
        return found

    def _object(self, group: str, variable: str | None) -> h5py.HLObject:
        try:
            place = self._file[group]
            if variable is None:
                return place
            hidden = NON_COORDINATE + variable
            return place[hidden if hidden in place else variable]
        except KeyError as error:  # netCDF4-python reads names of 256 bytes, the most, wrongly
            raise FormatError(
                f"HDF5 has no {variable or group!r}, of which netCDF4-python speaks",
                source=self._file.filename,
            ) from error


def _text(attribute: h5py.h5a.AttrID, kind: h5py.h5t.TypeStringID) -> Attribute:
    """Return a text attribute; one of fixed length is char to netCDF-C, all else string."""
    empty = attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL
    if kind.is_variable_str():
        texts = np.empty((0,) if empty else attribute.shape, h5py.string_dtype())
        if texts.size:
            attribute.read(texts)
        return Attribute([_decode(text) for text in texts.ravel()], STRING)
    if empty:
        return Attribute("", CHAR)
    stored = np.empty(attribute.shape, f"S{kind.get_size()}")
    attribute.read(stored, mtype=kind)
    if stored.size == 1:
        return Attribute(_decode(stored.tobytes()), CHAR)
    return Attribute([_decode(text) for text in stored.ravel()], STRING)


def _filter(code: int, flags: int, values: tuple[int, ...], name: bytes) -> Filter:
    return Filter(
        FILTERS.get(code) or name.decode("utf-8", "replace"), {"id": code, "values": values}
    )


def _decode(text: bytes | str | None) -> str:
    return text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text or ""
