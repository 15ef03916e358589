"""What every codec must offer, by its kind; ``decode`` is the inverse of ``encode``.

A chain of codecs encodes from left to right: any number of array-to-array codecs, exactly one
array-to-bytes codec, any number of bytes-to-bytes codecs.

Specification: zarr-specs, v3 core, "Chunk encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np

from zarr_cdm.errors import ChunkError, MetadataError, UnsupportedError
from zarr_cdm.metadata.extension import Extension

Buffer = bytes | bytearray | memoryview
Kind = Literal["array_array", "array_bytes", "bytes_bytes"]


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """What a chunk is at one place of the chain."""

    shape: tuple[int, ...]
    dtype: np.dtype
    data_type: Extension
    fill_value: Any

    @property
    def size(self) -> int:
        """Number of elements."""
        count = 1
        for length in self.shape:
            count *= length
        return count


class Codec(Protocol):
    """What all kinds have in common."""

    kind: ClassVar[Kind]

    @classmethod
    def from_json(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the codec that a document configures; raise `MetadataError` if it cannot be."""


class ArrayToArray(Codec, Protocol):
    """Changes shape or values of a chunk."""

    def resolve(self, spec: ChunkSpec) -> ChunkSpec:
        """Return what comes out of ``encode`` for what goes in."""

    def encode(self, array: np.ndarray) -> np.ndarray:
        """Return the encoded array."""

    def decode(self, array: np.ndarray, spec: ChunkSpec) -> np.ndarray:
        """Return the array as it was; ``spec`` tells what that is."""


class ArrayToBytes(Codec, Protocol):
    """Turns a chunk into bytes."""

    def size(self, spec: ChunkSpec) -> int | None:
        """Return how many bytes a chunk becomes; None where that depends on its values."""

    def encode(self, array: np.ndarray, spec: ChunkSpec) -> Buffer:
        """Return the bytes of a chunk."""

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray:
        """Return the chunk; raise `ChunkError` where the bytes are not one."""


class BytesToBytes(Codec, Protocol):
    """Compresses, checks or reorders bytes."""

    def size(self, size: int | None) -> int | None:
        """Return how many bytes come out of ``encode`` for ``size`` bytes; None if unknown."""

    def encode(self, data: Buffer) -> Buffer:
        """Return the encoded bytes."""

    def decode(self, data: Buffer, size: int | None, out: memoryview | None = None) -> Buffer:
        """Return the bytes as they were, in ``out`` if it is given.

        ``size`` is how many they must be, where that is known: more is refused before it is
        inflated. Raises `ChunkError`.
        """


@runtime_checkable
class Checking(Protocol):
    """A codec that checks what it decodes, and can do without."""

    def unchecked(self) -> Codec:
        """Return the codec that decodes the same and does not look at checksums."""


@runtime_checkable
class Holding(Protocol):
    """A codec whose bytes hold many chunks that are encoded each for itself."""

    def overhead(self, spec: ChunkSpec) -> int:
        """Return how many bytes more these may be because they are many."""


def check_kind(name: str, spec: ChunkSpec, kinds: str) -> None:
    """Raise `MetadataError` unless elements are NumPy's own numbers of these kinds."""
    if spec.dtype.kind not in kinds or spec.dtype.isbuiltin == 2:  # 2: of another package
        raise MetadataError(f"the codec {name} cannot encode {spec.data_type.name!r}")


def encoded_fill(encode: Callable[[np.ndarray], np.ndarray], spec: ChunkSpec) -> Any:
    """Return what a codec that changes each element by itself makes of the fill value."""
    if spec.fill_value is None:
        return None
    try:
        return encode(np.array(spec.fill_value, spec.dtype).reshape(1))[0]
    except UnsupportedError as error:
        raise MetadataError(f"the fill value cannot be encoded: {error}") from error


def view(data: Buffer) -> memoryview:
    """Return the bytes of a contiguous buffer without copying them."""
    seen = memoryview(data)
    return seen if seen.format == "B" and seen.ndim == 1 else seen.cast("B")


def placed(decoded: Buffer, size: int | None, out: memoryview | None) -> Buffer:
    """Return decoded bytes, which must be ``size`` many, in ``out`` if it is given."""
    found = len(view(decoded))
    wanted = size if out is None else len(out)
    if wanted is not None and found != wanted:
        raise ChunkError(f"the chunk has {found} bytes when decoded, expected {wanted}")
    if out is None:
        return decoded
    out[:] = view(decoded)
    return out
