"""Small stores as others write them: documents in a memory store."""

from __future__ import annotations

import json
from typing import Any

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.core.group import ZarrGroup, open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.table import choose


def group(**attributes: Any) -> dict[str, Any]:
    """Return the document of a group of Zarr v3."""
    return {"zarr_format": 3, "node_type": "group", "attributes": attributes}


def array(
    *shape: int, dtype: str = "float32", names: Any = None, fill: Any = 0, **attributes: Any
) -> dict[str, Any]:
    """Return the document of an array of Zarr v3."""
    endian = {} if dtype in ("int8", "uint8") else {"configuration": {"endian": "little"}}
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(shape)}},
        "chunk_key_encoding": {"name": "default"},
        "fill_value": fill,
        "codecs": [{"name": "bytes", **endian}],
        "attributes": attributes,
        **({} if names is None else {"dimension_names": list(names)}),
    }


def hierarchy(root: dict[str, Any] | None = None, **documents: dict[str, Any]) -> ZarrGroup:
    """Return a hierarchy that is opened; ``a__b`` is the node at a/b."""
    keys = {f"{name.replace('__', '/')}/zarr.json": each for name, each in documents.items()}
    stored = {"zarr.json": group() if root is None else root, **keys}
    return open_tree(MemoryStore({key: json.dumps(each).encode() for key, each in stored.items()}))


def read(opened: ZarrGroup) -> tuple[str, Dataset]:
    """Return the name of the dialect that knows a hierarchy, and what it reads."""
    name, dialect = choose(opened.node)
    return name, dialect.read(opened.node, opened.array)
