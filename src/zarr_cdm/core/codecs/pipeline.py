"""One chunk through its chain of codecs, both ways."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zarr_cdm.core.codecs.base import (
    ArrayToArray,
    Buffer,
    BytesToBytes,
    Checking,
    ChunkSpec,
    Holding,
    Kind,
    view,
)
from zarr_cdm.core.codecs.blosc import BloscCodec
from zarr_cdm.core.codecs.blosc_frame import Blocks, head_bytes
from zarr_cdm.core.codecs.bytes import BytesCodec
from zarr_cdm.core.codecs.crc32c import SUM_BYTES, Crc32cCodec
from zarr_cdm.core.codecs.numcodecs import PREFIX, numcodecs_codec
from zarr_cdm.core.codecs.table import CODECS
from zarr_cdm.core.codecs.transpose import TransposeCodec
from zarr_cdm.core.extents import Extents
from zarr_cdm.core.indexing import Part
from zarr_cdm.errors import MetadataError, ZarrCdmWarning
from zarr_cdm.limits import current
from zarr_cdm.metadata.extension import Extension

# By how much encoding may enlarge a chunk at most; the last, each of many that lie together.
MOST_GROWTH, MOST_OVERHEAD, MOST_OVERHEAD_OF_MANY = 2, 64 * 2**10, 2**10
FindExtents = Callable[[tuple[Part, ...], tuple[int, ...]], Extents | None]


class Pipeline:
    """The codecs of an array, for chunks of one shape.

    Without ``verify`` checksums of chunks are not looked at when they are decoded.

    Raises
    ------
    UnknownNameError
        A codec is not known.
    MetadataError
        A codec cannot be configured as it is, or the codecs do not form a chain.
    """

    def __init__(self, codecs: Sequence[Extension], spec: ChunkSpec, verify: bool = True) -> None:
        self.spec = spec
        chain = _build(codecs)
        if not verify:
            chain = [codec.unchecked() if isinstance(codec, Checking) else codec for codec in chain]
        at = next((i for i, codec in enumerate(chain) if codec.kind == "array_bytes"), -1)
        kinds = [codec.kind for codec in chain]
        if at < 0 or kinds != ["array_array"] * at + ["array_bytes"] + ["bytes_bytes"] * (
            len(chain) - at - 1
        ):
            names = [codec.name for codec in codecs]
            raise MetadataError(
                f"the codecs {names} are no chain: array codecs, one that makes bytes, byte codecs"
            )
        self.array_codecs: list[tuple[ArrayToArray, ChunkSpec]] = []
        for codec in chain[:at]:
            self.array_codecs.append((codec, spec))
            spec = codec.resolve(spec)
        self.stored = spec
        self.serializer = chain[at]
        self.byte_codecs: list[tuple[BytesToBytes, int | None]] = []
        size = self.serializer.size(spec)
        for codec in chain[at + 1 :]:
            self.byte_codecs.append((codec, size))
            size = codec.size(size)
        # How many bytes a chunk is stored in; None where that depends on its values.
        self.stored_size: int | None = size
        # Whether the bytes that the last decoding step gives are elements as they lie in memory.
        self._is_memory = (
            bool(self.byte_codecs)
            and isinstance(self.serializer, BytesCodec)
            and self.serializer.is_memory(self.stored.dtype)
        )
        self._axes = self._order()
        self.stored_bytes = self.stored.size * self.stored.dtype.itemsize
        # More bytes than that are no chunk of these codecs, and not worth reading.
        held = self.serializer.overhead(spec) if isinstance(self.serializer, Holding) else 0
        self.overhead = MOST_OVERHEAD_OF_MANY + held
        self.most_bytes = MOST_GROWTH * self.stored_bytes + MOST_OVERHEAD + held
        if self.stored.dtype.hasobject:
            self.most_bytes = current().chunk_bytes
        # What decodes parts of a chunk, where that can be done.
        first = chain[at + 1] if self._is_memory and self._axes is not None else None
        self._blosc: BloscCodec | None = first if isinstance(first, BloscCodec) else None
        # How much of a chunk tells which of it to read; None where nothing less than all does.
        self.head_bytes = head_bytes(self.stored_bytes) if self._blosc else None
        # How many bytes follow on the frame of Blosc.
        self._trailer = 0
        for codec, _ in self.byte_codecs[1:]:
            if isinstance(codec, Crc32cCodec) and not codec.verify:
                self._trailer += SUM_BYTES
            else:
                self.head_bytes = None

    def _order(self) -> tuple[int, ...] | None:
        """Return which axis of a chunk each stored axis is; None where more is done than that."""
        order = tuple(range(len(self.spec.shape)))
        for codec, spec in self.array_codecs:
            if not isinstance(codec, TransposeCodec):
                return None
            order = tuple(order[axis] for axis in codec.axes(len(spec.shape)))
        return order

    def encode(self, array: np.ndarray) -> bytes:
        """Return the bytes of a chunk of the full chunk shape."""
        for codec, _ in self.array_codecs:
            array = codec.encode(array)
        data: Buffer = self.serializer.encode(array, self.stored)
        for byte_codec, _ in self.byte_codecs:
            data = byte_codec.encode(data)
        return data if isinstance(data, bytes) else bytes(view(data))

    def room(self) -> Room | None:
        """Return a place that chunks can be decoded in, one after the other; None if of no use."""
        return Room(self.stored) if self._is_memory else None

    def decode(self, data: Buffer, room: Room | None = None) -> np.ndarray:
        """Return the chunk that the bytes hold; in ``room`` it stays until that is used again.

        Raises
        ------
        ChunkError
            The bytes are not such a chunk.
        """
        if room is None:
            array = self.serializer.decode(self._decode_bytes(data, None), self.stored)
        else:
            self._decode_bytes(data, room.bytes)
            array = room.array
        return self._decode_array(array) if self.array_codecs else array

    def decode_into(self, data: Buffer, place: np.ndarray, room: Room | None = None) -> None:
        """Decode a chunk to ``place``, which has its shape; without a copy where that can be."""
        if self._is_memory and not self.array_codecs and place.flags.c_contiguous and place.nbytes:
            self._decode_bytes(data, place.reshape(-1).view(np.uint8).data)
        else:
            place[...] = self.decode(data, room)

    def decode_part(
        self, data: Buffer, source: tuple[Part, ...], extents: FindExtents, room: Room | None
    ) -> np.ndarray:
        """Return a chunk in which what ``source`` selects is right; other elements may not be.

        ``extents`` finds out which elements those are.
        """
        if self._blosc is None or room is None:
            return self.decode(data, room)
        for codec, size in reversed(self.byte_codecs[1:]):
            data = codec.decode(data, size)
        self._blosc.decode_part(data, lambda: self._needed(source, extents), room.bytes)
        return self._decode_array(room.array)

    def blocks(
        self, head: Buffer, encoded: int | None, source: tuple[Part, ...], extents: FindExtents
    ) -> Blocks | None:
        """Return the blocks that a selection needs, by the beginning of a chunk of Blosc.

        None where the chunk had better be decoded as a whole. ``encoded`` is its size if known.
        """
        assert self._blosc is not None
        frame = None if encoded is None else encoded - self._trailer
        return self._blosc.blocks(
            head, self.stored_bytes, frame, lambda: self._needed(source, extents)
        )

    def decode_blocks(self, blocks: Blocks, parts: Sequence[Buffer], room: Room) -> np.ndarray:
        """Return a chunk in which some blocks are right, by the bytes at their spans."""
        assert self._blosc is not None
        self._blosc.decode_blocks(blocks, parts, room.bytes)
        return self._decode_array(room.array)

    def _needed(self, source: tuple[Part, ...], extents: FindExtents) -> Extents | None:
        """Return which of the stored bytes a selection needs."""
        assert self._axes is not None
        found = extents(tuple([source[axis] for axis in self._axes]), self.stored.shape)
        return None if found is None else found.times(self.stored.dtype.itemsize)

    def _decode_array(self, array: np.ndarray) -> np.ndarray:
        for codec, spec in reversed(self.array_codecs):
            array = codec.decode(array, spec)
        return array

    def _decode_bytes(self, data: Buffer, out: memoryview | None) -> Buffer:
        if len(self.byte_codecs) == 1:
            codec, size = self.byte_codecs[0]
            return codec.decode(data, size, out)
        last = len(self.byte_codecs) - 1
        for step, (codec, size) in enumerate(reversed(self.byte_codecs)):
            data = codec.decode(data, size, out if step == last else None)
        return data


class Room:
    """Memory for one stored chunk, which is used again and again.

    Attributes
    ----------
    array
        The memory as a stored chunk.
    bytes
        The same as bytes.
    """

    __slots__ = ("array", "bytes")

    def __init__(self, stored: ChunkSpec) -> None:
        self.array = np.empty(stored.shape, stored.dtype)
        self.bytes = self.array.reshape(-1).view(np.uint8).data


def _build(codecs: Sequence[Extension]) -> list[Any]:
    """Return the codecs that the documents configure; those of numcodecs go by their place."""
    chain: list[Any] = []
    kind: Kind = "array_array"
    for document in codecs:
        if document.name not in CODECS and document.name.startswith(PREFIX):
            chain.append(numcodecs_codec(document.name, document.configuration, kind))
            continue
        if document.name not in CODECS and not document.must_understand:
            told = (
                f"the codec {document.name!r} is unknown; it is passed over, as it says it may be"
            )
            warnings.warn(told, ZarrCdmWarning, stacklevel=2)
            continue
        codec = CODECS[document.name].from_json(document.configuration)
        chain.append(codec)
        if codec.kind == "array_bytes":
            kind = "bytes_bytes"
    return chain
