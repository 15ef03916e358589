"""One chunk through its chain of codecs, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zarr_cdm.core.codecs.base import ArrayToArray, Buffer, BytesToBytes, ChunkSpec, Kind, view
from zarr_cdm.core.codecs.bytes import BytesCodec
from zarr_cdm.core.codecs.numcodecs import PREFIX, numcodecs_codec
from zarr_cdm.core.codecs.table import CODECS
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.extension import Extension


class Pipeline:
    """The codecs of an array, for chunks of one shape.

    Raises
    ------
    UnknownNameError
        A codec is not known.
    MetadataError
        A codec cannot be configured as it is, or the codecs do not form a chain.
    """

    def __init__(self, codecs: Sequence[Extension], spec: ChunkSpec) -> None:
        self.spec = spec
        chain = _build(codecs)
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
        # Whether the bytes that the last decoding step gives are the array as it lies in memory.
        self._in_place = (
            at == 0 and isinstance(self.serializer, BytesCodec) and bool(self.byte_codecs)
        ) and self.serializer.is_memory(spec.dtype)

    def encode(self, array: np.ndarray) -> bytes:
        """Return the bytes of a chunk of the full chunk shape."""
        for codec, _ in self.array_codecs:
            array = codec.encode(array)
        data: Buffer = self.serializer.encode(array, self.stored)
        for byte_codec, _ in self.byte_codecs:
            data = byte_codec.encode(data)
        return data if isinstance(data, bytes) else bytes(view(data))

    def decode(self, data: bytes, out: np.ndarray | None = None) -> np.ndarray:
        """Return the chunk that the bytes hold; in ``out``, where that has its shape.

        Raises
        ------
        ChunkError
            The bytes are not such a chunk.
        """
        if out is not None and self._in_place and out.flags.c_contiguous and out.nbytes:
            self._decode_bytes(data, out.reshape(-1).view(np.uint8).data)
            return out
        array: np.ndarray = self.serializer.decode(self._decode_bytes(data, None), self.stored)
        for codec, spec in reversed(self.array_codecs):
            array = codec.decode(array, spec)
        if out is not None:
            out[...] = array
            return out
        return array

    def _decode_bytes(self, data: Buffer, out: memoryview | None) -> Buffer:
        last = len(self.byte_codecs) - 1
        for step, (codec, size) in enumerate(reversed(self.byte_codecs)):
            data = codec.decode(data, size, out if step == last else None)
        return data


def _build(codecs: Sequence[Extension]) -> list[Any]:
    """Return the codecs that the documents configure; those of numcodecs go by their place."""
    chain: list[Any] = []
    kind: Kind = "array_array"
    for document in codecs:
        if document.name not in CODECS and document.name.startswith(PREFIX):
            chain.append(numcodecs_codec(document.name, document.configuration, kind))
            continue
        codec = CODECS[document.name].from_json(document.configuration)
        chain.append(codec)
        if codec.kind == "array_bytes":
            kind = "bytes_bytes"
    return chain
