"""The ``transpose`` codec (array to array): the axes in another order.

Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/transpose/index.html

>>> codec = TransposeCodec.from_json({"order": [1, 0, 2]})
>>> codec.encode(np.zeros((2, 3, 4))).shape
(3, 2, 4)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec, Kind
from zarr_cdm.errors import MetadataError


@dataclass(frozen=True, slots=True)
class TransposeCodec:
    """Axis ``i`` of the encoded array is axis ``order[i]`` of the array.

    Early documents say "C" and "F" for all axes as they are, and for all reversed.
    """

    kind: ClassVar[Kind] = "array_array"
    order: tuple[int, ...] | str

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        order = configuration.get("order")
        if order in ("C", "F"):
            return cls(order)
        if (
            not isinstance(order, list)
            or not all(isinstance(axis, int) for axis in order)
            or sorted(order) != list(range(len(order)))
        ):
            raise MetadataError(f"order is {order!r}, expected a permutation of the axes")
        return cls(tuple(order))

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        order = self.axes(len(spec.shape))
        if len(order) != len(spec.shape):
            raise MetadataError(f"order {self.order} is for another rank than {len(spec.shape)}")
        return replace(spec, shape=tuple(spec.shape[axis] for axis in order))

    def axes(self, rank: int) -> tuple[int, ...]:
        """Return which axis of the array each axis of the encoded array is."""
        if not isinstance(self.order, str):
            return self.order
        axes = tuple(range(rank))
        return axes if self.order == "C" else axes[::-1]

    def encode(self, array: np.ndarray) -> np.ndarray:
        return array.transpose(self.axes(array.ndim))

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        return array.transpose(np.argsort(self.axes(array.ndim)))
