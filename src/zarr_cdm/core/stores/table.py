"""Every store, and what opens a target. A new store is one new row.

>>> sorted(STORES)
['local', 'memory', 'remote']
>>> open_store("/data/air.zarr")
<LocalStore /data/air.zarr>
>>> open_store("memory://air.zarr")
<RemoteStore memory://air.zarr>
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

from zarr_cdm.core.stores.base import Store
from zarr_cdm.errors import StoreError
from zarr_cdm.registry import Registry

STORES = Registry(
    "store",
    {
        "local": "zarr_cdm.core.stores.local:LocalStore",
        "memory": "zarr_cdm.core.stores.memory:MemoryStore",
        "remote": "zarr_cdm.core.stores.remote:RemoteStore",
    },
)

StoreTarget: TypeAlias = str | os.PathLike[str] | Store


def open_store(target: StoreTarget, storage_options: Mapping[str, Any] | None = None) -> Store:
    """Return the store at a path or URL; a store is returned as it is.

    Parameters
    ----------
    target
        With ``://`` or ``::`` a URL for fsspec, ``file://`` and all else a local path.
    storage_options
        What fsspec hands to the file system; only for a URL.
    """
    if not isinstance(target, str | os.PathLike):
        _refuse_options(storage_options, repr(target))
        return target
    text = os.fspath(target)
    if is_remote(text):
        return cast(Store, STORES["remote"](text, storage_options))
    path = local_path(text)
    _refuse_options(storage_options, path)
    return cast(Store, STORES["local"](path))


def exists(target: StoreTarget, storage_options: Mapping[str, Any] | None = None) -> bool:
    """Return whether something is there already, be it a store, a file or an empty directory.

    An empty directory counts on this machine only: object stores have none.
    """
    store = open_store(target, storage_options)
    if not isinstance(target, str | os.PathLike):
        return any(True for _ in store.children())
    if is_remote(os.fspath(target)):
        return bool(cast(Any, store).occupied())
    return os.path.lexists(store.url)


def is_remote(target: str) -> bool:
    """Return whether fsspec is asked for, by the look of the target alone."""
    return "::" in target or ("://" in target and not target.startswith("file://"))


def local_path(target: str) -> str:
    """Return the absolute path that a path or a ``file://`` URL stands for."""
    if target.startswith("file://"):
        path = unquote(target.removeprefix("file://").removeprefix("localhost"))
        return os.path.abspath(path.lstrip("/") if os.name == "nt" else path)
    return os.path.abspath(os.path.expanduser(target))


def _refuse_options(storage_options: Mapping[str, Any] | None, target: str) -> None:
    if storage_options:
        names = ", ".join(sorted(map(str, storage_options)))  # never the values: they are secrets
        raise StoreError(
            f"storage_options ({names}) are for URLs only; leave them out here", source=target
        )
