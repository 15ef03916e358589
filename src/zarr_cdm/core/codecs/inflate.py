"""Inflating deflate streams with a limit: shared by ``gzip`` and ``zlib``."""

from __future__ import annotations

import zlib

from zarr_cdm.core.codecs.base import Buffer, view
from zarr_cdm.errors import ChunkError

GZIP, ZLIB = 31, 15  # window bits: which header the stream has
UNBOUNDED = 2**31 - 1


def inflate(data: Buffer, wbits: int, size: int | None, out: memoryview | None) -> Buffer:
    """Return what all members of a stream hold, at most ``size`` bytes of it, exactly if given.

    Raises
    ------
    ChunkError
        The stream is damaged or does not hold ``size`` bytes.
    """
    most = UNBOUNDED if size is None else size
    parts: list[bytes] = []
    rest: Buffer = data
    while len(view(rest)):
        member = zlib.decompressobj(wbits)
        try:
            parts.append(member.decompress(rest, most + 1))
        except zlib.error as error:
            raise ChunkError(f"the chunk cannot be inflated: {error}") from error
        most -= len(parts[-1])
        if most < 0:
            raise ChunkError(f"the chunk inflates to more than the {size} bytes that it should")
        if not member.eof:
            raise ChunkError("the chunk cannot be inflated: the stream is cut short")
        rest = member.unused_data
    inflated = parts[0] if len(parts) == 1 else b"".join(parts)
    if size is not None and len(inflated) != size:
        raise ChunkError(f"the chunk inflates to {len(inflated)} bytes, expected {size}")
    if out is None:
        return inflated
    out[:] = inflated
    return out
