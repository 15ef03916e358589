"""Stores of one small array, and what may be wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zarr_cdm.errors import ZarrCdmError

DATA = np.arange(64, dtype="<f4").reshape(8, 8)
CORNER = DATA[:4, :4].tolist()
FILL = np.full((4, 4), -1.0).tolist()
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
GROUP: dict[str, Any] = {"zarr_format": 3, "node_type": "group"}
ARRAY: dict[str, Any] = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [8, 8],
    "data_type": "float32",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": -1.0,
    "codecs": [LITTLE],
}
ARRAY_V2: dict[str, Any] = {
    "zarr_format": 2,
    "shape": [8, 8],
    "chunks": [4, 4],
    "dtype": "<f4",
    "compressor": None,
    "fill_value": -1.0,
    "order": "C",
    "filters": None,
}

Files = Mapping[str, Any]  # bytes, or what JSON is made of
Build = Callable[[Path], Path]


@dataclass(frozen=True)
class Case:
    """A store, and what is expected of those who open it.

    Attributes
    ----------
    row
        Of which row of the table of threats it is one.
    build
        Makes the store in an empty folder and returns its path.
    error, says
        The error, and words of it; None where the store is read.
    values, why
        The values that are read, and why that is right although something is odd.
    ways
        How it is opened.
    stage
        When the error must come, "open" or "read"; '' for either.
    megabytes, seconds
        What it may cost.
    """

    row: str
    name: str
    build: Build
    error: type[ZarrCdmError] | tuple[type[ZarrCdmError], ...] | None = None
    says: str = ""
    values: Any = None
    why: str = ""
    ways: tuple[str, ...] = ("core", "read")
    variable: str = "v"
    stage: str = ""
    whole: bool = False
    limits: dict[str, Any] = field(default_factory=dict)
    megabytes: int = 256
    seconds: float = 5
    user: int | None = None

    @property
    def kinds(self) -> set[str]:
        """The names of the errors that are expected."""
        errors = self.error if isinstance(self.error, tuple) else (self.error,)
        return {error.__name__ for error in errors if error}

    @property
    def label(self) -> str:
        return f"{self.row}: {self.name}"


def put(folder: Path, files: Files) -> Path:
    """Write files; what are no bytes are documents."""
    for key, value in files.items():
        place = folder / key
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(value if isinstance(value, bytes) else document(value))
    return folder


def document(value: Any) -> bytes:
    return json.dumps(value).encode()


def chunks(prefix: str = "v/c/", separator: str = "/") -> dict[str, bytes]:
    return {
        f"{prefix}{i}{separator}{j}": DATA[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].tobytes()
        for i in range(2)
        for j in range(2)
    }


def v3(
    changes: Files | None = None, files: Files | None = None, group: Files | None = None
) -> Build:
    """Return what makes a good store, but for what is changed."""
    found = {"zarr.json": GROUP | dict(group or {}), "v/zarr.json": ARRAY | dict(changes or {})}
    return lambda folder: put(folder, found | chunks() | dict(files or {}))


def v2(changes: Files | None = None, files: Files | None = None) -> Build:
    found = {".zgroup": {"zarr_format": 2}, "v/.zarray": ARRAY_V2 | dict(changes or {})}
    return lambda folder: put(folder, found | chunks("v/", ".") | dict(files or {}))


def without(name: str) -> Build:
    found = {key: value for key, value in ARRAY.items() if key != name}
    return lambda folder: put(folder, {"zarr.json": GROUP, "v/zarr.json": found} | chunks())


def consolidated(
    nodes: Files, array: Files = ARRAY, files: Files | None = None, **others: Any
) -> Build:
    inline = {"kind": "inline", "must_understand": False, "metadata": nodes} | others
    root = GROUP | {"consolidated_metadata": inline}
    return lambda folder: put(
        folder, {"zarr.json": root, "v/zarr.json": array} | chunks() | dict(files or {})
    )


def consolidated_v2(metadata: Files, files: Files | None = None) -> Build:
    root = {"zarr_consolidated_format": 1, "metadata": metadata}
    return lambda folder: put(folder, {".zmetadata": root} | chunks("v/", ".") | dict(files or {}))


def named(name: str, **configuration: Any) -> dict[str, Any]:
    return {"name": name, "configuration": configuration}


def linked(place: Path, target: str | Path) -> None:
    """Put a link in a place, instead of what is there."""
    if place.exists():
        place.unlink()
    place.symlink_to(target)
