"""Zarr v2: ``.zarray``, ``.zgroup`` and ``.zattrs``, put into the words of v3 and back.

* the byte order in ``dtype`` becomes the ``bytes`` codec's, order ``F`` a ``transpose``;
* filters and compressor follow as bytes-to-bytes codecs, ``numcodecs.…`` if v3 has no name;
* the object codec of ``|O`` decides what its data type is: ``string``, ``bytes`` or arrays.

Specification: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html

>>> array = read_array({"zarr_format": 2, "shape": [4], "chunks": [2], "dtype": ">i2", "order": "C",
...     "fill_value": 0, "filters": None, "compressor": {"id": "zlib", "level": 4}}, {})
>>> [codec.name for codec in array.codecs]
['bytes', 'numcodecs.zlib']
>>> write_array(array)["dtype"], write_array(array)["compressor"]
('>i2', {'id': 'zlib', 'level': 4})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import numpy as np

from zarr_cdm.errors import MetadataError, UnsupportedError
from zarr_cdm.limits import current
from zarr_cdm.metadata import fills, nczarr
from zarr_cdm.metadata.byteorder import Endian, to_stored
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata
from zarr_cdm.metadata.dtypes import VARIABLE, from_typestr, numpy_dtype, to_typestr
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.lenient import lenient
from zarr_cdm.metadata.v3 import read_shape

ARRAY_KEY, GROUP_KEY, ATTRIBUTES_KEY = ".zarray", ".zgroup", ".zattrs"
NUMCODECS = "numcodecs."
# Codecs of the same bytes in both versions; every other one is ``numcodecs.<id>`` in v3.
SHARED = {"blosc", "gzip", "zstd"}
# What turns objects into bytes: the v2 id, and the data type that it makes of ``|O``.
OBJECT_CODECS = {
    "vlen-utf8": "string",
    "vlen-bytes": "bytes",
    "vlen-array": "variable_length_array",
    "json2": "string",
    "categorize": "string",
}
# Those of them that v3 knows too, without parameters.
SHARED_OBJECT_CODECS = {"vlen-utf8", "vlen-bytes"}
# A filter that has to know the type: it stands before the array-to-bytes codec.
ROUNDING = "bitround"
# Codecs that other readers look for under ``compressor``; all else goes to ``filters``.
COMPRESSORS = {"blosc", "gzip", "zstd", "zlib", "bz2", "lzma", "lz4", "zfpy", "pcodec"}
# Compressors that have to know type and shape: they stand for the array-to-bytes codec.
NUMBER_COMPRESSORS = {"zfpy", "pcodec"}
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{0,18})?([eE][+-]?\d{1,3})?", re.ASCII)
SHUFFLES = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle"}


def read_array(document: Mapping[str, Any], attributes: Mapping[str, Any]) -> ArrayMetadata:
    """Return the document that ``.zarray`` and ``.zattrs`` describe.

    Raises
    ------
    MetadataError
        A member is missing or impossible.
    """
    _check_format(document)
    written, document = document, nczarr.as_stored(document, attributes)
    missing = {"shape", "chunks", "dtype", "order", "fill_value"} - set(document)
    if missing:
        raise MetadataError(f"an array needs {', '.join(sorted(missing))}")
    shape = read_shape(document["shape"])
    data_type, endian = from_typestr(document["dtype"])
    steps = _steps(document)
    separator = document.get("dimension_separator")
    data_type, serializer, steps = _serializer(data_type, endian, steps)
    rounding = list(takewhile(lambda step: step["id"] == ROUNDING, steps))
    fill = document["fill_value"]
    if str(document["dtype"]).startswith("="):
        lenient(f"the dtype {document['dtype']!r} leaves the byte order to the machine")
    item_bytes = numpy_dtype(data_type).itemsize
    return ArrayMetadata(
        shape=shape,
        data_type=data_type,
        chunk_grid=Extension("regular", {"chunk_shape": document["chunks"]}),
        chunk_key_encoding=Extension("v2", {"separator": separator} if separator else {}),
        fill_value=None if fill is None else fills.of_document(fill, data_type, endian),
        codecs=(
            *_order(document["order"], len(shape)),
            *(_codec_from_v2(step, item_bytes) for step in rounding),
            serializer,
            *(_codec_from_v2(step, item_bytes) for step in steps[len(rounding) :]),
        ),
        attributes=attributes,
        members=nczarr.members(written, document),
        zarr_format=2,
    )


def _check_format(document: Mapping[str, Any]) -> None:
    if document.get("zarr_format") != 2:
        raise MetadataError(f"zarr_format is {document.get('zarr_format')!r}, expected 2")


def _steps(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return filters and compressor in the order in which they encode."""
    filters = document.get("filters")
    if not isinstance(filters, list | None):
        raise MetadataError(f"filters is {filters!r}, expected a list or null")
    steps = list(filters or [])
    if document.get("compressor") is not None:
        steps.append(document["compressor"])
    current().check("codecs", len(steps), "the chain of codecs")
    for step in steps:
        if not isinstance(step, dict) or not isinstance(step.get("id"), str):
            raise MetadataError(f"expected a codec as an object with an id, found {step!r}")
    return steps


def _serializer(
    data_type: Extension, endian: Endian, steps: list[Mapping[str, Any]]
) -> tuple[Extension, Extension, list[Mapping[str, Any]]]:
    """Return data type, array-to-bytes codec and the steps that are left."""
    name = steps[0]["id"] if steps else None
    if name == "categorize" and data_type.name == "fixed_length_utf32":
        return data_type, _object_codec(steps[0]), steps[1:]
    if name in NUMBER_COMPRESSORS and data_type.name not in VARIABLE:
        return data_type, _object_codec(steps[0]), steps[1:]
    if data_type.name not in VARIABLE:
        return data_type, Extension("bytes", {"endian": endian} if endian else {}), steps
    if name not in OBJECT_CODECS:
        raise UnsupportedError(
            f"objects are encoded with {name!r}; readable: {', '.join(sorted(OBJECT_CODECS))}"
        )
    return Extension(OBJECT_CODECS[name]), _object_codec(steps[0]), steps[1:]


def _object_codec(step: Mapping[str, Any]) -> Extension:
    name = step["id"]
    if name in SHARED_OBJECT_CODECS:
        return Extension(name)
    return Extension(NUMCODECS + name, {key: value for key, value in step.items() if key != "id"})


def _order(order: Any, rank: int) -> tuple[Extension, ...]:
    if order not in ("C", "F"):
        raise MetadataError(f"order is {order!r}, expected 'C' or 'F'")
    if order == "C" or rank < 2:
        return ()
    return (Extension("transpose", {"order": list(range(rank))[::-1]}),)


def _codec_from_v2(step: Mapping[str, Any], item_bytes: int) -> Extension:
    configuration = {name: _number(value) for name, value in step.items() if name != "id"}
    name = step["id"]
    if name == "shuffle" and configuration.get("elementsize") == 0:  # NCZarr: as the type has it
        configuration["elementsize"] = max(1, item_bytes)
    if name == "blosc":
        configuration["typesize"] = max(1, item_bytes)
        # -1: numcodecs chooses, bits for single bytes
        shuffle = configuration.get("shuffle", 1)
        shuffle = (2 if item_bytes == 1 else 1) if shuffle == -1 else shuffle
        configuration["shuffle"] = SHUFFLES.get(shuffle, shuffle) if type(shuffle) is int else None
    if name == "crc32c" and configuration.get("location", "end") == "end":
        return Extension("crc32c")
    return Extension(name if name in SHARED else NUMCODECS + name, configuration)


def _number(value: Any) -> Any:
    """Return the number that a text stands for: NCZarr writes them so."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return int(value) if value.lstrip("+-").isdigit() else float(value)


def write_array(document: ArrayMetadata) -> dict[str, Any]:
    """Return ``.zarray`` for a document: the inverse of `read_array`, without the attributes.

    Raises
    ------
    UnsupportedError
        The document uses what v2 has no word for.
    """
    codecs = list(document.codecs)
    order = "C"
    if codecs[0].name == "transpose":
        if codecs[0].configuration["order"] != list(range(len(document.shape)))[::-1]:
            raise UnsupportedError("Zarr v2 knows order C and F, no other transpose")
        order, codecs = "F", codecs[1:]
    rounding = list(takewhile(lambda codec: codec.name == NUMCODECS + ROUNDING, codecs))
    serializer, *steps = codecs[len(rounding) :]
    endian = serializer.configuration.get("endian")
    filters = [_codec_to_v2(codec) for codec in (*rounding, *steps)]
    if serializer.name != "bytes":
        filters.insert(0, _object_codec_to_v2(serializer, document.data_type))
    compressor = filters.pop() if filters and filters[-1]["id"] in COMPRESSORS else None
    fill, keys = document.fill_value, document.chunk_key_encoding
    separator = keys.configuration.get("separator")
    if keys.name != "v2" or document.chunk_grid.name != "regular":
        raise UnsupportedError(
            f"Zarr v2 has no grid {document.chunk_grid.name!r} or chunk keys {keys.name!r}"
        )
    return {
        "zarr_format": 2,
        "shape": list(document.shape),
        "chunks": list(document.chunk_grid.configuration["chunk_shape"]),
        "dtype": to_typestr(document.data_type, endian),
        "compressor": compressor,
        "fill_value": None if fill is None else _fill_to_v2(fill, document.data_type, endian),
        "order": order,
        "filters": filters or None,
        **({"dimension_separator": separator} if separator else {}),
        **document.members,
    }


def _fill_to_v2(fill: Any, data_type: Extension, endian: Endian) -> Any:
    dtype = numpy_dtype(data_type)
    # v2 wants all bytes of the element as they are stored, the last zeros of a text too.
    if dtype.kind == "S" or dtype.names is not None:
        fill = np.void(to_stored(np.array(fill, dtype), dtype, endian).tobytes())
    return fills.encode(fill, data_type)


def _object_codec_to_v2(codec: Extension, data_type: Extension) -> dict[str, Any]:
    name = codec.name.removeprefix(NUMCODECS)
    if name not in {*OBJECT_CODECS, *NUMBER_COMPRESSORS}:
        raise UnsupportedError(f"Zarr v2 has no codec {codec.name!r}")
    dtype = {"dtype": to_typestr(data_type, None)} if name == "categorize" else {}
    return {"id": name, **codec.configuration, **dtype}


def _codec_to_v2(codec: Extension) -> dict[str, Any]:
    configuration = dict(codec.configuration)
    name = codec.name.removeprefix(NUMCODECS)
    if codec.name not in SHARED | {"crc32c"} and not codec.name.startswith(NUMCODECS):
        raise UnsupportedError(f"Zarr v2 has no codec {codec.name!r}")
    if name == "blosc":
        configuration.pop("typesize", None)
        shuffle = configuration.get("shuffle")
        configuration["shuffle"] = {word: code for code, word in SHUFFLES.items()}.get(
            str(shuffle), shuffle
        )
    if name == "zstd" and configuration.get("checksum") is False:
        del configuration["checksum"]  # old readers and tensorstore do not know the word
    if codec.name == "crc32c":
        configuration["location"] = "end"
    return {"id": name, **configuration}


def read_group(document: Mapping[str, Any], attributes: Mapping[str, Any]) -> GroupMetadata:
    """Return the document that ``.zgroup`` and ``.zattrs`` describe."""
    _check_format(document)
    return GroupMetadata(attributes, nczarr.members(document, document), zarr_format=2)


def write_group(document: GroupMetadata) -> dict[str, Any]:
    """Return ``.zgroup`` for a document, without the attributes."""
    return {"zarr_format": 2, **document.members}
