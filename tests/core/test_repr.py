"""What arrays and groups look like: all that matters, and nothing that steers or injects."""

from __future__ import annotations

import html.parser
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import zarr_cdm
from zarr_cdm.core.repr import MOST_CHARACTERS, MOST_LINES, shown

HOSTILE = [
    "<script>alert(1)</script>",
    "a\nb",
    "\x1b[31mred",
    '"><img src=x onerror=y>',
    "\u202eabc",
    "&amp;",
]


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its tags, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_an_array_shows_how_it_lies() -> None:
    array = zarr_cdm.create_array(
        {},
        "ocean/t",
        shape=(10, 4),
        dtype="f4",
        chunks=(2, 2),
        shards=(4, 4),
        dimension_names=("time", None),
        attributes={"units": "K"},
    )
    assert repr(array).splitlines() == [
        "<ZarrArray /ocean/t (10, 4) float32>",
        "store       memory",
        "format      Zarr v3",
        "dimensions  time, -",
        "shards      (4, 4)",
        "chunks      (2, 2)",
        "codecs      sharding_indexed",
        "fill value  0.0",
        "attributes",
        "    units  K",
    ]
    page = Page(array._repr_html_())
    assert not page.open
    for word in ("/ocean/t", "(10, 4)", "float32", "sharding_indexed", "memory", "units", "K"):
        assert word in page.text


def test_a_group_shows_its_members_where_that_costs_nothing() -> None:
    keys: dict[str, bytes] = {}
    group = zarr_cdm.create_group(keys, attributes={"title": "sea"})
    group.create_array("a", data=np.arange(3))
    group.create_group("b")
    assert repr(group).splitlines() == [
        "<ZarrGroup />",
        "store   memory",
        "format  Zarr v3",
        "attributes",
        "    title  sea",
    ]
    group.consolidate()
    assert repr(group).splitlines()[2:5] == [
        "format   Zarr v3, consolidated",
        "members  a (3,) int64",
        "         b",
    ]
    assert "title" in Page(group._repr_html_()).text


def test_a_tree_is_drawn_with_a_line_for_each_node() -> None:
    keys: dict[str, bytes] = {}
    group = zarr_cdm.create_group(keys)
    group.create_array("a/x", shape=(2, 3), dtype="u1")
    group.create_array("a/y", shape=4, dtype=str)
    group.create_group("b")
    keys["c/zarr.json"] = b"[]"
    assert zarr_cdm.open_group(keys).tree().splitlines() == [
        "/",
        "├── a",
        "│   ├── x (2, 3) uint8",
        "│   └── y (4,) string",
        "├── b",
        "└── c (MetadataError: expected a JSON object, found list)",
    ]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_that_others_wrote_is_shown_as_it_is(hostile: str) -> None:
    name = hostile.replace("/", "|")
    group = zarr_cdm.create_group({}, attributes={hostile: hostile})
    array = group.create_array(
        name,
        shape=2,
        dtype=str,
        fill_value=hostile,
        dimension_names=[hostile],
        attributes={hostile: [hostile, {hostile: hostile}]},
    )
    plain = group.create_array("plain", shape=2, dtype="u1")
    group.consolidate()
    for text in (repr(array), repr(group), group.tree()):
        assert all(line.isprintable() for line in text.split("\n"))
    usual = Page(plain._repr_html_())
    for page in (Page(array._repr_html_()), Page(group._repr_html_())):
        assert set(page.tags) <= {*usual.tags, "details", "summary"}
        assert page.attributes == usual.attributes
        assert page.text.isprintable()
        assert not page.open


@given(st.text())
def test_any_text_is_shown_in_one_printable_line(text: str) -> None:
    found = shown(text)
    assert found.isprintable()
    if text.isprintable() and len(text) <= MOST_CHARACTERS:
        assert found == text


def test_what_is_long_is_cut() -> None:
    group = zarr_cdm.create_group(
        {}, attributes={**{f"a{i}": i for i in range(500)}, "long": "x" * 10**6}
    )
    for i in range(MOST_LINES + 5):
        group.create_group(f"g{i:03}")
    group.consolidate()
    lines = repr(group).splitlines()
    assert len(lines) < 2 * MOST_LINES + 10
    assert lines[MOST_LINES + 3].strip() == "… 5 more"
    assert lines[-1].split() == ["…", "401", "more"]
    assert len(group._repr_html_()) < 100_000


def test_a_password_in_a_url_is_not_shown() -> None:
    pytest.importorskip("aiohttp")
    from zarr_cdm.core.array import ZarrArray
    from zarr_cdm.core.stores.table import open_store

    array = zarr_cdm.create_array({}, shape=2, dtype="u1")
    secret = ZarrArray(open_store("https://me:hunter2@host/x?token=abc"), "", array.metadata)
    for text in (repr(secret), secret._repr_html_()):
        assert "hunter2" not in text
        assert "abc" not in text
