"""Documents that say something impossible, too much, or something odd."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.malformed.stores import (
    ARRAY,
    ARRAY_V2,
    CORNER,
    DATA,
    GROUP,
    LITTLE,
    Build,
    Case,
    document,
    named,
    put,
    v2,
    v3,
    without,
)
from tests.metadata.test_deviations import V2, V3
from tests.metadata.test_malformed import WRONG_V2, WRONG_V3
from zarr_cdm.errors import (
    LimitError,
    MetadataError,
    UnknownNameError,
    UnsupportedError,
    ZarrCdmError,
)

GOOD = v3()
OPTIONAL = {"name": "optional", "configuration": {"name": "float32", "configuration": {}}}
INNER = {"chunk_shape": [2, 2], "codecs": [LITTLE], "index_codecs": [LITTLE, {"name": "crc32c"}]}
ROWS = {
    "shape": "3.2 shape",
    "chunk_grid": "3.2 chunk shape",
    "data_type": "3.2 data type",
    "fill_value": "3.2 data type",
    "codecs": "3.2 codecs",
    "zarr_format": "3.2 document",
    "node_type": "3.2 document",
}


def tables() -> Iterator[Case]:
    """Yield what single documents are refused for: here they stand in a store."""
    for version, base, table in (("v3", V3, WRONG_V3), ("v2", V2, WRONG_V2)):
        for change, error, says in table:
            if says == "nesting of a struct":  # in a store it is the nesting of JSON
                continue
            row = ROWS.get(next(iter(change)), "3.2 members") if version == "v3" else "3.2 v2"
            name = json.dumps(change).replace("configuration", "…")
            short = name if len(name) < 150 else f"{name[:100]}…{name[-40:]}"
            build = stored(version, base | change)
            yield Case(row, short, build, error, says, ways=("read",))


def stored(version: str, array: Mapping[str, Any]) -> Build:
    root, key = ("zarr.json", "v/zarr.json") if version == "v3" else (".zgroup", "v/.zarray")
    group = GROUP if version == "v3" else {"zarr_format": 2}
    return lambda folder: put(folder, {root: group, key: dict(array)})


def bad(row: str, name: str, build: Build, error: type[ZarrCdmError], says: str) -> Case:
    return Case(row, name, build, error, says)


def raw(data: bytes) -> Build:
    """Return what makes a store whose array has this document."""
    return v3(files={"v/zarr.json": data})


def with_text(old: str, new: str, **changes: Any) -> Build:
    """Return what makes a store whose document has a piece of text in place of another."""
    text = json.dumps(ARRAY | changes, ensure_ascii=False)
    assert old in text
    return raw(text.replace(old, new).encode("utf-8", "surrogatepass"))


def sharded(**changes: Any) -> dict[str, Any]:
    return {"codecs": [named("sharding_indexed", **(INNER | changes))]}


def nested(depth: int) -> dict[str, Any]:
    found: Any = LITTLE
    for _ in range(depth):
        found = named("sharding_indexed", **(INNER | {"codecs": [found]}))
    return {"codecs": [found]}


def deep_struct(depth: int) -> Build:
    """Return what makes a store with structs in each other, as text: `json` would recurse."""
    text = json.dumps(ARRAY_V2 | {"dtype": "?"})
    struct = '[["a", ' * depth + '"<f4"' + "]]" * depth
    return v2(files={"v/.zarray": text.replace('"?"', struct).encode()})


def deep_groups(depth: int) -> Build:
    files = {"a/" * count + "zarr.json": GROUP for count in range(depth + 1)}
    return lambda folder: put(folder, files | {"a/" * depth + "v/zarr.json": ARRAY})


def grid(*lengths: Any) -> dict[str, Any]:
    return {"chunk_grid": named("regular", chunk_shape=list(lengths))}


def rectilinear(*axes: Any) -> dict[str, Any]:
    return {"chunk_grid": named("rectilinear", kind="inline", chunk_shapes=list(axes))}


def big_json(count: int, part: str) -> bytes:
    text = json.dumps(ARRAY | {"attributes": {"a": 0}})
    return text.replace('{"a": 0}', f'{{"a": [{",".join([part] * count)}]}}').encode()


SHAPE = [
    bad("3.2 shape", "8.5", v3({"shape": [8.5, 8]}), MetadataError, "expected a list of whole"),
    bad("3.2 shape", "2**70", v3({"shape": [2**70, 8]}), MetadataError, "expected a list of whole"),
    bad("3.2 shape", "a text", v3({"shape": ["8", 8]}), MetadataError, "expected a list of whole"),
    bad("3.2 shape", "5000 axes", v3({"shape": [1] * 5000}), LimitError, r"Limits\.dimensions"),
    bad("3.2 shape", "an object", v3({"shape": {"0": 8}}), MetadataError, "expected a list of wh"),
    bad("3.2 shape", "no such member", without("shape"), MetadataError, "an array needs shape"),
    bad(
        "3.2 shape", "in lists", v3({"shape": [[8, 8]]}), MetadataError, "expected a list of whole"
    ),
    Case(
        "3.2 shape",
        "2**62",
        v3({"shape": [2**62, 8]}),
        values=CORNER,
        why="legal: only what is asked for is read",
    ),
    Case(
        "3.2 shape",
        "a product above 2**64",
        v3({"shape": [2**40, 2**40]}),
        values=CORNER,
        why="legal: only what is asked for is read",
    ),
    Case(
        "3.2 shape",
        "an axis of length 0",
        v3({"shape": [0, 8]}),
        values=[],
        why="legal: there is nothing to read",
    ),
    Case(
        "4.2 read",
        "an exbibyte in one selection",
        v3({"shape": [2**30, 2**30]}),
        LimitError,
        r"Limits\.read_bytes",
        whole=True,
    ),
    Case(
        "4.2 read",
        "more than NumPy can count in one selection",
        v3({"shape": [2**62, 2**62]}),
        LimitError,
        r"Limits\.read_bytes",
        whole=True,
    ),
    Case(
        "4.2 read",
        "more than is allowed in one selection",
        v3(),
        LimitError,
        r"Limits\.read_bytes",
        whole=True,
        limits={"read_bytes": 255},
    ),
]

CHUNK_SHAPE = [
    bad("3.2 chunk shape", "2**33 twice", v3(grid(2**33, 2**33)), LimitError, r"s\.chunk_bytes"),
    bad("3.2 chunk shape", "2.5", v3(grid(2.5, 4)), MetadataError, "whole numbers above 0"),
    bad("3.2 chunk shape", "2**63", v3(grid(2**63, 4)), LimitError, r"Limits\.chunk_bytes"),
    bad("3.2 chunk shape", "a text", v3(grid("4", 4)), MetadataError, "whole numbers above 0"),
    bad("3.2 chunk shape", "null", v3(grid(None, 4)), MetadataError, "whole numbers above 0"),
    bad("3.2 chunk shape", "5000 axes", v3(grid(*[4] * 5000)), MetadataError, "expected 2 whole"),
    bad("3.2 chunk shape", "none given", without("chunk_grid"), MetadataError, "needs chunk_grid"),
    bad(
        "3.2 chunk shape",
        "rectilinear, a run of 10**18",
        v3(rectilinear([[1, 10**18]], [4, 4])),
        LimitError,
        r"Limits\.axis_chunks",
    ),
    bad(
        "3.2 chunk shape",
        "rectilinear, too short",
        v3(rectilinear([4, 3], [4, 4])),
        MetadataError,
        "add up to 7, expected 8",
    ),
    bad(
        "3.2 chunk shape",
        "rectilinear, a length of 0",
        v3(rectilinear([8, 0], [4, 4])),
        MetadataError,
        "a chunk length is 0",
    ),
    bad(
        "3.2 chunk shape",
        "rectilinear, an axis too few",
        v3(rectilinear([4, 4])),
        MetadataError,
        "an entry for each dimension",
    ),
    bad(
        "3.2 chunk shape",
        "rectilinear, one chunk of 2**62",
        v3(rectilinear([2**62], [4, 4])),
        LimitError,
        r"Limits\.chunk_bytes",
    ),
    bad(
        "3.2 chunk shape",
        "rectilinear, of a kind that is unknown",
        v3({"chunk_grid": named("rectilinear", kind="remote", chunk_shapes=[4, 4])}),
        MetadataError,
        "kind is 'remote', expected 'inline'",
    ),
]

DATA_TYPE = [
    bad("3.2 data type", "no fill value", without("fill_value"), MetadataError, "needs fill_value"),
    Case(
        "3.2 data type",
        "a fill value of null",
        v3({"fill_value": None}),
        values=CORNER,
        why="lenient: a warning says that zero is taken for it",
    ),
    Case(
        "3.2 data type",
        "an integer fill value of NaN",
        v2({"dtype": "<i4", "fill_value": "NaN"}),
        values=DATA[:4, :4].view("i4").tolist(),
        why="lenient: xarray has written it; a warning says that zero is taken for it",
    ),
    bad("3.2 data type", "none", without("data_type"), MetadataError, "an array needs data_type"),
    bad("3.2 data type", "r0", v3({"data_type": "r0"}), UnknownNameError, "unknown data type 'r0'"),
    bad(
        "3.2 data type",
        "optional",
        v3({"data_type": OPTIONAL, "fill_value": None}),
        UnknownNameError,
        "unknown data type 'optional'; known: ",
    ),
    bad(
        "3.2 data type",
        "a fill value with 5000 digits",
        with_text("-1.0", "1" * 5000),
        LimitError,
        r"Limits\.integer_digits",
    ),
    bad(
        "3.2 data type",
        "an infinite fill value of integers",
        with_text('"fill_value": -1.0', '"fill_value": 1e999', data_type="int32"),
        MetadataError,
        "fill value inf is none of data type 'int32'",
    ),
    Case(
        "3.2 data type",
        "a fill value of 1e999",
        with_text('"fill_value": -1.0', '"fill_value": 1e999'),
        values=CORNER,
        why="lenient: to Python it is Infinity, which zarr-python writes as a number",
    ),
]

SHARDING = [
    bad(
        "3.2 sharding",
        "300 in each other",
        v3(nested(300)),
        LimitError,
        r"Limits\.json_depth",
    ),
    bad("4.2 shards", "three in each other", v3(nested(3)), LimitError, r"Limits\.shard_depth"),
    bad("4.2 shards", "ten in each other", v3(nested(10)), LimitError, r"Limits\.shard_depth"),
    bad(
        "3.2 sharding",
        "chunks that do not fill it",
        v3(sharded(chunk_shape=[3, 2])),
        MetadataError,
        r"chunks of \(3, 2\) do not fill a shard of \(4, 4\)",
    ),
    bad(
        "3.2 sharding",
        "chunks of 0",
        v3(sharded(chunk_shape=[0, 2])),
        MetadataError,
        "expected whole numbers above 0",
    ),
    bad(
        "3.2 sharding",
        "chunks larger than the shard",
        v3(sharded(chunk_shape=[8, 8])),
        MetadataError,
        "do not fill a shard",
    ),
    bad(
        "3.2 sharding",
        "chunks of another rank",
        v3(sharded(chunk_shape=[2])),
        MetadataError,
        "do not fill a shard",
    ),
    bad(
        "3.2 sharding",
        "an index through gzip",
        v3(sharded(index_codecs=[LITTLE, named("gzip", level=1)])),
        MetadataError,
        "must give it a fixed size",
    ),
    bad(
        "3.2 sharding",
        "an index in the middle",
        v3(sharded(index_location="middle")),
        MetadataError,
        "expected 'start' or 'end'",
    ),
    bad(
        "3.2 sharding",
        "an index of no codecs",
        v3(sharded(index_codecs=[])),
        MetadataError,
        "expected two lists",
    ),
    bad(
        "3.2 sharding",
        "an index as texts",
        v3(sharded(index_codecs=["vlen-utf8"])),
        MetadataError,
        "cannot encode 'uint64'",
    ),
    bad(
        "3.2 sharding",
        "codecs that are no list",
        v3(sharded(codecs={"name": "bytes"})),
        MetadataError,
        "expected two lists",
    ),
    bad(
        "3.2 sharding",
        "an index that is a shard",
        v3(sharded(index_codecs=[named("sharding_indexed", **INNER)])),
        MetadataError,
        "do not fill a shard|fixed size|another rank",
    ),
    bad(
        "4.2 shards",
        "2**26 chunks in one",
        v3(grid(2**13, 2**13) | sharded(chunk_shape=[1, 1])),
        LimitError,
        r"Limits\.shard_chunks",
    ),
]

DOCUMENT = [
    bad("3.2 document", "empty", raw(b""), MetadataError, "no JSON"),
    bad("3.2 document", "truncated", raw(document(ARRAY)[:-9]), MetadataError, "no JSON"),
    bad("3.2 document", "a list", raw(b"[]"), MetadataError, "expected a JSON object, found list"),
    bad("3.2 document", "a number", raw(b"3"), MetadataError, "expected a JSON object, found int"),
    bad("3.2 document", "null", raw(b"null"), MetadataError, "expected a JSON object, found None"),
    bad("3.2 document", "a BOM", raw(b"\xef\xbb\xbf" + document(ARRAY)), MetadataError, "no JSON"),
    bad(
        "3.2 document", "UTF-16", raw(json.dumps(ARRAY).encode("utf-16")), MetadataError, "no JSON"
    ),
    bad(
        "3.2 document",
        "Latin-1",
        raw(json.dumps(ARRAY | {"attributes": {"é": 1}}, ensure_ascii=False).encode("latin-1")),
        MetadataError,
        "no JSON",
    ),
    bad("3.2 document", "garbage behind", raw(document(ARRAY) + b"x"), MetadataError, "no JSON"),
    bad("3.2 document", "two", raw(document(ARRAY) * 2), MetadataError, "no JSON"),
    bad("3.2 document", "NULs behind", raw(document(ARRAY) + bytes(99)), MetadataError, "no JSON"),
    bad("3.2 document", "NULs alone", raw(bytes(5000)), MetadataError, "no JSON"),
    bad(
        "3.2 document",
        "an attribute 200,000 levels deep",
        with_text("[0]", "[" * 200_000 + "]" * 200_000, attributes={"a": [0]}),
        LimitError,
        r"Limits\.json_depth",
    ),
    bad(
        "3.2 document",
        "200,000 levels that do not end",
        with_text("[0]", '{"a":' * 200_000, attributes={"a": [0]}),
        MetadataError,
        "no JSON|too deeply",
    ),
    bad(
        "3.2 document",
        "an integer of 20,000 digits",
        with_text("77", "7" * 20_000, attributes={"a": 77}),
        LimitError,
        r"Limits\.integer_digits",
    ),
    bad(
        "3.2 document",
        "a member twice",
        with_text('"shape": [8, 8]', '"shape": [8, 8], "shape": [4, 4]'),
        MetadataError,
        "the member 'shape' twice",
    ),
    bad(
        "3.2 document",
        "a member twice, once escaped",
        with_text('"shape": [8, 8]', r'"shape": [8, 8], "shap\u0065": [4, 4]'),
        MetadataError,
        "the member 'shape' twice",
    ),
    bad(
        "3.2 document",
        "an attribute twice",
        with_text('{"a": 1}', '{"a": 1, "b": {":": "{"}, "a": 2}', attributes={"a": 1}),
        MetadataError,
        "the member 'a' twice",
    ),
    bad(
        "3.2 document",
        "a group's member twice",
        v3(files={"zarr.json": b'{"zarr_format": 3, "node_type": "group", "zarr_format": 3}'}),
        MetadataError,
        "the member 'zarr_format' twice",
    ),
    bad(
        "3.2 document", "a root that is cut", v3(files={"zarr.json": b"{"}), MetadataError, "no JS"
    ),
    Case(
        "3.2 document",
        "a bare NaN",
        with_text('"fill_value": -1.0', '"fill_value": NaN'),
        values=CORNER,
        why="lenient: zarr-python writes it in attributes and v2 fill values",
    ),
    Case(
        "3.2 document",
        "a NUL in a name",
        with_text('{"a": 1}', r'{"a\u0000": 1}', attributes={"a": 1}),
        values=CORNER,
        why="legal: JSON may say it",
    ),
    Case(
        "3.2 document",
        "half a surrogate pair in a name",
        with_text('{"a": 1}', r'{"a\ud800": 1}', attributes={"a": 1}),
        values=CORNER,
        why="legal: JSON may say it; who writes it on as UTF-8 is told",
    ),
    Case(
        "4.2 document",
        "65 MiB of spaces",
        raw(document(ARRAY) + b" " * (65 * 2**20)),
        LimitError,
        r"Limits\.document_bytes|67108864 are the most",
    ),
    Case(
        "4.2 document",
        "17 MiB of text",
        with_text('"a"', '"' + "a" * (17 * 2**20) + '"', attributes={"b": "a"}),
        LimitError,
        r"Limits\.(string|attribute)_bytes",
    ),
    Case(
        "4.2 document",
        "a name of 17 MiB",
        with_text('"b"', '"' + "a" * (17 * 2**20) + '"', attributes={"b": 1}),
        LimitError,
        r"Limits\.(string|attribute)_bytes",
    ),
    Case(
        "4.2 document",
        "attributes of 17 MiB",
        raw(big_json(17 * 2**16, '"' + "a" * 14 + '"')),
        LimitError,
        r"Limits\.attribute_bytes",
    ),
    Case(
        "4.2 document",
        "three million empty lists",
        raw(big_json(3_000_000, "[]")),
        LimitError,
        r"Limits\.json_parts",
    ),
    Case(
        "4.2 document",
        "a million objects of one member in each other",
        raw(big_json(20_000, '{"a":' * 50 + "0" + "}" * 50)),
        LimitError,
        r"Limits\.json_parts",
    ),
    Case(
        "4.2 document",
        "more axes than were allowed",
        v3(),
        LimitError,
        r"Limits\.dimensions",
        limits={"dimensions": 1},
    ),
    Case(
        "4.2 document",
        "17 codecs",
        v3({"codecs": [LITTLE, *[{"name": "crc32c"}] * 16]}),
        LimitError,
        r"Limits\.codecs",
    ),
    Case(
        "4.2 document",
        "an element of more than a MiB",
        v3({"data_type": named("raw_bytes", length_bytes=2**20 + 1), "fill_value": ""}),
        LimitError,
        r"Limits\.item_bytes",
    ),
    Case(
        "4.2 groups",
        "40 in each other",
        deep_groups(40),
        LimitError,
        r"Limits\.group_depth",
        ways=("read",),
        variable="a/" * 40 + "v",
    ),
    Case(
        "4.2 groups",
        "300 in each other",
        deep_groups(300),
        LimitError,
        r"Limits\.group_depth",
        ways=("read",),
        variable="a/v",
    ),
]

MEMBERS = [
    bad("3.2 members", "attributes as a list", v3({"attributes": ["a"]}), MetadataError, "is list"),
    bad(
        "3.2 members",
        "a group's attributes as a text",
        v3(group={"attributes": "a"}),
        MetadataError,
        "attributes is str",
    ),
    bad(
        "3.2 members",
        "a group's member that must be understood",
        v3(group={"extra": {"must_understand": True}}),
        UnknownNameError,
        "unknown member 'extra'",
    ),
    bad(
        "3.2 members",
        "private storage transformers",
        v3({"storage_transformers": [named("indexed", chunks=[1])]}),
        UnsupportedError,
        "storage transformers are not known: .*indexed",
    ),
    Case(
        "3.2 members",
        "a codec that need not be understood",
        v3({"codecs": [LITTLE, {"name": "x/zfp", "must_understand": False}]}),
        values=CORNER,
        why="legal: a reader may skip it, and says so",
    ),
    bad(
        "3.2 members",
        "a grid that need not be understood",
        v3({"chunk_grid": {"name": "hexagonal", "must_understand": False}}),
        UnknownNameError,
        "unknown chunk grid 'hexagonal'",
    ),
    bad(
        "3.2 members",
        "an extension whose name is a list",
        v3({"codecs": [{"name": ["bytes"]}]}),
        MetadataError,
        "expected a name or an object with a name",
    ),
    Case(
        "3.2 members",
        "one that need not be understood",
        v3({"extra": {"must_understand": False, "name": "x"}}),
        values=CORNER,
        why="legal: that is what the word is for",
    ),
    Case(
        "3.2 members",
        "dimension names that repeat",
        v3({"dimension_names": ["x", "x"]}),
        values=CORNER,
        why="legal: no specification forbids it",
    ),
    Case(
        "3.2 members",
        "dimension names that are null",
        v3({"dimension_names": [None, None]}),
        values=CORNER,
        why="legal: a dimension need not have a name",
    ),
    Case(
        "3.2 members",
        "a dimension name that is empty",
        v3({"dimension_names": ["", "x"]}),
        values=CORNER,
        why="legal: the empty text is a name to the specification",
    ),
]

V2_ONLY = [
    bad(
        "3.2 v2",
        "a struct of 20,000 fields",
        v2({"dtype": [[f"f{i}", "<f4"] for i in range(20_000)]}),
        LimitError,
        r"Limits\.struct_parts",
    ),
    bad("3.2 v2", "a struct 500 deep", deep_struct(500), LimitError, "json_depth"),
    bad(
        "3.2 v2",
        "a compressor with an unknown keyword",
        v2({"compressor": {"id": "lzma", "strength": 9}}),
        MetadataError,
        "cannot be configured",
    ),
    bad(
        "3.2 v2",
        "a scale that is a text",
        v2(
            {
                "filters": [
                    {"id": "fixedscaleoffset", "scale": "x", "offset": 0, "dtype": "<f4"},
                ]
            }
        ),
        MetadataError,
        "fixedscaleoffset",
    ),
    bad(
        "3.2 v2",
        "a codec with a type that NumPy would evaluate",
        v2({"filters": [{"id": "delta", "dtype": "(2,f4", "astype": "<f4"}]}),
        MetadataError,
        "not numbers",
    ),
    bad(
        "3.2 v2",
        "a codec with a type that is a list",
        v2({"filters": [{"id": "delta", "dtype": [["a", "<f4"]]}]}),
        MetadataError,
        "not numbers",
    ),
    bad(
        "3.2 v2",
        "objects behind a codec of bytes",
        v2({"dtype": "|O", "filters": [{"id": "zlib", "level": 1}], "fill_value": None}),
        UnsupportedError,
        "objects are encoded with 'zlib'",
    ),
    bad("3.2 v2", "an empty .zgroup", v2(files={".zgroup": b""}), MetadataError, "no JSON"),
    bad(
        "3.2 v2",
        "a .zgroup of another version",
        v2(files={".zgroup": {"zarr_format": 1}}),
        MetadataError,
        "zarr_format is 1, expected 2",
    ),
    bad("3.2 v2", ".zattrs as a list", v2(files={"v/.zattrs": b"[]"}), MetadataError, "found list"),
    Case(
        "3.2 v2",
        ".zattrs that are cut",
        v2(files={"v/.zattrs": b'{"a'}),
        values=CORNER,
        why="lenient: a warning says so, for netCDF-C writes attributes that are no JSON",
    ),
    bad("3.2 v2", "shape as a text", v2({"shape": "8"}), MetadataError, "expected a list of whole"),
    bad("3.2 v2", "chunks of 0", v2({"chunks": [0, 4]}), MetadataError, "for the shape"),
    bad("3.2 v2", "chunks too many", v2({"chunks": [4] * 3}), MetadataError, "expected 2 whole"),
    bad("3.2 v2", "huge chunks", v2({"chunks": [2**20] * 2}), LimitError, r"Limits\.chunk_bytes"),
    Case(
        "3.2 v2",
        "_ARRAY_DIMENSIONS too short",
        v2(files={"v/.zattrs": {"_ARRAY_DIMENSIONS": ["y"]}}),
        values=CORNER,
        why="lenient: the attribute is a custom; without it the dimensions have no names",
    ),
    Case(
        "3.2 v2",
        "_ARRAY_DIMENSIONS as a text",
        v2(files={"v/.zattrs": {"_ARRAY_DIMENSIONS": "yx"}}),
        values=CORNER,
        why="lenient: as if it were not there",
    ),
]

TIME = {"units": "days since 2000-01-01", "calendar": "standard"}


def cf(name: str, attributes: dict[str, Any], values: Any = CORNER, **changes: Any) -> Case:
    changed = {"attributes": attributes, "dimension_names": ["y", "x"], **changes}
    return Case(
        "3.2 CF",
        name,
        v3(changed),
        values=values,
        why="legal: attributes may say anything; what cannot be decoded stays raw",
        ways=("core", "read", "xarray"),
    )


CF = [
    cf("scale_factor as a text", {"scale_factor": "two"}),
    cf("scale_factor as a list", {"scale_factor": [1.0, 2.0, 3.0]}),
    cf("scale_factor as an object", {"scale_factor": {"a": 1}}),
    cf("add_offset as a text", {"add_offset": "none"}),
    cf("_FillValue as a text", {"_FillValue": "none"}),
    cf("_FillValue as a list", {"_FillValue": [98.0, 99.0]}),
    cf("units of 5,000 digits", {"units": "days since " + "9" * 5000}),
    cf("units of a MiB", {"units": "days since " + "x" * 2**20}),
    cf("units that overflow", {"units": "days since 99999999999999999999-01-01"}),
    cf("units as a number", {"units": 5}),
    cf("a calendar that is unknown", TIME | {"calendar": "martian"}),
    cf("a calendar as a list", TIME | {"calendar": [1]}),
    cf("coordinates of 200,000 names", {"coordinates": " ".join(f"c{i}" for i in range(200_000))}),
    cf("coordinates as a number", {"coordinates": 3}),
    cf("itself as a coordinate", {"coordinates": "v"}),
    cf("itself as a grid mapping", {"grid_mapping": "v"}),
    cf("itself as bounds", {"bounds": "v"}),
]

CASES = [
    *tables(),
    *SHAPE,
    *CHUNK_SHAPE,
    *DATA_TYPE,
    *SHARDING,
    *DOCUMENT,
    *MEMBERS,
    *V2_ONLY,
    *CF,
]
