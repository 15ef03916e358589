"""Documents that hold a whole tree, and lie about it."""

from __future__ import annotations

from typing import Any

from tests.malformed.stores import (
    ARRAY,
    ARRAY_V2,
    CORNER,
    FILL,
    GROUP,
    Case,
    consolidated,
    consolidated_v2,
)
from zarr_cdm.errors import (
    LimitError,
    MetadataError,
    NodeNotFoundError,
    StoreError,
    UnknownNameError,
)

ROW = "3.2 consolidated"
GROUP_V2 = {"zarr_format": 2}


def bad(name: str, *arguments: Any, variable: str = "v", row: str = ROW, **others: Any) -> Case:
    return Case(row, name, *arguments, variable=variable, **others)


NAMES = ["../x/v", "/v", "v/", "a//v", ".", "a/../v", "a/./v", ".."]

CASES = [
    *(
        bad(f"a key {key!r}", consolidated({key: ARRAY}), MetadataError, "is no path of a node")
        for key in NAMES
    ),
    *(
        bad(
            f"v2, a key {key!r}",
            consolidated_v2({".zgroup": GROUP_V2, f"{key}/.zarray": ARRAY_V2}),
            MetadataError,
            "is no path of a node",
        )
        for key in NAMES
        if not key.endswith("/")
    ),
    *(
        bad(
            f"a chunk below {key!r}",
            consolidated({key: ARRAY}),
            error,
            says,
            variable=key,
        )
        for key, error, says in (
            ("a\\b", StoreError, "not a key: it has a backslash"),
            ("a\0b", StoreError, "not a key: it has a NUL"),
            ("\ud800", StoreError, "not a key: it has half"),
        )
    ),
    bad("a node that is a number", consolidated({"v": 3}), MetadataError, "expected an object"),
    bad("a node that is a list", consolidated({"v": [ARRAY]}), MetadataError, "expected an object"),
    bad("a node that is null", consolidated({"v": None}), MetadataError, "expected an object"),
    bad(
        "a node of another version",
        consolidated({"v": ARRAY_V2}),
        MetadataError,
        "zarr_format is 2, expected 3",
    ),
    bad(
        "a node with a wrong shape",
        consolidated({"v": ARRAY | {"shape": [-8, 8]}}),
        MetadataError,
        "expected a list of whole numbers",
    ),
    bad("no metadata", consolidated({}, metadata=None), MetadataError, "no object 'metadata'"),
    bad("metadata as a list", consolidated({}, metadata=[1]), MetadataError, "no object 'metad"),
    bad(
        "a kind that must be understood",
        consolidated({"v": ARRAY}, kind="remote", must_understand=True),
        UnknownNameError,
        "unknown kind of consolidated_metadata 'remote'",
    ),
    bad(
        "an array that is a group",
        consolidated({"v": GROUP}),
        NodeNotFoundError,
        "there is a group, no array",
        ways=("core",),
    ),
    bad(
        "a node that is not listed",
        consolidated({"w": ARRAY}),
        NodeNotFoundError,
        "there is no such node",
        ways=("core",),
    ),
    bad(
        "v2, no metadata",
        consolidated_v2([1]),  # type: ignore[arg-type]
        MetadataError,
        "with 'metadata'",
    ),
    bad(
        "v2, a node that is a text",
        consolidated_v2({".zgroup": GROUP_V2, "v/.zarray": "x"}),
        MetadataError,
        "expected an object",
    ),
    bad(
        "v2, attributes that are a list",
        consolidated_v2({".zgroup": GROUP_V2, "v/.zarray": ARRAY_V2, "v/.zattrs": [1]}),
        MetadataError,
        "expected an object",
    ),
    bad(
        "40 groups in each other",
        consolidated({"a/" * 40 + "v": ARRAY}),
        LimitError,
        r"Limits\.group_depth",
        row="4.2 groups",
    ),
    bad(
        "v2, 5,000 groups in each other",
        consolidated_v2({".zgroup": GROUP_V2, "a/" * 5000 + ".zarray": ARRAY_V2}),
        LimitError,
        r"Limits\.group_depth",
        row="4.2 groups",
    ),
    bad(
        "more nodes than allowed",
        consolidated({"v": ARRAY, "w": ARRAY}),
        LimitError,
        r"Limits\.nodes",
        row="4.2 groups",
        limits={"nodes": 1},
    ),
    bad(
        "v2, more nodes than allowed",
        consolidated_v2({"v/.zarray": ARRAY_V2, "w/.zarray": ARRAY_V2}),
        LimitError,
        r"Limits\.nodes",
        row="4.2 groups",
        limits={"nodes": 1},
    ),
    Case(
        ROW,
        "a kind that need not be understood",
        consolidated({"v": ARRAY}, kind="remote"),
        values=CORNER,
        why="legal: as if nothing were consolidated",
    ),
    Case(
        ROW,
        "a shape that contradicts the array",
        consolidated({"v": ARRAY | {"shape": [4, 4]}}),
        values=CORNER,
        why="lenient: a dataset is read by the array's own document; the core by this one",
    ),
    Case(
        ROW,
        "an array of which there are no chunks",
        consolidated({"w": ARRAY}),
        variable="w",
        values=FILL,
        why="legal: what nobody has written is the fill value",
    ),
]
