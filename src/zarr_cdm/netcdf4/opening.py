"""From a path and a mode to an open dataset."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from zarr_cdm.cdm import model
from zarr_cdm.core.stores.table import WEB, exists, may_hold_zarr
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS
from zarr_cdm.formats.table import is_netcdf, read
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.netcdf4.netcdf_keeper import change_file, new_file
from zarr_cdm.netcdf4.session import ReadOnly, Session
from zarr_cdm.netcdf4.zarr_target import change_store, new_store

ZARR: dict[str, ZarrVersion] = {"ZARR3": 3, "ZARR2": 2}
NETCDF = {name: name for name in DATA_MODELS} | {"NETCDF3_64BIT": "NETCDF3_64BIT_OFFSET"}
MODES = {"r": "r", "w": "w", "x": "x", "a": "a", "r+": "a"}
StorageOptions = Mapping[str, Any] | None


def open_session(
    path: str, mode: str, clobber: bool, format: str | None, storage_options: StorageOptions
) -> Session:
    """Return an open dataset; for parameters and errors see `Dataset`."""
    wanted = MODES.get(mode.removesuffix("s") if mode != "s" else mode)
    if wanted is None:
        raise ValueError(f"mode is {mode!r}, expected one of: {', '.join(MODES)}")
    if format is not None and format not in (*ZARR, *NETCDF):
        raise ValueError(f"format is {format!r}, expected one of: {', '.join((*ZARR, *NETCDF))}")
    if wanted == "r":
        return _reading(path, storage_options)
    if path.startswith(WEB):
        raise UnsupportedError(
            "over HTTP a dataset is only read; give the URL of the store itself, as s3://…, or "
            "open it with mode='r'",
            source=path,
        )
    if wanted == "a" and exists(path, storage_options):
        return _changing(path, storage_options)
    dataset = model.Dataset(source=path)
    clobber = clobber and wanted != "x"
    data_model = _data_model(path, format)
    if data_model is not None:
        dataset.provenance["data_model"] = data_model
        file = new_file(dataset, path, data_model, clobber=clobber)
        return Session(dataset, file, True, path, data_model, changed=True)
    version = ZARR[format or "ZARR3"]
    store = new_store(dataset, path, storage_options, version, clobber=clobber)
    return Session(dataset, store, True, path, changed=True)


def open_bytes(name: str, mode: str, data: Any) -> Session:
    """Return the open dataset that the bytes of a netCDF file, or of a zipped store, are.

    They are read from a temporary file, which is removed when the dataset is closed.
    """
    if mode != "r":
        raise UnsupportedError("what is in memory is only read; write to a path, or to memory://…")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="zarr_cdm-"))
        path = os.path.join(folder, "memory")  # what it is, its first bytes tell
        with open(path, "wb") as file:
            file.write(memoryview(data).cast("B"))
        return _reading(path, None, name, stack)


def _data_model(path: str, format: str | None) -> str | None:
    """Return the data model of the netCDF file that is to be written; None for a Zarr store."""
    if format is None:
        return "NETCDF4" if is_netcdf(path) else None
    return NETCDF.get(format)


def _reading(
    path: str, storage_options: StorageOptions, name: str = "", stack: ExitStack | None = None
) -> Session:
    """Return the open dataset at a path, which may be called otherwise.

    Parameters
    ----------
    stack
        What is done when it is closed.
    """
    dataset = read(path, storage_options)
    data_model = dataset.provenance.get("data_model", "NETCDF4")
    kept = ExitStack() if stack is None else stack.pop_all()
    keeper = ReadOnly(dataset, _format(dataset, data_model), kept)
    return Session(dataset, keeper, False, name or path, data_model)


def _format(dataset: model.Dataset, data_model: str) -> str:
    name = dataset.facts.get("format", "")
    if name.startswith("Zarr v"):
        return f"ZARR{name.removeprefix('Zarr v')}"
    return "NETCDF3" if data_model.startswith("NETCDF3") else "HDF5"


def _changing(path: str, storage_options: StorageOptions) -> Session:
    if not may_hold_zarr(path):
        dataset = read(path, storage_options)
        file = change_file(dataset, path)
        return Session(dataset, file, True, path, file.data_model)
    keeper = change_store(path, storage_options)
    return Session(keeper.dataset, keeper, True, path)
