"""NZ-1.0: what it demands of a store, as far as documents show it.

Specification: zarr-conventions, "NZ-1.0 NetCDF - Zarr Convention".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray, declared_in_lists
from zarr_cdm.conventions.dimensions import names_findings, of_document
from zarr_cdm.dialects import declarations
from zarr_cdm.dialects.nodes import groups, nodes
from zarr_cdm.dialects.nz import DECLARED, NETCDF_DECLARED, is_declared
from zarr_cdm.metadata import nczarr
from zarr_cdm.metadata.documents import Node

_SPELLED = re.compile(r"NaN|-?Infinity|0x[0-9a-fA-F]+")
TYPES = {
    "bool",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("float32", "float64", "complex64", "complex128"),
}


class Nz:
    """NZ-1.0."""

    declaration: declarations.Declaration | None = declarations.NZ

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the groups that name it in ``conventions``, and the nodes that list it."""
        for path, _, document in groups(root):
            if is_declared(document.attributes):
                yield f"/{path}"
        yield from declared_in_lists(root, declarations.NZ)

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield what NZ-1.0 says must be, and is not."""
        document = root.document
        if document.zarr_format != 3:
            message = f"Zarr v{document.zarr_format}, and NZ-1.0 is stated for v3"
            yield Finding("/", "nz.version", message)
        if not is_declared(document.attributes):
            message = f"neither {DECLARED} nor {NETCDF_DECLARED} of the root has NZ-1.0"
            yield Finding("/", "nz.conventions", message)
        yield from names_findings(root, "nz", of_document)
        for path, _, each in nodes(root):
            yield from _attributes(f"/{path}", each.attributes)


def _attributes(path: str, attributes: Mapping[str, Any]) -> Iterator[Finding]:
    for name, value in attributes.items():
        if name not in (nczarr.TYPES, declarations.ATTRIBUTE) and _is_mixed(value):
            message = f"a list of values of several kinds: {value!r}"
            yield Finding(f"{path}@{name}", "nz.attribute", message)
    if nczarr.TYPES in attributes:
        yield from _types(f"{path}@{nczarr.TYPES}", attributes[nczarr.TYPES])


def _is_mixed(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    numbers = [type(item) in (int, float) for item in value]
    # What JSON has no number for, Zarr spells: that is no text among numbers.
    rest = [item for item in value if type(item) not in (int, float) and not _is_spelled(item)]
    return (any(numbers) and bool(rest)) or len({type(item) for item in rest}) > 1


def _is_spelled(item: Any) -> bool:
    return isinstance(item, str) and bool(_SPELLED.fullmatch(item))


def _types(place: str, found: Any) -> Iterator[Finding]:
    types = found.get("types") if isinstance(found, dict) else None
    if not isinstance(types, dict):
        yield Finding(place, "nz.types", f"expected an object with 'types', found {found!r}")
        return
    for name, kind in types.items():
        if not isinstance(kind, str) or kind not in TYPES:
            message = f"the type of {name!r} is {kind!r}, expected a name of Zarr v3"
            yield Finding(place, "nz.types", message)


NZ = Nz()
