"""The Zarr door: a dialect on top of the core."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.core.commit import staged
from zarr_cdm.core.group import ZarrGroup, create_tree, open_tree, publish
from zarr_cdm.core.options import DEFAULT_OPTIONS, Options
from zarr_cdm.core.outdated import fresh
from zarr_cdm.core.stores.base import Store
from zarr_cdm.core.stores.table import is_remote, may_hold_zarr, open_store
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.parts import PARTED, parted
from zarr_cdm.dialects.table import choose, writer
from zarr_cdm.errors import MetadataError, NodeNotFoundError, ZarrCdmError, ZarrCdmWarning
from zarr_cdm.formats.base import NETCDF_SUFFIXES, StorageOptions
from zarr_cdm.formats.zarr_data import note_null, write_data
from zarr_cdm.formats.zarr_losses import in_words, losses
from zarr_cdm.metadata.documents import ZarrVersion


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
            There is no Zarr hierarchy. A netCDF file in its place, as in a zip, is named.
        MetadataError
            Its root is no group that can be read.
        """
        group = fresh(_root(open_store(target, storage_options), target, options))
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

        What the dialect does not keep of it is told in one `ZarrCdmWarning`, before anything is
        written.

        Parameters
        ----------
        dataset
            One of the model, or what `parted` has made of it.
        layouts
            How each array shall lie, by its path in what `parted` returns: the variable's own,
            unless that is of a user-defined type.
        dialect
            A name of `dialects.table.WRITTEN`.

        Raises
        ------
        UnsupportedError
            The dialect cannot say something of the dataset. Nothing is written.
        TargetExistsError
            There is something at ``target`` already. Nothing is written.
        MetadataError
            What the dataset says does not fit together, or there is no layout for an array.
        """
        split = parted(dataset, zarr_format) if dialect in PARTED else dataset
        for path, _ in split.all_variables():
            if path not in layouts:
                raise MetadataError("there is no layout for this array", variable=path)
        root = writer(dialect, zarr_format).write(split, layouts, zarr_format)
        lost = [] if dialect == "native" else losses(split, root, layouts, zarr_format)
        if lost:
            place = f"{split.source}: " if split.source else ""
            message = f"the dialect {dialect!r} does not keep all of it: {in_words(lost)}"
            warnings.warn(f"{place}{message}", ZarrCdmWarning, stacklevel=2)
        with staged(target, storage_options) as store:
            group = create_tree(store, root, zarr_format)
            for path, places in write_data(split, group).items():
                if dialect == "native":
                    note_null(group, path, places)
            publish(group)


def _root(store: Store, target: str, options: Options) -> ZarrGroup:
    """Return the root of a hierarchy; where there is netCDF instead, as in a zip, say so."""
    try:
        return open_tree(store, options=options)
    except NodeNotFoundError as error:
        names = [] if is_remote(target) else store.children()
        found = next((name for name in names if name.endswith(NETCDF_SUFFIXES)), None)
        if found is None:
            raise
        message = f"{error.message}; it holds {found!r}, read that by itself"
        raise NodeNotFoundError(message, source=error.source) from error
