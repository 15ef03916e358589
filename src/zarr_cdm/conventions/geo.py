"""The conventions ``proj:`` and ``spatial:``: coordinate reference systems, and where a grid lies.

Specifications: zarr-conventions, "proj" and "spatial".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray, declared_in_lists
from zarr_cdm.dialects import declarations
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.nodes import nodes
from zarr_cdm.metadata.documents import ArrayMetadata, Document, Node

_CODE = re.compile(r"[A-Z]+:[0-9]+")
SYSTEMS = {"proj:code": str, "proj:wkt2": str, "proj:projjson": dict}
LENGTHS = {"spatial:transform": (6,), "spatial:bbox": (4, 6), "spatial:shape": (2, 3)}
CHOICES = {
    "spatial:transform_type": ("affine",),
    "spatial:registration": ("pixel", "node"),
}


class Prefixed:
    """A convention whose attributes have its name before a colon."""

    def __init__(self, declaration: declarations.Declaration) -> None:
        self.declaration: declarations.Declaration | None = declaration
        self.prefix = declaration.name
        self.rule = declaration.name.rstrip(":")

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the nodes that list it."""
        assert self.declaration is not None
        return declared_in_lists(root, self.declaration)

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield what is wrong in the nodes that list it or have attributes of it."""
        assert self.declaration is not None
        for path, _, document in nodes(root):
            attributes = document.attributes
            is_listed = declarations.declares(attributes, self.declaration)
            if not is_listed and not any(name.startswith(self.prefix) for name in attributes):
                continue
            if not is_listed:
                message = f"has attributes of {self.prefix!r} and does not list the convention"
                yield Finding(f"/{path}", f"{self.rule}.unlisted", message)
            for name, message in WRONG[self.prefix](document):
                yield Finding(f"/{path}@{name}", f"{self.rule}.form", message)


def _wrong_proj(document: Document) -> Iterator[tuple[str, str]]:
    attributes = document.attributes
    given = {name: attributes[name] for name in SYSTEMS if attributes.get(name) is not None}
    if not given:
        yield "proj:code", f"none of {', '.join(SYSTEMS)} is there"
    for name, value in given.items():
        if not isinstance(value, SYSTEMS[name]):
            yield name, f"expected {SYSTEMS[name].__name__}, found {value!r}"
        elif name == "proj:code" and not _CODE.fullmatch(value):
            yield name, f"expected authority and number, as in 'EPSG:4326', found {value!r}"


def _wrong_spatial(document: Document) -> Iterator[tuple[str, str]]:
    attributes: Mapping[str, Any] = document.attributes
    for name, lengths in LENGTHS.items():
        value = attributes.get(name)
        if value is not None and not (_are_numbers(value) and len(value) in lengths):
            yield name, f"expected {' or '.join(map(str, lengths))} numbers, found {value!r}"
    for name, choices in CHOICES.items():
        if name in attributes and attributes[name] not in choices:
            yield name, f"expected {' or '.join(choices)}, found {attributes[name]!r}"
    name = "spatial:dimensions"
    found = attributes.get(name)
    if isinstance(document, ArrayMetadata):
        own = names_of(document)
        if not isinstance(found, list) or not set(map(str, found)) <= {str(each) for each in own}:
            yield name, f"expected names of the dimensions {own!r}, found {found!r}"


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) in (int, float) for item in value)


WRONG = {"proj:": _wrong_proj, "spatial:": _wrong_spatial}
PROJ, SPATIAL = Prefixed(declarations.PROJ), Prefixed(declarations.SPATIAL)
