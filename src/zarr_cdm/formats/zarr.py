"""The Zarr door: a dialect on top of the core."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from zarr_cdm.cdm.lazy import MappedArray, ReshapedElement
from zarr_cdm.cdm.model import ArrayLike, Dataset, Variable
from zarr_cdm.cdm.types import STRING
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.commit import staged
from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.options import DEFAULT_OPTIONS, Options
from zarr_cdm.core.stores.table import may_hold_zarr, open_store
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.native import encode_texts, without_null
from zarr_cdm.dialects.table import choose, writer
from zarr_cdm.errors import MetadataError, ZarrCdmError
from zarr_cdm.formats.base import StorageOptions
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.parallel import blocks, copy


class ZarrFormat:
    """Zarr stores of both versions, in every dialect that is known."""

    def matches(self, target: str) -> bool:
        """Tell whether ``target`` is a URL, a directory, or a file that begins like a store."""
        return may_hold_zarr(target)

    def read(
        self,
        target: str,
        storage_options: StorageOptions | None = None,
        options: Options = DEFAULT_OPTIONS,
    ) -> Dataset:
        """Return the hierarchy in the store at ``target`` as a dataset, its data unread.

        Raises
        ------
        NodeNotFoundError
            There is no Zarr hierarchy.
        MetadataError
            Its root is no group that can be read.
        """
        group = open_tree(open_store(target, storage_options), options=options)
        name, dialect = choose(group.node)
        try:
            dataset = dialect.read(group.node, group.array)
        except ZarrCdmError as error:
            raise error.at(source=group.store.url) from error.__cause__
        dataset.source = group.store.url
        dataset.facts = {
            "format": f"Zarr v{group.zarr_format}",
            "dialect": name,
            "consolidated": "yes" if group.consolidated else "no",
            **dataset.facts,
        }
        return dataset

    def write(
        self,
        dataset: Dataset,
        target: str,
        storage_options: StorageOptions | None = None,
        *,
        layouts: Mapping[str, Layout],
        zarr_format: ZarrVersion = 3,
        dialect: str = "native",
    ) -> None:
        """Write a dataset to a new store at ``target``.

        Parameters
        ----------
        layouts
            How each variable shall lie, by its path.
        dialect
            A name of `dialects.table.WRITTEN`.

        Raises
        ------
        UnsupportedError
            The dialect cannot say something of the dataset. Nothing is written.
        TargetExistsError
            There is something at ``target`` already. Nothing is written.
        """
        root = writer(dialect, zarr_format).write(dataset, layouts, zarr_format)
        with staged(target, storage_options) as store:
            group = create_tree(store, root, zarr_format)
            for path, variable in dataset.all_variables():
                _write_data(variable, path, group.array(path[1:]))
            publish(group)


def _write_data(variable: Variable, path: str, array: ZarrArray) -> None:
    data: ArrayLike = variable.data
    if variable.type is STRING and not array.dtype.hasobject:
        data = MappedArray(data, array.dtype, partial(_fitting, array.dtype.itemsize))
    elif variable.type is STRING:
        data = MappedArray(data, array.dtype, without_null)
    if array.shape != variable.shape:  # NCZarr: a scalar has one axis of length 1
        data = ReshapedElement(data, array.shape)
    try:
        copy(
            data,
            array,
            list(blocks(array.shape, array.shards or array.chunks, array.dtype.itemsize)),
        )
    except ZarrCdmError as error:
        raise error.at(variable=path) from error.__cause__


def _fitting(item_bytes: int, part: np.ndarray) -> np.ndarray:
    """Return texts as bytes; NumPy would cut one that is longer than the elements of the array."""
    encoded = encode_texts(part)
    if encoded.dtype.itemsize > item_bytes:
        raise MetadataError(
            f"a text has {encoded.dtype.itemsize} bytes, the layout leaves room for {item_bytes}"
        )
    return encoded
