"""What every codec promises, over all of the table and all that numcodecs may add."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from tests.data import ROOT, SHARED
from zarr_cdm.core.codecs.base import ChunkSpec, view
from zarr_cdm.core.codecs.numcodecs import ALLOWED, ARRAYS, PREFIX, numcodecs_codec
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.codecs.table import CODECS
from zarr_cdm.errors import ChunkError, MetadataError, UnknownNameError, UnsupportedError
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
    "crc32c": build("crc32c", {}),
    "gzip": build("gzip", {"level": 5}),
    "zstd": build("zstd", {"level": 3}),
    "zstd with a checksum": build("zstd", {"level": -5, "checksum": True}),
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
    names = {"vlen-utf8": Extension("string"), "vlen-bytes": Extension("bytes")}
    data_type = names.get(serializer) or zarr_type(array.dtype)
    return ChunkSpec(array.shape, array.dtype, data_type, None)


def test_every_codec_is_tested() -> None:
    named = {name.partition(" ")[0] for name in [*BYTES, *VLEN, *ARRAY_CASES]}
    assert set(CODECS) | {PREFIX + name for name in ALLOWED} == named | {"bytes", "transpose"}
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
    for out in (None, np.empty(array.shape, array.dtype), strided(array)):
        decoded = pipeline.decode(encoded, out)
        assert out is None or decoded is out
        assert (decoded.dtype, decoded.shape) == (array.dtype, array.shape)
        assert decoded.tobytes() == array.tobytes()
    with pytest.raises(ChunkError):
        pipeline.decode(encoded + b"\0")


def strided(array: np.ndarray) -> np.ndarray:
    """Return a place for an array that does not lie in one piece."""
    wide = np.empty((*array.shape, 2), array.dtype)
    return wide[..., 0]


@pytest.mark.parametrize("chain", [[], [Extension("crc32c")], [Extension("numcodecs.shuffle")]])
@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_chunk_of_wrong_size_names_both_sizes(chain: list[Extension], length: int) -> None:
    spec = spec_of(np.zeros(4, "<i4"))
    data: Any = bytes(length)
    for codec in chain:
        data = bytes(build(codec.name, {}).encode(data))
    pipeline = Pipeline([Extension("bytes", {"endian": "little"}), *chain], spec)
    for out in (None, np.empty(4, "<i4")):
        with pytest.raises(ChunkError, match=f"{length} bytes when decoded, expected 16"):
            pipeline.decode(data, out)


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
    for out in (None, np.empty(array.shape, array.dtype)):
        decoded = pipeline.decode(encoded, out)
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


@pytest.mark.parametrize(
    "name", ["pickle", "msgpack2", "json2", "categorize", "vlen-array", "zfpy"]
)
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
NOT_SUPPORTED = {"categorize", "json2", "msgpack2", "pcodec", "pickle", "vlen-array", "zfpy"}
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
    assert set(counts) == {
        *(name.removeprefix(PREFIX) for name in [*BYTES, *VLEN, *ARRAY_CASES] if " " not in name),
        "blosc",
    } - {"bitround", "fletcher32", "jenkins_lookup3"}  # of these there are none
    assert sum(counts.values()) > 700


def check_vector(
    name: str, configuration: dict[str, Any], array_path: Path, data: bytes, vectors: Path
) -> None:
    if name in VLEN:
        inside = array_path.relative_to(vectors / "numcodecs").with_suffix(".json")
        stored = json.loads((vectors / "numcodecs-objects" / inside).read_text(encoding="utf-8"))
        spec = ChunkSpec(tuple(stored["shape"]), np.dtype(object), Extension("string"), "")
        check_objects(build(name, {}).decode(data, spec), stored["values"])
        return
    array = np.load(array_path)
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
    return build(name if name in CODECS and name != "crc32c" else PREFIX + name, configuration)


def check_objects(decoded: np.ndarray, values: list[Any]) -> None:
    plain = np.empty(len(values), object)
    plain[:] = [b64decode(v["base64"]) if isinstance(v, dict) else v for v in values]
    expected = plain.reshape(decoded.shape)  # encoded in the order of memory, which was not kept
    assert decoded.ravel().tolist() in (expected.ravel().tolist(), expected.ravel("F").tolist())


# What might kill the process or eat its memory runs in one of its own.


def in_child(*arguments: str) -> Any:
    script = Path(__file__).parent / "codec_child.py"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(script), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, f"ended by {done.returncode}:\n{done.stderr[-3000:]}"
    return json.loads(done.stdout)


def test_damaged_chunks_kill_no_process_and_raise_nothing_but_chunk_errors() -> None:
    found = in_child("fuzz", "20261120", "1800")
    assert set(found) == {*BYTES, *VLEN}
    damaged = {name: counts["damaged"] for name, counts in found.items()}
    assert sum(many for name, many in damaged.items() if name.startswith("blosc")) >= 20_000
    for name, counts in found.items():
        assert counts["refused"] > 0.1 * counts["damaged"], name


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux: an address limit")
def test_no_bomb_goes_off() -> None:
    found = in_child("bombs")
    assert len(found) == 17, sorted(found)
    for name, what in found.items():
        assert what["seconds"] < 1, (name, what)
