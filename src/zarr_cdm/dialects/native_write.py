"""How our own dialect writes: the documents of plain arrays, and records beside them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.flags import flags_of
from zarr_cdm.cdm.model import Dimension, Group, Variable
from zarr_cdm.cdm.types import CHAR, AtomicType
from zarr_cdm.dialects import records
from zarr_cdm.dialects.joined import head_type
from zarr_cdm.dialects.native_record import (
    ARRAY_MEMBER,
    GROUP_ATTRIBUTE,
    infer,
    visible_attributes,
)
from zarr_cdm.dialects.parts import Origin, PartedDataset
from zarr_cdm.dialects.records import Record
from zarr_cdm.dialects.storage_records import storage_record
from zarr_cdm.dialects.texts import as_utf8
from zarr_cdm.dialects.types import TypeNames
from zarr_cdm.metadata import nczarr
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node
from zarr_cdm.metadata.nczarr import SCALAR

FlatNames = Mapping[Dimension, str]  # of the dimensions of a group, see `Group.flat_names`


def with_records(plain: Node, split: PartedDataset) -> Node:
    """Return the documents of plain arrays with the records of what they are parts of.

    Raises
    ------
    MetadataError
        A type belongs to no group.
    """
    used = {
        dimension
        for _, array in split.all_variables()
        for dimension in array.dimensions
        if len(array.dimensions) > 1
    }
    writing = _Writing(split, TypeNames(split.whole), split.dimension_paths(), used)
    root = writing.group(plain, split, split.whole, "")
    if root.document.zarr_format == 2:
        attributes = {**root.document.attributes, nczarr.ROOT: {"version": "2.0.0"}}
        root.document = replace(root.document, attributes=attributes)
    return root


@dataclass(frozen=True, slots=True)
class _Writing:
    """What all documents of a dataset need.

    Attributes
    ----------
    paths
        Of the dimensions, by the names of the nodes.
    used
        The dimensions of arrays that are no scalars to NCZarr.
    """

    split: PartedDataset
    names: TypeNames
    paths: Mapping[Dimension, str]
    used: Container[Dimension]

    def group(self, plain: Node, group: Group, whole: Group, name: str) -> Node:
        """Return the documents of a group, ``whole`` in the model, and of all below it."""
        document = plain.document
        assert isinstance(document, GroupMetadata)
        record = records.group_record(whole, document.attributes, self.names)
        if group.name != name:
            record = {"name": name, **record}
        flat_names = group.flat_names()
        members = {
            key: Node(self.array(_document(plain.members[key]), variable, flat_names))
            for key, variable in group.variables.items()
        }
        pairs = zip(group.groups.items(), whole.groups.items(), strict=True)
        for (key, below), (inner, other) in pairs:
            members[key] = self.group(plain.members[key], below, other, inner)
        added: dict[str, Any] = {GROUP_ATTRIBUTE: record}
        if document.zarr_format == 2:
            added = _nczarr_group(group, record, self.used)
        return Node(replace(document, attributes={**document.attributes, **added}), members)

    def array(
        self, document: ArrayMetadata, array: Variable, flat_names: FlatNames
    ) -> ArrayMetadata:
        """Return the document of an array."""
        record = self._record(document, array, self.split.origins[array], flat_names)
        if document.zarr_format == 3:
            return replace(document, members={ARRAY_MEMBER: {"must_understand": False, **record}})
        added = _nczarr_array(array, self.paths, record)
        return replace(document, attributes={**document.attributes, **added})

    def _record(
        self, document: ArrayMetadata, array: Variable, origin: Origin, flat_names: FlatNames
    ) -> Record:
        visible = visible_attributes(document, array.type)
        attributes = origin.variable.attributes if origin.is_head else array.attributes
        types = self._types(origin) if origin.is_head else {}
        is_whole = array.type is origin.variable.type and array.shape == origin.variable.shape
        return {
            **({"name": origin.name} if is_whole and array.name != origin.name else {}),
            **records.variable_record(array, self.split.paths, flat_names, self.names),
            **records.attributes_record(
                attributes, visible, partial(infer, document, array.type.dtype), self.names.name
            ),
            "storage": storage_record(array),
            **({} if is_whole else {"part": self._part(array, origin, flat_names)}),
            **({"types": types} if types else {}),
        }

    def _types(self, origin: Origin) -> Record:
        """Return the types that are named by what is said of a variable."""
        attributes = origin.variable.attributes.values()
        return self.names.definitions([origin.variable.type, *(each.type for each in attributes)])

    def _part(self, array: Variable, origin: Origin, flat_names: FlatNames) -> Record:
        part: Record = {
            "of": origin.name,
            "steps": list(origin.steps),
            "shape": list(array.shape),
        }
        if origin.is_head:
            flags = flags_of(head_type(origin.variable.type), origin.variable.attributes)
            part |= {"added": list(flags)} if flags else {}
            part["variable"] = {
                **records.variable_record(
                    origin.variable, self.split.paths, flat_names, self.names
                ),
                "storage": storage_record(origin.variable),
            }
        return part


def _document(node: Node) -> ArrayMetadata:
    assert isinstance(node.document, ArrayMetadata)
    return node.document


def _nczarr_group(group: Group, record: Record, used: Container[Dimension]) -> dict[str, Any]:
    dimensions = {
        name: {"size": dim.size, "unlimited": 1} if dim.unlimited else dim.size
        for name, dim in group.dimensions.items()
        if name != SCALAR or dim in used  # of a scalar NCZarr says only that it is one
    }
    return {
        nczarr.GROUP: {
            "dimensions": dimensions,
            "arrays": list(group.variables),
            "groups": list(group.groups),
            ARRAY_MEMBER: record,
        },
        nczarr.TYPES: {"types": _nczarr_types(group.attributes)},
    }


def _nczarr_array(
    variable: Variable, paths: Mapping[Dimension, str], record: Record
) -> dict[str, Any]:
    names = [dimension.name for dimension in variable.dimensions]
    scalar = {"scalar": 1} if names == [SCALAR] else {}
    return {
        nczarr.ARRAY: {
            "dimension_references": [] if scalar else [paths[each] for each in variable.dimensions],
            **scalar,
            "storage": "chunked",
            ARRAY_MEMBER: record,
        },
        nczarr.TYPES: {"types": _nczarr_types(variable.attributes)},
    }


def _nczarr_types(attributes: Mapping[str, Attribute]) -> dict[str, str]:
    """Return NCZarr's own table of attribute types, in the type strings of Zarr v2."""
    return {
        name: _nczarr_type(attribute)
        for name, attribute in attributes.items()
        if isinstance(attribute.type, AtomicType)
    }


def _nczarr_type(attribute: Attribute) -> str:
    if attribute.type is CHAR:
        return ">S1"
    if isinstance(attribute.value, tuple):
        longest = max((len(as_utf8(text)) for text in attribute.value), default=1)
        return f"|S{max(1, longest)}"
    return attribute.type.dtype.newbyteorder("<").str
