"""A netCDF file or a Zarr store as CDL, as ``ncdump`` prints it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from zarr_cdm.formats import cdl
from zarr_cdm.formats.table import read


def dump(
    source: str | os.PathLike[str],
    *,
    header: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> str:
    """Return a file or store as CDL text, with its data unless only the ``header`` is asked for.

    Raises
    ------
    NodeNotFoundError, FormatError, MetadataError
        As `zarr_cdm.read`.
    """
    return "".join(pieces(source, header=header, storage_options=storage_options))


def pieces(
    source: str | os.PathLike[str],
    *,
    header: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Yield the text of `dump` piece by piece, so that it never has to be in memory whole."""
    with read(source, storage_options) as dataset:
        name = PurePath(dataset.source.rstrip("/")).stem
        yield from cdl.write(dataset, name=name, header=header)
