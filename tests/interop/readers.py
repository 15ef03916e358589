"""Other libraries that read our stores, one function for each, and where they can read from.

A reader gets the places of one version's stores and yields for each case the array that it found,
or the error.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.interop import limits
from tests.interop.browser import array_of, missing, read_in_browser
from tests.interop.cases import BOTH, Case
from tests.interop.limits import Cannot
from zarr_cdm.metadata.documents import ZarrVersion

Found = Iterator[tuple[str, Any]]
Cases = Mapping[str, Case]
CHILD = Path(__file__).parent / "netcdf_child.py"
SECONDS = 120


@dataclass(frozen=True)
class Reader:
    """A library, the stores that it reads, what it needs, and what it cannot do."""

    read: Callable[[str, str, Cases], Found]
    stores: Sequence[str]
    cannot: Sequence[Cannot]
    needs: Callable[[], None]
    versions: tuple[ZarrVersion, ...] = BOTH
    closed: Mapping[str, str] = field(default_factory=dict)  # stores, and what is seen instead


def _each(cases: Cases, read: Callable[[str], Any]) -> Found:
    for name in cases:
        try:
            yield name, read(name)
        except Exception as error:
            yield name, f"{type(error).__name__}: {error}"


def with_zarr_python(store: str, place: str, cases: Cases, **config: Any) -> Found:
    import zarr

    config |= {"array.rectilinear_chunks": True} if limits.ZARR >= (3, 2) else {}
    opened: Any = place
    if store == "zip":
        opened = zarr.storage.ZipStore(place, mode="r")
    elif store in ("http", "memory"):
        opened = zarr.storage.FsspecStore.from_url(place, read_only=True)
    with zarr.config.set(config), _closing(opened):
        yield from _each(
            cases, lambda name: zarr.open_array(opened, path=f"sub/{name}", mode="r")[...]
        )


def _closing(opened: Any) -> AbstractContextManager[Any]:
    return opened if hasattr(opened, "zmetadata") else nullcontext(opened)


def with_zarrs(store: str, place: str, cases: Cases) -> Found:
    pipeline = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}
    yield from with_zarr_python(store, place, cases, **pipeline)


def with_tensorstore(store: str, place: str, cases: Cases) -> Found:
    import tensorstore

    def read(name: str) -> Any:
        driver = "zarr" if cases[name].zarr_format == 2 else "zarr3"
        spec = {"driver": driver, "kvstore": tensorstore_place(store, place, f"sub/{name}/")}
        return tensorstore.open(spec).result().read().result()

    yield from _each(cases, read)


def tensorstore_place(store: str, place: str, path: str) -> dict[str, Any]:
    """Return the spec of a key-value store of tensorstore."""
    if store == "zip":
        return {"driver": "zip", "base": {"driver": "file", "path": place}, "path": path}
    if store == "http":
        return {"driver": "http", "base_url": place, "path": f"/{path}"}
    return {"driver": "file", "path": f"{place}/{path}"}


def with_netcdf_c(store: str, place: str, cases: Cases) -> Found:
    """Read stores of one array each, in a process that is started again where one ends it."""
    suffix, mode = {"local": ("", "zarr,file"), "zip": (".zip", "zarr,zip")}[store]
    left = list(cases)
    while left:
        lines = [json.dumps([f"file://{place}/{name}{suffix}#mode={mode}", name]) for name in left]
        done = subprocess.run(
            [sys.executable, str(CHILD)],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.stdout, done.stderr
        read, begun = {}, 0
        for line in done.stdout.splitlines():
            number, *results = json.loads(line)
            begun = number + 1
            for result in results:
                read[number] = _netcdf_array(result)
        for number, name in enumerate(left[:begun]):
            yield name, read.get(number, f"the process ended with {done.returncode}")
        left = left[begun:]


def _netcdf_array(result: Any) -> Any:
    if isinstance(result, str):
        return result
    shape, dtype, data = result
    if isinstance(data, list):
        return np.array(data, object).reshape(shape)
    return np.frombuffer(b64decode(data), dtype).reshape(shape)


def with_zarrita(store: str, place: str, cases: Cases) -> Found:
    # Last what it mistakes for chunks: given garbage, its lz4 decodes nothing any more.
    names = sorted(cases, key=lambda name: cases[name].shards == "index at the start")
    arrays = [
        {"store": "ours", "path": f"sub/{name}", "version": cases[name].zarr_format}
        for name in names
    ]
    results = dict(zip(names, read_in_browser({"ours": Path(place)}, arrays), strict=True))
    yield from _each(cases, lambda name: array_of(results[name], cases[name].expected.dtype))


def _package(name: str) -> Callable[[], None]:
    return lambda: pytest.importorskip(name, reason=f"{name} is not installed")


def _browser() -> None:
    if reason := missing():
        pytest.skip(reason)


READERS = {
    "zarr-python": Reader(
        with_zarr_python,
        ("local", "zip", "memory", "http"),
        limits.ZARR_PYTHON,
        _package("zarr"),
    ),
    "zarrs": Reader(with_zarrs, ("local",), limits.ZARRS, _package("zarrs")),
    "tensorstore": Reader(
        with_tensorstore,
        ("local", "zip", "http"),
        limits.TENSORSTORE,
        _package("tensorstore"),
    ),
    "netCDF-C": Reader(
        with_netcdf_c,
        ("local", "zip"),
        limits.NETCDF_C,
        _package("netCDF4"),
        versions=(2,),
        closed={"zip": "not turned on when netCDF was built"},  # in the wheels of netCDF4
    ),
    "zarrita.js": Reader(with_zarrita, ("local", "zip"), limits.ZARRITA, _browser),
}
