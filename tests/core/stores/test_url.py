"""URL pipelines: how they are read, and what they open."""

from __future__ import annotations

import os
import uuid
import zipfile
from pathlib import Path

import pytest

from zarr_cdm.core.commit import staged
from zarr_cdm.core.stores.table import ADAPTERS, exists, open_store
from zarr_cdm.core.stores.url import is_pipeline, parse
from zarr_cdm.errors import StoreError, UnsupportedError, ZarrCdmError


@pytest.mark.parametrize(
    ("target", "root", "adapters"),
    [
        ("file:///a.zip|zip:|zarr3:", "/a.zip", [("zip", ""), ("zarr3", "")]),
        ("file:///a.zip|zip|zarr3", "/a.zip", [("zip", ""), ("zarr3", "")]),
        ("file:/a.zip|zip:b/", "/a.zip", [("zip", "b/")]),
        ("file:a%7Cb.zip|zip:", os.path.abspath("a|b.zip"), [("zip", "")]),
        ("file://localhost/a%20b|zarr2:%C3%BC/", "/a b", [("zarr2", "ü/")]),
        ("s3://b/x%20y.zip|zip:a:b", "s3://b/x y.zip", [("zip", "a:b")]),
        ("https://h/x%20y.zip?q=1|zip:", "https://h/x%20y.zip?q=1", [("zip", "")]),
        ("s3://b/x.zip|zip:a|..:", "s3://b/x.zip", []),
        ("s3://b/c/x.zip|zip:a|..:y.zip|zip:", "s3://b/c/y.zip", [("zip", "")]),
        ("file:///x.zip|zip:a/b/|zarr3:|..:../c/", "/x.zip", [("zip", "a/c/")]),
    ],
)
def test_pipelines_are_read_from_left_to_right(
    target: str, root: str, adapters: list[tuple[str, str]]
) -> None:
    assert is_pipeline(target)
    assert parse(target) == (root, adapters)


@pytest.mark.parametrize("target", ["/data/a|b.zarr", "a|zip", "a|b c:", "s3://b/x.zip", "C:/a"])
def test_other_targets_are_no_pipelines(target: str) -> None:
    assert not is_pipeline(target)


@pytest.mark.parametrize(
    ("target", "root", "adapters"),
    [
        ("a%20b.zip|zip:x%20y/", "a%20b.zip", [("zip", "x y/")]),
        ("/data/a.zip|zip:|zarr3:", "/data/a.zip", [("zip", ""), ("zarr3", "")]),
        ("a/b.zip|zip:|..:../c.zip|zip:", "c.zip", [("zip", "")]),
        ("~/a.zip|zip:", os.path.expanduser("~/a.zip"), [("zip", "")]),
    ],
)
def test_relative_pipelines_begin_where_the_process_is(
    target: str, root: str, adapters: list[tuple[str, str]]
) -> None:
    assert is_pipeline(target)
    assert parse(target) == (os.path.abspath(root), adapters)


def test_a_file_of_exactly_that_name_is_no_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_pipeline("a|zip:")
    os.mkdir("a|zip:")
    assert not is_pipeline("a|zip:")
    assert open_store("a|zip:").url == str(tmp_path / "a|zip:")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("file:///a.zip|", "wanted 'name:path'"),
        ("file:///a.zip|ZIP:", "wanted 'name:path'"),
        ("file:///a.zip|zip:||zarr3:", "wanted 'name:path'"),
        ("file:///a.zip|..:", "without an adapter"),
        ("file://host/a.zip|zip:", "names a host"),
    ],
)
def test_what_is_no_pipeline_is_refused(target: str, text: str) -> None:
    with pytest.raises(StoreError, match=text):
        open_store(target)


@pytest.mark.parametrize("name", ["icechunk", "n5", "zap"])
def test_an_unknown_adapter_is_named_and_so_are_the_known(name: str) -> None:
    with pytest.raises(UnsupportedError, match=f"'{name}'.*{', '.join(sorted(ADAPTERS))}"):
        open_store(f"file:///a|{name}:")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        inner.writestr("zarr.json", "3")
    with zipfile.ZipFile(tmp_path / "a|b.zip", "w") as made:
        made.writestr("x y/zarr.json", "1")
        made.writestr("x y/z/zarr.json", "2")
        made.write(tmp_path / "inner.zip", "x y/inner.zip")
    (tmp_path / "air.zarr" / "b").mkdir(parents=True)
    (tmp_path / "air.zarr" / "b" / "zarr.json").write_text("4")
    return tmp_path


@pytest.mark.parametrize(
    ("pipeline", "value"),
    [
        ("a%7Cb.zip|zip:|zarr3:", b"1"),
        ("a%7Cb.zip|zip", b"1"),
        ("a%7Cb.zip|zip:x%20y/|zarr3:", b"1"),
        ("a%7Cb.zip|zip:x%20y|zarr3:z/", b"2"),
        ("a%7Cb.zip|zip:|zarr3:x%20y/z", b"2"),
        ("a%7Cb.zip|zip:x%20y/inner.zip|zip:|zarr3:", b"3"),
        ("air.zarr|zarr3:b/", b"4"),
        ("air.zarr/b|zarr:", b"4"),
        ("air.zarr|zarr2:nothing/", None),
    ],
)
@pytest.mark.parametrize("remote", [False, True])
def test_pipelines_open_what_they_lead_to(
    place: Path, pipeline: str, value: bytes | None, remote: bool
) -> None:
    url = place.as_uri()
    if remote:
        url = f"memory://{uuid.uuid4().hex}"
        copy = open_store(url)
        local = open_store(place)
        for key in local.list():
            copy.set(key, local.get(key) or b"")
    target = f"{url}/{pipeline}"
    assert open_store(target).get("zarr.json") == value
    assert exists(target) is ("nothing" not in pipeline)


def test_relative_pipelines_open_what_they_lead_to(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place / "air.zarr")
    os.rename(place / "a|b.zip", place / "c.zip")
    assert open_store("../c.zip|zip:x%20y/|zarr3:").get("zarr.json") == b"1"
    assert open_store("b|zarr3:").get("zarr.json") == b"4"


def test_a_path_cannot_leave_its_archive(place: Path) -> None:
    with pytest.raises(ZarrCdmError, match="not a key"):
        open_store(f"{place.as_uri()}/a%7Cb.zip|zip:../../etc/")


def test_a_new_archive_is_written_through_a_pipeline(tmp_path: Path) -> None:
    target = f"{tmp_path.as_uri()}/new.zip|zip:|zarr3:"
    with staged(target) as store:
        store.set("zarr.json", b"{}")
    assert open_store(target).get("zarr.json") == b"{}"
    assert os.listdir(tmp_path) == ["new.zip"]


def test_options_go_to_the_file_system_and_nowhere_else(place: Path) -> None:
    with pytest.raises(StoreError, match="storage_options"):
        open_store(f"{place.as_uri()}/a%7Cb.zip|zip:", {"token": "s3cret"})
    store = open_store("simplecache::memory://x/a.zip|zip:", {"memory": {}})
    assert store.get("zarr.json") is None
