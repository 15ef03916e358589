"""Files that are none, and links that lead out of the store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.malformed.stores import CORNER, GROUP, Build, Case, linked, put, v2, v3
from zarr_cdm.errors import StoreError

ROW = "R6 files"
WAYS = ("core", "read", "xarray")
NOBODY = 65534 if getattr(os, "geteuid", lambda: 1)() == 0 else None
CHUNK, CHUNK_V2, DOCUMENT, ROOT = "v/c/0/0", "v/0.0", "v/zarr.json", "zarr.json"
LEADS_OUT, NO_FILE, REFUSED = "leads out of the store", "not a regular file", "Permission denied"


def after(change: Callable[[Path], None], first: Build = v3()) -> Build:  # noqa: B008
    """Return what makes a good store and then does something to it."""

    def build(folder: Path) -> Path:
        root = first(folder)
        change(root)
        return root

    return build


def fifo(key: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / key).unlink()
        os.mkfifo(root / key)

    return change


def directory(key: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / key).unlink()
        (root / key).mkdir()

    return change


def link(key: str, target: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        linked(root / key, target)

    return change


def moved(key: str) -> Callable[[Path], None]:
    """Return what moves a file or directory out of the store, and leaves a link to it."""

    def change(root: Path) -> None:
        target = root.parent / "elsewhere"
        shutil.move(root / key, target)
        (root / key).symlink_to(os.path.relpath(target, (root / key).parent))

    return change


def closed(key: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / key).chmod(0)

    return change


def bad(name: str, change: Callable[[Path], None], says: str, **others: Any) -> Case:
    first = others.pop("first", v3())
    return Case(ROW, name, after(change, first), StoreError, says, ways=WAYS, **others)


def through_a_link(folder: Path) -> Path:
    real = v3()(folder / "real")
    (folder / "link").symlink_to(real)
    return folder / "link"


def link_within(folder: Path) -> Path:
    root = v3()(folder)
    (root / "w").mkdir()
    (root / DOCUMENT).rename(root / "w" / "zarr.json")
    (root / DOCUMENT).symlink_to("../w/zarr.json")
    shutil.move(root / "v" / "c", root / "w" / "chunks")
    (root / "v" / "c").symlink_to(root / "w" / "chunks")
    (root / "w" / "zarr.json").write_bytes((root / "w" / "zarr.json").read_bytes())
    return root


def group_that_contains_itself(folder: Path) -> Path:
    root = put(folder, {"zarr.json": GROUP, "a/zarr.json": GROUP})
    (root / "a" / "up").symlink_to("..")
    return root


CASES = [
    bad("a FIFO as a chunk", fifo(CHUNK), NO_FILE),
    bad("a FIFO as a chunk of v2", fifo(CHUNK_V2), NO_FILE, first=v2()),
    bad("a FIFO as a document", fifo(DOCUMENT), NO_FILE),
    bad("a FIFO as the root's document", fifo(ROOT), NO_FILE),
    bad("a directory as a chunk", directory(CHUNK), NO_FILE),
    bad("a directory as a chunk of v2", directory(CHUNK_V2), NO_FILE, first=v2()),
    bad("a directory as a document", directory(DOCUMENT), NO_FILE),
    bad("a directory as the root's document", directory(ROOT), NO_FILE),
    bad("/dev/zero as a chunk", link(CHUNK, "/dev/zero"), LEADS_OUT),
    bad("/dev/zero as a document", link(DOCUMENT, "/dev/zero"), LEADS_OUT),
    bad("/dev/zero as the root's document", link(ROOT, "/dev/zero"), LEADS_OUT),
    bad(
        "/dev/zero for those who follow links",
        link(CHUNK, "/dev/zero"),
        NO_FILE,
        limits={"follow_symlinks": True},
    ),
    bad("/dev/stdin as a chunk", link(CHUNK, "/dev/stdin"), LEADS_OUT),
    bad("/proc/self/mem as a chunk", link(CHUNK, "/proc/self/mem"), LEADS_OUT),
    bad("/proc/self/environ as a chunk", link(CHUNK, "/proc/self/environ"), LEADS_OUT),
    bad("a link to another file as a chunk", moved(CHUNK), LEADS_OUT),
    bad("a link to another file as a chunk of v2", moved(CHUNK_V2), LEADS_OUT, first=v2()),
    bad("a link to another document", moved(DOCUMENT), LEADS_OUT),
    bad("a link to another root's document", moved(ROOT), LEADS_OUT),
    bad("a link to another directory of chunks", moved("v/c"), LEADS_OUT),
    bad("a link to a row of chunks", moved("v/c/0"), LEADS_OUT),
    bad("a link to another array", moved("v"), LEADS_OUT),
    bad("a link to /", link("v/c/0/0", "/"), LEADS_OUT),
    bad("a link to itself as a chunk", link(CHUNK, "0"), "symbolic links"),
    bad("a chunk that may not be read", closed(CHUNK), REFUSED, user=NOBODY),
    bad("a document that may not be read", closed(DOCUMENT), REFUSED, user=NOBODY),
    bad("a root's document that may not be read", closed(ROOT), REFUSED, user=NOBODY),
    bad("a directory that may not be entered", closed("v/c"), REFUSED, user=NOBODY),
    bad("an array that may not be entered", closed("v"), REFUSED, user=NOBODY),
    Case(
        ROW,
        "a root that is a link",
        through_a_link,
        values=CORNER,
        why="legal: it is what was asked for",
    ),
    Case(
        ROW,
        "links within the store",
        link_within,
        values=CORNER,
        why="legal: nothing leaves it",
    ),
    Case(
        ROW,
        "a link out of the store for those who follow",
        after(moved("v")),
        values=CORNER,
        why="legal: it was asked for",
        limits={"follow_symlinks": True},
    ),
]
