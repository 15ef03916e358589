"""The ``reshape`` codec (array to array): another shape for the same elements in C order.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/reshape

>>> codec = ReshapeCodec.from_json({"shape": [[0, 1], [2], -1]})
>>> codec.encode(np.zeros((10, 5, 6, 3))).shape
(50, 6, 3)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec, Kind
from zarr_cdm.errors import MetadataError
from zarr_cdm.limits import current


@dataclass(frozen=True, slots=True)
class ReshapeCodec:
    """Each axis is a length, the axes that it is made of, or -1 for what is left."""

    kind: ClassVar[Kind] = "array_array"
    shape: tuple[int | tuple[int, ...], ...]

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        shape = configuration.get("shape")
        parts: list[Any] = shape if isinstance(shape, list) else [None]
        axes = [axis for part in parts if isinstance(part, list) for axis in part]
        lengths = [part for part in parts if not isinstance(part, list)]
        if (
            not all(type(axis) is int and axis >= 0 for axis in axes)
            or sorted(set(axes)) != axes
            or not all(type(length) is int and (length > 0 or length == -1) for length in lengths)
            or lengths.count(-1) > 1
        ):
            raise MetadataError(
                f"shape is {shape!r}, expected lengths, axes in their order, and one -1"
            )
        current().check("dimensions", len(parts), "the codec reshape")
        return cls(tuple(tuple(part) if isinstance(part, list) else part for part in parts))

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        shape = self._shape(spec.shape)
        if prod(shape) != spec.size:
            raise MetadataError(f"{spec.shape} cannot be reshaped to {list(self.shape)}")
        for i, axes in enumerate(self.shape):
            if isinstance(axes, tuple) and axes:
                before, after = prod(spec.shape[: axes[0]]), prod(spec.shape[axes[-1] + 1 :])
                if (prod(shape[:i]), prod(shape[i + 1 :])) != (before, after):
                    raise MetadataError(
                        f"axis {i} of {list(self.shape)} is not what its axes of {spec.shape} are"
                    )
        return replace(spec, shape=shape)

    def _shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        named = [axis for part in self.shape if isinstance(part, tuple) for axis in part]
        if max(named, default=-1) >= len(shape):
            raise MetadataError(f"{list(self.shape)} names axes that {shape} does not have")
        lengths = [
            prod(shape[axis] for axis in part) if isinstance(part, tuple) else part
            for part in self.shape
        ]
        rest = prod(shape) // max(prod(length for length in lengths if length != -1), 1)
        return tuple(rest if length == -1 else length for length in lengths)

    def encode(self, array: np.ndarray) -> np.ndarray:
        return array.reshape(self._shape(array.shape))

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        return array.reshape(spec.shape)
