"""GDAL's Zarr: named dimensions, and the coordinate reference system in the attribute ``_CRS``.

``_CRS`` is an object with one or several of ``wkt``, ``url`` and ``projjson``. netCDF's way to say
it is CF's: a grid mapping variable, to which the variables on that system point. On Zarr v3 the
fill value of such an array is its no-data value too, unless it stands for there being none.

Source: GDAL, "Zarr", "SRS encoding"; `conventions/gdal/`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import encodable
from zarr_cdm.dialects.base import Layout, OpenArray, read_only
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.nodes import arrays
from zarr_cdm.dialects.plain import read_plain
from zarr_cdm.metadata.documents import Node, ZarrVersion

CRS = "_CRS"
GRID_MAPPING = "grid_mapping"
VARIABLE = "crs"
MEMBERS = ("wkt", "url", "projjson")
_EPSG = re.compile(r"https?://www\.opengis\.net/def/crs/(\w+)/[^/]*/(\w+)")


class GdalDialect:
    """Plain Zarr of either version in which an array has ``_CRS``."""

    def matches(self, root: Node) -> bool:
        return any(is_crs(document.attributes.get(CRS)) for _, document in arrays(root))

    def read(self, root: Node, array: OpenArray) -> Dataset:
        return with_grid_mappings(read_plain(root, array, names_of))

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        raise read_only("gdal")


def is_crs(value: Any) -> bool:
    """Tell whether an attribute is a coordinate reference system as GDAL writes it."""
    return isinstance(value, dict) and any(value.get(member) for member in MEMBERS)


def with_grid_mappings(dataset: Dataset) -> Dataset:
    """Return the dataset with a grid mapping variable for each ``_CRS`` of a group.

    A variable that has a grid mapping already keeps both, as they are.
    """
    for _, group in dataset.walk():
        made: dict[str, str] = {}  # from the text of a system to its variable
        for variable in list(group.variables.values()):
            crs = _crs(variable)
            if crs is None:
                continue
            _set_fill(variable)
            if GRID_MAPPING in variable.attributes:
                continue
            text = json.dumps(crs, sort_keys=True)
            if text not in made:
                made[text] = _add(group, crs)
            del variable.attributes[CRS]
            variable.attributes[GRID_MAPPING] = Attribute(made[text], CHAR)
    return dataset


def _crs(variable: Variable) -> dict[str, Any] | None:
    """Return the system of a variable, which the model has as JSON text."""
    found = variable.attributes.get(CRS)
    if found is None or not isinstance(found.value, str):
        return None
    try:
        value = json.loads(found.value)
    except ValueError:
        return None
    return value if is_crs(value) else None


def _add(group: Group, crs: Mapping[str, Any]) -> str:
    """Add a grid mapping variable to a group and return its name."""
    name, count = VARIABLE, 1
    while name in group.variables or name in group.groups:
        count += 1
        name = f"{VARIABLE}_{count}"
    texts = {"crs_wkt": crs.get("wkt"), "spatial_ref": _spatial_ref(crs)}
    texts |= {member: crs.get(member) for member in crs if member != "wkt"}
    attributes = {
        key: Attribute(encodable(value if isinstance(value, str) else json.dumps(value)), CHAR)
        for key, value in texts.items()
        if value
    }
    kind = ATOMIC_TYPES["int"]
    group.variables[name] = Variable(
        name, kind, (), attributes, np.zeros((), kind.dtype), Storage(fill_value=kind.default_fill)
    )
    return name


def _spatial_ref(crs: Mapping[str, Any]) -> Any:
    """Return the one text that all readers of ``spatial_ref`` know: WKT, or authority and code."""
    if crs.get("wkt"):
        return crs["wkt"]
    found = _EPSG.fullmatch(str(crs.get("url", "")))
    return f"{found[1]}:{found[2]}" if found else crs.get("projjson")


def _set_fill(variable: Variable) -> None:
    """Take the fill value of the array as ``_FillValue``: GDAL has no other place for it on v3.

    Zero and NaN are what writers put there when there is none.
    """
    fill = variable.storage.fill_value
    if fill_value.NAME in variable.attributes or variable.type in (CHAR, STRING):
        return
    if not isinstance(fill, np.number) or not fill or np.isnan(fill):
        return
    variable.attributes[fill_value.NAME] = Attribute(np.array([fill]), variable.type)
    variable.storage = replace(variable.storage, fill_mode="explicit")
