"""Groups of a netCDF file with all that is in them, as netCDF-C tells of them.

Everything is found by its number, never by its name: dimensions may be hidden by others of their
name, or stand in a group beside.
"""

from __future__ import annotations

import ctypes
from typing import Protocol

from zarr_cdm.cdm.model import ArrayLike, Dataset, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import STRING, AtomicType, NetcdfType
from zarr_cdm.errors import FormatError
from zarr_cdm.formats.netcdf_arrays import NetcdfArray, PaddedArray
from zarr_cdm.formats.netcdf_attributes import AttributeReader, Hidden
from zarr_cdm.formats.netcdf_c import MAX_DIMS, Int, Size, call
from zarr_cdm.formats.netcdf_file import NetcdfFile
from zarr_cdm.formats.netcdf_inquire import groups, ids, name_buffer, reason, text, variables
from zarr_cdm.formats.netcdf_storage import CLASSIC, storage, unwritten, with_fill
from zarr_cdm.formats.netcdf_types import FileTypes


class Stored(Hidden, Protocol):
    """What netCDF-C does not tell of a netCDF-4 file."""

    def extent(self, group: str, variable: str) -> tuple[int, ...]:
        """Return the stored shape of a variable."""

    def datasets(self, group: str) -> set[str]:
        """Return the names of what may be variables of a group, those of dimensions too."""

    def is_dimension_alone(self, group: str, name: str) -> bool:
        """Tell whether a dataset stands for a dimension that has no variable."""

    def mistaken(self, group: str, variable: str) -> str:
        """Return what netCDF-C mistakes in the type of a variable; "" if it takes it as it is."""


def fill(dataset: Dataset, file: NetcdfFile, stored: Stored | None) -> None:
    """Fill ``dataset`` with what is in a file; ``stored`` is None for a classic one.

    What cannot be read is left out, each with a `ZarrCdmWarning`.

    Raises
    ------
    UnicodeDecodeError
        A name is not UTF-8.
    FormatError
        A group, a dimension or a type cannot be read.
    """
    _Reader(file, stored).dataset(dataset)


class _Reader:
    def __init__(self, file: NetcdfFile, stored: Stored | None) -> None:
        self.file = file
        self.stored = stored
        self.types = FileTypes(file.ncid)
        self.attributes = AttributeReader(file, self.types, stored)
        self.dimensions: dict[int, Dimension] = {}
        self.names: dict[int, dict[int, str | FormatError]] = {}  # of the variables of each group

    def dataset(self, dataset: Dataset) -> None:
        """Define all groups first: a variable may use what stands in a group behind its own."""
        places = groups(self.file.ncid)
        found: dict[str, Group] = {"/": dataset}
        for ncid, path in places:
            if path != "/":
                above, _, own = path.rpartition("/")
                found[path] = found[above or "/"].groups[own] = Group(own)
            found[path].dimensions = self._dimensions(ncid)
            self.names[ncid] = variables(ncid)  # netCDF-C may learn of a type by this
        for ncid, path in places:
            found[path].types = self.types.of_group(ncid)
        self.types.settle(found.values())
        for ncid, path in places:
            found[path].attributes = self.attributes.of_group(ncid, path)
            self._variables(ncid, path, found[path])

    def _dimensions(self, ncid: int) -> dict[str, Dimension]:
        unlimited = set(ids("nc_inq_unlimdims", ncid))
        own: dict[str, Dimension] = {}
        for number in ids("nc_inq_dimids", ncid, 0):
            label, size = name_buffer(), Size()
            call("nc_inq_dim", ncid, number, label, size)
            dimension = Dimension(text(label), size.value, number in unlimited)
            own[dimension.name] = self.dimensions[number] = dimension
        return own

    def _variables(self, ncid: int, path: str, group: Group) -> None:
        seen: set[str] = set()
        unnamed: FormatError | None = None
        for number, own in self.names[ncid].items():
            if isinstance(own, FormatError):
                unnamed = own
                continue
            seen.add(own)
            try:
                group.variables[own] = self._variable(ncid, number, own, path)
            except FormatError as error:
                self.file.left_out(join(path, own), f"cannot be read ({reason(error)})")
        if self.stored is not None:
            self._hidden(path, group, seen, unnamed, self.stored)
        elif unnamed is not None:
            raise unnamed

    def _hidden(
        self,
        path: str,
        group: Group,
        seen: set[str],
        unnamed: FormatError | None,
        stored: Stored,
    ) -> None:
        """Say what is in the file but not among the variables that netCDF-C has named."""
        why = "is of an HDF5 type that netCDF-C does not read"
        if unnamed is not None:
            why = f"cannot be read ({reason(unnamed)})"
        for own in sorted(stored.datasets(path) - seen):
            # A dimension has a dataset, too.
            if own not in group.dimensions or not stored.is_dimension_alone(path, own):
                self.file.left_out(join(path, own), why)

    def _variable(self, ncid: int, number: int, own: str, path: str) -> Variable:
        type_id, rank = Int(), Int()
        numbers = (ctypes.c_int * MAX_DIMS)()
        call("nc_inq_var", ncid, number, None, type_id, rank, numbers, None)
        kind = self.types[type_id.value]
        dimensions = tuple(self.dimensions[each] for each in numbers[: rank.value])
        extent = self._extent(path, own, kind, dimensions)
        attributes = self.attributes.of_variable(ncid, number, path, own)
        how = CLASSIC
        if self.stored is not None:
            how = storage(ncid, number, type_id.value, kind, rank.value)
        how = with_fill(how, kind, attributes.get("_FillValue"))
        data = self._data(join(path, own), kind, dimensions, extent, how)
        return Variable(own, kind, dimensions, attributes, data, how)

    def _extent(
        self, path: str, own: str, kind: NetcdfType, dimensions: tuple[Dimension, ...]
    ) -> tuple[int, ...]:
        """Return the stored shape of a variable, which may be short along unlimited dimensions."""
        shape = tuple(dimension.size for dimension in dimensions)
        if self.stored is None:
            return shape
        if kind is STRING or not isinstance(kind, AtomicType):
            mistaken = self.stored.mistaken(path, own)
            if mistaken:
                raise FormatError(mistaken)
        extent = self.stored.extent(path, own)
        agrees = len(shape) == len(extent) and all(
            size == dimension.size or (dimension.unlimited and size < dimension.size)
            for size, dimension in zip(extent, dimensions, strict=True)
        )
        if not agrees:
            raise FormatError(f"its shape is {extent}, that of its dimensions {shape}")
        return extent

    def _data(
        self,
        place: str,
        kind: NetcdfType,
        dimensions: tuple[Dimension, ...],
        extent: tuple[int, ...],
        how: Storage,
    ) -> ArrayLike:
        shape = tuple(dimension.size for dimension in dimensions)
        found = NetcdfArray(self.file, place, extent, kind)
        if extent == shape:
            return found
        padding = unwritten(kind) if how.fill_mode == "none" else how.fill_value
        return PaddedArray(found, shape, padding)
