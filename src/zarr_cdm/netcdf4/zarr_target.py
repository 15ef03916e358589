"""Where a Zarr store is made or changed: what is there, and what may be removed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from zarr_cdm.cdm import model
from zarr_cdm.core.commit import replaced, staged
from zarr_cdm.core.editing import remove_node
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.hierarchy import find_root
from zarr_cdm.core.options import Options
from zarr_cdm.core.outdated import fresh
from zarr_cdm.core.stores.base import OneFile, Store
from zarr_cdm.core.stores.table import exists, is_remote, local_path, open_store
from zarr_cdm.dialects.table import choose
from zarr_cdm.errors import NodeNotFoundError, TargetExistsError, UnsupportedError
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.netcdf4.zarr_keeper import ZarrKeeper

CHANGEABLE = ("native", "dimension_names", "array_dimensions")  # dialects that ours can replace
StorageOptions = Mapping[str, Any] | None


def new_store(
    dataset: model.Dataset,
    target: str,
    storage_options: StorageOptions,
    zarr_format: ZarrVersion,
    *,
    clobber: bool,
) -> ZarrKeeper:
    """Return what keeps a dataset in a new store.

    Raises
    ------
    TargetExistsError
        There is something that may not be removed, or is no Zarr hierarchy.
    """
    store = open_store(target, storage_options)
    if exists(target, storage_options):
        _remove(store, target, clobber)
    stack = ExitStack()
    if isinstance(store, OneFile):  # it can only be written as a whole
        store = stack.enter_context(staged(target, storage_options))
    return ZarrKeeper(dataset, store, zarr_format, stack)


def _remove(store: Store, target: str, clobber: bool) -> None:
    if not clobber:
        raise TargetExistsError("there is something already", source=store.url)
    try:
        find_root(store)
    except NodeNotFoundError:
        if any(True for _ in store.children()):
            raise TargetExistsError(
                "there is something that is no Zarr hierarchy; remove it, or choose another name",
                source=store.url,
            ) from None
    if isinstance(store, OneFile):
        os.unlink(local_path(target))
    else:
        remove_node(store, "")


def change_store(target: str, storage_options: StorageOptions) -> ZarrKeeper:
    """Return what keeps the dataset that is in a store, to be changed there.

    A store that is one file is unpacked in a temporary folder, and made anew at the end.

    Raises
    ------
    NodeNotFoundError, MetadataError
        There is none that can be read.
    UnsupportedError
        It is in a dialect that is only read, or in one file that is not on this machine.
    """
    store = open_store(target, storage_options)
    if isinstance(store, OneFile):
        return _change_file(target, store)
    return _change(store, store.url, ExitStack())


def _change_file(target: str, store: OneFile) -> ZarrKeeper:
    if is_remote(target):
        raise UnsupportedError(
            "a store in one file is changed on this machine only; copy it here", source=target
        )
    path = local_path(target)
    store.building(path)  # raises now what it would raise in the end
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="zarr_cdm-"))
        unpacked = open_store(os.path.join(folder, "unpacked"))
        _copy(open_store(target), unpacked)
        keeper = _change(unpacked, target, ExitStack())
        keeper.stack = stack.pop_all()
    keeper.stack.push(partial(_pack, keeper, path, store))
    return keeper


def _pack(
    keeper: ZarrKeeper, path: str, store: OneFile, kind: type[BaseException] | None, *_: object
) -> None:
    """Put what has been changed in the place of the file, unless there was an error."""
    if kind is None and keeper.has_changed:
        with replaced(path, store) as new:
            _copy(keeper.store, new)


def _copy(source: Store, target: Store) -> None:
    for key in source.list():
        value = source.get(key)
        if value is not None:
            target.set(key, value)


def _change(store: Store, source: str, stack: ExitStack) -> ZarrKeeper:
    group = fresh(open_tree(store, options=Options(own_documents="all")))
    name, dialect = choose(group.node)
    if name not in CHANGEABLE:
        raise UnsupportedError(
            f"is in the dialect {name!r}, which cannot be changed; convert it", source=source
        )
    dataset = dialect.read(group.node, group.array)
    dataset.source = source
    keeper = ZarrKeeper(dataset, store, group.zarr_format, stack)
    keeper.take(group)
    return keeper
