"""Arrays and groups by the place where they are: opened, and created."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Literal, TypeAlias, cast

from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.creating import new_array
from zarr_cdm.core.editing import create_node
from zarr_cdm.core.group import ZarrGroup, open_tree
from zarr_cdm.core.options import MissingChunks, Options
from zarr_cdm.core.stores.base import Store
from zarr_cdm.core.stores.table import STORES, StoreTarget, open_store
from zarr_cdm.errors import NodeNotFoundError
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, ZarrVersion
from zarr_cdm.metadata.json import plain

Target: TypeAlias = StoreTarget | MutableMapping[str, bytes]
Mode = Literal["r", "r+"]


def open_array(
    target: Target,
    path: str = "",
    *,
    mode: Mode = "r",
    missing_chunks: MissingChunks = "fill",
    verify_checksums: bool = True,
    write_empty_chunks: bool = True,
    storage_options: Mapping[str, Any] | None = None,
) -> ZarrArray:
    """Return an array of a Zarr store, v2 or v3; none of its chunks is read.

    Parameters
    ----------
    target
        Where the store is: a path, a URL that fsspec knows, a URL pipeline as in
        ``s3://bucket/air.zip|zip:``, a store object, or a dictionary of keys and bytes.
    path
        Of the array in the store.
    mode
        ``"r"`` to read it, ``"r+"`` to write it too. `create_array` makes a new one.
    missing_chunks
        What a chunk reads as that the store does not have: ``"fill"``, the fill value; ``"warn"``,
        that and a `ZarrCdmWarning`; ``"error"``, a `ChunkError`.
    verify_checksums
        Whether the checksums of chunks are compared. Without that, less of a chunk may be read.
    write_empty_chunks
        Whether a chunk that is all fill value is stored. Without that it is left out, or deleted.
    storage_options
        fsspec's options, for a URL.

    Raises
    ------
    NodeNotFoundError
        There is no array.
    MetadataError, LimitError, UnsupportedError
        Its document is none that can be read.
    """
    options = Options(missing_chunks, verify_checksums, write_empty_chunks, _read_only(mode))
    return open_tree(_store(target, storage_options), path.strip("/"), options).array("")


def open_group(
    target: Target,
    path: str = "",
    *,
    mode: Mode = "r",
    missing_chunks: MissingChunks = "fill",
    verify_checksums: bool = True,
    write_empty_chunks: bool = True,
    storage_options: Mapping[str, Any] | None = None,
) -> ZarrGroup:
    """Return a group of a Zarr store, v2 or v3; one that is consolidated costs one read.

    Parameters
    ----------
    target, mode, missing_chunks, verify_checksums, write_empty_chunks, storage_options
        As in `open_array`; what is found below the group is opened with them too.
    path
        Of the group in the store; its root by itself.

    Raises
    ------
    NodeNotFoundError
        There is no group.
    MetadataError
        Its document is none that can be read.
    """
    options = Options(missing_chunks, verify_checksums, write_empty_chunks, _read_only(mode))
    group = open_tree(_store(target, storage_options), path.strip("/"), options)
    if isinstance(group.node.document, ArrayMetadata):
        raise NodeNotFoundError(
            "there is an array, no group; use open_array", source=group.store.url, key=group.path
        )
    return group


def create_array(
    target: Target,
    path: str = "",
    *,
    shape: int | Sequence[int] | None = None,
    dtype: Any = None,
    data: Any = None,
    chunks: Any = None,
    shards: int | Sequence[int] | None = None,
    fill_value: Any = None,
    codecs: Sequence[Any] | None = None,
    order: Literal["C", "F"] = "C",
    dimension_names: Sequence[str | None] | None = None,
    attributes: Mapping[str, Any] | None = None,
    chunk_key_encoding: Any = None,
    zarr_format: ZarrVersion = 3,
    overwrite: bool = False,
    write_empty_chunks: bool = True,
    storage_options: Mapping[str, Any] | None = None,
) -> ZarrArray:
    """Create an array in a Zarr store, and the groups above it that are not there yet.

    Parameters
    ----------
    target, write_empty_chunks, storage_options
        As in `open_array`.
    path
        Of the array in the store; by itself the array is all of the store.
    shape, dtype
        Those of ``data`` by themselves. ``dtype`` is a NumPy type (``str`` for texts of any length,
        in stated byte order as in ``">f4"``) or the name of one of Zarr's, as ``"bfloat16"``.
    data
        What is written to it at once.
    chunks
        For each axis the length of its chunks, -1 for all of it, or a list of lengths (a
        rectilinear grid); by itself about 4 MiB each, whole along the last axes.
    shards
        The shape of shards, objects of many chunks each; ``chunks`` must fill them.
    fill_value
        What reads where nothing was written; zero, NaT or an empty text by itself.
    codecs
        The chain in the words of Zarr v3, for v2 too: names, or objects with a configuration. The
        codec that makes bytes of the elements may be left out; ``[]`` stores them as they are. By
        itself Blosc (zstd, level 1, shuffle) and in v3 a checksum.
    order
        Of the elements in a chunk, ``"C"`` or ``"F"``.
    dimension_names
        A name, or None, for each axis; v3 only.
    attributes
        What the array says of itself, in words that JSON has.
    chunk_key_encoding
        ``{"name": "default" or "v2", "separator": "/" or "."}``.
    zarr_format
        3 or 2.
    overwrite
        Whether a node that is there is removed before, with all that is below it.

    Raises
    ------
    TargetExistsError
        There is something at the path, and it may not be overwritten.
    MetadataError, UnsupportedError, LimitError, ValuesError
        There can be no such array. Nothing is written.
    """
    document = new_array(
        shape,
        dtype,
        data,
        chunks=chunks,
        shards=shards,
        fill_value=fill_value,
        codecs=codecs,
        order=order,
        dimension_names=dimension_names,
        attributes=attributes,
        chunk_key_encoding=chunk_key_encoding,
        zarr_format=zarr_format,
    )
    store, place = _store(target, storage_options), path.strip("/")
    options = Options(write_empty_chunks=write_empty_chunks)
    array = ZarrArray(store, place, document, options)  # it may refuse: nothing is there yet
    create_node(store, place, document, overwrite)
    if data is not None:
        array[...] = data
    return array


def create_group(
    target: Target,
    path: str = "",
    *,
    attributes: Mapping[str, Any] | None = None,
    zarr_format: ZarrVersion = 3,
    overwrite: bool = False,
    write_empty_chunks: bool = True,
    storage_options: Mapping[str, Any] | None = None,
) -> ZarrGroup:
    """Create a group in a Zarr store, and the groups above it that are not there yet.

    Parameters
    ----------
    target, write_empty_chunks, storage_options
        As in `open_array`.
    path
        Of the group in the store; by itself it is the root.
    attributes
        What the group says of itself, in words that JSON has.
    zarr_format
        3 or 2.
    overwrite
        Whether a node that is there is removed before, with all that is below it.

    Raises
    ------
    TargetExistsError
        There is a node at the path, and it may not be overwritten.
    MetadataError
        JSON has no word for an attribute, or a group above is of the other version.
    """
    store, place = _store(target, storage_options), path.strip("/")
    document = GroupMetadata(plain(attributes or {}), zarr_format=zarr_format)
    create_node(store, place, document, overwrite)
    return open_tree(store, place, Options(write_empty_chunks=write_empty_chunks))


def _store(target: Target, storage_options: Mapping[str, Any] | None) -> Store:
    if isinstance(target, MutableMapping):
        return cast(Store, STORES["memory"](target))
    return open_store(target, storage_options)


def _read_only(mode: str) -> bool:
    if mode not in ("r", "r+"):
        raise ValueError(f"mode is {mode!r}, expected 'r' or 'r+'; create_… makes what is new")
    return mode == "r"
