"""Every document against its inverse, in both versions."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from tests.metadata.generated import DATA_TYPES, JSON, fills, groups, same, v2_arrays, v3_arrays
from zarr_cdm.errors import MetadataError, UnsupportedError
from zarr_cdm.metadata import fills as fill_values
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata
from zarr_cdm.metadata.dtypes import VARIABLE, from_typestr, numpy_dtype, to_typestr, zarr_type
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.json import dumps, loads, loads_object


def stored(value: Any) -> Any:
    """Return JSON as another reader would get it, who takes no token that is no JSON."""
    text = dumps(value).decode()
    return json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is no JSON"))


@given(v3_arrays())
@settings(max_examples=300, deadline=None)
def test_a_v3_array_is_read_as_it_was_written(document: ArrayMetadata) -> None:
    assert same(v3.read(stored(v3.write(document))), document)


@given(v2_arrays())
@settings(max_examples=300, deadline=None)
def test_a_v2_array_is_read_as_it_was_written(document: ArrayMetadata) -> None:
    found = v2.read_array(stored(v2.write_array(document)), stored(document.attributes))
    assert same(found, document)


@given(v2_arrays())
@settings(max_examples=100, deadline=None)
def test_what_is_written_of_a_v2_array_that_was_read_does_not_change(
    document: ArrayMetadata,
) -> None:
    once = v2.write_array(document)
    assert v2.write_array(v2.read_array(once, {})) == once


@given(groups(3), groups(2))
def test_a_group_is_read_as_it_was_written(newer: GroupMetadata, older: GroupMetadata) -> None:
    assert v3.read(stored(v3.write(newer))) == newer
    assert v2.read_group(stored(v2.write_group(older)), stored(older.attributes)) == older


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_fill_value_keeps_every_bit(data: st.DataObject) -> None:
    data_type = data.draw(st.sampled_from(DATA_TYPES))
    value = data.draw(fills(data_type))
    found = fill_values.decode(stored(fill_values.encode(value, data_type)), data_type)
    assert type(found) is type(value)
    if data_type.name in VARIABLE:
        assert found == value
    else:
        assert found.tobytes() == value.tobytes()


@pytest.mark.parametrize(
    ("data_type", "bits", "written"),
    [
        ("float32", "7fc00000", "NaN"),
        ("float64", "7ff8000000000000", "NaN"),
        ("float16", "7e00", "NaN"),
        ("float32", "7fc00001", "0x7fc00001"),
        ("float32", "ffc00000", "0xffc00000"),
        ("float32", "7fa00000", "0x7fa00000"),
        ("float16", "7d00", "0x7d00"),
        ("float64", "fff8000000000001", "0xfff8000000000001"),
        ("float64", "7ff4000000000000", "0x7ff4000000000000"),
        ("float32", "7f800000", "Infinity"),
        ("float64", "fff0000000000000", "-Infinity"),
        ("complex64", "7fa000007fc00000", ["0x7fa00000", "NaN"]),
        ("complex128", "8000000000000000fff0000000000000", [-0.0, "-Infinity"]),
        ("uint64", "ffffffffffffffff", 2**64 - 1),
        ("int64", "8000000000000000", -(2**63)),
        ("r16", "00ff", [0, 255]),
    ],
)
def test_fill_values_are_written_as_the_specification_says(
    data_type: str, bits: str, written: Any
) -> None:
    extension = Extension(data_type)
    dtype = numpy_dtype(extension)
    value = np.frombuffer(bytes.fromhex(bits), dtype.newbyteorder(">")).astype(dtype)[0]
    assert fill_values.encode(value, extension) == written
    found = fill_values.decode(written, extension)
    assert found.tobytes() == value.tobytes()


def test_codecs_of_numcodecs_are_written_with_a_configuration() -> None:
    for name in ("numcodecs.fletcher32", "numcodecs.packbits"):
        assert Extension(name).to_json() == {"name": name, "configuration": {}}
    assert Extension("crc32c").to_json() == {"name": "crc32c"}


def test_minus_zero_is_written_with_its_sign() -> None:
    assert str(fill_values.encode(np.float32(-0.0), Extension("float32"))) == "-0.0"
    parts = fill_values.encode(np.complex64(complex(-0.0, -0.0)), Extension("complex64"))
    assert str(parts) == "[-0.0, -0.0]"


def test_a_v3_document_must_have_a_fill_value() -> None:
    with pytest.raises(MetadataError, match="'float64' has no fill value, but must have one"):
        fill_values.encode(None, Extension("float64"))


@pytest.mark.parametrize("data_type", DATA_TYPES, ids=str)
def test_types_have_an_inverse(data_type: Extension) -> None:
    dtype = numpy_dtype(data_type)
    assert numpy_dtype(zarr_type(dtype)) == dtype
    endian = "little" if "float16" in str(data_type) else "big"  # v2 has no big ones of ml_dtypes
    typestr = to_typestr(data_type, endian)
    assert numpy_dtype(from_typestr(typestr)[0]) == dtype
    assert from_typestr(typestr)[1] in (None, endian)


@pytest.mark.parametrize(
    ("typestr", "name", "endian"),
    [
        ("|b1", "bool", None),
        ("|i1", "int8", None),
        ("<i1", "int8", None),
        ("|u1", "uint8", None),
        (">u2", "uint16", "big"),
        ("<i8", "int64", "little"),
        ("=f4", "float32", "little"),
        ("<f2", "float16", "little"),
        (">c16", "complex128", "big"),
        ("|S12", "null_terminated_bytes", None),
        (">S1", "null_terminated_bytes", None),
        (">U3", "fixed_length_utf32", "big"),
        ("|V3", "raw_bytes", None),
        ("|O", "string", None),
    ],
)
def test_v2_type_strings_are_known(typestr: str, name: str, endian: str | None) -> None:
    found, order = from_typestr(typestr)
    assert (found.name, order) == (name, endian)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"chunk_key_encoding": Extension("default")}, "chunk keys 'default'"),
        ({"chunk_grid": Extension("rectilinear")}, "no grid 'rectilinear'"),
        (
            {"codecs": (Extension("transpose", {"order": [0, 2, 1]}), Extension("bytes"))},
            "no other transpose",
        ),
        (
            {"codecs": (Extension("bytes"), Extension("zarrs.gdeflate"))},
            "no codec 'zarrs.gdeflate'",
        ),
    ],
)
def test_what_v2_cannot_say_is_refused(change: dict[str, Any], reason: str) -> None:
    document: dict[str, Any] = {
        "shape": (1, 1, 1),
        "data_type": Extension("int8"),
        "chunk_grid": Extension("regular", {"chunk_shape": [1, 1, 1]}),
        "chunk_key_encoding": Extension("v2"),
        "fill_value": np.int8(0),
        "codecs": (Extension("bytes"),),
    }
    with pytest.raises(UnsupportedError, match=reason):
        v2.write_array(ArrayMetadata(**(document | change)))


@given(JSON)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "value", [float("nan"), [float("inf")], {"a": -float("inf")}, b"a", {1j}, "\ud800"]
)
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(MetadataError, match="cannot be said in JSON"):
        dumps(value)


def test_tokens_of_lenient_writers_are_read() -> None:
    found = loads_object(b'{"a": NaN, "b": [Infinity, -Infinity]}')
    assert np.isnan(found["a"])
    assert found["b"] == [np.inf, -np.inf]
