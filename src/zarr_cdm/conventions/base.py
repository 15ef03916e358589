"""What is known of a convention: where a store declares it, and what it demands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.dialects.declarations import Declaration, declares
from zarr_cdm.dialects.nodes import nodes
from zarr_cdm.metadata.documents import Node

OpenArray = Callable[[str], object]


class Convention(Protocol):
    """One convention. It looks at documents only: no value of an array is read."""

    declaration: Declaration | None  # in the words of zarr-conventions, if it has any there

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the paths of the nodes that declare it, or that only it could have made so."""

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield everything in which a store does not follow it."""


def declared_in_lists(root: Node, declaration: Declaration) -> Iterator[str]:
    """Yield the paths of the nodes that list a convention in ``zarr_conventions``."""
    for path, _, document in nodes(root):
        if declares(document.attributes, declaration):
            yield f"/{path}"
