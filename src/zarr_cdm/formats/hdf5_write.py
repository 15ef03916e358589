"""What netCDF-C cannot write into a netCDF-4 file, through h5py once the file is closed."""

from __future__ import annotations

from collections.abc import Mapping

import h5py

from zarr_cdm.cdm.model import Variable
from zarr_cdm.formats.hdf5 import NON_COORDINATE


def extend(path: str, variables: Mapping[str, Variable]) -> None:
    """Give variables without values, by their paths, the lengths of their dimensions.

    netCDF-C extends a variable only along with values, and takes the length of an unlimited
    dimension from the variables on it.
    """
    with h5py.File(path, "r+") as file:
        for place, variable in variables.items():
            group, _, name = place.rpartition("/")
            owner = file[group or "/"]
            hidden = NON_COORDINATE + name
            owner[hidden if hidden in owner else name].id.set_extent(variable.shape)
