"""A new store is there whole, or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zarr_cdm.core import commit
from zarr_cdm.core.commit import staged
from zarr_cdm.core.stores.base import Store
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.table import StoreTarget, exists, open_store
from zarr_cdm.errors import NodeNotFoundError, StoreError, TargetExistsError, UnsupportedError

FAILURES = [RuntimeError("failed"), KeyboardInterrupt(), SystemExit(1)]


NAMES = {"local": "air.zarr", "zip": "air.zip", "ozx": "air.ozx", "sqlite": "air.sqlite"}
FILES = sorted(set(NAMES) - {"local"})


@pytest.fixture(params=[*NAMES, "remote"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param in NAMES:
        return str(tmp_path / NAMES[request.param])
    return f"memory://{uuid.uuid4().hex}/air.zarr"


def test_a_clean_exit_shows_all(target: str) -> None:
    with staged(target) as store:
        store.set("c/0", b"1")
        assert store.get("c/0") == b"1"
        assert store.get_many([("c/0", None)]) == [b"1"]
        assert list(store.list()) == ["c/0"]
        assert list(store.children()) == ["c/"]
        store.set("zarr.json", b"{}")
    assert dict(open_store(target).sizes()) == {"c/0": 1, "zarr.json": 2}


def write(
    target: StoreTarget, work: Callable[[Store], object], error: BaseException | None = None
) -> None:
    with staged(target) as store:
        store.set("c/0", b"1")
        work(store)
        if error:
            raise error


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_failure_leaves_nothing(target: str, tmp_path: Path, failure: BaseException) -> None:
    with pytest.raises(type(failure)):
        write(target, lambda store: store.set("a/c/0", b"1"), failure)
    assert not exists(target)
    assert os.listdir(tmp_path) == []


def test_nothing_is_there_before_the_exit(tmp_path: Path) -> None:
    with staged(str(tmp_path / "air.zarr")) as store:
        store.set("zarr.json", b"{}")
        assert not os.path.exists(tmp_path / "air.zarr")
        assert [name.partition(".partial-")[0] for name in os.listdir(tmp_path)] == ["air.zarr"]
    assert os.listdir(tmp_path) == ["air.zarr"]


@pytest.mark.parametrize("kind", ["file", "directory", "link", "store"])
def test_what_is_there_already_is_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "air.zarr"
    if kind == "file":
        path.write_bytes(b"precious")
    elif kind == "directory":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("nowhere")
    else:
        open_store(path).set("zarr.json", b"{}")
    before = path.lstat()
    with pytest.raises(TargetExistsError, match="something"), staged(str(path)):
        pytest.fail("got in")
    assert path.lstat() == before
    assert os.listdir(tmp_path) == ["air.zarr"]


def test_it_is_refused_before_the_context_is_entered(tmp_path: Path) -> None:
    with pytest.raises(TargetExistsError):
        staged(str(tmp_path))


def test_a_remote_store_that_is_there_already_is_left_alone() -> None:
    target = f"memory://{uuid.uuid4().hex}/air.zarr"
    open_store(target).set("zarr.json", b"{}")
    with pytest.raises(TargetExistsError) as caught:
        staged(target)
    assert caught.value.source == target
    assert list(open_store(target).list()) == ["zarr.json"]


@pytest.mark.parametrize("kind", ["file", "directory", "store"])
def test_what_appears_meanwhile_is_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "air.zarr"
    appear = {
        "file": lambda store: path.touch(),
        "directory": lambda store: path.mkdir(),
        "store": lambda store: open_store(path).set("precious", b""),
    }
    with pytest.raises(TargetExistsError):
        write(path, appear[kind])
    assert os.listdir(tmp_path) == ["air.zarr"]
    assert list(open_store(path).list()) == (["precious"] if kind == "store" else [])


def test_what_appears_at_the_last_moment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "air.zarr"
    monkeypatch.setattr(commit.os.path, "lexists", lambda path: False)
    with pytest.raises(TargetExistsError):
        write(path, lambda store: open_store(path).set("precious", b""))
    assert os.listdir(tmp_path) == ["air.zarr"]
    assert list(open_store(path).list()) == ["precious"]


def test_a_failed_move_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(commit.os, "rename", refuse)
    with pytest.raises(StoreError, match="Permission denied"), staged(str(tmp_path / "a")) as store:
        store.set("zarr.json", b"{}")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("parent", ["none", "file"])
def test_only_the_last_directory_is_created(tmp_path: Path, parent: str) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(NodeNotFoundError, match=f"no directory .*{parent}; create it"),
        staged(str(tmp_path / parent / "air.zarr")),
    ):
        pytest.fail("got in")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("links", [True, False])
def test_a_file_is_moved_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, links: bool
) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(commit.os, "link", refuse)
    path = tmp_path / NAMES[kind]
    with staged(str(path)) as store:
        store.set("a/0", b"1")
        store.set("zarr.json", b"old")
        store.set("zarr.json", b"{}")
        store.set("b", b"2")
        store.delete("b")
        assert not path.exists()
    assert os.listdir(tmp_path) == [path.name]
    assert dict(open_store(path).sizes()) == {"a/0": 1, "zarr.json": 2}
    assert open_store(path).get("zarr.json") == b"{}"


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_appears_at_the_last_moment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / NAMES[kind]
    move = commit._move_file

    def appear(staging: str, root: str) -> None:
        path.write_bytes(b"precious")
        move(staging, root)

    monkeypatch.setattr(commit, "_move_file", appear)
    with pytest.raises(TargetExistsError):
        write(str(path), lambda store: None)
    assert path.read_bytes() == b"precious"
    assert os.listdir(tmp_path) == [path.name]


def test_an_archive_elsewhere_is_not_written() -> None:
    target = f"memory://{uuid.uuid4().hex}/air.zip"
    with pytest.raises(UnsupportedError, match="on this machine"), staged(target):
        pytest.fail("got in")


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "air.zarr"
    with pytest.raises(TargetExistsError):
        write(path, lambda late: write(path, lambda early: early.set("early", b"")))
    assert os.listdir(tmp_path) == ["air.zarr"]
    assert sorted(open_store(path).list()) == ["c/0", "early"]


def test_keys_written_in_threads_are_all_removed() -> None:
    values: dict[str, bytes] = {}

    def work(store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: store.set(f"c/{i}", b"1"), range(500)))
        assert len(values) == 500

    with pytest.raises(RuntimeError):
        write(MemoryStore(values), work, RuntimeError())
    assert values == {}


def test_a_key_that_cannot_be_removed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = MemoryStore()

    def refuse(key: str) -> None:
        raise StoreError("refused", key=key)

    monkeypatch.setattr(inner, "delete", refuse)
    error = RuntimeError()
    with pytest.raises(RuntimeError):
        write(inner, lambda store: None, error)
    assert error.__notes__ == ["not removed again: c/0: refused"]
