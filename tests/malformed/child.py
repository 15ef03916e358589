"""Run in a process of its own: opens stores that somebody made to break it, each in a fork.

Reads one JSON object a line, and answers each with one: what became of the fork that opened it.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numcodecs.blosc
import numpy as np
import xarray

import zarr_cdm.formats.table
from zarr_cdm.core.opening import open_group
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.errors import ZarrCdmError, ZarrCdmWarning
from zarr_cdm.limits import Limits

HANG = 5  # seconds
RUNAWAY = 8 * 2**30  # bytes of addresses: so that no fork can take the machine with it
KIB = 2**10


class LeftOut(Exception):
    """A warning said that a variable is left out."""


class Progress:
    """Whether it is being opened or read."""

    stage = "open"


def core(target: str, variable: str, whole: bool) -> Any:
    array = open_group(open_store(target)).array(variable)
    Progress.stage = "read"
    return array[...] if whole else array[tuple(slice(0, 4) for _ in array.shape)]


def read(target: str, variable: str, whole: bool) -> Any:
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        dataset: Any = zarr_cdm.formats.table.read(target)
    _check(notes)
    *groups, name = variable.split("/")
    for group in groups:
        dataset = dataset.groups[group]
    if name not in dataset.variables:
        raise LeftOut("; ".join(str(note.message) for note in notes))
    Progress.stage = "read"
    data = dataset.variables[name].data
    return data[...] if whole else data[tuple(slice(0, 4) for _ in data.shape)]


def through_xarray(target: str, variable: str, whole: bool) -> Any:
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        dataset = xarray.open_dataset(target, engine="zarr_cdm")
    if variable not in dataset.variables:
        raise LeftOut("; ".join(str(note.message) for note in notes))
    Progress.stage = "read"
    found = dataset[variable]
    return (found if whole else found[tuple(slice(0, 4) for _ in found.shape)]).values


def _check(notes: Any) -> None:
    strange = [note for note in notes if not issubclass(note.category, ZarrCdmWarning)]
    if strange:
        raise TypeError(f"a warning of another package: {strange[0].message}")


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def eat(*_: Any) -> int:
    return len(b"1" * 300 * KIB * KIB)


def sleep(*_: Any) -> None:
    signal.alarm(1)
    time.sleep(10)


WAYS = {"core": core, "read": read, "xarray": through_xarray}
HARM = {"die": die, "eat": eat, "sleep": sleep}


def open_it(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what came of opening and reading, in this process."""
    if asked.get("user"):
        os.seteuid(asked["user"])
    Progress.stage = "open"
    start = time.perf_counter()
    before = memory("VmRSS")
    try:
        with Limits(**asked["limits"]).use():
            values = (WAYS | HARM)[asked["way"]](asked["target"], asked["variable"], asked["whole"])
        found = {"outcome": "values", "values": np.asarray(values).tolist()}
    except LeftOut as error:
        found = {"outcome": "left out", "says": str(error)}
    except ZarrCdmError as error:
        found = {"outcome": "refused", "kind": type(error).__name__, "says": str(error)}
    except BaseException:
        found = {"outcome": "foreign error", "says": traceback.format_exc()[-3000:]}
    found["stage"] = Progress.stage
    found["seconds"] = time.perf_counter() - start
    found["memory"] = memory("VmHWM") - before
    return found


def memory(what: str) -> int:
    """Return a figure of this process in bytes; 0 where there is no such."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * KIB for line in lines if line.startswith(what))


def in_a_fork(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what came of it, also where the process does not live to tell."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        os.close(reader)
        signal.alarm(HANG)  # whose default is to end the process
        resource.setrlimit(resource.RLIMIT_AS, (RUNAWAY, RUNAWAY))
        answer = json.dumps(open_it(asked), default=repr).encode()
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(process, 0)
    if answer:
        return dict(json.loads(answer))
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGALRM:
        return {"outcome": f"no end within {HANG} seconds"}
    return {"outcome": f"ended by {signal.Signals(-code).name if code < 0 else code}"}


def warm_up() -> None:
    """Load what opening a store loads, but start no thread: forks would inherit its locks."""
    with tempfile.TemporaryDirectory() as folder:
        array = {
            "zarr_format": 2,
            "shape": [1],
            "chunks": [1],
            "dtype": "<f4",
            "compressor": {"id": "blosc", "cname": "lz4", "clevel": 1, "shuffle": 1},
            "fill_value": 0,
            "order": "C",
            "filters": None,
        }
        Path(folder, "v").mkdir()
        Path(folder, ".zgroup").write_text('{"zarr_format": 2}')
        Path(folder, "v", ".zarray").write_text(json.dumps(array))
        for way in WAYS.values():
            way(folder, "v", True)


def main() -> None:
    numcodecs.blosc.use_threads = False
    warm_up()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(in_a_fork(json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
