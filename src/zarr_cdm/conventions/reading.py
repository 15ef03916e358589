"""Conventions of which the dialect says all there is to say when it reads a store."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray
from zarr_cdm.dialects.declarations import Declaration
from zarr_cdm.dialects.table import DIALECTS
from zarr_cdm.errors import ZarrCdmError, ZarrCdmWarning
from zarr_cdm.metadata.documents import Node


class OfDialect:
    """A convention that is declared where its dialect matches; what reading warns of is found."""

    declaration: Declaration | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the root, where the hierarchy is written in this dialect."""
        if DIALECTS[self.name]().matches(root):
            yield "/"

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield what reading warns of; nothing where the dialect does not match."""
        opened: Any = array
        dialect = DIALECTS[self.name]()
        if not dialect.matches(root):
            return
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                dialect.read(root, opened)
            except ZarrCdmError as error:
                yield Finding("/", f"{self.name}.unreadable", str(error))
        for warning in caught:
            if issubclass(warning.category, ZarrCdmWarning):
                yield Finding("/", f"{self.name}.reading", str(warning.message))


NATIVE, NCZARR, GDAL, EOPF = map(OfDialect, ("native", "nczarr", "gdal", "eopf"))
