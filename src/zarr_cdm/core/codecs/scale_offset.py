"""The ``scale_offset`` codec (array to array): ``(x - offset) * scale``, in the type of ``x``.

CF says it the other way round: ``add_offset`` is the offset, ``scale_factor`` 1 / ``scale``.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/scale_offset

>>> codec = ScaleOffsetCodec.from_json({"offset": 273, "scale": 10})
>>> codec.encode(np.array([273.0, 283.5]))
array([  0., 105.])
>>> codec.encode(np.array([200], "u1"))
Traceback (most recent call last):
zarr_cdm.errors.MetadataError: the fill value 273 is none of data type 'uint8' (...)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec, Kind, check_kind, encoded_fill
from zarr_cdm.errors import ChunkError, MetadataError, UnsupportedError
from zarr_cdm.metadata import fills
from zarr_cdm.metadata.dtypes import zarr_type


@dataclass(frozen=True, slots=True)
class ScaleOffsetCodec:
    """Subtract and multiply; what the type of the array cannot hold on the way is an error."""

    kind: ClassVar[Kind] = "array_array"
    offset: Any = 0
    scale: Any = 1

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        others = set(configuration) - {"offset", "scale"}
        if others:
            raise MetadataError(f"scale_offset has no member {', '.join(sorted(others))}")
        return cls(**configuration)

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        check_kind("scale_offset", spec, "iuf")
        _, scale = self._numbers(spec.dtype)
        if scale == 0:
            raise MetadataError("scale_offset has the scale 0, which nothing can undo")
        return replace(spec, fill_value=encoded_fill(self.encode, spec))

    def _numbers(self, dtype: np.dtype) -> tuple[Any, Any]:
        data_type = zarr_type(dtype)
        return fills.decode(self.offset, data_type), fills.decode(self.scale, data_type)

    def encode(self, array: np.ndarray) -> np.ndarray:
        offset, scale = self._numbers(array.dtype)
        try:
            if array.dtype.kind == "f":
                with np.errstate(over="raise", under="ignore"):
                    return np.asarray((array - offset) * scale)
            first = [end - int(offset) for end in _ends(array)]
            _check(first, array.dtype)
            _check([end * int(scale) for end in first], array.dtype)
        except ArithmeticError as error:
            raise UnsupportedError(f"scale_offset cannot encode the values: {error}") from error
        return np.asarray((array - offset) * scale)

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        offset, scale = self._numbers(spec.dtype)
        try:
            if spec.dtype.kind == "f":
                # Damaged bytes may be any number, such as one that signals.
                with np.errstate(over="raise", under="ignore", invalid="ignore"):
                    return np.asarray(array / scale + offset, spec.dtype)
            if np.any(array % scale):
                raise ArithmeticError(f"not all are multiples of {scale}")
            first = [end // int(scale) for end in _ends(array)]
            _check(first, spec.dtype)
            _check([end + int(offset) for end in first], spec.dtype)
        except ArithmeticError as error:
            raise ChunkError(f"scale_offset cannot decode the chunk: {error}") from error
        return np.asarray(array // scale + offset, spec.dtype)


def _ends(array: np.ndarray) -> list[int]:
    """Return the smallest and largest number: what holds for both holds for all between."""
    return [int(array.min()), int(array.max())] if array.size else []


def _check(numbers: list[int], dtype: np.dtype) -> None:
    limits = np.iinfo(dtype)
    for number in numbers:
        if not limits.min <= number <= limits.max:
            raise OverflowError(f"{number} is no {dtype}")
