"""A process that changes a dataset may end at any point: the old values are there, or the new."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.netcdf4.killed_child import change
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.netcdf4 import Dataset

# What is stored as it is, and so is written when it is assigned.
AT_ONCE = {
    "ZARR3": ["/plain", "/zarr.json", "/names"],
    "ZARR2": ["/plain", "/zarr.json"],
    "NETCDF4": [],
}
STRIDE = 1 if os.environ.get("ZARR_CDM_SWEEP") == "full" else 11
CHILD = Path(__file__).parent / "killed_child.py"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")


def filled(path: Path, format: str) -> None:
    """Make a dataset with what is written whole when it changes, and what is not."""
    with Dataset(path, "w", format=format) as nc:
        nc.createDimension("t")
        nc.createDimension("x", 2)
        rows = nc.createVLType("i4", "rows_t")
        record = nc.createCompoundType(np.dtype([("a", "i4"), ("b", "f8")]), "record")
        nc.createVariable("plain", "i4", ("t",))[:] = [1, 2]
        for name in ("rows", "g/rows"):
            v = nc.createVariable(name, rows, ("t",))
            v[0], v[1] = np.array([1], "i4"), np.array([2, 3], "i4")
        nc.createVariable("records", record, ("x",))[:] = np.array([(1, 2), (3, 4)], record.dtype)
        nc.createVariable("names", str, ("x",))[:] = np.array(["a", "b"], object)
        nc.createVariable("zarr.json", "i2", ("x",))[:] = [1, 2]
        nc.createVariable("same", record, ())[...] = np.array((5, 6), record.dtype)
        nc.title = "old"


def content(path: Path) -> dict[str, Any]:
    with Dataset(path) as nc:
        nc.set_auto_mask(False)
        values = {
            f"{group.name}{variable.name}": [
                np.asarray(each).tolist() for each in variable[...].flat
            ]
            for group in (nc, *nc.groups.values())
            for variable in group.variables.values()
        }
        return {**values, "attributes": (nc.title, nc["rows"].ncattrs())}


def unconsolidate(path: Path) -> None:
    """Leave out the consolidated metadata."""
    (path / ".zmetadata").unlink(missing_ok=True)
    if (path / "zarr.json").exists():
        document = json.loads((path / "zarr.json").read_text())
        del document["consolidated_metadata"]
        (path / "zarr.json").write_text(json.dumps(document))


def killed(source: Path, how: str) -> list[Path]:
    """Return copies of a dataset by how far the process came that changed them."""
    folder = source.parent / "copies"
    folder.mkdir()
    arguments = [str(source), str(folder), str(STRIDE), how]
    done = subprocess.run([sys.executable, str(CHILD), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return sorted(folder.glob(f"*{source.suffix}"), key=lambda each: int(each.stem))


@pytest.mark.parametrize(
    ("format", "consolidated"),
    [("ZARR3", True), ("ZARR2", True), ("ZARR3", False), ("ZARR2", False), ("NETCDF4", True)],
)
def test_the_old_values_are_there_or_the_new(
    tmp_path: Path, format: str, consolidated: bool
) -> None:
    source = tmp_path / ("a.nc" if format == "NETCDF4" else "a.zarr")
    filled(source, format)
    if not consolidated:
        unconsolidate(source)
    old = content(source)
    copies = killed(source, "change")
    change(str(source))
    new = content(source)
    assert all(new[name] != old[name] for name in new if name != "/same")
    at_once = AT_ONCE[format]
    kinds = []
    for path in copies:
        found = content(path)
        assert all(found.pop(name) in (old[name], new[name]) for name in at_once)
        kinds.append(found == {name: new[name] for name in found})
        assert kinds[-1] or found == {name: old[name] for name in found}, path
        change(str(path))
        assert content(path) == new
        assert path.is_file() or not any(".new" in key for key in LocalStore(path).list())
    assert kinds == sorted(kinds)
    assert (kinds[0], kinds[-1]) == (False, True)
    assert len(kinds) >= 3 or source.suffix == ".nc"


@pytest.mark.parametrize("format", ["ZARR3", "ZARR2"])
def test_what_gets_another_name_is_there_by_one_of_both(tmp_path: Path, format: str) -> None:
    source = tmp_path / "a.zarr"
    filled(source, format)
    old = content(source)
    names = {"plain": "simple", "records": "more", "grows": "hrows"}
    for path in killed(source, "rename"):
        found = {name.replace("/", ""): value for name, value in content(path).items()}
        assert len(found) == len(old)
        for name, value in old.items():
            plain = name.replace("/", "")
            assert found.get(plain, found.get(names.get(plain, ""))) == value
