"""Reading what netCDF-C wrote in Zarr v2, in all of its layouts."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.lazy import ReshapedElement
from zarr_cdm.cdm.model import ArrayLike, Dataset, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, NetcdfType, any_type
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.base import OpenArray
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.nczarr_attributes import read_attributes
from zarr_cdm.dialects.nczarr_notes import ArrayNote, GroupNote, types_of
from zarr_cdm.dialects.plain import as_objects, as_texts, fill_attribute, read_array
from zarr_cdm.dialects.scope import Scope
from zarr_cdm.dialects.tree import read_tree
from zarr_cdm.errors import ZarrCdmError, ZarrCdmWarning
from zarr_cdm.limits import current
from zarr_cdm.metadata import nczarr
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node

DOUBLE = ATOMIC_TYPES["double"]
SIX_DIGITS = float(f"{DOUBLE.default_fill:g}")  # of its fill value, all that netCDF-C writes


def read_nczarr(root: Node, array: OpenArray) -> Dataset:
    """Return the hierarchy as a dataset, its data unread."""
    _prepare(root, "/")
    dataset = read_tree(root, array, _read_group, _read_array)
    written = root.document.attributes.get(nczarr.PROPERTIES)
    if isinstance(written, str):
        dataset.facts = {
            "written by": ", ".join(re.findall(r"(?:netcdf|nczarr)=[^,|]+", written)),
            "precision": "doubles in attributes and fill values have six digits: netCDF-C",
        }
    return dataset


def _prepare(node: Node, path: str) -> None:
    """Put right what netCDF-C says wrongly in documents, and warn of what others changed."""
    with suppress(ZarrCdmError):  # `read_tree` says what is wrong
        current().check("group_depth", path.count("/"), "the nesting of groups")
        document = node.document
        if isinstance(document, ArrayMetadata):
            if document.dtype == DOUBLE.dtype and document.fill_value == SIX_DIGITS:
                node.document = replace(document, fill_value=DOUBLE.default_fill)
            return
        _compare(GroupNote(document), set(node.members), path)
        for name, member in node.members.items():
            _prepare(member, join(path, name))


def _compare(note: GroupNote, members: set[str], path: str) -> None:
    if not note.found:
        return
    listed = {*note.arrays, *note.groups}
    for names, what in (
        (listed - members, "listed, but not there"),
        (members - listed, "there, but not listed"),
    ):
        if names:
            message = f"{path}: the list of what the group holds is not up to date; {what}: "
            warnings.warn(message + ", ".join(sorted(names)), ZarrCdmWarning, stacklevel=2)


def _read_group(document: GroupMetadata, group: Group, path: str, scope: Scope) -> list[str]:
    note = GroupNote(document)
    group.dimensions = note.dimensions()
    group.attributes = read_attributes(document.attributes, types_of(document), None)
    return note.arrays + note.groups


def _read_array(
    document: ArrayMetadata, data: ArrayLike, name: str, path: str, scope: Scope
) -> Variable:
    if data.dtype.hasobject:  # netCDF-C has no such arrays
        return read_array(document, data, name, path, scope, names_of=names_of)
    note, names = ArrayNote(document), names_of(document)
    kind, data = _values(document, data, noted=note.found)
    attributes = read_attributes(document.attributes, types_of(document), kind)
    scalar = note.is_scalar(document, names)
    storage = Storage(
        layout="chunked",
        chunks=None if scalar else tuple(document.chunk_grid.configuration["chunk_shape"]),
        endian=next((codec.configuration.get("endian") for codec in document.codecs), None),
    )
    if note.storage in ("contiguous", "compact"):
        storage = replace(storage, layout=note.storage)
    if fill_value.NAME not in attributes and not note.found:
        attributes |= _foreign_fill(document, kind)
    return Variable(
        name,
        kind,
        () if scalar else _dimensions(document, note.references, names, path, scope),
        attributes,
        ReshapedElement(data, ()) if scalar else data,
        _with_fill(storage, document, attributes, kind),
    )


def _values(
    document: ArrayMetadata, data: ArrayLike, *, noted: bool
) -> tuple[NetcdfType, ArrayLike]:
    """Return the type of an array and its values; bytes are texts, but for single characters."""
    if data.dtype.kind != "S":
        data = as_objects(data)
        return any_type(data.dtype), data
    if document.members.get("dtype") == nczarr.CHAR or (data.dtype == CHAR.dtype and not noted):
        return CHAR, data
    return STRING, as_texts(data)


def _dimensions(
    document: ArrayMetadata,
    references: list[str],
    names: tuple[str | None, ...],
    path: str,
    scope: Scope,
) -> tuple[Dimension, ...]:
    """Return an array's dimensions; references are ignored where other names outdate them."""
    last = [reference.rpartition("/")[2] for reference in references]
    named = zip(names, last, strict=False)
    if len(last) != len(names) or any(name not in (None, own) for name, own in named):
        return tuple(
            scope.nearest(path, name or f"_Anonymous_Dim_{size}", size)
            for name, size in zip(names, document.shape, strict=True)
        )
    return tuple(
        scope.at(path, place, size, unlimited=False)
        for place, size in zip(references, document.shape, strict=True)
    )


def _foreign_fill(document: ArrayMetadata, kind: NetcdfType) -> dict[str, Attribute]:
    """Return ``_FillValue`` of an array without notes: the fill value, unless it is netCDF's own.

    That is what xarray means by it; netCDF-C itself writes such arrays in its pure mode.
    """
    fill = fill_attribute(document, kind.dtype)
    if fill is None or fill.element() == getattr(kind, "default_fill", None):
        return {}
    return {fill_value.NAME: fill}


def _with_fill(
    storage: Storage,
    document: ArrayMetadata,
    attributes: Mapping[str, Attribute],
    kind: NetcdfType,
) -> Storage:
    """Return ``storage`` with its fill value: the attribute, else that of the array."""
    fill = attributes.get(fill_value.NAME)
    if fill is not None and fill.type == kind and len(fill.value):
        return replace(storage, fill_mode="explicit", fill_value=fill.element())
    if document.fill_value is None:
        return replace(storage, fill_mode="none")
    value = document.fill_value
    if kind is STRING and isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    return replace(storage, fill_mode="default", fill_value=value)
