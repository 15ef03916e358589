"""NCZarr: netCDF's data model in Zarr v2, as netCDF-C reads and writes it.

All layouts are read that netCDF-C has had (see `nczarr_notes`), and its pure mode, which is plain
Zarr; written is the one of 4.9.3 and 4.10, with numbers in full.

Specification: none of its own; `conventions/nczarr/`.
"""

from __future__ import annotations

from collections.abc import Mapping

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.nczarr_notes import is_noted
from zarr_cdm.dialects.nczarr_read import read_nczarr
from zarr_cdm.dialects.nczarr_write import write_nczarr
from zarr_cdm.errors import UnsupportedError, ZarrCdmError
from zarr_cdm.metadata.documents import Node, ZarrVersion


class NczarrDialect:
    """What netCDF-C gives back exactly; scalars and characters are not for stock Zarr readers."""

    def matches(self, root: Node) -> bool:
        """Tell whether netCDF-C has left a note; appending with xarray wipes that of the root."""
        if root.document.zarr_format != 2:
            return False
        return is_noted(root) or any(_is_noted(node) for node in root.members.values())

    def read(self, root: Node, array: OpenArray) -> Dataset:
        return read_nczarr(root, array)

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        """Return the documents; the texts of string variables are read, to find NULL ones.

        Raises
        ------
        UnsupportedError
            NCZarr cannot say something of the dataset; all of it is listed.
        """
        if zarr_format != 2:
            raise UnsupportedError("NCZarr is Zarr v2; write it with zarr_format=2")
        return write_nczarr(dataset, layouts)


def _is_noted(node: Node) -> bool:
    try:
        return is_noted(node)
    except ZarrCdmError:
        return False
