"""HDF5 files whose links end netCDF-C, or make it fail: one clear error, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from zarr_cdm.errors import FormatError, LimitError
from zarr_cdm.formats.table import read
from zarr_cdm.limits import Limits


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file.create_group("one/two")
        file["one/v"] = np.arange(3)
    return tmp_path / "a.nc"


def put(path: Path, name: str, link: Any) -> None:
    with h5py.File(path, "r+") as file:
        file[name] = file[link] if isinstance(link, str) else link


@pytest.mark.parametrize(
    ("name", "link", "said"),
    [
        ("one/two/up", "/one", "/one/two/up is /one again"),
        ("one/root", "/", "/one/root is / again"),
        ("one/self", h5py.SoftLink("/one"), "/one/self is /one again"),
        ("one/soft", h5py.SoftLink("/"), "/one/soft is / again"),
    ],
)
def test_groups_that_go_in_circles_are_refused(path: Path, name: str, link: Any, said: str) -> None:
    put(path, name, link)
    with pytest.raises(FormatError, match=rf"a\.nc: its groups go in circles: {said}"):
        read(path)


def test_a_circle_through_another_file_is_refused(path: Path, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "b.nc", "w") as file:
        file["there"] = h5py.ExternalLink(path, "/")
    put(path, "one/back", h5py.ExternalLink(tmp_path / "b.nc", "/"))
    with pytest.raises(FormatError, match="its groups go in circles"):
        read(path)


def test_groups_that_go_too_far_down_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "deep.nc", "w") as file:
        file.create_group("/".join("g" * 33))
    with pytest.raises(LimitError, match=r"asks for 33, the limit is 32; .* Limits\.group_depth"):
        read(tmp_path / "deep.nc")
    with Limits(group_depth=33).use(), read(tmp_path / "deep.nc") as dataset:
        assert len(list(dataset.walk())) == 34


@pytest.mark.parametrize(
    "link", [h5py.SoftLink("/nothing"), h5py.ExternalLink("no such file.h5", "/x")]
)
def test_a_link_that_leads_nowhere_is_named(path: Path, link: Any) -> None:
    put(path, "one/x", link)
    with pytest.raises(FormatError, match=r"because /one/x is a link that leads nowhere; take"):
        read(path)


def test_a_dataset_without_a_shape_is_named(path: Path) -> None:
    put(path, "one/e", h5py.Empty("f4"))
    with pytest.raises(FormatError, match=r"because /one/e is a dataset without a shape; take"):
        read(path)


def test_a_group_in_two_places_is_read_in_both(path: Path) -> None:
    put(path, "again", "/one/two")
    put(path, "one/too", "/one/two")
    with read(path) as dataset:
        assert [place for place, _ in dataset.walk()] == [
            "/",
            "/again",
            "/one",
            "/one/too",
            "/one/two",
        ]
