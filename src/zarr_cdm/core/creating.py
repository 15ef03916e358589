"""The document of a new array, from what its maker says and what goes without saying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from zarr_cdm.core.codecs.base import Kind
from zarr_cdm.core.codecs.numcodecs import ARRAYS, PREFIX
from zarr_cdm.core.codecs.table import CODECS
from zarr_cdm.core.layout import (
    INDEX_CODECS,
    chunk_shape,
    completed,
    compressors_for,
    inner_shape,
    item_bytes,
    serializer_for,
)
from zarr_cdm.core.values import fitted
from zarr_cdm.errors import MetadataError, UnknownNameError, UnsupportedError
from zarr_cdm.metadata.documents import ArrayMetadata, ZarrVersion
from zarr_cdm.metadata.dtypes import VARIABLE, numpy_dtype, zarr_type
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.json import plain

KEYS: dict[int, Extension] = {
    2: Extension("v2", {"separator": "."}),
    3: Extension("default", {"separator": "/"}),
}
_OF_ANY_LENGTH = {"U": "string", "S": "variable_length_bytes"}


def array_document(
    shape: int | Sequence[int],
    dtype: Any,
    *,
    chunks: Any = None,
    shards: int | Sequence[int] | None = None,
    fill_value: Any = None,
    codecs: Sequence[Any] | None = None,
    order: Literal["C", "F"] = "C",
    dimension_names: Sequence[str | None] | None = None,
    attributes: Mapping[str, Any] | None = None,
    chunk_key_encoding: Any = None,
    zarr_format: ZarrVersion = 3,
) -> ArrayMetadata:
    """Return the document of an array; for the parameters see `create_array`.

    Raises
    ------
    MetadataError, UnsupportedError, ValuesError
        There can be no such array.
    """
    sizes = (shape,) if isinstance(shape, int | np.integer) else shape
    whole = tuple(_length(size, "shape", 0) for size in sizes)
    data_type, endian = as_data_type(dtype)
    native = numpy_dtype(data_type)
    grid, inner = _grid(whole, chunks, shards, item_bytes(native))
    chain = _chain(codecs, data_type, native, endian, zarr_format)
    if order not in ("C", "F"):
        raise MetadataError(f"order is {order!r}, expected 'C' or 'F'")
    if order == "F" and len(whole) > 1:
        chain = (Extension("transpose", {"order": list(range(len(whole)))[::-1]}), *chain)
    if inner is not None:
        chain = (_sharded(inner, chain),)
    if zarr_format == 2 and dimension_names is not None:
        raise UnsupportedError(
            "Zarr v2 has no dimension_names; xarray looks for the attribute _ARRAY_DIMENSIONS"
        )
    keys = KEYS[zarr_format] if chunk_key_encoding is None else _keys(chunk_key_encoding)
    names = None if dimension_names is None else tuple(dimension_names)
    if names is not None and len(names) != len(whole):
        raise MetadataError(f"dimension_names is {names!r}, expected {len(whole)} names")
    return ArrayMetadata(
        shape=whole,
        data_type=data_type,
        chunk_grid=grid,
        chunk_key_encoding=keys,
        fill_value=_fill_value(fill_value, data_type, native),
        codecs=chain,
        attributes=plain(attributes or {}),
        dimension_names=names,
        zarr_format=zarr_format,
    )


def new_array(shape: Any, dtype: Any, data: Any, **others: Any) -> ArrayMetadata:
    """Return the document of an array whose shape and type may be those of its data."""
    if data is not None:
        found = data if hasattr(data, "shape") and hasattr(data, "dtype") else np.asarray(data)
        shape = found.shape if shape is None else shape
        dtype = found.dtype if dtype is None else dtype
    if shape is None or dtype is None:
        raise MetadataError("an array needs a shape and a dtype, or data that have them")
    return array_document(shape, dtype, **others)


def as_data_type(dtype: Any) -> tuple[Extension, str]:
    """Return the data type for a NumPy type or the name of one of Zarr's, and its byte order.

    >>> as_data_type(">f4")
    (Extension(name='float32', configuration={}, must_understand=True), 'big')
    >>> as_data_type(str)[0].name, as_data_type("bfloat16")[0].name
    ('string', 'bfloat16')
    """
    try:
        found = np.dtype(dtype)
    except TypeError:
        if not isinstance(dtype, str | Mapping):
            raise MetadataError(f"the dtype is {dtype!r}, expected one of NumPy's") from None
        data_type = Extension.from_json(dtype)
        numpy_dtype(data_type)
        return data_type, "little"
    if found.kind in _OF_ANY_LENGTH and not found.itemsize:
        return Extension(_OF_ANY_LENGTH[found.kind]), "little"
    swapped = found != found.newbyteorder("<")
    return zarr_type(found.newbyteorder("=")), "big" if swapped else "little"


def _fill_value(value: Any, data_type: Extension, dtype: np.dtype) -> Any:
    """Return a fill value as an element; by itself it is zero, no time, or empty."""
    element = VARIABLE.get(data_type.name)
    if value is None and element is not None:
        return element()
    if value is None:
        value = np.array("NaT", dtype) if dtype.kind in "Mm" else np.zeros((), dtype)
    found = fitted(value, dtype, element)
    if found.ndim:
        raise MetadataError(f"the fill value is {value!r}, expected one element")
    return found[()]


def _length(value: Any, what: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise MetadataError(f"{what} has {value!r}, expected whole numbers from {least} on")
    return int(value)


def _grid(
    shape: tuple[int, ...], chunks: Any, shards: Any, size: int
) -> tuple[Extension, tuple[int, ...] | None]:
    """Return the chunk grid, and the shape of the chunks in it where it is one of shards."""
    outer = chunks if shards is None else shards
    lengths = chunk_shape(shape, size) if outer is None else _lengths(outer, shape)
    if any(isinstance(axis, list) for axis in lengths):
        grid = Extension("rectilinear", {"kind": "inline", "chunk_shapes": list(lengths)})
    else:
        grid = Extension("regular", {"chunk_shape": list(lengths)})
    if shards is None:
        return grid, None
    if chunks is not None:
        return grid, tuple(_lengths(chunks, shape))
    if grid.name != "regular":
        raise MetadataError("shards of several lengths need chunks that fill all of them")
    return grid, inner_shape(lengths, size)


def _lengths(given: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return for each axis a length, or a list of lengths; -1 is all of an axis."""
    if isinstance(given, int | np.integer):
        given = (given,) * len(shape)
    if len(given) != len(shape):
        raise MetadataError(f"chunks or shards are {given!r} for the shape {shape}")
    lengths: list[Any] = []
    for axis, size in zip(given, shape, strict=True):
        if isinstance(axis, Sequence | np.ndarray):
            lengths.append([_length(length, "chunks", 1) for length in axis])
        else:
            lengths.append(max(1, size) if axis == -1 else _length(axis, "chunks", 1))
    return tuple(lengths)


def _chain(
    codecs: Sequence[Any] | None,
    data_type: Extension,
    dtype: np.dtype,
    endian: str,
    zarr_format: ZarrVersion,
) -> tuple[Extension, ...]:
    """Return the whole chain; a serializer that is not among the codecs stands in its place."""
    serializer = serializer_for(data_type, dtype, endian)
    if codecs is None:
        return (serializer, *compressors_for(data_type, dtype, zarr_format))
    named = (each if isinstance(each, Extension) else Extension.from_json(each) for each in codecs)
    given = tuple(completed(codec, dtype) for codec in named)
    kinds = [_kind(codec.name) for codec in given]
    if "array_bytes" in kinds:
        return given
    at = kinds.index("bytes_bytes") if "bytes_bytes" in kinds else len(kinds)
    return (*given[:at], serializer, *given[at:])


def _kind(name: str) -> Kind:
    if name in CODECS:
        kind: Kind = CODECS[name].kind
        return kind
    short = name.removeprefix(PREFIX)
    if short == name:
        raise UnknownNameError(f"unknown codec {name!r}; known: {', '.join(sorted(CODECS))}")
    return "array_array" if short in ARRAYS else "bytes_bytes"


def _sharded(inner: tuple[int, ...], chain: tuple[Extension, ...]) -> Extension:
    configuration = {
        "chunk_shape": list(inner),
        "codecs": [codec.to_json() for codec in chain],
        "index_codecs": [codec.to_json() for codec in INDEX_CODECS],
        "index_location": "end",
    }
    return Extension("sharding_indexed", configuration)


def _keys(given: Any) -> Extension:
    """Return a key encoding; its separator may stand beside its name."""
    if isinstance(given, Mapping) and "separator" in given:
        return Extension(str(given.get("name")), {"separator": given["separator"]})
    return given if isinstance(given, Extension) else Extension.from_json(given)
