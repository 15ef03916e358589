"""Run in a process of its own: codecs on bytes that might kill it, or eat its memory.

    python codec_child.py fuzz SEED COUNT    mutated chunks of every codec that gets bytes
    python codec_child.py bombs              small chunks that claim a gigabyte

Prints one JSON object; whatever goes wrong ends the process.
"""

from __future__ import annotations

import bz2
import itertools
import json
import lzma
import random
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.metadata.test_deviations import V3
from tests.metadata.test_malformed import chain, grid, named
from tests.shelves.test_every_codec import (
    BYTES,
    NUMBER_CASES,
    OBJECTS_IN,
    VLEN,
    build,
    lacking,
    number_chain,
    number_spec,
    objects,
    spec_of,
)
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.codecs.base import Buffer
from zarr_cdm.core.codecs.blosc import HEADER
from zarr_cdm.core.codecs.pipeline import Pipeline
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import ChunkError
from zarr_cdm.metadata import v3
from zarr_cdm.metadata.documents import ArrayMetadata

GIB = 2**30
SPARE = 96 * 2**20
PAYLOADS = [
    np.arange(240, dtype="<u2").tobytes(),
    np.zeros(480, "u1").tobytes(),
    np.random.default_rng(0).bytes(480),
]


def mutations(chunk: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield damaged copies without end; headers are hit more often than what follows."""
    while True:
        damaged = bytearray(chunk)
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(min(len(damaged), chance.choice((20, len(damaged)))) or 1)
            what = chance.randrange(6)
            if what < 2 and damaged:
                damaged[at % len(damaged)] ^= 1 << chance.randrange(8)
            elif what == 2:
                damaged[at : at + 1] = chance.randbytes(1)
            elif what == 3:
                number = chance.choice((0, 1, 2**31 - 1, -(2**31), -1, len(chunk), GIB))
                damaged[at : at + 4] = struct.pack("<i", number)
            elif what == 4:
                del damaged[at : at + chance.randrange(1, 9)]
            else:
                damaged[at:at] = chance.randbytes(chance.randrange(1, 9))
        yield bytes(damaged)


def fuzz(seed: int, count: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    chance = random.Random(seed)
    for name, codec in BYTES.items():
        found[name] = {"damaged": 0, "refused": 0}
        many = count if name.startswith("blosc") else count // 5
        for payload in PAYLOADS:
            chunk = bytes(codec.encode(payload))
            for decode in bytes_decoders(codec, len(payload)):
                run(decode, chunk, many // len(PAYLOADS) // 3, chance, found[name])
    codecs = {name: (build(name, some), elements) for name, (some, elements) in OBJECTS_IN.items()}
    for name, (codec, elements) in (VLEN | codecs).items():
        found[name] = {"damaged": 0, "refused": 0}
        array = objects(elements)
        spec = spec_of(array, name)
        run(
            lambda data, codec=codec, spec=spec: codec.decode(data, spec),
            bytes(codec.encode(array, spec)),
            count,
            chance,
            found[name],
        )
    for name in itertools.filterfalse(lacking, NUMBER_CASES):
        found[name] = {"damaged": 0, "refused": 0}
        pipeline = Pipeline(number_chain(name), number_spec(name))
        chunk = pipeline.encode(np.ones(pipeline.spec.shape, pipeline.spec.dtype))
        run(pipeline.decode, chunk, count // 4, chance, found[name])
    for name, codec in BYTES.items():
        if name.startswith("blosc"):
            found[f"{name} in parts"] = {"damaged": 0, "refused": 0}
            for store in (MemoryStore, FarStore):
                part = reader_of_parts(codec, store)
                chunk = bytes(codec.encode(WALK.tobytes()))
                run(part, chunk, count // 8, chance, found[f"{name} in parts"])
    return found


WALK = np.random.default_rng(1).integers(-9, 9, 8192).cumsum().astype("<u2")


class FarStore(MemoryStore):
    """Where a request costs as much as to read much: chunks are read as wholes."""

    gap = 2**20


def reader_of_parts(codec: Any, kind: type[MemoryStore]) -> Callable[[bytes], None]:
    """Return what reads a few elements of a chunk, by the blocks that hold them."""
    values: dict[str, bytes] = {}
    blosc = named(
        "blosc",
        cname=codec.cname,
        clevel=codec.clevel,
        shuffle=("noshuffle", "shuffle", "bitshuffle")[codec.shuffle],
        typesize=codec.typesize,
        blocksize=codec.blocksize,
    )
    changes = {"shape": [8192], "data_type": "uint16", "fill_value": 0} | grid(8192) | chain(blosc)
    document = v3.read(V3 | changes)
    assert isinstance(document, ArrayMetadata)
    array = ZarrArray(kind(values), "", document)

    def read(data: bytes) -> None:
        values["c/0"] = data
        assert array[4000:4003].shape == (3,)
        assert array[::3000].shape == (3,)
        assert array.vindex[[[1, 8000]]].shape == (1, 2)

    return read


def bytes_decoders(codec: Any, size: int) -> Iterator[Callable[[bytes], None]]:
    """Yield what decodes with a size, into a place, and with neither."""
    out = np.empty(size, np.uint8)
    for arguments in ((size,), (size, out.data), (None,)):

        def decode(data: bytes, arguments: Any = arguments) -> None:
            decoded: Buffer = codec.decode(data, *arguments)
            assert arguments[0] is None or len(decoded) == size

        yield decode


def run(
    decode: Callable[[bytes], Any], chunk: bytes, count: int, chance: random.Random, found: Any
) -> None:
    for _, damaged in zip(range(count), mutations(chunk, chance), strict=False):
        found["damaged"] += 1
        try:
            decode(damaged)
        except ChunkError:
            found["refused"] += 1


def deflated(wbits: int) -> bytes:
    """Return a stream of a GiB of zeros, of which one MiB was compressed."""
    stream = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first, again = (
        stream.compress(bytes(2**20)) + stream.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    return first + again * 1023


def zstd_frame(blocks: int, stated: int | None = None) -> bytes:
    """Return a frame of blocks that each repeat one zero 128 Ki times."""
    head = b"\x00\x70" if stated is None else b"\xc0\x70" + struct.pack("<Q", stated)
    repeated = (2**17 << 3) | (1 << 1)
    body = b"".join(
        (repeated | (i == blocks - 1)).to_bytes(3, "little") + b"\0" for i in range(blocks)
    )
    return b"\x28\xb5\x2f\xfd" + head + body


def bombs() -> dict[str, tuple[str, bytes, int | None]]:
    small = bytes(build("zstd", {}).encode(b"123"))
    blosc = HEADER.pack(2, 1, 0x21, 1, GIB, 2**18, 16 + 4 * 4096) + bytes(4 * 4096)
    return {
        "gzip": ("gzip", deflated(31), 100),
        "gzip members": ("gzip", zlib_member() * 1024, 100),
        "zlib": ("numcodecs.zlib", deflated(15), 100),
        "zstd that states it": ("zstd", zstd_frame(8192, GIB), 100),
        "zstd that lies": ("zstd", zstd_frame(1, 2**40), 100),
        "zstd that lies low": ("zstd", zstd_frame(8192, 50), 100),
        "zstd in silence": ("zstd", zstd_frame(8192), 100),
        "zstd in a second frame": ("zstd", small + zstd_frame(8192, GIB), 100),
        "zstd in a silent second frame": ("zstd", small + zstd_frame(8192), 100),
        "zstd of unknown size": ("zstd", zstd_frame(2**15), None),
        "zstd of unknown size that lies": ("zstd", zstd_frame(1, 2**40), None),
        "blosc": ("blosc", blosc, 100),
        "bz2": ("numcodecs.bz2", bz2.compress(bytes(2**24)) * 64, 100),
        "lzma": ("numcodecs.lzma", lzma.compress(bytes(2**24), preset=0) * 64, 100),
        "lz4": ("numcodecs.lz4", struct.pack("<i", GIB) + b"\x1f\0\1\0" + b"\xff" * 2**16, 100),
        "vlen-utf8": ("vlen-utf8", struct.pack("<I", 2**31 - 1) + bytes(100), None),
        "vlen-bytes": ("vlen-bytes", struct.pack("<II", 2, 2**32 - 1) + bytes(100), None),
    }


def zlib_member() -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    return stream.compress(bytes(2**20)) + stream.flush()


def defuse() -> dict[str, Any]:
    """Decode every bomb with little memory to spare, and tell what came of it."""
    found: dict[str, Any] = {}
    made = bombs()
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE, resource.RLIM_INFINITY))
    for name, (codec_name, chunk, size) in made.items():
        codec = build(codec_name, {})
        start = time.perf_counter()
        try:
            if codec_name in VLEN:
                codec.decode(chunk, spec_of(np.array(["", ""], object), codec_name))
            else:
                codec.decode(chunk, size)
        except ChunkError as error:
            found[name] = {"error": str(error), "seconds": time.perf_counter() - start}
    return found


if __name__ == "__main__":
    verb, *numbers = sys.argv[1:]
    print(json.dumps(fuzz(*map(int, numbers)) if verb == "fuzz" else defuse()))  # noqa: T201
