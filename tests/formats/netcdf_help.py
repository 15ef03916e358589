"""Datasets built in few words, and files as ncdump prints them: for tests of writing netCDF."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, NetcdfType

INT, FLOAT, DOUBLE = (ATOMIC_TYPES[name] for name in ("int", "float", "double"))
CLASSIC = ["NETCDF4_CLASSIC", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"]
MODELS = ["NETCDF4", *CLASSIC]
needs_ncdump = pytest.mark.skipif(
    shutil.which("ncdump") is None, reason="ncdump (netcdf-bin) is not installed"
)


def with_dimensions(*dimensions: Dimension) -> Dataset:
    """Return a dataset that has nothing but dimensions."""
    return Dataset(dimensions={dimension.name: dimension for dimension in dimensions})


def add(
    group: Group,
    name: str,
    kind: NetcdfType,
    dimensions: tuple[Dimension, ...] = (),
    values: Any = 0,
    storage: Storage | None = None,
    **attributes: Attribute,
) -> Variable:
    """Add a variable whose data are ``values``, repeated as often as needed."""
    data = np.zeros(tuple(dimension.size for dimension in dimensions), kind.dtype)
    data[...] = values
    found = Variable(name, kind, dimensions, attributes, data, storage or Storage())
    group.variables[name] = found
    return found


def ncdump(path: Path, *options: str) -> str:
    """Return a file as ncdump prints it; it fails (in 4.9.0) at an enum without a member for 0."""
    done = subprocess.run(["ncdump", "-n", "x", *options, path], capture_output=True, check=False)
    text = done.stdout.decode(errors="surrogateescape")  # of chars in any encoding
    return f"{text}{done.returncode}"


@cache
def original(path: Path) -> str:
    """Return a real file as ncdump prints it, which takes seconds for some."""
    return ncdump(path)
