"""Conversion: what goes where, and what a failure leaves behind."""

import warnings
from pathlib import Path

import fsspec
import netCDF4
import numpy as np
import pytest

import zarr_cdm
from tests.datasets import of_every_type
from zarr_cdm.cdm.types import OpaqueType
from zarr_cdm.cdm.values import same
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.dialects.parts import parted
from zarr_cdm.errors import (
    NodeNotFoundError,
    StoreError,
    TargetExistsError,
    UnknownNameError,
    UnsupportedError,
    ZarrCdmWarning,
)
from zarr_cdm.formats.netcdf_arrays import NetcdfArray
from zarr_cdm.formats.zarr import ZarrFormat
from zarr_cdm.translate.chunking import layout_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with dimensions in three scopes, one of them hidden by another of its name."""
    path = tmp_path / "scopes.nc"
    with netCDF4.Dataset(path, "w") as root:
        root.createDimension("t", None)
        root.createDimension("x", 3)
        root.createDimension("unused", 7)
        root.createVariable("t", "f8", ("t",))[:] = [1, 2]
        one = root.createGroup("one")
        one.note = "inner"
        one.createDimension("y", 4)
        one.createVariable("v", "i2", ("t", "y"))[:] = np.arange(8).reshape(2, 4)
        two = one.createGroup("two")
        two.createDimension("z", 5)
        two.createVariable("w", "f4", ("x", "y", "z"))[:] = 2.5
        two.createVariable("s", str, ("z",))[:] = np.array(["", "é", "日本語", "a", "bc"], object)
    return path


@pytest.mark.parametrize("zarr_format", [3, 2])
def test_the_dialect_of_xarray_has_nothing_of_ours(
    file: Path, tmp_path: Path, zarr_format: int
) -> None:
    store = tmp_path / "a.zarr"
    with pytest.warns(ZarrCdmWarning, match=r"whether a dimension may grow \(/t\)"):
        zarr_cdm.convert(file, store, dialect="xarray", zarr_format=zarr_format)
    documents = "".join(each.read_text() for each in store.rglob("*z*") if each.is_file())
    assert "cdm" not in documents
    assert "_nc" not in documents
    found = zarr_cdm.read(store)
    assert found.facts["dialect"] == ("dimension_names" if zarr_format == 3 else "array_dimensions")
    assert found.groups["one"].variables["v"].shape == (2, 4)


def test_what_the_dialect_of_xarray_leaves_out_is_said(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as source:
        source.createDimension("x", 2)
        source.createVariable("v", "f4", ("x",)).missing_value = np.float32("nan")
    with pytest.warns(ZarrCdmWarning, match=r"an attribute \(/v@missing_value\)"):
        zarr_cdm.convert(tmp_path / "a.nc", tmp_path / "a.zarr", dialect="xarray")


def test_an_unknown_dialect_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown dialect 'nug'; known: native, xarray"):
        zarr_cdm.convert(tmp_path / "nothing.nc", tmp_path / "a.zarr", dialect="nug")


def paths(dataset: zarr_cdm.Dataset) -> list[str]:
    return [path for path, _ in dataset.all_variables()]


@pytest.mark.parametrize("zarr_format", [3, 2])
def test_a_chain_of_conversions_changes_nothing(
    file: Path, tmp_path: Path, zarr_format: int
) -> None:
    sources = [file, tmp_path / "a.zarr", tmp_path / "b.zarr", tmp_path / "c.zarr"]
    for number, version in enumerate([zarr_format, 5 - zarr_format, zarr_format]):
        zarr_cdm.convert(sources[number], sources[number + 1], zarr_format=version)
    texts = [zarr_cdm.dump(source).split("\n", 1)[1] for source in sources]
    assert texts[1:] == texts[:1] * 3
    last = zarr_cdm.read(sources[-1])
    assert last.provenance == zarr_cdm.read(file).provenance
    assert last.provenance["data_model"] == "NETCDF4"
    assert last.dimensions["unused"].size == 7
    assert last.dimensions["t"].unlimited


@pytest.mark.parametrize("zarr_format", [3, 2])
def test_one_group_becomes_a_store_with_the_dimensions_it_uses(
    file: Path, tmp_path: Path, zarr_format: int
) -> None:
    zarr_cdm.convert(file, tmp_path / "g.zarr", zarr_format=zarr_format, group="/one/two")
    dataset = zarr_cdm.read(tmp_path / "g.zarr")
    assert paths(dataset) == ["/w", "/s"]
    assert {name: dim.size for name, dim in dataset.dimensions.items()} == {"x": 3, "y": 4, "z": 5}
    assert dataset.variables["s"].data[...].tolist() == ["", "é", "日本語", "a", "bc"]


def test_a_dimension_from_above_keeps_out_of_the_way_of_one_of_its_name(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as root:
        root.createDimension("x", 3)
        group = root.createGroup("g")
        group.createVariable("above", "i4", ("x",))[:] = [1, 2, 3]
        group.createDimension("n", 2)
        group.createVariable("n", "i4", ("n",))[:] = [1, 2]
    dataset = zarr_cdm.read(tmp_path / "x.nc")
    dataset.groups["g"].dimensions["x"] = zarr_cdm.Dimension("x", 9)
    from_group = zarr_cdm.translate.groups.only_group(dataset, "g")
    assert {name: dim.size for name, dim in from_group.dimensions.items()} == {
        "x_3": 3,
        "n": 2,
        "x": 9,
    }
    assert from_group.variables["above"].dimensions[0].name == "x_3"
    dataset.close()


def test_one_group_becomes_a_store_with_the_types_it_uses(tmp_path: Path) -> None:
    dataset = of_every_type()
    group = dataset.groups["g"] = zarr_cdm.Group("g")
    group.types["row"] = OpaqueType("row", 2)  # hides one of its name
    for name in ("d", "m"):
        group.variables[name] = dataset.variables.pop(name)
    from_group = zarr_cdm.translate.groups.only_group(dataset, "g")
    assert list(from_group.types) == ["color", "pair", "inner", "deep", "row_", "mixed", "row"]
    split = parted(from_group, 3)
    layouts = {path: layout_of(variable, 3) for path, variable in split.all_variables()}
    ZarrFormat().write(split, str(tmp_path / "g.zarr"), layouts=layouts)
    zarr_cdm.convert(tmp_path / "g.zarr", tmp_path / "again.zarr", zarr_format=2)
    found = zarr_cdm.read(tmp_path / "again.zarr")
    assert list(found.types) == list(from_group.types)
    for name, variable in group.variables.items():
        assert same(variable.type, found.variables[name].data[...], variable.data[...])


def test_a_group_that_is_not_there_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(NodeNotFoundError, match=r"no group '/one/tow'; groups there: two"):
        zarr_cdm.convert(file, tmp_path / "g.zarr", group="/one/tow")
    assert not (tmp_path / "g.zarr").exists()


@pytest.mark.parametrize("existing", ["directory", "file", "store"])
def test_what_is_there_stays_as_it_is(file: Path, tmp_path: Path, existing: str) -> None:
    target = tmp_path / "x.zarr"
    if existing == "directory":
        target.mkdir()
    elif existing == "file":
        target.write_text("mine")
    else:
        zarr_cdm.convert(file, target)
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    with pytest.raises(TargetExistsError):
        zarr_cdm.convert(file, target)
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [0, 3, 9])
def test_a_failing_write_leaves_nothing(
    file: Path,
    tmp_path: Path,
    error: BaseException,
    after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    write = LocalStore.set

    def failing(self: LocalStore, key: str, value: bytes) -> None:
        calls.append(key)
        if len(calls) > after:
            raise error
        write(self, key, value)

    monkeypatch.setattr(LocalStore, "set", failing)
    with pytest.raises(type(error)):
        zarr_cdm.convert(file, tmp_path / "x.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["scopes.nc"]


@pytest.mark.parametrize(("kind", "variable"), [("f", "/t"), ("O", "/one/two/s")])
def test_a_failing_read_names_file_and_variable_and_leaves_nothing(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, variable: str
) -> None:
    reading = NetcdfArray.__getitem__

    def failing(self: NetcdfArray, selection: object) -> np.ndarray:
        if self.dtype.kind == kind:
            raise StoreError("cannot read")
        return reading(self, selection)

    monkeypatch.setattr(NetcdfArray, "__getitem__", failing)
    with pytest.raises(StoreError) as caught:
        zarr_cdm.convert(file, tmp_path / "x.zarr")
    assert (caught.value.source, caught.value.variable) == (str(file), variable)
    assert [path.name for path in tmp_path.iterdir()] == ["scopes.nc"]


def test_a_store_at_a_url_is_written_and_read_back(file: Path, tmp_path: Path) -> None:
    try:
        zarr_cdm.convert(file, "memory://convert/a.zarr", storage_options={"skip": False})
        zarr_cdm.convert(
            "memory://convert/a.zarr", tmp_path / "b.zarr", storage_options={"skip": False}
        )
        assert paths(zarr_cdm.read(tmp_path / "b.zarr")) == [
            "/t",
            "/one/v",
            "/one/two/w",
            "/one/two/s",
        ]
        with pytest.raises(TargetExistsError):
            zarr_cdm.convert(file, "memory://convert/a.zarr")
    finally:
        fsspec.filesystem("memory").rm("/convert", recursive=True)


def test_options_without_a_url_are_an_error(file: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="for URLs only"):
        zarr_cdm.convert(file, tmp_path / "x.zarr", storage_options={"key": "secret"})


def test_a_netcdf_file_at_a_url_is_refused_in_words() -> None:
    with pytest.raises(UnsupportedError, match=r"memory://x\.nc: netCDF files are read from this"):
        zarr_cdm.read("memory://x.nc")


@pytest.mark.parametrize("zarr_format", [3, 2])
def test_large_arrays_go_over_in_blocks(tmp_path: Path, zarr_format: int) -> None:
    shape = (37, 201, 307)  # 18 MB, more than one block; no length is a multiple of its chunk's
    values = np.random.default_rng(0).integers(-99, 99, shape).astype("f8")
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as root:
        for name, size in zip("tyx", shape, strict=True):
            root.createDimension(name, size)
        for name, chunks in {"chunked": (5, 64, 100), "contiguous": None}.items():
            variable = root.createVariable(
                name, "f8", tuple("tyx"), chunksizes=chunks, contiguous=chunks is None
            )
            variable[:] = values
    zarr_cdm.convert(tmp_path / "x.nc", tmp_path / "x.zarr", zarr_format=zarr_format)
    dataset = zarr_cdm.read(tmp_path / "x.zarr")
    for variable in dataset.variables.values():
        assert np.array_equal(variable.data[...], values)
    assert dataset.variables["chunked"].data.chunks == (5, 64, 100)


def test_empty_and_scalar_variables_go_over(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as root:
        root.createDimension("t", None)
        root.createDimension("n", 3)
        root.createVariable("empty", "f4", ("t", "n"))
        root.createVariable("no_text", str, ("t",))
        root.createVariable("scalar", "i8")[...] = -(2**60)
        root.createVariable("text", str)[...] = "one"
        root.createVariable("letter", "S1")[...] = b"x"
    for zarr_format in (3, 2):
        zarr_cdm.convert(
            tmp_path / "x.nc", tmp_path / f"{zarr_format}.zarr", zarr_format=zarr_format
        )
        found = zarr_cdm.read(tmp_path / f"{zarr_format}.zarr").variables
        assert found["empty"].data[...].shape == (0, 3)
        assert found["no_text"].data[...].shape == (0,)
        assert found["scalar"].data[...] == -(2**60)
        assert found["text"].data[...].item() == "one"
        assert found["letter"].data[...] == b"x"


def test_two_conversions_are_byte_identical(file: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        zarr_cdm.convert(file, tmp_path / f"{name}.zarr")
    trees = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "a.zarr", tmp_path / "b.zarr")
    ]
    assert trees[0] == trees[1]


def test_nothing_is_warned_of_where_nothing_is_lost(file: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zarr_cdm.convert(file, tmp_path / "x.zarr")
