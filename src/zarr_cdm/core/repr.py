r"""What arrays and groups look like, as text and as HTML.

Names and attributes were written by others: nothing of them reaches a terminal or a browser as it
is. Line breaks and other characters that steer are shown as escapes, and HTML is quoted.

>>> shown("a\x1b[31m<b>")
'a\\x1b[31m<b>'
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.metadata.documents import ArrayMetadata, Json, Node, ZarrVersion

MOST_CHARACTERS = 200  # of one value
MOST_LINES = 100  # of attributes, and of members
INDENT = "    "
STYLE = "text-align: left; vertical-align: top; padding: 0 1em 0 0; font-weight: normal"

Row = tuple[str, str]


class Array(Protocol):
    """What is shown of an array."""

    store: Any
    path: str
    metadata: ArrayMetadata
    shape: tuple[int, ...]

    @property
    def chunks(self) -> tuple[Any, ...]:
        """The shape of a chunk."""

    @property
    def shards(self) -> tuple[Any, ...] | None:
        """The shape of a shard."""

    @property
    def codecs(self) -> tuple[str, ...]:
        """The names of the codecs."""


class Group(Protocol):
    """What is shown of a group."""

    store: Any
    path: str
    node: Node
    zarr_format: ZarrVersion
    consolidated: bool


def shown(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return a text in one line, without characters that could steer a terminal."""
    cut = text if len(text) <= most else text[:most] + "…"
    if cut.isprintable():
        return cut
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut
    )


def array_text(array: Array) -> str:
    """Return an array in a few lines."""
    return _text(f"ZarrArray {_title(array)}", _array_rows(array), array.metadata.attributes)


def array_html(array: Array) -> str:
    """Return an array as a table."""
    return _html(f"ZarrArray {_title(array)}", _array_rows(array), array.metadata.attributes)


def group_text(group: Group) -> str:
    """Return a group in a few lines, with its members where they are known."""
    return _text(f"ZarrGroup /{group.path}", _group_rows(group), group.node.document.attributes)


def group_html(group: Group) -> str:
    """Return a group as a table."""
    return _html(f"ZarrGroup /{group.path}", _group_rows(group), group.node.document.attributes)


def tree_text(name: str, node: Node) -> str:
    """Return a tree of nodes, a line for each; one that cannot be read says so."""
    return "\n".join([shown(name), *_branches(node, "")])


def _branches(node: Node, before: str) -> Iterator[str]:
    members = list(node.members.items())
    for number, (name, member) in enumerate(members, 1):
        last = number == len(members)
        yield f"{before}{'└── ' if last else '├── '}{shown(name)}{_what(member)}"
        yield from _branches(member, before + (INDENT if last else "│   "))


def _what(node: Node) -> str:
    try:
        document = node.document
        if isinstance(document, ArrayMetadata):
            return f" {document.shape} {shown(_type(document))}"
    except ZarrCdmError as error:
        return f" ({type(error).__name__}: {shown(error.message)})"
    return ""


def _title(array: Array) -> str:
    return f"/{array.path} {array.shape} {_type(array.metadata)}"


def _type(document: ArrayMetadata) -> str:
    """Return the name of a data type, NumPy's where it has a type of its own for that."""
    return document.data_type.name if document.dtype.hasobject else str(document.dtype)


def _array_rows(array: Array) -> list[Row]:
    shards = [] if array.shards is None else [("shards", _lengths(array.shards))]
    names = array.metadata.dimension_names
    dimensions = [] if names is None else [("dimensions", ", ".join(name or "-" for name in names))]
    return [
        ("store", array.store.url),
        ("format", f"Zarr v{array.metadata.zarr_format}"),
        *dimensions,
        *shards,
        ("chunks", _lengths(array.chunks)),
        ("codecs", ", ".join(array.codecs)),
        ("fill value", str(array.metadata.fill_value)),
    ]


def _lengths(chunks: Sequence[Any]) -> str:
    return f"({', '.join(map(str, chunks))}{',' * (len(chunks) == 1)})"


def _group_rows(group: Group) -> list[Row]:
    consolidated = ", consolidated" if group.consolidated else ""
    rows = [("store", group.store.url), ("format", f"Zarr v{group.zarr_format}{consolidated}")]
    if isinstance(group.node.members, dict):  # to look for others would read the store
        names = [f"{name}{_what(member)}" for name, member in _first(group.node.members)]
        more = len(group.node.members) - len(names)
        rows += [("" if number else "members", name) for number, name in enumerate(names)]
        rows += [("", f"… {more} more")] if more else []
    return rows


def _first(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [item for item, _ in zip(mapping.items(), range(MOST_LINES), strict=False)]


def _attribute_rows(attributes: Mapping[str, Json]) -> list[Row]:
    rows = [(name, str(value)) for name, value in _first(attributes)]
    more = len(attributes) - len(rows)
    return [*rows, ("…", f"{more} more")] if more else rows


def _text(title: str, rows: list[Row], attributes: Mapping[str, Json]) -> str:
    lines = [f"<{shown(title)}>", *_aligned(rows)]
    if attributes:
        lines += ["attributes", *(INDENT + line for line in _aligned(_attribute_rows(attributes)))]
    return "\n".join(lines)


def _aligned(rows: list[Row]) -> Iterator[str]:
    escaped = [(shown(name), shown(value)) for name, value in rows]
    width = max(len(name) for name, _ in escaped)
    for name, value in escaped:
        yield f"{name:<{width}}  {value}".rstrip()


def _html(title: str, rows: list[Row], attributes: Mapping[str, Json]) -> str:
    parts = [f"<div><strong>{_escaped(title)}</strong>{_table(rows)}"]
    if attributes:
        table = _table(_attribute_rows(attributes))
        parts.append(f"<details><summary>attributes ({len(attributes)})</summary>{table}</details>")
    return "".join([*parts, "</div>"])


def _table(rows: list[Row]) -> str:
    lines = (
        f'<tr><th style="{STYLE}">{_escaped(name)}</th>'
        f'<td style="text-align: left">{_escaped(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table>{''.join(lines)}</table>"


def _escaped(text: str) -> str:
    return html.escape(shown(text))
