"""The store key of a chunk, from its place in the grid: a table.

Specification: zarr-specs, v3 core, "Chunk key encoding".

>>> chunk_key(Extension("default"))((1, 23))
'c/1/23'
>>> chunk_key(Extension("v2", {"separator": "."}))((1, 23)), chunk_key(Extension("v2"))(())
('1.23', '0')
"""

from __future__ import annotations

from collections.abc import Callable

from zarr_cdm.errors import MetadataError, UnknownNameError
from zarr_cdm.metadata.extension import Extension

Index = tuple[int, ...]


def _default(separator: str) -> Callable[[Index], str]:
    return lambda index: separator.join(("c", *map(str, index)))


def _v2(separator: str) -> Callable[[Index], str]:
    return lambda index: separator.join(map(str, index)) or "0"


# Name: what makes a key, and the separator where none is given.
ENCODINGS = {"default": (_default, "/"), "v2": (_v2, ".")}


def chunk_key(encoding: Extension) -> Callable[[Index], str]:
    """Return the function from chunk indices to keys, relative to the array."""
    if encoding.name not in ENCODINGS:
        known = ", ".join(sorted(ENCODINGS))
        raise UnknownNameError(f"unknown chunk key encoding {encoding.name!r}; known: {known}")
    make, usual = ENCODINGS[encoding.name]
    separator = encoding.configuration.get("separator", usual)
    if separator not in ("/", "."):
        raise MetadataError(f"the separator of chunk keys is {separator!r}, expected '/' or '.'")
    return make(separator)
