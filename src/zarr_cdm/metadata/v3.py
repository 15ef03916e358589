"""Zarr v3: ``zarr.json`` and the documents that it holds.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html

>>> document = read({"zarr_format": 3, "node_type": "group", "attributes": {"title": "ocean"}})
>>> write(document)
{'zarr_format': 3, 'node_type': 'group', 'attributes': {'title': 'ocean'}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zarr_cdm.errors import MetadataError, UnknownNameError, UnsupportedError
from zarr_cdm.limits import current
from zarr_cdm.metadata import fills, structs
from zarr_cdm.metadata.documents import ArrayMetadata, Document, GroupMetadata
from zarr_cdm.metadata.dtypes import zero_of
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.lenient import lenient

KEY = "zarr.json"
CONSOLIDATED = "consolidated_metadata"
COMMON = {"zarr_format", "node_type", "attributes"}
ARRAY = COMMON | {
    "shape",
    "data_type",
    "chunk_grid",
    "chunk_key_encoding",
    "fill_value",
    "codecs",
    "dimension_names",
    "storage_transformers",
}
OPTIONAL = {"attributes", "dimension_names", "storage_transformers"}
# GDAL 3.10 writes a compressor alone, and no codecs at all where nothing is compressed.
PLAIN_BYTES = Extension("bytes", {"endian": "little"})
COMPRESSORS = {"blosc", "gzip", "zstd"}
# Codecs of early drafts: their names and what they say of an order.
OLD_CODECS = {("endian", None), ("transpose", "C"), ("transpose", "F")}


def read(document: Mapping[str, Any]) -> Document:
    """Return the document of the array or group that ``zarr.json`` describes.

    Raises
    ------
    MetadataError
        A member is missing or impossible, or must be understood and is not.
    """
    if document.get("zarr_format") != 3:
        raise MetadataError(f"zarr_format is {document.get('zarr_format')!r}, expected 3")
    kind = document.get("node_type")
    if kind == "group":
        members = _other_members(document, COMMON | {CONSOLIDATED})
        return GroupMetadata(_attributes(document), members)
    if kind == "array":
        return _read_array(document)
    raise MetadataError(f"node_type is {kind!r}, expected 'array' or 'group'")


def _read_array(document: Mapping[str, Any]) -> ArrayMetadata:
    missing = ARRAY - set(document) - OPTIONAL - {"codecs"}
    if missing:
        raise MetadataError(f"an array needs {', '.join(sorted(missing))}")
    for name in OPTIONAL:
        if document.get(name, "") is None:
            lenient(f"{name} is null and not left out")
    shape = read_shape(document["shape"])
    data_type = structs.canonical(Extension.from_json(document["data_type"]))
    chain = _codecs(document)
    return ArrayMetadata(
        shape=shape,
        data_type=data_type,
        chunk_grid=Extension.from_json(document["chunk_grid"]),
        chunk_key_encoding=Extension.from_json(document["chunk_key_encoding"]),
        fill_value=_fill_value(document["fill_value"], data_type, _endian(chain)),
        codecs=chain,
        attributes=_attributes(document),
        dimension_names=_dimension_names(document.get("dimension_names"), len(shape)),
        members={**_transformers(document), **_other_members(document, ARRAY)},
    )


def _codecs(document: Mapping[str, Any]) -> tuple[Extension, ...]:
    """Return the chain of codecs, with plain bytes at its beginning where it says none."""
    codecs = document.get("codecs", [PLAIN_BYTES.to_json()])
    if not isinstance(codecs, list) or not codecs:
        raise MetadataError(f"codecs is {codecs!r}, expected a list that is not empty")
    current().check("codecs", len(codecs), "the chain of codecs")
    chain = tuple(Extension.from_json(codec) for codec in codecs)
    is_bare = {codec.name for codec in chain} <= COMPRESSORS
    if is_bare or "codecs" not in document:
        lenient("no codec of an array makes bytes of it, little-endian ones are taken")
    for codec in chain:
        order = codec.configuration.get("order")
        if (codec.name, order if isinstance(order, str) else None) in OLD_CODECS:
            lenient(f"there is a codec {codec.name!r} of an early draft")
    return (PLAIN_BYTES, *chain) if is_bare else chain


def _fill_value(value: Any, data_type: Extension, endian: str | None) -> Any:
    if value is None:
        zero = zero_of(data_type)
        lenient("fill_value is null, zero (or an empty text) is taken for it")
        return zero
    return fills.of_document(value, data_type, endian)


def _transformers(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the storage transformers, as a member to keep; raise for one that changes the data."""
    found = document.get("storage_transformers") or []
    for each in found if isinstance(found, list) else [found]:
        if not isinstance(each, dict) or each.get("must_understand") is not False:
            raise UnsupportedError(f"storage transformers are not known: {found!r}")
    return {"storage_transformers": found} if found else {}


def _endian(codecs: tuple[Extension, ...]) -> str | None:
    """Return the byte order that the codecs say, in which old structs have their fill values."""
    for codec in codecs:
        endian = codec.configuration.get("endian") if codec.name == "bytes" else None
        if endian is not None:
            if endian not in ("little", "big"):
                raise MetadataError(f"endian is {endian!r}, expected 'little' or 'big'")
            return str(endian)
    return None


def read_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape; every length is a whole number from 0 to 2**63 - 1."""
    if not isinstance(shape, list) or not all(
        isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**63 for size in shape
    ):
        raise MetadataError(f"the shape is {shape!r}, expected a list of whole numbers")
    current().check("dimensions", len(shape), "the number of dimensions")
    return tuple(shape)


def _attributes(document: Mapping[str, Any]) -> dict[str, Any]:
    attributes = document.get("attributes")
    if attributes is None:
        return {}
    if not isinstance(attributes, dict):
        raise MetadataError(f"attributes is {type(attributes).__name__}, expected an object")
    return attributes


def _dimension_names(names: Any, rank: int) -> tuple[str | None, ...] | None:
    if names is None:
        return None
    if (
        not isinstance(names, list)
        or len(names) != rank
        or not all(name is None or isinstance(name, str) for name in names)
    ):
        raise MetadataError(
            f"dimension_names is {names!r}, expected {rank} names, one for each dimension"
        )
    return tuple(names)


def _other_members(document: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the members that may be ignored; raise for one that must be understood."""
    others = {name: value for name, value in document.items() if name not in known}
    for name, value in others.items():
        if not isinstance(value, dict) or value.get("must_understand") is not False:
            raise UnknownNameError(
                f"unknown member {name!r}; only one with must_understand: false may be passed over"
            )
    return others


def write(document: Document) -> dict[str, Any]:
    """Return ``zarr.json`` for a document: the inverse of `read`.

    Raises
    ------
    UnsupportedError
        The document uses what v3 has no word for.
    """
    if isinstance(document, GroupMetadata):
        return {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": dict(document.attributes),
            **document.members,
        }
    names = document.dimension_names
    structs.check_v3(document.data_type)
    for codec in document.codecs:
        if codec.name == "bytes" and isinstance(codec.configuration.get("endian"), tuple):
            raise UnsupportedError("the fields differ in byte order, which Zarr v3 cannot say")
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(document.shape),
        "data_type": document.data_type.to_short_json(),
        "chunk_grid": document.chunk_grid.to_json(),
        "chunk_key_encoding": document.chunk_key_encoding.to_json(),
        "fill_value": fills.encode(document.fill_value, document.data_type),
        "codecs": [codec.to_json() for codec in document.codecs],
        "attributes": dict(document.attributes),
        **({} if names is None else {"dimension_names": list(names)}),
        **document.members,
    }
