"""The documents that zarr-python's ``zarr-metadata`` package tests itself with."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.data import SHARED
from tests.metadata.generated import same
from tests.metadata.test_deviations import V3
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import MetadataError, ZarrCdmError
from zarr_cdm.metadata import consolidated, fills, v2, v3
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.keys import chunk_key

ARCHIVE = SHARED / "fixtures" / "zarr-metadata.tar.gz"
pytestmark = pytest.mark.skipif(
    not ARCHIVE.exists(), reason="fixtures/zarr-metadata.tar.gz of the shared folder is not there"
)
# What comes later, by the words in the error. If one of these works, its row must go.
NOT_YET: dict[str, tuple[type[ZarrCdmError], str]] = {}


def cases(kind: str) -> list[str]:
    """Return the folders or files below a kind, such as ``v3/codec``."""
    if not ARCHIVE.exists():
        return []
    with tarfile.open(ARCHIVE) as archive:
        names = [name.removeprefix("zarr-metadata/") for name in archive.getnames()]
    inside = sorted(name for name in names if name.startswith(f"{kind}/") and name.endswith("json"))
    flat = [name.removesuffix(".json") for name in inside if name.count("/") == kind.count("/") + 1]
    return flat or sorted({name.rpartition("/")[0] for name in inside})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("documents")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(place, filter="data")
    return place / "zarr-metadata"


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def check(name: str, work: Any) -> None:
    """Run ``work``, which must fail as the table says, or not at all."""
    kind, word = NOT_YET.get(name, (None, ""))
    if kind is None:
        work()
        return
    with pytest.raises(kind, match=word):
        work()


@pytest.mark.parametrize("name", cases("v2/array"))
def test_a_stored_v2_array_is_read_and_written_again(folder: Path, name: str) -> None:
    def work() -> None:
        document = v2.read_array(load(folder, name), {})
        ZarrArray(MemoryStore(), "", document)
        assert same(v2.read_array(v2.write_array(document), {}), document)

    check(name, work)


@pytest.mark.parametrize("name", cases("v3/array") + cases("v3/group"))
def test_a_stored_v3_document_is_read_and_written_again(folder: Path, name: str) -> None:
    def work() -> None:
        document = v3.read(load(folder, name))
        if isinstance(document, ArrayMetadata):
            ZarrArray(MemoryStore(), "", document)
        assert same(v3.read(v3.write(document)), document)

    check(name, work)


@pytest.mark.parametrize("name", cases("v3/consolidated") + cases("v2/consolidated"))
def test_a_stored_tree_is_read(folder: Path, name: str) -> None:
    document = load(folder, name)
    if name.startswith("v2"):
        root = consolidated.read_v2(document)
        expected = {key.rpartition("/")[0] for key in document["metadata"]} - {""}
    else:
        group = {"zarr_format": 3, "node_type": "group", "consolidated_metadata": document}
        found = consolidated.read_v3(group)
        assert found is not None
        root, expected = found, set(document["metadata"])
    nodes = dict(consolidated.walk(root))
    assert set(nodes) == expected | {""}
    assert all(node.document for node in nodes.values())


@pytest.mark.parametrize("name", cases("v3/codec"))
def test_stored_codecs_can_be_built(folder: Path, name: str) -> None:
    for case, codec in load(folder, f"{name}/cases").items():
        short = name.rpartition("/")[2]
        codecs = [codec] if short == "bytes" else ["bytes", codec]
        shape, chunks = [4, 6, 8], [2, 3, 4]
        if short in ("transpose", "cast_value", "scale_offset"):
            codecs = [codec, "bytes"]
        elif short == "sharding_indexed":
            codecs, shape = [codec], [2 * size for size in codec["configuration"]["chunk_shape"]]
            chunks = shape
        grid = {"name": "regular", "configuration": {"chunk_shape": chunks}}
        document = V3 | {"shape": shape, "chunk_grid": grid, "codecs": codecs}

        def work(document: Any = document, case: str = case, chunks: Any = chunks) -> None:
            found = v3.read(document)
            assert isinstance(found, ArrayMetadata), case
            if case == "named_config_dtype":  # well formed, but cast_value is for numbers alone
                with pytest.raises(MetadataError, match="cast_value cannot encode"):
                    ZarrArray(MemoryStore(), "", found)
                return
            array = ZarrArray(MemoryStore(), "", found)
            assert list(array.shards or array.chunks) == chunks

        check(name, work)


@pytest.mark.parametrize("name", cases("v3/chunk_grid"))
def test_stored_grids_can_be_built(folder: Path, name: str) -> None:
    for case in load(folder, f"{name}/cases").values():
        # As long as the smallest of the cases that list all their chunks.
        rank = len(case["configuration"].get("chunk_shape") or [1, 1])
        document = V3 | {"shape": [30] * rank, "chunk_grid": case}

        def work(document: Any = document) -> None:
            found = v3.read(document)
            assert isinstance(found, ArrayMetadata)
            ZarrArray(MemoryStore(), "", found)

        check(name, work)


@pytest.mark.parametrize("name", cases("v3/chunk_key_encoding"))
def test_stored_key_encodings_make_keys(folder: Path, name: str) -> None:
    for case in load(folder, f"{name}/cases").values():
        key = chunk_key(Extension.from_json(case))((1, 2))
        assert key.removeprefix("c")[-3:] in ("1/2", "1.2", "/2", ".2")


@pytest.mark.parametrize("name", cases("v3/data_type"))
def test_stored_fill_values_are_read_and_written_again(folder: Path, name: str) -> None:
    short = name.rpartition("/")[2]
    data_type = Extension({"raw": "r32"}.get(short, short))
    if (folder / name / "data_type.json").exists():
        data_type = Extension.from_json(load(folder, f"{name}/data_type"))
    for value in load(folder, f"{name}/fill_values").values():

        def work(value: Any = value) -> None:
            found = fills.decode(value, data_type)
            again = fills.decode(fills.encode(found, data_type), data_type)
            assert repr(again) == repr(found)
            if short.startswith(("float", "complex", "raw")):
                assert again.tobytes() == found.tobytes()

        check(name, work)


def test_every_row_of_the_table_is_a_case() -> None:
    kinds = ["v2/array", "v3/array", "v3/chunk_grid", "v3/codec", "v3/data_type"]
    assert set(NOT_YET) <= {name for kind in kinds for name in cases(kind)}
