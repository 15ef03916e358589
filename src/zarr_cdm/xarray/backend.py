"""The xarray engine: ``xarray.open_dataset(path, engine="zarr_cdm")``.

Every xarray user imports this module when xarray lists its engines, so it imports no reader.

Source: "How to add a new backend", xarray's documentation.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from xarray import Dataset, DataTree
from xarray.backends import BackendEntrypoint
from xarray.backends.common import datatree_from_dict_with_io_cleanup

from zarr_cdm.cdm import model
from zarr_cdm.core.options import MissingChunks
from zarr_cdm.errors import NodeNotFoundError
from zarr_cdm.formats.table import read
from zarr_cdm.xarray.bridge import to_xarray

SUFFIXES = (".zarr", ".zarr/", ".zarr.zip", ".ozx", ".zarr.sqlite")
MARKS = ("zarr.json", ".zgroup", ".zmetadata")


class ZarrCdmBackendEntrypoint(BackendEntrypoint):
    """Open Zarr stores (v2 and v3) and netCDF files through netCDF's data model."""

    description = "Open Zarr stores and netCDF files through netCDF's data model"
    url = "https://pypi.org/project/zarr-cdm/"
    supports_groups = True
    open_dataset_parameters = (
        "filename_or_obj",
        "mask_and_scale",
        "decode_times",
        "concat_characters",
        "decode_coords",
        "drop_variables",
        "use_cftime",
        "decode_timedelta",
        "group",
        "storage_options",
        "missing_chunks",
        "verify_checksums",
    )

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Tell whether this looks like a Zarr store, without opening anything."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        path = os.fspath(filename_or_obj)
        if not isinstance(path, str):
            return False
        if path.endswith(SUFFIXES):
            return True
        return "://" not in path and any(os.path.exists(os.path.join(path, mark)) for mark in MARKS)

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        mask_and_scale: Any = None,
        decode_times: Any = None,
        concat_characters: Any = None,
        decode_coords: Any = True,
        drop_variables: str | Iterable[str] | None = None,
        use_cftime: Any = None,
        decode_timedelta: Any = None,
        group: str | None = None,
        storage_options: dict[str, Any] | None = None,
        missing_chunks: MissingChunks = "fill",
        verify_checksums: bool = True,
    ) -> Dataset:
        """Return one group of a store or file, decoded, its data unread.

        Parameters
        ----------
        group
            Path of the group; the root if it is None.
        storage_options
            fsspec's options, for a URL.
        missing_chunks
            What a chunk reads as that a store does not have: ``"fill"``, the fill value;
            ``"warn"``, that and a `ZarrCdmWarning`; ``"error"``, a `ChunkError`.
        verify_checksums
            Whether the checksums of a store's chunks are compared.

        Raises
        ------
        NodeNotFoundError
            Nothing lies there, or it has no such group.
        """
        root = read(
            _path(filename_or_obj),
            storage_options,
            missing_chunks=missing_chunks,
            verify_checksums=verify_checksums,
        )
        dataset = to_xarray(
            find_group(root, group),
            root.source,
            decode_coords,
            drop_variables,
            mask_and_scale=mask_and_scale,
            decode_times=decode_times,
            concat_characters=concat_characters,
            use_cftime=use_cftime,
            decode_timedelta=decode_timedelta,
        )
        dataset.set_close(root.close)
        return dataset

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,
        *,
        mask_and_scale: Any = None,
        decode_times: Any = None,
        concat_characters: Any = None,
        decode_coords: Any = True,
        drop_variables: str | Iterable[str] | None = None,
        use_cftime: Any = None,
        decode_timedelta: Any = None,
        group: str | None = None,
        storage_options: dict[str, Any] | None = None,
        missing_chunks: MissingChunks = "fill",
        verify_checksums: bool = True,
    ) -> dict[str, Dataset]:
        """Return all groups from ``group`` downwards by their paths, which begin with ``/``."""
        root = read(
            _path(filename_or_obj),
            storage_options,
            missing_chunks=missing_chunks,
            verify_checksums=verify_checksums,
        )
        datasets = {
            path: to_xarray(
                below,
                root.source,
                decode_coords,
                drop_variables,
                mask_and_scale=mask_and_scale,
                decode_times=decode_times,
                concat_characters=concat_characters,
                use_cftime=use_cftime,
                decode_timedelta=decode_timedelta,
            )
            for path, below in find_group(root, group).walk()
        }
        for dataset in datasets.values():
            dataset.set_close(root.close)
        return datasets

    def open_datatree(
        self,
        filename_or_obj: Any,
        *,
        mask_and_scale: Any = None,
        decode_times: Any = None,
        concat_characters: Any = None,
        decode_coords: Any = True,
        drop_variables: str | Iterable[str] | None = None,
        use_cftime: Any = None,
        decode_timedelta: Any = None,
        group: str | None = None,
        storage_options: dict[str, Any] | None = None,
        missing_chunks: MissingChunks = "fill",
        verify_checksums: bool = True,
    ) -> DataTree:
        """Return all groups from ``group`` downwards as a tree."""
        return datatree_from_dict_with_io_cleanup(
            self.open_groups_as_dict(
                filename_or_obj,
                mask_and_scale=mask_and_scale,
                decode_times=decode_times,
                concat_characters=concat_characters,
                decode_coords=decode_coords,
                drop_variables=drop_variables,
                use_cftime=use_cftime,
                decode_timedelta=decode_timedelta,
                group=group,
                storage_options=storage_options,
                missing_chunks=missing_chunks,
                verify_checksums=verify_checksums,
            )
        )


def _path(filename_or_obj: Any) -> str:
    if isinstance(filename_or_obj, str | os.PathLike):
        return os.fspath(filename_or_obj)
    raise TypeError(f"engine 'zarr_cdm' opens paths and URLs, not {type(filename_or_obj).__name__}")


def find_group(root: model.Dataset, path: str | None) -> model.Group:
    """Return the group at a path; raise `NodeNotFoundError` where there is none."""
    group: model.Group = root
    for name in (path or "").strip("/").split("/"):
        if name and name not in group.groups:
            known = ", ".join(group.groups) or "none"
            raise NodeNotFoundError(
                f"there is no group {path!r}; groups in {group.name or '/'!r}: {known}",
                source=root.source,
            )
        group = group.groups[name] if name else group
    return group
