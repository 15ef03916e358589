"""Where the records of our own dialect stand, and how attributes are shown beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import STRING, NetcdfType
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import inferred, shown
from zarr_cdm.dialects.plain import ENCODING, fill_attribute, is_reserved
from zarr_cdm.dialects.records import Record, as_object
from zarr_cdm.metadata import nczarr
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, ZarrVersion

ARRAY_MEMBER = "cdm"
GROUP_ATTRIBUTE = "_nc_cdm"


def record_of(document: Document) -> Record:
    """Return the record in a document; an empty one where there is none."""
    if isinstance(document, GroupMetadata):
        holder = document.attributes.get(GROUP_ATTRIBUTE)
        if document.zarr_format == 2:
            holder = as_object(document.attributes.get(nczarr.GROUP)).get(ARRAY_MEMBER)
        return as_object(holder)
    if document.zarr_format == 2:
        return as_object(as_object(document.attributes.get(nczarr.ARRAY)).get(ARRAY_MEMBER))
    return as_object(document.members.get(ARRAY_MEMBER))


def with_entry(document: ArrayMetadata, name: str, value: Any) -> ArrayMetadata:
    """Return the document of an array with something more in its record."""
    record = {**record_of(document), name: value}
    if document.zarr_format == 3:
        return replace(document, members={**document.members, ARRAY_MEMBER: record})
    holder = {**as_object(document.attributes[nczarr.ARRAY]), ARRAY_MEMBER: record}
    return replace(document, attributes={**document.attributes, nczarr.ARRAY: holder})


def own_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of the data."""
    return {name: value for name, value in attributes.items() if not is_reserved(name)}


def visible_attributes(document: ArrayMetadata, kind: NetcdfType) -> dict[str, Any]:
    """Return the attributes of an array that others see, but for one that is ours."""
    visible = own_attributes(document.attributes)
    if kind is STRING and document.data_type.name != "string":
        visible.pop(ENCODING, None)
    return visible


def infer(document: ArrayMetadata, dtype: np.dtype, name: str, value: Any) -> Attribute:
    """Return what the JSON of an attribute stands for where nothing is recorded."""
    if name == fill_value.NAME:
        found = fill_attribute(document, dtype)
        return inferred(value) if found is None else found
    return inferred(value)


def show(zarr_format: ZarrVersion, name: str, attribute: Attribute) -> Any:
    """Return the JSON that an attribute is written as."""
    if name == fill_value.NAME and zarr_format == 3 and len(attribute.value) == 1:
        plain = attribute.plain()
        return fill_value.encode(plain) if isinstance(plain, np.generic) else plain
    return shown(attribute)
