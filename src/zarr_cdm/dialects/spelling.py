"""How our own dialect writes what Zarr can say in several ways; each is read as the same dataset.

>>> Spelling(string="fixed").fixed_texts(3), Spelling().fixed_texts(2)
(True, True)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from zarr_cdm.cdm.types import CompoundType, NetcdfType
from zarr_cdm.metadata.documents import ZarrVersion


@dataclass(frozen=True, slots=True)
class Spelling:
    """What is written, where readers differ in what they understand.

    Attributes
    ----------
    scalar
        ``"plain"``: no axis. ``"nczarr"``: one axis of length 1 called ``_scalar_``, because
        netCDF-C up to 4.10.1 leaves out arrays without axes.
    char
        ``"bytes"``: single bytes (``S1``), as xarray reads them. ``"ubyte"``: numbers, for readers
        that know no texts of fixed length.
    string
        ``"variable"``: texts of any length, which netCDF-C cannot read in v2. ``"fixed"``: as long
        as the longest. None: ``"variable"`` on v3, ``"fixed"`` on v2.
    compound
        ``"fields"``: an array for each field, which every reader opens. ``"struct"``: one array of
        structs, without padding, where no field is an array, text or row; netCDF-C refuses a store
        with one.
    """

    scalar: Literal["plain", "nczarr"] = "plain"
    char: Literal["bytes", "ubyte"] = "bytes"
    string: Literal["variable", "fixed"] | None = None
    compound: Literal["fields", "struct"] = "fields"

    def fixed_texts(self, zarr_format: ZarrVersion) -> bool:
        """Tell whether texts are as long as the longest of them."""
        return zarr_format == 2 if self.string is None else self.string == "fixed"


USUAL = Spelling()


def struct_of(kind: CompoundType) -> np.dtype | None:
    """Return a compound as Zarr has structs: packed; None where a field is of no fixed size."""
    if kind.dtype.hasobject or any(part.shape for part in kind.fields):
        return None
    fields = [(part.name, _field(part.type)) for part in kind.fields]
    return None if any(dtype is None for _, dtype in fields) else np.dtype(fields)


def _field(kind: NetcdfType) -> np.dtype | None:
    return struct_of(kind) if isinstance(kind, CompoundType) else kind.dtype
