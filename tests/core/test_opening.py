"""Arrays and groups opened and created by where they are; consolidated documents kept true."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from tests.core.test_group import Counting
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.group import ZarrGroup
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import (
    LimitError,
    MetadataError,
    NodeNotFoundError,
    StoreError,
    TargetExistsError,
    UnsupportedError,
    ValuesError,
    ZarrCdmError,
)
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.json import dumps, loads

versions = pytest.mark.parametrize("zarr_format", [2, 3])


def everything(group: ZarrGroup) -> dict[str, Any]:
    """Return what a group says of itself and all below it."""
    found: dict[str, Any] = {"": dict(group.attrs)}
    for name, array in group.arrays():
        found[name] = (array.shape, dict(array.attrs), array[...].tolist())
    for name, below in group.groups():
        found |= {f"{name}/{path}": value for path, value in everything(below).items()}
    return found


@pytest.fixture(params=["path", "Path", "url", "sqlite", "pipeline", "memory url", "dict", "store"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    name = f"memory://{tmp_path.name}{request.param.replace(' ', '')}.zarr"
    return {
        "path": str(tmp_path / "x.zarr"),
        "Path": tmp_path / "x.zarr",
        "url": f"file://{tmp_path}/x.zarr",
        "sqlite": tmp_path / "x.sqlite",
        "pipeline": f"file://{tmp_path}/x|zarr3:below/",
        "memory url": name,
        "dict": {},
        "store": MemoryStore(),
    }[request.param]


def test_what_is_created_at_a_target_is_opened_there(target: Any) -> None:
    group = zarr_cdm.create_group(target, attributes={"title": "sea"})
    array = zarr_cdm.create_array(target, "ocean/t", data=np.arange(6).reshape(2, 3), chunks=(1, 3))
    array[0, 0] = 9
    opened = zarr_cdm.open_array(target, "ocean/t")
    assert isinstance(opened, ZarrArray)
    assert opened[...].tolist() == [[9, 1, 2], [3, 4, 5]]
    assert zarr_cdm.open_group(target, "/ocean/")["t"][1, 1] == 4
    assert dict(zarr_cdm.open_group(target).attrs) == {"title": "sea"}
    assert sorted(group) == ["ocean"]
    again = zarr_cdm.open_group(target, mode="r+")
    again["ocean/t"][...] = 0
    assert not opened[...].any()


def test_an_array_may_be_all_of_a_store() -> None:
    keys: dict[str, bytes] = {}
    zarr_cdm.create_array(keys, data=[1, 2, 3])
    assert zarr_cdm.open_array(keys)[...].tolist() == [1, 2, 3]
    with pytest.raises(NodeNotFoundError, match="there is an array, no group; use open_array"):
        zarr_cdm.open_group(keys)
    with pytest.raises(NodeNotFoundError, match="a group, no array"):
        zarr_cdm.open_array((zarr_cdm.create_group({})).store)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    zarr_cdm.create_group(tmp_path / "x", "a")
    for opened in (zarr_cdm.open_array, zarr_cdm.open_group):
        with pytest.raises(NodeNotFoundError):
            opened(tmp_path / "nothing")
        with pytest.raises(NodeNotFoundError, match="a/b"):
            opened(tmp_path / "x", "a/b")
        with pytest.raises(ValueError, match="mode is 'w', expected 'r' or 'r\\+'"):
            opened(tmp_path / "x", mode="w")
    assert not (tmp_path / "nothing").exists()


@versions
def test_a_group_is_a_mapping_of_what_is_below_it(zarr_format: ZarrVersion) -> None:
    group = zarr_cdm.create_group({}, zarr_format=zarr_format)
    group.create_array("b/t", data=[1, 2])
    group.create_array("a", data=[3])
    for found in (group, zarr_cdm.open_group(group.store)):
        assert sorted(found) == sorted(found.keys()) == ["a", "b"]
        assert len(found) == 2
        assert "b/t" in found
        assert "b/u" not in found
        assert "a/t" not in found
        assert 7 not in found
        assert found.get("c") is None
        with pytest.raises(KeyError):
            found["c"]
        assert [name for name, _ in found.arrays()] == ["a"]
        assert [name for name, _ in found.groups()] == ["b"]
        assert {type(value).__name__ for value in found.values()} == {"ZarrArray", "ZarrGroup"}
        below = found["b"]
        assert isinstance(below, ZarrGroup)
        assert (below.path, below.name) == ("b", "/b")
        assert below["t"][...].tolist() == [1, 2]
        assert pickle.loads(pickle.dumps(below))["t"][1] == 2
        assert found == found
        assert found != zarr_cdm.open_group(group.store)
        assert {found: 1}[found] == 1


@versions
def test_groups_on_the_way_are_made(zarr_format: ZarrVersion) -> None:
    keys: dict[str, bytes] = {}
    zarr_cdm.create_array(keys, "a/b/c", shape=1, dtype="u1", zarr_format=zarr_format)
    name = {2: ".zgroup", 3: "zarr.json"}[zarr_format]
    assert {name, f"a/{name}", f"a/b/{name}"} <= set(keys)
    zarr_cdm.create_group(keys, "a/b/d/e", zarr_format=zarr_format)
    assert sorted(zarr_cdm.open_group(keys, "a/b")) == ["c", "d"]


@versions
def test_what_is_there_is_overwritten_only_when_asked_for(zarr_format: ZarrVersion) -> None:
    keys: dict[str, bytes] = {}
    how: dict[str, Any] = {"zarr_format": zarr_format}
    zarr_cdm.create_array(keys, "a/t", data=np.arange(4), chunks=1, **how)
    before = dict(keys)
    for create in (
        lambda: zarr_cdm.create_array(keys, "a/t", data=[1], **how),
        lambda: zarr_cdm.create_array(keys, "a", data=[1], **how),
        lambda: zarr_cdm.create_group(keys, "a", **how),
        lambda: zarr_cdm.create_group(keys, "a/t", **how),
        lambda: zarr_cdm.create_group(keys, **how),
    ):
        with pytest.raises(TargetExistsError, match="there is a node already"):
            create()
    assert keys == before
    zarr_cdm.create_array(keys, "a/t", data=[5], overwrite=True, **how)
    assert zarr_cdm.open_array(keys, "a/t")[...].tolist() == [5]
    assert not [key for key in keys if key.endswith(("/1", "/2", "/3"))], "no chunk is left over"
    zarr_cdm.create_array(keys, "a", data=[7], overwrite=True, **how)
    assert list(zarr_cdm.open_group(keys)) == ["a"]
    assert not [key for key in keys if key.startswith("a/t")]
    zarr_cdm.create_group(keys, overwrite=True, **how)
    assert not list(zarr_cdm.open_group(keys))


def test_an_array_does_not_mix_with_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(TargetExistsError, match=r"there is 'notes.txt', which is no node"):
            zarr_cdm.create_array(tmp_path, data=[1], overwrite=overwrite)
    zarr_cdm.create_group(tmp_path)  # a group has no chunks that could mix with it
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_below_an_array_or_in_another_version_nothing_is_made() -> None:
    keys: dict[str, bytes] = {}
    zarr_cdm.create_array(keys, "a", data=[1], zarr_format=2)
    before = dict(keys)
    with pytest.raises(MetadataError, match="memory: a: an array has no members"):
        zarr_cdm.create_array(keys, "a/b", data=[1], zarr_format=2)
    with pytest.raises(MetadataError, match="the group is of Zarr v2: give zarr_format=2"):
        zarr_cdm.create_group(keys, "b")
    assert keys == before
    zarr_cdm.open_group(keys, mode="r+").create_array("b", data=[2])  # as the group is
    assert "b/.zarray" in keys


@pytest.mark.parametrize("path", ["..", "a/../b", "a//b", "a\\b", "./a"])
def test_no_path_leads_out_of_the_store(tmp_path: Path, path: str) -> None:
    group = zarr_cdm.create_group(tmp_path / "x.zarr")
    for create in (
        lambda: zarr_cdm.create_array(tmp_path / "x.zarr", path, data=[1]),
        lambda: zarr_cdm.create_group(tmp_path / "x.zarr", path),
        lambda: group.create_array(path, data=[1]),
        lambda: group.create_group(path),
        lambda: group.__delitem__(path),
    ):
        with pytest.raises((StoreError, NodeNotFoundError)):
            create()
    assert [each.name for each in tmp_path.iterdir()] == ["x.zarr"]


IMPOSSIBLE: list[tuple[dict[str, Any], type[ZarrCdmError], str]] = [
    ({}, MetadataError, "needs a shape and a dtype"),
    ({"shape": 3}, MetadataError, "needs a shape and a dtype"),
    ({"shape": (2, -1), "dtype": "u1"}, MetadataError, "shape has -1"),
    ({"shape": (2.5,), "dtype": "u1"}, MetadataError, "shape has 2.5"),
    ({"shape": 3, "dtype": "float33"}, MetadataError, "unknown data type 'float33'"),
    ({"shape": 3, "dtype": object()}, MetadataError, "expected one of NumPy's"),
    ({"shape": 3, "dtype": "u1", "chunks": 0}, MetadataError, "chunks has 0"),
    (
        {"shape": 3, "dtype": "u1", "chunks": (1, 1)},
        MetadataError,
        r"\(1, 1\) for the shape \(3,\)",
    ),
    ({"shape": 3, "dtype": "u1", "chunks": [[1, 1]]}, MetadataError, "add up to 2, expected 3"),
    ({"shape": 3, "dtype": "u1", "chunks": 2, "shards": 3}, MetadataError, "do not fill a shard"),
    ({"shape": 3, "dtype": "u1", "shards": [[1, 2]]}, MetadataError, "several lengths need chunks"),
    ({"shape": 3, "dtype": "u1", "fill_value": 300}, ValuesError, "uint8 cannot hold 300"),
    ({"shape": 3, "dtype": "u1", "fill_value": [1]}, MetadataError, "expected one element"),
    ({"shape": 3, "dtype": "u1", "order": "K"}, MetadataError, "order is 'K'"),
    ({"shape": 3, "dtype": "u1", "codecs": ["nope"]}, MetadataError, "unknown codec 'nope'"),
    ({"shape": 3, "dtype": "u1", "codecs": ["vlen-utf8"]}, MetadataError, "cannot encode"),
    ({"shape": 3, "dtype": "u1", "dimension_names": ["x", "y"]}, MetadataError, "expected 1 names"),
    ({"shape": 3, "dtype": "u1", "attributes": {"a": np.nan}}, MetadataError, "said in JSON"),
    ({"shape": 3, "dtype": "u1", "attributes": {"a": object()}}, MetadataError, "said in JSON"),
    ({"shape": 3, "dtype": "u1", "chunk_key_encoding": "v4"}, MetadataError, "key encoding 'v4'"),
    ({"shape": 2**33, "dtype": "u1", "chunks": 2**32}, LimitError, "Limits.chunk_bytes"),
    ({"shape": (3, 3), "dtype": "u1", "shards": 2, "zarr_format": 2}, UnsupportedError, "no codec"),
    (
        {"shape": 3, "dtype": "u1", "chunks": [[1, 2]], "zarr_format": 2},
        UnsupportedError,
        "no grid",
    ),
    (
        {"shape": 3, "dtype": "u1", "dimension_names": ["x"], "zarr_format": 2},
        UnsupportedError,
        "no dimension_names",
    ),
]


@pytest.mark.parametrize(("how", "kind", "named"), IMPOSSIBLE, ids=lambda each: str(each)[:60])
def test_an_impossible_array_is_refused_and_nothing_is_written(
    how: dict[str, Any], kind: type[ZarrCdmError], named: str
) -> None:
    keys: dict[str, bytes] = {}
    with pytest.raises(kind, match=named):
        zarr_cdm.create_array(keys, "a/b", **how)
    group = zarr_cdm.create_group(keys, zarr_format=how.get("zarr_format", 3))
    others = {name: value for name, value in how.items() if name != "zarr_format"}
    before = dict(keys)
    with pytest.raises(kind, match=named):
        group.create_array("a/b", **others)
    assert keys == before


def test_what_nobody_says_goes_without_saying() -> None:
    array = zarr_cdm.create_array({}, shape=(1000, 512, 512), dtype="f8")
    assert array.chunks == (2, 512, 512)
    assert array.codecs == ("bytes", "blosc", "crc32c")
    assert array.fill_value == 0
    assert zarr_cdm.create_array({}, shape=3, dtype="f4", zarr_format=2).codecs == (
        "bytes",
        "blosc",
    )
    assert np.isnat(zarr_cdm.create_array({}, shape=3, dtype="M8[D]").fill_value)
    assert zarr_cdm.create_array({}, shape=3, dtype=str).fill_value == ""
    sharded = zarr_cdm.create_array({}, shape=(4096, 4096), dtype="f4", shards=(2048, 2048))
    assert (sharded.shards, sharded.chunks) == ((2048, 2048), (256, 256))


def test_a_length_of_minus_one_is_all_of_an_axis() -> None:
    assert zarr_cdm.create_array({}, shape=(5, 7), dtype="u1", chunks=(2, -1)).chunks == (2, 7)


def test_codecs_are_completed_and_put_in_their_places() -> None:
    def made(*codecs: Any, **how: Any) -> list[Any]:
        keys: dict[str, bytes] = {}
        zarr_cdm.create_array(keys, shape=4, dtype="f4", codecs=codecs, **how)
        return loads(keys["zarr.json"])["codecs"]

    serializer = {"name": "bytes", "configuration": {"endian": "little"}}
    zstd = {"name": "zstd", "configuration": {"level": 1, "checksum": False}}
    assert made() == [serializer]
    assert made("zstd") == [serializer, zstd]
    gzip = {"name": "gzip", "configuration": {"level": 9}}
    assert made(gzip, "crc32c") == [serializer, gzip, {"name": "crc32c"}]
    rounding = {"name": "bitround", "configuration": {"keepbits": 7}}
    assert made(rounding, "zstd") == [rounding, serializer, zstd]
    big = {"name": "bytes", "configuration": {"endian": "big"}}
    assert made(rounding, big) == [rounding, big]
    assert made("blosc")[1]["configuration"]["typesize"] == 4


def test_the_byte_order_of_a_type_is_that_of_the_chunks() -> None:
    keys: dict[str, bytes] = {}
    array = zarr_cdm.create_array(keys, data=np.array([1, 2], ">i2"), codecs=[])
    assert keys["c/0"] == b"\0\1\0\2"
    assert array.dtype == np.dtype("i2")
    assert array[...].tolist() == [1, 2]


def test_keys_are_made_as_they_are_asked_for() -> None:
    for encoding, expected in (
        (None, "c/0/1"),
        ("v2", "0.1"),
        ({"name": "default", "separator": "."}, "c.0.1"),
        ({"name": "v2", "configuration": {"separator": "/"}}, "0/1"),
    ):
        array = zarr_cdm.create_array(
            {}, shape=(2, 2), dtype="u1", chunks=1, chunk_key_encoding=encoding
        )
        assert array.key((0, 1)) == expected


@versions
@pytest.mark.parametrize("consolidated_at", ["", "a"])
def test_a_consolidated_document_is_never_stale(
    zarr_format: ZarrVersion, consolidated_at: str
) -> None:
    keys: dict[str, bytes] = {}
    root = zarr_cdm.create_group(keys, zarr_format=zarr_format)
    root.create_array("a/t", data=np.arange(4), chunks=2)
    zarr_cdm.open_group(keys, consolidated_at, mode="r+").consolidate()

    def check() -> None:
        found = zarr_cdm.open_group(keys, consolidated_at)
        assert found.consolidated
        plain = {
            key: value for key, value in keys.items() if key.rpartition("/")[2] != ".zmetadata"
        }
        for key in list(plain):
            if key.endswith("zarr.json"):
                raw = loads(plain[key])
                raw.pop("consolidated_metadata", None)
                plain[key] = dumps(raw)
        looked_up = zarr_cdm.open_group(plain, consolidated_at)
        assert not looked_up.consolidated
        assert everything(found) == everything(looked_up)

    check()
    root = zarr_cdm.open_group(keys, mode="r+")
    root["a/t"].append([4, 5])
    check()
    root["a/t"].resize(3)
    check()
    root["a/t"].update_attributes({"units": "m"})
    check()
    root["a"].update_attributes({"title": "below"})
    check()
    root.update_attributes({"title": "above"})
    check()
    root.create_array("a/b/c/u", data=[[1]])
    check()
    root["a/b"].create_group("d", attributes={"deep": True})
    check()
    zarr_cdm.create_array(keys, "a/t", data=[9], overwrite=True, zarr_format=zarr_format)
    check()
    root = zarr_cdm.open_group(keys, mode="r+")
    del root["a/b"]
    check()
    assert sorted(everything(root)) == ["", "a/", "a/t"]
    assert everything(root) == everything(zarr_cdm.open_group(keys))


@versions
@pytest.mark.parametrize("consolidated", [False, True])
def test_a_group_sees_what_is_changed_through_it(
    zarr_format: ZarrVersion, consolidated: bool
) -> None:
    group = zarr_cdm.create_group({}, zarr_format=zarr_format)
    group.create_array("a/t", data=np.arange(4))
    if consolidated:
        group.consolidate()
    assert list(group) == ["a"]
    group["a/t"].append([9])
    group["a/t"].update_attributes({"units": "m"})
    group.update_attributes({"x": np.float32(0.5)})
    group["a"].create_array("u", data=[1])
    group.create_group("b/c", attributes={"deep": [1, 2]})
    assert everything(group) == everything(zarr_cdm.open_group(group.store))
    assert group["a/t"].shape == (5,)
    assert dict(group["b/c"].attrs) == {"deep": [1, 2]}
    del group["a/t"]
    del group["b"]
    assert sorted(everything(group)) == ["", "a/", "a/u"]
    with pytest.raises(NodeNotFoundError):
        del group["b"]
    with pytest.raises(TargetExistsError, match="name a path below it"):
        del group["/"]
    assert not [key for key in group.store.list() if key.startswith(("a/t", "b"))]


def test_consolidating_puts_the_documents_together_as_they_are() -> None:
    keys: dict[str, bytes] = {}
    group = zarr_cdm.create_group(keys, attributes={"title": "x"})
    group.create_array("a/t", data=[1], attributes={"odd": [1e300, None, "é"]})
    group.create_group("empty")
    group.consolidate()
    root = loads(keys["zarr.json"])
    assert root["attributes"] == {"title": "x"}
    inline = root["consolidated_metadata"]
    assert (inline["kind"], inline["must_understand"]) == ("inline", False)
    expected = {path: loads(keys[f"{path}/zarr.json"]) for path in ("a", "a/t", "empty")}
    assert inline["metadata"] == expected
    store = Counting(MemoryStore(keys))
    found = zarr_cdm.open_group(store)
    assert everything(found)["a/t"][0] == (1,)
    assert [call for call in store.calls if "a/t/zarr.json" in call] == []


def test_what_cannot_be_consolidated_is_refused() -> None:
    keys: dict[str, bytes] = {}
    zarr_cdm.create_group(keys)
    keys["old/.zgroup"] = dumps({"zarr_format": 2})
    with pytest.raises(MetadataError, match="memory: old: not of Zarr v3"):
        zarr_cdm.open_group(keys, mode="r+").consolidate()
    keys["old/.zgroup"] = b"{"
    with pytest.raises(MetadataError, match=r"memory: old/.zgroup: the document is no JSON"):
        zarr_cdm.open_group(keys, mode="r+").consolidate()


def test_a_group_opened_for_reading_refuses_to_change() -> None:
    keys: dict[str, bytes] = {}
    zarr_cdm.create_array(keys, "a/t", data=[1])
    group, before = zarr_cdm.open_group(keys), dict(keys)
    for change in (
        lambda: group.create_array("b", data=[1]),
        lambda: group.create_group("b"),
        lambda: group.update_attributes({"a": 1}),
        lambda: group.consolidate(),
        lambda: group.__delitem__("a"),
        lambda: group["a/t"].__setitem__(0, 1),
        lambda: group["a"].create_group("b"),
    ):
        with pytest.raises(StoreError, match="opened for reading"):
            change()
    assert keys == before


def test_a_broken_neighbour_harms_nobody() -> None:
    keys: dict[str, bytes] = {}
    group = zarr_cdm.create_group(keys)
    group.create_array("good", data=[1])
    keys["bad/zarr.json"] = b"[]"
    found = zarr_cdm.open_group(keys, mode="r+")
    assert sorted(found) == ["bad", "good"]
    assert found["good"][0] == 1
    with pytest.raises(MetadataError, match=r"bad/zarr\.json"):
        found["bad"]
    found.create_array("new", data=[2])
    with pytest.raises(TargetExistsError):
        found.create_array("bad", data=[3])
    found.create_array("bad", data=[3], overwrite=True)
    assert everything(zarr_cdm.open_group(keys))["bad"][2] == [3]


def test_a_zip_file_says_that_it_is_written_once(tmp_path: Path) -> None:
    with pytest.raises(ZarrCdmError):
        zarr_cdm.create_group(tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()
