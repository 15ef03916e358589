"""Exactly these names are public, and each of them is there."""

import subprocess
import sys

import pytest

import zarr_cdm

NAMES = [
    "Attribute",
    "Dataset",
    "Dimension",
    "Finding",
    "Group",
    "Limits",
    "Spelling",
    "Variable",
    "ZarrArray",
    "ZarrCdmError",
    "ZarrCdmWarning",
    "ZarrGroup",
    "compare",
    "conventions",
    "convert",
    "create_array",
    "create_group",
    "dump",
    "info",
    "open_array",
    "open_group",
    "read",
]


def test_these_names_are_public() -> None:
    assert zarr_cdm.__all__ == NAMES
    assert set(NAMES) <= set(dir(zarr_cdm))


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(zarr_cdm, name).__doc__


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'covnert'"):
        _ = zarr_cdm.covnert


def test_star_import_works() -> None:
    code = "from zarr_cdm import *; print(convert.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "convert\n"
