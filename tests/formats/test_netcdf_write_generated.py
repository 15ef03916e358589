"""Generated datasets: each is written as it is, or refused before anything is."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets import datasets
from tests.formats import raw_reading
from tests.formats.raw_reading import assert_alike
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.cdm.names import RESERVED, problem_of
from zarr_cdm.errors import UnsupportedError, ZarrCdmWarning
from zarr_cdm.formats.netcdf import NetcdfFormat
from zarr_cdm.formats.netcdf_write_check import check
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS
from zarr_cdm.formats.netcdf_write_survey import Survey


def legal(dataset: Dataset) -> Dataset:
    """Make a dataset one that netCDF-4 can hold: by other names, lengths and variables."""
    for _, group in dataset.walk():
        for dimension in group.dimensions.values():
            dimension.unlimited |= not dimension.size
        group.dimensions = renamed(group.dimensions, set())
        group.groups = renamed(group.groups, set(group.dimensions) | set(group.types))
        group.variables = renamed(group.variables, set(group.groups) | set(group.types))
        for owner in (group, *group.variables.values()):
            owner.attributes = {
                f"a{name}" if name in RESERVED or problem_of(name) else name: attribute
                for name, attribute in owner.attributes.items()
            }
    survey = Survey(dataset)
    for dimension in survey.homes:
        if dimension.unlimited and dimension.size and not any(survey.on(dimension)):
            dimension.unlimited = False
    return dataset


def renamed(members: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    """Return what a group holds under names that are legal, and not taken."""
    found: dict[str, Any] = {}
    for name, member in members.items():
        names = (name, *(f"n{number}{name}" for number in range(9)))
        member.name = next(
            each for each in names if problem_of(each) is None and each not in taken | set(found)
        )
        found[member.name] = member
    return found


def written(dataset: Dataset, folder: str, data_model: str) -> Path:
    """Write a dataset; its filters, of which netCDF-C does not have all, may be left out."""
    path = Path(folder) / "x.nc"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* is written without the filter", ZarrCdmWarning)
        NetcdfFormat().write(dataset, str(path), data_model)
    return path


@given(datasets().map(legal))
def test_what_is_legal_is_written_as_it_is(dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_alike(dataset, raw_reading.read(written(dataset, folder, "NETCDF4")))


@given(datasets(), st.sampled_from(list(DATA_MODELS)))
def test_anything_is_written_as_it_is_or_refused(dataset: Dataset, data_model: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        findings = check(Survey(dataset), DATA_MODELS[data_model])
        if findings:
            with pytest.raises(UnsupportedError) as caught:
                written(dataset, folder, data_model)
            assert all(f"{each.place}: {each.message}" in str(caught.value) for each in findings)
            assert list(Path(folder).iterdir()) == []
        else:
            assert_alike(dataset, raw_reading.read(written(dataset, folder, data_model)))
