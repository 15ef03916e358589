"""An array of our own dialect as it is found: its document, its record, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zarr_cdm.cdm.flags import FLAGS, flags_of
from zarr_cdm.cdm.model import ArrayLike, join
from zarr_cdm.cdm.types import ATOMIC_TYPES, STRING, AtomicType, NetcdfType, any_type
from zarr_cdm.dialects import records, stale
from zarr_cdm.dialects.attributes import shown
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.joined import NullTexts, head_type
from zarr_cdm.dialects.native_record import visible_attributes
from zarr_cdm.dialects.plain import as_objects, as_texts
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.metadata.documents import ArrayMetadata

Names = tuple[str | None, ...]
ADDED = (*FLAGS, "sample_dimension")  # what we say ourselves of parts that are no heads


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

    @property
    def is_head(self) -> bool:
        """Whether it bears what is said of the variable that it is a part of."""
        return "variable" in self.part


def found_at(name: str, document: ArrayMetadata, record: Record, data: ArrayLike) -> Found:
    """Return an array with the values and the type that netCDF has for them."""
    kind = ATOMIC_TYPES.get(str(record.get("type")))
    if kind is STRING and data.dtype.kind == "S":
        data = as_texts(data)
    data = as_objects(data)
    if kind is None or kind.dtype != data.dtype:  # the type of Zarr alone, or another writer's
        kind = any_type(data.dtype)
    null = records.read_null(record.get("null"), len(data.shape)) if kind is STRING else None
    data = data if null is None else NullTexts(data, *null)
    return Found(name, document, record, kind, data)


def without_flags(head: Found, kind: NetcdfType) -> dict[str, Any]:
    """Return what others see of an enum, but for the flags that we have added."""
    flags = flags_of(head_type(kind), ())
    added = as_list(head.part.get("added"), str)
    return {
        name: value
        for name, value in head.visible.items()
        if not (name in added and name in flags and shown(flags[name]) == value)
    }


def tell_of_part(found: Found, path: str) -> None:
    """Tell what is stale in the record of a part, and of attributes that nobody would see."""
    attributes = () if found.is_head else found.visible
    stale.tell(
        join(path, found.name),
        *stale.in_names(found.record, names_of(found.document)),
        *stale.in_part(attributes, ADDED),
    )
