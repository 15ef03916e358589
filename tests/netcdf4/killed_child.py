"""Changes copies of a dataset, and is killed in each at another point: a process of its own.

Its arguments are the path of the dataset, a folder, a stride, and the name of a change. Copies in
the folder are called by how often the process that changed them had touched the disk before it
killed itself (SIGKILL): from 0, with that stride. The last one gets to the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

import zarr_cdm.netcdf4

# What files appear and vanish by; what is written before that has another name.
TOUCHING = ("replace", "rename", "unlink")


def change(path: str) -> None:
    """Change something of everything that is in a dataset."""
    with zarr_cdm.netcdf4.Dataset(path, "a") as nc:
        nc["plain"][2] = 3
        nc["rows"][0] = np.array([7, 8, 9], "i4")
        nc["g/rows"][1] = np.array([5], "i4")
        nc["records"][0] = (10, -1.5)
        nc["names"][1] = "a longer one"
        nc["zarr.json"][:] = [3, 4]
        nc.title = "new"
        nc["rows"].units = "K"


def rename(path: str) -> None:
    """Give variables and a group other names."""
    with zarr_cdm.netcdf4.Dataset(path, "a") as nc:
        nc.renameVariable("plain", "simple")
        nc.renameVariable("records", "more")
        nc.renameGroup("g", "h")


CHANGES = {"change": change, "rename": rename}


def killed(steps: int, path: str, how: str) -> bool:
    """Change a dataset in a process that is killed after some steps, and tell whether it was."""
    child = os.fork()
    if not child:
        left = iter(range(steps))
        for name in TOUCHING:
            setattr(os, name, limited(getattr(os, name), left))
        try:
            CHANGES[how](path)
        except BaseException as error:
            sys.stderr.write(repr(error))
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        sys.exit("the change failed")
    return os.WIFSIGNALED(status)


def limited(function: Callable[..., Any], left: Any) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return counted


def main(source: Path, folder: Path, stride: int, how: str) -> None:
    for steps in count(step=stride):
        path = folder / f"{steps}{source.suffix}"
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, path)
        if not killed(steps, str(path), how):
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
