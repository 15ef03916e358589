"""The ``zfp`` codec (array to bytes): what ``zfpy`` makes, without a header.

It needs the package zfpy, which has all modes but ``expert``.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/zfp
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.core.codecs.zfpy import optional_codec, padded, zfp_dtype
from zarr_cdm.errors import ChunkError, MetadataError, UnsupportedError

# The parameter of each mode.
MODES = {
    "reversible": None,
    "fixed_accuracy": "tolerance",
    "fixed_rate": "rate",
    "fixed_precision": "precision",
}


@dataclass(frozen=True, slots=True)
class ZfpCodec:
    """Compress an array of up to four dimensions with zfp, in one of its modes."""

    kind: ClassVar[Kind] = "array_bytes"
    parameters: tuple[tuple[str, float], ...]

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        mode = configuration.get("mode")
        if mode == "expert":
            raise UnsupportedError("zfp in mode 'expert' is not known to the package zfpy")
        if mode not in MODES:
            raise MetadataError(f"zfp has the mode {mode!r}, expected one of {', '.join(MODES)}")
        name = MODES[mode]
        optional_codec("zfpy", {})
        if name is None:
            return cls(())
        number = configuration.get(name)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise MetadataError(f"zfp has {name} {number!r}, expected a number")
        return cls(((name, number),))

    def size(self, spec: ChunkSpec) -> None:
        zfp_dtype("zfp", spec, most=4)

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        whole = np.array(array, spec.dtype, order="C", ndmin=1)
        encoded: bytes = import_module("zfpy").compress_numpy(
            whole, write_header=False, **dict(self.parameters)
        )
        return encoded

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        zfpy = import_module("zfpy")
        shape = spec.shape or (1,)
        whole = padded(view(data), spec)
        kind = zfpy.dtype_to_ztype(spec.dtype)
        try:
            found: np.ndarray = zfpy._decompress(whole, kind, shape, **dict(self.parameters))
        except (ValueError, TypeError, MemoryError) as error:
            raise ChunkError(f"zfp cannot decode the chunk: {error}") from error
        return found.reshape(spec.shape)
