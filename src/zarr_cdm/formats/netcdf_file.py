"""One netCDF file that netCDF-C has open."""

from __future__ import annotations

import ctypes
import os
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from zarr_cdm.cdm.model import join
from zarr_cdm.errors import FormatError, NodeNotFoundError, ZarrCdmWarning
from zarr_cdm.formats.netcdf_c import GLOBAL, LOCK, NOWRITE, Int, Size, call
from zarr_cdm.formats.netcdf_inquire import groups, reason, variables

MODELS = {  # netCDF4-python's names
    1: "NETCDF3_CLASSIC",
    2: "NETCDF3_64BIT_OFFSET",
    3: "NETCDF4",
    4: "NETCDF4_CLASSIC",
    5: "NETCDF3_64BIT_DATA",
}
PROPERTIES = b"_NCProperties"
Place = tuple[int, int]  # of a variable: the number of its group, its own number there


@dataclass(eq=False, slots=True)
class _Handle:
    """A file that netCDF-C has open for all who read it.

    A file that is open twice shares its types in HDF5 (2.0), and when one of the two is closed,
    reading rows from the other crashes. So each file is open once.
    """

    ncid: int
    users: int = 0


_Key = tuple[int, ...]
_HANDLES: dict[_Key, _Handle] = {}


def _open(path: str) -> _Key:
    """Open the file unless it is; return its key in ``_HANDLES``."""
    facts, found = os.stat(path), Int()
    key = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    if key not in _HANDLES:
        call("nc_open", os.fsencode(path), NOWRITE, found)
        _HANDLES[key] = _Handle(found.value)
    _HANDLES[key].users += 1
    return key


def _close(key: _Key) -> None:
    handle = _HANDLES[key]
    handle.users -= 1
    if not handle.users:
        del _HANDLES[key]
        call("nc_close", handle.ncid)


class NetcdfFile:
    """One open file, shared by all arrays that read from it; opened again where it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._places: dict[str, Place] | None = None
        self._key: _Key | None = None
        with LOCK:
            try:
                self._key = _open(path)
            except FormatError as error:
                raise FormatError(
                    f"netCDF4 cannot read this file: {reason(error)}", source=path
                ) from error
            except FileNotFoundError as error:
                raise NodeNotFoundError("there is no such file", source=path) from error

    @property
    def ncid(self) -> int:
        """The number of the file, which is that of its root group."""
        if self._key is None:
            raise FormatError("the file has been closed")
        return _HANDLES[self._key].ncid

    def provenance(self) -> dict[str, str]:
        """Return the data model, and netCDF-C's note of who wrote the file, if it has one."""
        model, size = Int(), Size()
        call("nc_inq_format", self.ncid, model)
        found = {"data_model": MODELS[model.value]}
        if found["data_model"].startswith("NETCDF4"):
            with suppress(FormatError):  # there is none
                call("nc_inq_att", self.ncid, GLOBAL, PROPERTIES, None, size)
                text = ctypes.create_string_buffer(size.value)
                call("nc_get_att", self.ncid, GLOBAL, PROPERTIES, text)
                found["nc_properties"] = text.raw.decode("utf-8", "surrogateescape")
        return found

    def left_out(self, place: str, why: str) -> None:
        """Warn of what is not read."""
        text = f"{self.path}: {place} {why} and is left out"
        warnings.warn(text, ZarrCdmWarning, stacklevel=2)

    def place(self, path: str) -> Place:
        """Return by which numbers netCDF-C knows the variable at ``path``.

        Raises
        ------
        FormatError
            There is none.
        """
        if self._places is None:
            self._places = {
                join(group, own): (ncid, number)
                for ncid, group in groups(self.ncid)
                for number, own in variables(ncid).items()
                if isinstance(own, str)
            }
        try:
            return self._places[path]
        except KeyError as error:
            raise FormatError("the file has no such variable any more") from error

    def close(self) -> None:
        """Let go of the file, once."""
        with LOCK:
            if self._key is not None:
                key, self._key = self._key, None
                _close(key)

    def __del__(self) -> None:
        if hasattr(self, "_key"):
            self.close()

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.path,)
