"""The conventions that a node declares, in the words of the zarr-conventions framework.

The attribute ``zarr_conventions`` of an array or group is a list of objects. Each names one
convention by ``uuid``, ``schema_url`` or ``spec_url``, the first of them that it has; ``name`` and
``description`` are for people. The constants here are those that the conventions fix.

Specification: zarr-conventions-spec, "Convention metadata".

>>> NZ.is_named_by({"uuid": "d0a980b5-c644-4dcc-85a1-283799a58f40"}), NZ.is_named_by({"name": "NZ"})
(True, False)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ATTRIBUTE = "zarr_conventions"
MEMBERS = ("schema_url", "spec_url", "uuid", "name", "description")
IDENTITIES = ("uuid", "schema_url", "spec_url")


@dataclass(frozen=True, slots=True)
class Declaration:
    """How one convention is declared."""

    uuid: str
    name: str
    description: str
    schema_url: str
    spec_url: str

    def is_named_by(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether an entry of the list names this convention."""
        for member in IDENTITIES:
            found = entry.get(member)
            if isinstance(found, str):
                return bool(found.lower() == getattr(self, member).lower())
        return False

    def to_json(self) -> dict[str, str]:
        """Return the entry of the list."""
        return {member: getattr(self, member) for member in MEMBERS}


def _of_github(uuid: str, name: str, description: str, repository: str) -> Declaration:
    return Declaration(
        uuid,
        name,
        description,
        f"https://raw.githubusercontent.com/{repository}/refs/tags/v1/schema.json",
        f"https://github.com/{repository}/blob/v1/README.md",
    )


NZ = _of_github(
    "d0a980b5-c644-4dcc-85a1-283799a58f40",
    "NZ-1.0",
    "Structural interoperability layer for scientific array conventions on Zarr v3",
    "zarr-conventions/nz",
)
CF = Declaration(
    "77c308c7-4db2-4774-8b2d-aa37e9997db6",
    "CF",
    "Climate and Forecast conventions for self-describing geospatial data",
    "https://raw.githubusercontent.com/zarr-conventions/CF/refs/tags/v1/schema.json",
    "https://cfconventions.org/Data/cf-conventions/cf-conventions-1.11/cf-conventions.html",
)
MULTISCALES = _of_github(
    "d35379db-88df-4056-af3a-620245f8e347",
    "multiscales",
    "Multiscale layout of zarr datasets",
    "zarr-conventions/multiscales",
)
PROJ = _of_github(
    "f17cb550-5864-4468-aeb7-f3180cfb622f",
    "proj:",
    "Coordinate reference system information for geospatial data",
    "zarr-experimental/geo-proj",
)
SPATIAL = _of_github(
    "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4",
    "spatial:",
    "Spatial coordinate information",
    "zarr-conventions/spatial",
)


def declared(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a node's list; the first drafts had an object that goes by uuid."""
    found = attributes.get(ATTRIBUTE)
    if isinstance(found, dict):
        found = [{"uuid": uuid, **entry} for uuid, entry in found.items() if _is_object(entry)]
    return [entry for entry in found if _is_object(entry)] if isinstance(found, list) else []


def declares(attributes: Mapping[str, Any], declaration: Declaration) -> bool:
    """Tell whether a node declares a convention."""
    return any(declaration.is_named_by(entry) for entry in declared(attributes))


def _is_object(entry: Any) -> bool:
    return isinstance(entry, dict)
