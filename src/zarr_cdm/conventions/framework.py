"""The framework of zarr-conventions itself: the form of the lists that declare conventions.

Specification: zarr-conventions-spec, "Convention metadata".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray
from zarr_cdm.dialects.declarations import ATTRIBUTE, IDENTITIES, MEMBERS, Declaration
from zarr_cdm.dialects.nodes import nodes
from zarr_cdm.metadata.documents import Node

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Framework:
    """Lists in ``zarr_conventions``."""

    declaration: Declaration | None = None

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the nodes that have a list."""
        for path, _, document in nodes(root):
            if ATTRIBUTE in document.attributes:
                yield f"/{path}"

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield what is wrong in the form of a list."""
        for path, _, document in nodes(root):
            if ATTRIBUTE in document.attributes:
                place = f"/{path}@{ATTRIBUTE}"
                for message in _wrong(document.attributes[ATTRIBUTE]):
                    yield Finding(place, "zarr_conventions.form", message)


def _wrong(found: Any) -> Iterator[str]:
    if not isinstance(found, list):
        yield f"expected a list, found {type(found).__name__}"
        return
    for entry in found:
        if not isinstance(entry, dict):
            yield f"expected objects, found {entry!r}"
            continue
        if not any(isinstance(entry.get(member), str) for member in IDENTITIES):
            yield f"{entry!r} has none of {', '.join(IDENTITIES)}"
        if "uuid" in entry and not _UUID.fullmatch(str(entry["uuid"])):
            yield f"{entry['uuid']!r} is no uuid in lower case"
        others = [member for member in entry if member not in MEMBERS]
        if others:
            yield f"members that the framework does not have: {', '.join(others)}"


FRAMEWORK = Framework()
