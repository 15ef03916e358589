"""Archives as they are found: folders, duplicates, damage, bombs; and those we write."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.data import SHARED
from tests.server import serve
from zarr_cdm.core.commit import staged
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.core.stores.zip import ZipStore
from zarr_cdm.core.stores.zip_new import NewZipStore
from zarr_cdm.errors import (
    FormatError,
    LimitError,
    StoreError,
    UnsupportedError,
    ZarrCdmError,
)
from zarr_cdm.limits import Limits

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
DIGITS = b"0123456789"


def archive(values: dict[str, bytes], method: int = STORED, comment: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.comment = comment
        for name, value in values.items():
            made.writestr(name, value, method)
    return file.getvalue()


def store_of(data: bytes, root: str | None = None) -> ZipStore:
    return ZipStore(MemoryStore({"air.zip": data}), "air.zip", root)


# what archives look like


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["zarr.json", "a/zarr.json"], ["a/zarr.json", "zarr.json"]),
        (["air.zarr/zarr.json", "air.zarr/c/0"], ["c/0", "zarr.json"]),
        (["air.zarr/", "air.zarr/.zgroup", "__MACOSX/._air.zarr"], [".zgroup"]),
        (["a/.zarray", "b/.zarray"], ["a/.zarray", "b/.zarray"]),
        ([".zarray"], [".zarray"]),
        (["alone"], ["alone"]),
        (["a\\b\\zarr.json", "a\\zarr.json"], ["b/zarr.json", "zarr.json"]),
        (["ü/日本", "zarr.json"], ["zarr.json", "ü/日本"]),
        ([], []),
    ],
)
def test_the_root_is_found(names: list[str], keys: list[str]) -> None:
    store = store_of(archive(dict.fromkeys(names, b"")))
    assert sorted(store.list()) == keys


def test_a_root_that_is_named_is_taken() -> None:
    data = archive({"a/b/zarr.json": b"1", "a/zarr.json": b"2"})
    assert list(store_of(data, "a/b/").sizes()) == [("zarr.json", 1)]
    assert sorted(store_of(data, "").list()) == ["a/b/zarr.json", "a/zarr.json"]
    assert store_of(data, "a/b/").url == "memory/air.zip|zip:a/b/"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_of_several_members_with_one_name_counts() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for value in (b"old", b"newer"):
            made.writestr("zarr.json", value)
    store = store_of(file.getvalue())
    assert store.get("zarr.json") == b"newer"
    assert list(store.sizes()) == [("zarr.json", 5)]


@pytest.mark.parametrize("comment", [b"", b"PK\5\6", b"PK\5\6" + bytes(30), b"x" * 65535])
@pytest.mark.parametrize("size", [10, 300_000])
def test_the_directory_is_found_behind_any_comment(comment: bytes, size: int) -> None:
    data = archive({f"c/{i}": b"1" for i in range(size // 100)}, comment=comment)
    assert len(list(store_of(data).list())) == size // 100


def test_zip64_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 5)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = archive({"zarr.json": b"{}", "a": DIGITS, "b": DIGITS * 2})
    assert data.count(b"PK\6\6") == 1
    store = store_of(data)
    assert store.get("b") == DIGITS * 2
    assert store.get("a", Span(2, 3)) == b"234"


def test_a_header_that_is_longer_than_its_entry_says_is_read() -> None:
    info = zipfile.ZipInfo("zarr.json")
    data = bytearray(archive({"zarr.json": DIGITS}))
    extra = struct.pack("<2H", 0xCAFE, 196) + bytes(196)
    name_end = 30 + len(info.filename)
    data[28:30] = struct.pack("<H", len(extra))
    data[name_end:name_end] = extra
    at = data.rindex(b"PK\5\6")
    (offset,) = struct.unpack_from("<L", data, at + 16)
    struct.pack_into("<L", data, at + 16, offset + len(extra))
    for span in (None, Span(2, 3)):
        assert store_of(bytes(data)).get("zarr.json", span) == (b"234" if span else DIGITS)


def test_there_is_nothing_where_no_archive_is_until_it_appears() -> None:
    values: dict[str, bytes] = {}
    store = ZipStore(MemoryStore(values), "air.zip")
    assert store.get("zarr.json") is None
    assert list(store.list()) == []
    assert not store.occupied()
    values["air.zip"] = archive({"zarr.json": b"{}"})
    assert store.get("zarr.json") == b"{}"
    values.clear()
    with pytest.raises(StoreError, match="not there any more"):
        store.get("zarr.json")


def test_an_archive_in_an_archive_is_read() -> None:
    inner = archive({"zarr.json": b"{}"})
    outer = store_of(archive({"air.zip": inner, "b": b""}))
    assert ZipStore(outer, "air.zip").get("zarr.json") == b"{}"


def test_an_archive_is_read_by_other_packages_and_theirs_by_us(tmp_path: Path) -> None:
    theirs = zarr.storage.ZipStore(tmp_path / "a.zip", mode="w")
    zarr.create_array(theirs, data=np.array([1, 2, 3]))
    theirs.close()
    ours = open_store(tmp_path / "a.zip")
    assert {"zarr.json", "c/0"} <= set(ours.list())
    with staged(str(tmp_path / "b.zip")) as store:
        for key in ours.list():
            store.set(key, ours.get(key) or b"")
    again = zarr.storage.ZipStore(tmp_path / "b.zip", mode="r")
    assert zarr.open_array(again, mode="r")[:].tolist() == [1, 2, 3]
    again.close()


def test_it_is_not_written_in_place() -> None:
    store = store_of(archive({"zarr.json": b"{}"}))
    for action in (store.delete, lambda key: store.set(key, b"")):
        with pytest.raises(UnsupportedError, match="as a whole") as caught:
            action("zarr.json")
        assert caught.value.key == "zarr.json"


# what is refused


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "a//b", "..\\evil", "."])
def test_names_that_leave_the_archive_are_refused(name: str) -> None:
    with pytest.raises(StoreError, match="not a key") as caught:
        list(store_of(archive({"zarr.json": b"{}", name: b""})).list())
    assert caught.value.source == "memory/air.zip"


def entry_of(data: bytes) -> int:
    return data.index(b"PK\1\2")


def overlap(data: bytearray) -> None:
    at = data.index(b"PK\1\2", entry_of(data) + 4)
    struct.pack_into("<L", data, at + 42, 0)


def overstate(data: bytearray) -> None:
    struct.pack_into("<2L", data, entry_of(data) + 20, 10**6, 10**6)


def encrypt(data: bytearray) -> None:
    data[entry_of(data) + 8] |= 1


def split(data: bytearray) -> None:
    data[data.rindex(b"PK\5\6") + 4] = 1


def cut(data: bytearray) -> None:
    del data[-10:]


def hollow(data: bytearray) -> None:
    data[entry_of(data)] = 0


DAMAGE: dict[str, tuple[Callable[[bytearray], None], type[ZarrCdmError], str]] = {
    "overlap": (overlap, FormatError, "overlap"),
    "overstate": (overstate, FormatError, "overlap"),
    "encrypt": (encrypt, UnsupportedError, "encrypted"),
    "split": (split, UnsupportedError, "several parts"),
    "cut": (cut, FormatError, "cut off"),
    "hollow": (hollow, FormatError, "no entry at byte 0"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_does_not_fit_together_is_refused_before_it_is_read(kind: str) -> None:
    damage, error, text = DAMAGE[kind]
    data = bytearray(archive({"a": DIGITS, "b": DIGITS}))
    damage(data)
    with pytest.raises(error, match=text) as caught:
        store_of(bytes(data)).get("a")
    assert caught.value.source == "memory/air.zip"


@pytest.mark.parametrize("method", [STORED, DEFLATED])
@pytest.mark.parametrize("at", [0, 32])
def test_a_damaged_member_is_refused(method: int, at: int) -> None:
    data = bytearray(archive({"a": DIGITS * 20, "b": b""}, method))
    data[at] ^= 255
    with pytest.raises(FormatError, match=r"damaged|inflate|that are not") as caught:
        store_of(bytes(data)).get("a")
    assert caught.value.key == "a"


def test_no_more_is_inflated_than_the_directory_says() -> None:
    data = bytearray(archive({"a": bytes(10**7)}, DEFLATED))
    struct.pack_into("<L", data, entry_of(data) + 24, 10)
    with pytest.raises(FormatError, match="11 bytes that are not the 10"):
        store_of(bytes(data)).get("a")


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"zip_entries": 1}, "zip_entries"),
        ({"zip_directory_bytes": 80}, "zip_directory_bytes"),
        ({"chunk_bytes": 9}, "chunk_bytes"),
    ],
)
def test_limits_are_named(limits: dict[str, int], name: str) -> None:
    data = archive({"a": DIGITS, "b": DIGITS}, DEFLATED)
    with Limits(**limits).use(), pytest.raises(LimitError, match=name):
        store_of(data).get("a")


def test_an_entry_count_that_lies_is_noticed() -> None:
    data = bytearray(archive({"a": b"", "b": b""}))
    struct.pack_into("<2H", data, data.rindex(b"PK\5\6") + 8, 1, 1)
    with Limits(zip_entries=1).use(), pytest.raises(LimitError, match="zip_entries"):
        store_of(bytes(data)).get("a")


def test_other_methods_are_named() -> None:
    store = store_of(archive({"a": DIGITS}, zipfile.ZIP_BZIP2))
    with pytest.raises(UnsupportedError, match="zip method 12"):
        store.get("a")


def test_any_flipped_bit_gives_the_value_or_an_error_of_the_package() -> None:
    data = archive({"zarr.json": b"{}", "a": DIGITS * 3}, DEFLATED)
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        store = store_of(bytes(flipped))
        try:
            assert store.get("a") in (DIGITS * 3, None)
        except ZarrCdmError:
            continue


# far away


def test_http_needs_two_requests_to_open_and_one_for_a_chunk() -> None:
    pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")
    chunks = {f"a/c/{i}": DIGITS for i in range(2000)}
    with serve(values={"my air.zip": archive({"zarr.json": b"{}", **chunks})}) as site:
        store = open_store(f"{site.url}/my%20air.zip?token=s3cret")
        assert "s3cret" not in f"{store.url} {store!r}"
        assert store.get("zarr.json") == b"{}"
        assert len(site.asked) == 3
        assert store.get_many([(f"a/c/{i}", None) for i in range(3)]) == [DIGITS] * 3
        assert len(site.asked) == 6
        assert store.get("a/c/1", Span(2, 3)) == b"234"
        assert len(site.asked) == 7  # where the member begins is known
        assert store.get("a/c/9", Span(-3)) == b"789"
        assert len(site.asked) == 9
        assert store.get("a/c/2000") is None
        assert all("token=s3cret" in asked for asked in site.asked)


# what we write


def written(path: Path, values: dict[str, bytes]) -> zipfile.ZipFile:
    with staged(str(path)) as store:
        for key, value in values.items():
            store.set(key, value)
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None
        return made


OME = b'{"attributes": {"ome": {"version": "0.6"}}}'
VALUES = {"c/0": b"1", "b/a/zarr.json": b"2", "b/zarr.json": b"3", "a/zarr.json": b"4"}


@pytest.mark.parametrize(
    ("name", "root", "comment"),
    [
        ("air.zip", OME, None),
        ("air.ozx", OME, {"version": "0.6", "zipFile": {"centralDirectory": {"jsonFirst": True}}}),
        ("air.ozx", b"no json", {"zipFile": {"centralDirectory": {"jsonFirst": True}}}),
    ],
)
def test_documents_come_first_and_ozx_says_so(
    tmp_path: Path, name: str, root: bytes, comment: object
) -> None:
    made = written(tmp_path / name, VALUES | {"zarr.json": root})
    assert made.namelist() == ["zarr.json", "a/zarr.json", "b/zarr.json", "b/a/zarr.json", "c/0"]
    assert {info.compress_type for info in made.infolist()} == {STORED}
    assert (json.loads(made.comment)["ome"] if made.comment else None) == comment


def test_the_same_values_give_the_same_archive(tmp_path: Path) -> None:
    for name in "ab":
        written(tmp_path / f"{name}.zip", VALUES)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_an_archive_that_was_not_closed_is_none(tmp_path: Path) -> None:
    store = NewZipStore(str(tmp_path / "a.zip"))
    store.set("zarr.json", b"{}")
    store.discard()
    with pytest.raises(FormatError, match="cut off"):
        open_store(tmp_path / "a.zip").get("zarr.json")


def test_a_failed_write_is_an_error_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "a.zip").touch()
    with pytest.raises(StoreError, match="cannot create"):
        NewZipStore(str(tmp_path / "a.zip"))


# what other packages wrote

KEYS = {  # one of the keys of each
    "zarrita-js/v2/data.zipped_from_parent.zarr.zip": "1d.contiguous.raw.i2/.zarray",
    "zarrita-js/v2/data.zipped_from_within.zarr.zip": "1d.contiguous.raw.i2/.zarray",
    "zarrita-js/v3/data.uncompressed.zarr.zip": "zarr.json",
    "zarrita-js/v3/data.zipped_from_parent.zarr.zip": "zarr.json",
    "zarrita-js/v3/data.zipped_from_within.zarr.zip": "zarr.json",
    "netcdf-c-nczarr/ref_byte.zarr.zip": "byte/.zarray",
    "netcdf-c-nczarr/ref_byte_fill_value_null.zarr.zip": "byt/.zarray",
    "netcdf-c-nczarr/ref_noshape.file.zip": "v/.zarray",
    "netcdf-c-nczarr/ref_oldformat.zip": ".zgroup",
    "netcdf-c-nczarr/ref_oldkeys.file.zip": ".zgroup",
    "netcdf-c-nczarr/ref_power_901_constants_orig.zip": "ref_power_901_constants/FROCEAN/.zarray",
    "netcdf-c-nczarr/ref_quotes_orig.zip": ".zgroup",
}


@pytest.mark.parametrize("name", KEYS)
def test_stored_archives_have_their_keys_and_values(name: str) -> None:
    place = SHARED / "fixtures" / f"{name.partition('/')[0]}.tar.gz"
    if not place.exists():
        pytest.skip(f"fixtures/{place.name} of the shared folder is not there")
    with tarfile.open(place) as tar:
        file = tar.extractfile(name)
        assert file is not None
        data = file.read()
    store = store_of(data)
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        names = [info.filename for info in made.infolist() if not info.is_dir()]
        prefix = names[0][: len(names[0]) - len(shortest(names[0], store))]
        expected = {name.removeprefix(prefix): made.read(name) for name in names}
    found = sorted(store.list())
    assert found == sorted(expected)
    assert KEYS[name] in found
    assert dict(zip(found, store.get_many([(key, None) for key in found]), strict=True)) == expected
    assert all(store.get(key, Span(-3)) == expected[key][-3:] for key in found)


def shortest(name: str, store: ZipStore) -> str:
    return next(key for key in store.list() if name.endswith(key))
