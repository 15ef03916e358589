"""CF, as far as documents show it: kinds of attributes, and that the variables they name exist.

Declared is it in ``Conventions``, or in ``zarr_conventions``. Whether units and standard names are
ones that exist is not looked at.

Specifications: CF conventions, sections 2.6, 4.4, 7, appendix A; zarr-conventions, "CF".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray, declared_in_lists
from zarr_cdm.dialects import declarations
from zarr_cdm.dialects.nodes import arrays, groups, under
from zarr_cdm.metadata.documents import ArrayMetadata, Node

CONVENTIONS = "Conventions"
_CF = re.compile(r"(^|[\s,])CF-\d+\.\d+")
TEXTS = (
    *("units", "standard_name", "long_name", "calendar", "axis", "positive", "cell_methods"),
    *("coordinates", "bounds", "climatology", "grid_mapping", "ancillary_variables"),
    *("cell_measures", "formula_terms", "compress", "flag_meanings", "grid_mapping_name"),
)
NUMBERS = ("scale_factor", "add_offset", "valid_min", "valid_max")
CHOICES = {
    "axis": ("X", "Y", "Z", "T"),
    "positive": ("up", "down"),
    "calendar": (
        *("standard", "gregorian", "proleptic_gregorian", "utc", "tai", "julian", "none"),
        *("noleap", "365_day", "all_leap", "366_day", "360_day"),
    ),
}
# The attributes that name variables, and those words in them that name none.
NAMING = ("coordinates", "bounds", "climatology", "ancillary_variables")
AFTER_COLON = ("cell_measures", "formula_terms")


class Cf:
    """CF."""

    declaration: declarations.Declaration | None = declarations.CF

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the groups that name it in ``Conventions``, and the nodes that list it."""
        for path, _, document in groups(root):
            found = {name.lower(): value for name, value in document.attributes.items()}
            value = found.get(CONVENTIONS.lower())
            if isinstance(value, str) and _CF.search(value):
                yield f"/{path}"
        yield from declared_in_lists(root, declarations.CF)

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield attributes of a wrong kind, and names of variables that are not there."""
        names = {path for path, _ in arrays(root)}
        for path, document in arrays(root):
            for name, message in _wrong(document.attributes):
                yield Finding(f"/{path}@{name}", "cf.attribute", message)
            yield from _missing(path, document, names)


def _wrong(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in TEXTS:
        if name in attributes and not isinstance(attributes[name], str):
            yield name, f"expected text, found {attributes[name]!r}"
    for name in NUMBERS:
        if name in attributes and type(attributes[name]) not in (int, float):
            yield name, f"expected a number, found {attributes[name]!r}"
    for name, choices in CHOICES.items():
        value = attributes.get(name)
        if isinstance(value, str) and value.lower() not in map(str.lower, choices):
            yield name, f"expected one of {', '.join(choices)}, found {value!r}"
    meanings = attributes.get("flag_meanings")
    for name in ("flag_values", "flag_masks"):
        value = attributes.get(name)
        if value is None or not isinstance(meanings, str):
            continue
        count = len(value) if isinstance(value, list) else 1
        if count != len(meanings.split()):
            yield name, f"{count} of them, and {len(meanings.split())} meanings"


def _missing(path: str, document: ArrayMetadata, names: set[str]) -> Iterator[Finding]:
    for attribute, name in _named(document.attributes):
        if not _is_there(name, path.rpartition("/")[0], names):
            message = f"there is no variable {name!r} in this group or one above it"
            yield Finding(f"/{path}@{attribute}", "cf.reference", message)


def _named(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the names of variables that attributes give."""
    for attribute in (*NAMING, *AFTER_COLON, "grid_mapping"):
        value = attributes.get(attribute)
        if not isinstance(value, str):
            continue
        words = value.split()
        if attribute in AFTER_COLON:
            words = [word for word in words if not word.endswith(":")]
        for word in words:
            yield attribute, word.rstrip(":")


def _is_there(name: str, group: str, names: set[str]) -> bool:
    """Tell whether a name leads to an array: an absolute path, a relative one, or one above."""
    if "/" in name:
        return normpath(name if name.startswith("/") else f"/{group}/{name}")[1:] in names
    while True:
        if under(group, name) in names:
            return True
        if not group:
            return False
        group = group.rpartition("/")[0]


CF = Cf()
