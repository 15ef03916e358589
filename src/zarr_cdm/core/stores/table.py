"""Every store, and what opens a target. A new store is one new row.

>>> sorted(STORES)
['cached', 'local', 'memory', 'prefix', 'remote', 'sqlite', 'zip']
>>> open_store("/data/air.zarr")
<LocalStore /data/air.zarr>
>>> open_store("memory://air.zarr")
<RemoteStore memory://air.zarr>
>>> open_store("/data/air.zarr.zip")
<ZipStore /data/air.zarr.zip>
>>> open_store("memory://data/air.zip|zip:2024/|zarr3:")
<VersionStore memory://data/air.zip|zip:2024/|zarr3:>
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from zarr_cdm.core.stores import url
from zarr_cdm.core.stores.base import Store
from zarr_cdm.errors import StoreError, UnsupportedError
from zarr_cdm.registry import Registry

STORES = Registry(
    "store",
    {
        "cached": "zarr_cdm.core.stores.cached:CachedStore",
        "local": "zarr_cdm.core.stores.local:LocalStore",
        "memory": "zarr_cdm.core.stores.memory:MemoryStore",
        "prefix": "zarr_cdm.core.stores.prefix:PrefixStore",
        "remote": "zarr_cdm.core.stores.remote:RemoteStore",
        "sqlite": "zarr_cdm.core.stores.sqlite:SqliteStore",
        "zip": "zarr_cdm.core.stores.zip:ZipStore",
    },
)
OPENERS = Registry(
    "opener",
    {
        "remote": "zarr_cdm.core.stores.remote:open_remote",
        "version": "zarr_cdm.core.stores.version:VersionStore",
    },
)

# Stores that are one file, by the ends of their names and by their first bytes.
SUFFIXES = {
    ".zip": "zip",
    ".ozx": "zip",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
MAGIC = {b"PK\3\4": "zip", b"PK\5\6": "zip", b"SQLite format 3\0": "sqlite"}
_MAGIC_BYTES = max(map(len, MAGIC))

# What the adapters of URL pipelines open: an archive, or a hierarchy in what is open already, of
# whichever version it is or of that one.
ADAPTERS = {"zip": "archive", "zarr": "hierarchy", "zarr2": "hierarchy", "zarr3": "hierarchy"}
VERSIONS = {"zarr2": 2, "zarr3": 3}

WEB = ("http://", "https://")
_CACHES = {"blockcache", "cached", "filecache", "simplecache"}  # of fsspec; its others open things

StoreTarget: TypeAlias = str | os.PathLike[str] | Store


def open_store(target: StoreTarget, storage_options: Mapping[str, Any] | None = None) -> Store:
    """Return the store at a path or URL; a store is returned as it is.

    Parameters
    ----------
    target
        With ``://`` or ``::`` a URL for fsspec, ``file://`` and all else a local path. A URL may
        go on with adapters, as in ``s3://bucket/air.zip|zip:2024/``, and so may a path. A file on
        this machine is known by its first bytes; what is elsewhere or not there yet, by the end of
        its name.
    storage_options
        What fsspec hands to the file system; only for a URL. What ``"zarr_cdm"`` stands for among
        them is ours: a `Network` or a mapping of its fields, as in ``{"zarr_cdm": {"attempts": 3,
        "cache_bytes": 2**28}}``.
    """
    if not isinstance(target, str | os.PathLike):
        _refuse_options(storage_options, repr(target))
        return target
    text = os.fspath(target)
    if url.is_pipeline(text):
        return _open_pipeline(text, storage_options)
    if is_remote(text):
        if _is_remote_zip(text):
            return _open_zip(text, storage_options, None)
        return cast(Store, OPENERS["remote"](text, storage_options))
    path = local_path(text)
    _refuse_options(storage_options, path)
    kind = _local_kind(path)
    return _open_zip(path, None, None) if kind == "zip" else cast(Store, STORES[kind](path))


def exists(target: StoreTarget, storage_options: Mapping[str, Any] | None = None) -> bool:
    """Return whether something is there already, be it a store, a file or an empty directory.

    An empty directory counts on this machine only: object stores have none.
    """
    store = open_store(target, storage_options)
    if not isinstance(target, str | os.PathLike):
        return any(True for _ in store.children())
    return bool(cast(Any, store).occupied())


def is_remote(target: str) -> bool:
    """Return whether fsspec is asked for, by the look of the target alone."""
    return "::" in target or ("://" in target and not target.startswith("file://"))


def local_path(target: str) -> str:
    """Return the absolute path that a path or a ``file://`` URL stands for."""
    if target.startswith("file://"):
        path = unquote(target.removeprefix("file://").removeprefix("localhost"))
        return os.path.abspath(path.lstrip("/") if os.name == "nt" else path)
    return os.path.abspath(os.path.expanduser(target))


def may_hold_zarr(target: str) -> bool:
    """Return whether a target is a URL, a directory, or a file that begins like a store."""
    if url.is_pipeline(target) or is_remote(target):
        return True
    path = local_path(target)
    return os.path.isdir(path) or _magic(path) is not None


def _open_pipeline(target: str, storage_options: Mapping[str, Any] | None) -> Store:
    root, adapters = url.parse(target)
    prefixes = [""]  # below the root, then in each archive
    version = None
    for name, path in adapters:
        if name not in ADAPTERS:
            known = ", ".join(sorted(ADAPTERS))
            raise UnsupportedError(f"unknown adapter {name!r} in a URL pipeline; known: {known}")
        version = VERSIONS.get(name)
        folder = f"{path.strip('/')}/" if path.strip("/") else ""
        if ADAPTERS[name] == "archive":
            prefixes.append(folder)
        else:
            prefixes[-1] += folder
    first, *archives = prefixes
    if archives:
        place = f"{root.rstrip('/')}/{first[:-1]}" if first else root
        store = _open_zip(place, storage_options, archives)
    else:
        store = open_store(root, storage_options)
        store = STORES["prefix"](store, first) if first else store
    return cast(Store, OPENERS["version"](store, version)) if version else store


def _open_zip(
    place: str, storage_options: Mapping[str, Any] | None, prefixes: list[str] | None
) -> Store:
    """Return the archive at a path or URL, or one in another: each prefix but the last is one."""
    if is_remote(place):
        folder, name = _split_url(place)
        source = OPENERS["remote"](folder, storage_options)
    else:
        _refuse_options(storage_options, place)
        if os.path.islink(place) and os.path.isfile(place):
            place = os.path.realpath(place)  # only a root may be a link out of its folder
        folder, name = os.path.split(place)
        source = STORES["local"](folder)
    *outer, last = prefixes or [""]
    for prefix in outer:
        source, name = STORES["zip"](source, name, ""), prefix[:-1]
    return cast(Store, STORES["zip"](source, name, last or None))


def _split_url(place: str) -> tuple[str, str]:
    """Return the URL that an object lies below, and its name there."""
    if place.startswith(WEB):  # a token in the query stays with the first
        parts = urlsplit(place)
        folder, _, name = parts.path.rpartition("/")
        return urlunsplit(parts._replace(path=folder + "/")), unquote(name)
    folder, _, name = place.rpartition("/")
    return folder + "/" if folder.endswith("/") else folder, name


def _is_remote_zip(target: str) -> bool:
    *outer, last = target.split("::")
    path = last.partition("?")[0] if last.startswith(WEB) else last
    return _CACHES.issuperset(outer) and _suffix_kind(path) == "zip"


def _local_kind(path: str) -> str:
    return "local" if os.path.isdir(path) else _magic(path) or _suffix_kind(path) or "local"


def _suffix_kind(path: str) -> str | None:
    return SUFFIXES.get(os.path.splitext(path)[1].lower())


def _magic(path: str) -> str | None:
    """Return the store that a file begins like; of none that cannot be read."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            begin = file.read(_MAGIC_BYTES)
    except OSError:
        return None
    return next((kind for magic, kind in MAGIC.items() if begin.startswith(magic)), None)


def _refuse_options(storage_options: Mapping[str, Any] | None, target: str) -> None:
    if storage_options:
        names = ", ".join(sorted(map(str, storage_options)))  # never the values: they are secrets
        raise StoreError(
            f"storage_options ({names}) are for URLs only; leave them out here", source=target
        )
