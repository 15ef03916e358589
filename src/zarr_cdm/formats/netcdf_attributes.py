"""Attributes of a netCDF file: every type, exact to the byte, in the file's order."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import join
from zarr_cdm.cdm.types import CHAR, STRING
from zarr_cdm.errors import FormatError
from zarr_cdm.formats.netcdf_arrays import taken
from zarr_cdm.formats.netcdf_c import GLOBAL, Int, Size, call
from zarr_cdm.formats.netcdf_file import NetcdfFile
from zarr_cdm.formats.netcdf_inquire import name_buffer, reason
from zarr_cdm.formats.netcdf_memory import memory_dtype
from zarr_cdm.formats.netcdf_types import FileTypes


class Hidden(Protocol):
    """What netCDF-C passes over."""

    def attributes(self, group: str, variable: str | None) -> set[str]:
        """Return the names of all attributes of a group or a variable."""


class AttributeReader:
    """Reads attributes of groups and variables; those that cannot be read are left out."""

    def __init__(self, file: NetcdfFile, types: FileTypes, hidden: Hidden | None) -> None:
        self.file = file
        self.types = types
        self.hidden = hidden

    def of_group(self, ncid: int, path: str) -> dict[str, Attribute]:
        """Return the attributes of a group."""
        count = Int()
        try:
            call("nc_inq_natts", ncid, count)
        except FormatError as error:
            return self._none(path, error)
        found = self._read(ncid, GLOBAL, count.value, path)
        return self._complete(found, path, path, None)

    def of_variable(self, ncid: int, number: int, path: str, name: str) -> dict[str, Attribute]:
        """Return the attributes of the variable ``name`` in the group at ``path``."""
        count, place = Int(), join(path, name)
        try:
            call("nc_inq_varnatts", ncid, number, count)
        except FormatError as error:
            return self._none(place, error)
        return self._complete(self._read(ncid, number, count.value, place), place, path, name)

    def _none(self, place: str, error: FormatError) -> dict[str, Attribute]:
        """netCDF-C reads either all attributes of one place or, where one is damaged, none."""
        self.file.left_out(f"{place}@*", f"cannot be read ({reason(error)})")
        return {}

    def _read(
        self, ncid: int, number: int, count: int, place: str
    ) -> dict[str, Attribute | FormatError]:
        found: dict[str, Attribute | FormatError] = {}
        for index in range(count):
            label = name_buffer()
            call("nc_inq_attname", ncid, number, index, label)
            try:
                found[label.value.decode()] = self._attribute(ncid, number, label.value)
            except FormatError as error:
                found[label.value.decode()] = error
        return found

    def _attribute(self, ncid: int, number: int, label: bytes) -> Attribute:
        type_id, size = Int(), Size()
        call("nc_inq_att", ncid, number, label, type_id, size)
        kind = self.types[type_id.value]
        memory = np.zeros(size.value, memory_dtype(kind))
        if size.value:
            call("nc_get_att", ncid, number, label, memory.ctypes.data)
            memory = taken(ncid, type_id.value, kind, memory)
        if kind is CHAR:
            return Attribute(memory.tobytes().decode("utf-8", "surrogateescape"), CHAR)
        return Attribute(memory.tolist() if kind is STRING else memory, kind)

    def _complete(
        self,
        found: dict[str, Attribute | FormatError],
        place: str,
        group: str,
        variable: str | None,
    ) -> dict[str, Attribute]:
        """Return what was read, and say what was not."""
        good: dict[str, Attribute] = {}
        for name, attribute in found.items():
            if isinstance(attribute, Attribute):
                good[name] = attribute
            else:
                self.file.left_out(f"{place}@{name}", f"cannot be read ({reason(attribute)})")
        if self.hidden is not None:
            for name in sorted(self.hidden.attributes(group, variable) - found.keys()):
                why = "is of an HDF5 type that netCDF-C does not read"
                self.file.left_out(f"{place}@{name}", why)
        return good
