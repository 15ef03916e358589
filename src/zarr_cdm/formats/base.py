"""What a door must offer: it reads a `Dataset` from outside, or writes one there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from zarr_cdm.cdm.model import Dataset

Options = Mapping[str, Any]  # what the store needs to connect: fsspec's storage options


class Format(Protocol):
    """One kind of file or store."""

    def matches(self, target: str) -> bool:
        """Tell whether something of this format lies at ``target``, cheaply and without raising."""

    def read(self, target: str, options: Options | None = None) -> Dataset:
        """Return what lies at ``target``, its data unread."""
