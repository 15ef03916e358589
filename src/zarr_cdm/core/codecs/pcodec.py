"""The ``pcodec`` codec (array to bytes): numbers of all kinds, without loss.

It needs the package pcodec.

Specification: numcodecs; in Zarr v2 the compressor ``pcodec``, in v3 ``numcodecs.pcodec``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, check_kind, view
from zarr_cdm.core.codecs.zfpy import optional_codec
from zarr_cdm.errors import ChunkError, MetadataError, UnsupportedError


@dataclass(frozen=True, slots=True)
class PcodecCodec:
    """Compress the elements of an array, in C order."""

    kind: ClassVar[Kind] = "array_bytes"
    codec: Any

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        return cls(optional_codec("pcodec", configuration))

    def size(self, spec: ChunkSpec) -> None:
        check_kind("pcodec", spec, "iuf")
        if spec.dtype.itemsize == 1:
            raise MetadataError(f"the codec pcodec cannot encode {spec.data_type.name!r}")

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        try:
            encoded: bytes = self.codec.encode(np.ascontiguousarray(array, spec.dtype).reshape(-1))
        except (TypeError, ValueError, RuntimeError) as error:
            raise UnsupportedError(f"pcodec cannot encode this: {error}") from error
        return encoded

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        # With room for one more, so that too many are seen; the chunk itself never says how many.
        result = np.empty(spec.size + 1, spec.dtype)
        try:
            found = import_module("pcodec").standalone.simple_decompress_into(
                bytes(view(data)), result
            )
        except (ValueError, TypeError, RuntimeError, MemoryError) as error:
            raise ChunkError(f"pcodec cannot decode the chunk: {error}") from error
        if not found.finished or found.n_processed != spec.size:
            raise ChunkError(
                f"the chunk has {found.n_processed} elements or more, expected {spec.size}"
            )
        return result[:-1].reshape(spec.shape)
