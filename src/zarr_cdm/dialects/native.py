"""Our own dialect: plain Zarr for everybody, with what it cannot say written beside it.

* Zarr v3: arrays carry the top-level member ``cdm`` (which may be ignored), groups the attribute
  ``_nc_cdm`` (which xarray hides). A member of a group's document would stop zarr-python 3.1.
* Zarr v2: the ``_nczarr_…`` attributes of NCZarr as netCDF-C 4.10 writes them, but with numbers in
  full; the same records stand in them under ``cdm``.

A store that lacks them is fully usable; where another writer made them stale, the documents win.

Specification: `conventions/native/`; for v2 also "NCZarr" in netCDF-C's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.dialects import stale
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.native_read import Reading
from zarr_cdm.dialects.native_record import record_of, with_entry
from zarr_cdm.dialects.native_write import with_records
from zarr_cdm.dialects.parts import parted
from zarr_cdm.dialects.plain import write_plain
from zarr_cdm.dialects.records import as_object, null_record
from zarr_cdm.dialects.tree import read_tree
from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.metadata.documents import ArrayMetadata, Node, ZarrVersion


class NativeDialect:
    """Everything of netCDF's data model, and readable by stock xarray."""

    def matches(self, root: Node) -> bool:
        """Tell whether there is a record; appending with xarray wipes that of the root."""
        return any(_has_record(node) for node in (root, *root.members.values()))

    def read(self, root: Node, array: OpenArray) -> Dataset:
        stale.tell_of_members(root)
        reading = Reading(root)
        dataset = read_tree(
            root, array, reading.group, reading.array, name_of=reading.name, gather=reading.gather
        )
        reading.types.place(dataset)
        dataset.provenance = dict(as_object(record_of(root.document).get("provenance")))
        return dataset

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        """Return the documents; ``layouts`` goes by the paths of the arrays of `parted`.

        Raises
        ------
        MetadataError, UnsupportedError
            As `parted`; a type belongs to no group; an array has no layout.
        """
        split = parted(dataset, zarr_format)
        return with_records(write_plain(split, layouts, zarr_format), split)


def _has_record(node: Node) -> bool:
    try:
        return bool(record_of(node.document))
    except ZarrCdmError:
        return False


def with_null(document: ArrayMetadata, places: np.ndarray) -> ArrayMetadata:
    """Return the document of an array of texts with the places that are netCDF's NULL noted.

    Parameters
    ----------
    places
        Numbers of elements in C order, ascending.
    """
    return with_entry(document, "null", null_record(document.shape, places))


def without_null(part: np.ndarray) -> np.ndarray:
    """Return texts with an empty one for each of netCDF's null strings: Zarr has none."""
    texts = np.empty(part.size, object)
    texts[:] = [text or "" for text in part.ravel().tolist()]
    return texts.reshape(part.shape)


def encode_texts(part: np.ndarray) -> np.ndarray:
    """Return texts as UTF-8 bytes, as long as the longest: how Zarr v2 holds strings here."""
    texts = [text or "" for text in part.ravel().tolist()]  # None is netCDF's NULL
    return np.char.encode(np.array(texts, str).reshape(part.shape), "utf-8", "surrogateescape")
