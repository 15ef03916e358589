"""Where a Zarr store is made or changed: what is there, and what may be removed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from zarr_cdm.cdm import model
from zarr_cdm.core.commit import staged
from zarr_cdm.core.editing import remove_node
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.hierarchy import find_root
from zarr_cdm.core.options import Options
from zarr_cdm.core.outdated import fresh
from zarr_cdm.core.stores.base import OneFile, Store
from zarr_cdm.core.stores.table import exists, local_path, open_store
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

    Raises
    ------
    NodeNotFoundError, MetadataError
        There is none that can be read.
    UnsupportedError
        It is in a dialect that is only read, or in a store that is one file.
    """
    store = open_store(target, storage_options)
    if isinstance(store, OneFile):
        raise UnsupportedError("a store in one file cannot be changed; copy it", source=store.url)
    group = fresh(open_tree(store, options=Options(own_documents="all")))
    name, dialect = choose(group.node)
    if name not in CHANGEABLE:
        raise UnsupportedError(
            f"is in the dialect {name!r}, which cannot be changed; convert it", source=store.url
        )
    dataset = dialect.read(group.node, group.array)
    dataset.source = store.url
    keeper = ZarrKeeper(dataset, store, group.zarr_format, ExitStack())
    keeper.take(group)
    return keeper
