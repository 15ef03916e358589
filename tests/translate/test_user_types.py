"""What is of a user-defined type, on the way to dialects that have none."""

from __future__ import annotations

import warnings
from pathlib import Path

import netCDF4
import numpy as np
import pytest

import zarr_cdm
from zarr_cdm.errors import ZarrCdmWarning

DIALECTS = ["nczarr", "nz"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w") as root:
        root.createDimension("x", 2)
        root.createDimension("own", 3)
        cloud = root.createEnumType("i1", "cloud", {"clear": 0, "cumulus": 1})
        root.createVLType("i2", "unused")
        root.createVariable("plain", "f4", ("x",))[:] = [1, 2]
        root.createVariable("clouds", cloud, ("own",))[:] = [0, 1, 0]
        group = root.createGroup("g")
        group.createVariable("inner", "i2", ("x",))[:] = [3, 4]
    return path


def told(source: Path, target: Path, dialect: str, group: str | None = None) -> list[str]:
    """Convert; return the warnings about what is left out, from behind the name of the source."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        zarr_cdm.convert(source, target, dialect=dialect, group=group)
    texts = [str(each.message) for each in caught]
    return [text.removeprefix(f"{source}: ") for text in texts if "left out" in text]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_of_a_user_defined_type_is_named_and_left_out(
    file: Path, tmp_path: Path, dialect: str
) -> None:
    assert told(file, tmp_path / "a.zarr", dialect) == [
        "/cloud is a user-defined type and is left out",
        "/unused is a user-defined type and is left out",
        "/clouds is of the user-defined type 'cloud' and is left out",
    ]
    with zarr_cdm.read(tmp_path / "a.zarr") as found:
        assert [path for path, _ in found.all_variables()] == ["/plain", "/g/inner"]
        assert found.variables["plain"].data[...].tolist() == [1, 2]
        assert found.types == {}
        assert list(found.dimensions) == (["x", "own"] if dialect == "nczarr" else ["x"])


@pytest.mark.filterwarnings("ignore:.* and is left out")
def test_a_dimension_that_nothing_lies_on_any_more_is_told_of(file: Path, tmp_path: Path) -> None:
    with pytest.warns(ZarrCdmWarning, match=r"does not keep all of it: a dimension .* \(/own\)$"):
        zarr_cdm.convert(file, tmp_path / "a.zarr", dialect="nz")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_of_what_is_outside_the_group_nothing_is_said(
    file: Path, tmp_path: Path, dialect: str
) -> None:
    assert told(file, tmp_path / "a.zarr", dialect, group="/g") == []
    with zarr_cdm.read(tmp_path / "a.zarr") as found:
        np.testing.assert_array_equal(found.variables["inner"].data[...], [3, 4])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_is_said_before_anything_is_written(file: Path, tmp_path: Path, dialect: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ZarrCdmWarning, match="left out"):
            zarr_cdm.convert(file, tmp_path / "a.zarr", dialect=dialect)
    assert list(tmp_path.iterdir()) == [file]
