"""Every direction that `convert` has, with generated datasets and with the stress file.

What comes back is what went in; what a dialect cannot say is refused, or told before a byte is
written.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zarr_cdm
from tests import netcdf_c_files
from tests.datasets import datasets
from tests.formats import raw_reading, stress
from tests.formats.holdable import holdable
from tests.formats.raw_reading import assert_alike
from tests.interop.nczarr_facts import nczarr
from tests.shelves.test_every_dialect import change, spellings
from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.dialects.nczarr_refusals import refusals
from zarr_cdm.dialects.spelling import Spelling
from zarr_cdm.dialects.table import WRITTEN
from zarr_cdm.errors import UnsupportedError, ZarrCdmWarning
from zarr_cdm.formats.netcdf import NetcdfFormat
from zarr_cdm.formats.zarr_losses import NULL, SAID
from zarr_cdm.translate.chunking import layout_of
from zarr_cdm.translate.user_types import without_user_types

some = settings(max_examples=max(1, settings.default.max_examples // 4))
files = (datasets() | datasets(whole=True, netcdf=True)).map(holdable)
DIALECTS = [
    (name, each) for name, versions in WRITTEN.items() for each in versions if name != "native"
]
# What each dialect has no word for, by the rules of comparing; it may refuse some of it too.
LEFT_OUT = {"type.missing", "variable.missing", "attribute.missing"}  # what is of a user type
OF_DIMENSIONS = {"dimension.missing", "dimension.order", "dimension.unlimited"}
OF_DIMENSIONS |= {"dimension.size", "variable.dimensions"}
OF_FILLS = {"fill.mode", "fill.value"}
NOT_SAID = {
    "nczarr": {*LEFT_OUT, "attribute.value", "fill.value"},  # it has one NaN
    "nz": {*LEFT_OUT, *OF_DIMENSIONS, *OF_FILLS, "values"},
    "xarray": {
        *(*LEFT_OUT, *OF_DIMENSIONS, *OF_FILLS, "values", "variable.type", "group.missing"),
        *("attribute.type", "attribute.value", "attribute.order"),
    },
}


@contextmanager
def written(dataset: Dataset) -> Iterator[Path]:
    """Give a file with a dataset, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.nc"
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* is written without the filter", ZarrCdmWarning)
            NetcdfFormat().write(dataset, str(path), "NETCDF4")
        yield path


def differing(first: Path, second: Path, **options: Any) -> list[str]:
    """Return in what two differ, but for which netCDF-C wrote them."""
    found = zarr_cdm.compare(first, second, **options)
    return [str(finding) for finding in found if finding.rule != "provenance"]


def go_round(file: Path, spelling: Spelling) -> None:
    """Convert from netCDF to both versions of Zarr, from one to the other, and back."""
    ways: list[tuple[str, str, Any]] = [
        ("a.nc", "3.zarr", 3),
        ("a.nc", "2.zarr", 2),
        ("3.zarr", "32.zarr", 2),
        ("32.zarr", "323.zarr", 3),
        ("2.zarr", "2.nc", None),
        ("323.zarr", "3.nc", None),
    ]
    for source, target, version in ways:
        place = file.with_name(target)
        given = {"zarr_format": version, "spelling": spelling} if version else {}
        zarr_cdm.convert(file.with_name(source), place, **given)
        assert differing(file, place, storage=True) == [], (source, target)


@some
@given(files, spellings)
def test_a_file_comes_back_from_zarr_of_both_versions(dataset: Dataset, spelling: Spelling) -> None:
    with written(dataset) as file:
        go_round(file, spelling)


@pytest.mark.parametrize(
    "spelling",
    [Spelling(), Spelling("nczarr", "ubyte", "fixed", "struct"), Spelling(string="variable")],
    ids=["usual", "other", "variable"],
)
def test_the_stress_file_comes_back_from_zarr_of_both_versions(
    tmp_path: Path, spelling: Spelling
) -> None:
    go_round(stress.build(tmp_path).rename(tmp_path / "a.nc"), spelling)
    assert_alike(stress.dataset(), raw_reading.read(tmp_path / "2.nc"))
    assert_alike(stress.dataset(), raw_reading.read(tmp_path / "3.nc"))


def say(source: Path, dialect: str, version: Any) -> None:
    """Convert to a dialect; all that does not come back has been told, or it has been refused."""
    target = source.with_name("x.zarr")
    before = sorted(source.parent.iterdir())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            zarr_cdm.convert(source, target, dialect=dialect, zarr_format=version)
        except (UnsupportedError, ZarrCdmWarning) as error:
            assert sorted(source.parent.iterdir()) == before
            if isinstance(error, UnsupportedError):
                return
    told: list[str] = []
    if not target.exists():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                zarr_cdm.convert(source, target, dialect=dialect, zarr_format=version)
            except UnsupportedError:
                assert sorted(source.parent.iterdir()) == before
                return
        told = [str(each.message) for each in caught]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)  # of axes of one name and two lengths
        found = zarr_cdm.compare(source, target)
    lost = [finding for finding in found if finding.message != "only in the second"]
    assert {finding.rule for finding in lost} <= NOT_SAID[dialect]
    assert [str(finding) for finding in lost if not is_told(finding, told)] == []
    assert bool(lost) == bool(told)


def is_told(finding: Finding, told: list[str]) -> bool:
    """Tell whether a warning names what is lost, and where; long lists name the first places."""
    word = SAID[NULL if finding.rule == "values" else finding.rule]
    for text in told:
        if f"{finding.place} is " in text:  # of a user-defined type
            return True
        match = re.search(rf"(?:: |; ){re.escape(word)} \((.*?)\)", text)
        listed = match[1] if match else ""
        if finding.place in listed.split(", ") or listed.endswith(" more"):
            return True
    return False


@pytest.mark.parametrize(("dialect", "version"), DIALECTS)
@some
@given(files, st.sampled_from(["a.nc", "a.zarr"]))
def test_a_dialect_keeps_everything_that_it_has_not_told_of_or_refused(
    dialect: str, version: int, dataset: Dataset, source: str
) -> None:
    with written(dataset) as file:
        place = file.with_name(source)
        if place != file:
            zarr_cdm.convert(file, place)
        say(place, dialect, version)


@pytest.mark.parametrize(("dialect", "version"), DIALECTS)
def test_a_dialect_keeps_of_the_stress_file_what_it_has_not_told_of_or_refused(
    tmp_path: Path, dialect: str, version: int
) -> None:
    say(stress.build(tmp_path), dialect, version)


def for_nczarr() -> Dataset:
    """Return what NCZarr can say of the stress file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        dataset = without_user_types(stress.dataset())
    layouts = {
        path: layout_of(variable, 2, 9, "nczarr") for path, variable in dataset.all_variables()
    }
    for refusal in list(refusals(dataset, layouts)):
        change(dataset, refusal.place)
    return dataset


def test_netcdf_c_gives_back_what_nczarr_says_of_the_stress_file(tmp_path: Path) -> None:
    file = netcdf_c_files.write(tmp_path / "a.nc", for_nczarr())
    with pytest.warns(ZarrCdmWarning, match=r"the value of an attribute, bit by bit \(/@nans\)"):
        zarr_cdm.convert(file, tmp_path / "a.zarr", dialect="nczarr")
    seen = raw_reading.read(nczarr(tmp_path / "a.zarr"))
    found = compare(for_nczarr(), seen)
    assert len(dict(seen.all_variables())) > 40
    assert {finding.rule for finding in found if finding.place != "/@nans"} <= OF_FILLS
