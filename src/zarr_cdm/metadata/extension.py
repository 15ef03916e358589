"""The object by which Zarr v3 names a codec, a data type, a grid or a key encoding.

Specification: zarr-specs, v3 core, "Extension definition".

>>> Extension.from_json("vlen-utf8").to_json()
{'name': 'vlen-utf8'}
>>> Extension.from_json({"name": "gzip", "configuration": {"level": 5}}).configuration
{'level': 5}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zarr_cdm.errors import MetadataError


@dataclass(frozen=True, slots=True)
class Extension:
    """A name, its configuration, and whether a reader may pass over it if it is unknown."""

    name: str
    configuration: Mapping[str, Any] = field(default_factory=dict)
    must_understand: bool = True

    @classmethod
    def from_json(cls, document: Any) -> Extension:
        """Return the extension that a short-hand name or an object stands for."""
        if isinstance(document, str):
            return cls(document)
        if not isinstance(document, dict) or not isinstance(document.get("name"), str):
            raise MetadataError(f"expected a name or an object with a name, found {document!r}")
        configuration = document.get("configuration")
        configuration = {} if configuration is None else configuration
        if not isinstance(configuration, dict):
            raise MetadataError(
                f"the configuration of {document['name']!r} is no object: {configuration!r}"
            )
        return cls(document["name"], configuration, document.get("must_understand") is not False)

    def to_json(self) -> dict[str, Any]:
        """Return the object form, which every reader knows; short-hand came later."""
        document: dict[str, Any] = {"name": self.name}
        # zarr-python reads no codec of numcodecs without a configuration, be it empty.
        if self.configuration or self.name.startswith("numcodecs."):
            document["configuration"] = dict(self.configuration)
        return document

    def to_short_json(self) -> Any:
        """Return the name alone where there is no configuration: all readers want that of types."""
        return self.to_json() if self.configuration else self.name
