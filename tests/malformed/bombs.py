"""Small stores that would unfold to a gibibyte, and large ones where small ones are expected."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import zipfile
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from tests.malformed.documents import big_json, raw, sharded
from tests.malformed.onefile import FILES, archive, database, zipped
from tests.malformed.stores import ARRAY, LITTLE, Build, Case, document, named, v2, v3
from tests.shelves import codec_child
from zarr_cdm.errors import ChunkError, FormatError, LimitError, ZarrCdmError

ROW = "R5 bombs"
# A chunk of 4 MiB: so the bombs are not too large for it before they unfold.
LARGE = {"shape": [1024, 1024], "chunk_grid": named("regular", chunk_shape=[1024, 1024])}
LARGE_V2 = {"shape": [1024, 1024], "chunks": [1024, 1024]}
GIB = 2**30
CHUNK, CHUNK_V2 = "v/c/0/0", "v/0.0"
V2_NAMES = {"numcodecs.zlib": "zlib", "numcodecs.bz2": "bz2", "numcodecs.lzma": "lzma"}


@cache
def made() -> dict[str, tuple[str, bytes, int | None]]:
    return codec_child.bombs()


def bad(
    name: str,
    build: Build,
    error: type[ZarrCdmError],
    says: str,
    *,
    megabytes: int = 64,
    **more: Any,
) -> Case:
    return Case(ROW, name, build, error, says, megabytes=megabytes, seconds=3, **more)


def through(bomb: str) -> Build:
    """Return what makes a store with a bomb of the codec fuzzer as a chunk."""

    def build(folder: Path) -> Path:
        codec, data, _ = made()[bomb]
        if codec.startswith("vlen"):
            fill = "" if codec == "vlen-utf8" else None
            changes = {"dtype": "|O", "filters": [{"id": codec}], "fill_value": fill}
            return v2(changes, {CHUNK_V2: data})(folder)
        short = V2_NAMES.get(codec)
        if short or codec == "numcodecs.lz4":
            return v2(LARGE_V2 | {"compressor": {"id": short or "lz4"}}, {CHUNK_V2: data})(folder)
        changes = {"codecs": [LITTLE, named(codec, **BLOSC.get(codec, {}))]}
        return v3(LARGE | changes, {CHUNK: data})(folder)

    return build


BLOSC = {
    "blosc": {
        "cname": "lz4",
        "clevel": 1,
        "shuffle": "noshuffle",
        "typesize": 4,
        "blocksize": 0,
    }
}


def in_a_shard(bomb: str) -> Build:
    """Return what makes a store with a bomb in its shards."""

    def build(folder: Path) -> Path:
        codec, data, _ = made()[bomb]
        changes = LARGE | sharded(
            chunk_shape=[1024, 1024],
            codecs=[LITTLE, named(codec)],
            index_codecs=[LITTLE],
        )
        return v3(changes, {CHUNK: data + struct.pack("<2Q", 0, len(data))})(folder)

    return build


def sparse(key: str, size: int = GIB, first: Build = v3()) -> Build:  # noqa: B008
    """Return what makes a file long that takes no room on disk."""

    def build(folder: Path) -> Path:
        root = first(folder)
        os.truncate(root / key, size)
        return root

    return build


@cache
def deflated_chunk() -> bytes:
    """Return an archive of which a chunk is a GiB of zeros, which it says."""
    data = codec_child.deflated(-15)
    large = {"v/zarr.json": document(ARRAY | LARGE)}
    crc = 0
    for _ in range(1024):
        crc = _crc(bytes(2**20), crc)
    found = archive(**{CHUNK: data} | large)
    at = found.index(CHUNK.encode()) - 30
    entry = found.rindex(CHUNK.encode()) - 46
    changed = bytearray(found)
    for place in (at + 8, entry + 10):
        struct.pack_into("<H", changed, place, zipfile.ZIP_DEFLATED)
    for place in (at + 14, entry + 16):
        struct.pack_into("<3L", changed, place, crc, len(data), GIB)
    return bytes(changed)


def _crc(data: bytes, value: int) -> int:
    return zipfile.crc32(data, value)


def deflated_that_lies() -> bytes:
    """Return an archive of which a chunk is a GiB of zeros, but says that it is 4 MiB."""
    changed = bytearray(deflated_chunk())
    entry = bytes(changed).rindex(CHUNK.encode()) - 46
    struct.pack_into("<L", changed, entry + 24, 4 * 2**20)
    return bytes(changed)


def stored_chunk(folder: Path) -> Path:
    """Return an archive with a chunk of a GiB that takes no room on disk."""
    place = folder / "air.zarr.zip"
    with zipfile.ZipFile(place, "w") as file:
        for name, value in FILES.items():
            if name != CHUNK:
                file.writestr(name, value)
        start = file.fp.tell()  # type: ignore[union-attr]
        info = zipfile.ZipInfo(CHUNK)
        info.file_size = info.compress_size = GIB
        info.header_offset, info.CRC = start, 0
        header = info.FileHeader(zip64=False)
        file.fp.write(header)  # type: ignore[union-attr]
        file.fp.seek(start + len(header) + GIB)  # type: ignore[union-attr]
        file.start_dir = start + len(header) + GIB  # type: ignore[attr-defined]
        file.filelist.append(info)
        file.NameToInfo[CHUNK] = info
    return place


def sqlite_blob(folder: Path) -> Path:
    """Return a database with a chunk of 200 MB of zeros: it has to be on disk."""
    place = database()(folder)
    with closing(sqlite3.connect(place)) as made:
        made.execute("PRAGMA journal_mode=OFF")
        made.execute("PRAGMA synchronous=OFF")
        made.execute(f"UPDATE zarr SET v = zeroblob(200000000) WHERE k = '{CHUNK}'")
        made.commit()
    return place


def list_of_lists(folder: Path) -> Path:
    data = b"[" + b",".join([b"[]"] * 2_000_000) + b"]"
    changes = {"dtype": "|O", "filters": [{"id": "json2"}], "fill_value": ""}
    return v2(changes, {CHUNK_V2: data})(folder)


CASES = [
    *(
        bad(name, through(name), ChunkError, "hold|inflate|header is damaged|counts|decode")
        for name, (codec, _, size) in made().items()
        if size is not None or codec.startswith("vlen-utf8")
    ),
    bad("gzip in a shard", in_a_shard("gzip"), ChunkError, "inflates to more than the 4194304"),
    bad("zstd in a shard", in_a_shard("zstd that states it"), ChunkError, "holds 1073741824 bytes"),
    bad("zip, deflated, that lies", zipped(deflated_that_lies), FormatError, "damaged"),
    bad("zip, deflated", zipped(deflated_chunk), LimitError, "the most"),
    bad("zip, stored", stored_chunk, LimitError, "the most"),
    bad("an SQLite blob", sqlite_blob, LimitError, "too big"),
    bad("a file as a chunk", sparse(CHUNK), LimitError, "the most"),
    bad("a file as a chunk of v2", sparse(CHUNK_V2, first=v2()), LimitError, "most"),
    bad(
        "a file as a compressed chunk",
        sparse(CHUNK, first=v3({"codecs": [LITTLE, named("gzip", level=1)]})),
        LimitError,
        "the most",
    ),
    bad("a file as a document", sparse("v/zarr.json"), LimitError, "the most"),
    bad("a file as a root", sparse("zarr.json"), LimitError, "the most"),
    bad("JSON of lists", raw(big_json(5_000_000, "[]")), LimitError, r"Limits\.json_parts"),
    bad(
        "JSON that is deep",
        raw(json.dumps(ARRAY).encode()[:-1] + b',"a":' + b"[" * 4_000_000 + b"]" * 4_000_000),
        LimitError,
        r"Limits\.json_(depth|parts)",
    ),
    bad("json2 of lists", list_of_lists, ChunkError, "more parts than|lists of the chunk"),
    bad(
        "a shard that says a chunk is a GiB",
        sparse(
            CHUNK,
            first=v3(
                sharded(chunk_shape=[4, 4], index_codecs=[LITTLE], index_location="start"),
                {CHUNK: struct.pack("<2Q", 16, GIB - 16)},
            ),
        ),
        LimitError,
        "the most",
    ),
]
