"""zarrita.js in headless Chromium: one start of the browser reads all arrays.

The page and what it imports come from the server of the stores; it posts what it has read.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.server import serve

FOLDER = Path(__file__).parent / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-dev-shm-usage",
]
SECONDS = 600


def _profile() -> tempfile.TemporaryDirectory[str]:
    """Return a new empty folder; its browser may write there while it is taken away."""
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def browser() -> str | None:
    """Return the browser of this machine, None if there is none."""
    named = os.environ.get("ZARR_CDM_BROWSER")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str | None:
    """Return why no browser can read, None if one can."""
    if browser() is None:
        return "no Chromium is installed; ZARR_CDM_BROWSER may name one"
    if not (FOLDER / "node_modules" / "zarrita").exists():
        return "zarrita.js is not installed: run `npm ci` in tests/interop/browser"
    return None


def read_in_browser(
    stores: Mapping[str, Path], arrays: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what zarrita.js reads: an object for each of ``arrays``.

    ``stores`` are directories and zip archives by name; an array has ``store``, ``path`` and
    ``version``.
    """
    values = {"page.html": (FOLDER / "page.html").read_bytes()}
    values["read.js"] = (FOLDER / "read.js").read_bytes()
    values |= _files(FOLDER / "node_modules", "node_modules", "*.js")
    urls = {}
    for name, place in stores.items():
        if place.is_dir():
            values |= _files(place, name, "*")
            urls[name] = f"/{name}"
        else:
            values[f"{name}.zip"] = place.read_bytes()
            urls[name] = f"/{name}.zip"
    values["arrays.json"] = json.dumps({"stores": urls, "arrays": list(arrays)}).encode()
    with serve(values=values) as site, _profile() as profile:
        command = [str(browser()), *FLAGS, f"--user-data-dir={profile}", f"{site.url}/page.html"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            posted = json.loads(site.posted.get(timeout=SECONDS))
        except queue.Empty:
            raise AssertionError(f"the page has posted nothing in {SECONDS} seconds") from None
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert "failed" not in posted, posted
    results: list[dict[str, Any]] = posted["results"]
    return results


def _files(folder: Path, name: str, pattern: str) -> dict[str, bytes]:
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob(pattern)
        if path.is_file()
    }


def array_of(result: Mapping[str, Any], dtype: np.dtype) -> np.ndarray:
    """Return the array that was read; raise `ValueError` with what is wrong.

    A browser knows types by names, which are those of Zarr v3.
    """
    if "error" in result:
        raise ValueError(result["error"])
    if "texts" in result:
        texts = result["texts"]
        flat = np.array([text.encode() for text in texts] if dtype.kind == "S" else texts, dtype)
    elif result["dtype"] != dtype.name:
        raise ValueError(f"dtype {result['dtype']}, not {dtype.name}")
    else:
        flat = np.frombuffer(b64decode(result["bytes"]), dtype)
    strides = [step * dtype.itemsize for step in result["stride"]]
    return np.lib.stride_tricks.as_strided(flat, result["shape"], strides)
