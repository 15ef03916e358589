"""The netCDF door: netCDF files as a `Dataset`, through netCDF4-python.

Values and attributes are taken raw: nothing is masked, scaled, joined to strings or decoded. What
netCDF4-python cannot tell exactly comes from the file itself: `hdf5` for netCDF-4, `classic` for
the classic formats.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, Protocol, Self

import netCDF4
import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import ArrayLike, Dataset, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import STRING, AtomicType, atomic_type
from zarr_cdm.core.indexing import expand
from zarr_cdm.core.options import DEFAULT_OPTIONS, Options
from zarr_cdm.errors import FormatError, NodeNotFoundError, UnsupportedError, ZarrCdmWarning
from zarr_cdm.formats.base import StorageOptions
from zarr_cdm.formats.classic import ClassicHeader, check_length
from zarr_cdm.formats.hdf5 import Hdf5File, is_hdf5

CLASSIC_MAGIC = b"CDF"
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
HDF4_MAGIC = b"\x0e\x03\x13\x01"
# netCDF-C is not thread-safe, and netCDF4-python lets go of the GIL while it reads.
LOCK = threading.RLock()


class NetcdfFormat:
    """Files of netCDF-4 and of the classic formats."""

    def matches(self, target: str) -> bool:
        """Tell whether ``target`` is a local file: netCDF is the only kind of file that is read."""
        return Path(target).is_file()

    def read(
        self,
        target: str,
        storage_options: StorageOptions | None = None,
        options: Options = DEFAULT_OPTIONS,
    ) -> Dataset:
        """Return the netCDF file at ``target`` as a dataset, its data unread.

        Variables and attributes of user-defined types are left out, each with a `ZarrCdmWarning`.

        Raises
        ------
        NodeNotFoundError
            There is no such file.
        FormatError
            The file is not netCDF, or damaged, or shorter than its header demands.
        UnsupportedError
            Something is asked of its chunks that netCDF-C does not offer.
        """
        if replace(options, read_only=False) != DEFAULT_OPTIONS:
            raise UnsupportedError(
                "missing_chunks and verify_checksums are for Zarr; leave them out", source=target
            )
        if _magic(target).startswith(CLASSIC_MAGIC):
            return _read(target, ClassicFile(_readable(check_length(target), target)))
        with Hdf5File(target) as file:
            return _read(target, file)


def _magic(target: str) -> bytes:
    """Return the first bytes of the file; raise where they are no netCDF."""
    try:
        with open(target, "rb") as file:
            start = file.read(512)
    except FileNotFoundError as error:
        raise NodeNotFoundError("there is no such file", source=target) from error
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", source=target) from error
    if not start:
        raise FormatError("is empty (0 bytes); fetch it again", source=target)
    if start.startswith(HDF4_MAGIC):
        raise FormatError("is HDF4, which netCDF4 here cannot read; use h4tonccf", source=target)
    # An HDF5 file may begin with a user block of 512, 1024, … bytes.
    if start.startswith((CLASSIC_MAGIC, HDF5_MAGIC)) or is_hdf5(target):
        return start
    raise FormatError(f"is no netCDF file: it begins with {start[:24]!r}", source=target)


def _readable(header: ClassicHeader, target: str) -> ClassicHeader:
    """Return the header; raise where netCDF-C would take its mark of streaming for a number."""
    if header.streaming:
        raise FormatError(
            "was streamed: its header leaves the number of records open, and netCDF-C would find "
            f"billions of them; write their number ({header.records}) behind the first 4 bytes",
            source=target,
        )
    return header


def _read(target: str, exact: Exact) -> Dataset:
    file = NetcdfFile(target)
    with LOCK:
        dataset = Dataset(
            source=target,
            facts={"format": "netCDF"},
            provenance={"data_model": file.handle.data_model},
            closer=file.close,
        )
        try:
            _fill(dataset, file, "/", {}, exact)
        except BaseException as error:
            file.close()
            if isinstance(error, UnicodeDecodeError):
                raise _no_utf8(error, target) from error
            raise
    return dataset


def _no_utf8(error: UnicodeDecodeError, target: str) -> FormatError:
    return FormatError(f"has a name that is not UTF-8: {error.object!r}", source=target)


class NetcdfFile:
    """One open file, shared by all arrays that read from it; opened again where it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.handle = self._open()

    def _open(self) -> Any:
        with LOCK, warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            try:
                handle = netCDF4.Dataset(self.path, "r")
            except UnicodeDecodeError as error:
                raise _no_utf8(error, self.path) from error
            except (OSError, RuntimeError, TypeError, ValueError, KeyError) as error:
                reason = getattr(error, "strerror", None) or error
                raise FormatError(
                    f"netCDF4 cannot read this file: {reason}", source=self.path
                ) from error
        for note in notes:  # netCDF4-python warns of types that it cannot handle
            warnings.warn(f"{self.path}: {note.message}", ZarrCdmWarning, stacklevel=2)
        handle.set_auto_maskandscale(False)
        handle.set_auto_chartostring(False)
        return handle

    def close(self) -> None:
        with LOCK:
            if self.handle.isopen():
                self.handle.close()

    def __del__(self) -> None:
        # Else netCDF4-python closes it, whenever and in whichever thread its garbage is collected,
        # while another thread is inside netCDF-C.
        if hasattr(self, "handle"):
            self.close()

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.path,)


class NetcdfArray:
    """The data of one variable of a file, read when they are asked for."""

    def __init__(self, file: NetcdfFile, path: str, shape: tuple[int, ...], dtype: np.dtype):
        self.file = file
        self.path = path
        self.shape = shape
        self.dtype = dtype

    def __getitem__(self, selection: Any) -> np.ndarray:
        """Return the selected values; several integer arrays select independently of each other.

        Raises
        ------
        FormatError
            The data are damaged, or texts that are not UTF-8, or the file has been closed.
        """
        with LOCK:
            try:
                values = self.file.handle[self.path][selection]
            except (OSError, RuntimeError, UnicodeDecodeError) as error:
                reason = str(error) if self.file.handle.isopen() else "the file has been closed"
                raise FormatError(
                    f"cannot be read: {reason}", source=self.file.path, variable=self.path
                ) from error
        return np.asarray(values, self.dtype)

    @property
    def oindex(self) -> NetcdfArray:
        return self

    def stored_bytes(self) -> int:
        """Return how many bytes the data take in the file."""
        if not is_hdf5(self.file.path):
            return prod(self.shape) * self.dtype.itemsize
        group, _, name = self.path.rpartition("/")
        with Hdf5File(self.file.path) as file:
            return file.stored_bytes(group or "/", name)


class PaddedArray:
    """An array that is stored shorter than its unlimited dimensions are; the rest is fill value.

    netCDF-C (4.10.1) pads such data itself, but wrongly where two dimensions are to be padded: it
    returns memory that nobody has written.
    """

    def __init__(self, stored: NetcdfArray, shape: tuple[int, ...], fill: Any) -> None:
        self.stored = stored
        self.shape = shape
        self.dtype = stored.dtype
        self.fill = fill

    def __getitem__(self, selection: Any) -> np.ndarray:
        """Return the selected values; several integer arrays select independently of each other."""
        parts = expand(selection, self.shape)
        arrays = [
            np.arange(size)[part] if isinstance(part, slice) else np.atleast_1d(part)
            for part, size in zip(parts, self.shape, strict=True)
        ]
        inside = [
            np.flatnonzero(array < size)
            for array, size in zip(arrays, self.stored.shape, strict=True)
        ]
        result = np.full([len(array) for array in arrays], self.fill, self.dtype)
        if all(len(places) for places in inside):
            wanted = [array[places] for array, places in zip(arrays, inside, strict=True)]
            box = tuple(slice(part.min(), part.max() + 1) for part in wanted)
            found = self.stored[box]
            offsets = [part - bounds.start for part, bounds in zip(wanted, box, strict=True)]
            result[np.ix_(*inside)] = found[np.ix_(*offsets)]
        kept = tuple(0 if isinstance(part, int) else slice(None) for part in parts)
        return np.asarray(result[(*kept, ...)])

    @property
    def oindex(self) -> PaddedArray:
        return self

    def stored_bytes(self) -> int:
        """Return how many bytes the data take in the file."""
        return self.stored.stored_bytes()


class Exact(Protocol):
    """What netCDF4-python cannot tell of a file, or gets wrong."""

    def attributes(self, group: str, variable: str | None) -> Mapping[str, Attribute | None]:
        """Return attributes to prefer over netCDF4-python's; None: of a user-defined type."""

    def storage(self, group: str, variable: str) -> Storage:
        """Return layout, chunks, filters, byte order and whether unwritten values are filled."""

    def extent(self, group: str, variable: str) -> tuple[int, ...] | None:
        """Return the stored shape; None where it cannot differ from that of the dimensions."""

    def dimensions(self, group: str, variable: str) -> tuple[str, ...] | None:
        """Return the paths of a variable's dimensions; None where their names are enough."""


class ClassicFile:
    """A classic file by its header: one group, no chunks, big-endian."""

    def __init__(self, header: ClassicHeader) -> None:
        self._header = header

    def attributes(self, group: str, variable: str | None) -> Mapping[str, Attribute | None]:
        holder = self._header if variable is None else self._header.variables[variable]
        return holder.attributes

    def storage(self, group: str, variable: str) -> Storage:
        return Storage("contiguous", endian="big")

    def extent(self, group: str, variable: str) -> tuple[int, ...] | None:
        return None

    def dimensions(self, group: str, variable: str) -> tuple[str, ...] | None:
        return None


def _fill(
    group: Group, file: NetcdfFile, path: str, scope: Mapping[str, Dimension], exact: Exact
) -> None:
    """Fill ``group`` with what the file has at ``path``.

    ``scope`` are the dimensions that it can see, by their names and by their paths.
    """
    source = file.handle if path == "/" else file.handle[path]
    group.dimensions = {
        name: Dimension(name, len(dimension), dimension.isunlimited())
        for name, dimension in source.dimensions.items()
    }
    group.attributes = dict(_attributes(source, file.path, path, None, exact))
    by_path = {join(path, name): dimension for name, dimension in group.dimensions.items()}
    scope = {**scope, **group.dimensions, **by_path}
    for name, variable in source.variables.items():
        found = _variable(variable, file, path, scope, exact)
        if found is not None:
            group.variables[name] = found
    for name in source.groups:
        group.groups[name] = Group(name)
        _fill(group.groups[name], file, join(path, name), scope, exact)


def _variable(
    source: Any, file: NetcdfFile, group: str, scope: Mapping[str, Dimension], exact: Exact
) -> Variable | None:
    place = join(group, source.name)
    if source.dtype is not str and not isinstance(source.datatype, np.dtype):
        _left_out(file.path, place, f"is of the user-defined type {source.datatype.name!r}")
        return None
    kind = STRING if source.dtype is str else atomic_type(source.dtype)
    dimensions = _dimensions(source, group, scope, exact)
    extent = exact.extent(group, source.name)
    # Where a dimension is hidden by another of its name, netCDF4-python takes that one's length.
    if not _agree(dimensions, source.shape, extent):
        _left_out(file.path, place, "has dimensions that netCDF4-python takes from another group")
        return None
    attributes = dict(_attributes(source, file.path, group, source.name, exact))
    storage = _with_fill(exact.storage(group, source.name), kind, attributes.get("_FillValue"))
    shape = tuple(dimension.size for dimension in dimensions)
    stored = NetcdfArray(file, place, extent or shape, kind.dtype)
    data: ArrayLike = stored
    if stored.shape != shape:
        fill = kind.default_fill if storage.fill_value is None else storage.fill_value
        data = PaddedArray(stored, shape, fill)
    return Variable(source.name, kind, dimensions, attributes, data, storage)


def _dimensions(
    source: Any, group: str, scope: Mapping[str, Dimension], exact: Exact
) -> tuple[Dimension, ...]:
    """Return the dimensions of a variable, which may be hidden by others of their names."""
    names: tuple[str, ...] = source.dimensions
    places = [place.rpartition("/")[2] for place in scope if place.startswith("/")]
    if any(places.count(name) > 1 for name in names):
        names = exact.dimensions(group, source.name) or names
    return tuple(scope[name] for name in names if name in scope)


def _agree(
    dimensions: tuple[Dimension, ...], shape: tuple[int, ...], extent: tuple[int, ...] | None
) -> bool:
    """Tell whether these are the dimensions of a variable; an unlimited one may be longer."""
    if extent is None:
        return len(dimensions) == len(shape)
    sizes = tuple(dimension.size for dimension in dimensions)
    return (
        sizes == shape
        and len(sizes) == len(extent)
        and all(
            size == dimension.size or (dimension.unlimited and size < dimension.size)
            for size, dimension in zip(extent, dimensions, strict=True)
        )
    )


def _attributes(
    source: Any, path: str, group: str, variable: str | None, exact: Exact
) -> Iterator[tuple[str, Attribute]]:
    known = exact.attributes(group, variable)
    for name in source.ncattrs():
        attribute = known[name] if name in known else Attribute.of(source.getncattr(name))
        if attribute is None:
            place = group if variable is None else join(group, variable)
            _left_out(path, f"{place}@{name}", "is of a user-defined type")
        else:
            yield name, attribute


def _with_fill(storage: Storage, kind: AtomicType, fill: Attribute | None) -> Storage:
    """Return ``storage`` with its fill value; netCDF ignores a ``_FillValue`` of another type."""
    if fill is not None and fill.type is kind and len(fill.value):
        return replace(storage, fill_mode="explicit", fill_value=fill.element())
    if storage.fill_mode == "none":
        return storage
    return replace(storage, fill_value=kind.default_fill)


def _left_out(path: str, place: str, why: str) -> None:
    warnings.warn(f"{path}: {place} {why} and is left out", ZarrCdmWarning, stacklevel=2)
