"""What netCDF-C does to documents, and what can be made of those that are no JSON."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from zarr_cdm.errors import LimitError, MetadataError
from zarr_cdm.limits import Limits
from zarr_cdm.metadata import nczarr, v2
from zarr_cdm.metadata.json import loads
from zarr_cdm.metadata.salvage import as_written, repaired

ARRAY = {
    "zarr_format": 2,
    "shape": [2],
    "chunks": [2],
    "dtype": "<i4",
    "fill_value": 0,
    "order": "C",
    "compressor": None,
    "filters": None,
}
D = {nczarr.ARRAY: {"dimension_references": ["/x"]}}


def read(attributes: dict[str, Any] | None = None, **changes: Any) -> Any:
    return v2.read_array(ARRAY | changes, attributes or {})


@pytest.mark.parametrize("written", [{}, {"_NCZARR_ARRAY": {}}, {"_nczarr_array": {"dimrefs": []}}])
def test_notes_and_the_type_of_characters_are_kept_when_a_document_is_written_again(
    written: dict[str, Any],
) -> None:
    document = ARRAY | {"dtype": ">S1", "fill_value": ""} | written
    found = v2.read_array(document, {})
    assert found.fill_value == b""
    again = v2.write_array(found)
    assert {name: again[name] for name in ("dtype", *written)} == {"dtype": ">S1", **written}
    assert v2.read_array(again, {}) == found


def test_notes_of_a_group_are_kept() -> None:
    document = {"zarr_format": 2, "_NCZARR_GROUP": {"dims": {}}, "_NCZARR_SUPERBLOCK": {}}
    assert v2.write_group(v2.read_group(document, {})) == document


@pytest.mark.parametrize(
    ("fill", "dtype", "wanted"),
    [("MISSING", "|S128", b"MISSING"), ("MISS", "|S4", b"MISS"), ("MISS", "|S2", b"MI")],
)
def test_a_fill_value_of_netcdf_c_is_the_text_itself(fill: str, dtype: str, wanted: bytes) -> None:
    """Even where it could be base64; it may be longer than the elements, which it fills then."""
    found = read(D, dtype=dtype, fill_value=fill)
    assert found.fill_value == wanted
    assert v2.write_array(found)["fill_value"] == fill
    ours = {nczarr.ARRAY: {"cdm": {}}}
    assert read(ours, dtype="|S4", fill_value="TUlT").fill_value == b"MIS"
    assert read(dtype="|S4", fill_value="TUlT").fill_value == b"MIS"


def test_version_4_8_0_wrote_no_fill_value_where_there_is_none() -> None:
    document = {name: value for name, value in ARRAY.items() if name != "fill_value"}
    assert v2.read_array(document | {nczarr.ARRAY: {}}, {}).fill_value is None
    with pytest.raises(MetadataError, match="needs fill_value"):
        v2.read_array(document, {})


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("1.10", "1.10"),
        ("1e5", "1e5"),
        ("null", "null"),
        ("[1, 2]", "[1, 2]"),
        ('{"a": [1,{"b": "]"}]}', '{"a": [1,{"b": "]"}]}'),
        ('"2023"', "2023"),
        ('"a\\"b"', 'a"b'),
    ],
)
def test_what_netcdf_c_calls_characters_is_the_text_that_stands_there(
    stored: str, text: str
) -> None:
    data = f'{{"n": 1.10, "z": {stored}, "_nczarr_attr": {{"types": {{"z": ">S1"}}}}}}'.encode()
    found = nczarr.with_texts(json.loads(data), data)
    assert (found["z"], found["n"]) == (text, 1.1)
    assert list(found) == ["n", "z", "_nczarr_attr"]


@pytest.mark.parametrize("types", [None, [], {"types": []}, {"types": {"z": 1}}])
def test_a_table_of_types_that_is_none_changes_nothing(types: Any) -> None:
    attributes = {"z": 1, "_nczarr_attr": types}
    assert nczarr.with_texts(attributes, json.dumps(attributes).encode()) == attributes


@pytest.mark.parametrize(
    ("data", "value", "rest"),
    [
        (b'{"a": 007}', {"a": "007"}, b""),
        (b'{"a": [0.,1.,+5]}', {"a": ["0.", "1.", "+5"]}, b""),
        (b'{"a": True, "b": -nan}', {"a": "True", "b": "-nan"}, b""),
        (b'{"a": 1}}}', {"a": 1}, b"}}"),
        (b'{"a": 1}{"b": "x"', {"a": 1}, b'{"b": "x"'),
        (b'{"a": "x\ny"}', {"a": "x\ny"}, b""),
        (b'{"a": "\xff\xfe"}', {"a": "\udcff\udcfe"}, b""),
        (b'{"a": "\\q\\\\q\\u00e9"}', {"a": "q\\qé"}, b""),
        (b' {"a" : {"b" : [ ] } } ', {"a": {"b": []}}, b""),
    ],
)
def test_a_document_that_is_no_json_is_repaired(data: bytes, value: Any, rest: bytes) -> None:
    legal, found = repaired(data)
    assert (loads(legal), found) == (value, rest)


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": "x}', b'{"a": [1}', b'"', b'{"a" "'])
def test_what_has_no_end_is_not_repaired(data: bytes) -> None:
    with pytest.raises(MetadataError):
        loads(repaired(data)[0])


def test_a_repaired_document_has_the_limits_of_any_other() -> None:
    legal, _ = repaired(b"[" * 60 + b"007" + b"]" * 60)
    with Limits(json_depth=50).use(), pytest.raises(LimitError):
        loads(legal)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=4), st.booleans())
def test_legal_json_is_left_as_it_is(value: dict[str, Any], ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    legal, rest = repaired(data)
    assert (json.loads(legal), rest) == (value, b"")
    assert {name: json.loads(text) for name, text in as_written(data).items()} == value


@given(st.binary(max_size=40) | st.text('{}[]:,"\\ab1. ', max_size=40).map(str.encode))
def test_any_bytes_are_repaired_or_refused(data: bytes) -> None:
    as_written(data)
    try:
        legal, _ = repaired(data)
    except MetadataError:
        return
    try:
        loads(legal)
    except MetadataError:
        return


def test_only_nczarr_of_before_4_8_1_has_objects_of_its_own() -> None:
    for version, has in (("1.0.0", True), ("2.0.0", False)):
        properties = f"version=2,netcdf=4.8.1,nczarr={version}"
        assert nczarr.has_objects({"_NCProperties": properties}) is has
    assert not nczarr.has_objects({})


def test_big_endian_numbers_without_notes_are_big_endian() -> None:
    assert read(D, dtype=">i4").codecs[0].configuration == {"endian": "big"}
    assert read(dtype=">i4", _nczarr_array={}).codecs[0].configuration == {"endian": "little"}
    assert read(D, dtype=">i4").dtype == np.dtype("i4")
