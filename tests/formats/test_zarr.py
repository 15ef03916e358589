"""The Zarr door: what is picked, how data lie, and names that mean something to Zarr."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.datasets import LOADED_NAMES, differences
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.parts import parted
from zarr_cdm.errors import (
    FormatError,
    MetadataError,
    NodeNotFoundError,
    TargetExistsError,
    UnsupportedError,
)
from zarr_cdm.formats.table import FORMATS, pick, read
from zarr_cdm.formats.zarr import ZarrFormat
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.translate.chunking import layout_of

SHORT = ATOMIC_TYPES["short"]
versions = pytest.mark.parametrize("zarr_format", [2, 3])


def air() -> Dataset:
    time, x = Dimension("time", 4, unlimited=True), Dimension("x", 6)
    dataset = Dataset(dimensions={"time": time, "x": x}, provenance={"data_model": "NETCDF4"})
    values = np.arange(24, dtype="i2").reshape(4, 6)
    storage = Storage("chunked", (1, 6), endian="big", fill_value=SHORT.default_fill)
    dataset.variables["t"] = Variable("t", SHORT, (time, x), data=values, storage=storage)
    return dataset


def write(dataset: Dataset, target: Any, zarr_format: ZarrVersion, **layouts: Layout) -> None:
    split = parted(dataset, zarr_format)
    found = {
        path: layouts.get(variable.name, layout_of(variable, zarr_format, 8))
        for path, variable in split.all_variables()
    }
    ZarrFormat().write(split, os.fspath(target), layouts=found, zarr_format=zarr_format)


def netcdf(path: Path, **attributes: Any) -> None:
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
        file.createDimension("x", 2)
        variable = file.createVariable("v", "i2", ("x",))
        variable[:] = [1, 2]
        for owner in (file, variable):
            owner.setncatts(attributes)


# Which format it is.


def test_a_directory_or_url_is_zarr_and_a_file_netcdf(tmp_path: Path) -> None:
    netcdf(tmp_path / "air.zarr")  # a name says nothing
    os.mkdir(tmp_path / "air.nc")
    assert pick(str(tmp_path / "air.zarr"))[0] == "netcdf"
    assert pick(str(tmp_path / "air.nc"))[0] == "zarr"
    assert pick(f"file://{tmp_path}/air.nc")[0] == "zarr"
    assert pick("s3://bucket/air.zarr")[0] == "zarr"
    assert set(FORMATS) == {"zarr", "netcdf"}


@versions
@pytest.mark.parametrize("name", ["air.zip", "air.zarr.zip", "air.ozx", "air.sqlite", "air.db"])
def test_a_store_in_one_file_is_written_and_read(
    tmp_path: Path, name: str, zarr_format: ZarrVersion
) -> None:
    write(air(), tmp_path / name, zarr_format)
    assert os.listdir(tmp_path) == [name]
    (tmp_path / name).rename(tmp_path / "renamed")  # a name says nothing
    assert pick(str(tmp_path / "renamed"))[0] == "zarr"
    found = zarr_cdm.read(tmp_path / "renamed")
    assert differences(air(), found) == []
    assert found.source == str(tmp_path / "renamed")
    assert found.facts["consolidated"] == "yes"


def test_a_url_pipeline_is_zarr(tmp_path: Path) -> None:
    write(air(), tmp_path / "air.zip", 3)
    found = read(f"{tmp_path.as_uri()}/air.zip|zip:|zarr3:")
    assert differences(air(), found) == []


def test_a_netcdf_file_called_like_an_archive_is_netcdf(tmp_path: Path) -> None:
    netcdf(tmp_path / "air.zip")
    assert pick(str(tmp_path / "air.zip"))[0] == "netcdf"


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NodeNotFoundError, match="no such file or store"):
        pick(str(tmp_path / "nothing"))
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    with pytest.raises(FormatError, match="is none of: zarr, netcdf"):
        pick(str(tmp_path / "broken"))


def test_a_directory_without_documents_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(NodeNotFoundError, match=r"no Zarr hierarchy: .* \.zarray$"):
        read(tmp_path)
    (tmp_path / "air.nc").touch()
    with pytest.raises(NodeNotFoundError, match=r"no Zarr hierarchy: .* it holds 'air\.nc'"):
        read(tmp_path)


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b'{"zarr_format": 4}', b'{"zarr_format": 3}', b"\xff"]
)
def test_a_root_that_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, document: bytes
) -> None:
    (tmp_path / "zarr.json").write_bytes(document)
    with pytest.raises(MetadataError) as caught:
        read(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "zarr.json" in str(caught.value)


def test_an_array_at_the_root_is_refused(tmp_path: Path) -> None:
    write(air(), tmp_path / "air.zarr", 3)
    with pytest.raises(MetadataError, match="the root is an array"):
        read(tmp_path / "air.zarr" / "t")


# What is written.


@versions
def test_what_is_written_is_read_with_its_facts_and_provenance(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    target = tmp_path / "air.zarr"
    write(air(), target, zarr_format)
    found = read(target)
    assert differences(air(), found) == []
    assert found.source == str(target)
    assert found.provenance == {"data_model": "NETCDF4"}
    assert found.facts == {
        "format": f"Zarr v{zarr_format}",
        "dialect": "native",
        "consolidated": "yes",
    }
    assert os.listdir(tmp_path) == ["air.zarr"]


@versions
def test_a_store_that_is_not_consolidated_says_the_same(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    target = tmp_path / "air.zarr"
    dataset = air()
    dataset.groups["g"] = Group("g", variables={"crs": Variable("crs", SHORT, ())})
    dataset.groups["g"].variables["crs"].data = np.array(7, "i2")
    dataset.groups["g"].variables["crs"].storage = Storage(fill_value=SHORT.default_fill)
    write(dataset, target, zarr_format)
    if zarr_format == 2:
        (target / ".zmetadata").unlink()
    else:
        root = json.loads((target / "zarr.json").read_bytes())
        del root["consolidated_metadata"]
        (target / "zarr.json").write_text(json.dumps(root))
    found = read(target)
    assert found.facts["consolidated"] == "no"
    assert differences(dataset, found) == []


def test_a_store_in_memory_can_be_written_too() -> None:
    store = MemoryStore()
    layouts = {"/t": layout_of(air().variables["t"], 3)}
    ZarrFormat().write(air(), store, layouts=layouts)  # type: ignore[arg-type]
    assert {"zarr.json", "t/zarr.json", "t/c/0/0"} == set(store.list())


@versions
def test_a_variable_lies_as_its_layout_says(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    target = tmp_path / "air.zarr"
    codecs = (Extension("bytes", {"endian": "big"}), Extension("gzip", {"level": 1}))
    write(air(), target, zarr_format, t=Layout(Extension("int16"), (2, 4), codecs))
    data = read(target).variables["t"].data
    assert data.chunks == (2, 4)  # type: ignore[attr-defined]
    assert data.codecs == ("bytes", "gzip")  # type: ignore[attr-defined]
    assert (data[...] == air().variables["t"].data[...]).all()
    separator = "." if zarr_format == 2 else "/"
    assert (target / "t" / ("" if zarr_format == 2 else "c") / f"1{separator}1").exists()


def test_a_target_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "air.zarr").mkdir()
    (tmp_path / "air.zarr" / "mine").touch()
    with pytest.raises(TargetExistsError):
        write(air(), tmp_path / "air.zarr", 3)
    assert os.listdir(tmp_path / "air.zarr") == ["mine"]


@versions
def test_data_that_cannot_be_read_leave_nothing_behind(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    class Broken:
        shape, dtype = (4, 6), np.dtype("i2")

        def __getitem__(self, selection: Any) -> np.ndarray:
            raise FormatError("cannot be read")

    dataset = air()
    dataset.variables["t"].data = Broken()
    with pytest.raises(FormatError, match=r"^/t: cannot be read"):
        write(dataset, tmp_path / "air.zarr", zarr_format)
    assert os.listdir(tmp_path) == []


# Names.


ODD_NODES = {
    "a\\b": "a%5Cb",
    "a/b": "a%2Fb",
    "a\0": "a%00",
    "..": "%2E.",
    "zarr.json": "%7Aarr.json",
    ".zattrs": "%2Ezattrs",
    ".zmetadata": "%2Ezmetadata",
    "n" * 300: "n" * 238 + "%" + hashlib.sha256(b"n" * 300).hexdigest()[:16],
}


@versions
@pytest.mark.parametrize("name", ODD_NODES, ids=lambda name: ascii(name)[:20])
def test_a_name_that_zarr_cannot_hold_is_encoded_and_kept_in_the_record(
    tmp_path: Path, zarr_format: ZarrVersion, name: str
) -> None:
    dataset = air()
    dataset.groups[name] = Group(name, variables={name: replace(air().variables["t"], name=name)})
    dataset.groups[name].variables[name].dimensions = dataset.variables["t"].dimensions
    write(dataset, tmp_path / "air.zarr", zarr_format)
    found = read(tmp_path / "air.zarr")
    assert differences(dataset, found) == []
    node = ODD_NODES[name]
    assert (tmp_path / "air.zarr" / node / node).is_dir()


def test_a_name_that_only_zarr_v3_cannot_hold_stays_in_v2(tmp_path: Path) -> None:
    dataset = air()
    dataset.variables = {"__t": replace(dataset.variables["t"], name="__t")}
    for zarr_format, node in ((2, "__t"), (3, "%5F_t")):
        write(dataset, tmp_path / node, zarr_format)  # type: ignore[arg-type]
        assert (tmp_path / node / node).is_dir()
        assert differences(dataset, read(tmp_path / node)) == []


@versions
def test_an_encoded_name_keeps_out_of_the_way_of_a_true_one(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    dataset = air()
    for name in ("a\\b", "a%5Cb", "a%5Cb_"):
        dataset.variables[name] = replace(dataset.variables["t"], name=name)
    write(dataset, tmp_path / "air.zarr", zarr_format)
    assert (tmp_path / "air.zarr" / "a%5Cb__").is_dir()
    assert differences(dataset, read(tmp_path / "air.zarr")) == []


@versions
@pytest.mark.parametrize(("name", "found"), [("", "empty"), ("\udcff", "no UTF-8")])
def test_a_name_that_is_none_is_refused(
    tmp_path: Path, zarr_format: ZarrVersion, name: str, found: str
) -> None:
    dataset = air()
    dataset.groups[name] = Group(name)
    with pytest.raises(UnsupportedError, match=f"a name is {found}"):
        write(dataset, tmp_path / "air.zarr", zarr_format)
    assert os.listdir(tmp_path) == []


def test_a_netcdf_file_with_such_a_name_is_converted(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "air.nc", "w") as file:
        file.createDimension("x", 2)
        file.createVariable("a\\b", "i2", ("x",))[:] = 1
    zarr_cdm.convert(tmp_path / "air.nc", tmp_path / "air.zarr", zarr_format=2)
    assert list(read(tmp_path / "air.zarr").variables) == ["a\\b"]


@versions
def test_an_array_without_a_layout_is_named_before_anything_is_written(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    with pytest.raises(MetadataError, match=r"^/t: there is no layout"):
        ZarrFormat().write(air(), f"{tmp_path}/air.zarr", layouts={}, zarr_format=zarr_format)
    assert os.listdir(tmp_path) == []


@versions
def test_a_variable_and_a_group_of_one_name_are_refused(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    dataset = air()
    dataset.groups["t"] = Group("t")
    with pytest.raises(MetadataError, match=r"^/t: a variable and a group have one name"):
        write(dataset, tmp_path / "air.zarr", zarr_format)


@versions
def test_attributes_whose_names_mean_something_to_zarr_are_ordinary(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    names = [*LOADED_NAMES, "_nczarr_superblock", "_nczarr_group", "_NCZARR_ATTR", "zarr_format"]
    attributes = {name: f"the {name} of a classic file" for name in names if "Fill" not in name}
    del attributes["missing_value"], attributes["coordinates"], attributes["_Encoding"]
    netcdf(tmp_path / "air.nc", **attributes)
    zarr_cdm.convert(tmp_path / "air.nc", tmp_path / "air.zarr", zarr_format=zarr_format)
    with read(tmp_path / "air.nc") as before:
        after = read(tmp_path / "air.zarr")
        assert differences(before, after) == []
        expected = {name: Attribute(text, CHAR) for name, text in attributes.items()}
        assert after.attributes == expected
        assert after.variables["v"].attributes == expected


@versions
def test_attributes_whose_names_mean_something_to_zarr_do_not_confuse_xarray(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    pytest.importorskip("zarr", minversion="3")
    names = ["_ARRAY_DIMENSIONS", "_nczarr_array", "_nczarr_attr", "_nc_cdm", "_NCZARR_ARRAY"]
    netcdf(tmp_path / "air.nc", **{name: np.array([5, 6], "i2") for name in names}, units="K")
    zarr_cdm.convert(tmp_path / "air.nc", tmp_path / "air.zarr", zarr_format=zarr_format)
    with xr.open_dataset(tmp_path / "air.zarr", engine="zarr") as dataset:
        assert dataset.v.dims == ("x",)
        assert dataset.v.values.tolist() == [1, 2]
        assert dataset.v.attrs == {"units": "K"}
        assert dataset.attrs == {"units": "K"}


@versions
def test_texts_may_be_of_any_length(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    x = Dimension("x", 3)
    dataset = Dataset(dimensions={"x": x})
    texts = ["", "°" * 100, "a"]
    dataset.variables["s"] = Variable("s", STRING, (x,), data=np.array(texts, object))
    layout = layout_of(dataset.variables["s"], zarr_format, 200)
    write(dataset, tmp_path / "air.zarr", zarr_format, s=layout)
    assert read(tmp_path / "air.zarr").variables["s"].data[...].tolist() == texts
