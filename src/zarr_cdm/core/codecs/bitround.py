"""The ``bitround`` codec (array to array): fewer significant bits, which compress better.

Floats keep ``keepbits`` bits of their mantissa, integers so many from the highest one that is set
in their bit pattern (of a negative number that is its sign). Decoding changes nothing.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/bitround

>>> codec = BitroundCodec.from_json({"keepbits": 3})
>>> codec.encode(np.array([0.0, 1.23456789, -8.3587192], "f4"))
array([ 0.  ,  1.25, -8.  ], dtype=float32)
>>> codec.encode(np.array([3, 7, 15, 17, 89, 255], "u1"))
array([  3,   7,  16,  16,  96, 224], dtype=uint8)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec, Kind, check_kind, encoded_fill
from zarr_cdm.errors import MetadataError

FLOAT_BITS = 53  # so many bits of a whole number a float64 holds


@dataclass(frozen=True, slots=True)
class BitroundCodec:
    """Round to nearest, of two that are as near to the one that ends in a zero."""

    kind: ClassVar[Kind] = "array_array"
    keepbits: int

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        keepbits = configuration.get("keepbits")
        if not isinstance(keepbits, int) or isinstance(keepbits, bool) or keepbits < 1:
            raise MetadataError(f"keepbits is {keepbits!r}, expected a whole number above 0")
        return cls(keepbits)

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        check_kind("bitround", spec, "iufcmM")
        return replace(spec, fill_value=encoded_fill(self.encode, spec))

    def encode(self, array: np.ndarray) -> np.ndarray:
        rounded = np.array(array, array.dtype.newbyteorder("="), order="C")
        flat = rounded.reshape(-1)
        if rounded.dtype.kind not in "fc":
            bits = flat.view(f"u{rounded.dtype.itemsize}")
            bits[:] = _round(bits, np.maximum(bit_lengths(bits) - self.keepbits, 0))
            return rounded
        parts = flat.view(flat.real.dtype)
        bits = parts.view(f"u{parts.dtype.itemsize}")
        drop = max(np.finfo(parts.dtype).nmant - self.keepbits, 0)
        bits[:] = np.where(np.isnan(parts), bits, _round(bits, np.full(bits.shape, drop)))
        return rounded

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        return array


def bit_lengths(numbers: np.ndarray) -> np.ndarray:
    """Return for unsigned numbers how many bits each needs.

    >>> bit_lengths(np.array([0, 1, 255, 2**63, 2**64 - 1], "u8"))
    array([ 0,  1,  8, 64, 64])
    """
    wide = numbers.astype("u8")
    over = np.where(wide >> FLOAT_BITS, 64 - FLOAT_BITS, 0).astype("u8")
    lengths: np.ndarray = np.frexp((wide >> over).astype("f8"))[1] + over.astype("i8")
    return lengths


def _round(bits: np.ndarray, drop: np.ndarray) -> np.ndarray:
    """Return numbers whose last ``drop`` bits are zero; what would overflow is cut instead."""
    drop = drop.astype(bits.dtype)
    one = bits.dtype.type(1)
    half = (one << np.maximum(drop, one) - one) - one
    moved = bits + half + ((bits >> drop) & one)
    moved = np.where(moved < bits, np.iinfo(bits.dtype).max, moved)
    return np.where(drop > 0, moved >> drop << drop, bits)
