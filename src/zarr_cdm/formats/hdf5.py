"""What netCDF-C does not tell of a netCDF-4 file, through h5py.

How much of a variable is stored: netCDF-C says how long its dimensions are; along unlimited ones,
less may be there. And what netCDF-C passes over without a word, or takes for something else, since
HDF5 has more types than netCDF.

Source: "The NetCDF-4 Format",
https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

import h5py

from zarr_cdm.cdm.model import join
from zarr_cdm.errors import FormatError, ZarrCdmError
from zarr_cdm.formats.hdf5_links import DAMAGED, check_groups, culprits

# What is put before the name of a variable that is no coordinate of the dimension of its name.
NON_COORDINATE = "_nc4_non_coord_"
ALONE = b"This is a netCDF dimension but not a netCDF variable"
# netCDF-C's own, which it does not show.
RESERVED = frozenset(
    (
        *("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid"),
        *("_Netcdf4Coordinates", "_NCProperties", "_nc3_strict"),
    )
)


def is_hdf5(path: str) -> bool:
    """Tell whether a file is HDF5, behind a user block too."""
    return bool(h5py.is_hdf5(path))


class Hdf5File:
    """A netCDF-4 file as HDF5 sees it, open for reading."""

    def __init__(self, path: str) -> None:
        with ExitStack() as opened:
            try:
                self._file = opened.enter_context(h5py.File(path, "r"))
                check_groups(self._file)
            except ZarrCdmError:  # some of them are of h5py's kinds too
                raise
            except DAMAGED as error:
                raise FormatError(
                    f"not readable as HDF5, damaged or cut short ({error}); fetch it again",
                    source=path,
                ) from error
            opened.pop_all()

    def culprits(self) -> str:
        """Return at what netCDF-C fails; "" if that is not known."""
        return culprits(self._file)

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
        shape: tuple[int, ...] = self._dataset(group, variable).shape
        return shape

    def datasets(self, group: str) -> set[str]:
        """Return the names of what may be variables of a group, those of dimensions too."""
        place = h5py.h5g.open(self._file.id, group.encode())
        names = {name: name.decode("utf-8", "surrogateescape") for name in place}
        return {
            text.removeprefix(NON_COORDINATE)
            for name, text in names.items()
            if place.links.get_info(name).type == h5py.h5l.TYPE_HARD
            and h5py.h5o.get_info(place, name).type == h5py.h5o.TYPE_DATASET
        }

    def is_dimension_alone(self, group: str, name: str) -> bool:
        """Tell whether a dataset stands for a dimension that has no variable."""
        dataset = self._dataset(group, name)
        if not h5py.h5ds.is_scale(dataset):
            return False
        name_of_scale: bytes = h5py.h5ds.get_scale_name(dataset)
        return name_of_scale.startswith(ALONE)

    def attributes(self, group: str, variable: str | None) -> set[str]:
        """Return the names of all attributes that are not for netCDF-C alone."""
        names: list[bytes] = []
        if variable is None:
            owner = h5py.h5g.open(self._file.id, group.encode())
        else:
            owner = self._dataset(group, variable)
        h5py.h5a.iterate(owner, names.append)
        return {name.decode("utf-8", "surrogateescape") for name in names} - RESERVED

    def mistaken(self, group: str, variable: str) -> str:
        """Return what netCDF-C mistakes in the type of a variable; "" if it takes it as it is."""
        kind = self._dataset(group, variable).get_type()
        if kind.get_class() == h5py.h5t.STRING:
            return ""
        if kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT):
            return f"is of the HDF5 type {kind.dtype}, which netCDF-C takes for text"
        return "has texts of one length in a user-defined type" if _has_fixed_text(kind) else ""

    def stored_bytes(self, group: str, variable: str) -> int:
        """Return how many bytes a variable takes; texts and rows lie in a heap and do not count."""
        return int(self._dataset(group, variable).get_storage_size())

    def _dataset(self, group: str, variable: str) -> h5py.h5d.DatasetID:
        root = self._file.id
        try:
            hidden = join(group, NON_COORDINATE + variable).encode()
            place = hidden if root.links.exists(hidden) else join(group, variable).encode()
            return h5py.h5d.open(root, place)
        except (KeyError, RuntimeError) as error:
            raise FormatError(
                f"HDF5 has no {variable!r}, of which netCDF-C speaks", source=self._file.filename
            ) from error


def _has_fixed_text(kind: h5py.h5t.TypeID) -> bool:
    """Tell whether a type is, or holds, texts of a length, of which netCDF-C reads one byte."""
    if kind.get_class() == h5py.h5t.STRING:
        return not kind.is_variable_str() and kind.get_size() > 1
    if kind.get_class() == h5py.h5t.COMPOUND:
        return any(_has_fixed_text(kind.get_member_type(i)) for i in range(kind.get_nmembers()))
    if kind.get_class() in (h5py.h5t.ARRAY, h5py.h5t.VLEN):
        return _has_fixed_text(kind.get_super())
    return False
