"""Every format, in the order in which they are tried. A new door is one new row."""

from __future__ import annotations

import os

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.core.options import MissingChunks, Options, OwnDocuments
from zarr_cdm.core.stores.table import is_remote, open_store
from zarr_cdm.errors import FormatError, NodeNotFoundError, UnsupportedError
from zarr_cdm.formats.base import NETCDF_SUFFIXES, Format, StorageOptions
from zarr_cdm.registry import Registry

FORMATS = Registry(
    "format",
    {
        "zarr": "zarr_cdm.formats.zarr:ZarrFormat",
        "netcdf": "zarr_cdm.formats.netcdf:NetcdfFormat",
    },
)


def is_netcdf(target: str) -> bool:
    """Tell whether the name of a file says that it is netCDF."""
    return target.lower().endswith(NETCDF_SUFFIXES)


def pick(target: str) -> tuple[str, Format]:
    """Return the name of the format of what lies at ``target``, and its door.

    Raises
    ------
    NodeNotFoundError
        Nothing lies there.
    FormatError
        No format knows it.
    UnsupportedError
        It is a netCDF file at a URL.
    """
    if is_remote(target) and is_netcdf(target):
        raise UnsupportedError(
            "netCDF files are read from this machine only; copy it here first",
            source=open_store(target).url,
        )
    for name in FORMATS:
        door: Format = FORMATS[name]()
        if door.matches(target):
            return name, door
    if not os.path.lexists(target):
        raise NodeNotFoundError("there is no such file or store", source=target)
    raise FormatError(f"is none of: {', '.join(FORMATS)}", source=target)


def read(
    target: str | os.PathLike[str],
    options: StorageOptions | None = None,
    *,
    missing_chunks: MissingChunks = "fill",
    verify_checksums: bool = True,
    own_documents: OwnDocuments = "newer",
) -> Dataset:
    """Return the netCDF file or Zarr store at ``target`` as a dataset, its data unread.

    Parameters
    ----------
    target
        A path or, for a store, any URL that fsspec knows.
    options
        fsspec's storage options, for a URL.
    missing_chunks
        What a chunk reads as that a store does not have: ``"fill"``, the fill value; ``"warn"``,
        that and a `ZarrCdmWarning`; ``"error"``, a `ChunkError`.
    verify_checksums
        Whether the checksums of a store's chunks are compared. Without that, less of a chunk may
        be read.
    own_documents
        Of a consolidated store in a directory of this machine: which documents of nodes are looked
        at, those that are ``"newer"`` or ``"all"``. Where they say something else, another writer
        has changed them; then they count, and a `ZarrCdmWarning` names them.

    Raises
    ------
    NodeNotFoundError
        Nothing lies there.
    FormatError, MetadataError
        What lies there cannot be read.
    UnsupportedError
        It is a netCDF file, of whose chunks nothing can be asked.
    """
    text = os.fspath(target)
    how = Options(missing_chunks, verify_checksums, read_only=True, own_documents=own_documents)
    return pick(text)[1].read(text, options, how)
