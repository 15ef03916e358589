"""Names of dimensions: `dimension_names` of Zarr v3, and xarray's ``_ARRAY_DIMENSIONS``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray
from zarr_cdm.dialects.declarations import Declaration
from zarr_cdm.dialects.nodes import arrays
from zarr_cdm.dialects.plain import DIMENSIONS
from zarr_cdm.metadata.documents import ArrayMetadata, Node, ZarrVersion

GivenNames = Callable[[ArrayMetadata], Any]


class Names:
    """A way to name the dimensions of arrays, in one version of Zarr."""

    declaration: Declaration | None = None

    def __init__(self, rule: str, zarr_format: ZarrVersion, given: GivenNames) -> None:
        self.rule = rule
        self.zarr_format = zarr_format
        self.given = given

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the arrays that have the names."""
        for path, document in arrays(root):
            if document.zarr_format == self.zarr_format and self.given(document) is not None:
                yield f"/{path}"

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield the arrays without them, and names that two lengths have in a group."""
        return names_findings(root, self.rule, self.given)


def names_findings(root: Node, rule: str, given: GivenNames) -> Iterator[Finding]:
    """Yield the arrays whose axes are not all named, and names with two lengths in one group."""
    lengths: dict[tuple[str, str], tuple[int, str]] = {}
    for path, document in arrays(root):
        names = given(document)
        if not _are_complete(names, document):
            message = f"the names of {len(document.shape)} dimensions are {names!r}"
            yield Finding(f"/{path}", f"{rule}.names", message)
            continue
        for name, size in zip(names, document.shape, strict=True):
            group = path.rpartition("/")[0]
            first, where = lengths.setdefault((group, name), (size, path))
            if size != first:
                message = f"{name!r} has length {size}, in /{where} it has {first}"
                yield Finding(f"/{path}", f"{rule}.lengths", message)


def _are_complete(names: Any, document: ArrayMetadata) -> bool:
    return (
        isinstance(names, Sequence)
        and not isinstance(names, str)
        and len(names) == len(document.shape)
        and all(isinstance(name, str) and name for name in names)
    )


def of_document(document: ArrayMetadata) -> Any:
    """Return ``dimension_names``."""
    return document.dimension_names


DIMENSION_NAMES = Names("dimension_names", 3, of_document)
ARRAY_DIMENSIONS = Names(
    "array_dimensions", 2, lambda document: document.attributes.get(DIMENSIONS)
)
