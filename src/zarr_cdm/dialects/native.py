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
from zarr_cdm.cdm.model import ArrayLike, Dataset, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, AtomicType, NetcdfType, any_type
from zarr_cdm.dialects import fill_value, records
from zarr_cdm.dialects.attributes import inferred, shown
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.plain import as_objects, fill_attribute, is_reserved, read_array, write_plain
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.dialects.scope import Scope, labels
from zarr_cdm.dialects.tree import read_tree
from zarr_cdm.errors import MetadataError, UnsupportedError, ZarrCdmError
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node, ZarrVersion

ARRAY_MEMBER = "cdm"
GROUP_ATTRIBUTE = "_nc_cdm"
NCZARR_ARRAY, NCZARR_GROUP, NCZARR_TYPES = "_nczarr_array", "_nczarr_group", "_nczarr_attr"
NCZARR_ROOT = "_nczarr_superblock"
ENCODING = "_Encoding"
NO_NODES = {"", ".", "..", "zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"}


class NativeDialect:
    """Everything of netCDF's data model, and readable by stock xarray."""

    def matches(self, root: Node) -> bool:
        """Tell whether there is a record; appending with xarray wipes that of the root."""
        return any(_has_record(node) for node in (root, *root.members.values()))

    def read(self, root: Node, array: OpenArray) -> Dataset:
        dataset = read_tree(root, array, _read_group, _read_array)
        dataset.provenance = dict(as_object(_record(root.document).get("provenance")))
        return dataset

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        paths = dataset.dimension_paths()
        for path, group in dataset.walk():
            _check_names(group, path)
        for path, variable in dataset.all_variables():
            _check(variable, path, paths)
        plain = write_plain(dataset, layouts, zarr_format)
        return _write_group(plain, dataset, "/", paths)


def _check_names(group: Group, path: str) -> None:
    """Raise where two nodes would be one, or a node would be a document or no node at all."""
    for name in [*group.variables, *group.groups]:
        if name in NO_NODES or "/" in name:
            raise UnsupportedError(
                "Zarr cannot hold this name; change it", variable=join(path, name)
            )
        if name in group.variables and name in group.groups:
            raise MetadataError("a variable and a group have one name", variable=join(path, name))


def _check(variable: Variable, path: str, paths: Mapping[Dimension, str]) -> None:
    """Raise where a variable does not fit its dataset."""
    for dimension in variable.dimensions:
        if dimension not in paths:
            raise MetadataError(f"dimension {dimension.name!r} belongs to no group", variable=path)
    if variable.type.dtype.hasobject and variable.type is not STRING:
        raise UnsupportedError(f"type {variable.type.name!r} cannot be written yet", variable=path)
    if tuple(variable.data.shape) != variable.shape:
        raise MetadataError(
            f"the data have shape {variable.data.shape}, the dimensions {variable.shape}",
            variable=path,
        )


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
            holder = as_object(document.attributes.get(NCZARR_GROUP)).get(ARRAY_MEMBER)
        return as_object(holder)
    if document.zarr_format == 2:
        return as_object(as_object(document.attributes.get(NCZARR_ARRAY)).get(ARRAY_MEMBER))
    return as_object(document.members.get(ARRAY_MEMBER))


def _read_group(document: GroupMetadata, group: Group, path: str, scope: Scope) -> list[str]:
    record = _record(document)
    group.dimensions = records.read_dimensions(record)
    group.attributes = records.read_attributes(record, _own(document.attributes))
    return as_list(record.get("variables"), str) + as_list(record.get("groups"), str)


def _own(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if not is_reserved(name)}


def _read_array(
    document: ArrayMetadata, data: ArrayLike, name: str, path: str, scope: Scope
) -> Variable:
    record = _record(document)
    if not record:
        return read_array(document, data, name, path, scope, names_of=names_of)
    kind = ATOMIC_TYPES.get(str(record.get("type")))
    visible = _own(document.attributes)
    if kind is STRING and data.dtype.kind == "S":
        data = MappedArray(data, STRING.dtype, _decode_texts)
        visible.pop(ENCODING, None)
    data = as_objects(data)
    if kind is None or kind.dtype != data.dtype:  # the type of Zarr alone, or another writer's
        kind = any_type(data.dtype)
    attributes = records.read_attributes(
        record,
        visible,
        partial(_infer, document, kind),
        partial(_show, document.zarr_format),
    )
    storage = records.read_storage(as_object(record.get("storage")))
    storage = _with_fill(storage, attributes.get(fill_value.NAME), kind)
    return Variable(
        name, kind, _dimensions(document, record, path, scope), attributes, data, storage
    )


def _with_fill(storage: Storage, fill: Attribute | None, kind: AtomicType) -> Storage:
    """Return ``storage`` with its fill value: the attribute, if there still is one."""
    if fill is not None and fill.type == kind and len(fill.value):
        return replace(storage, fill_mode="explicit", fill_value=fill.element())
    if storage.fill_mode == "none":
        return storage
    return replace(storage, fill_mode="default", fill_value=kind.default_fill)


def _dimensions(
    document: ArrayMetadata, record: Record, path: str, scope: Scope
) -> tuple[Dimension, ...]:
    """Return an array's dimensions; a record is ignored where other names outdate it."""
    names = names_of(document)
    recorded = as_list(record.get("dimensions"), dict)
    paths = [str(entry.get("path")) for entry in recorded]
    if [place.rpartition("/")[2] for place in paths] != list(names):
        return tuple(
            scope.nearest(path, name, size)
            for name, size in zip(labels(names, document.shape), document.shape, strict=True)
        )
    return tuple(
        scope.at(path, place, size, unlimited=entry.get("unlimited") is True)
        for place, entry, size in zip(paths, recorded, document.shape, strict=True)
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
    return np.char.decode(part, "utf-8", "surrogateescape").astype(object)


def without_null(part: np.ndarray) -> np.ndarray:
    """Return texts with an empty one for each of netCDF's null strings: Zarr has none."""
    texts = np.empty(part.size, object)
    texts[:] = [text or "" for text in part.ravel().tolist()]
    return texts.reshape(part.shape)


def encode_texts(part: np.ndarray) -> np.ndarray:
    """Return texts as UTF-8 bytes, as long as the longest: how Zarr v2 holds strings here."""
    texts = [text or "" for text in part.ravel().tolist()]  # None is netCDF's NULL
    return np.char.encode(np.array(texts, str).reshape(part.shape), "utf-8", "surrogateescape")


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
