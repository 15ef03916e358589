"""Zarr documents as plain data: the one form inside, whichever version they were written in.

A document knows names and configurations, not what they do: which codec a name stands for is
decided in ``core``. Zarr v2 is put into the words of v3 when it is read (``v2.py``), so nothing
behind this file asks for the version, except to write a document back as it was.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from zarr_cdm.metadata.dtypes import numpy_dtype
from zarr_cdm.metadata.extension import Extension

Json = Any
ZarrVersion = Literal[2, 3]


@dataclass(frozen=True, slots=True)
class ArrayMetadata:
    """The document of an array.

    Attributes
    ----------
    fill_value
        A value of ``dtype`` (``str`` or ``bytes`` for variable-length types); None where a v2
        document leaves it undefined.
    members
        Top-level members that the specification does not know and that may be ignored.
    """

    shape: tuple[int, ...]
    data_type: Extension
    chunk_grid: Extension
    chunk_key_encoding: Extension
    fill_value: Any
    codecs: tuple[Extension, ...]
    attributes: Mapping[str, Json] = field(default_factory=dict)
    dimension_names: tuple[str | None, ...] | None = None
    members: Mapping[str, Json] = field(default_factory=dict)
    zarr_format: ZarrVersion = 3

    @property
    def dtype(self) -> np.dtype:
        """The element type in memory, native byte order; object for variable-length types."""
        return numpy_dtype(self.data_type)


@dataclass(frozen=True, slots=True)
class GroupMetadata:
    """The document of a group."""

    attributes: Mapping[str, Json] = field(default_factory=dict)
    members: Mapping[str, Json] = field(default_factory=dict)
    zarr_format: ZarrVersion = 3


Document = ArrayMetadata | GroupMetadata


class Node:
    """A place in a hierarchy: its document, parsed on first access, and what lies below it."""

    __slots__ = ("_document", "members")

    def __init__(
        self,
        document: Document | Callable[[], Document],
        members: Mapping[str, Node] | None = None,
    ) -> None:
        self._document = document
        self.members: Mapping[str, Node] = {} if members is None else members

    @property
    def document(self) -> Document:
        """The parsed document; raises `MetadataError` where it is not a legal one."""
        if callable(self._document):
            self._document = self._document()
        return self._document

    @document.setter
    def document(self, document: Document) -> None:
        self._document = document
