"""Inflating streams with a limit: shared by ``gzip``, ``zlib`` and those of numcodecs."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable
from typing import Any

from zarr_cdm.core.codecs.base import Buffer, placed, view
from zarr_cdm.errors import ChunkError
from zarr_cdm.limits import current

GZIP, ZLIB = 31, 15  # window bits: which header the stream has


def inflate(
    data: Buffer, member: Callable[[], Any], size: int | None, out: memoryview | None
) -> Buffer:
    """Return what all members of a stream hold, at most ``size`` bytes of it, exactly if given.

    Parameters
    ----------
    member
        Makes a decompressor of Python's standard library for one member.

    Raises
    ------
    ChunkError
        The stream is damaged or does not hold ``size`` bytes.
    """
    left = wanted = current().chunk_bytes if size is None else size
    parts: list[bytes] = []
    rest: Buffer = data
    while len(view(rest)) or not parts:
        stream = member()
        try:
            parts.append(stream.decompress(rest, left + 1))
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise ChunkError(f"the chunk cannot be inflated: {error}") from error
        left -= len(parts[-1])
        if left < 0:
            raise ChunkError(f"the chunk inflates to more than the {wanted} bytes that it should")
        if not stream.eof:
            raise ChunkError("the chunk cannot be inflated: the stream is cut short")
        rest = stream.unused_data
    return placed(parts[0] if len(parts) == 1 else b"".join(parts), size, out)
