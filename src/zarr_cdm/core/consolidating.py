"""All documents of a group in one: put together, and kept true.

What is said of a node stands in its own documents and in the consolidated ones of all groups above;
whoever changes the first changes the others with `record`. Threads of one process wait for each
other in that; two processes that change one consolidated hierarchy at once do not.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from zarr_cdm.core.hierarchy import NODE_KEYS, join, load
from zarr_cdm.core.stores.base import Store
from zarr_cdm.errors import MetadataError, NodeNotFoundError
from zarr_cdm.metadata import consolidated, v2, v3
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.json import dumps

Raw = dict[str, Any]
LOCK = threading.RLock()  # held while documents change that say the same

if hasattr(os, "register_at_fork"):  # a child must not begin with a lock that nobody lets go
    os.register_at_fork(
        before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release
    )


def above_of(path: str) -> Iterator[str]:
    """Yield the paths above one, from the root on."""
    names = path.split("/") if path else []
    yield from (join(*names[:count]) for count in range(len(names)))


def record(
    store: Store,
    path: str,
    change_v3: Callable[[Raw, str], None],
    change_v2: Callable[[Raw, str], None],
) -> None:
    """Change what the consolidated documents of all groups above say of a node."""
    above = list(above_of(path))
    # In v2 that of a group names its own documents too.
    keys = [join(place, v3.KEY) for place in above]
    keys += [join(place, consolidated.KEY) for place in (*above, path)]
    found = zip(keys, store.get_many([(key, None) for key in keys]), strict=True)
    for key, data in found:
        if data is None:
            continue
        raw = load(data, store, key)
        folder, _, name = key.rpartition("/")
        held = raw.get(v3.CONSOLIDATED) if name == v3.KEY else raw
        metadata = held.get("metadata") if isinstance(held, dict) else None
        if not isinstance(metadata, dict):
            continue
        change = change_v3 if name == v3.KEY else change_v2
        change(metadata, path[len(folder) :].lstrip("/"))
        store.set(key, dumps(raw))


def consolidate(store: Store, path: str, zarr_format: ZarrVersion) -> None:
    """Write all documents below a group into one, as they are.

    Raises
    ------
    MetadataError
        A document is no JSON, or a node is of the other version.
    """
    with LOCK:
        found = dict(_documents_below(store, path))
        for place, documents in found.items():
            if (v3.KEY in documents) != (zarr_format == 3):
                raise MetadataError(
                    f"not of Zarr v{zarr_format} as the group is; it cannot be consolidated",
                    source=store.url,
                    key=join(path, place),
                )
        if zarr_format == 3:
            root = found.pop("")[v3.KEY]
            metadata = {place: documents[v3.KEY] for place, documents in found.items()}
            for member in metadata.values():
                member.pop(v3.CONSOLIDATED, None)
            inline = {"kind": "inline", "must_understand": False, "metadata": metadata}
            store.set(join(path, v3.KEY), dumps({**root, v3.CONSOLIDATED: inline}))
            return
        all_v2 = {
            join(place, name): raw
            for place, documents in found.items()
            for name, raw in documents.items()
        }
        whole = {consolidated.FORMAT_V2: 1, "metadata": all_v2}
        store.set(join(path, consolidated.KEY), dumps(whole))


def _documents_below(store: Store, path: str) -> Iterator[tuple[str, dict[str, Raw]]]:
    """Yield a group and the nodes below it: the path from the group on, and the documents."""
    names = NODE_KEYS
    level = [""]
    while level:
        keys = [join(path, place, name) for place in level for name in names]
        values = store.get_many([(key, None) for key in keys])
        below: list[str] = []
        for number, place in enumerate(level):
            row = values[number * len(names) : (number + 1) * len(names)]
            found = {
                name: load(data, store, join(path, place, name))
                for name, data in zip(names, row, strict=True)
                if data is not None
            }
            if not found and place:
                continue
            if not found:
                raise NodeNotFoundError("the group is gone", source=store.url, key=path or None)
            yield place, found
            array = v2.ARRAY_KEY in found or found.get(v3.KEY, {}).get("node_type") == "array"
            if not array:
                folder = join(path, place)
                children = store.children(folder + "/" if folder else "")
                below += [join(place, name[:-1]) for name in sorted(children) if name[-1] == "/"]
        level = below
