"""What a dialect must offer: it reads the data model out of Zarr documents, and writes it in them.

A dialect turns words into words. It does no I/O: data come and go as array-likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from zarr_cdm.cdm.model import ArrayLike, Dataset
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.metadata.documents import Node, ZarrVersion
from zarr_cdm.metadata.extension import Extension

OpenArray = Callable[[str], ArrayLike]  # from the path of an array, without a slash in front


@dataclass(frozen=True, slots=True)
class Layout:
    """How a variable shall lie in Zarr.

    Attributes
    ----------
    data_type
        Of the stored elements.
    chunks
        Chunk shape, every length above 0.
    codecs
        The whole chain.
    """

    data_type: Extension
    chunks: tuple[int, ...]
    codecs: tuple[Extension, ...]


class Dialect(Protocol):
    """One way in which people spell netCDF's data model in Zarr metadata."""

    def matches(self, root: Node) -> bool:
        """Tell whether the hierarchy is written in this dialect, by the root's own document."""

    def read(self, root: Node, array: OpenArray) -> Dataset:
        """Return the hierarchy as a dataset, its data unread."""

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        """Return the documents for a dataset; ``layouts`` goes by the paths of the variables."""


def read_only(name: str) -> UnsupportedError:
    """Return the error for a dialect that is read and not written."""
    return UnsupportedError(f"dialect {name!r} is read only; write 'native', which says all of it")
