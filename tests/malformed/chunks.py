"""Chunks and shards whose bytes are not what the document promises."""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import Any

import google_crc32c
import numcodecs
import numpy as np

from tests.malformed.documents import sharded
from tests.malformed.stores import (
    CORNER,
    DATA,
    LITTLE,
    Build,
    Case,
    named,
    v2,
    v3,
)
from zarr_cdm.errors import ChunkError, LimitError

ROW = "3.2 chunk data"
CHUNK = DATA[:4, :4].tobytes()
NO_CHUNK = 2**64 - 1


def through(codec: dict[str, Any], data: bytes) -> Build:
    return v3({"codecs": [LITTLE, codec]}, {"v/c/0/0": data})


def blosc(data: bytes) -> Build:
    return v3(LARGE | {"codecs": [LITTLE, BLOSC]}, {"v/c/0/0": data})


def compressed(id: str, data: bytes, **others: Any) -> Build:
    return v2({"compressor": {"id": id, **others}}, {"v/0.0": data})


def filtered(steps: list[dict[str, Any]], data: bytes, dtype: str = "|O") -> Build:
    fill = None if dtype == "|O" else -1
    return v2({"dtype": dtype, "filters": steps, "fill_value": fill}, {"v/0.0": data})


def bad(name: str, build: Build, says: str, row: str = ROW) -> Case:
    return Case(row, name, build, ChunkError, says)


def with_crc(data: bytes) -> bytes:
    return data + struct.pack("<I", google_crc32c.value(data))


GZIP, ZSTD, CRC = named("gzip", level=1), named("zstd", level=1, checksum=True), {"name": "crc32c"}
BLOSC = named("blosc", cname="lz4", clevel=5, shuffle="shuffle", typesize=4, blocksize=0)
PACKED = gzip.compress(CHUNK, mtime=0)
FRAME = bytes(numcodecs.zstd.compress(CHUNK, 1, True))
# Blosc stores what is as small as the other chunks.
LARGE = {"shape": [64, 64], "chunk_grid": named("regular", chunk_shape=[64, 64])}
FRAMED = bytes(numcodecs.blosc.compress(np.arange(4096, dtype="<f4"), b"lz4", 5, 1, 1024, 4))


def changed(data: bytes, at: int, new: bytes) -> bytes:
    at = at % len(data)
    return data[:at] + new + data[at + len(new) :]


DATA_CASES = [
    bad("short", v3(files={"v/c/0/0": CHUNK[:-1]}), "63 bytes when decoded, expected 64"),
    bad("long", v3(files={"v/c/0/0": CHUNK + b"x"}), "65 bytes when decoded, expected 64"),
    bad("empty", v3(files={"v/c/0/0": b""}), "0 bytes when decoded, expected 64"),
    bad("v2, short", v2(files={"v/0.0": CHUNK[:-1]}), "63 bytes when decoded, expected 64"),
    bad("v2, empty", v2(files={"v/0.0": b""}), "0 bytes when decoded, expected 64"),
    bad("gzip, none", through(GZIP, CHUNK), "cannot be inflated"),
    bad("gzip, empty", through(GZIP, b""), "cannot be inflated"),
    bad("gzip, cut short", through(GZIP, PACKED[:-12]), "cut short"),
    bad("gzip, a wrong checksum", through(GZIP, changed(PACKED, -8, b"abcd")), "incorrect data ch"),
    bad("gzip, a wrong length", through(GZIP, changed(PACKED, -4, b"abcd")), "incorrect length"),
    bad("gzip, garbage behind", through(GZIP, PACKED + b"garbage"), "cannot be inflated"),
    bad("gzip, too little", through(GZIP, gzip.compress(b"a")), "1 bytes when decoded, expected"),
    bad("gzip, twice", through(GZIP, PACKED * 2), "inflates to more than the 64 bytes"),
    bad("zstd, none", through(ZSTD, CHUNK), "no zstd frame"),
    bad("zstd, empty", through(ZSTD, b""), "no zstd frame"),
    bad("zstd, cut short", through(ZSTD, FRAME[:-7]), "zstd cannot decode"),
    bad("zstd, a wrong checksum", through(ZSTD, changed(FRAME, -4, b"abcd")), "zstd cannot decode"),
    bad(
        "zstd, a lie of 2**40 bytes",
        through(ZSTD, b"(\xb5/\xfd\xc0\x58" + struct.pack("<Q", 2**40) + b"\1\0\0"),
        "holds 1099511627776 bytes, expected 64",
    ),
    bad(
        "zstd, too little",
        through(ZSTD, bytes(numcodecs.zstd.compress(b"a", 1))),
        "holds 1 bytes|expected 64|cannot decode",
    ),
    bad("crc32c, wrong", through(CRC, with_crc(CHUNK)[:-1] + b"x"), "crc32c"),
    bad("crc32c, a flipped bit", through(CRC, changed(with_crc(CHUNK), 5, b"x")), "crc32c"),
    bad("crc32c, of too few bytes", through(CRC, with_crc(CHUNK[:-4])), "60 bytes when decoded"),
    bad("crc32c, three bytes", through(CRC, b"abc"), "crc32c|3 bytes"),
    bad("crc32c, of nothing", through(CRC, with_crc(b"")), "0 bytes when decoded"),
    bad("blosc, none", blosc(CHUNK), "blosc header is damaged"),
    bad("blosc, empty", blosc(b""), "a blosc header alone 16"),
    bad("blosc, cut short", blosc(FRAMED[:-3]), "blosc header is damaged"),
    bad(
        "blosc, a lie of its length",
        blosc(changed(FRAMED, 12, b"\xff\xff\xff\x7f")),
        "blosc header is damaged",
    ),
    bad(
        "blosc, a lie of its bytes",
        blosc(changed(FRAMED, 4, b"\xff\xff\xff\x7f")),
        "blosc header is damaged",
    ),
    bad(
        "blosc, negative bytes",
        blosc(changed(FRAMED, 4, b"\xff\xff\xff\xff")),
        "blosc header is damaged",
    ),
    bad(
        "blosc, blocks of 0",
        blosc(changed(FRAMED, 8, bytes(4))),
        "blosc header is damaged",
    ),
    bad("blosc, elements of 0", blosc(changed(FRAMED, 3, b"\0")), "blosc header is damaged"),
    bad(
        "blosc, of another version",
        blosc(changed(FRAMED, 0, b"\7")),
        "blosc header is damaged",
    ),
    bad("blosc, garbage behind", blosc(FRAMED + b"x"), "blosc header is damaged"),
    bad(
        "blosc, blocks that start elsewhere",
        blosc(changed(FRAMED, 16, b"\xff\xff\xff\x7f")),
        "blosc cannot decode|damaged",
    ),
    bad("zlib, garbage", compressed("zlib", CHUNK, level=1), "cannot be inflated"),
    bad("zlib, cut short", compressed("zlib", zlib.compress(CHUNK)[:-5], level=1), "cut short"),
    bad(
        "lz4, garbage",
        compressed("lz4", b"\x40\0\0\0" + b"\xff" * 30, acceleration=1),
        "lz4 cannot decode",
    ),
    bad(
        "lz4, a negative size",
        compressed("lz4", b"\xff" * 30, acceleration=1),
        "4294967295 bytes|lz4 cannot decode",
    ),
    bad("bz2, garbage", compressed("bz2", CHUNK, level=1), "cannot be inflated"),
    bad("lzma, garbage", compressed("lzma", CHUNK, preset=1), "cannot be inflated"),
    bad(
        "vlen-utf8, a count of 2**31 - 1",
        filtered([{"id": "vlen-utf8"}], struct.pack("<I", 2**31 - 1)),
        "counts 2147483647 elements, expected 16",
        "4.2 vlen",
    ),
    bad(
        "vlen-utf8, one too few",
        filtered([{"id": "vlen-utf8"}], struct.pack("<16I", 15, *[0] * 15)),
        "counts 15 elements, expected 16",
        "4.2 vlen",
    ),
    bad(
        "vlen-utf8, an element of 2**32 - 1",
        filtered([{"id": "vlen-utf8"}], struct.pack("<17I", 16, 2**32 - 1, *[0] * 15)),
        "cannot be decoded",
        "4.2 vlen",
    ),
    bad(
        "vlen-utf8, empty",
        filtered([{"id": "vlen-utf8"}], b""),
        "counts 0 elements, expected 16",
        "4.2 vlen",
    ),
    bad(
        "vlen-utf8, no UTF-8",
        filtered([{"id": "vlen-utf8"}], struct.pack("<2I", 16, 1) + b"\xff" + bytes(60)),
        "cannot be decoded",
        "4.2 vlen",
    ),
    bad(
        "vlen-bytes, cut short",
        filtered([{"id": "vlen-bytes"}], struct.pack("<2I", 16, 1)),
        "cut short",
        "4.2 vlen",
    ),
    bad(
        "vlen-bytes, an element behind the end",
        filtered([{"id": "vlen-bytes"}], struct.pack("<17I", 16, *[0] * 15, 9)),
        "cannot be decoded",
        "4.2 vlen",
    ),
    bad("json2, no JSON", filtered([{"id": "json2"}], b"["), "is no JSON"),
    bad(
        "json2, other things than texts",
        filtered([{"id": "json2"}], str([[1] * 4] * 4 + ["|O", [4, 4]]).replace("'", '"').encode()),
        "other things than texts",
    ),
    bad(
        "json2, of another shape",
        filtered([{"id": "json2"}], b'["a", "|O", [1]]'),
        "expected \\(4, 4\\)",
    ),
    bad("json2, no list", filtered([{"id": "json2"}], b'{"a": 1}'), "no list"),
    bad(
        "json2, 200,000 levels deep",
        filtered([{"id": "json2"}], b"[" * 200_000),
        "too deeply|no JSON",
    ),
    bad(
        "categorize, a label that there is not",
        filtered(
            [{"id": "categorize", "labels": ["a"], "dtype": "|O", "astype": "|u1"}], bytes([2] * 16)
        ),
        "more than the 1 labels",
        "3.2 v2",
    ),
    bad(
        "categorize, a number below 0",
        filtered(
            [{"id": "categorize", "labels": ["a"], "dtype": "|O", "astype": "|i1"}],
            bytes([255] * 16),
        ),
        "more than the 1 labels",
        "3.2 v2",
    ),
    bad(
        "delta, half an element",
        filtered([{"id": "delta", "dtype": "<i4"}], bytes(63), "<i4"),
        "delta cannot decode|63 bytes",
    ),
    bad(
        "shuffle, half an element",
        filtered([{"id": "shuffle", "elementsize": 4}], bytes(63), "<i4"),
        "63 bytes|elements",
    ),
    bad("fletcher32, wrong", compressed("fletcher32", CHUNK + b"abcd"), "fletcher32 cannot decode"),
    bad("crc32, wrong", compressed("crc32", b"abcd" + CHUNK), "crc32 cannot decode"),
    bad("adler32, wrong", compressed("adler32", b"abcd" + CHUNK), "adler32 cannot decode"),
]

# One shard of 4 x 4 with four chunks of 2 x 2 float32; the other shards are good.
INNER = [DATA[i : i + 2, j : j + 2].tobytes() for i in (0, 2) for j in (0, 2)]
WHERE = [(16 * at, 16) for at in range(4)]
INDEX_BYTES = 16 * 4 + 4


def shard(index: list[tuple[int, int]], body: bytes = b"".join(INNER)) -> bytes:
    flat = [number % 2**64 for pair in index for number in pair]
    return body + with_crc(struct.pack("<8Q", *flat))


def index_at(place: int, *pair: int) -> list[tuple[int, int]]:
    return [(pair[0], pair[1]) if at == place else each for at, each in enumerate(WHERE)]


def in_shard(data: bytes, **changes: Any) -> Build:
    return v3(sharded(**changes), {"v/c/0/0": data})


BEYOND = "which is shorter|the shard has 132 bytes|cut short|index"
SHARD_CASES = [
    bad(name, in_shard(data), says, "3.2 shard index")
    for name, data, says in [
        ("a wrong checksum", shard(WHERE)[:-1] + b"x", "crc32c"),
        ("a flipped bit", changed(shard(WHERE), 70, b"\xff"), "crc32c"),
        ("a file of 3 bytes", b"abc", "crc32c"),
        ("an empty file", b"", "crc32c"),
        ("a file without the last byte", shard(WHERE)[:-1], "crc32c"),
        ("a chunk behind the end", shard(index_at(0, 10_000, 16)), BEYOND),
        ("a chunk that ends behind it", shard(index_at(0, 120, 100)), BEYOND),
        ("an offset of 2**62", shard(index_at(0, 2**62, 16)), BEYOND),
        ("an offset of 2**64 - 8", shard(index_at(0, 2**64 - 8, 16)), BEYOND),
        ("an offset and a length that wrap", shard(index_at(0, 2**64 - 8, 24)), BEYOND),
        ("an offset that is missing", shard(index_at(0, NO_CHUNK, 16)), "has 18446744073709551615"),
        ("a length that is missing", shard(index_at(0, 0, NO_CHUNK)), "18446744073709551615"),
        ("a length of 0", shard(index_at(0, 0, 0)), "0 bytes when decoded, expected 16"),
        ("a length that is short", shard(index_at(0, 0, 15)), "15 bytes when decoded, expected 16"),
        ("a length that is long", shard(index_at(0, 0, 32)), "32 bytes when decoded, expected 16"),
    ]
] + [
    Case(
        "3.2 shard index",
        "a length of 2**62",
        in_shard(shard(index_at(0, 0, 2**62))),
        (ChunkError, LimitError),
        f"{BEYOND}|are the most",
    ),
    Case(
        "3.2 shard index",
        "entries that overlap",
        in_shard(shard([WHERE[0]] * 4)),
        values=np.block([[DATA[:2, :2]] * 2] * 2).tolist(),
        why="lenient: equal chunks may share their bytes; that of others cannot be told from it",
    ),
    Case(
        "3.2 shard index",
        "a gap between chunks, and their order",
        in_shard(shard([(48, 16), (32, 16), (16, 16), (0, 16)], b"".join(INNER[::-1]) + b"gap")),
        values=CORNER,
        why="legal: chunks may lie anywhere",
    ),
]

CASES = [*DATA_CASES, *SHARD_CASES]
