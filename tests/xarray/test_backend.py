"""The engine: what xarray promises of any engine, and what it gets from ours."""

import asyncio
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from xarray.backends.plugins import list_engines

import zarr_cdm
from tests.data import REAL_FILES, name_of, needs_shared
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.errors import FormatError, NodeNotFoundError, StoreError, ZarrCdmWarning
from zarr_cdm.xarray.backend import ZarrCdmBackendEntrypoint

SHAPE = (9, 7, 5)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with packed data, two calendars, characters, strings, groups and odd times."""
    path = tmp_path_factory.mktemp("file") / "sample.nc"
    with netCDF4.Dataset(path, "w") as root:
        root.title = "sample"
        for name, size in zip("tyx", SHAPE, strict=True):
            root.createDimension(name, None if name == "t" else size)
        root.createDimension("length", 4)
        time = root.createVariable("t", "f8", ("t",))
        time.units, time.calendar = "days since 2000-01-01", "noleap"
        time[:] = np.arange(SHAPE[0])
        packed = root.createVariable(
            "packed", "i2", tuple("tyx"), fill_value=-1, chunksizes=(2, 3, 5)
        )
        packed.set_auto_maskandscale(False)
        packed.scale_factor, packed.add_offset = np.float32(0.1), np.float32(10)
        packed.coordinates = "label"
        packed[:] = np.arange(np.prod(SHAPE)).reshape(SHAPE) - 1
        label = root.createVariable("label", "S1", ("y", "length"))
        label[:] = netCDF4.stringtochar(np.array([f"st{i}" for i in range(SHAPE[1])], "S4"))
        root.createVariable("name", str, ("x",))[:] = np.array(list("äbcde"), object)
        below = root.createGroup("below")
        below.createVariable("y", "f4", ("y",))[:] = np.arange(SHAPE[1])
        below.createVariable("v", "f8", ("t", "y"))[:] = 1.5
    return path


@pytest.fixture(scope="module", params=[3, 2])
def store(request: pytest.FixtureRequest, file: Path) -> str:
    target = file.parent / f"sample-{request.param}.zarr"
    if not target.exists():
        zarr_cdm.convert(file, target, zarr_format=request.param)
    return str(target)


def quietly(*arguments: Any, **options: Any) -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return xr.open_dataset(*arguments, **options)


def test_xarray_finds_the_engine() -> None:
    engine = list_engines()["zarr_cdm"]
    assert "zarr_cdm" in type(engine).__module__
    assert engine.supports_groups


def test_the_parameters_are_stated_for_a_class_too(store: str) -> None:
    """Without them xarray fails on ``decode_cf=False`` where the engine is given as a class."""
    dataset = quietly(store, engine=ZarrCdmBackendEntrypoint, decode_cf=False)
    assert dataset.packed.dtype == np.int16


def test_a_store_opens_as_the_file_does(store: str, file: Path) -> None:
    xr.testing.assert_identical(
        quietly(file, engine="netcdf4").load().astype(object, copy=False).drop_vars("name"),
        quietly(store, engine="zarr_cdm").load().astype(object, copy=False).drop_vars("name"),
    )


def test_scaled_values_keep_the_type_of_the_scale(store: str) -> None:
    assert quietly(store, engine="zarr_cdm").packed.dtype == np.float32


def test_the_engine_opens_netcdf_files_too(file: Path) -> None:
    assert quietly(file, engine="zarr_cdm").packed[0, 0, 1] == np.float32(10)


def test_nothing_is_read_but_coordinates_until_it_is_asked_for(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = ZarrArray._read

    def counted(self: ZarrArray, *arguments: Any) -> None:
        reads.append(self.path)
        read(self, *arguments)

    monkeypatch.setattr(ZarrArray, "_read", counted)
    dataset = quietly(store, engine="zarr_cdm")
    # The time once, though xarray asks three times; of texts it looks at the first one.
    assert sorted(reads) == ["name", "t"]
    dataset.packed[0, 0, 0].load()
    assert sorted(reads[2:]) == ["label", "packed"]


def test_a_pickled_dataset_reads_the_same(store: str, file: Path) -> None:
    for target in (store, str(file)):
        dataset = quietly(target, engine="zarr_cdm")
        again = pickle.loads(pickle.dumps(dataset))
        xr.testing.assert_identical(dataset.load(), again.load())


indexers = st.fixed_dictionaries(
    {
        name: st.one_of(
            st.integers(-size, size - 1),
            st.slices(size),
            npst.arrays(np.int64, st.integers(1, 4), elements=st.integers(-size, size - 1)),
        )
        for name, size in zip("tyx", SHAPE, strict=True)
    }
)


@given(key=indexers)
def test_outer_indexing_is_that_of_numpy(store: str, file: Path, key: dict[str, Any]) -> None:
    expected = quietly(store, engine="zarr_cdm").packed.load()[key]
    for target in (store, file):
        found = quietly(target, engine="zarr_cdm").packed[key]
        xr.testing.assert_identical(found.load(), expected)


@given(
    axes=st.sets(st.sampled_from("tyx"), min_size=1),
    count=st.integers(0, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_vectorised_indexing_is_that_of_numpy(
    store: str, file: Path, axes: set[str], count: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    sizes = dict(zip("tyx", SHAPE, strict=True))
    key = {
        name: xr.DataArray(random.integers(-sizes[name], sizes[name], (count, 2)), dims=("a", "b"))
        for name in sorted(axes)
    }
    for target in (store, file):
        lazy = quietly(target, engine="zarr_cdm").packed
        xr.testing.assert_identical(lazy.isel(key).load(), lazy.load().isel(key))


def test_selections_of_selections_are_read_right(store: str) -> None:
    loaded = quietly(store, engine="zarr_cdm").packed.load()
    lazy = quietly(store, engine="zarr_cdm").packed
    points = xr.DataArray([0, 2, 2], dims="p")
    part = lazy[1:8:2, ::-1].isel(y=points, x=points)
    xr.testing.assert_identical(part.load(), loaded[1:8:2, ::-1].isel(y=points, x=points))


def test_an_empty_reversed_slice_is_empty(store: str) -> None:
    assert quietly(store, engine="zarr_cdm").packed.isel(t=slice(0, 0, -1)).load().shape[0] == 0


def test_groups_open_one_by_one_as_a_dictionary_and_as_a_tree(store: str, file: Path) -> None:
    below = quietly(store, engine="zarr_cdm", group="/below")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        groups = xr.open_groups(store, engine="zarr_cdm")
        tree = xr.open_datatree(store, engine="zarr_cdm")
        expected = xr.open_datatree(file, engine="netcdf4")
    assert list(groups) == ["/", "/below"]
    xr.testing.assert_identical(below.load(), groups["/below"].load())
    assert [node.path for node in tree.subtree] == [node.path for node in expected.subtree]
    xr.testing.assert_identical(tree["below"].to_dataset(inherit=False).load(), below)
    tree.close()
    expected.close()


def test_a_subtree_has_its_own_group_as_root(store: str) -> None:
    groups = xr.open_groups(store, engine="zarr_cdm", group="below")
    assert list(groups) == ["/"]
    assert "v" in groups["/"]


def test_a_group_that_is_not_there_is_named_with_those_that_are(store: str) -> None:
    with pytest.raises(NodeNotFoundError, match=r"no group 'belwo'.*below"):
        xr.open_dataset(store, engine="zarr_cdm", group="belwo")


def test_a_store_that_is_not_there_is_a_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or store"):
        xr.open_dataset(tmp_path / "nothing.zarr", engine="zarr_cdm")


def test_decoding_can_be_switched_off(store: str) -> None:
    raw = xr.open_dataset(store, engine="zarr_cdm", decode_cf=False)
    assert raw.packed.dtype == np.int16
    assert raw.packed.attrs["_FillValue"] == -1
    assert raw.packed.attrs["scale_factor"].dtype == np.float32
    assert raw.label.shape == (SHAPE[1], 4)
    assert raw.t.attrs["calendar"] == "noleap"


def test_variables_can_be_dropped(store: str) -> None:
    assert "packed" not in quietly(store, engine="zarr_cdm", drop_variables="packed")


def test_encoding_tells_chunks_unlimited_dimensions_and_source(store: str) -> None:
    dataset = quietly(store, engine="zarr_cdm")
    assert dataset.encoding["unlimited_dims"] == {"t"}
    assert dataset.encoding["source"] == store
    assert dict(dataset.packed.encoding["preferred_chunks"]) == dict(
        zip("tyx", dataset.packed.encoding["chunks"], strict=True)
    )


def test_dask_takes_the_stored_chunks(store: str) -> None:
    pytest.importorskip("dask.array", reason="dask is not installed")
    lazy = quietly(store, engine="zarr_cdm", chunks={})
    assert lazy.packed.chunks
    xr.testing.assert_identical(lazy.compute(), quietly(store, engine="zarr_cdm").load())


def test_a_dataset_loads_asynchronously(store: str) -> None:
    dataset = quietly(store, engine="zarr_cdm")
    if not hasattr(dataset, "load_async"):
        pytest.skip("this xarray has no load_async")
    xr.testing.assert_identical(
        asyncio.run(dataset.drop_vars("label").load_async()),
        quietly(store, engine="zarr_cdm").drop_vars("label").load(),
    )


def test_many_threads_may_read_one_dataset(store: str, file: Path) -> None:
    for target in (store, file):
        dataset = quietly(target, engine="zarr_cdm", cache=False)
        expected = quietly(target, engine="zarr_cdm").packed.load()

        def right(number: int, dataset: xr.Dataset = dataset, expected: Any = expected) -> bool:
            part = {"t": number % SHAPE[0]}
            return bool(dataset.packed[part].load().identical(expected[part]))

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(right, range(32)))


def test_any_fsspec_url_opens_with_its_options(file: Path) -> None:
    zarr_cdm.convert(file, "memory://engine/sample.zarr")
    try:
        dataset = quietly(
            "memory://engine/sample.zarr", engine="zarr_cdm", storage_options={"skip": False}
        )
        assert dataset.packed.load().shape == SHAPE
    finally:
        fsspec.filesystem("memory").rm("/engine", recursive=True)


@pytest.mark.parametrize(
    ("target", "claimed"),
    [("a.zarr", True), ("a.zarr/", True), ("s3://b/a.zarr", True), ("a.nc", False), ("/", False)],
)
def test_guessing_goes_by_the_name(target: str, claimed: bool) -> None:
    assert ZarrCdmBackendEntrypoint().guess_can_open(target) is claimed


def test_guessing_looks_for_a_root_document_in_a_directory(store: str, tmp_path: Path) -> None:
    renamed = tmp_path / "no-suffix"
    renamed.symlink_to(store)
    assert ZarrCdmBackendEntrypoint().guess_can_open(renamed)
    assert not ZarrCdmBackendEntrypoint().guess_can_open(tmp_path)


@pytest.mark.parametrize("target", [b"CDF\x01", 7, None, Path("nothing"), "http://h/x", "\0"])
def test_guessing_is_silent_about_what_it_does_not_know(target: Any) -> None:
    assert ZarrCdmBackendEntrypoint().guess_can_open(target) is False


def make(path: Path, **values: Any) -> Path:
    """Write a file with one time coordinate ``t`` of the given attributes and a variable on it."""
    with netCDF4.Dataset(path, "w") as root:
        root.createDimension("t", 3)
        times = root.createVariable("t", "f8", ("t",))
        times.setncatts(values)
        times[:] = [0, 1e30, 2] if values.get("long_name") == "wild" else [0, 1, 2]
        root.createVariable("v", "f4", ("t",))[:] = [1, 2, 3]
    return path


@pytest.mark.parametrize(
    "attributes",
    [
        {"units": "days since 2000-01-01", "calendar": "martian"},
        {"units": "days since the flood"},
        {"units": "months since 2000-01-01", "calendar": "noleap"},
        {"units": "days since 2000-01-01", "long_name": "wild"},
    ],
    ids=["calendar", "reference", "months", "value in the middle"],
)
def test_what_cannot_be_decoded_stays_raw_with_one_warning(
    tmp_path: Path, attributes: dict[str, Any]
) -> None:
    file = make(tmp_path / "x.nc", **attributes)
    zarr_cdm.convert(file, tmp_path / "x.zarr")
    for target in (file, tmp_path / "x.zarr"):
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            dataset = xr.open_dataset(target, engine="zarr_cdm").load()
        ours = [str(note.message) for note in notes if note.category is ZarrCdmWarning]
        assert len(ours) == 1
        assert "variable 't'" in ours[0]
        assert str(target) in ours[0]
        assert dataset.t.attrs == attributes
        assert dataset.v.values.tolist() == [1, 2, 3]


def test_a_store_that_fails_is_an_error_and_no_undecodable_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zarr_cdm.convert(make(tmp_path / "x.nc", units="days since 2000-01-01"), tmp_path / "x.zarr")

    def fail(self: ZarrArray, *arguments: Any) -> None:
        raise StoreError("cannot read: the line is dead", key="t/c/0")

    monkeypatch.setattr(ZarrArray, "_read", fail)
    with pytest.raises(StoreError, match="the line is dead"):
        xr.open_dataset(tmp_path / "x.zarr", engine="zarr_cdm")


def test_several_undecodable_variables_have_a_warning_each(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as root:
        root.createDimension("t", 2)
        for name in "ab":
            variable = root.createVariable(name, "f8", ("t",))
            variable.units = f"days since {name}"
            variable[:] = [1, 2]
        good = root.createVariable("t", "i4", ("t",))
        good.units = "days since 2000-01-01"
        good[:] = [0, 1]
    with pytest.warns(ZarrCdmWarning) as notes:
        dataset = xr.open_dataset(tmp_path / "x.nc", engine="zarr_cdm")
    assert len(notes) == 2
    assert dataset.t.dtype.kind == "M"
    dataset.close()


def test_bounds_stay_plain_when_times_are_not_decoded(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as root:
        root.createDimension("t", 2)
        root.createDimension("n", 2)
        time = root.createVariable("t", "f8", ("t",))
        time.units, time.bounds = "days since 2000-01-01", "t_bounds"
        time[:] = [0, 1]
        root.createVariable("t_bounds", "f8", ("t", "n"))[:] = [[0, 1], [1, 2]]
    for options in ({}, {"decode_times": False}):
        ours = xr.open_dataset(tmp_path / "x.nc", engine="zarr_cdm", **options)
        theirs = xr.open_dataset(tmp_path / "x.nc", engine="netcdf4", **options)
        xr.testing.assert_identical(ours.load(), theirs.load())
        ours.close()
        theirs.close()


def test_closing_the_dataset_closes_the_file(file: Path) -> None:
    dataset = quietly(file, engine="zarr_cdm")
    dataset.close()
    with pytest.raises(FormatError, match="has been closed"):
        dataset.packed.load()


@needs_shared
@pytest.mark.parametrize(
    "name", ["cf-python/grouped.nc", "compliance-checker/lateral_search_example.nc"]
)
def test_real_groups_open_as_with_xarray(name: str, tmp_path: Path) -> None:
    path = next(path for path in REAL_FILES if name_of(path) == name)
    zarr_cdm.convert(path, tmp_path / "x.zarr")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = xr.open_groups(path, engine="netcdf4")
        found = xr.open_groups(tmp_path / "x.zarr", engine="zarr_cdm")
    assert list(found) == list(expected)
    for group in expected:
        xr.testing.assert_equal(expected[group].load(), found[group].load())
        expected[group].close()
    pytest.importorskip("zarr", reason="zarr-python is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stock = xr.open_groups(tmp_path / "x.zarr", engine="zarr")
    assert set(stock) == set(found)
    for group in found:
        xr.testing.assert_equal(found[group], stock[group].load())
