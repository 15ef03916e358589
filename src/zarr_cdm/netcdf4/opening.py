"""From a path and a mode to an open dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zarr_cdm.cdm import model
from zarr_cdm.core.stores.table import exists, may_hold_zarr
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.formats.table import NETCDF_SUFFIXES, read
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.netcdf4.session import ReadOnly, Session
from zarr_cdm.netcdf4.zarr_target import change_store, new_store

ZARR: dict[str, ZarrVersion] = {"ZARR3": 3, "ZARR2": 2}
NETCDF = (
    "NETCDF4",
    "NETCDF4_CLASSIC",
    "NETCDF3_CLASSIC",
    "NETCDF3_64BIT_OFFSET",
    "NETCDF3_64BIT_DATA",
    "NETCDF3_64BIT",
)
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
    if wanted == "a" and exists(path, storage_options):
        return _changing(path, storage_options)
    zarr_format = _zarr_format(path, format)
    dataset = model.Dataset(source=path)
    keeper = new_store(
        dataset, path, storage_options, zarr_format, clobber=clobber and wanted != "x"
    )
    return Session(dataset, keeper, writable=True, source=path, changed=True)


def _zarr_format(path: str, format: str | None) -> ZarrVersion:
    """Return the version of Zarr that is to be written."""
    if format in NETCDF or (format is None and path.lower().endswith(NETCDF_SUFFIXES)):
        raise UnsupportedError(
            "netCDF files cannot be written yet; give format='ZARR3', or a name without the suffix "
            "of netCDF",
            source=path,
        )
    return ZARR[format or "ZARR3"]


def _reading(path: str, storage_options: StorageOptions) -> Session:
    dataset = read(path, storage_options)
    data_model = dataset.provenance.get("data_model", "NETCDF4")
    keeper = ReadOnly(dataset, _format(dataset, data_model))
    return Session(dataset, keeper, writable=False, source=path, data_model=data_model)


def _format(dataset: model.Dataset, data_model: str) -> str:
    name = dataset.facts.get("format", "")
    if name.startswith("Zarr v"):
        return f"ZARR{name.removeprefix('Zarr v')}"
    return "NETCDF3" if data_model.startswith("NETCDF3") else "HDF5"


def _changing(path: str, storage_options: StorageOptions) -> Session:
    if not may_hold_zarr(path):
        raise UnsupportedError(
            "a netCDF file cannot be changed here; read it, or convert it to Zarr", source=path
        )
    keeper = change_store(path, storage_options)
    return Session(keeper.dataset, keeper, writable=True, source=path)
