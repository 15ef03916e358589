"""What the specifications do not say, but stores have: reference zarr.md, 1.2 and 1.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from zarr_cdm.errors import MetadataError, ZarrCdmWarning
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.json import loads_object

V2: dict[str, Any] = {
    "zarr_format": 2,
    "shape": [4, 6],
    "chunks": [2, 3],
    "dtype": "<f4",
    "compressor": None,
    "fill_value": 0.0,
    "order": "C",
    "filters": None,
}
V3: dict[str, Any] = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [4, 6],
    "data_type": "float32",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 3]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0.0,
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
}


def read_v2(**changes: Any) -> ArrayMetadata:
    return v2.read_array(V2 | changes, {})


def read_v3(**changes: Any) -> ArrayMetadata:
    found = v3.read(V3 | changes)
    assert isinstance(found, ArrayMetadata)
    return found


def without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


@pytest.mark.parametrize(
    "document",
    [
        V2 | {"filters": []},
        without(V2, "filters"),
        without(V2, "compressor"),
        V2 | {"dimension_separator": None},
        V2 | {"_NCZARR_ARRAY": {"storage": "chunked"}, "_nczarr_array": {}, "extra": 1},
        V2 | {"dtype": "f4"},
    ],
    ids=repr,
)
def test_v2_documents_that_mean_the_same_are_the_same(document: dict[str, Any]) -> None:
    found = v2.read_array(document, {})
    assert replace(found, members={}) == read_v2()  # what netCDF-C notes there is only kept


@pytest.mark.parametrize(
    "change",
    [
        {"data_type": {"name": "float32"}},
        {"data_type": {"name": "float32", "configuration": {}}},
        {"data_type": {"name": "float32", "configuration": None}},
        {"attributes": {}},
        {"storage_transformers": []},
        {"fill_value": 0},
        {"fill_value": "0x00000000"},
    ],
    ids=repr,
)
def test_v3_documents_that_mean_the_same_are_the_same(change: dict[str, Any]) -> None:
    assert read_v3(**change) == read_v3()


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"chunk_key_encoding": "default"}, {"chunk_key_encoding": {"name": "default"}}),
        ({"chunk_key_encoding": "v2"}, {"chunk_key_encoding": {"name": "v2"}}),
        ({"codecs": ["bytes", "crc32c"]}, {"codecs": [{"name": "bytes"}, {"name": "crc32c"}]}),
        (
            {"codecs": [{"name": "bytes", "configuration": {}}, "zstd"]},
            {"codecs": ["bytes", {"name": "zstd", "configuration": None}]},
        ),
    ],
)
def test_a_short_hand_name_is_an_object_with_that_name(
    short: dict[str, Any], long: dict[str, Any]
) -> None:
    assert read_v3(**short) == read_v3(**long)


def test_a_group_may_have_null_for_its_consolidated_metadata_and_attributes() -> None:
    document = {"zarr_format": 3, "node_type": "group"}
    found = v3.read(document | {"consolidated_metadata": None, "attributes": None})
    assert found == v3.read(document)


def test_what_need_not_be_understood_is_kept() -> None:
    member = {"must_understand": False, "note": "kept"}
    found = read_v3(cdm=member)
    assert found.members == {"cdm": member}
    assert v3.write(found)["cdm"] == member


def test_empty_dimension_names_are_not_absent_ones() -> None:
    assert read_v3(dimension_names=["", None]).dimension_names == ("", None)


@pytest.mark.parametrize(
    ("dtype", "fill", "expected"),
    [
        ("|S3", 0, b""),
        ("|S3", "", b""),
        ("|S3", "0", b""),
        ("|S3", False, b""),
        ("|S3", "YWI=", b"ab"),
        ("|S3", "YWIA", b"ab"),
        ("<U3", 0, ""),
        ("<U3", "", ""),
        ("<U3", False, ""),
        ("<U3", "0", "0"),
        ("<U3", "ab", "ab"),
        ("|O", 0, ""),
        ("|O", "", ""),
        ("|O", False, ""),
        ("|O", "ab", "ab"),
        ("|V2", 0, b"\0\0"),
        ("|V2", "AAE=", b"\0\1"),
        ("|b1", 0, False),
        ("|b1", 1, True),
        ("<i4", True, 1),
        ("<u8", 2**64 - 1, 2**64 - 1),
        ("<f8", 1, 1.0),
        ("<f8", "Infinity", np.inf),
        ("<f8", "-Infinity", -np.inf),
        ("<c8", 0.0, 0j),
        ("<c8", [1, "Infinity"], complex(1, np.inf)),
    ],
)
def test_fill_values_of_v2_writers_are_read(dtype: str, fill: Any, expected: Any) -> None:
    filters = [{"id": "vlen-utf8"}] if dtype == "|O" else None
    found = read_v2(dtype=dtype, fill_value=fill, filters=filters).fill_value
    if dtype.startswith("|V"):
        assert found.tobytes() == expected
    else:
        assert found == expected


@pytest.mark.parametrize("fill", ["NaN", "0x7fc00000", float("nan")], ids=repr)
def test_all_spellings_of_nan_are_read(fill: Any) -> None:
    for found in (read_v2(fill_value=fill).fill_value, read_v3(fill_value=fill).fill_value):
        assert found.tobytes() == np.float32(np.nan).tobytes()


def test_a_legacy_token_is_a_fill_value() -> None:
    document = loads_object(
        b'{"zarr_format": 2, "shape": [], "chunks": [], "dtype": "<f8", "order": "C", '
        b'"fill_value": NaN, "compressor": null, "filters": null}'
    )
    assert np.isnan(v2.read_array(document, {}).fill_value)


def test_no_fill_value_is_none_in_v2() -> None:
    assert read_v2(fill_value=None).fill_value is None


@pytest.mark.parametrize(
    ("fill", "expected"), [([1, 2], b"\1\2"), ("AQI=", b"\1\2"), ([], b""), (0, b"")]
)
@pytest.mark.parametrize("name", ["bytes", "variable_length_bytes"])
def test_bytes_fill_values_are_numbers_or_base64(name: str, fill: Any, expected: bytes) -> None:
    assert read_v3(data_type=name, fill_value=fill, codecs=["vlen-bytes"]).fill_value == expected


def test_v2_is_put_into_the_words_of_v3() -> None:
    found = read_v2(
        dtype=">i2",
        fill_value=7,
        order="F",
        filters=[{"id": "delta", "dtype": ">i2"}, {"id": "shuffle", "elementsize": 2}],
        compressor={"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": -1, "blocksize": 0},
        dimension_separator="/",
    )
    blosc = {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "blocksize": 0, "typesize": 2}
    assert found.codecs == (
        Extension("transpose", {"order": [1, 0]}),
        Extension("bytes", {"endian": "big"}),
        Extension("numcodecs.delta", {"dtype": ">i2"}),
        Extension("numcodecs.shuffle", {"elementsize": 2}),
        Extension("blosc", blosc),
    )
    assert found.chunk_key_encoding == Extension("v2", {"separator": "/"})
    assert found.data_type == Extension("int16")


def test_the_shuffle_that_numcodecs_chooses_is_by_bits_for_bytes() -> None:
    blosc = {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": -1, "blocksize": 0}
    found = read_v2(dtype="|u1", fill_value=0, compressor=blosc)
    assert found.codecs[-1].configuration["shuffle"] == "bitshuffle"


def test_fill_values_of_bytes_are_written_whole_in_v2() -> None:
    for fill, written in (("YWI=", "YWIA"), ("", "AAAA")):
        document = read_v2(dtype="|S3", fill_value=fill)
        assert v2.write_array(document)["fill_value"] == written


def test_a_checksum_that_is_not_made_is_not_written_in_v2() -> None:
    for written, checksum in ((False, None), (True, True)):
        zstd = {"id": "zstd", "level": 1, "checksum": written}
        found = v2.write_array(read_v2(compressor=zstd))["compressor"]
        assert found.get("checksum") is checksum


def test_an_object_codec_decides_what_objects_are() -> None:
    texts = read_v2(dtype="|O", fill_value=None, filters=[{"id": "vlen-utf8"}])
    data = read_v2(dtype="|O", fill_value="YQ==", filters=[{"id": "vlen-bytes"}])
    assert (texts.data_type.name, data.data_type.name) == ("string", "bytes")
    assert data.fill_value == b"a"


@pytest.mark.parametrize("notes", ["_NCZARR_ARRAY", "_nczarr_array"])
@pytest.mark.parametrize(
    ("said", "stored"), [(">i4", "<i4"), (">f8", "<f8"), ("<U1", ">S1"), ("<i2", "<i2")]
)
def test_old_nczarr_is_read_as_it_stored(said: str, stored: str, notes: str) -> None:
    fill = "" if said == "<U1" else 0
    found = read_v2(dtype=said, fill_value=fill, **{notes: {"storage": "chunked"}})
    assert v2.write_array(found)["dtype"] == stored
    assert v2.write_array(read_v2(dtype=said, fill_value=fill))["dtype"] == said


def test_a_fill_value_of_bytes_that_is_no_base64_is_the_text_itself() -> None:
    assert read_v2(dtype="|S7", fill_value="MISSING").fill_value == b"MISSING"
    assert read_v2(dtype="|S1", fill_value="-").fill_value == b"-"
    with pytest.raises(MetadataError, match="expected 2 bytes"):
        read_v2(dtype="|S2", fill_value="MISSING")


INTEGERS = {"data_type": "int32"}


@pytest.mark.parametrize(
    ("change", "said", "like"),
    [
        ({"attributes": None}, "attributes is null", {}),
        ({"dimension_names": None}, "dimension_names is null", {}),
        ({"storage_transformers": None}, "storage_transformers is null", {}),
        ({"fill_value": None}, "fill_value is null", {"fill_value": 0}),
        ({"fill_value": "1.5"}, "'1.5' is a text", {"fill_value": 1.5}),
        ({"fill_value": "+Infinity"}, "is a text", {"fill_value": "Infinity"}),
        (
            {"data_type": "int32", "fill_value": 1.0},
            "point",
            {"data_type": "int32", "fill_value": 1},
        ),
        (
            {"data_type": "int8", "fill_value": "NaN"},
            "zero",
            {"data_type": "int8", "fill_value": 0},
        ),
    ],
    ids=repr,
)
def test_what_is_not_legal_is_read_with_a_warning(
    change: dict[str, Any], said: str, like: dict[str, Any]
) -> None:
    with pytest.warns(ZarrCdmWarning, match=said):
        found = read_v3(**change)
    assert found == read_v3(**like)


@pytest.mark.parametrize("codec", [{"name": "endian"}, {"name": "transpose", "order": "F"}])
def test_a_codec_of_an_early_draft_is_read_with_a_warning(codec: dict[str, Any]) -> None:
    order = {"configuration": {"order": codec["order"]}} if "order" in codec else {}
    codecs = [{"name": codec["name"], **order}]
    with pytest.warns(ZarrCdmWarning, match=f"'{codec['name']}' of an early draft"):
        assert [each.name for each in read_v3(codecs=codecs).codecs] == [codec["name"]]


def test_a_byte_order_that_v2_does_not_have_is_read_with_a_warning() -> None:
    with pytest.warns(ZarrCdmWarning, match="the byte order to the machine"):
        assert v2.read_array(V2 | {"dtype": "=f4"}, {}) == read_v2()


def test_a_storage_transformer_that_need_not_be_understood_is_kept() -> None:
    transformers = [{"name": "x", "must_understand": False}]
    document = read_v3(storage_transformers=transformers)
    assert v3.write(document)["storage_transformers"] == transformers


@pytest.mark.parametrize("compressors", [[], ["gzip"], [{"name": "zstd"}, "blosc"]], ids=str)
def test_an_array_without_a_codec_that_makes_bytes_has_plain_ones_as_gdal_writes_it(
    compressors: list[Any],
) -> None:
    document = V3 | {"codecs": compressors} if compressors else without(V3, "codecs")
    with pytest.warns(ZarrCdmWarning, match="no codec of an array makes bytes of it"):
        found = v3.read(document)
    assert found == read_v3(codecs=[*V3["codecs"], *compressors])
