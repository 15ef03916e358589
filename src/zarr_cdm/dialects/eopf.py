"""EOPF products (Copernicus): what each variable means stands in ``_eopf_attrs`` too.

Dimensions are named as xarray does. An array's ``_eopf_attrs``, or in newer products its own
attributes, have ``fill_value``, packing, ``units``, names, flags and limits, and ``coordinates``
and ``dimensions`` as lists. CF's words for them are read where the array does not have them itself.

Source: EOPF, "Product Structure and Format Definition"; `conventions/eopf/`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Variable
from zarr_cdm.cdm.types import CHAR, STRING
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import encodable, inferred
from zarr_cdm.dialects.base import Layout, OpenArray, read_only
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.gdal import with_grid_mappings
from zarr_cdm.dialects.nodes import arrays, groups
from zarr_cdm.dialects.plain import read_plain
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.documents import ArrayMetadata, Node, ZarrVersion

NESTED = "_eopf_attrs"
OF_PRODUCTS = ("stac_discovery", "eopf_category")  # attributes of the root of a product
FILL = "fill_value"
COORDINATES = "coordinates"
PACKING = ("scale_factor", "add_offset")
# CF's attributes, which mean the same here.
SAME = (
    *PACKING,
    "valid_min",
    "valid_max",
    "units",
    "long_name",
    "standard_name",
    "flag_values",
    "flag_masks",
    "flag_meanings",
)


class EopfDialect:
    """A product, or a part of one, of Copernicus' EOPF."""

    def matches(self, root: Node) -> bool:
        return any(
            name in document.attributes for _, _, document in groups(root) for name in OF_PRODUCTS
        ) or any(NESTED in document.attributes for _, document in arrays(root))

    def read(self, root: Node, array: OpenArray) -> Dataset:
        dataset = read_plain(root, array, _names_of)
        explicit = {f"/{path}" for path, each in arrays(root) if _has_fill(each)}
        for path, variable in dataset.all_variables():
            _add_meaning(variable, is_explicit=path in explicit)
        return with_grid_mappings(dataset)

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        raise read_only("eopf")


def _has_fill(document: ArrayMetadata) -> bool:
    """Tell whether an array says its ``_FillValue``; on Zarr v2 it seems to have one always."""
    return fill_value.NAME in document.attributes


def _names_of(document: ArrayMetadata) -> tuple[str | None, ...]:
    names = names_of(document)
    nested = as_list(as_object(document.attributes.get(NESTED)).get("dimensions"), str)
    return tuple(nested) if set(names) == {None} and len(nested) == len(names) else names


def _add_meaning(variable: Variable, *, is_explicit: bool) -> None:
    nested = _nested(variable)
    for name in SAME:
        if name in nested and name not in variable.attributes and _holds(variable, name):
            variable.attributes[name] = inferred(nested[name])
    own = {dimension.name for dimension in variable.dimensions}
    coordinates = [name for name in as_list(nested.get(COORDINATES), str) if name not in own]
    if coordinates and COORDINATES not in variable.attributes:
        variable.attributes[COORDINATES] = Attribute(encodable(" ".join(coordinates)), CHAR)
    _set_fill(variable, nested, is_explicit)


def _nested(variable: Variable) -> Record:
    """Return ``_eopf_attrs``, which the model has as JSON text."""
    found = variable.attributes.get(NESTED)
    try:
        return as_object(json.loads(str(found.value))) if found is not None else {}
    except ValueError:
        return {}


def _holds(variable: Variable, name: str) -> bool:
    """Tell whether an attribute is true of the stored values: floats are unpacked already."""
    return name not in PACKING or variable.data.dtype.kind in "iu"


def _set_fill(variable: Variable, nested: Record, is_explicit: bool) -> None:
    """Take ``fill_value`` for ``_FillValue``, unless that is said, and is not xarray's own NaN."""
    said = variable.attributes.get(fill_value.NAME)
    if is_explicit and said is not None and not _is_nan(said):
        return
    own = variable.attributes.get(FILL)
    given: Any = nested.get(FILL, None if own is None else own.plain())
    if given is None or variable.type in (CHAR, STRING):
        return
    given = given.item() if isinstance(given, np.generic) else given
    try:
        value = fill_value.decode(given, variable.data.dtype)
    except MetadataError:
        return  # none that the array could hold
    variable.attributes[fill_value.NAME] = Attribute(np.array([value]), variable.type)
    variable.storage = replace(variable.storage, fill_mode="explicit", fill_value=value)


def _is_nan(attribute: Attribute) -> bool:
    value = attribute.value
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and bool(np.isnan(value).all())
