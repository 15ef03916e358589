"""The multiscales convention of zarr-conventions: the form of a layout, and that its levels exist.

Specification: zarr-conventions, "multiscales".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray, declared_in_lists
from zarr_cdm.dialects import declarations
from zarr_cdm.dialects.multiscales import NAME, layout
from zarr_cdm.dialects.nodes import find, groups
from zarr_cdm.metadata.documents import ArrayMetadata, Node


class Multiscales:
    """Groups with a layout of levels."""

    declaration: declarations.Declaration | None = declarations.MULTISCALES

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the nodes that list it."""
        return declared_in_lists(root, declarations.MULTISCALES)

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield what is wrong in the groups that list it, or have a layout."""
        for path, node, document in groups(root):
            attributes = document.attributes
            is_listed = declarations.declares(attributes, declarations.MULTISCALES)
            levels = layout(attributes)
            if levels and not is_listed:
                message = "has a layout and does not list the convention"
                yield Finding(f"/{path}", "multiscales.unlisted", message)
            if is_listed and not levels:
                message = f"expected a layout of levels, found {attributes.get(NAME)!r}"
                yield Finding(f"/{path}@{NAME}", "multiscales.form", message)
            for level in levels:
                for message in _wrong(level, node):
                    yield Finding(f"/{path}@{NAME}", "multiscales.level", message)


def _wrong(level: dict[str, Any], node: Node) -> Iterator[str]:
    for member in ("asset", "derived_from"):
        if member == "derived_from" and member not in level:
            continue
        path = level.get(member)
        if not isinstance(path, str) or path.startswith("/") or ".." in path:
            yield f"{member} is {path!r}, expected a path downwards from here"
        elif find(node, path) is None:
            yield f"{member} is {path!r}, and there is no such array or group"
    transform = level.get("transform")
    if "derived_from" in level and not isinstance(transform, dict):
        yield f"{level.get('asset')!r} is derived and has no transform"
    if isinstance(transform, dict):
        yield from _wrong_transform(transform, level, node)


def _wrong_transform(transform: dict[str, Any], level: dict[str, Any], node: Node) -> Iterator[str]:
    found = find(node, level.get("asset"))
    for member in ("scale", "translation"):
        numbers = transform.get(member, [])
        if not isinstance(numbers, list) or not all(type(each) in (int, float) for each in numbers):
            yield f"{member} of {level.get('asset')!r} is {numbers!r}, expected numbers"
        elif numbers and isinstance(found, ArrayMetadata) and len(numbers) != len(found.shape):
            yield (
                f"{member} of {level.get('asset')!r} has {len(numbers)} numbers, the array "
                f"{len(found.shape)} axes"
            )


MULTISCALES = Multiscales()
