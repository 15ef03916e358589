r"""The ``categorize`` codec (array to bytes) of Zarr v2: each text as the number of its label.

Numbers begin with 1; 0 stands for a text that is no label, and reads as none.

Specification: https://numcodecs.readthedocs.io/en/stable/filter/categorize.html

>>> from zarr_cdm.metadata.extension import Extension
>>> spec = ChunkSpec((3,), np.dtype(object), Extension("string"), "")
>>> codec = CategorizeCodec.from_json({"labels": ["female", "male"], "astype": "|u1"})
>>> bytes(codec.encode(np.array(["male", "female", "?"], object), spec))
b'\x02\x01\x00'
>>> codec.decode(b"\2\1\0", spec)
array(['male', 'female', ''], dtype=object)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, view
from zarr_cdm.errors import ChunkError, MetadataError
from zarr_cdm.metadata.dtypes import VARIABLE, from_typestr, numpy_dtype, to_typestr


@dataclass(frozen=True, slots=True)
class CategorizeCodec:
    """Texts of a list, which stands in the document."""

    kind: ClassVar[Kind] = "array_bytes"
    labels: tuple[str, ...]
    astype: np.dtype

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        labels = configuration.get("labels")
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise MetadataError(f"labels is {labels!r}, expected a list of texts")
        data_type, endian = from_typestr(configuration.get("astype", "|u1"))
        if numpy_dtype(data_type).kind not in "iu":
            raise MetadataError(f"categorize has astype {data_type.name!r}, expected integers")
        return cls(tuple(labels), np.dtype(to_typestr(data_type, endian)))

    def size(self, spec: ChunkSpec) -> int:
        if VARIABLE.get(spec.data_type.name) is not str and spec.dtype.kind != "U":
            raise MetadataError(f"the codec categorize cannot encode {spec.data_type.name!r}")
        if len(self.labels) > np.iinfo(self.astype).max:
            raise MetadataError(f"categorize has {len(self.labels)} labels, too many to count")
        return spec.size * self.astype.itemsize

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> bytes:
        # Of a label that stands twice, numcodecs takes the last.
        numbers = {label: number for number, label in enumerate(self.labels, 1)}
        found = [numbers.get(text, 0) for text in array.ravel().tolist()]
        return np.array(found, self.astype).tobytes()

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        if len(view(data)) != self.size(spec):
            raise ChunkError(
                f"the chunk has {len(view(data))} bytes when decoded, expected {self.size(spec)}"
            )
        numbers = np.frombuffer(data, self.astype)
        if np.any((numbers < 0) | (numbers > len(self.labels))):
            raise ChunkError(f"the chunk has numbers of more than the {len(self.labels)} labels")
        texts: np.ndarray = np.array(["", *self.labels], spec.dtype)
        decoded: np.ndarray = texts[numbers]
        return decoded.reshape(spec.shape)
