"""Zarr stores that are read, made and changed through the names of netCDF4-python."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import zarr_cdm
from tests.server import serve
from zarr_cdm.errors import (
    NodeNotFoundError,
    StoreError,
    TargetExistsError,
    UnsupportedError,
    ZarrCdmWarning,
)
from zarr_cdm.netcdf4 import Dataset

over_versions = pytest.mark.parametrize("version", [3, 2])


def filled(path: Any, version: int = 3, **options: Any) -> Dataset:
    """Return a new dataset with some of everything that is stored as it is."""
    nc = Dataset(path, "w", format=f"ZARR{version}", **options)
    nc.createDimension("time")
    nc.createDimension("x", 3)
    nc.createDimension("unused", 7)
    time = nc.createVariable("time", "f8", ("time",))
    time.units = "days since 2001-01-01"
    v = nc.createVariable("g/v", "i2", ("time", "x"), fill_value=-5, zlib=True)
    v.scale_factor = np.float32(0.5)
    names = nc.createVariable("names", str, ("x",))
    time[:] = [0, 1]
    v[:] = [[1, 2, 3], [4, 5, 6]]
    names[:] = np.array(["a", "é", "long"])
    nc.title = "a test"
    return nc


def check(nc: Dataset) -> None:
    assert nc.title == "a test"
    assert nc["time"][:].tolist() == [0, 1]
    assert nc["g/v"][:].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert nc["g/v"].scale_factor.dtype == np.dtype("f4")
    assert nc["names"][:].tolist() == ["a", "é", "long"]
    assert nc.dimensions["time"].isunlimited()
    assert len(nc.dimensions["unused"]) == 7


@over_versions
@pytest.mark.parametrize(
    "target", ["a.zarr", "a.zarr.zip", "a.sqlite", "memory://netcdf4-{}/a.zarr", "name.without"]
)
def test_any_store_is_written_and_read(tmp_path: Path, version: int, target: str) -> None:
    path = target.format(tmp_path.name) if "://" in target else str(tmp_path / target)
    with filled(path, version) as nc:
        check(nc)
        assert nc.disk_format == f"ZARR{version}"
    with Dataset(path) as nc:
        check(nc)
        assert nc.disk_format == f"ZARR{version}"
        assert nc.filepath() == path
    with filled(path, version) as nc:  # it is replaced
        pass
    with Dataset(path) as nc:
        check(nc)


@over_versions
def test_stock_xarray_opens_what_is_written(tmp_path: Path, version: int) -> None:
    filled(tmp_path / "a.zarr", version).close()
    root = xarray.open_zarr(tmp_path / "a.zarr")
    assert root["time"].values.astype("M8[D]").tolist()[1].isoformat() == "2001-01-02"
    assert root["names"].values.tolist() == ["a", "é", "long"]
    assert root.attrs == {"title": "a test"}
    v = xarray.open_zarr(tmp_path / "a.zarr", group="g")["v"]
    assert v.values.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert v.attrs == {}


@over_versions
def test_a_store_that_is_not_consolidated_stays_so(tmp_path: Path, version: int) -> None:
    filled(tmp_path / "a.zarr", version).close()
    key = "zarr.json" if version == 3 else ".zmetadata"
    document = json.loads((tmp_path / "a.zarr" / key).read_text())
    if version == 3:
        del document["consolidated_metadata"]
        (tmp_path / "a.zarr" / key).write_text(json.dumps(document))
    else:
        (tmp_path / "a.zarr" / key).unlink()
    with Dataset(tmp_path / "a.zarr", "a") as nc:
        nc.more = 1
        nc["time"][2] = 5
    if version == 3:
        root = json.loads((tmp_path / "a.zarr" / key).read_text())
        assert "consolidated_metadata" not in root
    else:
        assert not (tmp_path / "a.zarr" / key).exists()
    with Dataset(tmp_path / "a.zarr") as nc:
        assert nc.more == 1
        assert nc["time"][:].tolist() == [0, 1, 5]


@over_versions
def test_a_store_of_xarray_is_changed_and_stays_readable(tmp_path: Path, version: int) -> None:
    data = xarray.Dataset(
        {
            "t": (("time", "x"), np.arange(6.0).reshape(2, 3), {"units": "K"}),
            "n": ("x", np.array(["a", "b", "c"], object)),
        },
        {"time": [0, 1]},
        {"title": "theirs"},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.to_zarr(tmp_path / "a.zarr", zarr_format=version)
    with Dataset(tmp_path / "a.zarr", "a") as nc:
        nc["t"][0, 0] = 9
        nc["t"].units = "degC"
        nc["n"][1] = "longer"
        nc.createVariable("more", "i4", ("x",))[:] = [1, 2, 3]
    with Dataset(tmp_path / "a.zarr") as nc:
        assert nc["t"][:].tolist() == [[9, 1, 2], [3, 4, 5]]
        assert nc["n"][:].tolist() == ["a", "longer", "c"]
    with xarray.open_zarr(tmp_path / "a.zarr") as found:
        assert found["t"].values.tolist() == [[9, 1, 2], [3, 4, 5]]
        assert found["t"].attrs == {"units": "degC"}
        assert found["more"].values.tolist() == [1, 2, 3]
        assert found["n"].values.tolist() == ["a", "longer", "c"]
        assert found.attrs == {"title": "theirs"}


def test_what_is_not_changed_is_not_written(tmp_path: Path) -> None:
    filled(tmp_path / "a.zarr").close()
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "a.zarr").rglob("*")}
    with Dataset(tmp_path / "a.zarr", "a") as nc:
        assert nc["g/v"][0, 0] == 1
    assert stamps == {path: path.stat().st_mtime_ns for path in (tmp_path / "a.zarr").rglob("*")}
    with Dataset(tmp_path / "a.zarr", "a") as nc:
        nc["time"][0] = 7
    changed = {
        path.relative_to(tmp_path / "a.zarr").as_posix()
        for path, stamp in stamps.items()
        if path.is_file() and path.stat().st_mtime_ns != stamp
    }
    assert changed == {"time/c/0", "zarr.json"}


@over_versions
def test_chunks_and_codecs_of_others_are_kept(tmp_path: Path, version: int) -> None:
    group = zarr_cdm.create_group(tmp_path / "a.zarr", zarr_format=version)
    names = {"dimension_names": ["t", "x"]} if version == 3 else {}
    attributes = {} if version == 3 else {"_ARRAY_DIMENSIONS": ["t", "x"]}
    options: dict[str, Any] = {"codecs": ["gzip"], "order": "F"}
    if version == 3:
        options = {"shards": (4, 4), "fill_value": 7}
    array = group.create_array(
        "v",
        data=np.arange(12).reshape(3, 4),
        chunks=(2, 2),
        attributes=attributes,
        **names,
        **options,
    )
    before = array.metadata
    with Dataset(tmp_path / "a.zarr", "a") as nc:
        nc["v"][1] = -1
        nc["v"].note = "changed"
        assert nc["v"].chunking() == [2, 2]
    after = zarr_cdm.open_array(tmp_path / "a.zarr", "v")
    for name in ("data_type", "chunk_grid", "chunk_key_encoding", "codecs", "fill_value"):
        assert getattr(after.metadata, name) == getattr(before, name)
    assert after[:].tolist() == [[0, 1, 2, 3], [-1] * 4, [8, 9, 10, 11]]
    assert after.attrs["note"] == "changed"


def test_what_overhangs_is_set_back_when_a_dimension_grows(tmp_path: Path) -> None:
    filled(tmp_path / "a.zarr").close()
    # Another writer makes it shorter, and leaves in the chunk what was there.
    for key in ("time/zarr.json", "g/v/zarr.json", "zarr.json"):
        path = tmp_path / "a.zarr" / key
        document = json.loads(path.read_text())
        if key == "zarr.json":
            documents = document["consolidated_metadata"]["metadata"]
            documents["time"]["shape"], documents["g/v"]["shape"] = [1], [1, 3]
            document["attributes"]["_nc_cdm"]["dimensions"]["time"]["size"] = 1
        else:
            document["shape"][0] = 1
        path.write_text(json.dumps(document))
    with Dataset(tmp_path / "a.zarr", "a") as nc:
        assert nc["time"].shape == (1,)
        nc["time"][2] = 2
        assert nc["time"][:].tolist() == [0, None, 2]
        assert nc["g/v"][:].tolist() == [[1, 2, 3], [None] * 3, [None] * 3]


def test_gaps_of_others_are_left_as_they_are(tmp_path: Path) -> None:
    group = zarr_cdm.create_group(tmp_path / "a.zarr", zarr_format=2)
    attributes = {"_ARRAY_DIMENSIONS": ["x"]}
    group.create_array("v", 4, "i4", chunks=2, attributes=attributes)[:2] = [1, 2]
    path = tmp_path / "a.zarr" / "v" / ".zarray"
    path.write_text(path.read_text().replace('"fill_value": 0', '"fill_value": null'))
    with Dataset(tmp_path / "a.zarr", "a") as nc:
        nc["v"].units = "K"
        assert nc["v"][:].tolist() == [1, 2, 0, 0]
    assert not (tmp_path / "a.zarr" / "v" / "1").exists()
    with Dataset(tmp_path / "a.zarr") as nc:
        assert nc["v"][:].tolist() == [1, 2, 0, 0]


def test_what_cannot_be_read_stays_where_it_is(tmp_path: Path) -> None:
    filled(tmp_path / "a.zarr").close()
    path = tmp_path / "a.zarr" / "zarr.json"
    root = json.loads(path.read_text())
    strange = root["consolidated_metadata"]["metadata"]["time"] | {"codecs": [{"name": "zap"}]}
    root["consolidated_metadata"]["metadata"]["strange"] = strange
    path.write_text(json.dumps(root))
    (tmp_path / "a.zarr" / "strange").mkdir()
    (tmp_path / "a.zarr" / "strange" / "zarr.json").write_text(json.dumps(strange))
    with pytest.warns(ZarrCdmWarning, match="zap"):
        nc = Dataset(tmp_path / "a.zarr", "a")
    nc.more = 1
    nc.close()
    found = json.loads(path.read_text())["consolidated_metadata"]["metadata"]
    assert found["strange"]["codecs"] == [{"name": "zap"}]
    assert json.loads((tmp_path / "a.zarr" / "strange" / "zarr.json").read_text()) == strange


def test_what_no_store_is_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("dear")
    with pytest.raises(TargetExistsError, match="no Zarr hierarchy"):
        Dataset(tmp_path / "mine", "w")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "dear"
    with pytest.raises(NodeNotFoundError):
        Dataset(tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    Dataset(tmp_path / "empty", "w").close()
    assert Dataset(tmp_path / "empty").ncattrs() == []


def test_nothing_is_there_before_it_is_synced(tmp_path: Path) -> None:
    nc = filled(tmp_path / "a.zarr")
    with pytest.raises(NodeNotFoundError):
        Dataset(tmp_path / "a.zarr")
    assert (tmp_path / "a.zarr" / "time" / "c" / "0").exists()
    nc.sync()
    with Dataset(tmp_path / "a.zarr") as other:
        check(other)
    nc.close()


def test_a_store_in_one_file_is_whole_or_not_there(tmp_path: Path) -> None:
    nc = filled(tmp_path / "a.zip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zarr_cdm.netcdf4.zarr_keeper.publish", fails)
        with pytest.raises(StoreError, match="full"):
            nc.close()
    assert not nc.isopen()
    assert list(tmp_path.iterdir()) == []


@over_versions
@pytest.mark.parametrize("name", ["a.zip", "a.zarr.sqlite", "a.ozx"])
def test_a_store_in_one_file_is_changed_as_a_whole(tmp_path: Path, version: int, name: str) -> None:
    path = tmp_path / name
    filled(path, version).close()
    before = path.read_bytes()
    with Dataset(path, "a") as nc:
        check(nc)
        assert nc.filepath() == str(path)
    assert path.read_bytes() == before
    nc = Dataset(path, "a")
    nc["time"][2] = 2
    nc["names"][0] = "a longer name"
    nc.createVLType("i4", "rows")
    nc.sync()
    assert path.read_bytes() == before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zarr_cdm.netcdf4.zarr_target._copy", fails)
        with pytest.raises(StoreError, match="full"):
            nc.close()
    assert path.read_bytes() == before
    with Dataset(path, "a") as nc:
        nc["time"][2] = 2
        nc["names"][0] = "a longer name"
    with Dataset(path) as nc:
        assert nc["time"][:].tolist() == [0, 1, 2]
        assert nc["names"][:].tolist() == ["a longer name", "é", "long"]
        assert nc["g/v"][2].tolist() == [None] * 3
    assert list(tmp_path.iterdir()) == [path]


@over_versions
def test_a_remote_store_is_changed(tmp_path: Path, version: int) -> None:
    url = f"memory://netcdf4-changed-{tmp_path.name}/a.zarr"
    filled(url, version).close()
    with Dataset(url, "a") as nc:
        nc["time"][2] = 2
        nc["names"][1] = "changed"
        nc.more = 1
        kind = nc.createVLType("i4", "kind")
        nc.createVariable("rows", kind, ("x",))[0] = np.array([1, 2], "i4")
    with Dataset(url, "r+") as nc:
        nc["rows"][1] = np.array([3], "i4")
    with Dataset(url) as nc:
        assert nc["time"][:].tolist() == [0, 1, 2]
        assert nc["names"][:].tolist() == ["a", "changed", "long"]
        assert [row.tolist() for row in nc["rows"][:]] == [[1, 2], [3], []]
        assert nc.more == 1


@over_versions
@pytest.mark.parametrize("name", ["a.zarr", "a.zip"])
def test_a_store_on_a_server_is_read_and_not_changed(
    tmp_path: Path, version: int, name: str
) -> None:
    filled(tmp_path / name, version).close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    values = {str(path.relative_to(tmp_path)): path.read_bytes() for path in files}
    with serve(values=values) as site:
        url = f"{site.url}/{name}"
        with Dataset(url) as nc:
            check(nc)
            assert nc.filepath() == url
            with pytest.raises(RuntimeError, match="mode='a'"):
                nc["time"][0] = 1
        for mode in ("a", "w", "x"):
            with pytest.raises(UnsupportedError, match="only read"):
                Dataset(url, mode)


def fails(*args: Any, **kwargs: Any) -> None:
    raise StoreError("the disk is full")


def test_what_a_store_cannot_be_is_refused(tmp_path: Path) -> None:
    for keyword in (
        {"diskless": True},
        {"memory": 1024},
        {"parallel": True},
        {"auto_complex": True},
    ):
        with pytest.raises(UnsupportedError, match=next(iter(keyword))):
            Dataset(tmp_path / "a.zarr", "w", **keyword)


def test_default_chunks_are_few_along_what_grows(tmp_path: Path) -> None:
    with Dataset(tmp_path / "a.zarr", "w") as nc:
        nc.createDimension("t")
        nc.createDimension("y", 500)
        nc.createDimension("x", 500)
        assert nc.createVariable("time", "f8", ("t",)).chunking() == [8192]
        assert nc.createVariable("v", "f4", ("t", "y", "x")).chunking() == [1, 500, 500]
        assert nc.createVariable("fixed", "f4", ("y", "x")).chunking() == [500, 500]
