"""What differs between two files, stores or datasets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from zarr_cdm.cdm.compare import compare as compare_datasets
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.core.stores.table import is_remote
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.formats.table import read


def compare(
    first: Dataset | str | os.PathLike[str],
    second: Dataset | str | os.PathLike[str],
    *,
    storage: bool = False,
    values: bool = True,
    order: bool = True,
    storage_options: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Return every difference between two datasets; an empty list where there is none.

    Groups, dimensions (by the group that holds them), types, variables, attributes with their
    types, fill values, values and the order of all of these are compared, bit by bit: a NaN is
    itself, -0.0 is not 0.0, NULL is not the empty text. The values of a variable are one finding,
    which says how many differ and where the first one stands; they are read block by block.

    Parameters
    ----------
    first, second
        A netCDF file, a Zarr store (a path or a URL), or a dataset, in any combination. A dataset
        that is given stays open.
    storage
        Compare layout, chunks, filters, byte order and provenance, too.
    values
        Compare the values of the variables. Without that no data are read.
    order
        Compare the order of groups, dimensions, types, variables and attributes.
    storage_options
        fsspec's options, for URLs.

    Returns
    -------
    list of Finding
        In the order of the groups. Data that cannot be read are a finding, too.

    Raises
    ------
    NodeNotFoundError, FormatError, MetadataError
        As `zarr_cdm.read`. Nothing that is found is raised.
    UnsupportedError
        There are ``storage_options``, but no URL.
    """
    urls = [each for each in (first, second) if _is_url(each)]
    if storage_options and not urls:
        names = ", ".join(storage_options)
        raise UnsupportedError(f"storage_options ({names}) are for URLs only; leave them out here")
    with ExitStack() as opened:
        sides = []
        for each in (first, second):
            if not isinstance(each, Dataset):
                options = storage_options if each in urls else None
                each = opened.enter_context(read(each, options, own_documents="all"))
            sides.append(each)
        return compare_datasets(*sides, storage=storage, values=values, order=order)


def _is_url(target: Dataset | str | os.PathLike[str]) -> bool:
    return not isinstance(target, Dataset) and is_remote(os.fspath(target))
