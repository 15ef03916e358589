"""Documents of all kinds, as hypothesis strategies, and when two of them are the same."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np

from zarr_cdm.metadata import structs
from zarr_cdm.metadata.byteorder import has_byte_order
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata
from zarr_cdm.metadata.dtypes import MACHINE, PLAIN, VARIABLE, numpy_dtype
from zarr_cdm.metadata.extension import Extension

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ATTRIBUTES = st.dictionaries(TEXT, JSON, max_size=3)
NAMES = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=5)
PLAIN_TYPES = [Extension(name) for name in PLAIN]
SIZED_TYPES = [
    Extension("fixed_length_utf32", {"length_bytes": 12}),
    Extension("null_terminated_bytes", {"length_bytes": 1}),
    Extension("null_terminated_bytes", {"length_bytes": 5}),
    Extension("raw_bytes", {"length_bytes": 3}),
]
TIMES = [
    Extension(f"numpy.{kind}", {"unit": unit, "scale_factor": scale})
    for kind in ("datetime64", "timedelta64")
    for unit, scale in (("ns", 1), ("us", 10), ("Y", 2**31 - 1), ("generic", 1))
]


def struct(**fields: Extension | tuple[Extension, list[int]]) -> Extension:
    """Return a struct; a field with a shape is a pair."""
    parts = []
    for name, field in fields.items():
        data_type, shape = field if isinstance(field, tuple) else (field, None)
        part = {"name": name, "data_type": data_type.to_short_json()}
        parts.append(part if shape is None else part | {"shape": shape})
    return Extension("struct", {"fields": parts})


POINT = struct(x=Extension("float32"), y=Extension("complex64"))
STRUCTS = [
    POINT,
    struct(id=Extension("uint8"), flag=Extension("bool")),
    struct(when=TIMES[1], at=POINT, text=SIZED_TYPES[0], data=SIZED_TYPES[3], µ=Extension("int64")),
]
# With shapes, which v2 alone has.
SHAPED = [
    struct(m=(Extension("int16"), [2, 3]), n=Extension("float64")),
    struct(p=(POINT, [2]), t=(SIZED_TYPES[0], [1, 2]), one=(Extension("uint8"), [1])),
]
MACHINE_TYPES = [Extension(name) for name in MACHINE]
# How many bits of a byte count where these are not all of them.
MACHINE_BITS = {"int2": 2, "uint2": 2, "int4": 4, "uint4": 4} | {
    name: int(name[5]) for name in MACHINE if name.startswith(("float4", "float6"))
}
VARIABLE_TYPES = [Extension(name) for name, kind in VARIABLE.items() if kind in (str, bytes)]
SHARED_TYPES = [*PLAIN_TYPES, *SIZED_TYPES, *TIMES, *STRUCTS]
DATA_TYPES = [
    *SHARED_TYPES,
    *MACHINE_TYPES,
    Extension("r24"),
    Extension("complex_float32"),
    Extension("complex_float64"),
    struct(a=Extension("bfloat16"), b=Extension("r16"), c=Extension("complex_float16")),
    *VARIABLE_TYPES,
]
V2_TYPES = [*SHARED_TYPES, *SHAPED, Extension("string"), Extension("bytes")]


def fills(data_type: Extension) -> st.SearchStrategy[Any]:
    """Every bit pattern of a type, so NaN payloads, -0.0 and the largest integers too."""
    kind = VARIABLE.get(data_type.name)
    if kind is not None:
        return TEXT if kind is str else st.binary(max_size=5)
    dtype = numpy_dtype(data_type)
    if dtype.kind == "b":
        return st.booleans().map(np.bool_)
    if dtype.kind == "U":
        characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
        return st.text(characters, max_size=dtype.itemsize // 4).map(
            lambda text: np.array(text, dtype)[()]
        )
    if data_type.name in structs.NAMES:
        return _structs(data_type)
    if data_type.name in MACHINE_BITS:
        codes = st.integers(0, 2 ** MACHINE_BITS[data_type.name] - 1)
        return codes.map(lambda code: np.frombuffer(bytes([code]), dtype)[0])
    patterns = st.binary(min_size=dtype.itemsize, max_size=dtype.itemsize)
    special = [] if dtype.kind not in "fc" else [np.nan, np.inf, -np.inf, 0.0, -0.0]
    bits = [np.array(value, dtype).tobytes() for value in special]
    patterns |= st.sampled_from([*bits, b"\xff" * dtype.itemsize, b"\0" * dtype.itemsize])
    return patterns.map(lambda data: np.frombuffer(data, dtype)[0])


@st.composite
def _structs(draw: st.DrawFn, data_type: Extension) -> Any:
    whole = np.zeros((), numpy_dtype(data_type))
    for field in structs.fields_of(data_type):
        for place in np.ndindex(field.shape):
            value = draw(fills(field.data_type))
            if field.shape:
                whole[field.name][place] = value
            else:
                whole[field.name] = value
    return whole[()]


def codecs(data_type: Extension, rank: int, typesizes: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Return chains that both versions can say."""
    if data_type.name in VARIABLE:
        name = "vlen-utf8" if VARIABLE[data_type.name] is str else "vlen-bytes"
        serializers = st.just(Extension(name))
    elif has_byte_order(numpy_dtype(data_type)):
        serializers = st.sampled_from(["little", "big"]).map(
            lambda endian: Extension("bytes", {"endian": endian})
        )
    else:
        serializers = st.just(Extension("bytes"))
    blosc = st.fixed_dictionaries(
        {
            "cname": st.sampled_from(["lz4", "zstd", "blosclz"]),
            "clevel": st.integers(0, 9),
            "shuffle": st.sampled_from(["noshuffle", "shuffle", "bitshuffle"]),
            "typesize": st.sampled_from(typesizes),
            "blocksize": st.sampled_from([0, 256]),
        }
    ).map(lambda configuration: Extension("blosc", configuration))
    others = st.sampled_from(
        [
            Extension("gzip", {"level": 5}),
            Extension("zstd", {"level": 3, "checksum": True}),
            Extension("crc32c"),
            Extension("numcodecs.zlib", {"level": 4}),
            Extension("numcodecs.shuffle", {"elementsize": 4}),
            Extension("numcodecs.crc32c", {"location": "start"}),
            Extension("numcodecs.delta", {"dtype": "<i2", "astype": "<i4"}),
        ]
    )
    transposes = st.just(())
    if rank > 1:
        turned = Extension("transpose", {"order": list(range(rank))[::-1]})
        transposes |= st.just((turned,))
    return st.tuples(transposes, serializers, st.lists(blosc | others, max_size=3)).map(
        lambda parts: (*parts[0], parts[1], *parts[2])
    )


@st.composite
def shapes(draw: st.DrawFn) -> tuple[tuple[int, ...], list[int]]:
    shape = draw(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 20), max_size=4))
    return tuple(shape), [draw(st.integers(1, 9)) for _ in shape]


@st.composite
def v3_arrays(draw: st.DrawFn) -> ArrayMetadata:
    """Arrays as Zarr v3 can have them."""
    shape, chunks = draw(shapes())
    data_type = draw(st.sampled_from(DATA_TYPES))
    separators = st.sampled_from([{}, {"separator": "/"}, {"separator": "."}])
    names = st.tuples(*[st.none() | NAMES | st.just("") for _ in shape])
    unknown = st.dictionaries(JSON.map(repr), JSON, max_size=1)
    return ArrayMetadata(
        shape=shape,
        data_type=data_type,
        chunk_grid=Extension("regular", {"chunk_shape": chunks}),
        chunk_key_encoding=Extension(draw(st.sampled_from(["default", "v2"])), draw(separators)),
        fill_value=draw(fills(data_type)),
        codecs=draw(codecs(data_type, len(shape), (1, 4, 300))),
        attributes=draw(ATTRIBUTES),
        dimension_names=draw(st.none() | names),
        members=draw(
            st.just({}) | unknown.map(lambda more: {"cdm": {**more, "must_understand": False}})
        ),
    )


@st.composite
def v2_arrays(draw: st.DrawFn) -> ArrayMetadata:
    """Arrays as Zarr v2 can have them."""
    shape, chunks = draw(shapes())
    data_type = draw(st.sampled_from(V2_TYPES))
    separators = st.sampled_from([{}, {"separator": "/"}, {"separator": "."}])
    itemsize = numpy_dtype(data_type).itemsize
    return ArrayMetadata(
        shape=shape,
        data_type=data_type,
        chunk_grid=Extension("regular", {"chunk_shape": chunks}),
        chunk_key_encoding=Extension("v2", draw(separators)),
        fill_value=draw(st.none() | fills(data_type)),
        codecs=draw(codecs(data_type, len(shape), (itemsize,))),
        attributes=draw(ATTRIBUTES),
        zarr_format=2,
    )


def groups(zarr_format: Any) -> st.SearchStrategy[GroupMetadata]:
    return ATTRIBUTES.map(lambda found: GroupMetadata(found, zarr_format=zarr_format))


def same(one: Document, other: Document) -> bool:
    """Tell whether documents are equal, their fill values bit by bit."""
    if isinstance(one, GroupMetadata) or isinstance(other, GroupMetadata):
        return one == other
    bits = [_bits(document.fill_value) for document in (one, other)]
    return bits[0] == bits[1] and replace(one, fill_value=0) == replace(other, fill_value=0)


def _bits(fill: Any) -> Any:
    return (fill.dtype, fill.tobytes()) if isinstance(fill, np.generic) else (type(fill), fill)
