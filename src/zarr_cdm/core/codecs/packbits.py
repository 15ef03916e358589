"""The ``packbits`` codec (array to bytes): of each element only some bits, one after the other.

The first bit of all is the lowest bit of the first byte: the specification leaves that open, zarrs
does it so. ``numcodecs.packbits`` begins with the highest.

Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/packbits

>>> from zarr_cdm.metadata.extension import Extension
>>> spec = ChunkSpec((3,), np.dtype("i2"), Extension("int16"), 0)
>>> codec = PackbitsCodec.from_json({"last_bit": 3, "padding_encoding": "first_byte"})
>>> codec.encode(np.array([1, -2, 3], "i2"), spec).hex()
'04e103'
>>> codec.decode(bytes.fromhex("04e103"), spec)
array([ 1, -2,  3], dtype=int16)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, ChunkSpec, Kind, check_kind, view
from zarr_cdm.errors import ChunkError, MetadataError

PADDINGS = ("none", "first_byte", "last_byte")
BLOCK = 2**16  # so many numbers are taken apart at a time, whole bytes of any number of bits


@dataclass(frozen=True, slots=True)
class PackbitsCodec:
    """The bits from ``first_bit`` to ``last_bit``, counted from the lowest one."""

    kind: ClassVar[Kind] = "array_bytes"
    padding_encoding: str = "none"
    first_bit: int | None = None
    last_bit: int | None = None

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        padding = configuration.get("padding_encoding", "none")
        if padding not in PADDINGS:
            raise MetadataError(f"padding_encoding is {padding!r}, expected {', '.join(PADDINGS)}")
        bits = [configuration.get(name) for name in ("first_bit", "last_bit")]
        for bit in bits:
            if bit is not None and (type(bit) is not int or bit < 0):
                raise MetadataError(f"first_bit and last_bit are {bits}, expected whole numbers")
        return cls(padding, *bits)

    def size(self, spec: ChunkSpec) -> int:
        return self._packed_bytes(spec) + (self.padding_encoding != "none")

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> bytes:
        first, last, dtype, count = self._layout(spec)
        numbers = np.ascontiguousarray(array, spec.dtype).reshape(-1).view(dtype)
        rows = numbers.astype(dtype.newbyteorder("<")).view(np.uint8).reshape(-1, dtype.itemsize)
        packed = b"".join(
            np.packbits(
                np.unpackbits(rows[at : at + BLOCK], axis=1, bitorder="little")[
                    :, first : last + 1
                ],
                bitorder="little",
            ).tobytes()
            for at in range(0, count, BLOCK)
        )
        padding = bytes([-count * (last + 1 - first) % 8])
        before = padding if self.padding_encoding == "first_byte" else b""
        return before + packed + (padding if self.padding_encoding == "last_byte" else b"")

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        first, last, dtype, count = self._layout(spec)
        packed, width = self._packed(view(data), spec), last + 1 - first
        result = np.empty(count, dtype.newbyteorder("<"))
        rows = result.view(np.uint8).reshape(-1, dtype.itemsize)
        for at in range(0, count, BLOCK):
            many = min(BLOCK, count - at)
            part = packed[at * width // 8 : -(-(at + many) * width // 8)]
            found = np.unpackbits(part, count=many * width, bitorder="little").reshape(-1, width)
            bits = np.zeros((many, 8 * dtype.itemsize), np.uint8)
            bits[:, first : last + 1] = found
            if spec.dtype.kind == "i":
                bits[:, last + 1 :] = found[:, -1:]
            rows[at : at + many] = np.packbits(bits, axis=1, bitorder="little")
        return result.astype(dtype, copy=False).view(spec.dtype).reshape(spec.shape)

    def _layout(self, spec: ChunkSpec) -> tuple[int, int, np.dtype, int]:
        """Return first and last bit, the unsigned type of one number, and how many there are."""
        check_kind("packbits", spec, "biufc")
        parts = 2 if spec.dtype.kind == "c" else 1
        dtype = np.dtype(f"u{spec.dtype.itemsize // parts}")
        bits = 1 if spec.dtype.kind == "b" else 8 * dtype.itemsize
        first = self.first_bit or 0
        last = bits - 1 if self.last_bit is None else self.last_bit
        if not first <= last < bits:
            raise MetadataError(f"bits {first} to {last} of {spec.data_type.name!r}, of {bits}")
        return first, last, dtype, spec.size * parts

    def _packed_bytes(self, spec: ChunkSpec) -> int:
        first, last, _, count = self._layout(spec)
        return -(-count * (last + 1 - first) // 8)

    def _packed(self, seen: memoryview, spec: ChunkSpec) -> np.ndarray:
        """Return the bytes without the one that tells the padding."""
        expected, wanted = self.size(spec), self._packed_bytes(spec)
        first, last, dtype, count = self._layout(spec)
        if len(seen) == wanted and last + 1 - first == 8 * dtype.itemsize:
            return np.frombuffer(seen, np.uint8)  # zarrs leaves the byte out of what fills bytes
        if len(seen) != expected:
            raise ChunkError(f"the chunk has {len(seen)} bytes when decoded, expected {expected}")
        at = {"none": None, "first_byte": 0, "last_byte": -1}[self.padding_encoding]
        if at is not None and seen[at] != -count * (last + 1 - first) % 8:
            raise ChunkError(f"the chunk says that it is padded by {seen[at]} bits, which is wrong")
        start = 1 if self.padding_encoding == "first_byte" else 0
        return np.frombuffer(seen[start : start + wanted], np.uint8)
