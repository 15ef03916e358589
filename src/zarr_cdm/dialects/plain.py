"""Plain Zarr with named dimensions: what the dialects that only name them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.lazy import MappedArray
from zarr_cdm.cdm.model import ArrayLike, Dataset, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import CHAR, STRING, AtomicType, any_type
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import can_be_shown, encodable, inferred, shown
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.scope import Scope, labels
from zarr_cdm.dialects.tree import read_tree
from zarr_cdm.errors import MetadataError, UnsupportedError
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.dtypes import VARIABLE
from zarr_cdm.metadata.extension import Extension

DIMENSIONS = "_ARRAY_DIMENSIONS"
ENCODING = "_Encoding"  # of bytes that are texts: xarray's, and netCDF4-python's
# Attributes that speak of Zarr, or of netCDF's data model; they are no attributes of the data.
RESERVED = (DIMENSIONS, "_nc_cdm", "_nczarr_", "_NCZARR_")
BYTES = AtomicType("bytes", np.dtype(object), b"")  # of any length; netCDF has no such type
NamesOf = Callable[[ArrayMetadata], tuple[str | None, ...]]


def is_reserved(name: str) -> bool:
    """Tell whether an attribute of this name is none of the data's."""
    return name.startswith(RESERVED)


def read_plain(root: Node, array: OpenArray, names_of: NamesOf) -> Dataset:
    """Return a hierarchy as a dataset; ``names_of`` tells how an array names its dimensions."""
    return read_tree(root, array, _read_group, partial(read_array, names_of=names_of))


def _read_group(document: GroupMetadata, group: Group, path: str, scope: Scope) -> list[str]:
    group.attributes = plain_attributes(document.attributes)
    return []


def read_array(
    document: ArrayMetadata,
    data: ArrayLike,
    name: str,
    path: str,
    scope: Scope,
    *,
    names_of: NamesOf,
) -> Variable:
    """Return the variable that an array stands for by itself, in the group at ``path``.

    Raises
    ------
    UnsupportedError
        Its elements are arrays, which are no values of the model yet.
    """
    if document.data_type.name == "variable_length_array":
        raise UnsupportedError("elements that are arrays of any length are not read yet")
    data = as_objects(data)
    attributes = plain_attributes(document.attributes)
    if data.dtype.kind == "S" and data.dtype != CHAR.dtype and _is_utf8(attributes):
        del attributes[ENCODING]
        data = as_texts(data)
        document = _with_text(document)
    fill = fill_attribute(document, data.dtype)
    if fill is not None:
        attributes[fill_value.NAME] = fill
    names = names_of(document)
    return Variable(
        name=name,
        type=BYTES if VARIABLE.get(document.data_type.name) is bytes else any_type(data.dtype),
        dimensions=tuple(
            scope.nearest(path, label, size)
            for label, size in zip(labels(names, document.shape), document.shape, strict=True)
        ),
        attributes=attributes,
        data=data,
        storage=Storage(
            "chunked",
            chunks=_equal_chunks(data),
            fill_mode="default" if fill is None else "explicit",
            fill_value=document.fill_value,
        ),
    )


def _equal_chunks(data: ArrayLike) -> tuple[int, ...] | None:
    """Return the shape of the chunks; None where they differ, or there are none."""
    chunks = tuple(getattr(data, "chunks", ()))
    return chunks if chunks and all(isinstance(length, int) for length in chunks) else None


def as_objects(data: ArrayLike) -> ArrayLike:
    """Return texts of fixed length as netCDF has them: of any length."""
    if data.dtype.kind != "U":
        return data
    return MappedArray(data, STRING.dtype, _objects)


def as_texts(data: ArrayLike) -> ArrayLike:
    """Return bytes of fixed length as the texts that they are, in UTF-8."""
    return MappedArray(data, STRING.dtype, _decoded)


def _decoded(part: np.ndarray) -> np.ndarray:
    return np.char.decode(part, "utf-8", "surrogateescape").astype(object)


def _is_utf8(attributes: Mapping[str, Attribute]) -> bool:
    found = attributes.get(ENCODING)
    return found is not None and str(found.value).lower() in ("utf-8", "utf8")


def _with_text(document: ArrayMetadata) -> ArrayMetadata:
    """Return the document of bytes that are texts with a text for a fill value."""
    fill = document.fill_value
    if not isinstance(fill, bytes):
        return document
    return replace(document, fill_value=fill.rstrip(b"\0").decode("utf-8", "surrogateescape"))


def _objects(part: np.ndarray) -> np.ndarray:
    return part.astype(object)


def plain_attributes(attributes: Mapping[str, Any]) -> dict[str, Attribute]:
    """Return the attributes that JSON stands for by itself."""
    return {name: inferred(value) for name, value in attributes.items() if not is_reserved(name)}


def fill_attribute(document: ArrayMetadata, dtype: np.dtype) -> Attribute | None:
    """Return ``_FillValue``: the attribute, or in Zarr v2 the fill value, as xarray has it."""
    if fill_value.NAME in document.attributes:
        given = document.attributes[fill_value.NAME]
        try:
            value = fill_value.decode(given, dtype)
        except MetadataError:  # no fill value for this array, but an attribute still
            return inferred(given)
    elif document.zarr_format == 2 and document.fill_value is not None:
        value = document.fill_value
    else:
        return None
    if isinstance(value, str):
        return Attribute([value], STRING)
    if dtype.hasobject:
        return None  # bytes of any length, which no attribute holds
    if dtype == CHAR.dtype:
        return Attribute(value.decode("utf-8", "surrogateescape") or "\0", CHAR)
    return Attribute(np.array([value], dtype), any_type(dtype))


def write_plain(dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion) -> Node:
    """Return the documents of a dataset: dimensions are named, types and scopes are not said.

    In a group each name has one length (`Group.flat_names`), as stock xarray demands.
    """
    return _write_group(dataset, "/", layouts, zarr_format)


def _write_group(
    group: Group, path: str, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
) -> Node:
    names = group.flat_names()
    members = {
        name: Node(_write_array(variable, layouts[join(path, name)], zarr_format, names))
        for name, variable in group.variables.items()
    }
    for name, below in group.groups.items():
        members[name] = _write_group(below, join(path, name), layouts, zarr_format)
    attributes = {
        name: shown(attribute)
        for name, attribute in group.attributes.items()
        if not is_reserved(name) and can_be_shown(attribute)
    }
    return Node(GroupMetadata(attributes, zarr_format=zarr_format), members)


def _write_array(
    variable: Variable,
    layout: Layout,
    zarr_format: ZarrVersion,
    flat_names: Mapping[Dimension, str],
) -> ArrayMetadata:
    names = tuple(flat_names[dimension] for dimension in variable.dimensions)
    attributes = {
        name: shown(attribute)
        for name, attribute in variable.attributes.items()
        if not is_reserved(name) and not _is_hidden(name, attribute, variable, zarr_format)
    }
    fill = variable.attributes.get(fill_value.NAME)
    if zarr_format == 3 and fill is not None and fill_value.NAME in attributes:
        attributes[fill_value.NAME] = fill_value.encode(fill.plain())
    document = ArrayMetadata(
        shape=variable.shape,
        data_type=layout.data_type,
        chunk_grid=Extension("regular", {"chunk_shape": list(layout.chunks)}),
        chunk_key_encoding=Extension("default", {"separator": "/"}),
        fill_value=_fill(variable, layout, zarr_format),
        codecs=layout.codecs,
        attributes=attributes,
        dimension_names=names,
        zarr_format=zarr_format,
    )
    if variable.type is STRING and layout.data_type.name != "string":
        attributes[ENCODING] = "utf-8"
    if zarr_format == 3:
        return document
    return replace(
        document,
        chunk_key_encoding=Extension("v2", {"separator": "."}),
        attributes={**attributes, DIMENSIONS: list(names)},
        dimension_names=None,
    )


def _is_hidden(
    name: str, attribute: Attribute, variable: Variable, zarr_format: ZarrVersion
) -> bool:
    """Tell whether JSON cannot hold an attribute, or xarray would stumble over it there.

    It decodes ``_FillValue`` on Zarr v3 by the type of the array, one number; and it takes a
    ``missing_value`` of ``"NaN"`` for text. (A NaN masks nothing that is not NaN already.)
    """
    if not can_be_shown(attribute):
        return True
    if name == fill_value.NAME:
        return len(attribute.value) != 1 or (
            zarr_format == 3
            and (attribute.type is not variable.type or variable.type in (CHAR, STRING))
        )
    if name == "missing_value" and isinstance(attribute.value, np.ndarray):
        return attribute.value.dtype.kind == "f" and bool(np.isnan(attribute.value).any())
    return False


def _fill(variable: Variable, layout: Layout, zarr_format: ZarrVersion) -> Any:
    """Return the fill value of the array.

    xarray takes that of a v2 array for ``_FillValue``, so there it is undefined where the variable
    has none; no chunk is left out that could need it. Bytes that are no UTF-8 cannot stand in JSON.
    """
    storage = variable.storage
    if zarr_format == 2 and (storage.fill_mode != "explicit" or variable.type is STRING):
        return None
    fill = storage.fill_value
    if variable.type is STRING and layout.data_type.name != "string":
        return b""
    if fill is None or (isinstance(fill, str) and encodable(fill) != fill):
        return getattr(variable.type, "default_fill", None)
    return fill
