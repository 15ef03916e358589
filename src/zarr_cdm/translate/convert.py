"""From one door to another: ``convert(source, target)``.

Conversion never decodes: raw values, verbatim typed attributes, dimensions and groups go over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from zarr_cdm.cdm.model import Dataset, Group, Variable
from zarr_cdm.cdm.types import STRING
from zarr_cdm.core.options import MissingChunks
from zarr_cdm.core.stores.table import is_remote
from zarr_cdm.dialects.table import version_of
from zarr_cdm.errors import NodeNotFoundError, UnsupportedError, ZarrCdmError
from zarr_cdm.formats.table import FORMATS, is_netcdf, read
from zarr_cdm.formats.zarr import ZarrFormat
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.parallel import blocks
from zarr_cdm.translate.chunking import chunk_shape, layout_of
from zarr_cdm.translate.user_types import without_user_types


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    zarr_format: ZarrVersion | None = None,
    dialect: str = "native",
    data_model: str | None = None,
    group: str | None = None,
    missing_chunks: MissingChunks = "fill",
    storage_options: Mapping[str, Any] | None = None,
) -> None:
    """Write a netCDF file, or a Zarr store, to a new store or file.

    Values, attribute types, dimensions (unlimited, unused and scoped ones too), groups, fill values
    and the order of all of them are kept. Variables of user-defined types are left out of stores,
    each with a `ZarrCdmWarning`.

    Parameters
    ----------
    source
        A netCDF file or a Zarr store.
    target
        Path or URL of the store, or path of the file: what ends in .nc, .nc4, .cdf or .netcdf is
        netCDF. Nothing may be there yet. A local store or file appears when it is whole, one at a
        URL opens when its last document is written; after an error nothing is left.
    zarr_format
        Of a store: 3 (Blosc and crc32c, one consolidated document) or 2 (readable by netCDF-C too).
        By default 3, or 2 for a dialect that is of Zarr v2.
    dialect
        Of a store: how what plain Zarr cannot say is written: ``"native"`` (all of it, beside a
        store for everybody), ``"xarray"`` (not at all), ``"nczarr"`` (as netCDF-C does it) or
        ``"nz"`` (NZ-1.0); what one of the last two cannot say is refused.
    data_model
        Of a netCDF file, whatever its name: ``NETCDF4``, ``NETCDF4_CLASSIC``, ``NETCDF3_CLASSIC``,
        ``NETCDF3_64BIT_OFFSET`` or ``NETCDF3_64BIT_DATA``. None: that of the file where the data
        first came from, else ``NETCDF4``.
    group
        Convert this group alone, as the root of the store.
    missing_chunks
        What is said of chunks that a source store does not have: nothing (``"fill"``), ``"warn"``
        or ``"error"``.
    storage_options
        fsspec's options, for a source or target that is a URL.

    Raises
    ------
    NodeNotFoundError
        There is no such file, store or group.
    FormatError, MetadataError
        The source is damaged, or of no format that is known.
    TargetExistsError
        There is something at the target.
    UnsupportedError
        The target cannot hold something of the source; the message lists all of it. Nothing is
        written.
    """
    version = version_of(dialect, zarr_format)
    place = os.fspath(target)
    netcdf = data_model is not None or is_netcdf(place)
    if netcdf and zarr_format is not None:
        raise UnsupportedError(
            "zarr_format is for stores, and this is to be a netCDF file; leave it out", source=place
        )
    from_url = is_remote(os.fspath(source))
    # A local target refuses options, so that a mistaken one does not pass unseen.
    to_target = storage_options if is_remote(place) or not from_url else None
    options = storage_options if from_url else None
    with read(source, options, missing_chunks=missing_chunks) as dataset:
        kept = dataset if netcdf else without_user_types(dataset)
        chosen = kept if group is None else only_group(kept, group)
        try:
            if netcdf:
                FORMATS["netcdf"]().write(chosen, place, data_model, to_target)
                return
            layouts = {
                path: layout_of(variable, version, _text_bytes(variable, version), dialect)
                for path, variable in chosen.all_variables()
            }
            ZarrFormat().write(
                chosen,
                place,
                to_target,
                layouts=layouts,
                zarr_format=version,
                dialect=dialect,
            )
        except ZarrCdmError as error:
            raise error.at(source=dataset.source) from error.__cause__


def _text_bytes(variable: Variable, zarr_format: ZarrVersion) -> int | None:
    """Return the length in bytes of a variable's longest text, where its type depends on it."""
    if variable.type is not STRING or zarr_format == 3:
        return None
    return max(
        (
            len((text or "").encode("utf-8", "surrogateescape"))
            for block in blocks(variable.shape, chunk_shape(variable), 16)
            for text in variable.data[block].ravel().tolist()
        ),
        default=0,
    )


def only_group(dataset: Dataset, path: str) -> Dataset:
    """Return one group as a dataset of its own, with the dimensions that it uses from above."""
    group: Group = dataset
    above: dict[str, Any] = {}
    for name in path.strip("/").split("/"):
        if not name:
            continue
        if name not in group.groups:
            known = ", ".join(group.groups) or "none"
            raise NodeNotFoundError(
                f"there is no group {path!r}; groups there: {known}", source=dataset.source
            )
        above |= group.dimensions
        group = group.groups[name]
    own = set(group.dimension_paths())
    used = {
        dimension
        for _, variable in group.all_variables()
        for dimension in variable.dimensions
        if dimension not in own
    }
    inherited = {name: dim for name, dim in above.items() if dim in used}
    for name in inherited.keys() & group.dimensions.keys():  # two that become one group's
        inherited[name].name = f"{name}_{inherited[name].size}"
    inherited = {dimension.name: dimension for dimension in inherited.values()}
    return Dataset(
        attributes=group.attributes,
        dimensions=inherited | group.dimensions,
        types=group.types,
        variables=group.variables,
        groups=group.groups,
        source=dataset.source,
        provenance=dataset.provenance,
    )
