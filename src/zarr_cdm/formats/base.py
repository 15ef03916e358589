"""What a door must offer: it reads a `Dataset` from outside, or writes one there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.core.options import DEFAULT_OPTIONS, Options

StorageOptions = Mapping[str, Any]  # what the store needs to connect, as fsspec has it
NETCDF_SUFFIXES = (".nc", ".nc4", ".cdf", ".netcdf")  # of names of files


class Format(Protocol):
    """One kind of file or store."""

    def matches(self, target: str) -> bool:
        """Tell whether something of this format lies at ``target``, cheaply and without raising."""

    def read(
        self,
        target: str,
        storage_options: StorageOptions | None = None,
        options: Options = DEFAULT_OPTIONS,
    ) -> Dataset:
        """Return what lies at ``target``, its data unread; ``options``: how they will be."""
