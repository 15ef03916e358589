"""What a dataset says, in the form in which `nczarr_child` says what netCDF-C sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group
from zarr_cdm.cdm.types import CHAR, STRING

# Another Python may be named, to try another version of netCDF4.
PYTHON = os.environ.get("ZARR_CDM_NETCDF4_PYTHON", sys.executable)
CHILD = Path(__file__).parent / "nczarr_child.py"


def seen_by_netcdf_c(*targets: Any) -> list[Any]:
    """Return for each URL or path what netCDF-C sees there: a list of facts, or an error's text."""
    command = [PYTHON, str(CHILD), *map(str, targets)]
    # The filters of this Python's netCDF-C are no good for another.
    others = {name: value for name, value in os.environ.items() if name != "HDF5_PLUGIN_PATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=others)
    lines = done.stdout.splitlines()
    assert len(lines) == len(targets), f"{targets[len(lines)]} ends the process: {done.stderr}"
    return [json.loads(line) for line in lines]


def nczarr(path: Path) -> str:
    """Return the URL by which netCDF-C opens a store."""
    return f"file://{path}#mode=nczarr,file"


def facts(dataset: Dataset) -> list[Any]:
    """Return what a dataset of ours says."""
    return list(_facts(dataset, "/", dataset.dimension_paths()))


def _facts(group: Group, path: str, paths: dict[Dimension, str]) -> Iterator[list[Any]]:
    dims = group.dimensions.values()
    yield [path, "dimensions", [[dim.name, dim.size, dim.unlimited] for dim in dims]]
    yield [path, "variables", list(group.variables)]
    yield [path, "groups", list(group.groups)]
    for name, attribute in group.attributes.items():
        yield [f"{path}@{name}", "attribute", _attribute(attribute)]
    for name, variable in group.variables.items():
        place = f"{path}{name}"
        yield [place, "type", variable.type.name]
        yield [place, "on", [paths[dim] for dim in variable.dimensions]]
        yield [place, "shape", list(variable.data.shape)]
        storage = variable.storage
        known = variable.type is not STRING and storage.fill_mode != "none"
        yield [place, "fill", _values(np.asarray(storage.fill_value)) if known else None]
        if variable.type not in (CHAR, STRING) and variable.type.dtype.itemsize > 1:
            yield [place, "endian", storage.endian]
        yield [place, "values", _values(np.asarray(variable.data[...], variable.type.dtype))]
        for each, attribute in variable.attributes.items():
            yield [f"{place}@{each}", "attribute", _attribute(attribute)]
    for name, below in group.groups.items():
        yield from _facts(below, f"{path}{name}/", paths)


def _attribute(attribute: Attribute) -> list[Any]:
    if isinstance(attribute.value, tuple):
        return ["string", len(attribute.value), list(attribute.value)]
    if isinstance(attribute.value, str):
        data = attribute.value.encode("utf-8", "surrogateescape")
        return ["char", len(data), b64encode(data).decode()]
    return [attribute.type.name, attribute.value.size, _values(attribute.value)]


def _values(values: np.ndarray) -> Any:
    if values.dtype.hasobject or values.dtype.kind == "U":
        found = values.ravel().tolist()
        return found if values.shape else found[0]
    return b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode()


def differences(found: list[Any], wanted: list[Any]) -> list[Any]:
    """Return the facts that only one side has."""
    texts = [[json.dumps(fact, sort_keys=True) for fact in side] for side in (found, wanted)]
    only = [f"found {fact}" for fact in texts[0] if fact not in texts[1]]
    return only + [f"wanted {fact}" for fact in texts[1] if fact not in texts[0]]
