"""A dataset that becomes a netCDF file when it is synced or closed.

Until then its values are in a store of chunks in a temporary folder, or in memory where they are of
user-defined types. A file that is changed is written anew, and then put in the place of the old.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import ExitStack, suppress

from zarr_cdm.cdm import model
from zarr_cdm.cdm.types import STRING
from zarr_cdm.core.stores.table import is_remote, local_path, open_store
from zarr_cdm.errors import (
    NetcdfError,
    NodeNotFoundError,
    TargetExistsError,
    UnsupportedError,
    ValuesError,
)
from zarr_cdm.formats.netcdf_write import write
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS
from zarr_cdm.netcdf4.session import Data, Request
from zarr_cdm.netcdf4.zarr_data import HeldData
from zarr_cdm.netcdf4.zarr_keeper import ZarrKeeper


def new_file(
    dataset: model.Dataset, target: str, data_model: str, *, clobber: bool
) -> NetcdfKeeper:
    """Return what makes a netCDF file of a dataset.

    Raises
    ------
    TargetExistsError
        There is something that may not be replaced, or is no file.
    NodeNotFoundError
        There is no such folder.
    UnsupportedError
        The target is a URL.
    """
    path = _local(target)
    if os.path.lexists(path) and not (clobber and os.path.isfile(path)):
        raise TargetExistsError("there is something already", source=target)
    if not os.path.isdir(os.path.dirname(path)):
        raise NodeNotFoundError("there is no folder for it; create it first", source=target)
    if os.path.lexists(path):
        os.unlink(path)
    return NetcdfKeeper(dataset, path, data_model)


def change_file(dataset: model.Dataset, target: str) -> NetcdfKeeper:
    """Return what writes the changes of a dataset to the netCDF file that it was read from."""
    path = _local(target)
    if not os.access(path, os.W_OK):
        raise NetcdfError("the file cannot be written; open it with mode='r'", source=target)
    for _, variable in dataset.all_variables():
        fill = variable.storage.fill_value
        if fill is None and variable.storage.fill_mode == "none":
            fill = getattr(variable.type, "default_fill", None)
        variable.data = HeldData(variable.data, variable.type, variable.dimensions, fill)
    return NetcdfKeeper(dataset, path, dataset.provenance["data_model"])


def _local(target: str) -> str:
    if is_remote(target):
        raise UnsupportedError("netCDF files are written on this machine only", source=target)
    return local_path(target)


class NetcdfKeeper:
    """What makes a netCDF file of a dataset.

    Attributes
    ----------
    format
        ``HDF5`` or ``NETCDF3``.
    """

    def __init__(self, dataset: model.Dataset, path: str, data_model: str) -> None:
        self.dataset = dataset
        self.path = path
        self.data_model = data_model
        self.format = "HDF5" if DATA_MODELS[data_model].hdf5 else "NETCDF3"
        self._closers = ExitStack()
        folder = self._closers.enter_context(tempfile.TemporaryDirectory(prefix="zarr_cdm-"))
        store = open_store(os.path.join(folder, "values"))
        self._values = ZarrKeeper(dataset, store, 3, self._closers)
        self._number = 0

    def create(self, path: str, variable: model.Variable, request: Request) -> Data:
        """Return data for a new variable.

        Raises
        ------
        NetcdfError, ValuesError
            Files of this kind have no such type; for strings it is a `ValueError`.
        """
        kind, known = variable.type, DATA_MODELS[self.data_model]
        if kind is STRING and not known.enhanced:
            raise ValuesError(
                f"{self.data_model} has no strings; make characters of them with stringtochar",
                variable=path,
            )
        if kind.name not in known.types and not known.enhanced:
            raise NetcdfError(f"{self.data_model} has no type {kind.name!r}", variable=path)
        self._number += 1
        return self._values.create(f"/{self._number}", variable, request)

    def move(self, old: str, new: str) -> None:
        """Do nothing: where values are until then has nothing to do with names."""

    def settle(self) -> None:
        """Do nothing, as `move`."""

    def sync(self) -> None:
        """Write the file beside its place, and put it there."""
        staging = f"{self.path}.{secrets.token_hex(4)}.new"
        try:
            write(self.dataset, staging, self.data_model)
            os.replace(staging, self.path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(staging)

    def close(self, error: BaseException | None = None) -> None:
        """Let go of the values, and of the file that they were read from."""
        self._closers.close()
        self.dataset.close()
