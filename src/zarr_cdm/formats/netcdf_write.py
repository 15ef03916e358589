"""A dataset as a netCDF file, through netCDF-C's own functions.

What the file cannot hold is found before a byte is written (`netcdf_write_check`); then everything
is defined (`netcdf_write_define`), and the data go over block by block.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import prod
from typing import Any

import numpy as np

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset, Variable
from zarr_cdm.cdm.types import NetcdfType
from zarr_cdm.core.commit import staged_file
from zarr_cdm.core.layout import chunk_shape, item_bytes
from zarr_cdm.core.stores.table import is_remote, open_store
from zarr_cdm.errors import UnsupportedError, ValuesError, ZarrCdmError, ZarrCdmWarning
from zarr_cdm.formats.base import StorageOptions
from zarr_cdm.formats.hdf5_write import extend
from zarr_cdm.formats.netcdf_c import LOCK, NOCLOBBER, Int, call
from zarr_cdm.formats.netcdf_write_check import HARMLESS, check
from zarr_cdm.formats.netcdf_write_define import Ids, define, rename
from zarr_cdm.formats.netcdf_write_memory import Memory
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS, DataModel
from zarr_cdm.formats.netcdf_write_storage import CHUNKED
from zarr_cdm.formats.netcdf_write_survey import Survey
from zarr_cdm.parallel import BLOCK_BYTES, Block, blocks, copy_in_order

NOFILL = 0x100  # of nc_set_fill
CLASSIC = 1  # of nc_set_default_format
MOST_BYTES = 4 * BLOCK_BYTES  # of a block that is made of whole chunks of the source, too


def write(
    dataset: Dataset,
    target: str,
    data_model: str | None = None,
    storage_options: StorageOptions | None = None,
) -> None:
    """Write a dataset to a new netCDF file.

    Parameters
    ----------
    target
        Path of the file. Nothing may be there yet; it appears when it is whole.
    data_model
        netCDF4-python's name of the data model; None: that of the file where the data first came
        from, else ``NETCDF4``.
    storage_options
        None: netCDF-C writes to no URL.

    Raises
    ------
    TargetExistsError
        There is something at ``target``.
    UnsupportedError
        The data model cannot hold something; the message lists all of it. Nothing is written.
        Or ``target`` is a URL.
    ValuesError
        Data are no values of their variable's type.
    FormatError
        netCDF-C fails. Nothing is left.
    """
    if is_remote(target) or storage_options:
        raise UnsupportedError(
            "netCDF files are written on this machine only, without storage_options; copy it then",
            source=open_store(target, storage_options).url,
        )
    with _about(source=target):
        model = model_of(dataset, data_model)
    survey = Survey(dataset)
    with staged_file(target) as path, _about(source=target):
        _heed(survey, model)
        with _created(path, model) as file:
            with LOCK:
                ids = _define(file, survey, model)
            with _about(source=dataset.source):
                _copy(survey, ids, target)
            with LOCK:
                for each, name in ids.renamed.items():
                    rename(*ids.variables[each], name)
        _lengthen(path, survey, model)


@contextmanager
def _about(**places: str) -> Iterator[None]:
    """Say where an error happened that does not say it yet."""
    try:
        yield
    except ZarrCdmError as error:
        raise error.at(**places) from error.__cause__


def model_of(dataset: Dataset, data_model: str | None) -> DataModel:
    """Return the data model that is asked for, else that of the dataset's provenance."""
    if data_model is None:
        return DATA_MODELS.get(dataset.provenance.get("data_model", ""), DATA_MODELS["NETCDF4"])
    if data_model not in DATA_MODELS:
        raise UnsupportedError(
            f"netCDF has no data model {data_model!r}; known: {', '.join(DATA_MODELS)}"
        )
    return DATA_MODELS[data_model]


def _heed(survey: Survey, model: DataModel) -> None:
    """Warn of what is harmless; raise where there is anything else."""
    findings = check(survey, model)
    refused = _refused(findings)
    if refused:
        places = "; ".join(f"{finding.place}: {finding.message}" for finding in refused)
        largest = DATA_MODELS["NETCDF4"]
        hint = "" if _refused(check(survey, largest)) else f"; data_model={largest.name!r} can"
        raise UnsupportedError(f"a file of {model.name} cannot hold {places}{hint}")
    for finding in findings:
        warnings.warn(f"{finding.place}: {finding.message}", ZarrCdmWarning, stacklevel=4)


def _refused(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.rule not in HARMLESS]


@contextmanager
def _created(path: str, model: DataModel) -> Iterator[int]:
    """Give a new file, in define mode; it is closed at a clean exit and dropped at any other."""
    made = _create(os.fsencode(path), model)
    try:
        yield made
    except BaseException:
        with LOCK, suppress(ZarrCdmError):
            call("nc_abort", made)
        raise
    with LOCK:
        call("nc_close", made)


def _create(path: bytes, model: DataModel) -> int:
    """Return the id of a new file.

    A mode without any flag means netCDF-C's default format, which is whatever netCDF4-python has
    last created.
    """
    made, before = Int(), Int()
    with LOCK:
        call("nc_set_default_format", CLASSIC, before)
        try:
            call("nc_create", path, model.mode | NOCLOBBER, made)
        finally:
            call("nc_set_default_format", before.value, Int())
    return made.value


def _define(file: int, survey: Survey, model: DataModel) -> Ids:
    if not model.hdf5:  # all data are written, so none have to be written twice
        call("nc_set_fill", file, NOFILL, Int())
    return define(file, survey, model)


def _copy(survey: Survey, ids: Ids, target: str) -> None:
    """Write the data of all variables."""
    for path, variable in survey.dataset.all_variables():
        with _about(variable=path):
            _write_data(variable, NetcdfTarget(target, variable.type, *ids.variables[path]))


class NetcdfTarget:
    """A variable of a file that is being written."""

    def __init__(self, path: str, kind: NetcdfType, owner: int, number: int) -> None:
        self.path = path
        self.kind = kind
        self.owner = owner
        self.number = number

    def __setitem__(self, region: Block, values: np.ndarray) -> None:
        """Write a block of values.

        Raises
        ------
        ValuesError
            They are none of the type.
        """
        start = np.array([part.start for part in region], np.uintp)
        count = np.array([part.stop - part.start for part in region], np.uintp)
        memory = Memory(self.kind, _of_shape(values, tuple(count.tolist())))
        place = start.ctypes.data, count.ctypes.data
        with LOCK, _about(source=self.path):
            call("nc_put_vara", self.owner, self.number, *place, memory.address)

    def chunks(self, axes: int) -> tuple[int, ...] | None:
        """Return the shape of the chunks; None where the data are in one piece."""
        storage, lengths = Int(), np.zeros(axes, np.uintp)
        with LOCK:
            call("nc_inq_var_chunking", self.owner, self.number, storage, lengths.ctypes.data)
        return tuple(lengths.tolist()) if storage.value == CHUNKED else None


def _of_shape(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return values as an array; the one element of a scalar may itself be an array: a row."""
    array = np.asarray(values)
    if array.shape != shape and not shape:
        array = np.empty((), object)
        array[()] = values
    if array.shape != shape:
        raise ValuesError(f"its data gave values of shape {array.shape} for a block of {shape}")
    return array


def _write_data(variable: Variable, target: NetcdfTarget) -> None:
    if not prod(variable.shape):
        return
    size = item_bytes(variable.type.dtype)
    chunks = _unit(variable, target.chunks(len(variable.shape)), size)
    copy_in_order(variable.data, target, list(blocks(variable.shape, chunks, size)))


def _unit(variable: Variable, chunks: tuple[int, ...] | None, size: int) -> tuple[int, ...]:
    """Return the shape of what is written at once: whole chunks, and if possible the source's too.

    A chunk of the source is decoded for each block that touches it.
    """
    own = chunks or (1,) * len(variable.shape)
    for name in ("shards", "chunks"):
        given: Any = getattr(variable.data, name, None) or ()
        if len(given) == len(own) and all(isinstance(length, int) for length in given):
            both = tuple(
                -(-max(pair) // pair[0]) * pair[0] for pair in zip(own, given, strict=True)
            )
            if prod(both) * size <= MOST_BYTES:
                return both
    return chunks or chunk_shape(variable.shape, size)


def _lengthen(path: str, survey: Survey, model: DataModel) -> None:
    """Give unlimited dimensions their lengths along which there are no values."""
    unreached = survey.unreached()
    if not unreached:
        return
    if model.hdf5:
        extend(path, dict(each for dimension in unreached for each in survey.on(dimension)))
        return
    # The number of records: the second word of the header.
    size = 8 if model.name == "NETCDF3_64BIT_DATA" else 4
    with open(path, "r+b") as file:
        file.seek(4)
        file.write(unreached[0].size.to_bytes(size, "big"))
