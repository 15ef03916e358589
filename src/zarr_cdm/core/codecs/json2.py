"""The ``json2`` codec (array to bytes) of Zarr v2: texts as a list in JSON, then type and shape.

Only texts are read, and null or NaN for none: JSON may hold anything, a netCDF variable may not.

Specification: https://numcodecs.readthedocs.io/en/stable/other/json.html

>>> from zarr_cdm.metadata.extension import Extension
>>> spec = ChunkSpec((2,), np.dtype(object), Extension("string"), "")
>>> codec = Json2Codec.from_json({"encoding": "utf-8"})
>>> codec.encode(np.array(["a", "é"], object), spec).decode()
'["a","é","|O",[2]]'
>>> codec.decode(b'["a", "b", "|O", [2]]', spec)
array(['a', 'b'], dtype=object)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError
from zarr_cdm.metadata.dtypes import VARIABLE
from zarr_cdm.metadata.json import outside_texts


@dataclass(frozen=True, slots=True)
class Json2Codec:
    """Texts in nested lists, as many levels as there are axes."""

    kind: ClassVar[Kind] = "array_bytes"

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        encoding = configuration.get("encoding", "utf-8")
        if encoding not in ("utf-8", "ascii"):
            raise MetadataError(f"json2 has the encoding {encoding!r}, expected 'utf-8'")
        return cls()

    def size(self, spec: ChunkSpec) -> None:
        if VARIABLE.get(spec.data_type.name) is not str:
            raise MetadataError(f"the codec json2 cannot encode {spec.data_type.name!r}")

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> bytes:
        items = [*np.atleast_1d(array).tolist(), "|O", list(array.shape)]
        return json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        found = bytes(view(data))
        # Before they take memory: each row has a bracket, and each element a comma, at most.
        most = (spec.size + 1) * (len(spec.shape) + 1) + 2
        if found.count(b",") > most and len(outside_texts(found, b"[,")) > most:
            raise ChunkError(f"the JSON of the chunk has more parts than its {spec.size} elements")
        try:
            items = json.loads(found, strict=False, parse_constant=_constant)
        except RecursionError as error:
            raise ChunkError("the JSON of the chunk is nested too deeply") from error
        except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, too many digits
            raise ChunkError(f"the chunk is no JSON: {error}") from error
        if not isinstance(items, list) or len(items) < 2:
            raise ChunkError("the JSON of the chunk is no list that ends in type and shape")
        *items, _, shape = items
        if shape != list(spec.shape):
            raise ChunkError(f"the chunk says that its shape is {shape!r}, expected {spec.shape}")
        for axis, length in enumerate(spec.shape or (1,)):
            rows = items if axis else [items]
            if not all(isinstance(row, list) and len(row) == length for row in rows):
                raise ChunkError(f"the lists of the chunk do not have the shape {spec.shape}")
            items = list(chain.from_iterable(rows))
        if not all(isinstance(item, str | None) for item in items):
            raise ChunkError("the JSON of the chunk holds other things than texts")
        decoded = np.empty(len(items), object)
        decoded[:] = items
        return decoded.reshape(spec.shape)


def _constant(word: str) -> None:
    """Return None for NaN, which pandas has where there is no text."""
    if word != "NaN":
        raise ValueError(f"{word} is no text")
