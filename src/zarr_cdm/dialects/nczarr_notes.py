"""netCDF-C's notes in a Zarr v2 hierarchy, in whichever of its layouts they are.

Today they are attributes. Before 4.9.3 they were members of ``.zgroup`` and ``.zarray``, before
4.9.1 with names in capitals, in 4.8.0 objects of their own; `metadata.nczarr` makes members of
those. What is not of their form counts as not noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zarr_cdm.cdm.model import Dimension
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.metadata import nczarr
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata, Node

PREFIXES = ("_nczarr_", "_NCZARR_")
CAPITALS = {
    nczarr.ARRAY: "_NCZARR_ARRAY",
    nczarr.GROUP: "_NCZARR_GROUP",
    nczarr.TYPES: "_NCZARR_ATTR",
}


def is_noted(node: Node) -> bool:
    """Tell whether netCDF-C wrote a node, or somebody wrote it in its words."""
    document = node.document
    names = [*document.attributes, *document.members]
    return any(name.startswith(PREFIXES) for name in names) or "nczarr=" in str(
        document.attributes.get(nczarr.PROPERTIES)
    )


def _note(document: Document, name: str) -> Record:
    for holder in (document.attributes, document.members):
        for spelling in (name, CAPITALS[name]):
            if isinstance(holder.get(spelling), dict):
                return as_object(holder[spelling])
    return {}


def types_of(document: Document) -> Mapping[str, Any]:
    """Return the type of each attribute, as a type string or as netCDF-C's number."""
    return as_object(_note(document, nczarr.TYPES).get("types"))


class GroupNote:
    """What is noted of a group: its dimensions, and the order of what it holds."""

    def __init__(self, document: GroupMetadata) -> None:
        note = _note(document, nczarr.GROUP)
        self.found = bool(note)
        self.arrays = as_list(note.get("arrays", note.get("vars")), str)
        self.groups = as_list(note.get("groups"), str)
        self._dimensions = as_object(note.get("dimensions", note.get("dims")))

    def dimensions(self) -> dict[str, Dimension]:
        """Return new dimensions, as they are declared."""
        found = {}
        for name, entry in self._dimensions.items():
            size = entry.get("size") if isinstance(entry, dict) else entry
            if type(size) is int and 0 <= size < 2**63:
                found[name] = Dimension(name, size, bool(as_object(entry).get("unlimited")))
        return found


class ArrayNote:
    """What is noted of an array.

    Attributes
    ----------
    found
        Whether there is a note.
    references
        The path of the dimension of each axis.
    storage
        ``chunked``, ``contiguous``, ``compact`` or ``scalar``.
    """

    def __init__(self, document: ArrayMetadata) -> None:
        note = _note(document, nczarr.ARRAY)
        references = note.get("dimension_references", note.get("dimrefs"))
        self.found = bool(note)
        self.references = as_list(references, str)
        self.storage = note.get("storage")
        self._scalar = bool(note.get("scalar")) or self.storage == "scalar" or references == []

    def is_scalar(self, document: ArrayMetadata, names: tuple[str | None, ...]) -> bool:
        """Tell whether an array of one element is a scalar; Zarr's own have no axis at all."""
        return document.shape == (1,) and (self._scalar or names == (nczarr.SCALAR,))
