"""Where records say what the documents beside them no longer do: another writer was here.

The documents win; what a record says in vain is a finding, and not passed over in silence.
"""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterable, Iterator, Mapping

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dimension, FillMode
from zarr_cdm.cdm.types import AtomicType, NetcdfType
from zarr_cdm.dialects.attributes import Named, atomic_name
from zarr_cdm.dialects.native_record import record_of
from zarr_cdm.dialects.nodes import groups, under
from zarr_cdm.dialects.records import Record, as_list, as_object, read_places
from zarr_cdm.dialects.scope import Scope
from zarr_cdm.errors import MetadataError, ZarrCdmError, ZarrCdmWarning, listed
from zarr_cdm.metadata.documents import ArrayMetadata, Document, Node


def tell(place: str, *found: str) -> None:
    """Warn of all that is stale at a node, if anything is."""
    if found:
        message = f"{place}: another writer changed it: {'; '.join(found)}"
        warnings.warn(message, ZarrCdmWarning, stacklevel=3)


def in_type(record: Record, kind: AtomicType) -> Iterator[str]:
    """Yield what became of the type that an array was recorded with."""
    recorded = record.get("type")
    if isinstance(recorded, str) and recorded != kind.name:
        yield f"its type was {recorded}, its array is of {kind.name}"


def in_names(record: Record, names: tuple[str | None, ...]) -> Iterator[str]:
    """Yield what became of the names of dimensions that an array was recorded with."""
    paths = [str(entry.get("path")) for entry in as_list(record.get("dimensions"), dict)]
    if paths and read_places(record, names) is None:
        found = listed([str(name) for name in names])
        yield f"its dimensions were {listed(paths)}, its array names {found}"


def in_dimensions(
    record: Record, names: tuple[str | None, ...], dimensions: tuple[Dimension, ...], scope: Scope
) -> Iterator[str]:
    """Yield what became of the dimensions that a variable was recorded with."""
    yield from in_names(record, names)
    for place, found in zip(read_places(record, names) or (), dimensions, strict=False):
        if scope.held(place) is not found:
            yield f"its dimension was {place}, and is another one: {found.name}, {found.size} long"


def in_attributes(record: Record, found: Mapping[str, Attribute], named: Named) -> Iterator[str]:
    """Yield what became of attributes that were recorded: gone, or of another type."""
    entries = as_object(record.get("attributes"))
    types = {
        name: entry if isinstance(entry, str) else as_object(entry).get("type")
        for name, entry in entries.items()
    }
    if gone := [name for name in types if name not in found]:
        yield f"its attribute{'s' if len(gone) > 1 else ''} {listed(gone)} gone"
    for name, kind in types.items():
        if isinstance(kind, str) and name in found and not _is_of(found[name].type, kind, named):
            yield f"its attribute {name!r} was of type {kind}, and is {found[name].type.name}"


def _is_of(kind: NetcdfType, name: str, named: Named) -> bool:
    if isinstance(kind, AtomicType):
        return name in (kind.name, atomic_name(kind))
    try:
        return named(name) == kind
    except MetadataError:
        return False


def in_fill(record: Record, mode: FillMode) -> Iterator[str]:
    """Yield that a variable was recorded with a fill value of its own, and has none."""
    if as_object(record.get("storage")).get("fill") == "explicit" != mode:
        yield "its fill value is gone"


def in_part(attributes: Iterable[str], added: Container[str]) -> Iterator[str]:
    """Yield the attributes of a part that its variable has no place for."""
    if found := [name for name in attributes if name not in added]:
        yield f"as a part of a variable it has no place for its attributes {listed(found)}"


def in_flags(added: Iterable[str], visible: Container[str]) -> Iterator[str]:
    """Yield the flags of an enum that say otherwise than its type by now."""
    if found := [name for name in added if name in visible]:
        yield f"{listed(found)} no longer as its type says"


def tell_of_members(root: Node) -> None:
    """Tell what nodes have lost: their record, or what it names."""
    found: dict[str, list[str]] = {}
    for place, message in _in_members(root):
        found.setdefault(place, []).append(message)
    for place, messages in found.items():
        tell(place, *messages)


def _in_members(root: Node) -> Iterator[tuple[str, str]]:
    expected: set[str] = set()  # groups that the one above names
    for path, node, document in groups(root):
        record = record_of(document)
        members = {key: _document(member) for key, member in node.members.items()}
        records = {key: record_of(each) for key, each in members.items() if each is not None}
        if not record and (path in expected or any(records.values())):
            yield f"/{path}", "its record is gone, and with it types and order of what is in it"
        known = {name for key, each in records.items() if each for name in _names(key, each)}
        for name in [*as_list(record.get("variables"), str), *as_list(record.get("groups"), str)]:
            if name not in members and name not in known:
                yield f"/{path}", f"{name!r} in it is gone"
            elif isinstance(members.get(name), ArrayMetadata) and name not in known:
                yield f"/{under(path, name)}", "its record is gone, and with it types and scopes"
            expected.add(under(path, name))


def _document(node: Node) -> Document | None:
    try:
        return node.document
    except ZarrCdmError:  # which whoever reads it tells of
        return None


def _names(key: str, record: Record) -> tuple[str, ...]:
    """Return the names that a node may have in the record of its group."""
    of = as_object(record.get("part")).get("of")
    return tuple(name for name in (key, record.get("name"), of) if isinstance(name, str))
