"""Documents that say something impossible: one clear error each, and never another exception."""

from __future__ import annotations

import copy
import json
import math
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.metadata.generated import JSON
from tests.metadata.test_deviations import V2, V3, without
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import (
    LimitError,
    MetadataError,
    UnknownNameError,
    UnsupportedError,
    ZarrCdmError,
)
from zarr_cdm.limits import Limits
from zarr_cdm.metadata import consolidated, v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.json import dumps, loads_object


def grid(*chunks: Any) -> dict[str, Any]:
    return {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}}


def chain(*codecs: Any) -> dict[str, Any]:
    return {"codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, *codecs]}


def named(name: str, **configuration: Any) -> dict[str, Any]:
    return {"name": name, "configuration": configuration}


def open_v3(document: Any) -> None:
    found = v3.read(document)
    if isinstance(found, ArrayMetadata):
        ZarrArray(MemoryStore(), "", found)


def open_v2(document: Any) -> None:
    ZarrArray(MemoryStore(), "", v2.read_array(document, {}))


def struct(*fields: Any) -> dict[str, Any]:
    return {"data_type": named("struct", fields=list(fields))}


def field(name: Any, data_type: Any, **others: Any) -> dict[str, Any]:
    return {"name": name, "data_type": data_type} | others


def deep(depth: int) -> Any:
    """Return a v2 struct in a struct in a struct."""
    found: Any = "<f4"
    for _ in range(depth):
        found = [["a", found]]
    return found


WRONG_V3: list[tuple[dict[str, Any], type[ZarrCdmError], str]] = [
    ({"zarr_format": 4}, MetadataError, "zarr_format is 4, expected 3"),
    ({"zarr_format": "3"}, MetadataError, "zarr_format is '3', expected 3"),
    ({"node_type": "table"}, MetadataError, "node_type is 'table', expected 'array' or 'group'"),
    ({"shape": [-1, 6]}, MetadataError, "expected a list of whole numbers"),
    ({"shape": [4.0, 6]}, MetadataError, "expected a list of whole numbers"),
    ({"shape": [True, 6]}, MetadataError, "expected a list of whole numbers"),
    ({"shape": [2**63, 6]}, MetadataError, "expected a list of whole numbers"),
    ({"shape": "46"}, MetadataError, "expected a list of whole numbers"),
    ({"shape": None}, MetadataError, "expected a list of whole numbers"),
    ({"shape": [1] * 100}, LimitError, "Limits.dimensions"),
    ({"shape": [4]}, MetadataError, r"chunk_shape is \[2, 3\], expected 1 whole"),
    (grid(0, 3), MetadataError, r"chunk_shape is \[0, 3\] for the shape \(4, 6\)"),
    (grid(-1, 3), MetadataError, "expected 2 whole numbers above 0"),
    (grid(2.0, 3), MetadataError, "expected 2 whole numbers above 0"),
    (grid(True, 3), MetadataError, "expected 2 whole numbers above 0"),
    (grid(2), MetadataError, "expected 2 whole numbers above 0"),
    (grid(2**20, 2**20), LimitError, "one chunk asks for 4398046511104.*Limits.chunk_bytes"),
    ({"chunk_grid": {"name": "regular"}}, MetadataError, "chunk_shape is None"),
    ({"chunk_grid": "hexagonal"}, UnknownNameError, "unknown chunk grid 'hexagonal'; known: re"),
    ({"chunk_grid": 3}, MetadataError, "expected a name or an object with a name, found 3"),
    ({"chunk_key_encoding": "fanout"}, UnknownNameError, "unknown chunk key encoding 'fanout'"),
    ({"chunk_key_encoding": named("v2", separator="/../")}, MetadataError, "is '/../', expected"),
    ({"chunk_key_encoding": named("v2", separator=None)}, MetadataError, "is None, expected"),
    ({"data_type": "float33"}, UnknownNameError, "unknown data type 'float33'; known: bool"),
    ({"data_type": ["float32"]}, MetadataError, "expected a name or an object"),
    ({"data_type": "r12"}, UnknownNameError, "unknown data type 'r12'"),
    ({"data_type": "r99999999992"}, LimitError, "Limits.item_bytes"),
    ({"data_type": "r" + "8" * 5000}, UnknownNameError, "unknown data type"),
    ({"data_type": "null_terminated_bytes"}, MetadataError, "length_bytes is None"),
    ({"data_type": named("null_terminated_bytes", length_bytes=2**40)}, LimitError, "item_bytes"),
    ({"data_type": named("null_terminated_bytes", length_bytes=-5)}, MetadataError, "is -5, expe"),
    ({"data_type": named("null_terminated_bytes", length_bytes=0)}, MetadataError, "is 0, expect"),
    ({"data_type": named("fixed_length_utf32", length_bytes=6)}, MetadataError, "multiple of 4"),
    ({"data_type": "optional"}, UnknownNameError, "unknown data type 'optional'"),
    ({"data_type": "float5"}, UnknownNameError, "unknown data type 'float5'"),
    ({"data_type": "int4", "fill_value": 8}, MetadataError, "8 is out of bounds for int4"),
    ({"data_type": "float4_e2m1fn", "fill_value": "NaN"}, MetadataError, "has no such value"),
    ({"data_type": "float8_e5m2fnuz", "fill_value": "-Infinity"}, MetadataError, "no such value"),
    ({"data_type": "bfloat16", "fill_value": "0x7fc00000"}, MetadataError, "expected 4 hexadec"),
    ({"data_type": "numpy.datetime64"}, MetadataError, "unit is None, expected one of Y"),
    ({"data_type": named("numpy.datetime64", unit=[], scale_factor=1)}, MetadataError, "unit is"),
    (
        {"data_type": named("numpy.timedelta64", unit="s", scale_factor=0)},
        MetadataError,
        "scale_factor is 0, expected a whole number from 1",
    ),
    (
        {"data_type": named("numpy.timedelta64", unit="s", scale_factor=True)},
        MetadataError,
        "scale_factor is True",
    ),
    ({"data_type": "struct"}, MetadataError, "has the fields None, expected a list"),
    (struct(), MetadataError, r"has the fields \[\], expected a list"),
    (struct("x"), MetadataError, "expected a field as an object with name and data_type"),
    (struct({"name": "x"}), MetadataError, "expected a field as an object with name and data_"),
    (struct(field(3, "int8")), MetadataError, "a field is called 3, expected a name"),
    (struct(field("", "int8")), MetadataError, "a field is called '', expected a name"),
    (struct(field("x", "int8"), ["x", "int8"]), MetadataError, "a name of their own"),
    (struct(field("x", "string")), MetadataError, "'string', which has no fixed length"),
    (struct(field("x", "optional")), UnknownNameError, "unknown data type 'optional'"),
    (struct(field("x", "int8", shape=[2])), MetadataError, "Zarr v3 has no such"),
    (struct(field("x", None)), MetadataError, "expected a name or an object with a name"),
    (
        struct(field("x", "int8")) | {"fill_value": {"x": 300}},
        MetadataError,
        "fill value 300 is none of data type 'int8'",
    ),
    (struct(field("x", "int8")) | {"fill_value": {}}, MetadataError, "a value for each of x"),
    (
        struct(field("x", "int8"), field("y", "int8")) | {"fill_value": {"x": 1, "y": 1, "z": 1}},
        MetadataError,
        "a value for each of x, y",
    ),
    (struct(*[field(f"{i}", "int8") for i in range(5000)]), LimitError, "Limits.struct_parts"),
    ({"fill_value": "many"}, MetadataError, "fill value 'many' is none of data type 'float32'"),
    ({"fill_value": {}}, MetadataError, "fill value {} is none"),
    ({"fill_value": [1.0]}, MetadataError, r"fill value \[1.0\] is none"),
    ({"fill_value": True}, MetadataError, "expected a number"),
    ({"fill_value": "0x7fc0"}, MetadataError, "expected 8 hexadecimal digits"),
    ({"fill_value": "0X7fc00000"}, MetadataError, "is none of data type"),
    ({"data_type": "int8", "fill_value": 128}, MetadataError, "fill value 128 is none"),
    ({"data_type": "uint8", "fill_value": -1}, MetadataError, "fill value -1 is none"),
    ({"data_type": "int8", "fill_value": 1.5}, MetadataError, "expected an integer"),
    ({"data_type": "int8", "fill_value": math.inf}, MetadataError, "fill value inf is none"),
    ({"data_type": "bool", "fill_value": 2}, MetadataError, "expected true or false"),
    ({"data_type": "complex64", "fill_value": [1]}, MetadataError, r"fill value \[1\] is none"),
    ({"data_type": "string", "fill_value": 5}, MetadataError, "expected text"),
    ({"data_type": "bytes", "fill_value": [256]}, MetadataError, r"fill value \[256\] is none"),
    ({"data_type": "bytes", "fill_value": "a"}, MetadataError, "fill value 'a' is none"),
    (
        {"data_type": named("null_terminated_bytes", length_bytes=1), "fill_value": "YWI="},
        MetadataError,
        "expected 1 bytes",
    ),
    (
        {"data_type": named("fixed_length_utf32", length_bytes=4), "fill_value": "ab"},
        MetadataError,
        "expected 1 characters",
    ),
    ({"codecs": []}, MetadataError, "expected a list that is not empty"),
    ({"codecs": None}, MetadataError, "expected a list that is not empty"),
    ({"codecs": "bytes"}, MetadataError, "expected a list that is not empty"),
    ({"codecs": [3]}, MetadataError, "expected a name or an object with a name, found 3"),
    ({"codecs": [{"name": "bytes", "configuration": [1]}]}, MetadataError, "is no object"),
    ({"codecs": ["crc32c"]}, MetadataError, r"the codecs \['crc32c'\] are no chain"),
    ({"codecs": ["bytes", "bytes"]}, MetadataError, "are no chain"),
    ({"codecs": ["crc32c", "bytes"]}, MetadataError, "are no chain"),
    ({"codecs": ["numcodecs.lz4", "bytes"]}, MetadataError, "are no chain"),
    ({"codecs": ["bytes"] * 20}, LimitError, "the chain of codecs asks for 20.*Limits.codecs"),
    ({"codecs": ["vlen-utf8"]}, MetadataError, "codec vlen-utf8 cannot encode 'float32'"),
    ({"codecs": ["vlen-bytes"]}, MetadataError, "codec vlen-bytes cannot encode 'float32'"),
    (
        {"data_type": "string", "fill_value": "", "codecs": ["bytes", "crc32c"]},
        MetadataError,
        "codec bytes cannot encode 'string'",
    ),
    ({"codecs": [named("bytes", endian="middle")]}, MetadataError, "endian is 'middle'"),
    ({"codecs": [named("bytes", endian=[])]}, MetadataError, r"endian is \[\]"),
    (chain(named("nope")), UnknownNameError, "unknown codec 'nope'; known: bitround, blosc, bytes"),
    (chain(named("numcodecs.pickle")), UnknownNameError, "unknown or not allowed"),
    (chain(named("numcodecs.msgpack2")), UnknownNameError, "unknown or not allowed"),
    (chain(named("numcodecs.json2")), MetadataError, "are no chain"),
    (chain(named("gzip", level=999)), MetadataError, "level is 999"),
    (chain(named("gzip", level="5")), MetadataError, "level is '5'"),
    (chain(named("zstd", level="3")), MetadataError, "level is '3'"),
    (chain(named("blosc", typesize=0)), MetadataError, "blosc cannot be configured"),
    (chain(named("blosc", shuffle="riffle")), MetadataError, "blosc cannot be configured"),
    (chain(named("blosc", shuffle=[])), MetadataError, "blosc cannot be configured"),
    (chain(named("blosc", shuffle=None)), MetadataError, "blosc cannot be configured"),
    (chain(named("blosc", cname={})), MetadataError, "blosc cannot be configured"),
    (chain(named("blosc", clevel=10)), MetadataError, "blosc cannot be configured"),
    (chain(named("blosc", clevel="5")), MetadataError, "blosc cannot be configured"),
    (chain(named("numcodecs.shuffle", elementsize=0)), MetadataError, "elementsize is 0"),
    (
        {"codecs": [named("numcodecs.astype", encode_dtype="|O", decode_dtype="<f4"), "bytes"]},
        MetadataError,
        "not numbers",
    ),
    (
        {"codecs": [named("numcodecs.delta", nonsense=1), "bytes"]},
        MetadataError,
        "'numcodecs.delta' cannot be configured like this",
    ),
    (
        {
            "codecs": [
                named("numcodecs.fixedscaleoffset", scale="x", offset=0, dtype="<f4"),
                "bytes",
            ]
        },
        MetadataError,
        "fixedscaleoffset",
    ),
    (
        {
            "data_type": "bool",
            "fill_value": False,
            "codecs": [named("numcodecs.bitround", keepbits=3), "bytes"],
        },
        MetadataError,
        "bitround cannot encode 'bool'",
    ),
    ({"codecs": [named("transpose", order=[0, 0]), "bytes"]}, MetadataError, "expected a permut"),
    ({"codecs": [named("transpose", order=[0, 9]), "bytes"]}, MetadataError, "expected a permut"),
    ({"codecs": [named("transpose", order=[0, "a"]), "bytes"]}, MetadataError, "expected a perm"),
    ({"codecs": [named("transpose", order=[0]), "bytes"]}, MetadataError, "for another rank"),
    ({"attributes": []}, MetadataError, "attributes is list, expected an object"),
    ({"attributes": "none"}, MetadataError, "attributes is str, expected an object"),
    ({"dimension_names": ["x"]}, MetadataError, "expected 2 names"),
    ({"dimension_names": ["x", 3]}, MetadataError, "expected 2 names"),
    ({"dimension_names": "xy"}, MetadataError, "expected 2 names"),
    ({"extra": 1}, UnknownNameError, "unknown member 'extra'; only one with must_understand"),
    ({"extra": {"must_understand": True}}, UnknownNameError, "unknown member 'extra'"),
    ({"storage_transformers": [{"name": "x"}]}, UnsupportedError, "storage transformers are not"),
]
V2_ZLIB = {"id": "zlib", "level": 1}
WRONG_V2: list[tuple[dict[str, Any], type[ZarrCdmError], str]] = [
    ({"zarr_format": 3}, MetadataError, "zarr_format is 3, expected 2"),
    ({"dtype": "|S2147483647"}, LimitError, "Limits.item_bytes"),
    ({"dtype": "|S1099511627776"}, LimitError, "Limits.item_bytes"),
    ({"dtype": "|S" + "9" * 5000}, UnknownNameError, "unknown v2 data type"),
    ({"dtype": "|S0"}, MetadataError, "length_bytes is 0"),
    ({"dtype": "<f3"}, UnknownNameError, "unknown v2 data type '<f3'"),
    ({"dtype": "<f16"}, UnknownNameError, "unknown v2 data type '<f16'"),
    ({"dtype": "<x4"}, UnknownNameError, "unknown v2 data type '<x4'"),
    ({"dtype": "a4"}, UnknownNameError, "unknown v2 data type 'a4'"),
    ({"dtype": "<M8[xs]"}, MetadataError, "unit is 'xs', expected one of Y, M"),
    ({"dtype": "<M8[0ns]"}, MetadataError, "scale_factor is 1?0?, expected"),
    ({"dtype": "<M8[9999999999s]"}, MetadataError, "scale_factor is 9999999999, expected"),
    ({"dtype": "<M4[s]"}, UnknownNameError, "unknown v2 data type '<M4"),
    ({"dtype": "<M8[s/2]"}, UnknownNameError, "unknown v2 data type"),
    ({"dtype": "<M8[ns]", "fill_value": "NaN"}, MetadataError, "fill value 'NaN' is none"),
    ({"dtype": "<M8[ns]", "fill_value": 2**63}, MetadataError, "is none of data type 'numpy.d"),
    ({"dtype": "<M8[ns]", "fill_value": 0.5}, MetadataError, "expected an integer"),
    ({"dtype": 4}, UnknownNameError, "unknown v2 data type 4"),
    ({"dtype": []}, MetadataError, "has the fields \\[\\], expected a list of some"),
    ({"dtype": [[]]}, MetadataError, r"expected a field as \[name, dtype\]"),
    ({"dtype": ["a", "<f4"]}, MetadataError, r"expected a field as \[name, dtype\]"),
    ({"dtype": [["a"]]}, MetadataError, r"expected a field as \[name, dtype\]"),
    ({"dtype": [["a", "<f4", [2], 1]]}, MetadataError, r"expected a field as \[name, dtype\]"),
    ({"dtype": [["a", "<f4", [0]]]}, MetadataError, "expected numbers above 0"),
    ({"dtype": [["a", "<f4", [-1]]]}, MetadataError, "expected numbers above 0"),
    ({"dtype": [["a", "<f4", "2"]]}, MetadataError, "expected numbers above 0"),
    ({"dtype": [["a", "<f4", True]]}, MetadataError, "expected numbers above 0"),
    ({"dtype": [["a", "<f4", [1] * 40]]}, LimitError, "Limits.dimensions"),
    ({"dtype": [["a", "<f4", [2**40, 2**40]]]}, LimitError, "Limits.item_bytes"),
    ({"dtype": [["a", "|S600000"], ["b", "|S600000"]]}, LimitError, "Limits.item_bytes"),
    ({"dtype": [[f"{i}", "|u1"] for i in range(5000)]}, LimitError, "Limits.struct_parts"),
    ({"dtype": [["a", "<f4"], ["a", "<i4"]]}, MetadataError, "a name of their own"),
    ({"dtype": [["", "<f4"]]}, MetadataError, "a field is called '', expected a name"),
    ({"dtype": [[["title", "a"], "<f4"]]}, MetadataError, "a field is called"),
    ({"dtype": [["a", "|O"]]}, MetadataError, "'string', which has no fixed length"),
    ({"dtype": [["a", "<f3"]]}, UnknownNameError, "unknown v2 data type '<f3'"),
    ({"dtype": [["a", [["b", {}]]]]}, UnknownNameError, "unknown v2 data type {}"),
    ({"dtype": deep(100)}, LimitError, "nesting of a struct"),
    ({"dtype": deep(150)}, LimitError, "nesting of a struct"),
    ({"dtype": [["a", "<f4"]], "fill_value": "AAAA"}, MetadataError, "expected 4 bytes, found 3"),
    ({"dtype": [["a", "<f4"]], "fill_value": 7}, MetadataError, "expected text"),
    ({"dtype": [["a", "<f4"]], "fill_value": {"b": 1}}, MetadataError, "a value for each of a"),
    ({"dtype": "|O", "fill_value": None}, UnsupportedError, "objects are encoded with None"),
    (
        {"dtype": "|O", "fill_value": None, "filters": [{"id": "pickle"}]},
        UnsupportedError,
        "objects are encoded with 'pickle'; readable: categorize, json2, vlen-array",
    ),
    (
        {"dtype": "|O", "fill_value": "", "filters": [{"id": "vlen-utf8"}, {"id": "pickle"}]},
        UnknownNameError,
        "codec 'numcodecs.pickle' is unknown or not allowed",
    ),
    ({"order": "Z"}, MetadataError, "order is 'Z', expected 'C' or 'F'"),
    ({"order": None}, MetadataError, "order is None"),
    ({"dimension_separator": ".."}, MetadataError, r"is '\.\.', expected"),
    ({"chunks": None}, MetadataError, "chunk_shape is None"),
    ({"filters": 5}, MetadataError, "filters is 5, expected a list or null"),
    ({"filters": {"id": "delta"}}, MetadataError, "expected a list or null"),
    ({"filters": ["delta"]}, MetadataError, "expected a codec as an object with an id"),
    ({"filters": [V2_ZLIB] * 20}, LimitError, "Limits.codecs"),
    ({"compressor": "zlib"}, MetadataError, "expected a codec as an object with an id"),
    ({"compressor": {}}, MetadataError, "expected a codec as an object with an id"),
    ({"compressor": {"id": 3}}, MetadataError, "expected a codec as an object with an id"),
    ({"compressor": {"id": "snappy9"}}, UnknownNameError, "'numcodecs.snappy9' is unknown"),
    ({"compressor": {"id": "bz2", "nonsense": 1}}, MetadataError, "cannot be configured"),
    ({"compressor": {"id": "blosc", "shuffle": []}}, MetadataError, "blosc cannot be configured"),
    ({"compressor": {"id": "blosc", "shuffle": 7}}, MetadataError, "blosc cannot be configured"),
    (
        {"filters": [{"id": "delta", "dtype": "<f4", "astype": "|O"}]},
        MetadataError,
        r"objects?|not numbers",
    ),
    ({"fill_value": "many"}, MetadataError, "fill value 'many' is none"),
]


@pytest.mark.parametrize(("change", "kind", "reason"), WRONG_V3, ids=repr)
def test_a_wrong_v3_document_is_refused(
    change: dict[str, Any], kind: type[ZarrCdmError], reason: str
) -> None:
    with pytest.raises(kind, match=reason) as error:
        open_v3(V3 | change)
    assert type(error.value) is kind


@pytest.mark.parametrize(("change", "kind", "reason"), WRONG_V2, ids=lambda part: repr(part)[:60])
def test_a_wrong_v2_document_is_refused(
    change: dict[str, Any], kind: type[ZarrCdmError], reason: str
) -> None:
    with pytest.raises(kind, match=reason) as error:
        open_v2(V2 | change)
    assert type(error.value) is kind


@pytest.mark.parametrize("name", sorted(set(V3) - {"zarr_format", "node_type", "codecs"}))
def test_a_missing_member_of_v3_is_named(name: str) -> None:
    with pytest.raises(MetadataError, match=f"an array needs {name}"):
        open_v3(without(V3, name))


@pytest.mark.parametrize("name", ["shape", "chunks", "dtype", "order", "fill_value"])
def test_a_missing_member_of_v2_is_named(name: str) -> None:
    with pytest.raises(MetadataError, match=f"an array needs {name}"):
        open_v2(without(V2, name))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"a": 1} x', "no JSON"),
        (b"[]", "expected a JSON object, found list"),
        (b"\xef\xbb\xbf{}", "no JSON"),
        ("{}".encode("utf-16"), "no JSON"),
        ('{"é": 1}'.encode("latin-1"), "no JSON"),
        (b'{"a": \x00}', "no JSON"),
        (b"{" * 10 + b"]" * 10, "no JSON"),
        (b'"' + b"\\", "no JSON"),
    ],
)
def test_what_is_no_json_object_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MetadataError, match=reason):
        loads_object(data)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b'[ "x[",'])
@pytest.mark.parametrize("count", [70, 200_000])
def test_deep_nesting_is_refused_before_it_is_parsed(opening: bytes, count: int) -> None:
    closing = {b"[": b"]", b"{": b"}"}
    ends = b"".join(
        closing[bytes([c])] for c in reversed(opening.replace(b"x[", b"")) if c in b"[{"
    )
    for data in (opening * count, opening * count + b"1" + ends * count):
        with pytest.raises(
            (LimitError, MetadataError), match=r"Limits.json_depth|no JSON|nested too deeply"
        ):
            loads_object(data)
    with pytest.raises(LimitError, match=r"nesting of a metadata document .* Limits.json_depth"):
        loads_object(opening * count + b"1" + ends * count)


@given(JSON, st.integers(0, 6))
def test_the_limit_of_depth_is_exact(value: Any, limit: int) -> None:
    def depth(found: Any) -> int:
        if isinstance(found, dict | list):
            inner = found.values() if isinstance(found, dict) else found
            return 1 + max(map(depth, inner), default=0)
        return 0

    data = dumps({"a": ["[[[{{", '"]\\"', value]})
    if depth(value) + 2 > limit:
        with Limits(json_depth=limit).use(), pytest.raises(LimitError):
            loads_object(data)
    else:
        with Limits(json_depth=limit).use():
            assert loads_object(data)


@given(JSON, st.dictionaries(st.text(max_size=3), JSON, max_size=3))
def test_a_member_that_stands_twice_is_refused_and_no_other(
    value: Any, members: dict[str, Any]
) -> None:
    data = dumps({"a": value, "b": [members, ":{}", '\\":']})
    assert loads_object(data)["b"][0] == members
    for name, part in members.items():
        twice = json.dumps(name) + ": " + json.dumps(part)
        inner = json.dumps(members)
        again = json.dumps({"a": [members, value]}).replace(inner, f"{inner[:-1]}, {twice}}}", 1)
        with pytest.raises(MetadataError, match="twice"):
            loads_object(again.encode())


@pytest.mark.parametrize("limit", [4300, 5000, 640, 100])
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_limit_of_digits_is_exact(limit: int, sign: str) -> None:
    most = min(limit, 4300)  # which is Python's own
    with Limits(integer_digits=limit).use():
        assert loads_object(f'{{"a": {sign}{"9" * most}}}'.encode())
        with pytest.raises(LimitError, match=r"raise Limits\.integer_digits"):
            loads_object(f'{{"a": {sign}{"9" * (most + 1)}}}'.encode())


def test_a_document_that_is_too_large_is_refused() -> None:
    with Limits(document_bytes=50).use(), pytest.raises(LimitError, match=r"Limits.document_bytes"):
        loads_object(b"{}" + b" " * 100)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all parts of a document."""
    if not isinstance(value, dict | list):
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *[place for name, part in inner for place in places(part, (*path, name))]]


ODD = JSON | st.sampled_from(
    [-1, 0, 2**63, 1e300, math.nan, "", "..", "|O", "<f8", [], {}, [[]], {"name": "bytes"}, True]
)
WHOLE_V2 = V2 | {
    "filters": [{"id": "delta", "dtype": "<f4", "astype": "<f4"}, {"id": "shuffle"}],
    "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0},
    "dimension_separator": ".",
}
WHOLE_V3 = (
    V3
    | chain(
        named("blosc", cname="lz4", clevel=5, shuffle="shuffle", typesize=4, blocksize=0),
        named("numcodecs.lzma", preset=1),
        named("zstd", level=1, checksum=False),
        "crc32c",
    )
    | {"dimension_names": ["y", "x"], "attributes": {"a": 1}}
)


@pytest.mark.filterwarnings("ignore::zarr_cdm.errors.ZarrCdmWarning")
@given(st.data())
@settings(max_examples=800, deadline=None)
def test_any_part_may_be_anything_and_only_our_errors_come_out(data: st.DataObject) -> None:
    opener, original = data.draw(st.sampled_from([(open_v2, WHOLE_V2), (open_v3, WHOLE_V3)]))
    document = copy.deepcopy(original)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([place for place in places(document) if place]))
        parent: Any = document
        for name in path[:-1]:
            parent = parent[name]
        parent[path[-1]] = copy.deepcopy(data.draw(ODD))
    with suppress(ZarrCdmError):
        opener(document)


@pytest.mark.filterwarnings("ignore::zarr_cdm.errors.ZarrCdmWarning")
@given(
    JSON, st.sampled_from(["a", "a/b", "", "/", "..", "a/../b", ".zarray", "x/.zarray", ".zattrs"])
)
@settings(deadline=None)
def test_consolidated_documents_may_hold_anything(value: Any, key: str) -> None:
    inline = {"kind": "inline", "must_understand": False, "metadata": {key: value}}
    group = {"zarr_format": 3, "node_type": "group", "consolidated_metadata": inline}
    old = {"zarr_consolidated_format": 1, "metadata": {key: value}}
    for read, document in ((consolidated.read_v3, group), (consolidated.read_v2, old)):
        with suppress(ZarrCdmError):
            root = read(document)
            assert root is not None
            for _, node in consolidated.walk(root):
                assert node.document
