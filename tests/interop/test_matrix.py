"""What we write is read equal by other libraries, except for what the tables in `limits` state."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FULL
from tests.interop.cases import AXES, Case, cases, create_one, difference, write_ours
from tests.interop.limits import Cannot
from tests.interop.readers import READERS, Cases
from tests.server import serve
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.core.stores.zip_new import new_zip
from zarr_cdm.metadata.documents import ZarrVersion

pytestmark = [
    pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning"),
    pytest.mark.filterwarnings("ignore:The data type:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The data type:UserWarning"),
    pytest.mark.filterwarnings("ignore:Missing 'endian' for structured dtype:UserWarning"),
    pytest.mark.filterwarnings("ignore:Array is unsupported by ZarrsCodecPipeline:UserWarning"),
]
versions = pytest.mark.parametrize("zarr_format", [2, 3])
# The quick run takes every other case for the first store of a reader, and few for the others.
FIRST, OTHERS = (1, 1) if FULL else (2, 9)
ROWS = [
    pytest.param(reader, store, zarr_format, id=f"{reader}-{store}-v{zarr_format}")
    for reader, row in READERS.items()
    for store in row.stores
    for zarr_format in row.versions
]


class Shelf:
    """The cases of one version in stores of all kinds, each written when it is first asked for."""

    def __init__(self, folder: Path, zarr_format: ZarrVersion) -> None:
        self.folder = folder
        self.zarr_format = zarr_format

    @cached_property
    def local(self) -> str:
        write_ours(LocalStore(str(self.folder / "local")), self.zarr_format)
        return str(self.folder / "local")

    @cached_property
    def zip(self) -> str:
        with new_zip(str(self.folder / "ours.zip")) as store:
            write_ours(store, self.zarr_format)
        return str(self.folder / "ours.zip")

    @cached_property
    def memory(self) -> str:
        url = f"memory://{uuid.uuid4().hex}/ours"
        write_ours(open_store(url), self.zarr_format)
        return url

    @cached_property
    def singles(self) -> str:
        """Each case in a store of its own, and in an archive: what netCDF-C opens as a whole."""
        folder = self.folder / "singles"
        folder.mkdir()
        for name, case in cases(self.zarr_format).items():
            create_one(LocalStore(str(folder / name)), name, case)
            with new_zip(str(folder / f"{name}.zip")) as store:
                create_one(store, name, case)
        return str(folder)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files of the local store, for a server."""
        root = Path(self.local)
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Shelf]:
    return {
        number: Shelf(tmp_path_factory.mktemp(f"v{number}"), number)  # type: ignore[arg-type]
        for number in (2, 3)
    }


@pytest.mark.parametrize(("name", "store", "zarr_format"), ROWS)
def test_what_we_write_is_read_equal(
    shelves: dict[int, Shelf], name: str, store: str, zarr_format: ZarrVersion
) -> None:
    reader, shelf = READERS[name], shelves[zarr_format]
    reader.needs()
    first = store == reader.stores[0]
    wanted = dict(list(cases(zarr_format).items())[:: FIRST if first else OTHERS])
    if store == "http":
        with serve(values=shelf.files) as site:
            found = list(reader.read(store, site.url, wanted))
    else:
        place = shelf.singles if name == "netCDF-C" else getattr(shelf, store)
        found = list(reader.read(store, place, wanted))
    assert [each for each, _ in found] == list(wanted)
    wrong = {each: _wrong(result, wanted[each]) for each, result in found}
    if store in reader.closed:
        assert all(re.search(reader.closed[store], seen or "") for seen in wrong.values())
        return
    exactly(wrong, wanted, reader.cannot, whole=FULL)


def _wrong(result: Any, case: Case) -> str | None:
    return result if isinstance(result, str) else difference(result, case)


def exactly(
    wrong: dict[str, str | None], wanted: Cases, rows: Sequence[Cannot], *, whole: bool
) -> None:
    """Assert that what a row speaks of is wrong as it says, and nothing else."""
    problems = []
    true: Counter[Cannot] = Counter()
    for name, case in wanted.items():
        speaking, seen = [row for row in rows if row.where(case)], wrong[name]
        true.update(row for row in speaking if seen and re.search(row.seen, seen))
        if not speaking and seen:
            problems.append(f"{case}: {seen:.300}")
        elif speaking and not seen:
            problems.append(f"{case}: is read, but should not be: {speaking[0].why}")
        elif speaking and not any(re.search(row.seen, seen or "") for row in speaking):
            problems.append(f"{case}: expected {[row.seen for row in speaking]}: {seen:.300}")
    assert not problems, "\n".join([f"{len(problems)} of {len(wanted)}:", *problems[:20]])
    if whole:
        of_version = [row for row in rows if any(map(row.where, wanted.values()))]
        assert all(true[row] for row in of_version), [row for row in of_version if not true[row]]


def test_every_row_of_every_reader_speaks_of_a_case() -> None:
    every = [*cases(2).values(), *cases(3).values()]
    for name, reader in READERS.items():
        for row in reader.cannot:
            assert any(map(row.where, every)), (name, row)


@versions
def test_every_pair_of_rows_is_a_case_if_it_is_legal(zarr_format: ZarrVersion) -> None:
    every = list(cases(zarr_format).values())
    for axis, table in AXES.items():
        rows = {getattr(case, axis) for case in every}
        absent = set(table) - rows
        assert not any(_known(zarr_format, axis, row) for row in absent), absent
    assert {case.zarr_format for case in every} == {zarr_format}
    assert all(case.legal for case in every)


def _known(zarr_format: ZarrVersion, axis: str, row: str) -> bool:
    """Whether a version has a row at all."""
    entry = AXES[axis][row]
    if axis in ("type", "codec"):
        return zarr_format in entry.versions
    return zarr_format == 3


@versions
def test_we_read_all_that_we_write(shelves: dict[int, Shelf], zarr_format: ZarrVersion) -> None:
    shelf = shelves[zarr_format]
    for place in (shelf.local, shelf.zip, shelf.memory):
        group = open_tree(open_store(place))
        assert group.consolidated
        for name, case in cases(zarr_format).items():
            array = group.array(f"sub/{name}")
            assert difference(array[...], case) is None, case
            assert array.metadata.attributes["units"] == "K"
