"""What every codec promises, over all of the table and all that numcodecs may add."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from base64 import b64decode
from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from math import floor, log2, prod
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numcodecs
import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests.data import ROOT, SHARED
from zarr_cdm.core.codecs.base import ChunkSpec, view
from zarr_cdm.core.codecs.casting import ROUNDINGS, cast
from zarr_cdm.core.codecs.numcodecs import ALLOWED, ARRAYS, PREFIX, numcodecs_codec
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.codecs.table import CODECS
from zarr_cdm.core.extents import outer_extents
from zarr_cdm.errors import ChunkError, MetadataError, UnknownNameError, UnsupportedError
from zarr_cdm.metadata import v2
from zarr_cdm.metadata.dtypes import zarr_type
from zarr_cdm.metadata.extension import Extension


def build(name: str, configuration: dict[str, Any], kind: Any = "bytes_bytes") -> Any:
    if name in CODECS:
        return CODECS[name].from_json(configuration)
    return numcodecs_codec(name, configuration, kind)


def blosc(cname: str, shuffle: str, **others: Any) -> Any:
    shared = {"cname": cname, "clevel": 5, "shuffle": shuffle, "typesize": 2, "blocksize": 0}
    return build("blosc", shared | others)


NUMBERS = {"dtype": "<u2", "astype": "<u4"}
BYTES: dict[str, Any] = {
    **{
        f"blosc {cname} {shuffle}": blosc(cname, shuffle)
        for cname in ("blosclz", "lz4", "lz4hc", "zlib", "zstd")
        for shuffle in ("noshuffle", "shuffle", "bitshuffle")
    },
    "blosc in small blocks": blosc("lz4", "shuffle", blocksize=128),
    "blosc that stores": blosc("lz4", "noshuffle", clevel=0),
    "blosc of large elements": blosc("zstd", "shuffle", typesize=300),
    "conditional": build(
        "conditional",
        {
            "codecs": [
                {"name": "numcodecs.shuffle", "configuration": {"elementsize": 2}},
                {"name": "zstd", "configuration": {"level": 1}},
                {"name": "crc32c"},
            ],
            "header_bits": 16,
        },
    ),
    "crc32c": build("crc32c", {}),
    "gzip": build("gzip", {"level": 5}),
    "zstd": build("zstd", {"level": 3}),
    "zstd with a checksum": build("zstd", {"level": -5, "checksum": True}),
    "numcodecs.blosc": build("numcodecs.blosc", {"cname": "lz4", "clevel": 5, "shuffle": 2}),
    "numcodecs.zstd": build("numcodecs.zstd", {"level": 1}),
    "numcodecs.gzip": build("numcodecs.gzip", {"level": 0}),
    "numcodecs.zlib": build("numcodecs.zlib", {"level": 9}),
    "numcodecs.shuffle": build("numcodecs.shuffle", {"elementsize": 4}),
    "numcodecs.adler32": build("numcodecs.adler32", {}),
    "numcodecs.astype": build("numcodecs.astype", {"decode_dtype": "<u2", "encode_dtype": "<u4"}),
    "numcodecs.base64": build("numcodecs.base64", {}),
    "numcodecs.bz2": build("numcodecs.bz2", {"level": 1}),
    "numcodecs.crc32": build("numcodecs.crc32", {}),
    "numcodecs.crc32 behind": build("numcodecs.crc32", {"location": "end"}),
    "numcodecs.crc32c": build("numcodecs.crc32c", {}),
    "numcodecs.delta": build("numcodecs.delta", NUMBERS),
    "numcodecs.fixedscaleoffset": build(
        "numcodecs.fixedscaleoffset", NUMBERS | {"scale": 1, "offset": 0}
    ),
    "numcodecs.fletcher32": build("numcodecs.fletcher32", {}),
    "numcodecs.jenkins_lookup3": build("numcodecs.jenkins_lookup3", {}),
    "numcodecs.lz4": build("numcodecs.lz4", {}),
    "numcodecs.lzma": build("numcodecs.lzma", {"preset": 1}),
    "numcodecs.lzma alone": build("numcodecs.lzma", {"format": 2, "preset": 1}),
}
VLEN: dict[str, tuple[Any, list[Any]]] = {
    "vlen-utf8": (build("vlen-utf8", {}), ["a", "", "é", "long " * 20]),
    "vlen-bytes": (build("vlen-bytes", {}), [b"a", b"", b"\0\xff", b"long " * 20]),
}
ARRAYS_IN = [np.array([1, 2], "<i2"), np.array([], "<i2"), np.array([-3], "<i2"), np.arange(30)]
# Those of Zarr v2 that make bytes of objects, and N5's: configuration, and what they keep.
OBJECTS_IN: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "numcodecs.json2": ({}, ["a", "", "é", None]),
    "numcodecs.categorize": ({"labels": ["a", "é", "b"], "astype": "<u2"}, ["a", "", "é", "b"]),
    "numcodecs.vlen-array": ({"dtype": ">i2"}, ARRAYS_IN),
}
# Those that take and give arrays of numbers: configuration, and a type that they are for.
NUMBER_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "bitround": ({"keepbits": 7}, "<u1"),
    "bitround of floats": ({"keepbits": 10}, "<c8"),
    "cast_value": ({"data_type": "int8"}, "<f4"),
    "cast_value that wraps": ({"data_type": "int8", "out_of_range": "wrap"}, "<u2"),
    "cast_value that maps": (
        {"data_type": "int16", "scalar_map": {"encode": [["NaN", -1]], "decode": [[-1, "NaN"]]}},
        "<f8",
    ),
    "n5_default": (
        {
            "codecs": [
                {"name": "transpose", "configuration": {"order": [1, 0]}},
                {"name": "bytes", "configuration": {"endian": "big"}},
                {"name": "gzip", "configuration": {"level": 1}},
            ]
        },
        "<i4",
    ),
    "numcodecs.pcodec": ({"level": 4}, "<i2"),
    "numcodecs.pcodec of floats": ({}, "<f8"),
    "numcodecs.zfpy": ({"mode": 4, "tolerance": 1e-30}, "<f8"),
    "zfp": ({"mode": "reversible"}, "<i4"),
    "zfp of floats": ({"mode": "fixed_precision", "precision": 64}, "<f8"),
    "packbits": ({"padding_encoding": "last_byte"}, "|b1"),
    "packbits of some bits": ({"last_bit": 9}, "<i2"),
    "packbits of all bits": ({"padding_encoding": "first_byte"}, "<c16"),
    "reshape": ({"shape": [[0, 1], 1]}, "<i2"),
    "scale_offset": ({"offset": -20, "scale": 2}, "<i2"),
    "scale_offset of floats": ({"offset": -20, "scale": 0.5}, "<f4"),
}
# Those that change values: what they are for, on values that they keep.
ARRAY_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "numcodecs.astype": ({"decode_dtype": "<i2", "encode_dtype": "<i8"}, "<i2"),
    "numcodecs.bitround": ({"keepbits": 23}, "<f4"),
    "numcodecs.delta": ({"dtype": "<i2", "astype": "<i2"}, "<i2"),
    "numcodecs.fixedscaleoffset": (
        {"dtype": "<f8", "astype": "<i2", "scale": 10, "offset": 5},
        "<f8",
    ),
    "numcodecs.packbits": ({}, "|b1"),
    "numcodecs.quantize": ({"digits": 3, "dtype": "<f8"}, "<f8"),
}
PAYLOADS = [bytes(range(64)) * 3, bytes(96), b"0123456789abcdef" * 40]
ELEMENTS = st.lists(st.integers(0, 2**16 - 1), min_size=4, max_size=80).map(
    lambda found: np.array(found[: len(found) // 4 * 4], "<u2").tobytes()
)


def spec_of(array: np.ndarray, serializer: str = "bytes") -> ChunkSpec:
    names = {
        "vlen-utf8": Extension("string"),
        "vlen-bytes": Extension("bytes"),
        "numcodecs.json2": Extension("string"),
        "numcodecs.categorize": Extension("string"),
        "numcodecs.vlen-array": Extension("variable_length_array"),
    }
    data_type = names.get(serializer) or zarr_type(array.dtype)
    return ChunkSpec(array.shape, array.dtype, data_type, None)


PACKAGES = {"numcodecs.pcodec": "pcodec", "numcodecs.zfpy": "zfpy", "zfp": "zfpy"}


def lacking(name: str) -> bool:
    """Tell whether a codec needs a package that is not installed."""
    package = PACKAGES.get(name.partition(" ")[0])
    return package is not None and find_spec(package) is None


number_cases = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.skipif(lacking(name), reason="needs a package"))
        for name in NUMBER_CASES
    ],
)


def number_chain(name: str) -> list[Extension]:
    configuration, _ = NUMBER_CASES[name]
    codec = Extension(name.partition(" ")[0], configuration)
    if CODECS[codec.name].kind == "array_bytes":
        return [codec]
    return [codec, Extension("bytes", {"endian": "big"})]


def number_spec(name: str, shape: tuple[int, ...] = (3, 4)) -> ChunkSpec:
    dtype = np.dtype(NUMBER_CASES[name][1])
    return ChunkSpec(shape, dtype, zarr_type(dtype), np.zeros((), dtype)[()])


def test_every_codec_is_tested() -> None:
    tested = [*BYTES, *VLEN, *OBJECTS_IN, *NUMBER_CASES, *ARRAY_CASES]
    named = {name.partition(" ")[0] for name in tested}
    elsewhere = {"bytes", "endian", "transpose", "sharding_indexed"}  # which has a test file
    assert set(CODECS) | {PREFIX + name for name in ALLOWED} == named | elsewhere
    assert {PREFIX + name for name in ARRAYS} == set(ARRAY_CASES)


@pytest.mark.parametrize("name", BYTES)
@given(data=ELEMENTS)
@settings(max_examples=15, deadline=None)
def test_bytes_come_back(name: str, data: bytes) -> None:
    codec = BYTES[name]
    encoded = bytes(codec.encode(data))
    predicted = codec.size(len(data))
    assert predicted in (None, len(encoded))
    for given_size in (None, len(data)):
        assert bytes(codec.decode(encoded, given_size)) == data
        out = np.full(len(data), 7, np.uint8)
        codec.decode(encoded, given_size, out.data)
        assert out.tobytes() == data


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, lambda data: np.array([*data], "u1")]
)
def test_any_buffer_will_do(name: str, kind: Any) -> None:
    codec, data = BYTES[name], PAYLOADS[0]
    given_data = kind(data)
    encoded = bytes(codec.encode(view(given_data)))
    given_encoded = kind(encoded)
    assert bytes(codec.decode(view(given_encoded), len(data))) == data
    assert bytes(given_data) == data, "the input was changed"
    assert bytes(given_encoded) == encoded, "the input was changed"


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.parametrize("data", PAYLOADS, ids=len)
def test_another_size_than_expected_is_refused(name: str, data: bytes) -> None:
    codec = BYTES[name]
    encoded = bytes(codec.encode(data))
    for size in (0, 1, len(data) - 1, len(data) + 1, len(data) + 10**6, 2**31 - 1):
        with pytest.raises(ChunkError):
            codec.decode(encoded, size)
        if size < 2**31 - 1:
            out = np.full(size, 7, np.uint8)
            with pytest.raises(ChunkError):
                codec.decode(encoded, size, out.data)
            with pytest.raises(ChunkError):
                codec.decode(encoded, None, out.data)


@pytest.mark.parametrize("name", BYTES)
def test_a_chunk_that_is_cut_short_is_refused(name: str) -> None:
    codec, data = BYTES[name], PAYLOADS[2]
    encoded = bytes(codec.encode(data))
    out = np.empty(len(data), np.uint8)
    for length in {*range(min(40, len(encoded))), len(encoded) // 2, len(encoded) - 1}:
        for place in (None, out.data):
            with pytest.raises(ChunkError):
                codec.decode(encoded[:length], len(data), place)


@pytest.mark.parametrize("name", BYTES)
@given(data=st.binary(max_size=100), size=st.none() | st.integers(0, 120))
@settings(max_examples=30, deadline=None)
def test_of_garbage_comes_nothing_but_a_chunk_error(
    name: str, data: bytes, size: int | None
) -> None:
    try:
        decoded = BYTES[name].decode(data, size)
    except ChunkError:
        return
    assert size in (None, len(decoded))


@pytest.mark.parametrize("name", sorted({"gzip", "zstd", "numcodecs.zlib", "numcodecs.bz2"}))
def test_streams_of_several_members_are_read(name: str) -> None:
    codec = BYTES[name]
    encoded = bytes(codec.encode(b"first")) + bytes(codec.encode(b"")) + bytes(codec.encode(b"2nd"))
    assert bytes(codec.decode(encoded, 8)) == b"first2nd"
    assert bytes(codec.decode(encoded, None)) == b"first2nd"
    for size in (5, 7, 9):
        with pytest.raises(ChunkError):
            codec.decode(encoded, size)


def test_zstd_frames_need_not_state_their_size() -> None:
    silent = b"\x28\xb5\x2f\xfd\x00\x70" + ((5 << 3) | 1).to_bytes(3, "little") + b"chunk"
    codec = BYTES["zstd"]
    assert bytes(codec.decode(silent, 5)) == b"chunk"
    assert bytes(codec.decode(silent, None)) == b"chunk"
    for size in (4, 6):
        with pytest.raises(ChunkError):
            codec.decode(silent, size)


@pytest.mark.parametrize("kind", [str, bytes])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_texts_and_bytes_come_back(kind: type, data: st.DataObject) -> None:
    name = "vlen-utf8" if kind is str else "vlen-bytes"
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    texts = st.text(st.characters(exclude_categories=["Cs"])) if kind is str else st.binary()
    size = int(np.prod(shape))
    array = np.empty(size, object)
    array[:] = data.draw(st.lists(texts, min_size=size, max_size=size))
    array = array.reshape(shape)
    spec, codec = spec_of(array, name), build(name, {})
    decoded = codec.decode(bytes(codec.encode(array, spec)), spec)
    assert decoded.shape == shape
    assert decoded.tolist() == array.tolist()


def plain(decoded: np.ndarray) -> list[Any]:
    """Return elements that can be compared: arrays as lists."""
    return [e.tolist() if isinstance(e, np.ndarray) else e for e in decoded.ravel()]


def objects(elements: list[Any]) -> np.ndarray:
    array = np.empty(len(elements), object)
    array[:] = elements
    return array


@pytest.mark.parametrize("name", OBJECTS_IN)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_objects_of_v2_come_back(name: str, data: st.DataObject) -> None:
    configuration, elements = OBJECTS_IN[name]
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3))
    some = st.lists(st.sampled_from(elements), min_size=prod(shape), max_size=prod(shape))
    array = objects(data.draw(some)).reshape(shape)
    spec, codec = spec_of(array, name), build(name, configuration)
    encoded = bytes(codec.encode(array, spec))
    assert codec.size(spec) in (None, len(encoded))
    decoded = codec.decode(encoded, spec)
    assert decoded.shape == shape
    assert decoded.dtype == object
    assert plain(decoded) == plain(array)
    others = {"dtype": "|O"} if name == "numcodecs.categorize" else {}
    theirs = numcodecs.get_codec({"id": name.removeprefix(PREFIX)} | others | configuration)
    if name != "numcodecs.json2":
        assert plain(objects(list(theirs.decode(encoded)))) == plain(array)
    elif shape:
        assert theirs.decode(encoded).tolist() == array.tolist()
        assert codec.decode(theirs.encode(array), spec).tolist() == array.tolist()


@pytest.mark.parametrize("name", OBJECTS_IN)
@given(data=st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_garbage_is_no_object(name: str, data: bytes) -> None:
    configuration, elements = OBJECTS_IN[name]
    array = objects(elements)
    spec, codec = spec_of(array, name), build(name, configuration)
    encoded = bytes(codec.encode(array, spec))
    for damaged in (data, encoded[:4] + data, encoded[:-1], encoded[: len(data)]):
        try:
            decoded = codec.decode(damaged, spec)
        except ChunkError:
            continue
        assert decoded.shape == (4,)


@pytest.mark.parametrize(
    ("chunk", "reason"),
    [
        (b'["a", "b", "|O", [3]]', r"its shape is \[3\], expected \(2,\)"),
        (b'["a", "|O", [2]]', "do not have the shape"),
        (b'["a", ["b"], "|O", [2]]', "other things than texts"),
        (b'["a", 1, "|O", [2]]', "other things than texts"),
        (b'{"a": 1}', "no list that ends in type and shape"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[\xff]", "no JSON"),
        (b"[" + b"9" * 10_000 + b"]", "no JSON"),
    ],
)
def test_json_that_holds_no_texts_says_so(chunk: bytes, reason: str) -> None:
    with pytest.raises(ChunkError, match=reason):
        build("numcodecs.json2", {}).decode(chunk, spec_of(objects(["", ""]), "numcodecs.json2"))


@pytest.mark.parametrize(
    ("name", "configuration"),
    [
        ("numcodecs.json2", {"encoding": "utf-16"}),
        ("numcodecs.categorize", {"labels": "ab"}),
        ("numcodecs.categorize", {"labels": [1]}),
        ("numcodecs.categorize", {"labels": ["a"], "astype": "|O"}),
        ("numcodecs.categorize", {"labels": ["a"], "astype": "<f4"}),
        ("numcodecs.vlen-array", {}),
        ("numcodecs.vlen-array", {"dtype": "|O"}),
        ("numcodecs.vlen-array", {"dtype": "<U2"}),
    ],
)
def test_object_codecs_that_cannot_be_are_refused(name: str, configuration: dict[str, Any]) -> None:
    with pytest.raises(MetadataError):
        build(name, configuration)


@pytest.mark.parametrize("name", VLEN)
@given(data=st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_garbage_is_no_text(name: str, data: bytes) -> None:
    codec, texts = VLEN[name]
    spec = spec_of(np.array(texts, object), name)
    encoded = bytes(codec.encode(np.array(texts, object), spec))
    for damaged in (data, encoded[:4] + data, encoded[:-1], encoded[: len(data)]):
        try:
            decoded = codec.decode(damaged, spec)
        except ChunkError:
            continue
        assert decoded.shape == (4,)


@pytest.mark.parametrize(
    ("chunk", "reason"),
    [
        (b"", "counts 0 elements, expected 4"),
        (b"\5\0\0\0" + bytes(20), "counts 5 elements, expected 4"),
        (b"\4\0\0\0" + bytes(15), "is cut short: 19 bytes for 4 elements"),
        (b"\4\0\0\0" + b"\xff" * 4 + bytes(12), "an element of the chunk cannot be decoded"),
    ],
)
@pytest.mark.parametrize("name", VLEN)
def test_a_text_chunk_that_is_damaged_says_so(name: str, chunk: bytes, reason: str) -> None:
    codec, texts = VLEN[name]
    with pytest.raises(ChunkError, match=reason):
        codec.decode(chunk, spec_of(np.array(texts, object), name))


@number_cases
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_numbers_come_back(name: str, data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5))
    spec = number_spec(name, shape)
    elements = st.integers(0, 1) if spec.dtype.kind == "b" else st.integers(0, 100)
    array = data.draw(hnp.arrays("i8", shape, elements=elements)).astype(spec.dtype)
    pipeline = Pipeline(number_chain(name), spec)
    encoded = pipeline.encode(array.T.copy().T)  # in another order of memory
    assert pipeline.serializer.size(pipeline.stored) in (None, len(encoded))
    for decoded in each_way(pipeline, encoded):
        assert (decoded.dtype, decoded.shape) == (array.dtype, shape)
        np.testing.assert_array_equal(decoded, array)
    if name != "packbits of all bits":  # of which zarrs leaves a byte out
        with pytest.raises(ChunkError):
            pipeline.decode(encoded[:-1])


@number_cases
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_garbage_is_no_number(name: str, data: st.DataObject) -> None:
    pipeline = Pipeline(number_chain(name), number_spec(name))
    size = len(pipeline.encode(np.zeros((3, 4), pipeline.spec.dtype)))
    damaged = data.draw(st.binary(min_size=size, max_size=size) | st.binary(max_size=300))
    try:
        decoded = pipeline.decode(damaged)
    except ChunkError:
        return
    assert decoded.shape == (3, 4)


@pytest.mark.parametrize(
    ("name", "configuration", "dtype"),
    [
        ("bitround", {}, "f4"),
        ("bitround", {"keepbits": 0}, "f4"),
        ("bitround", {"keepbits": True}, "f4"),
        ("bitround", {"keepbits": 3}, "?"),
        ("bitround", {"keepbits": 3}, "S2"),
        ("cast_value", {}, "f4"),
        ("cast_value", {"data_type": "int8", "mode": 1}, "f4"),
        ("cast_value", {"data_type": "bool"}, "f4"),
        ("cast_value", {"data_type": "string"}, "f4"),
        ("cast_value", {"data_type": "int8"}, "?"),
        ("cast_value", {"data_type": "int8"}, "F"),
        ("cast_value", {"data_type": "int8", "rounding": "down"}, "f4"),
        ("cast_value", {"data_type": "int8", "out_of_range": "nan"}, "f4"),
        ("cast_value", {"data_type": "float32", "out_of_range": "wrap"}, "f8"),
        ("cast_value", {"data_type": "int8", "scalar_map": {"both": []}}, "f4"),
        ("cast_value", {"data_type": "int8", "scalar_map": {"encode": [["NaN"]]}}, "f4"),
        ("cast_value", {"data_type": "int8", "scalar_map": {"encode": [["NaN", 128]]}}, "f4"),
        ("cast_value", {"data_type": "int8", "scalar_map": {"encode": [["NaN", 1]]}}, "i4"),
        ("n5_default", {}, "i4"),
        ("n5_default", {"codecs": ["bytes"]}, "i4"),
        ("n5_default", NUMBER_CASES["n5_default"][0], "S4"),
        ("packbits", {"padding_encoding": "start_byte"}, "?"),
        ("packbits", {"last_bit": 1}, "?"),
        ("packbits", {"first_bit": 5, "last_bit": 4}, "i2"),
        ("packbits", {"first_bit": -1}, "i2"),
        ("packbits", {}, "S2"),
        ("reshape", {}, "i2"),
        ("reshape", {"shape": [5]}, "i2"),
        ("reshape", {"shape": [0, -1]}, "i2"),
        ("reshape", {"shape": [-1, -1]}, "i2"),
        ("reshape", {"shape": [[1], [0]]}, "i2"),
        ("reshape", {"shape": [[0], [2]]}, "i2"),
        ("reshape", {"shape": [4, [0]]}, "i2"),
        ("reshape", {"shape": [2, [1], -1]}, "i2"),
        ("scale_offset", {"factor": 1}, "i2"),
        ("scale_offset", {"scale": 0}, "i2"),
        ("scale_offset", {"scale": 0.5}, "i2"),
        ("scale_offset", {"offset": 300}, "u1"),
        ("scale_offset", {"offset": 1}, "u1"),
        ("scale_offset", {}, "?"),
        ("transpose", {"order": "A"}, "i2"),
    ],
)
def test_codecs_of_numbers_that_cannot_be_are_refused(
    name: str, configuration: dict[str, Any], dtype: str
) -> None:
    data_type = zarr_type(np.dtype(dtype))
    spec = ChunkSpec((3, 4), np.dtype(dtype), data_type, np.zeros((), dtype)[()])
    rest = [] if name in ("n5_default", "packbits") else [Extension("bytes", {"endian": "little"})]
    with pytest.raises(MetadataError):
        Pipeline([Extension(name, configuration), *rest], spec)


def test_shapes_types_and_fill_values_go_through_a_chain() -> None:
    """The example of scale_offset's specification, turned and in one row."""
    spec = ChunkSpec((2, 3), np.dtype("f8"), Extension("float64"), np.float64("nan"))
    maps = {"encode": [["NaN", 0]], "decode": [[0, "NaN"]]}
    chain = [
        Extension("transpose", {"order": "F"}),
        Extension("reshape", {"shape": [-1]}),
        Extension("scale_offset", {"offset": -10, "scale": 0.1}),
        Extension("cast_value", {"data_type": "uint8", "scalar_map": maps}),
        Extension("bytes"),
    ]
    pipeline = Pipeline(chain, spec)
    assert [step.shape for _, step in pipeline.array_codecs] == [(2, 3), (3, 2), (6,), (6,)]
    assert pipeline.stored == ChunkSpec((6,), np.dtype("u1"), Extension("uint8"), 0)
    array = np.array([[0, 20, 2540], [np.nan, 10, 14]])
    encoded = pipeline.encode(array)
    assert list(encoded) == [1, 0, 3, 2, 255, 2]
    expected = [[0, 20, 2540], [np.nan, 10, 10]]
    np.testing.assert_allclose(pipeline.decode(encoded), expected, atol=1e-12)
    delta = Extension("numcodecs.delta", {"dtype": "<i2", "astype": "<i4"})
    spec = ChunkSpec((6,), np.dtype("i2"), Extension("int16"), np.int16(7))
    stored = Pipeline([delta, Extension("bytes", {"endian": "big"})], spec).stored
    assert (stored.data_type, stored.dtype, stored.fill_value) == (Extension("int32"), "i4", 7)


@pytest.mark.parametrize(("order", "axes"), [("C", (0, 1, 2)), ("F", (2, 1, 0))])
def test_the_orders_of_early_documents_are_read(order: str, axes: tuple[int, ...]) -> None:
    array = np.arange(24, dtype="<i4").reshape(2, 3, 4)
    chain = [Extension("transpose", {"order": order}), Extension("endian", {"endian": "big"})]
    pipeline = Pipeline(chain, spec_of(array))
    encoded = array.transpose(axes).astype(">i4").tobytes()
    assert pipeline.encode(array) == encoded
    assert np.array_equal(pipeline.decode(encoded), array)


def exactly_rounded(number: Fraction, rounding: str) -> int:
    low = floor(number)
    rest = number - low
    towards = {
        "towards-zero": number < 0,
        "towards-positive": True,
        "towards-negative": False,
        "nearest-even": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1),
        "nearest-away": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and number > 0),
    }
    return low + (rest > 0 and towards[rounding])


def exactly_cast(number: Fraction, dtype: np.dtype, rounding: str) -> Fraction:
    """Return what a number becomes in a type without ends."""
    if dtype.kind != "f" or number == 0:
        return Fraction(exactly_rounded(number, rounding))
    exponent = floor(log2(abs(number)))
    exponent += Fraction(2) ** (exponent + 1) <= abs(number)
    exponent -= Fraction(2) ** exponent > abs(number)
    info = np.finfo(dtype)
    last = Fraction(2) ** max(exponent - int(info.nmant), int(info.minexp) - int(info.nmant))
    return exactly_rounded(number / last, rounding) * last


CASTS = st.sampled_from(["i1", "u1", "i2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]).map(np.dtype)
# Powers of two and what is near to them, which is where rounding goes wrong.
NEAR = st.builds(
    lambda sign, exponent, more: sign * (Fraction(2) ** exponent + more),
    st.sampled_from([1, -1]),
    st.integers(-28, 66),
    st.sampled_from([0, 1, -1, 3, Fraction(1, 2), Fraction(-1, 2), Fraction(1, 2**26)]),
)


@given(NEAR, CASTS, CASTS, st.sampled_from(sorted(ROUNDINGS)))
@settings(max_examples=1500, deadline=None)
def test_casts_are_those_of_exact_arithmetic(
    number: Fraction, source: np.dtype, target: np.dtype, rounding: str
) -> None:
    if source.kind == "f":
        with np.errstate(over="ignore"):
            array = np.array([float(number)]).astype(source)
        assume(np.isfinite(array[0]))
        number = Fraction(float(array[0]))
    else:
        number = Fraction(int(number))
        assume(np.iinfo(source).min <= number <= np.iinfo(source).max)
        array = np.array([int(number)], source)
    wanted = exactly_cast(number, target, rounding)
    info: Any = np.finfo(target) if target.kind == "f" else np.iinfo(target)
    low, high = (
        (Fraction(float(end)) if target.kind == "f" else Fraction(int(end)))
        for end in (info.min, info.max)
    )
    if low <= wanted <= high:
        found = cast(array, target, rounding, None)
        assert found.dtype == target
        assert Fraction(found[0].item()) == wanted
        return
    with pytest.raises(ArithmeticError):
        cast(array, target, rounding, None)
    clamped = cast(array, target, rounding, "clamp")[0]
    if target.kind == "f":
        assert np.isinf(clamped)
        assert (clamped > 0) == (wanted > 0)
        return
    assert int(clamped) == (low if wanted < low else high)
    assert (int(cast(array, target, rounding, "wrap")[0]) - wanted) % 2**info.bits == 0


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_becomes_an_integer_only_if_it_is_said_which(number: float) -> None:
    array = np.array([1, number])
    for out_of_range in (None, "clamp", "wrap"):
        with pytest.raises(ArithmeticError, match="a NaN or infinity is no int8"):
            cast(array, np.dtype("i1"), "nearest-even", out_of_range)
        name = {"nan": "NaN", "inf": "+Infinity", "-inf": "-Infinity"}[str(number)]
        maps = {"encode": [[name, 5], [name, 6]]}
        codec = build("cast_value", {"data_type": "int8", "scalar_map": maps})
        assert codec.encode(array).tolist() == [1, 5]
    floats = cast(np.array([number, -0.0]), np.dtype("f4"), "towards-zero", None)
    assert str(floats[0]) == str(np.float32(number))
    assert np.signbit(floats[1])


def test_a_fill_value_that_does_not_come_back_is_refused() -> None:
    spec = ChunkSpec((2,), np.dtype("f8"), Extension("float64"), np.float64(0.5))
    with pytest.raises(MetadataError, match=r"0\.5 comes back from cast_value as 0\.0"):
        Pipeline([Extension("cast_value", {"data_type": "int8"}), Extension("bytes")], spec)
    spec = ChunkSpec((2,), np.dtype("f8"), Extension("float64"), np.float64("nan"))
    with pytest.raises(MetadataError, match="the fill value cannot be encoded"):
        Pipeline([Extension("cast_value", {"data_type": "int8"}), Extension("bytes")], spec)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u8", "i8"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_scaled_integers_are_exact_or_an_error(dtype: str, data: st.DataObject) -> None:
    info = np.iinfo(dtype)
    some = st.integers(-5, 5) | st.integers(int(info.min), int(info.max))
    inside = some.filter(lambda number: info.min <= number <= info.max)
    offset, scale = data.draw(inside), data.draw(inside.filter(bool))
    array = np.array(data.draw(st.lists(inside, min_size=1, max_size=4)), dtype)
    codec = build("scale_offset", {"offset": offset, "scale": scale})
    between = [number - offset for number in array.tolist()]
    wanted = [number * scale for number in between]
    if all(info.min <= number <= info.max for number in [*between, *wanted]):
        encoded = codec.encode(array)
        assert encoded.tolist() == wanted
        assert codec.decode(encoded, spec_of(array)).tolist() == array.tolist()
    else:
        with pytest.raises(UnsupportedError, match=f"is no {info.dtype}"):
            codec.encode(array)
    between = [Fraction(number, scale) for number in array.tolist()]
    wanted = [number + offset for number in between]
    if all(n.denominator == 1 and info.min <= n <= info.max for n in [*between, *wanted]):
        assert codec.decode(array, spec_of(array)).tolist() == wanted
    else:
        with pytest.raises(ChunkError):
            codec.decode(array, spec_of(array))


def test_floats_that_grow_too_large_are_an_error() -> None:
    codec = build("scale_offset", {"scale": 1e30})
    array = np.array([1e30, 1], "f4")
    with pytest.raises(UnsupportedError, match="overflow"):
        codec.encode(array)
    with pytest.raises(ChunkError, match="overflow"):
        build("scale_offset", {"scale": 1e-30}).decode(array, spec_of(array))
    special = np.array([np.inf, np.nan], "f4")
    np.testing.assert_array_equal(codec.decode(codec.encode(special), spec_of(special)), special)


def test_bits_are_rounded_as_zarrs_does() -> None:
    """The numbers of zarrs' own tests."""
    bytes_in = np.array([0, 3, 7, 15, 17, 54, 89, 128, 255], "u1")
    codec = build("bitround", {"keepbits": 3})
    assert codec.encode(bytes_in).tolist() == [0, 3, 7, 16, 16, 56, 96, 128, 224]
    wide = np.array([0, 1024, 1280, 1664, 1685, 123145182, 4294967295], "u4")
    expected = [0, 1024, 1280, 1536, 1792, 117440512, 3758096384]
    assert codec.encode(wide).tolist() == expected
    floats = np.array([0.0, 1.23456789, -8.3587192834, 98765.43210], "f4")
    assert codec.encode(floats).tolist() == [0.0, 1.25, -8.0, 98304.0]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_floats_are_rounded_as_numcodecs_does(dtype: str, data: st.DataObject) -> None:
    array = data.draw(hnp.arrays(dtype, 4, elements={"allow_nan": False}))
    keepbits = data.draw(st.integers(1, int(np.finfo(dtype).nmant)))
    theirs = numcodecs.BitRound(keepbits).encode(array.copy())
    before = array.tobytes()
    assert build("bitround", {"keepbits": keepbits}).encode(array).tobytes() == theirs.tobytes()
    assert array.tobytes() == before, "the input was changed"


@pytest.mark.parametrize("keepbits", [1, 23, 60])
def test_rounding_keeps_what_is_no_number(keepbits: int) -> None:
    array = np.array([0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0x7F800000], "u4").view("f4")
    assert build("bitround", {"keepbits": keepbits}).encode(array).tobytes() == array.tobytes()


@pytest.mark.parametrize("padding", ["none", "first_byte", "last_byte"])
@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "i2", "u4", "i8", "f4", "F"])
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_packed_bits_are_those_of_the_numbers(
    padding: str, dtype: str, data: st.DataObject
) -> None:
    parts = 2 if dtype == "F" else 1
    bits = 1 if dtype == "?" else 8 * np.dtype(dtype).itemsize // parts
    first = data.draw(st.integers(0, bits - 1))
    last = data.draw(st.integers(first, bits - 1))
    count = data.draw(st.integers(1, 20))
    size = np.dtype(dtype).itemsize * count
    raw = data.draw(st.binary(min_size=size, max_size=size))
    array = np.frombuffer(raw, dtype) if dtype != "?" else np.frombuffer(raw, "u1") > 99
    members = {"first_bit": first, "last_bit": last, "padding_encoding": padding}
    spec, codec = spec_of(array), build("packbits", members)
    numbers = array.view(f"u{array.dtype.itemsize // parts}").tolist()
    width = last - first + 1
    all_bits = sum((n >> first) % 2**width << i * width for i, n in enumerate(numbers))
    packed = all_bits.to_bytes(-(-len(numbers) * width // 8), "little")
    pad = bytes([-len(numbers) * width % 8])
    expected = {"none": packed, "first_byte": pad + packed, "last_byte": packed + pad}[padding]
    assert codec.encode(array, spec) == expected
    decoded = codec.decode(expected, spec)
    assert codec.encode(decoded, spec) == expected
    if array.dtype.kind == "i":
        signed = [(n >> first) % 2**width for n in numbers]
        signed = [n - (n >> (width - 1) << width) << first for n in signed]
        assert decoded.tolist() == [
            (n + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) for n in signed
        ]
    if width == bits:
        assert decoded.tobytes() == array.tobytes()
        if bits > 1:  # as zarrs has it
            assert codec.decode(packed, spec).tobytes() == array.tobytes()
    if padding != "none":
        wrong = bytes([pad[0] ^ 1])
        damaged = wrong + packed if padding == "first_byte" else packed + wrong
        with pytest.raises(ChunkError, match="which is wrong"):
            codec.decode(damaged, spec)


def test_many_numbers_are_packed_in_blocks() -> None:
    array = (np.arange(200_003) % 1000).astype("u2")
    codec = build("packbits", {"last_bit": 10})
    encoded = codec.encode(array, spec_of(array))
    assert len(encoded) == -(-200_003 * 11 // 8)
    assert np.array_equal(codec.decode(encoded, spec_of(array)), array)


@pytest.mark.parametrize(
    ("chunk", "reason"),
    [
        (b"", "the header of a block 12"),
        (bytes.fromhex("000100020000000300000004"), "mode 1 and 2 dimensions"),
        (bytes.fromhex("000000010000000300000004"), "mode 0 and 1 dimensions"),
        (bytes.fromhex("0000000200000003ffffffff"), "the chunk only"),
        (bytes.fromhex("000000020000000300000004"), "gzip|stream|ends|cut"),
    ],
)
def test_blocks_of_n5_that_are_damaged_are_refused(chunk: bytes, reason: str) -> None:
    pipeline = Pipeline(number_chain("n5_default"), number_spec("n5_default"))
    with pytest.raises(ChunkError, match=reason):
        pipeline.decode(chunk)


@given(hnp.array_shapes(min_dims=2, max_dims=2, max_side=4))
def test_a_block_of_n5_may_be_cut_at_the_edge(shape: tuple[int, ...]) -> None:
    spec = number_spec("n5_default", (4, 4))
    block = np.arange(prod(shape), dtype="i4").reshape(shape)
    body = build("gzip", {"level": 1}).encode(block.T.astype(">i4").tobytes())
    header = np.array([0, 2], ">u2").tobytes() + np.array(shape, ">u4").tobytes()
    found = Pipeline(number_chain("n5_default"), spec).decode(header + bytes(body))
    expected = np.zeros((4, 4), "i4")
    expected[: shape[0], : shape[1]] = block
    assert np.array_equal(found, expected)


DTYPES = st.sampled_from(["?", *"bBhHiIqQ", "e", "f", "d", "F", "D", "S3", "U2", "V3"]).map(
    np.dtype
)
ARRAY_SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)


@st.composite
def filled(draw: st.DrawFn) -> np.ndarray:
    """Arrays of any bits, as far as NumPy calls them values."""
    dtype, shape = draw(DTYPES), draw(ARRAY_SHAPES)
    size = int(np.prod(shape))
    if dtype.kind in "?U":
        array: np.ndarray = draw(hnp.arrays(dtype, shape))
        return array
    data = draw(st.binary(min_size=dtype.itemsize * size, max_size=dtype.itemsize * size))
    return np.frombuffer(data, dtype).reshape(shape)


BYTE_CODECS = [
    Extension("blosc", {"cname": "lz4", "clevel": 1, "shuffle": "shuffle", "typesize": 4}),
    Extension("crc32c"),
    Extension("gzip"),
    Extension("zstd"),
    Extension("numcodecs.zlib"),
    Extension("numcodecs.shuffle", {"elementsize": 3}),
    Extension("numcodecs.fletcher32"),
]


@given(
    filled(),
    st.sampled_from(["little", "big"]),
    st.lists(st.sampled_from(BYTE_CODECS), max_size=3),
    st.data(),
)
@settings(max_examples=250, deadline=None)
def test_chunks_come_back_through_any_chain(
    array: np.ndarray, endian: str, codecs: list[Extension], data: st.DataObject
) -> None:
    order = data.draw(st.none() | st.permutations(range(array.ndim)))
    first = [] if order is None else [Extension("transpose", {"order": list(order)})]
    chain = [*first, Extension("bytes", {"endian": endian}), *codecs]
    pipeline = Pipeline(chain, spec_of(array))
    encoded = pipeline.encode(array)
    assert type(encoded) is bytes
    if not codecs:
        stored = array.transpose(order) if order is not None else array
        swapped = stored.astype(stored.dtype.newbyteorder(endian))
        assert encoded == swapped.tobytes()
    for decoded in each_way(pipeline, encoded):
        assert (decoded.dtype, decoded.shape) == (array.dtype, array.shape)
        assert decoded.tobytes() == array.tobytes()
    with pytest.raises(ChunkError):
        pipeline.decode(encoded + b"\0")


def each_way(pipeline: Pipeline, encoded: bytes) -> Iterator[np.ndarray]:
    """Yield a chunk that is decoded by itself, in room for many, to two places, and in parts."""
    spec, room = pipeline.spec, pipeline.room()
    for used in (None, room, room):
        yield pipeline.decode(encoded, used)
    # One place in one piece, one that is not.
    for place in (np.empty(spec.shape, spec.dtype), np.empty((*spec.shape, 2), spec.dtype)[..., 0]):
        pipeline.decode_into(encoded, place, room)
        yield place
    every = tuple(slice(0, size, 1) for size in spec.shape)
    yield pipeline.decode_part(encoded, every, outer_extents, room)


@pytest.mark.parametrize("chain", [[], [Extension("crc32c")], [Extension("numcodecs.shuffle")]])
@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_chunk_of_wrong_size_names_both_sizes(chain: list[Extension], length: int) -> None:
    spec = spec_of(np.zeros(4, "<i4"))
    data: Any = bytes(length)
    for codec in chain:
        data = bytes(build(codec.name, {}).encode(data))
    pipeline = Pipeline([Extension("bytes", {"endian": "little"}), *chain], spec)
    for room in (None, pipeline.room()):
        with pytest.raises(ChunkError, match=f"{length} bytes when decoded, expected 16"):
            pipeline.decode(data, room)


@pytest.mark.parametrize("name", ARRAY_CASES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_array_codecs_of_numcodecs_keep_the_values_they_are_for(
    name: str, data: st.DataObject
) -> None:
    configuration, dtype = ARRAY_CASES[name]
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=5))
    elements = st.integers(0, 1) if dtype == "|b1" else st.integers(-100, 100)
    array = data.draw(hnp.arrays("i8", shape, elements=elements)).astype(dtype)
    chain = [Extension(name, configuration), Extension("bytes", {"endian": "little"})]
    pipeline = Pipeline([*chain, Extension("zstd")], spec_of(array))
    encoded = pipeline.encode(array)
    for decoded in each_way(pipeline, encoded):
        assert decoded.dtype == array.dtype
        np.testing.assert_array_equal(decoded, array)
    with pytest.raises(ChunkError):
        pipeline.decode(bytes(build("zstd", {}).encode(b"123")))


@pytest.mark.parametrize("name", ["bitround", "packbits"])
def test_filters_that_need_elements_decode_behind_the_bytes_too(name: str) -> None:
    configuration, dtype = ARRAY_CASES[PREFIX + name]
    array = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1], dtype)
    behind = build(PREFIX + name, configuration)
    before = build(PREFIX + name, configuration, "array_array")
    encoded = before.encode(array).tobytes()
    assert bytes(behind.decode(encoded, array.nbytes)) == array.tobytes()
    if name == "bitround":  # which does not know what the elements are
        with pytest.raises(UnsupportedError, match="bitround cannot encode this"):
            behind.encode(array.tobytes())


def test_opening_a_large_chunk_encodes_nothing() -> None:
    spec = ChunkSpec((2**14, 2**16), np.dtype("u1"), Extension("uint8"), 0)
    chain = [Extension("numcodecs.delta", {"dtype": "u1"}), Extension("bytes")]
    assert Pipeline(chain, spec).stored.shape == spec.shape


@pytest.mark.parametrize("name", ["pickle", "msgpack2", "json", "msgpack"])
def test_what_is_not_allowed_is_not_built(name: str) -> None:
    with pytest.raises(UnknownNameError, match="is unknown or not allowed; allowed: adler32"):
        build(PREFIX + name, {})


@pytest.mark.parametrize("dtype", ["|O", "<U4", "|S3", "|V0"])
def test_no_parameter_lets_other_than_numbers_in(dtype: str) -> None:
    for name, (configuration, _) in ARRAY_CASES.items():
        for key in {"dtype", "astype", "decode_dtype", "encode_dtype"} & set(configuration):
            with pytest.raises(MetadataError, match=r"object|not numbers|only floating point"):
                build(name, configuration | {key: dtype})


# What numcodecs itself has stored over the years.

VECTORS = SHARED / "fixtures" / "numcodecs.tar.gz"
OBJECTS = SHARED / "fixtures" / "expected" / "numcodecs-objects.tar.gz"
NOT_SUPPORTED = {"msgpack2", "pickle"}
LOSSY = {"astype", "bitround", "fixedscaleoffset", "quantize"}
NO_SNAPPY = 7  # frames of a compressor that is not compiled in


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("vectors")
    for path in (VECTORS, OBJECTS):
        with tarfile.open(path) as archive:
            archive.extractall(place, filter="data")
    return place


def cases(folder: Path) -> Iterator[tuple[dict[str, Any], Path, Path]]:
    """Yield configuration, array and encoded bytes of every vector below a folder."""
    for config in sorted(folder.rglob("config.json")):
        for encoded in sorted(config.parent.glob("encoded.*.dat")):
            array = config.parent.parent / f"array.{encoded.name.split('.')[1]}.npy"
            yield json.loads(config.read_text()), array, encoded


@pytest.mark.skipif(
    not (VECTORS.exists() and OBJECTS.exists()),
    reason="fixtures/numcodecs.tar.gz of the shared folder is not there",
)
def test_all_vectors_of_numcodecs_decode(vectors: Path) -> None:
    counts: dict[str, int] = {}
    refused = []
    for folder in sorted((vectors / "numcodecs").iterdir()):
        if folder.name in NOT_SUPPORTED:
            continue
        for configuration, array_path, encoded in cases(folder):
            name = configuration.pop("id")
            found = counts.setdefault(name, 0)
            if name == "json":  # withdrawn long ago: no shape stands in it
                with pytest.raises(UnknownNameError):
                    vector_codec(name, configuration)
                continue
            if configuration.get("elementsize") == 0:  # no bytes of nothing; readers differ
                with pytest.raises(MetadataError):
                    vector_codec(name, configuration)
                continue
            try:
                check_vector(name, configuration, array_path, encoded.read_bytes(), vectors)
            except ChunkError:
                refused.append(configuration.get("cname"))
            counts[name] = found + 1
    assert refused == ["snappy"] * NO_SNAPPY
    tested = [*BYTES, *VLEN, *OBJECTS_IN, *ARRAY_CASES]
    assert set(counts) == {
        *(name.removeprefix(PREFIX) for name in tested if " " not in name),
        *("blosc", "json"),
        *("pcodec", "zfpy"),
    } - {"bitround", "conditional", "fletcher32", "jenkins_lookup3"}  # of these there are none
    assert sum(counts.values()) > 700


def check_vector(
    name: str, configuration: dict[str, Any], array_path: Path, data: bytes, vectors: Path
) -> None:
    inside = array_path.relative_to(vectors / "numcodecs").with_suffix(".json")
    objects_path = vectors / "numcodecs-objects" / inside
    full_name = name if name in VLEN else PREFIX + name
    if full_name in VLEN or full_name in OBJECTS_IN:
        codec = build(full_name, configuration)
        if objects_path.exists():
            stored = json.loads(objects_path.read_text(encoding="utf-8"))
            shape, values = stored["shape"], stored["values"]
            dtype, data_type = np.dtype(object), spec_of(np.zeros(1, object), full_name).data_type
        else:
            array = np.load(array_path)
            dtype, data_type = array.dtype, zarr_type(array.dtype)
            shape, values = array.shape, array.ravel().tolist()
        spec = ChunkSpec(tuple(shape), dtype, data_type, None)
        if name == "json2":  # the file says "nan" for NaN, which reads as none
            values = [None if value == "nan" else value for value in values]
        if name == "json2" and not all(isinstance(value, str | None) for value in values):
            with pytest.raises(ChunkError, match="other things than texts"):
                codec.decode(data, spec)
            return
        check_objects(codec.decode(data, spec), values)
        return
    array = np.load(array_path)
    if lacking(full_name):
        return
    if full_name in NUMBER_CASES and name in ("zfpy", "pcodec"):
        spec = ChunkSpec(array.shape, array.dtype, zarr_type(array.dtype), None)
        found = build(full_name, configuration).decode(data, spec)
        near = 1e-6 if name == "zfpy" else 0
        np.testing.assert_allclose(found.ravel(), array.ravel("A"), rtol=near)
        return
    # Arrays of datetimes are views of integers for all codecs.
    expected = array.tobytes("A")
    decoded = bytes(vector_codec(name, configuration).decode(data, array.nbytes))
    if name not in LOSSY:
        assert decoded == expected
        return
    close = np.frombuffer(decoded, array.dtype)
    scale = configuration.get("scale")
    tolerance = 1 / scale if scale else 10.0 ** -configuration.get("digits", 0)
    np.testing.assert_allclose(close, array.ravel("A"), atol=tolerance, rtol=1e-3)


def vector_codec(name: str, configuration: dict[str, Any]) -> Any:
    if name == "blosc":
        shuffles = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle", -1: "shuffle"}
        configuration = configuration | {"shuffle": shuffles[configuration["shuffle"]]}
    return build(name if name in v2.SHARED else PREFIX + name, configuration)


def check_objects(decoded: np.ndarray, values: list[Any]) -> None:
    expected = objects(
        [
            (v["values"] if "values" in v else b64decode(v["base64"])) if isinstance(v, dict) else v
            for v in values
        ]
    ).reshape(decoded.shape)  # encoded in the order of memory, which was not kept
    assert plain(decoded) in (plain(expected), expected.ravel("F").tolist())


# What might kill the process or eat its memory runs in one of its own.


EACH = 20_000 if os.environ.get("ZARR_CDM_SWEEP") == "full" else 360  # mutations of a codec


def in_child(*arguments: str) -> Any:
    script = Path(__file__).parent / "codec_child.py"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(script), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=900,
    )
    assert done.returncode == 0, f"ended by {done.returncode}:\n{done.stderr[-3000:]}"
    return json.loads(done.stdout)


def test_damaged_chunks_kill_no_process_and_raise_nothing_but_chunk_errors() -> None:
    many = EACH * 5  # of Blosc, which crashes most easily, five times as many
    found = in_child("fuzz", "20261120", str(many))
    parts = {f"{name} in parts" for name in BYTES if name.startswith("blosc")}
    numbers = [name for name in NUMBER_CASES if not lacking(name)]
    assert set(found) == {*BYTES, *VLEN, *OBJECTS_IN, *numbers, *parts}
    damaged = {name: counts["damaged"] for name, counts in found.items()}
    assert min(damaged.values()) >= EACH * 0.98  # but for rounding
    assert sum(many for name, many in damaged.items() if name.startswith("blosc")) > 80 * EACH
    for name, counts in found.items():
        if name in NUMBER_CASES:  # nearly all bits are numbers
            continue
        assert counts["refused"] > 0.1 * counts["damaged"], name


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux: an address limit")
def test_no_bomb_goes_off() -> None:
    found = in_child("bombs")
    assert len(found) == 17, sorted(found)
    for name, what in found.items():
        assert what["seconds"] < 1, (name, what)
