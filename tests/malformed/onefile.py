"""Stores that are one file: zip archives and SQLite databases, made by somebody."""

from __future__ import annotations

import io
import os
import sqlite3
import struct
import warnings
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.malformed.stores import (
    ARRAY,
    CORNER,
    GROUP,
    Build,
    Case,
    chunks,
    document,
)
from zarr_cdm.errors import (
    ChunkError,
    FormatError,
    LimitError,
    NodeNotFoundError,
    StoreError,
    UnsupportedError,
    ZarrCdmError,
)

FILES = {"zarr.json": document(GROUP), "v/zarr.json": document(ARRAY)} | chunks()
CHUNK = "v/c/0/0"
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"

# zip archives


def archive(*more: tuple[str, bytes], method: int = STORED, **files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, value in [*(FILES | files).items(), *more]:
            made.writestr(name, value)
    return file.getvalue()


def entry_of(data: bytes, name: str) -> int:
    """Return where the directory has its entry for a member."""
    at = data.index(CENTRAL)
    while data[at + 46 : at + 46 + len(name)] != name.encode():
        at = data.index(CENTRAL, at + 1)
    return at


def patched(data: bytes, at: int, code: str, *numbers: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(code, changed, at, *numbers)
    return bytes(changed)


def entry(name: str, offset: int, code: str, number: int, method: int = STORED) -> bytes:
    """Return an archive with another number in the entry of a member."""
    data = archive(method=method)
    return patched(data, entry_of(data, name) + offset, code, number)


def zipped(data: bytes | Callable[[], bytes]) -> Build:
    def build(folder: Path) -> Path:
        place = folder / "air.zarr.zip"
        place.write_bytes(data() if callable(data) else data)
        return place

    return build


def overlapping() -> bytes:
    """Return an archive of which two members are the same bytes."""
    data = archive(("v/c/9/9", b"1" * 64))
    first = struct.unpack_from("<L", data, entry_of(data, CHUNK) + 42)[0]
    return patched(data, entry_of(data, "v/c/9/9") + 42, "<L", first)


def behind_a_directory_of_lies() -> bytes:
    data = archive()
    return patched(data, data.rindex(END) + 12, "<2L", 2**31, 0)


def bad(
    name: str,
    data: bytes | Callable[[], bytes],
    error: type[ZarrCdmError],
    says: str,
    **others: Any,
) -> Case:
    return Case("R6 zip", name, zipped(data), error, says, **others)


ZIP = [
    *(
        bad(f"a member {name!r}", archive((name, b"x")), StoreError, "not a key")
        for name in ("../evil", "/abs", "a/../../evil", "..\\evil", "a//b", "a/./b", "/")
    ),
    bad("an encrypted member", entry(CHUNK, 8, "<H", 1), UnsupportedError, "an encrypted zip"),
    bad("members that overlap", overlapping, FormatError, "overlap"),
    bad("a member in the directory", entry(CHUNK, 42, "<L", 2**31), FormatError, "overlap"),
    bad("a member of 4 GiB", entry(CHUNK, 20, "<L", 2**32 - 2), FormatError, "overlap"),
    bad("a wrong checksum", entry(CHUNK, 16, "<L", 1), FormatError, "is damaged"),
    bad("a size that lies", entry(CHUNK, 24, "<L", 65), FormatError, "is damaged"),
    bad("deflated, a size that lies", entry(CHUNK, 24, "<L", 10, DEFLATED), FormatError, "damaged"),
    bad(
        "deflated, 3 GiB",
        entry(CHUNK, 24, "<L", 3 * 2**30, DEFLATED),
        LimitError,
        "chunk_bytes|are the most",
    ),
    bad("a method that is unknown", entry(CHUNK, 10, "<H", 12), UnsupportedError, "zip method 12"),
    bad("a member that is not there", entry(CHUNK, 42, "<L", 3), FormatError, "overlap|no member"),
    bad("cut short", archive()[:-30], FormatError, "its end is not there"),
    bad("the end alone", END + bytes(18), NodeNotFoundError, "no Zarr hierarchy"),
    bad("a directory of 2 GiB", behind_a_directory_of_lies, LimitError, "zip_directory_bytes"),
    bad(
        "more entries than allowed", archive(), LimitError, "zip_entries", limits={"zip_entries": 3}
    ),
    bad(
        "several parts", patched(archive(), len(archive()) - 18, "<H", 1), UnsupportedError, "parts"
    ),
    bad("garbage behind the first bytes", LOCAL + bytes(500), FormatError, "its end is not there"),
    Case(
        "R6 zip",
        "a member twice",
        zipped(archive((CHUNK, FILES[CHUNK]), **{CHUNK: b"old"})),
        values=CORNER,
        why="lenient: zarr-python writes a key that changes again; the last counts, as there",
    ),
]

# SQLite databases

TABLE = "CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB)"


def database(*statements: str, table: str = TABLE, values: Any = FILES) -> Build:
    def build(folder: Path) -> Path:
        place = folder / "air.zarr.sqlite"
        with closing(sqlite3.connect(place)) as made:
            made.execute(table)
            if values:
                made.executemany("INSERT INTO zarr(k, v) VALUES (?, ?)", list(values.items()))
            for statement in statements:
                made.execute(statement)
            made.commit()
        return place

    return build


def damaged(at: int, new: bytes) -> Build:
    def build(folder: Path) -> Path:
        place = database()(folder)
        data = bytearray(place.read_bytes())
        data[at : at + len(new)] = new
        place.write_bytes(data)
        return place

    return build


def with_a_hot_journal(folder: Path) -> Path:
    """Return a database that was killed while it was written."""
    place = database()(folder)
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        connection = sqlite3.connect(place)
        connection.execute("PRAGMA cache_size=1")
        connection.execute("PRAGMA cache_spill=1")
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(50):
            connection.execute("INSERT INTO zarr VALUES (hex(randomblob(8)), randomblob(9000))")
        os.write(writer, b"1")
        os._exit(0)
    os.read(reader, 1)
    os.waitpid(process, 0)
    os.close(reader)
    os.close(writer)
    assert Path(f"{place}-journal").stat().st_size
    return place


def sql(name: str, build: Build, error: type[ZarrCdmError], says: str, **others: Any) -> Case:
    return Case("4.3 sqlite", name, build, error, says, **others)


OTHER = "CREATE TABLE t(k TEXT PRIMARY KEY, v BLOB)"
SQLITE = [
    sql(
        "a view of that name",
        database("CREATE VIEW zarr AS SELECT k, v FROM t", table=OTHER, values={}),
        FormatError,
        "has a view 'zarr' where a plain table should be",
    ),
    sql(
        "a trigger",
        database("CREATE TRIGGER x AFTER INSERT ON zarr BEGIN DELETE FROM zarr; END"),
        FormatError,
        "has a trigger 'x'",
    ),
    sql(
        "a virtual table",
        database(table="CREATE VIRTUAL TABLE zarr USING fts5(k, v)", values={}),
        FormatError,
        "has a table 'zarr' where a plain table should be",
    ),
    sql(
        "columns that are computed",
        database(
            table="CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB AS (zeroblob(1000000000)))",
            values={},
        ),
        FormatError,
        "no table 'zarr' with the columns k and v",
    ),
    sql(
        "a column too many",
        database(table="CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB, w BLOB)"),
        FormatError,
        "no table 'zarr' with the columns k and v",
    ),
    sql("another table", database(table=OTHER, values={}), FormatError, "no table 'zarr'"),
    sql("a hot journal", with_a_hot_journal, StoreError, "a write was interrupted"),
    sql("no header", damaged(18, b"\x09\x09"), StoreError, "cannot read"),
    sql("a schema that is no SQL", damaged(3900, b"\xff" * 190), StoreError, "malformed"),
    sql("a page that is garbage", damaged(4096, b"\xff" * 4000), StoreError, "malformed"),
    sql("a page of zeros", damaged(4096, bytes(4096)), StoreError, "malformed"),
    sql(
        "a chunk that is a number",
        database(f"UPDATE zarr SET v = 3 WHERE k = '{CHUNK}'"),
        ChunkError,
        "1 bytes when decoded, expected 64",
    ),
    sql(
        "a chunk that is NULL",
        database(f"UPDATE zarr SET v = NULL WHERE k = '{CHUNK}'"),
        ChunkError,
        "0 bytes when decoded, expected 64",
    ),
    sql(
        "a key that leaves the store",
        database("INSERT INTO zarr VALUES ('../x/zarr.json', X'7b7d')"),
        StoreError,
        "not a key",
        ways=("read",),
    ),
    sql(
        "a key that is no text",
        database("INSERT INTO zarr VALUES (X'ff', X'7b7d')"),
        StoreError,
        "a key that is no text",
        ways=("read",),
    ),
    Case(
        "4.3 sqlite",
        "an index of expressions",
        database("CREATE INDEX i ON zarr(length(v))"),
        values=CORNER,
        why="legal: no query of ours uses it",
    ),
    Case(
        "4.3 sqlite",
        "another table beside it",
        database(OTHER),
        values=CORNER,
        why="legal: it is not looked at",
    ),
]

CASES = [*ZIP, *SQLITE]
