"""Names that a store can hold: percent-encoded where it cannot hold the true one.

Specifications: zarr-specs v3 core, "Node names"; v2, "Logical storage paths".

>>> node_name("air", 3), node_name("__air", 3), node_name("__air", 2), node_name("...", 3)
('air', '%5F_air', '__air', '%2E..')
>>> node_name("a/b", 3), node_name("zarr.json", 3), node_name(".zarray", 2)
('a%2Fb', '%7Aarr.json', '%2Ezarray')
"""

from __future__ import annotations

import hashlib
from collections.abc import Container

from zarr_cdm.dialects.attributes import encodable
from zarr_cdm.metadata.documents import ZarrVersion

DOCUMENTS = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"}
NO_CHARACTERS = "/\\\0"
MOST_BYTES = 255  # of a name in most file systems; netCDF allows 256


def node_name(name: str, zarr_format: ZarrVersion) -> str:
    """Return the name of the node for what is called ``name``: the same, wherever possible."""
    stored = "".join(map(_encoded_character, name))
    hidden = zarr_format == 3 and stored.startswith("__")
    if stored in DOCUMENTS or hidden or (stored and not stored.strip(".")):
        stored = _percent(stored[0]) + stored[1:]
    data = stored.encode()
    if len(data) <= MOST_BYTES:
        return stored
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{data[: MOST_BYTES - 17].decode('utf-8', 'ignore')}%{digest}"


def is_node_name(name: str, zarr_format: ZarrVersion) -> bool:
    """Tell whether a store can hold a name as it is.

    >>> [name for name in ("air", "", "a/b", "..", "__a") if is_node_name(name, 3)]
    ['air']
    """
    return bool(name) and encodable(name) == name and node_name(name, zarr_format) == name


def free_name(name: str, zarr_format: ZarrVersion, taken: Container[str]) -> str:
    """Return the name of a node that no other has: ``_`` is added as long as one does."""
    stored = node_name(name, zarr_format)
    while stored in taken:
        name += "_"
        stored = node_name(name, zarr_format)
    return stored


def _encoded_character(character: str) -> str:
    return _percent(character) if character in NO_CHARACTERS else character


def _percent(character: str) -> str:
    return f"%{ord(character):02X}"
