"""How our own dialect reads: plain arrays by their records, and parts joined."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.flags import flags_of
from zarr_cdm.cdm.lazy import MappedArray
from zarr_cdm.cdm.model import ArrayLike, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import ATOMIC_TYPES, STRING, AtomicType, NetcdfType, any_type
from zarr_cdm.cdm.values import unwritten
from zarr_cdm.dialects import fill_value, records
from zarr_cdm.dialects.attributes import shown
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.joined import (
    NullTexts,
    ScalarArray,
    Steps,
    check_rows,
    first_steps,
    head_type,
    join_parts,
    leaf_steps,
)
from zarr_cdm.dialects.native_record import (
    infer,
    own_attributes,
    record_of,
    show,
    visible_attributes,
)
from zarr_cdm.dialects.plain import as_objects, read_array
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.dialects.scope import Scope, labels
from zarr_cdm.dialects.storage_records import read_storage
from zarr_cdm.dialects.types import KnownTypes
from zarr_cdm.errors import MetadataError, ZarrCdmError, ZarrCdmWarning
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata


@dataclass(frozen=True, slots=True)
class Found:
    """An array with a record, not yet a variable."""

    name: str
    document: ArrayMetadata
    record: Record
    kind: AtomicType
    data: ArrayLike

    @property
    def part(self) -> Record:
        """What it is a part of; empty where it is a variable of its own."""
        return as_object(self.record.get("part"))

    @property
    def visible(self) -> dict[str, Any]:
        """The attributes that others see."""
        return visible_attributes(self.document, self.kind)


class Reading:
    """The functions that `read_tree` calls, and what they remember."""

    def __init__(self) -> None:
        self.types = KnownTypes()
        self._parts: dict[str, list[Found]] = {}

    def name(self, document: Document, name: str) -> str:
        """Return the true name of a node."""
        found = record_of(document).get("name")
        return found if isinstance(found, str) else name

    def group(self, document: GroupMetadata, group: Group, path: str, scope: Scope) -> list[str]:
        """Fill a group but for its members, whose order is returned."""
        record = record_of(document)
        self.types.add(record.get("types"))
        self.types.fill(group, path)
        group.dimensions = records.read_dimensions(record)
        group.attributes = records.read_attributes(
            record, own_attributes(document.attributes), named=self.types.named
        )
        return as_list(record.get("variables"), str) + as_list(record.get("groups"), str)

    def array(
        self, document: ArrayMetadata, data: ArrayLike, name: str, path: str, scope: Scope
    ) -> Variable | None:
        """Return the variable of an array; None where it is a part of one."""
        record = record_of(document)
        if not record:
            return read_array(document, data, name, path, scope, names_of=names_of)
        found = Found(name, document, record, *_values(record, data))
        self.types.add(record.get("types"))
        if found.part:
            self._parts.setdefault(str(found.part.get("of")), []).append(found)
            return None
        return self._plain(found, path, scope)

    def gather(self, group: Group, path: str, scope: Scope) -> None:
        """Add the variables whose parts have been found, or what is left of them."""
        waiting, self._parts = self._parts, {}
        for name, parts in waiting.items():
            try:
                if name in group.variables:
                    raise MetadataError("another array has its name")
                group.variables[name] = self._joined(name, parts, path, scope)
            except ZarrCdmError as error:
                warnings.warn(
                    f"{join(path, name)} is shown as the arrays that hold its parts "
                    f"({', '.join(part.name for part in parts)}): {error}",
                    ZarrCdmWarning,
                    stacklevel=2,
                )
                group.variables |= {part.name: self._plain(part, path, scope) for part in parts}

    def _plain(self, found: Found, path: str, scope: Scope) -> Variable:
        """Return the variable that an array is by itself."""
        attributes = self._attributes(found, found.visible)
        storage = read_storage(as_object(found.record.get("storage")), found.kind)
        names, shape = names_of(found.document), found.document.shape
        return Variable(
            found.name,
            found.kind,
            _dimensions(names, shape, found.record, path, scope),
            attributes,
            found.data,
            _with_fill(storage, attributes.get(fill_value.NAME), found.kind),
        )

    def _joined(self, name: str, parts: list[Found], path: str, scope: Scope) -> Variable:
        """Return the variable that arrays are the parts of.

        Raises
        ------
        MetadataError
            They are not all of its parts, or do not fit each other.
        """
        by_steps = {tuple(as_list(part.part.get("steps"), str)): part for part in parts}
        heads = [part for part in parts if "variable" in part.part]
        if len(heads) != 1 or len(by_steps) < len(parts):
            raise MetadataError("the array that says what it is is gone, or there are two")
        head, record = heads[0], as_object(heads[0].part["variable"])
        called = str(record.get("type"))
        kind = head.kind if called == head.kind.name else self.types.named(called)
        arrays = _Remembering({steps: part.data for steps, part in by_steps.items()})
        data = join_parts(kind, arrays)
        if len(arrays.used) < len(by_steps):
            raise MetadataError("there are arrays that would be parts of another type")
        if any(list(part.document.shape) != part.part.get("shape") for part in parts):
            check_rows(data)  # another writer resized them
        first = by_steps[leaf_steps(first_steps(kind), by_steps)]
        recorded = as_list(record.get("dimensions"))
        if not recorded and data.shape == (1,):
            data = ScalarArray(data)
        names = names_of(first.document)[: len(data.shape)]
        if len(recorded) != len(data.shape):
            raise MetadataError(f"its parts have shape {tuple(data.shape)}, other than its own")
        attributes = self._attributes(head, _without_flags(head, kind))
        storage = read_storage(as_object(record.get("storage")), kind)
        return Variable(
            name,
            kind,
            _dimensions(names, tuple(data.shape), record, path, scope),
            attributes,
            data,
            _with_fill(storage, attributes.get(fill_value.NAME), kind),
        )

    def _attributes(self, found: Found, visible: Mapping[str, Any]) -> dict[str, Attribute]:
        return records.read_attributes(
            found.record,
            visible,
            partial(infer, found.document, found.kind.dtype),
            partial(show, found.document.zarr_format),
            self.types.named,
        )


class _Remembering(dict[Steps, ArrayLike]):
    """Parts, and which of them were used."""

    def __init__(self, parts: Mapping[Steps, ArrayLike]) -> None:
        super().__init__(parts)
        self.used: set[Steps] = set()

    def __getitem__(self, steps: Steps) -> ArrayLike:
        self.used.add(steps)
        return super().__getitem__(steps)


def _values(record: Record, data: ArrayLike) -> tuple[AtomicType, ArrayLike]:
    """Return the values of an array as netCDF has them, and their type."""
    kind = ATOMIC_TYPES.get(str(record.get("type")))
    if kind is STRING and data.dtype.kind == "S":
        data = MappedArray(data, STRING.dtype, _decode_texts)
    data = as_objects(data)
    if kind is None or kind.dtype != data.dtype:  # the type of Zarr alone, or another writer's
        kind = any_type(data.dtype)
    null = records.read_null(record.get("null"), len(data.shape)) if kind is STRING else None
    return kind, data if null is None else NullTexts(data, *null)


def _decode_texts(part: np.ndarray) -> np.ndarray:
    return np.char.decode(part, "utf-8", "surrogateescape").astype(object)


def _without_flags(head: Found, kind: NetcdfType) -> dict[str, Any]:
    """Return what others see of an enum, but for the flags that we have added."""
    flags = flags_of(head_type(kind), ())
    added = as_list(head.part.get("added"), str)
    return {
        name: value
        for name, value in head.visible.items()
        if not (name in added and name in flags and shown(flags[name]) == value)
    }


def _with_fill(storage: Storage, fill: Attribute | None, kind: NetcdfType) -> Storage:
    """Return ``storage`` with its fill value: the attribute, if there still is one."""
    if fill is not None and fill.type == kind and len(fill.value):
        return replace(storage, fill_mode="explicit", fill_value=fill.element())
    if storage.fill_mode == "none":
        return replace(storage, fill_value=None)
    if storage.fill_mode == "default" and storage.fill_value is not None:
        return storage
    return replace(storage, fill_mode="default", fill_value=unwritten(kind)[()])


def _dimensions(
    names: tuple[str | None, ...], shape: tuple[int, ...], record: Record, path: str, scope: Scope
) -> tuple[Dimension, ...]:
    """Return the dimensions of a variable; a record is ignored where other names outdate it."""
    recorded = as_list(record.get("dimensions"), dict)
    paths = [str(entry.get("path")) for entry in recorded]
    shown_names = [
        entry.get("name", place.rpartition("/")[2])
        for place, entry in zip(paths, recorded, strict=True)
    ]
    if shown_names != list(names):
        return tuple(
            scope.nearest(path, name, size)
            for name, size in zip(labels(names, shape), shape, strict=True)
        )
    return tuple(
        scope.at(path, place, size, unlimited=entry.get("unlimited") is True)
        for place, entry, size in zip(paths, recorded, shape, strict=True)
    )
