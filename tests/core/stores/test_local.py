"""A directory that misbehaves, and writes that fail."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from zarr_cdm.core.stores import local
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.errors import LimitError, StoreError
from zarr_cdm.limits import Limits


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


def test_a_directory_instead_of_a_chunk_is_an_error(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "c" / "0").mkdir(parents=True)
    with pytest.raises(StoreError, match="not a regular file") as caught:
        store.get("c/0")
    assert caught.value.source == str(tmp_path)
    assert caught.value.key == "c/0"
    with pytest.raises(StoreError, match="cannot write"):
        store.set("c/0", b"1")
    with pytest.raises(StoreError, match="cannot delete"):
        store.delete("c/0")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_does_not_hang(store: LocalStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "0")
    with pytest.raises(StoreError, match="not a regular file"):
        store.get("0")
    assert list(store.list()) == list(store.children()) == []


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no devices here")
@pytest.mark.parametrize("span", [None, Span(-4), Span(0, 4)])
def test_a_link_to_a_device_is_not_read(
    store: LocalStore, tmp_path: Path, span: Span | None
) -> None:
    (tmp_path / "0").symlink_to("/dev/zero")
    with pytest.raises(StoreError, match="leads out of the store, to /dev/zero"):
        store.get("0", span)
    with (
        Limits(follow_symlinks=True).use(),
        pytest.raises(StoreError, match="not a regular file"),
    ):
        store.get("0", span)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may read all")
def test_what_may_not_be_read_is_an_error(store: LocalStore, tmp_path: Path) -> None:
    store.set("0", b"1")
    (tmp_path / "0").chmod(0)
    with pytest.raises(StoreError, match="Permission denied"):
        store.get("0")


def test_a_refusal_is_no_missing_key(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(local.os, "open", refuse)
    with pytest.raises(StoreError, match="cannot read: Permission denied"):
        store.get("0")


def test_a_loop_of_links_ends(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    store.set("a/0", b"1")
    assert list(store.list()) == ["a/0"]
    with pytest.raises(StoreError):
        store.get("self")


def test_a_link_to_a_file_is_a_key(store: LocalStore, tmp_path: Path) -> None:
    store.set("0", b"12")
    (tmp_path / "1").symlink_to("0")
    assert store.get("1") == b"12"
    assert dict(store.sizes()) == {"0": 2, "1": 2}


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "0").write_bytes(b"secret")
    (folder / "deep").mkdir()
    (folder / "deep" / "0").write_bytes(b"secret")
    return folder


@pytest.mark.parametrize("key", ["file", "a/file", "folder/0", "folder/deep/0", "a/folder/deep/0"])
def test_no_link_leads_out_of_the_store(
    store: LocalStore, tmp_path: Path, elsewhere: Path, key: str
) -> None:
    for folder in (tmp_path, tmp_path / "a"):
        folder.mkdir(exist_ok=True)
        (folder / "file").symlink_to(elsewhere / "0")
        (folder / "folder").symlink_to(elsewhere)
    for _ in range(2):
        with pytest.raises(StoreError, match=f"{key}: .* out of the store, to {elsewhere}"):
            store.get(key)
        with Limits(follow_symlinks=True).use():
            assert store.get(key) == b"secret"


def test_nothing_is_written_deleted_or_listed_behind_a_link_out_of_the_store(
    store: LocalStore, tmp_path: Path, elsewhere: Path
) -> None:
    (tmp_path / "folder").symlink_to(elsewhere)
    for call in (
        lambda: store.set("folder/1", b"1"),
        lambda: store.delete("folder/0"),
        lambda: list(store.children("folder/")),
        lambda: list(store.list("folder/deep/")),
    ):
        with pytest.raises(StoreError, match="leads out of the store"):
            call()
    assert sorted(os.listdir(elsewhere)) == ["0", "deep"]
    (tmp_path / "file").symlink_to(elsewhere / "0")
    store.set("file", b"new")  # takes the place of the link
    assert store.get("file") == b"new"
    assert (elsewhere / "0").read_bytes() == b"secret"


def test_the_root_and_links_within_may_be_links(store: LocalStore, tmp_path: Path) -> None:
    store.set("real/a/0", b"1")
    (tmp_path / "real" / "b").symlink_to("a")
    (tmp_path / "real" / "c").symlink_to(tmp_path / "real" / "a" / "0")
    (tmp_path / "root").symlink_to("real")
    linked = LocalStore(tmp_path / "root")
    assert linked.get("a/0") == linked.get("b/0") == linked.get("c") == b"1"
    linked.set("b/1", b"2")
    assert store.get("real/a/1") == b"2"
    assert sorted(linked.children()) == ["a/", "b/", "c"]


def test_a_directory_is_looked_at_once(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    lstat = os.lstat
    store.set("a/c/0", b"1")
    other = LocalStore(store.root)
    monkeypatch.setattr(local.os, "lstat", lambda path: looked.append(path) or lstat(path))
    for _ in range(3):
        assert other.get("a/c/0") == b"1"
        assert other.get("a/c/1") is None
    assert [path.removeprefix(store.root) for path in looked] == ["/a", "/a/c"]


def test_a_value_that_is_too_large_is_not_read(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0").touch()
    os.truncate(tmp_path / "0", 2**40)
    monkeypatch.setattr(local.os, "read", None)
    with pytest.raises(LimitError, match="has 1099511627776 bytes, but 100 are the most"):
        store.get("0", Span(0, None, 100))


def test_a_file_that_shrinks_while_it_is_read_is_an_error(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("0", b"1234")
    parts = iter([b"12", b""])
    monkeypatch.setattr(local.os, "read", lambda *args: next(parts))
    with pytest.raises(StoreError, match="ends after 2 of 4 bytes"):
        store.get("0")


def test_short_reads_and_writes_are_continued(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.read, os.write
    monkeypatch.setattr(local.os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    monkeypatch.setattr(local.os, "read", lambda descriptor, size: read(descriptor, min(size, 2)))
    store.set("0", b"12345678")
    assert store.get("0") == b"12345678"
    assert store.get("0", Span(-5)) == b"45678"


@pytest.mark.parametrize("step", ["write", "replace", "close"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_value_and_nothing_else(
    store: LocalStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: BaseException,
) -> None:
    store.set("c/0", b"old")
    close = os.close

    def fail(*args: object) -> None:
        if step == "close":
            close(*args)  # type: ignore[arg-type]
        raise error

    expected = StoreError if isinstance(error, OSError) else KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr(local.os, step, fail)
        with pytest.raises(expected) as caught:
            store.set("c/0", b"new")
    if expected is StoreError:
        assert str(caught.value) == f"{tmp_path}: c/0: cannot write: No space left on device"
    assert store.get("c/0") == b"old"
    assert os.listdir(tmp_path / "c") == ["0"]


def test_the_rest_of_a_killed_write_is_not_listed(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError("killed")

    store.set("c/0", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(local.os, "replace", fail)
        patch.setattr(local.os, "unlink", fail)
        with pytest.raises(StoreError, match="killed"):
            store.set("c/0", b"new")
    assert len(os.listdir(tmp_path / "c")) == 2
    assert list(store.list()) == ["c/0"]
    assert list(store.children("c/")) == ["0"]
    assert dict(store.sizes()) == {"c/0": 3}


def test_readers_see_the_old_or_the_new_value(store: LocalStore) -> None:
    values = [bytes([i]) * 50_000 for i in range(2)]
    store.set("0", values[0])
    seen: list[bytes | None] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(store.get("0"))

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(200):
        store.set("0", values[i % 2])
    done.set()
    reader.join()
    assert set(seen) <= set(values)


def test_deleting_the_last_key_removes_the_directories_below_the_root(
    store: LocalStore, tmp_path: Path
) -> None:
    store.set("a/b/c", b"1")
    store.delete("a/b/c")
    assert os.listdir(tmp_path) == []


def test_nothing_is_created_before_something_is_written(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "air.zarr")
    assert store.get("zarr.json") is None
    assert list(store.list()) == []
    store.delete("zarr.json")
    assert os.listdir(tmp_path) == []


def test_one_key_may_be_asked_for_many_times_at_once(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.set("c/0", b"0123456789")
    spans = [None, Span(0), Span(2, 3), None, Span(-4), Span(0, 2), Span(9)]
    found = store.get_many([("c/0", span) for span in spans])
    assert found == [store.get("c/0", span) for span in spans]
    assert found[3] == b"0123456789"
