"""The data of variables of a netCDF file, read when they are asked for."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from zarr_cdm.cdm.types import NetcdfType
from zarr_cdm.core.indexing import Part, expand
from zarr_cdm.errors import FormatError
from zarr_cdm.formats.hdf5 import Hdf5File, is_hdf5
from zarr_cdm.formats.netcdf_c import LOCK, Int, Size, call
from zarr_cdm.formats.netcdf_file import NetcdfFile
from zarr_cdm.formats.netcdf_inquire import reason
from zarr_cdm.formats.netcdf_memory import memory_dtype, values
from zarr_cdm.formats.netcdf_types import FileTypes, nameless

# Indices that are no further apart than this are read at once, with what is between them.
GAP = 4


class _Found(NamedTuple):
    """By which numbers netCDF-C knows a variable: of its group, its own, of its type."""

    ncid: int
    number: int
    type_id: int


class NetcdfArray:
    """The data of one variable of a file, read when they are asked for."""

    def __init__(self, file: NetcdfFile, path: str, shape: tuple[int, ...], kind: NetcdfType):
        self.file = file
        self.path = path
        self.shape = shape
        self.kind = kind
        self.dtype = kind.dtype
        self._found: _Found | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.file, self.path, self.shape, self.kind)

    def __getitem__(self, selection: Any) -> np.ndarray:
        """Return the selected values; several integer arrays select independently of each other.

        Raises
        ------
        SelectionError
            The selection does not fit the shape.
        FormatError
            The data are damaged, or the file has been closed.
        """
        parts = expand(selection, self.shape)
        axes = [_axis(part, size) for part, size in zip(parts, self.shape, strict=True)]
        found = self._read([axis.runs for axis in axes])
        for number, axis in enumerate(axes):
            if isinstance(axis.order, np.ndarray):
                found = np.take(found, axis.order, number)
        orders = [
            slice(None) if isinstance(axis.order, np.ndarray) else axis.order for axis in axes
        ]
        return found[(*orders, ...)]

    def _read(self, axes: Sequence[Sequence[range]]) -> np.ndarray:
        """Return what the ranges of each axis select, one behind the other."""
        shape = [sum(map(len, runs)) for runs in axes]
        memory = _memory(self.kind, shape)
        if not memory.size:
            return values(self.kind, memory)
        with LOCK:
            try:
                found = self._find()
                for target, runs in _blocks(axes):
                    if [len(run) for run in runs] == shape:
                        _get(found, runs, memory)
                    else:
                        part = _memory(self.kind, [len(run) for run in runs])
                        _get(found, runs, part)
                        memory[target] = part
            except FormatError as error:
                raise FormatError(
                    f"cannot be read: {reason(error)}", source=self.file.path, variable=self.path
                ) from error
            return taken(found.ncid, found.type_id, self.kind, memory)

    def _find(self) -> _Found:
        """Return where the variable is in the file, which may have changed since it was pickled."""
        ncid = self.file.ncid  # an error where it has been closed
        if self._found is None:
            place, type_id, rank = self.file.place(self.path), Int(), Int()
            call("nc_inq_var", *place, None, type_id, rank, None, None)
            kind = FileTypes(ncid)[type_id.value]
            if rank.value != len(self.shape) or nameless(kind) != nameless(self.kind):
                raise FormatError("the file has another variable of this name by now")
            self._found = _Found(*place, type_id.value)
        return self._found

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


def taken(ncid: int, type_id: int, kind: NetcdfType, memory: np.ndarray) -> np.ndarray:
    """Return what netCDF-C has put into ``memory``, and free what that points to."""
    if not kind.dtype.hasobject:
        return memory
    try:
        return values(kind, memory)
    finally:
        call("nc_reclaim_data", ncid, type_id, memory.ctypes.data, memory.size)


def _memory(kind: NetcdfType, shape: Sequence[int]) -> np.ndarray:
    # HDF5 leaves the memory as it is where nobody has written, and nothing is to be filled in.
    return np.zeros(shape, memory_dtype(kind))


def _get(found: _Found, runs: Sequence[range], memory: np.ndarray) -> None:
    """Read one range of each axis into ``memory``, which is as large as they are."""
    place, rank = (found.ncid, found.number), max(1, len(runs))
    start = (Size * rank)(*[run.start for run in runs])
    count = (Size * rank)(*[len(run) for run in runs])
    if all(run.step == 1 for run in runs):
        call("nc_get_vara", *place, start, count, memory.ctypes.data)
    else:
        step = (ctypes.c_ssize_t * rank)(*[run.step for run in runs])
        call("nc_get_vars", *place, start, count, step, memory.ctypes.data)


class _Axis(NamedTuple):
    """What is read of an axis, and which of that in which order is the selection."""

    runs: Sequence[range]
    order: Part


def _axis(part: Part, size: int) -> _Axis:
    if isinstance(part, int):
        return _Axis([range(part, part + 1)], 0)
    if isinstance(part, slice):
        run = range(size)[part]
        if not run:
            return _Axis([], slice(None))
        if run.step < 0:
            return _Axis([run[::-1]], slice(None, None, -1))
        return _Axis([run], slice(None))
    return _of_indices(part)


def _of_indices(indices: np.ndarray) -> _Axis:
    """Return the ranges that hold all indices: one, if they are evenly spaced, or several."""
    wanted, order = np.unique(indices, return_inverse=True)
    apart = np.diff(wanted)
    if len(wanted) > 1 and (apart == apart[0]).all():
        run = range(int(wanted[0]), int(wanted[-1]) + 1, int(apart[0]))
        return _Axis([run], slice(None) if np.array_equal(indices, wanted) else order)
    runs, places, read = [], [order[:0]], 0
    for near in np.split(wanted, np.flatnonzero(apart > GAP) + 1) if len(wanted) else ():
        runs.append(range(int(near[0]), int(near[-1]) + 1))
        places.append(near - near[0] + read)
        read += len(runs[-1])
    return _Axis(runs, np.concatenate(places)[order])


def _blocks(
    axes: Sequence[Sequence[range]],
) -> Iterator[tuple[tuple[slice, ...], tuple[range, ...]]]:
    """Yield every choice of one range from each axis, and where it goes."""
    targets = []
    for runs in axes:
        ends = list(itertools.accumulate(map(len, runs)))
        targets.append([slice(end - len(run), end) for run, end in zip(runs, ends, strict=True)])
    return zip(itertools.product(*targets), itertools.product(*axes), strict=True)


class PaddedArray:
    """An array that is stored shorter than its unlimited dimensions are; the rest is fill value.

    netCDF-C (4.10.1) pads such data itself, but wrongly where two dimensions are to be padded: it
    returns memory that nobody has written.
    """

    def __init__(self, stored: NetcdfArray, shape: tuple[int, ...], fill: Any) -> None:
        self.stored = stored
        self.shape = shape
        self.dtype = stored.dtype
        self.fill = np.empty((), self.dtype)  # an array, for a row is one element here
        self.fill[()] = fill

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
            result[np.ix_(*inside)] = self.stored[tuple(wanted)]
        kept = tuple(0 if isinstance(part, int) else slice(None) for part in parts)
        return np.asarray(result[(*kept, ...)])

    @property
    def oindex(self) -> PaddedArray:
        return self

    def stored_bytes(self) -> int:
        """Return how many bytes the data take in the file."""
        return self.stored.stored_bytes()
