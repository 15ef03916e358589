"""Databases of others, hostile ones too, and many who write."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.sqlite import SqliteStore
from zarr_cdm.errors import FormatError, StoreError

TABLE = "CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a #1%20?.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


def fill(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_a_database_of_another_package_is_read(path: Path, store: SqliteStore) -> None:
    fill(path, TABLE, "INSERT INTO zarr VALUES ('a/0', X'00010203'), ('b', 'text'), ('c', NULL)")
    assert store.get("a/0", Span(-2)) == b"\2\3"
    assert store.get("b", Span(1, 2)) == b"ex"
    assert store.get("c") == b""
    assert dict(store.sizes()) == {"a/0": 4, "b": 4, "c": 0}


def test_our_database_has_the_layout_of_zarr_python(path: Path, store: SqliteStore) -> None:
    store.set("a/0", b"1")
    store.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT k, v, typeof(v) FROM zarr").fetchall() == [
            ("a/0", b"1", "blob")
        ]


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE t(k, v)", "CREATE VIEW zarr AS SELECT k, v FROM t"],
        ["CREATE TABLE other(k, v)"],
        ["CREATE TABLE zarr(k TEXT PRIMARY KEY, value BLOB)"],
        ["CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB, more BLOB)"],
        ["CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB AS (hex(k)))"],
        ["CREATE VIRTUAL TABLE zarr USING fts5(k, v)"],
        [TABLE, "CREATE TRIGGER bad AFTER INSERT ON zarr BEGIN DELETE FROM zarr; END"],
    ],
    ids=["view", "none", "names", "more", "computed", "virtual", "trigger"],
)
def test_another_schema_is_refused(path: Path, store: SqliteStore, statements: list[str]) -> None:
    fill(path, *statements)
    with pytest.raises(FormatError, match=r"zarr|bad") as caught:
        store.get("a")
    assert caught.value.source == str(path)


def test_a_foreign_database_is_not_written_to(path: Path, store: SqliteStore) -> None:
    fill(path, "CREATE VIEW zarr AS SELECT 'a' AS k, X'00' AS v")
    before = path.read_bytes()
    with pytest.raises(FormatError):
        store.set("a", b"1")
    assert path.read_bytes() == before


@pytest.mark.parametrize("key", ["'../evil'", "'/a'", "''", "X'00'", "'a//b'"])
def test_what_is_no_key_is_not_listed(path: Path, store: SqliteStore, key: str) -> None:
    fill(path, TABLE, f"INSERT INTO zarr VALUES ({key}, X'00')")
    with pytest.raises(StoreError, match="key"):
        list(store.list())
    with pytest.raises(StoreError, match="key"):
        list(store.children())


def test_what_is_no_database_is_refused(path: Path, store: SqliteStore) -> None:
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        store.get("a")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_does_not_hang(path: Path, store: SqliteStore) -> None:
    os.mkfifo(path)
    with pytest.raises(StoreError, match="not a regular file"):
        store.get("a")


def test_reading_creates_nothing_and_sees_what_appears(path: Path, store: SqliteStore) -> None:
    assert store.get("a") is None
    assert list(store.children()) == []
    store.delete("a")
    assert not path.exists()
    fill(path, TABLE, "INSERT INTO zarr VALUES ('a', X'01')")
    assert store.get("a") == b"\1"
    path.chmod(0o444)
    assert store.get("a") == b"\1"
    assert os.listdir(path.parent) == [path.name]


def test_what_others_write_is_seen(path: Path, store: SqliteStore) -> None:
    store.set("a", b"1")
    fill(path, "UPDATE zarr SET v = X'32'")
    assert store.get("a") == b"2"


def test_many_stores_write_one_database(path: Path) -> None:
    def work(worker: int) -> None:
        store = SqliteStore(path, safe=False)
        for i in range(20):
            store.set(f"{worker}/{i}", b"1")
        store.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    store = SqliteStore(path)
    assert len(list(store.list())) == 80
    assert sorted(store.children()) == ["0/", "1/", "2/", "3/"]
    store.close()


def test_a_killed_writer_leaves_the_old_state(path: Path, store: SqliteStore) -> None:
    store.set("a", b"old")
    store.close()
    code = (
        "import os, sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "d.execute('PRAGMA cache_size=1'); d.execute('BEGIN IMMEDIATE');"
        "[d.execute('REPLACE INTO zarr VALUES (?, ?)', (k, bytes(99999))) for k in 'abcdef'];"
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == 9
    with pytest.raises(StoreError, match="a write was interrupted"):
        store.get("a")
    store.set("b", b"1")
    assert store.get("a") == b"old"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded")
def test_a_child_of_fork_has_a_connection_of_its_own(path: Path, store: SqliteStore) -> None:
    store.set("a", b"1")
    child = os.fork()
    if not child:
        os._exit(0 if store.get("a") == b"1" else 1)
    assert os.waitpid(child, 0)[1] == 0
    store.set("a", b"2")
    assert store.get("a") == b"2"


def test_a_store_that_is_forgotten_warns_of_nothing(path: Path) -> None:
    SqliteStore(path).set("a", b"1")
    assert SqliteStore(path).get("a") == b"1"
