"""We read what tensorstore writes, in arrays that it creates from our documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop.cases import cases, difference
from tests.interop.limits import TENSORSTORE
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import ZarrVersion

ts = pytest.importorskip("tensorstore", reason="tensorstore is not installed")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_we_read_what_tensorstore_writes(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    written = {}
    for name, case in cases(zarr_format).items():
        if any(row.where(case) for row in TENSORSTORE):
            continue  # what it cannot read it does not write either
        place = {"driver": "file", "path": f"{tmp_path / name}/"}
        document, write = case.document, v2.write_array if zarr_format == 2 else v3.write
        spec = {"driver": "zarr" if zarr_format == 2 else "zarr3", "kvstore": place}
        array = ts.open(spec | {"metadata": write(document)}, create=True).result()
        array[case.part].write(case.values[case.part]).result()
        written[name] = case
    assert len(written) > 100
    for name, case in written.items():
        array = open_tree(LocalStore(str(tmp_path / name))).array("")
        assert difference(array[...], case) is None, case
