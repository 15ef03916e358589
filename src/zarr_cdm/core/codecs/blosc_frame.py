"""The anatomy of a Blosc frame: its header, its blocks, and frames made of a few of its blocks.

A frame is a header of 16 bytes, the start of each block as a 32-bit number, and the blocks, in any
order, each compressed (and shuffled) by itself. The last block may be shorter than the others. So
a frame of some neighbouring blocks is as good as the one that they come from, with a new header and
their starts shifted: to decode one element takes one block.

Specification: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from zarr_cdm.core.codecs.base import Buffer, view
from zarr_cdm.core.extents import Extents
from zarr_cdm.errors import ChunkError

# version, version of the inner format, flags, size of an element, bytes, bytes in a block, bytes
# of the frame; then one 32-bit start for each block unless the bytes are stored as they are.
HEADER = struct.Struct("<BBBBiii")
VERSION = 2
STORED = 0x02
NOT_SPLIT = 0x10
START = np.dtype("<i4")
SMALL_BLOCK = 8 * 2**10
Decompress = Callable[[Buffer, memoryview], object]


class Header(NamedTuple):
    """The header of a frame; ``nbytes`` are decoded, ``cbytes`` encoded bytes with the header."""

    version: int
    inner_version: int
    flags: int
    typesize: int
    nbytes: int
    blocksize: int
    cbytes: int

    @property
    def stored(self) -> bool:
        """Whether the bytes follow as they are, in no blocks."""
        return bool(self.flags & STORED)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return -(-self.nbytes // self.blocksize) if self.nbytes else 0

    @property
    def head_bytes(self) -> int:
        """Where the blocks begin: behind the header and their starts."""
        return HEADER.size + (0 if self.stored else self.blocks * START.itemsize)


def check_header(data: Buffer, size: int | None) -> None:
    """Raise `ChunkError` unless the header of a whole frame fits it.

    c-blosc trusts the header, and would crash. ``size`` is how many bytes the frame must hold, None
    where that is not known.
    """
    seen = view(data)
    _checked(seen, size, len(seen))


def read_header(head: Buffer, size: int | None, encoded: int | None) -> Header:
    """Return the header at the beginning of a frame.

    ``size`` and ``encoded`` are how many bytes the frame must hold and be, where that is known.

    Raises
    ------
    ChunkError
        The header does not fit these.
    """
    return Header._make(_checked(head, size, encoded))


def _checked(head: Buffer, size: int | None, encoded: int | None) -> tuple[int, ...]:
    if len(head) < HEADER.size:
        raise ChunkError(f"the chunk has {len(head)} bytes, a blosc header alone {HEADER.size}")
    fields = HEADER.unpack_from(head)
    version, _, flags, typesize, nbytes, blocksize, cbytes = fields
    if (
        version != VERSION
        or typesize == 0
        or nbytes != (nbytes if size is None else size)
        or cbytes != (cbytes if encoded is None else encoded)
    ):
        raise ChunkError(
            f"the blosc header is damaged: {nbytes} bytes in a frame of {cbytes}, "
            f"found {encoded}" + ("" if size in (None, nbytes) else f", expected {size} bytes")
        )
    if nbytes < 0 or (nbytes and not 0 < blocksize <= nbytes):
        raise ChunkError(f"the blosc header is damaged: {nbytes} bytes in blocks of {blocksize}")
    rest = nbytes if flags & STORED or not nbytes else -(-nbytes // blocksize) * START.itemsize
    if HEADER.size + rest > cbytes:
        raise ChunkError(f"the blosc frame is cut short: {cbytes} bytes for {nbytes}")
    return fields


def head_bytes(size: int) -> int:
    """Return how long the head of a frame of ``size`` bytes is at most, but for tiny blocks."""
    return HEADER.size + -(-size // SMALL_BLOCK) * START.itemsize


def needed_blocks(header: Header, needed: Extents) -> list[range]:
    """Return the blocks that hold the bytes ``needed``, neighbours in one range."""
    first = needed.starts // header.blocksize
    last = (needed.starts + (needed.length - 1)) // header.blocksize
    if isinstance(first, int):
        return [range(first, last + 1)]
    # Runs go up by one where an extent begins and down behind its last block.
    change = np.bincount(first, minlength=header.blocks + 1)
    change -= np.bincount(last + 1, minlength=header.blocks + 1)
    wanted = np.concatenate(([0], (change.cumsum() > 0).astype(np.int8)))
    edges = np.flatnonzero(np.diff(wanted)).tolist()
    return [range(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _in_order(header: Header, head: Buffer, blocks: range) -> list[tuple[int, int]]:
    """Return the spans of neighbouring blocks that lie one behind the other; else nothing.

    Most do. Then the other starts, which may be many, need not be looked at.
    """
    count = len(blocks) + (blocks.stop < header.blocks)
    found = struct.unpack_from(f"<{count}i", head, HEADER.size + blocks.start * START.itemsize)
    edges = found if count > len(blocks) else (*found, header.cbytes)
    spans = list(itertools.pairwise(edges))
    inside = header.head_bytes <= edges[0] and edges[-1] <= header.cbytes
    return spans if inside and all(start < stop for start, stop in spans) else []


class Blocks:
    """The blocks of a frame that a selection needs.

    ``head`` is the beginning of the frame up to its first block (what follows does no harm).

    Attributes
    ----------
    spans
        Where in the frame their encoded bytes lie, start and stop of each.

    Raises
    ------
    ChunkError
        A block does not lie inside the frame.
    """

    def __init__(self, header: Header, head: Buffer, wanted: Sequence[range]) -> None:
        self._header = header
        self._wanted = wanted
        if header.stored:
            places = map(self._decoded, wanted)
            self.spans = [(HEADER.size + start, HEADER.size + stop) for start, stop in places]
            return
        self.spans = _in_order(header, head, wanted[0]) if len(wanted) == 1 else []
        if self.spans:
            return
        starts = np.frombuffer(head, START, header.blocks, HEADER.size)
        # A block ends where the next one begins, whichever that is.
        ends = np.sort(np.concatenate((starts, (header.cbytes,))))
        if ends[0] < header.head_bytes or ends[-2] >= header.cbytes:
            raise ChunkError("the blosc frame is damaged: a block lies outside of it")
        begins = starts[[number for blocks in wanted for number in blocks]]
        stops = ends[np.searchsorted(ends, begins, "right")]
        self.spans = list(zip(begins.tolist(), stops.tolist(), strict=True))

    def _decoded(self, blocks: range) -> tuple[int, int]:
        """Return which of the decoded bytes some neighbouring blocks are."""
        size = self._header.blocksize
        return blocks.start * size, min(blocks.stop * size, self._header.nbytes)

    def decode(self, parts: Sequence[Buffer], out: memoryview, decompress: Decompress) -> None:
        """Decode the bytes at the spans to their places in ``out``, which holds the whole chunk."""
        at = 0
        for blocks in self._wanted:
            start, stop = self._decoded(blocks)
            if self._header.stored:
                out[start:stop] = parts[at]
                at += 1
            else:
                own = parts[at : at + len(blocks)]
                decompress(self._frame(stop - start, own), out[start:stop])
                at += len(blocks)

    def _frame(self, size: int, parts: Sequence[Buffer]) -> bytes:
        """Return a frame of some neighbouring blocks, ``size`` bytes when they are decoded."""
        version, inner, flags, typesize, _, blocksize, _ = self._header
        at, starts = HEADER.size + len(parts) * START.itemsize, []
        for part in parts:
            starts.append(at)
            at += len(part)
        # A last block that is shorter is never split into streams, but it would be if it were
        # the only one and so as long as the others.
        if size < blocksize:
            flags |= NOT_SPLIT
        header = HEADER.pack(version, inner, flags, typesize, size, min(blocksize, size), at)
        return b"".join((header, np.array(starts, START).tobytes(), *parts))
