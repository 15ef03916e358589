"""Generated datasets: each is written as it is, or refused before anything is."""

from __future__ import annotations

import re
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets import datasets
from tests.formats import raw_reading
from tests.formats.holdable import holdable
from tests.formats.raw_reading import assert_alike
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.errors import UnsupportedError, ZarrCdmWarning
from zarr_cdm.formats.netcdf import NetcdfFormat
from zarr_cdm.formats.netcdf_write_check import HARMLESS, check
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS
from zarr_cdm.formats.netcdf_write_survey import Survey


def written(dataset: Dataset, folder: str, data_model: str) -> Path:
    """Write a dataset; its filters, of which netCDF-C does not have all, may be left out."""
    path = Path(folder) / "x.nc"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* is written without the filter", ZarrCdmWarning)
        NetcdfFormat().write(dataset, str(path), data_model)
    return path


@given((datasets() | datasets(whole=True, netcdf=True)).map(holdable))
def test_what_is_legal_is_written_as_it_is(dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_alike(dataset, raw_reading.read(written(dataset, folder, "NETCDF4")))


@given(datasets() | datasets(whole=True), st.sampled_from(list(DATA_MODELS)))
def test_anything_is_written_as_it_is_or_refused(dataset: Dataset, data_model: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = check(Survey(dataset), DATA_MODELS[data_model])
        findings = [finding for finding in found if finding.rule not in HARMLESS]
        if findings:
            with pytest.raises(UnsupportedError) as caught:
                written(dataset, folder, data_model)
            assert all(f"{each.place}: {each.message}" in str(caught.value) for each in findings)
            assert list(Path(folder).iterdir()) == []
        elif found:
            with pytest.warns(ZarrCdmWarning, match=re.escape(found[0].message)):
                written(dataset, folder, data_model)
        else:
            assert_alike(dataset, raw_reading.read(written(dataset, folder, data_model)))
