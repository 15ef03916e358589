"""The ``cast_value`` codec (array to array): the same numbers in another data type.

What the other type cannot hold is rounded; what lies outside of it, and NaN where it has none, is
an error unless the configuration says what becomes of it.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/cast_value

>>> codec = CastValueCodec.from_json({"data_type": "int8", "out_of_range": "clamp",
...     "scalar_map": {"encode": [["NaN", -128]], "decode": [[-128, "NaN"]]}})
>>> codec.encode(np.array([1.5, 2.5, np.nan, 1e9]))
array([   2,    2, -128,  127], dtype=int8)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import ChunkSpec, Kind, check_kind, encoded_fill
from zarr_cdm.core.codecs.casting import OUT_OF_RANGE, ROUNDINGS, cast
from zarr_cdm.errors import ChunkError, MetadataError, UnsupportedError
from zarr_cdm.metadata import fills
from zarr_cdm.metadata.dtypes import numpy_dtype, zarr_type
from zarr_cdm.metadata.extension import Extension

MEMBERS = {"data_type", "rounding", "out_of_range", "scalar_map"}
DIRECTIONS = ("encode", "decode")
Pairs = tuple[tuple[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class CastValueCodec:
    """Cast to ``data_type``, and back by the same rules."""

    kind: ClassVar[Kind] = "array_array"
    data_type: Extension
    rounding: str = "nearest-even"
    out_of_range: str | None = None
    encode_map: Pairs = ()
    decode_map: Pairs = ()

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        others = set(configuration) - MEMBERS
        if others or "data_type" not in configuration:
            raise MetadataError(f"cast_value has the members {sorted(configuration)}")
        rounding = configuration.get("rounding", "nearest-even")
        out_of_range = configuration.get("out_of_range")
        if rounding not in ROUNDINGS or out_of_range not in OUT_OF_RANGE:
            raise MetadataError(f"cast_value has {rounding=} and {out_of_range=}")
        data_type = Extension.from_json(configuration["data_type"])
        if out_of_range == "wrap" and numpy_dtype(data_type).kind not in "iu":
            raise MetadataError(f"{data_type.name!r} is no type that wraps around")
        maps = configuration.get("scalar_map")
        maps = {} if maps is None else maps
        if not isinstance(maps, dict) or set(maps) - set(DIRECTIONS):
            raise MetadataError(f"scalar_map is {maps!r}, expected encode and decode")
        pairs = [_pairs(maps.get(direction)) for direction in DIRECTIONS]
        return cls(data_type, rounding, out_of_range, *pairs)

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        dtype = numpy_dtype(self.data_type)
        target = ChunkSpec(spec.shape, dtype, self.data_type, None)
        check_kind("cast_value", spec, "iuf")
        check_kind("cast_value", target, "iuf")
        _numbers(self.encode_map, spec.dtype, dtype)
        _numbers(self.decode_map, dtype, spec.dtype)
        found = replace(target, fill_value=encoded_fill(self.encode, spec))
        if found.fill_value is not None:
            self._check_fill(found.fill_value, replace(spec, shape=(1,)))
        return found

    def _check_fill(self, encoded: Any, spec: ChunkSpec) -> None:
        """Raise `MetadataError` unless the fill value comes back."""
        try:
            decoded = self.decode(np.array([encoded]), spec)
        except ChunkError as error:
            raise MetadataError(f"the fill value does not come back: {error}") from error
        if not np.array_equal(decoded, [spec.fill_value], equal_nan=spec.dtype.kind == "f"):
            raise MetadataError(
                f"the fill value {spec.fill_value} comes back from cast_value as {decoded[0]}"
            )

    def encode(self, array: np.ndarray) -> np.ndarray:
        dtype = numpy_dtype(self.data_type)
        try:
            return self._cast(array, dtype, self.encode_map)
        except ArithmeticError as error:
            raise UnsupportedError(f"cast_value cannot encode the values: {error}") from error

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        try:
            return self._cast(array, spec.dtype, self.decode_map)
        except ArithmeticError as error:
            raise ChunkError(f"cast_value cannot decode the chunk: {error}") from error

    def _cast(self, array: np.ndarray, dtype: np.dtype, pairs: Pairs) -> np.ndarray:
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        masks = [
            (np.isnan(array) if key != key else array == key, value)
            for key, value in _numbers(pairs, array.dtype, dtype)
        ]
        mapped = np.zeros(array.shape, bool)
        for mask, _ in masks:
            mapped |= mask
        rest = np.where(mapped, 0, array).astype(array.dtype)
        result = cast(rest, dtype, self.rounding, self.out_of_range)
        for mask, value in reversed(masks):  # the first of two counts
            result[mask] = value
        return result


def _pairs(found: Any) -> Pairs:
    found = [] if found is None else found
    if not isinstance(found, list) or not all(type(p) is list and len(p) == 2 for p in found):
        raise MetadataError(f"scalar_map has {found!r}, expected a list of pairs")
    return tuple((key, value) for key, value in found)


def _numbers(pairs: Pairs, source: np.dtype, target: np.dtype) -> list[tuple[Any, Any]]:
    keys, values = zarr_type(source), zarr_type(target)
    return [(fills.decode(key, keys), fills.decode(value, values)) for key, value in pairs]
