"""What a dataset or group holds is made here, and gets other names."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from zarr_cdm.cdm import model
from zarr_cdm.cdm import types as cdm
from zarr_cdm.errors import NetcdfError
from zarr_cdm.netcdf4 import creating, types
from zarr_cdm.netcdf4.contents import Contents
from zarr_cdm.netcdf4.creating import Keywords
from zarr_cdm.netcdf4.described import HDF5_MODELS
from zarr_cdm.netcdf4.dimension import Dimension
from zarr_cdm.netcdf4.names import unused
from zarr_cdm.netcdf4.types import CompoundType, EnumType, VLType
from zarr_cdm.netcdf4.variable import LEAST_DIGIT, Variable

if TYPE_CHECKING:
    from zarr_cdm.netcdf4.dataset import Group


class Making(Contents):
    """What is common to datasets and groups: what is made in them."""

    __slots__ = ()

    def createDimension(self, dimname: str, size: int | None = None) -> Dimension:
        """Create a dimension and return it; a size of None or 0 makes it unlimited.

        Raises
        ------
        NetcdfError
            There is one of this name in the group, or it is no name for netCDF.
        ValueError
            The size is below 0.
        """
        self._session.change()
        length = 0 if size is None else _length(size)
        if not length and any(each.unlimited for each in self._model.dimensions.values()):
            self._session.check_enhanced("second unlimited dimension")
        name = unused(dimname, self._model.dimensions)
        made = model.Dimension(name, length, unlimited=not length)
        self._model.dimensions[name] = made
        self.dimensions[name] = self._dimensions[made] = Dimension(self, made)
        return self.dimensions[name]

    def createGroup(self, groupname: str) -> Group:
        """Create a group, and those on the way to it; return the one that is there, if it is.

        Raises
        ------
        NetcdfError
            It is no name for netCDF, or that of a variable or type.
        """
        group: Any = self
        for name in posixpath.normpath(groupname).split("/"):
            if name and name not in group.groups:
                self._session.change()
                self._session.check_enhanced("groups")
                made = model.Group(unused(name, group._model.variables, group._model.types))
                group._model.groups[made.name] = made
                group.groups[made.name] = group._group(made)
            group = group.groups[name] if name else group
        found: Group = group
        return found

    def createVariable(
        self,
        varname: str,
        datatype: Any,
        dimensions: Any = (),
        compression: str | None = None,
        zlib: bool = False,
        complevel: int = 4,
        shuffle: bool = True,
        szip_coding: Literal["ec", "nn"] = "nn",
        szip_pixels_per_block: int = 8,
        blosc_shuffle: int = 1,
        fletcher32: bool = False,
        contiguous: bool = False,
        chunksizes: Any = None,
        endian: Literal["native", "little", "big"] = "native",
        least_significant_digit: int | None = None,
        significant_digits: int | None = None,
        quantize_mode: str = "BitGroom",
        fill_value: Any = None,
        chunk_cache: int | None = None,
    ) -> Variable:
        """Create a variable and return it.

        Parameters
        ----------
        varname
            Its name, or a path: groups on the way to it are created too.
        datatype
            A NumPy type, ``str`` for texts, or a type of this dataset.
        dimensions
            Their names, looked for in the group and those above, or `Dimension` objects.
        compression, zlib, complevel, shuffle, blosc_shuffle
            How chunks are compressed. In Zarr ``zlib`` and ``blosc_…`` become Blosc with that
            compressor, ``zstd`` and ``bzip2`` themselves; by itself, and for ``szip``, it is Blosc
            with zstd.
        szip_coding, szip_pixels_per_block, fletcher32, contiguous, chunk_cache
            Noted for a conversion to netCDF, or without effect: chunks in Zarr v3 have a checksum.
        chunksizes
            The length of a chunk along each dimension.
        endian
            Byte order of what is stored.
        least_significant_digit
            The decimal place that values are rounded to when they are assigned.
        significant_digits, quantize_mode
            How many digits floats keep when they are assigned (for ``"BitRound"`` how many bits),
            and by which algorithm: ``"BitGroom"``, ``"GranularBitRound"`` or ``"BitRound"``. The
            values are those that netCDF-C makes.
        fill_value
            What reads where nobody has written, and the attribute ``_FillValue``; ``"default"`` for
            netCDF's own, False for nothing certain.

        Raises
        ------
        NetcdfError
            The name is in use in the group, or none for netCDF.
        ValueError, TypeError
            There is no such dimension or type, or a keyword has a value that it cannot have.
        UnsupportedError
            The format cannot hold a variable of that type.
        """
        self._session.change()
        folder, name = posixpath.split(posixpath.normpath(varname))
        group: Making = self.createGroup(folder) if folder else self
        given = Keywords(
            compression,
            zlib,
            complevel,
            shuffle,
            fletcher32,
            contiguous,
            chunksizes,
            (szip_coding, szip_pixels_per_block),
            blosc_shuffle,
            endian,
            significant_digits if self.data_model in HDF5_MODELS else None,
            quantize_mode,
            fill_value,
        )
        made = group._create(name, datatype, dimensions, given)
        if least_significant_digit is not None:
            made.setncattr(LEAST_DIGIT, least_significant_digit)
        if chunk_cache is not None:
            made.set_var_chunk_cache(chunk_cache)
        return made

    def _create(self, varname: str, datatype: Any, dimensions: Any, given: Keywords) -> Variable:
        content = self._model
        name = unused(varname, content.variables, content.groups, content.types)
        if isinstance(dimensions, str | bytes | Dimension):
            dimensions = (dimensions,)
        places = tuple(self._find(dimension) for dimension in dimensions)
        kind, order = creating.type_of(datatype)
        self._check_type(kind)
        request = creating.request_of(given, places, order)
        fill = self._session.fill
        made = creating.new_variable(name, kind, places, given, request, fill=fill)
        path = model.join(self.path, name)
        made.data = self._session.keeper.create(path, made, request)
        content.variables[name] = made
        shown = datatype if isinstance(datatype, CompoundType | VLType | EnumType) else None
        self.variables[name] = Variable(self, made, shown)
        return self.variables[name]

    def _check_type(self, kind: cdm.NetcdfType) -> None:
        """Raise where a type is none of this dataset."""
        known = {
            id(each) for group in self._root()._below() for each in group._model.types.values()
        }
        if not isinstance(kind, cdm.AtomicType) and id(kind) not in known:
            raise NetcdfError(f"type {kind.name!r} is none of this dataset; create it here")

    def _find(self, dimension: Any) -> model.Dimension:
        if isinstance(dimension, Dimension):
            return dimension._model
        name = dimension.decode() if isinstance(dimension, bytes) else dimension
        for group in self._upwards():
            if name in group._model.dimensions:
                return group._model.dimensions[name]
        raise ValueError(f"there is no dimension {name!r} in {self.path} or the groups above it")

    def createCompoundType(self, datatype: Any, datatype_name: str) -> CompoundType:
        """Create a type of records from a structured NumPy type, and return it.

        Members may be of compound types that exist in the group or above it.
        """
        made = self._add_type(types.compound(datatype_name, datatype, self._compounds()))
        assert isinstance(made, CompoundType)
        return made

    def createVLType(self, datatype: Any, datatype_name: str) -> VLType:
        """Create a type of rows of any length from the NumPy type of what they consist of."""
        if datatype is str:
            return VLType.of(cdm.STRING)
        base, _ = creating.type_of(datatype)
        made = self._add_type(cdm.VlenType(datatype_name, base))
        assert isinstance(made, VLType)
        return made

    def createEnumType(
        self, datatype: Any, datatype_name: str, enum_dict: Mapping[str, int]
    ) -> EnumType:
        """Create a type of named whole numbers of a NumPy integer type, and return it."""
        base, _ = creating.type_of(datatype)
        if not isinstance(base, cdm.AtomicType) or base.dtype.kind not in "iu":
            raise KeyError(f"an enum is of whole numbers, not of {datatype!r}")
        members = {name: int(value) for name, value in enum_dict.items()}
        made = self._add_type(cdm.EnumType(datatype_name, base, members))
        assert isinstance(made, EnumType)
        return made

    def _add_type(self, kind: cdm.UserType) -> Any:
        self._session.change()
        self._session.check_enhanced("user-defined types")
        content = self._model
        unused(kind.name, content.variables, content.groups, content.types)
        content.types[kind.name] = kind
        return self._show_type(kind)

    # What it holds gets other names here.

    def renameDimension(self, oldname: str, newname: str) -> None:
        """Give a dimension another name."""
        self._session.change()
        if oldname not in self.dimensions:
            raise KeyError(f"there is no dimension {oldname!r} in {self.path}")
        new = unused(newname, self._model.dimensions)
        self._model.dimensions[oldname].name = new
        _rename(self._model.dimensions, oldname, new)
        _rename(self.dimensions, oldname, new)

    def renameVariable(self, oldname: str, newname: str) -> None:
        """Give a variable another name."""
        self._session.change()
        content = self._model
        if oldname not in self.variables:
            raise KeyError(f"there is no variable {oldname!r} in {self.path}")
        new = unused(newname, content.variables, content.groups, content.types)
        self._session.keeper.move(model.join(self.path, oldname), model.join(self.path, new))
        content.variables[oldname].name = new
        _rename(content.variables, oldname, new)
        _rename(self.variables, oldname, new)
        self._session.keeper.settle()

    def renameGroup(self, oldname: str, newname: str) -> None:
        """Give a group another name."""
        self._session.change()
        content = self._model
        if oldname not in self.groups:
            raise KeyError(f"there is no group {oldname!r} in {self.path}")
        new = unused(newname, content.variables, content.groups, content.types)
        self._session.keeper.move(model.join(self.path, oldname), model.join(self.path, new))
        content.groups[oldname].name = new
        _rename(content.groups, oldname, new)
        _rename(self.groups, oldname, new)
        self._session.keeper.settle()
        for group in self.groups[new]._below():
            assert group.parent is not None
            group._own(path=model.join(group.parent.path, group._model.name))


def _length(size: Any) -> int:
    if not isinstance(size, int) and not hasattr(size, "__index__"):
        raise TypeError(f"a dimension has a whole number of elements, not {size!r}")
    number = int(size)
    if number < 0:
        raise ValueError(f"a dimension cannot have {number} elements")
    return number


def _rename(things: dict[str, Any], old: str, new: str) -> None:
    """Rename a key of a dictionary, which keeps its place."""
    renamed = {new if name == old else name: thing for name, thing in things.items()}
    things.clear()
    things.update(renamed)
