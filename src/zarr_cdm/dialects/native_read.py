"""How our own dialect reads: plain arrays by their records, and parts joined."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import ArrayLike, Dimension, Group, Storage, Variable, join
from zarr_cdm.cdm.types import NetcdfType
from zarr_cdm.cdm.values import unwritten
from zarr_cdm.dialects import fill_value, records, stale
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.joined import (
    ScalarArray,
    Steps,
    check_rows,
    first_steps,
    join_parts,
    leaf_steps,
)
from zarr_cdm.dialects.lengths import Lengths
from zarr_cdm.dialects.native_found import Found, Names, found_at, tell_of_part, without_flags
from zarr_cdm.dialects.native_record import infer, own_attributes, record_of, show
from zarr_cdm.dialects.plain import read_array
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.dialects.scope import Scope, labels
from zarr_cdm.dialects.storage_records import read_storage
from zarr_cdm.dialects.types import KnownTypes
from zarr_cdm.errors import MetadataError, ZarrCdmError, ZarrCdmWarning
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node


class Reading:
    """The functions that `read_tree` calls, and what they remember."""

    def __init__(self, root: Node) -> None:
        self.types = KnownTypes()
        self._lengths = Lengths(root)
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
        self._settle(group, path, scope)
        group.attributes = records.read_attributes(
            record, own_attributes(document.attributes), named=self.types.named
        )
        stale.tell(path, *stale.in_attributes(record, group.attributes, self.types.named))
        return as_list(record.get("variables"), str) + as_list(record.get("groups"), str)

    def _settle(self, group: Group, path: str, scope: Scope) -> None:
        """Give a group the dimensions that its record lacks, and all of them their lengths."""
        for missing in self._lengths.missing(path, group.dimensions):
            group.dimensions[missing.name] = missing
        for name, each in group.dimensions.items():
            size = self._lengths.size(path, name, each.size)
            scope.settle(path, each, each.size if size is None else size)

    def array(
        self, document: ArrayMetadata, data: ArrayLike, name: str, path: str, scope: Scope
    ) -> Variable | None:
        """Return the variable of an array; None where it is a part of one."""
        record = record_of(document)
        if not record:
            return read_array(document, data, name, path, scope, names_of=names_of)
        found = found_at(name, document, record, data)
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
        variable = Variable(
            found.name,
            found.kind,
            _dimensions(names, shape, found.record, path, scope),
            attributes,
            found.data,
            _with_fill(storage, attributes.get(fill_value.NAME), found.kind),
        )
        self._tell(variable, found, (found.record, names), path, scope)
        return variable

    def _joined(self, name: str, parts: list[Found], path: str, scope: Scope) -> Variable:
        """Return the variable that arrays are the parts of.

        Raises
        ------
        MetadataError
            They are not all of its parts, or do not fit each other.
        """
        by_steps = {tuple(as_list(part.part.get("steps"), str)): part for part in parts}
        heads = [part for part in parts if part.is_head]
        if len(heads) != 1 or len(by_steps) < len(parts):
            raise MetadataError("the array that says what it is is gone, or there are two")
        head, record = heads[0], as_object(heads[0].part["variable"])
        called = str(record.get("type"))
        kind = head.kind if called == head.kind.name else self.types.named(called)
        arrays = _Remembering({steps: part.data for steps, part in by_steps.items()})
        data = join_parts(kind, arrays, place=join(path, name))
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
        attributes = self._attributes(head, without_flags(head, kind))
        storage = read_storage(as_object(record.get("storage")), kind)
        variable = Variable(
            name,
            kind,
            _dimensions(names, tuple(data.shape), record, path, scope),
            attributes,
            data,
            _with_fill(storage, attributes.get(fill_value.NAME), kind),
        )
        self._tell(variable, head, (record, names), path, scope)
        flags = as_list(head.part.get("added"), str)
        stale.tell(join(path, name), *stale.in_flags(flags, attributes))
        for part in parts:
            tell_of_part(part, path)
        return variable

    def _tell(
        self, variable: Variable, found: Found, on: tuple[Record, Names], path: str, scope: Scope
    ) -> None:
        """Tell what is stale in the records of a variable, whose attributes ``found`` bears.

        ``on`` is the record of its dimensions and type, and the names that it has by now.
        """
        stale.tell(
            join(path, variable.name),
            *stale.in_type(found.record, found.kind),
            *stale.in_dimensions(*on, variable.dimensions, scope),
            *stale.in_attributes(found.record, variable.attributes, self.types.named),
            *stale.in_fill(on[0], variable.storage.fill_mode),
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
    names: Names, shape: tuple[int, ...], record: Record, path: str, scope: Scope
) -> tuple[Dimension, ...]:
    """Return the dimensions of a variable; a record is ignored where other names outdate it."""
    places = records.read_places(record, names)
    if places is None:
        return tuple(
            scope.nearest(path, name, size)
            for name, size in zip(labels(names, shape), shape, strict=True)
        )
    return tuple(
        scope.at(path, place, size, unlimited=entry.get("unlimited") is True)
        for place, entry, size in zip(
            places, as_list(record.get("dimensions"), dict), shape, strict=True
        )
    )
