"""Our own dialect: plain Zarr for everybody, with what it cannot say written beside it.

* Zarr v3: arrays carry the top-level member ``cdm`` (which may be ignored), groups the attribute
  ``_nc_cdm`` (which xarray hides). A member of a group's document would stop zarr-python 3.1.
* Zarr v2: the ``_nczarr_…`` attributes of NCZarr as netCDF-C 4.10 writes them, but with numbers in
  full; the same records stand in them under ``cdm``.

A store that lacks them is fully usable; where another writer made them stale, the documents win.

Specification: `conventions/native/`; for v2 also "NCZarr" in netCDF-C's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.lazy import MappedArray
from zarr_cdm.cdm.model import ArrayLike, Dataset, Dimension, Group, Variable, join
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, AtomicType, NetcdfType, any_type
from zarr_cdm.dialects import fill_value, records
from zarr_cdm.dialects.attributes import inferred, shown
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.plain import as_objects, fill_attribute, is_reserved, write_plain
from zarr_cdm.dialects.scope import Scope
from zarr_cdm.dialects.tree import read_tree
from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node, ZarrVersion

ARRAY_MEMBER = "cdm"
GROUP_ATTRIBUTE = "_nc_cdm"
NCZARR_ARRAY, NCZARR_GROUP, NCZARR_TYPES = "_nczarr_array", "_nczarr_group", "_nczarr_attr"
NCZARR_ROOT = "_nczarr_superblock"
ENCODING = "_Encoding"
Record = records.Record


class NativeDialect:
    """Everything of netCDF's data model, and readable by stock xarray."""

    def matches(self, root: Node) -> bool:
        """Tell whether there is a record; appending with xarray wipes that of the root."""
        return any(_has_record(node) for node in (root, *root.members.values()))

    def read(self, root: Node, array: OpenArray) -> Dataset:
        dataset = read_tree(root, array, _read_group, _read_array)
        dataset.provenance = dict(_record(root.document).get("provenance", {}))
        return dataset

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        plain = write_plain(dataset, layouts, zarr_format)
        return _write_group(plain, dataset, "/", dataset.dimension_paths())


def _has_record(node: Node) -> bool:
    try:
        return bool(_record(node.document))
    except ZarrCdmError:
        return False


def _record(document: Document) -> Record:
    """Return the record in a document; an empty one where there is none."""
    if isinstance(document, GroupMetadata):
        holder = document.attributes.get(GROUP_ATTRIBUTE)
        if document.zarr_format == 2:
            holder = _dict(document.attributes.get(NCZARR_GROUP)).get(ARRAY_MEMBER)
        return _dict(holder)
    if document.zarr_format == 2:
        return _dict(_dict(document.attributes.get(NCZARR_ARRAY)).get(ARRAY_MEMBER))
    return _dict(document.members.get(ARRAY_MEMBER))


def _dict(value: Any) -> Record:
    return value if isinstance(value, dict) else {}


def _read_group(document: GroupMetadata, group: Group, path: str, scope: Scope) -> list[str]:
    record = _record(document)
    for name, found in _dict(record.get("dimensions")).items():
        group.dimensions[name] = Dimension(name, found["size"], bool(found.get("unlimited")))
    group.attributes = records.read_attributes(record, _own(document.attributes))
    return [*record.get("variables", ()), *record.get("groups", ())]


def _own(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if not is_reserved(name)}


def _read_array(
    document: ArrayMetadata, data: ArrayLike, name: str, path: str, scope: Scope
) -> Variable:
    record = _record(document)
    kind = ATOMIC_TYPES.get(record.get("type", ""))
    visible = _own(document.attributes)
    if kind is STRING and data.dtype.kind == "S":
        data = MappedArray(data, STRING.dtype, _decode_texts)
        visible.pop(ENCODING, None)
    data = as_objects(data)
    if kind is None or kind.dtype != data.dtype:  # no record, or another writer's array
        kind = any_type(data.dtype)
    attributes = records.read_attributes(
        record,
        visible,
        partial(_infer, document, kind),
        partial(_show, document.zarr_format),
    )
    fill = attributes.get(fill_value.NAME)
    if fill is None and not record:
        fill = fill_attribute(document, data.dtype)
        attributes |= {} if fill is None else {fill_value.NAME: fill}
    storage = records.read_storage(_dict(record.get("storage")))
    if storage.fill_mode != "none":
        storage = replace(storage, fill_value=_fill(fill, kind))
    return Variable(
        name, kind, _dimensions(document, record, path, scope), attributes, data, storage
    )


def _fill(fill: Attribute | None, kind: AtomicType) -> Any:
    if fill is None or fill.type is not kind or not len(fill.value):
        return kind.default_fill
    if kind is CHAR:
        return np.bytes_(str(fill.value[0]).encode("utf-8", "surrogateescape"))
    return fill.value[0]


def _dimensions(
    document: ArrayMetadata, record: Record, path: str, scope: Scope
) -> tuple[Dimension, ...]:
    """Return an array's dimensions; a record is ignored where other names outdate it."""
    names = names_of(document)
    recorded = record.get("dimensions", [])
    current = [entry["path"].rpartition("/")[2] for entry in recorded] == list(names)
    if not current:
        return tuple(
            scope.nearest(path, name or f"_Anonymous_Dim_{size}", size)
            for name, size in zip(names, document.shape, strict=True)
        )
    return tuple(
        scope.at(path, entry["path"], size, unlimited=bool(entry.get("unlimited")))
        for entry, size in zip(recorded, document.shape, strict=True)
    )


def _infer(document: ArrayMetadata, kind: NetcdfType, name: str, value: Any) -> Attribute:
    if name == fill_value.NAME:
        found = fill_attribute(document, kind.dtype)
        return inferred(value) if found is None else found
    return inferred(value)


def _show(zarr_format: ZarrVersion, name: str, attribute: Attribute) -> Any:
    if name == fill_value.NAME and zarr_format == 3 and len(attribute.value) == 1:
        plain = attribute.plain()
        return fill_value.encode(plain) if isinstance(plain, np.generic) else plain
    return shown(attribute)


def _decode_texts(part: np.ndarray) -> np.ndarray:
    return np.char.decode(part, "utf-8").astype(object)


def encode_texts(part: np.ndarray) -> np.ndarray:
    """Return texts as UTF-8 bytes, as long as the longest: how Zarr v2 holds strings here."""
    return np.char.encode(part.astype(str), "utf-8")


def _write_group(plain: Node, group: Group, path: str, paths: Mapping[Dimension, str]) -> Node:
    document = plain.document
    assert isinstance(document, GroupMetadata)
    record = records.group_record(group, document.attributes)
    members = {
        name: Node(_write_array(_array(plain.members[name]), variable, paths))
        for name, variable in group.variables.items()
    }
    for name, below in group.groups.items():
        members[name] = _write_group(plain.members[name], below, join(path, name), paths)
    added: dict[str, Any] = {GROUP_ATTRIBUTE: record}
    if document.zarr_format == 2:
        added = _nczarr_group(group, record)
        added |= {NCZARR_ROOT: {"version": "2.0.0"}} if path == "/" else {}
    return Node(replace(document, attributes={**document.attributes, **added}), members)


def _array(node: Node) -> ArrayMetadata:
    assert isinstance(node.document, ArrayMetadata)
    return node.document


def _write_array(
    document: ArrayMetadata, variable: Variable, paths: Mapping[Dimension, str]
) -> ArrayMetadata:
    visible = _own(document.attributes)
    if variable.type is STRING and document.zarr_format == 2:
        visible.pop(ENCODING, None)  # ours, not the variable's
    record = records.variable_record(
        variable,
        paths,
        visible,
        partial(_infer, document, variable.type),
        partial(_show, document.zarr_format),
    )
    if document.zarr_format == 3:
        return replace(document, members={ARRAY_MEMBER: {"must_understand": False, **record}})
    added = _nczarr_array(variable, paths, record)
    return replace(document, attributes={**document.attributes, **added})


def _nczarr_group(group: Group, record: Record) -> dict[str, Any]:
    dimensions = {
        name: {"size": dim.size, "unlimited": 1} if dim.unlimited else dim.size
        for name, dim in group.dimensions.items()
    }
    return {
        NCZARR_GROUP: {
            "dimensions": dimensions,
            "arrays": list(group.variables),
            "groups": list(group.groups),
            ARRAY_MEMBER: record,
        },
        NCZARR_TYPES: {"types": _nczarr_types(group.attributes)},
    }


def _nczarr_array(
    variable: Variable, paths: Mapping[Dimension, str], record: Record
) -> dict[str, Any]:
    return {
        NCZARR_ARRAY: {
            "dimension_references": [paths[dimension] for dimension in variable.dimensions],
            "storage": "chunked",
            ARRAY_MEMBER: record,
        },
        NCZARR_TYPES: {"types": _nczarr_types(variable.attributes)},
    }


def _nczarr_types(attributes: Mapping[str, Attribute]) -> dict[str, str]:
    """Return NCZarr's own table of attribute types, in the type strings of Zarr v2."""
    return {name: _nczarr_type(attribute) for name, attribute in attributes.items()}


def _nczarr_type(attribute: Attribute) -> str:
    if attribute.type is CHAR:
        return ">S1"
    if isinstance(attribute.value, tuple):
        longest = max(
            (len((text or "").encode("utf-8", "surrogateescape")) for text in attribute.value),
            default=1,
        )
        return f"|S{max(1, longest)}"
    return attribute.type.dtype.newbyteorder("<").str
