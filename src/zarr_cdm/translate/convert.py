"""From one door to another: ``convert(source, target)``.

Conversion never decodes: raw values, verbatim typed attributes, dimensions and groups go over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import STRING
from zarr_cdm.core.options import MissingChunks
from zarr_cdm.core.stores.table import is_remote
from zarr_cdm.dialects.attributes import encodable
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.parts import PARTED, parted
from zarr_cdm.dialects.spelling import USUAL, Spelling
from zarr_cdm.dialects.table import version_of
from zarr_cdm.dialects.texts import as_utf8, texts
from zarr_cdm.errors import UnsupportedError, ZarrCdmError
from zarr_cdm.formats.table import FORMATS, is_netcdf, read
from zarr_cdm.formats.zarr import ZarrFormat
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.translate.chunking import layout_of
from zarr_cdm.translate.groups import only_group
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
    spelling: Spelling = USUAL,
) -> None:
    """Write a netCDF file, or a Zarr store, to a new store or file.

    Values, types of attributes, dimensions (unlimited, unused and scoped ones too), groups, fill
    values, user-defined types and the order of all of them are kept, as far as the format and the
    dialect can say them.

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
        ``"nz"`` (NZ-1.0); what one of the last two cannot say is refused, but for what is of a
        user-defined type: that is left out, with a `ZarrCdmWarning`. Whatever else will not come
        back, such as types of attributes from ``"xarray"``, is listed in another one. All of this
        is before a byte is written.
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
    spelling
        In the dialects ``native`` and ``xarray``: how scalars, characters, texts and compounds are
        written, where readers differ in what they understand; each is read as the same by this
        package.

    Raises
    ------
    NodeNotFoundError
        There is no such file, store or group.
    FormatError, MetadataError
        The source is damaged, or of no format that is known.
    TargetExistsError
        There is something at the target.
    UnsupportedError
        The target cannot hold something of the source (the message lists all of it), or an option
        is not for such a target. Nothing is written.
    """
    version = version_of(dialect, zarr_format)
    place = os.fspath(target)
    netcdf = data_model is not None or is_netcdf(place)
    _refuse_idle(place, netcdf, zarr_format, dialect, spelling)
    from_url = is_remote(os.fspath(source))
    # A local target refuses options, so that a mistaken one does not pass unseen.
    to_target = storage_options if is_remote(place) or not from_url else None
    options = storage_options if from_url else None
    with read(source, options, missing_chunks=missing_chunks, own_documents="all") as dataset:
        chosen = dataset if group is None else only_group(dataset, group)
        if not (netcdf or dialect in PARTED):
            chosen = without_user_types(chosen)
        try:
            if netcdf:
                FORMATS["netcdf"]().write(chosen, place, data_model, to_target)
                return
            split = parted(chosen, version, spelling) if dialect in PARTED else chosen
            layouts = {
                path: _layout(variable, path, version, dialect, spelling)
                for path, variable in split.all_variables()
            }
            ZarrFormat().write(
                split,
                place,
                to_target,
                layouts=layouts,
                zarr_format=version,
                dialect=dialect,
            )
        except ZarrCdmError as error:
            raise error.at(source=dataset.source) from error.__cause__


def _refuse_idle(
    place: str, netcdf: bool, zarr_format: ZarrVersion | None, dialect: str, spelling: Spelling
) -> None:
    """Raise where an option would be without effect, which the user would not see."""
    for_stores = {
        "zarr_format": zarr_format is not None,
        "dialect": dialect != "native",
        "spelling": spelling != USUAL,
    }
    idle = [name for name, is_given in for_stores.items() if is_given]
    if netcdf and idle:
        raise UnsupportedError(
            f"options for stores ({', '.join(idle)}), and this is to be a netCDF file; "
            "leave them out",
            source=place,
        )
    if spelling != USUAL and dialect not in PARTED:
        raise UnsupportedError(
            f"the dialect {dialect!r} has one spelling only; leave the option out, or write one of "
            f"{', '.join(PARTED)}",
            source=place,
        )


def _layout(
    variable: Variable, path: str, version: ZarrVersion, dialect: str, spelling: Spelling
) -> Layout:
    """Return the layout for a variable, with room for its texts.

    Zarr's texts of any length are UTF-8. Where one is not, all of the variable are of a fixed
    length, which holds any bytes.
    """
    if variable.type is not STRING:
        return layout_of(variable, version, None, dialect, spelling)
    longest, fixed = 0, spelling.fixed_texts(version)
    try:
        for text in texts(variable.data):
            longest = max(longest, len(as_utf8(text)))
            fixed = fixed or encodable(text or "") != (text or "")
    except ZarrCdmError as error:
        raise error.at(variable=path) from error.__cause__
    if fixed and version == 3 and dialect not in PARTED:
        raise UnsupportedError(
            f"the dialect {dialect!r} has no texts that are no UTF-8; write 'native'", variable=path
        )
    chosen = replace(spelling, string="fixed" if fixed else "variable")
    return layout_of(variable, version, longest, dialect, chosen)
