"""tensorstore reads what we write, and we read what it writes."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.interop.cases import (
    CASES,
    Case,
    difference,
    only,
    part,
    read_all,
    unlike,
    write_ours,
    write_rarer,
)
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import GroupMetadata, ZarrVersion
from zarr_cdm.metadata.json import dumps

ts = pytest.importorskip("tensorstore", reason="tensorstore is not installed")
# What tensorstore cannot read of what we write, and so cannot write for us to read.
CANNOT: dict[ZarrVersion, dict[str, str]] = {
    2: {
        "?U2-*": "no texts",
        "nO-*": "no texts",
        "nS3-*": "bytes become one more axis",
        "nV3-*": "bytes become one more axis",
        "li4-lz4-*": "no such compressor",
        "li4-lzma-*": "no such compressor",
        "li4-shuffle-zlib-*": "no filters",
        "li4-delta-zstd-*": "no filters",
        "li4-fletcher32-*": "no filters",
        "li4-crc32-*": "no filters",
    },
    3: {
        "?U2-*": "no texts",
        "nO-*": "no texts",
        "nS3-*": "no such type",
        "nV3-*": "bytes become one more axis",
    },
}
RARER: dict[str, str] = {
    "numcodecs.*": "no such codecs",
    "raw bits": "wants the fill value as base64, which the specification does not know",
    "bytes": "no such type",
    "variable_length_bytes": "no such type",
}
# With one more axis these cannot be written; an attempt can end the process.
NOT_TRIED = "n[SV]3-*"
DRIVERS = {2: "zarr", 3: "zarr3"}


def spec(root: Path, case: Case, **others: Any) -> dict[str, Any]:
    return {
        "driver": DRIVERS[case.zarr_format],
        "kvstore": {"driver": "file", "path": f"{root / case.name}/"},
        **others,
    }


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_tensorstore_reads_what_we_write(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    write_ours(tmp_path, zarr_format, consolidated=True)
    wrong = {}
    for name, case in CASES[zarr_format].items():
        try:
            found = difference(
                ts.open(spec(tmp_path / "sub", case)).result()[...].read().result(), case
            )
        except ValueError as error:
            found = str(error)
        if found:
            wrong[name] = found
    only(wrong, CANNOT[zarr_format])


def test_tensorstore_reads_what_is_rarer(tmp_path: Path) -> None:
    wrong = {}
    for name, values in write_rarer(tmp_path).items():
        place = {"driver": "file", "path": f"{tmp_path / name}/"}
        try:
            array = ts.open({"driver": "zarr3", "kvstore": place}).result()
            found = unlike(array[...].read().result(), values)
        except ValueError as error:
            found = str(error)
        if found:
            wrong[name] = found
    only(wrong, RARER)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_we_read_what_tensorstore_writes(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    root = GroupMetadata(zarr_format=zarr_format)
    key = "zarr.json" if zarr_format == 3 else ".zgroup"
    (tmp_path / key).write_bytes(
        dumps(v3.write(root) if zarr_format == 3 else v2.write_group(root))
    )
    failed = {}
    for name, case in CASES[zarr_format].items():
        if fnmatchcase(name, NOT_TRIED):
            failed[name] = "not tried"
            continue
        try:
            array = ts.open(spec(tmp_path, case, metadata=metadata(case), create=True)).result()
            array[part(case)].write(case.values[part(case)]).result()
        except ValueError as error:
            failed[name] = str(error)
    only(failed, CANNOT[zarr_format])
    group = open_tree(LocalStore(str(tmp_path)))
    assert set(CASES[zarr_format]) - set(failed) <= set(group.node.members)
    assert not {
        name: what for name, what in read_all(group, zarr_format).items() if name not in failed
    }


def metadata(case: Case) -> dict[str, Any]:
    """Return our document, of which tensorstore makes its own."""
    document = case.document
    return v2.write_array(document) if case.zarr_format == 2 else v3.write(document)
