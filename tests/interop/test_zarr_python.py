"""We read what zarr-python writes, and it reads and changes whole trees of ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import FULL
from tests.interop.cases import CODECS, GRIDS, Case, cases, difference
from tests.interop.data_types import TYPES
from tests.interop.limits import SHARDED, ZARR, ZARR_PYTHON, Cannot, both, of, stored
from tests.interop.limits import v2 as in_v2
from tests.interop.limits import v3 as in_v3
from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.consolidated import walk
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.json import dumps, loads_object

zarr = pytest.importorskip("zarr", reason="zarr-python is not installed")
numcodecs = pytest.importorskip("numcodecs")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part:UserWarning"),
    pytest.mark.filterwarnings("ignore:The data type:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The data type:UserWarning"),
    pytest.mark.filterwarnings("ignore:Missing 'endian' for structured dtype:UserWarning"),
]
versions = pytest.mark.parametrize("zarr_format", [2, 3])


@pytest.fixture(autouse=True)
def all_grids() -> Any:
    with zarr.config.set({"array.rectilinear_chunks": True} if ZARR >= (3, 2) else {}):
        yield


# What it reads, but does not write as it would read it.
CANNOT_WRITE = [
    Cannot(in_v2(of(type="struct of times")), "cannot include dtype 'M'", "fails in most codecs"),
    Cannot(
        of(type="float32, NaN with a payload"),
        "values",
        "where a part of a chunk is written, the fill value loses its payload",
    ),
    Cannot(
        in_v2(both(of(codec="numcodecs.bitround", order="F"), stored)),
        "values",
        "writes order F as C, and reads it as F",
    ),
]


if ZARR < (3, 2):
    CANNOT_WRITE += [
        Cannot(
            in_v3(of(grid="scalar", shards=SHARDED)), "too many indices", "no shards of scalars"
        ),
        Cannot(
            in_v3(of(order="F", type={"bytes", "string", "variable_length_bytes"}), stored),
            "values",
            "writes order F as C",
        ),
        Cannot(
            in_v3(of(order="F", codec={"delta", "fixedscaleoffset"}), stored),
            "values",
            "writes order F as C",
        ),
        Cannot(
            in_v3(of(codec={"pcodec", "zfpy"}), stored),
            "contiguous|F order",
            "these codecs where a chunk is contiguous in memory alone",
        ),
    ]
else:
    CANNOT_WRITE.append(
        Cannot(
            of(grid="scalar", type={"bytes", "variable_length_bytes"}),
            "Expected bytes, got numpy.ndarray",
            "takes an element for an array",
        )
    )


def writable(zarr_format: ZarrVersion) -> dict[str, Case]:
    """Return those of them that it can write."""
    return {
        name: case
        for name, case in readable(zarr_format).items()
        if not any(row.where(case) for row in CANNOT_WRITE)
    }


def readable(zarr_format: ZarrVersion) -> dict[str, Case]:
    """Return the cases that zarr-python can read."""
    return {
        name: case
        for name, case in list(cases(zarr_format).items())[:: 1 if FULL else 3]
        if not any(row.where(case) for row in ZARR_PYTHON)
    }


def write_tree(root: Path, zarr_format: ZarrVersion, *, fill: bool) -> dict[str, Case]:
    """Write the tree of all of them, perhaps without any chunk."""
    found = readable(zarr_format)
    arrays = {name: Node(case.document) for name, case in found.items()}
    top = GroupMetadata({"title": "exchange"}, zarr_format=zarr_format)
    group = create_tree(LocalStore(str(root)), Node(top, {"sub": Node(top, arrays)}), zarr_format)
    for name, case in found.items() if fill else ():
        group.array(f"sub/{name}")[case.part] = case.values[case.part]
    publish(group)
    return found


def unconsolidate(root: Path, zarr_format: ZarrVersion) -> None:
    """Take away the document of the whole tree."""
    if zarr_format == 2:
        (root / ".zmetadata").unlink()
        return
    document = loads_object((root / "zarr.json").read_bytes())
    del document["consolidated_metadata"]
    (root / "zarr.json").write_bytes(dumps(document))


@pytest.mark.parametrize("consolidated", [True, False])
@versions
def test_zarr_python_reads_a_tree_that_we_write(
    tmp_path: Path, zarr_format: ZarrVersion, consolidated: bool
) -> None:
    found = write_tree(tmp_path, zarr_format, fill=True)
    if not consolidated:
        unconsolidate(tmp_path, zarr_format)
    root = zarr.open_group(str(tmp_path), mode="r", use_consolidated=consolidated)
    assert dict(root.attrs) == {"title": "exchange"}
    assert root.metadata.zarr_format == zarr_format
    assert set(root["sub"].array_keys()) == set(found)
    for name, case in list(found.items())[::10]:
        array = root["sub"][name]
        assert dict(array.attrs) == case.document.attributes
        assert difference(array[...], case) is None, case


@versions
def test_zarr_python_fills_arrays_that_we_created(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    found = write_tree(tmp_path, zarr_format, fill=False)
    group = open_tree(LocalStore(str(tmp_path / "sub")))
    assert set(group.node.members) == set(found)
    can, seen = writable(zarr_format), dict.fromkeys(CANNOT_WRITE, False)
    for name, case in found.items():
        array = zarr.open_array(str(tmp_path), path=f"sub/{name}", mode="r+")
        try:
            array[case.part] = case.values[case.part]
            wrong = difference(group.array(name)[...], case)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        assert wrong is None or name not in can, f"{case}: {wrong}"
        for row in CANNOT_WRITE:
            seen[row] |= row.where(case) and bool(re.search(row.seen, wrong or ""))
    speaking = [row for row in CANNOT_WRITE if any(map(row.where, found.values()))]
    assert not FULL or all(seen[row] for row in speaking), "a row is of no use any more"


@pytest.mark.parametrize("name", ["Blosc", "Zstd", "Zlib", "LZ4", "LZMA", "BZ2", "CRC32"])
def test_codecs_that_zarr_python_wraps_are_read(tmp_path: Path, name: str) -> None:
    wrapped = getattr(pytest.importorskip("zarr.codecs.numcodecs"), name)()
    array = zarr.create_array(
        str(tmp_path), shape=(9,), chunks=(4,), dtype="f4", compressors=[wrapped], fill_value=7
    )
    array[:6] = np.arange(6)
    ours = open_tree(LocalStore(str(tmp_path))).array("")
    assert ours[...].tolist() == [0, 1, 2, 3, 4, 5, 7, 7, 7]
    ours[8:] = 1
    assert zarr.open_array(str(tmp_path), mode="r")[...].tolist() == [0, 1, 2, 3, 4, 5, 7, 7, 1]


# What its users create: arrays and codecs by its own words.
SIMPLE = {"none", "zstd", "zstd, checksum", "gzip", "zlib", "lz4", "delta", "shuffle, zlib"}


def is_simple(case: Case) -> bool:
    type = TYPES[case.type]
    return (
        (case.codec in SIMPLE or case.codec.startswith("blosc"))
        and GRIDS[case.grid].is_regular
        and case.shards in ("none", "index at the end")
        and type.fill is not None
        and type.data_type.name != "variable_length_bytes"
    )


@pytest.mark.parametrize("consolidated", [True, False])
@versions
def test_we_read_what_zarr_python_writes(
    tmp_path: Path, zarr_format: ZarrVersion, consolidated: bool
) -> None:
    root = zarr.create_group(str(tmp_path), zarr_format=zarr_format, attributes={"title": "x"})
    found = {name: case for name, case in writable(zarr_format).items() if is_simple(case)}
    for name, case in found.items():
        create(root, name, case)[case.part] = case.values[case.part]
    if consolidated:
        zarr.consolidate_metadata(str(tmp_path))
    group = open_tree(LocalStore(str(tmp_path)))
    assert group.consolidated is consolidated
    assert group.zarr_format == zarr_format
    assert group.node.document.attributes == {"title": "x"}
    assert set(group.node.members) == set(found)
    assert len(found) > 10
    for name, case in found.items():
        assert difference(group.array(name)[...], case) is None, case


def create(root: Any, name: str, case: Case) -> Any:
    """Create an array as a user of zarr-python would."""
    document, type, chain = case.document, TYPES[case.type], CODECS[case.codec]
    dtype: Any = type.dtype.newbyteorder(">" if type.endian == "big" else "<")
    shared: dict[str, Any] = {"shape": case.shape, "fill_value": type.fill_value}
    shared["chunks"] = tuple(GRIDS[case.grid].common)
    if type.dtype.hasobject:
        dtype = str if type.kind == "t" else zarr.dtype.VariableLengthBytes()
    keys = document.chunk_key_encoding
    separator = {"separator": keys.configuration.get("separator", ".")}
    if case.zarr_format == 2:
        stored = v2.write_array(document)
        filters, compressor = stored["filters"] or [], stored["compressor"]
        return root.create_array(
            name,
            **shared,
            dtype=dtype,
            order=case.order,
            filters=[numcodecs.get_codec(dict(step)) for step in filters] or None,
            compressors=numcodecs.get_codec(dict(compressor)) if compressor else None,
            chunk_key_encoding={"name": keys.name} | separator,
        )
    assert isinstance(v3.read(v3.write(document)), ArrayMetadata)
    axes = tuple(range(len(case.shape)))[::-1]
    turned = [zarr.codecs.TransposeCodec(order=axes)] if case.order == "F" else []
    filters = [*turned, *(codec.to_json() for codec in chain.filters(type))]
    serializer = type.serializer
    return root.create_array(
        name,
        **shared,
        dtype=dtype,
        shards=case.whole.lengths if case.shards != "none" else None,
        filters=filters or None,
        serializer=serializer.to_json() if serializer.name == "bytes" else "auto",
        compressors=[codec.to_json() for codec in chain.after(type)] or None,
        chunk_key_encoding={"name": keys.name} | separator,
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_nested_groups_of_zarr_python_are_read(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    root = zarr.create_group(str(tmp_path), zarr_format=zarr_format)
    deep = root.create_group("a/b/c", attributes={"deep": True})
    deep.create_array("t", shape=(3,), dtype="i4")[...] = [1, 2, 3]
    root.create_array("odd name µ", shape=(), dtype="f8", fill_value=np.nan)
    zarr.consolidate_metadata(str(tmp_path))
    zarr.consolidate_metadata(str(tmp_path), path="a")
    for consolidated in (True, False):
        group = open_tree(LocalStore(str(tmp_path)))
        assert group.consolidated is consolidated
        paths = ["", "a", "a/b", "a/b/c", "a/b/c/t", "odd name µ"]
        assert sorted(path for path, _ in walk(group.node)) == paths
        assert dict(walk(group.node))["a/b/c"].document.attributes == {"deep": True}
        assert group.array("a/b/c/t")[::-1].tolist() == [3, 2, 1]
        assert np.isnan(group.array("odd name µ")[...])
        key = tmp_path / ("zarr.json" if zarr_format == 3 else ".zmetadata")
        if zarr_format == 2:
            key.unlink(missing_ok=True)
        else:
            key.write_text('{"zarr_format": 3, "node_type": "group"}')
