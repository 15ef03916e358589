"""Consolidated documents that another writer has not kept true.

zarr-python changes the document of a node and leaves the consolidated one as it is. In a directory
of this machine that is looked at; far away each document would be one more request. To read all of
them takes longer than to read the consolidated one, so where only opening is asked for, those are
passed over that are older than it (`Options.own_documents`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from zarr_cdm.core.group import ZarrGroup
from zarr_cdm.core.hierarchy import join, load, nodes_at
from zarr_cdm.core.stores.base import Span, Store
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.errors import MetadataError, ZarrCdmError, ZarrCdmWarning, listed
from zarr_cdm.limits import current
from zarr_cdm.metadata import consolidated, v2, v3
from zarr_cdm.metadata.documents import GroupMetadata, Node

Raw = dict[str, Any]
NAMES = {3: (v3.KEY,), 2: (v2.ARRAY_KEY, v2.GROUP_KEY, v2.ATTRIBUTES_KEY)}


def fresh(group: ZarrGroup) -> ZarrGroup:
    """Return a hierarchy by its own documents, with a warning, where those consolidated are others.

    One that is not consolidated, or does not lie in a directory of this machine, is returned as it
    is.
    """
    if not group.consolidated or not isinstance(group.store, LocalStore):
        return group
    try:
        found = sorted(_outdated(group, group.store))
    except ZarrCdmError:  # its own documents cannot be read, or are not there
        return group
    if not found or is_being_written(group):
        return group
    own = nodes_at(group.store, [group.path])[0]
    if own is None:
        return group
    message = f"{group.store.url}: its consolidated documents are outdated, and not followed, for "
    message += f"{listed(found)}: another writer did not consolidate again"
    warnings.warn(message, ZarrCdmWarning, stacklevel=3)
    return ZarrGroup(group.store, own, group.zarr_format, False, group.path, group.options)


def is_being_written(group: ZarrGroup) -> bool:
    """Tell whether documents are being written, and the consolidated ones hold until that is done.

    The process that wrote them may have ended before.
    """
    return _consolidated(group).get(consolidated.WRITING) is True


def _outdated(group: ZarrGroup, store: LocalStore) -> Iterator[str]:
    """Yield the paths of nodes that the consolidated documents tell otherwise, or not at all."""
    nodes = dict(consolidated.walk(group.node))
    suspects = [*_differing(group, store, nodes), *_unknown(group, nodes)]
    found = nodes_at(group.store, [join(group.path, path) for path in suspects])
    if sum(own is None for own in found) == len(nodes) - 1:
        return  # there are no others
    for path, own in zip(suspects, found, strict=True):
        said = nodes.get(path)
        if own is None and any(group.store.list(f"{join(group.path, path)}/")):
            raise MetadataError("has no documents of its own", source=group.store.url, key=path)
        if own is None or said is None or _documents(own) != _documents(said):
            yield f"/{path}"


def _differing(group: ZarrGroup, store: LocalStore, nodes: Iterable[str]) -> Iterator[str]:
    """Yield the paths of nodes whose own documents are spelled otherwise."""
    names = NAMES[group.zarr_format]
    since = store.modified(_key(group)) if group.options.own_documents == "newer" else None
    said: Raw | None = None
    for path in nodes:
        if group.zarr_format == 3 and not path:
            continue  # it is the consolidated one itself
        places = [join(group.path, path, name) for name in names]
        if since is not None and not _is_newer(store, places, since):
            continue
        if said is None:
            said = _consolidated(group).get("metadata", {})
        for name, place in zip(names, places, strict=True):
            held = said.get(path if group.zarr_format == 3 else join(path, name))
            if _alone(_loaded(store, place)) != _alone(held):
                yield path
                break


def _is_newer(store: LocalStore, keys: Iterable[str], since: int) -> bool:
    """Tell whether one of some documents is as new as that, or none of them is there."""
    found = [time for key in keys if (time := store.modified(key)) is not None]
    return not found or max(found) >= since


def _unknown(group: ZarrGroup, nodes: Mapping[str, Node]) -> Iterator[str]:
    """Yield the paths of nodes right below known groups that the consolidated documents lack."""
    for path, node in nodes.items():
        if node.members or isinstance(node.document, GroupMetadata):
            place = join(group.path, path)
            below = group.store.children(f"{place}/" if place else "")
            names = [name[:-1] for name in below if name.endswith("/")]
            found = [join(path, name) for name in names if join(path, name) not in nodes]
            own = nodes_at(group.store, [join(group.path, each) for each in found])
            yield from (each for each, node in zip(found, own, strict=True) if node is not None)


def _key(group: ZarrGroup) -> str:
    return join(group.path, v3.KEY if group.zarr_format == 3 else consolidated.KEY)


def _consolidated(group: ZarrGroup) -> Raw:
    root = _loaded(group.store, _key(group))
    return _alone(root.get(v3.CONSOLIDATED, root))


def _loaded(store: Store, key: str) -> Raw:
    data = store.get(key, Span(0, None, current().document_bytes))
    return {} if data is None else load(data, store, key)


def _alone(raw: Any) -> Raw:
    """Return a document without those of others in it; an empty one for what is none."""
    found = raw if isinstance(raw, dict) else {}
    return {name: value for name, value in found.items() if name != v3.CONSOLIDATED}


def _documents(node: Node) -> Raw:
    """Return the documents of a node in one spelling."""
    if node.document.zarr_format == 3:
        return _alone(v3.write(node.document))
    return consolidated.documents_v2(node)
