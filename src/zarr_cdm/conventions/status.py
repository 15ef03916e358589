"""How a store stands to each convention."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import Convention, OpenArray
from zarr_cdm.conventions.table import CONVENTIONS
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.options import Options
from zarr_cdm.core.outdated import fresh
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.dialects.declarations import IDENTITIES, declared
from zarr_cdm.dialects.nodes import nodes
from zarr_cdm.metadata.documents import Node


@dataclass(frozen=True, slots=True)
class Status:
    """How a store stands to one convention.

    Attributes
    ----------
    declared
        The paths of the nodes that declare it.
    findings
        Everything in which the store does not follow it, that it is not declared among them.
    """

    declared: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def satisfied(self) -> bool:
        """Whether there is nothing to find fault with."""
        return not self.findings


def of(
    target: str | os.PathLike[str], *, storage_options: Mapping[str, Any] | None = None
) -> dict[str, Status]:
    """Return how a Zarr store stands to each convention, by the name of the convention.

    Known are those in `conventions/`. One that the store lists in ``zarr_conventions`` and that is
    not known here goes by the name that stands there, with a finding that says so. Only documents
    are read, no values: whether coordinates are monotonic, say, is not looked at.

    Parameters
    ----------
    target
        A path or URL of a Zarr store.
    storage_options
        fsspec's options, for a URL.

    Raises
    ------
    NodeNotFoundError
        There is no Zarr hierarchy.
    MetadataError
        Its root cannot be read.
    """
    store = open_store(os.fspath(target), storage_options)
    group = fresh(open_tree(store, options=Options(own_documents="all")))
    return statuses(group.node, group.array)


def statuses(root: Node, array: OpenArray) -> dict[str, Status]:
    """Return how a hierarchy stands to each convention."""
    found = {name: _status(name, CONVENTIONS[name], root, array) for name in CONVENTIONS}
    for name, places in _unknown(root):
        message = "no convention of this name or identity is known here, so nothing is checked"
        finding = Finding(places[0], "unknown", message)
        found.setdefault(name, Status(tuple(places), (finding,)))
    return found


def _status(name: str, convention: Convention, root: Node, array: OpenArray) -> Status:
    places = tuple(dict.fromkeys(convention.declared(root)))
    findings = tuple(convention.check(root, array))
    if not places:
        findings = (Finding("/", f"{name}.undeclared", "nothing declares it"), *findings)
    return Status(places, findings)


def _unknown(root: Node) -> Iterator[tuple[str, list[str]]]:
    """Yield the conventions that a store lists and that are not known here, with the places."""
    known = [
        row.declaration for row in map(CONVENTIONS.__getitem__, CONVENTIONS) if row.declaration
    ]
    found: dict[str, list[str]] = {}
    for path, _, document in nodes(root):
        for entry in declared(document.attributes):
            names = [entry.get(member) for member in ("name", *IDENTITIES)]
            texts = [name for name in names if isinstance(name, str)]
            if texts and not any(each.is_named_by(entry) for each in known):
                found.setdefault(texts[0], []).append(f"/{path}")
    yield from found.items()
