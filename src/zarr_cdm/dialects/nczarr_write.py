"""Writing NCZarr as netCDF-C 4.9.3 and 4.10 read it, with every number in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable, join
from zarr_cdm.cdm.types import CHAR, STRING
from zarr_cdm.dialects.attributes import shown
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.nczarr_attributes import JSON, type_string
from zarr_cdm.dialects.nczarr_refusals import check, text_bytes
from zarr_cdm.dialects.plain import DIMENSIONS
from zarr_cdm.metadata import nczarr
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.nczarr import SCALAR

VERSION = {"version": "2.0.0"}


def write_nczarr(dataset: Dataset, layouts: Mapping[str, Layout]) -> Node:
    """Return the documents of a dataset, of which NCZarr can say everything."""
    check(dataset, layouts)
    return _write_group(dataset, "/", layouts, dataset.dimension_paths())


def _write_group(
    group: Group, path: str, layouts: Mapping[str, Layout], paths: Mapping[Dimension, str]
) -> Node:
    members = {
        name: Node(_write_array(variable, layouts[join(path, name)], paths))
        for name, variable in group.variables.items()
    }
    for name, below in group.groups.items():
        members[name] = _write_group(below, join(path, name), layouts, paths)
    note = {
        "dimensions": {
            name: {"size": dim.size, "unlimited": 1} if dim.unlimited else dim.size
            for name, dim in group.dimensions.items()
        },
        "arrays": list(group.variables),
        "groups": list(group.groups),
    }
    notes = {nczarr.GROUP: note, **({nczarr.ROOT: VERSION} if path == "/" else {})}
    return Node(GroupMetadata(_attributes(group.attributes, notes), zarr_format=2), members)


def _attributes(attributes: Mapping[str, Attribute], notes: dict[str, Any]) -> dict[str, Any]:
    """Return ``.zattrs``: what is shown, what is noted, and the types of both."""
    types = {name: type_string(attribute) for name, attribute in attributes.items()}
    types |= {name: JSON for name in (*notes, nczarr.TYPES) if name != DIMENSIONS}
    return {
        **{name: shown(attribute) for name, attribute in attributes.items()},
        **notes,
        nczarr.TYPES: {"types": types},
    }


def _write_array(
    variable: Variable, layout: Layout, paths: Mapping[Dimension, str]
) -> ArrayMetadata:
    scalar = not variable.dimensions
    note: dict[str, Any] = {
        "dimension_references": [paths[dimension] for dimension in variable.dimensions]
    }
    note |= {"scalar": 1, "storage": "chunked"} if scalar else {"storage": "chunked"}
    names = [SCALAR] if scalar else [dimension.name for dimension in variable.dimensions]
    data_type = layout.data_type
    if variable.type is STRING:
        data_type = replace(data_type, configuration={"length_bytes": text_bytes(variable, layout)})
    fill, members = _fill(variable)
    return ArrayMetadata(
        shape=variable.shape or (1,),
        data_type=data_type,
        chunk_grid=Extension("regular", {"chunk_shape": list(layout.chunks or (1,))}),
        chunk_key_encoding=Extension("v2", {"separator": "."}),
        fill_value=fill,
        codecs=_codecs(layout, variable),
        attributes=_attributes(variable.attributes, {DIMENSIONS: names, nczarr.ARRAY: note}),
        members=members,
        zarr_format=2,
    )


def _codecs(layout: Layout, variable: Variable) -> tuple[Extension, ...]:
    """Return the codecs: numbers keep their byte order; netCDF-C opens no scalar with a filter."""
    serializer, *filters = layout.codecs
    if "endian" in serializer.configuration:
        endian = variable.storage.endian or "little"
        serializer = replace(serializer, configuration={"endian": endian})
    return (serializer, *filters) if variable.dimensions else (serializer,)


def _fill(variable: Variable) -> tuple[Any, dict[str, Any]]:
    """Return the fill value of an array, and what `.zarray` says in NCZarr's own way.

    That is the type of characters, the byte order of single bytes, and texts as fill values.
    """
    storage, dtype = variable.storage, variable.type.dtype
    members = {"dtype": nczarr.CHAR} if variable.type is CHAR else {}
    if dtype.itemsize == 1 and dtype.kind in "iu" and storage.endian:
        members["dtype"] = ("<" if storage.endian == "little" else ">") + dtype.str[1:]
    if storage.fill_mode == "none":
        return None, members
    fill = storage.fill_value
    fill = getattr(variable.type, "default_fill", None) if fill is None else fill
    if variable.type not in (CHAR, STRING):
        if dtype.kind == "f" and fill is not None and np.isnan(fill):
            fill = dtype.type(np.nan)  # JSON has one NaN
        return fill, members
    stored = fill.encode("utf-8") if isinstance(fill, str) else bytes(fill or b"")
    return np.bytes_(stored), {**members, "fill_value": stored.rstrip(b"\0").decode("utf-8")}
