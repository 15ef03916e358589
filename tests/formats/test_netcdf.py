"""The netCDF door, on files that netCDF4-python and h5py write here."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import hypothesis.strategies as st
import netCDF4
import numpy as np
import pytest
from hypothesis import given

from tests.datasets import variable_of
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.lazy import by_points, outer
from zarr_cdm.cdm.model import Dataset, Filter
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.errors import FormatError, NodeNotFoundError, SelectionError, ZarrCdmWarning
from zarr_cdm.formats import netcdf_arrays
from zarr_cdm.formats.netcdf import NetcdfFormat
from zarr_cdm.formats.netcdf_arrays import PaddedArray
from zarr_cdm.formats.table import read

CLASSIC = ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4_CLASSIC"]
NUMBERS = [kind for kind in ATOMIC_TYPES.values() if kind not in (CHAR, STRING)]


@contextmanager
def new(folder: Path, format: str = "NETCDF4") -> Iterator[netCDF4.Dataset]:
    with netCDF4.Dataset(folder / "air.nc", "w", format=format) as dataset:
        dataset.set_auto_maskandscale(False)
        dataset.set_auto_chartostring(False)
        yield dataset


def open_air(folder: Path) -> Dataset:
    return NetcdfFormat().read(str(folder / "air.nc"))


def sizes(dataset: Dataset) -> dict[str, int]:
    return {path: dim.size for dim, path in dataset.dimension_paths().items()}


# Types and values.


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("endian", ["little", "big"])
def test_numbers_keep_their_type_and_tell_their_byte_order(
    tmp_path: Path, kind: Any, endian: str
) -> None:
    limits = np.iinfo(kind.dtype) if kind.dtype.kind in "iu" else np.finfo(kind.dtype)
    values = np.array([limits.min, limits.max, 0], kind.dtype)
    with new(tmp_path) as file:
        file.createDimension("x", 3)
        stored = kind.dtype.newbyteorder(">" if endian == "big" else "<")
        file.createVariable("v", stored, ("x",), endian=endian)[:] = values
        file["v"].setncattr("limits", values)
    with open_air(tmp_path) as dataset:
        variable = dataset.variables["v"]
        assert variable.type is kind
        assert variable.data.dtype == kind.dtype
        assert variable.data[...].tobytes() == values.tobytes()
        assert variable.attributes["limits"] == Attribute(values, kind)
        assert variable.storage.endian == (endian if kind.dtype.itemsize > 1 else None)


def test_bits_of_nans_are_kept(tmp_path: Path) -> None:
    values = np.array([0x7FC00001, 0xFFC00000, 0x80000000], "u4").view("f4")
    with new(tmp_path) as file:
        file.createDimension("x", 3)
        file.createVariable("v", "f4", ("x",), fill_value=False)[:] = values
        file["v"].setncattr("nans", values)
    with open_air(tmp_path) as dataset:
        assert dataset.variables["v"].data[...].tobytes() == values.tobytes()
        assert dataset.variables["v"].attributes["nans"] == Attribute(values, ATOMIC_TYPES["float"])


def test_characters_and_strings_are_not_joined_or_masked(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 2)
        file.createVariable("c", "S1", ("x",))[:] = np.array([b"a", b"\xff"])
        file["c"]._Encoding = "utf-8"
        file.createVariable("s", str, ("x",))[:] = np.array(["°C", ""], object)
        packed = file.createVariable("p", "i2", ("x",), fill_value=-9)
        packed.set_auto_maskandscale(False)
        packed.scale_factor = 0.5
        packed[:] = [-9, 4]
    with open_air(tmp_path) as dataset:
        assert dataset.variables["c"].type is CHAR
        assert dataset.variables["c"].data[...].tolist() == [b"a", b"\xff"]
        assert dataset.variables["s"].type is STRING
        assert dataset.variables["s"].data[...].tolist() == ["°C", ""]
        assert dataset.variables["p"].data[...].tolist() == [-9, 4]


@pytest.mark.parametrize("format", CLASSIC)
def test_every_classic_model_is_read(tmp_path: Path, format: str) -> None:
    with new(tmp_path, format) as file:
        file.createDimension("time", None)
        file.createDimension("x", 2)
        file.createVariable("v", "i2", ("time", "x"))[0:3] = np.arange(6).reshape(3, 2)
        file.createVariable("crs", "i4")[...] = 7
        file.title = "air"
    with open_air(tmp_path) as dataset:
        assert dataset.provenance["data_model"] == format
        assert ("nc_properties" in dataset.provenance) == (format == "NETCDF4_CLASSIC")
        assert dataset.dimensions["time"].unlimited
        assert sizes(dataset) == {"/time": 3, "/x": 2}
        assert dataset.variables["v"].data[...].tolist() == [[0, 1], [2, 3], [4, 5]]
        assert dataset.variables["crs"].data[...] == 7
        assert dataset.variables["crs"].data[...].shape == ()
        assert dataset.attributes == {"title": Attribute("air", CHAR)}


# Groups and dimensions.


def test_groups_hold_dimensions_that_the_groups_below_them_see(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 2)
        file.createDimension("unused", 5)
        inner = file.createGroup("a/b")
        inner.createDimension("y", 3)
        inner.createVariable("v", "i1", ("x", "y"))[:] = 1
        file.createGroup("empty").level = np.int16(3)
    with open_air(tmp_path) as dataset:
        assert sizes(dataset) == {"/x": 2, "/unused": 5, "/a/b/y": 3}
        dims = variable_of(dataset, "/a/b/v").dimensions
        assert dims == (dataset.dimensions["x"], dataset.groups["a"].groups["b"].dimensions["y"])
        assert dataset.groups["empty"].attributes == {
            "level": Attribute([3], ATOMIC_TYPES["short"])
        }


def test_order_is_that_of_creation(tmp_path: Path) -> None:
    names = ["z", "a", "m", "B"]
    with new(tmp_path) as file:
        for name in names:
            file.createDimension(name, 1)
            file.createVariable(f"v{name}", "i1", (name,))
            file.createGroup(f"g{name}")
            file.setncattr(name, 1)
    with open_air(tmp_path) as dataset:
        assert list(dataset.dimensions) == names
        assert list(dataset.attributes) == names
        assert list(dataset.variables) == [f"v{name}" for name in names]
        assert list(dataset.groups) == [f"g{name}" for name in names]


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_hidden_dimension_is_found(tmp_path: Path, size: int) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 3)
        below = file.createGroup("g")
        below.createVariable("outer", "i1", ("x",))[:] = [1, 2, 3]
        below.createDimension("x", size)  # netCDF4-python says that `outer` is on this one
        below.createVariable("inner", "i1", ("x",))[:] = 4
    with open_air(tmp_path) as dataset:
        paths = dataset.dimension_paths()
        found = {path: paths[var.dimensions[0]] for path, var in dataset.all_variables()}
        assert found == {"/g/outer": "/x", "/g/inner": "/g/x"}
        assert variable_of(dataset, "/g/outer").data[...].tolist() == [1, 2, 3]
        assert variable_of(dataset, "/g/inner").data[...].tolist() == [4] * size


def test_a_variable_that_does_not_fit_its_dimensions_is_left_out_with_a_warning(
    tmp_path: Path,
) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 3)
        file.createVariable("x", "i1", ("x",))
        file.createVariable("v", "i1", ("x",))
    with h5py.File(tmp_path / "air.nc", "r+") as file:
        file["w"] = np.arange(4)
        file["w"].dims[0].attach_scale(file["x"])
    match = r"/w cannot be read \(its shape is \(4,\), that of its dimensions \(3,\)\) and is left"
    with pytest.warns(ZarrCdmWarning, match=match):
        dataset = open_air(tmp_path)
    assert list(dataset.variables) == ["x", "v"]
    dataset.close()


def test_a_variable_may_have_the_name_of_a_dimension_that_is_not_its_own(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("n", 2)
        file.createDimension("x", 3)
        file.createVariable("n", "i2", ("x",), zlib=True)[:] = [1, 2, 3]
        file["n"].units = "1"
    with open_air(tmp_path) as dataset:
        variable = dataset.variables["n"]
        assert variable.dimensions == (dataset.dimensions["x"],)
        assert variable.data[...].tolist() == [1, 2, 3]
        assert variable.attributes == {"units": Attribute("1", CHAR)}
        assert [step.name for step in variable.storage.filters] == ["shuffle", "deflate"]


# Unlimited dimensions.


def two_unlimited(folder: Path) -> np.ndarray:
    """Write a variable that is short along two dimensions; return it as netCDF-C pads it."""
    with new(folder) as file:
        file.createDimension("t", None)
        file.createDimension("s", None)
        file.createVariable("short", "f8", ("t", "s"))[0:2, 0:3] = np.arange(6).reshape(2, 3)
        file.createVariable("long", "f8", ("t", "s"))[0:40, 0:30] = 1
        file.createVariable("filled", "i4", ("s", "t"), fill_value=-1)[0:1, 0:1] = 7
        file.createVariable("never", "i2", ("t",))
    padded = np.full((40, 30), ATOMIC_TYPES["double"].default_fill)
    padded[0:2, 0:3] = np.arange(6).reshape(2, 3)
    return padded


def test_two_short_unlimited_dimensions_are_padded_as_element_by_element(tmp_path: Path) -> None:
    padded = two_unlimited(tmp_path)
    with netCDF4.Dataset(tmp_path / "air.nc") as file:
        file.set_auto_mask(False)
        variable = file["short"]
        assert variable.shape == (40, 30)
        # Element by element netCDF-C gets it right; a block of both dimensions it does not.
        elements = [[float(variable[i, j]) for j in range(30)] for i in range(40)]
    assert np.array_equal(elements, padded)
    with open_air(tmp_path) as dataset:
        data = dataset.variables["short"].data
        assert isinstance(data, PaddedArray)
        assert np.array_equal(data[...], padded)
        assert np.array_equal(np.stack([data[i] for i in range(40)]), padded)
        filled = np.full((30, 40), -1)
        filled[0, 0] = 7
        assert np.array_equal(dataset.variables["filled"].data[...], filled)
        assert not isinstance(dataset.variables["long"].data, PaddedArray)
        never = dataset.variables["never"].data
        assert (never[...] == ATOMIC_TYPES["short"].default_fill).all()
        assert data.stored_bytes() > 0


@st.composite
def _parts(draw: st.DrawFn, size: int) -> Any:
    return draw(
        st.one_of(
            st.integers(-size, size - 1),
            st.slices(size),
            st.lists(st.integers(-size, size - 1), max_size=4).map(
                lambda found: np.array(found, int)
            ),
        )
    )


def test_any_selection_of_a_padded_array_is_what_numpy_selects(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("padded")
    padded = two_unlimited(folder)
    dataset = open_air(folder)
    data = dataset.variables["short"].data

    @given(st.tuples(_parts(40), _parts(30)))
    def check(selection: tuple[Any, Any]) -> None:
        wanted = padded[:, selection[1]][selection[0]]
        for found in (data[selection], outer(data, selection)):
            assert found.shape == wanted.shape
            assert np.array_equal(found, wanted)

    check()
    rows, columns = np.array([0, 1, 39]), np.array([2, 29, 0])
    assert np.array_equal(by_points(data, (rows, columns)), padded[rows, columns])
    dataset.close()


def test_an_unlimited_dimension_may_be_empty(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("time", None)
        file.createDimension("x", 2)
        file.createVariable("v", "i2", ("time", "x"))
        file.createVariable("s", str, ("time",))
    with open_air(tmp_path) as dataset:
        assert dataset.dimensions["time"].unlimited
        assert dataset.variables["v"].data[...].shape == (0, 2)
        assert dataset.variables["s"].data[...].shape == (0,)


# Fill values, filters, chunks.


@pytest.mark.parametrize("format", ["NETCDF4", "NETCDF3_CLASSIC"])
def test_fill_modes_are_told_apart(tmp_path: Path, format: str) -> None:
    with new(tmp_path, format) as file:
        file.createDimension("x", 2)
        file.createVariable("default", "i2", ("x",))
        file.createVariable("explicit", "i2", ("x",), fill_value=-9)
        file.createVariable("letter", "S1", ("x",), fill_value="z")
        if format == "NETCDF4":
            file.createVariable("never", "i2", ("x",), fill_value=False)
            file.createVariable("text", str, ("x",), fill_value="none")
    with open_air(tmp_path) as dataset:
        modes = {
            name: (variable.storage.fill_mode, variable.storage.fill_value)
            for name, variable in dataset.variables.items()
        }
        assert modes["default"] == ("default", -32767)
        assert modes["explicit"] == ("explicit", -9)
        assert modes["letter"] == ("explicit", b"z")
        if format == "NETCDF4":
            assert modes["never"] == ("none", None)
            assert modes["text"] == ("explicit", "none")
        for name in ("default", "explicit"):
            assert dataset.variables[name].data[...].tolist() == [modes[name][1]] * 2


def test_what_hdf5_says_of_fill_values_is_not_what_netcdf_says(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "air.nc", "w") as file:
        file.create_dataset("silent", (2,), "i2", fillvalue=-5)
        file.create_dataset("number", (2,), "i2")
        file.create_dataset("text", (2,), h5py.string_dtype())
        file.create_dataset("row", (2,), h5py.vlen_dtype(np.int32))
    with open_air(tmp_path) as dataset:
        found = {name: variable.storage for name, variable in dataset.variables.items()}
    assert (found["silent"].fill_mode, found["silent"].fill_value) == ("default", -5)
    assert (found["number"].fill_mode, found["number"].fill_value) == ("none", None)
    for name in ("text", "row"):  # HDF5 fills them always
        assert found[name].fill_mode == "default"


@pytest.mark.parametrize("chunks", [None, [50]])
def test_what_nobody_wrote_and_nothing_fills_is_not_what_lay_in_memory(
    tmp_path: Path, chunks: list[int] | None
) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 5000)
        file.createVariable("v", "u1", ("x",), fill_value=False, chunksizes=chunks)
    with open_air(tmp_path) as dataset:
        for _ in range(20):
            np.full(5000, 24, "u1")
            assert not dataset.variables["v"].data[...].any()


def test_a_fill_value_of_another_type_is_an_attribute_and_fills_nothing(tmp_path: Path) -> None:
    with new(tmp_path, "NETCDF3_CLASSIC") as file:
        file.createDimension("x", 2)
        file.createVariable("v", "i2", ("x",))[:] = 1
    path = tmp_path / "air.nc"
    with netCDF4.Dataset(path, "a") as file:
        file["v"].setncattr("fill_value", np.float32(1.5))
    path.write_bytes(path.read_bytes().replace(b"fill_value", b"_FillValue"))
    with open_air(tmp_path) as dataset:
        variable = dataset.variables["v"]
        assert variable.attributes["_FillValue"] == Attribute([1.5], ATOMIC_TYPES["float"])
        assert variable.storage.fill_mode == "default"


def test_filters_and_chunks_are_remembered(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 8)
        file.createVariable("plain", "i4", ("x",))
        file.createVariable(
            "packed", "i4", ("x",), zlib=True, complevel=6, fletcher32=True, chunksizes=(4,)
        )
        file.createVariable("zstd", "i4", ("x",), compression="zstd", shuffle=False)
        file.createVariable("scalar", "f8")
    with open_air(tmp_path) as dataset:
        storage = {name: variable.storage for name, variable in dataset.variables.items()}
    assert (storage["plain"].layout, storage["plain"].chunks) == ("contiguous", None)
    assert (storage["packed"].layout, storage["packed"].chunks) == ("chunked", (4,))
    assert storage["packed"].filters == (
        Filter("fletcher32", {"id": 3, "values": ()}),  # the order of netCDF4-python
        Filter("shuffle", {"id": 2, "values": (4,)}),
        Filter("deflate", {"id": 1, "values": (6,)}),
    )
    assert [step.name for step in storage["zstd"].filters] == ["zstd"]
    assert storage["scalar"].layout in ("contiguous", "compact")


# Attributes.


def test_char_and_string_attributes_are_told_apart_and_exact(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.setncattr("char", "K")
        file.setncattr_string("string", "K")
        file.setncattr_string("strings", ["K", "", "°C"])
        file.setncattr("empty", np.array([], "i4"))
        file.setncattr("five", 5.0)
        file.setncattr("json", '{"a": 1}')
        file.createDimension("x", 1)
        file.createVariable("v", "i1", ("x",)).setncattr_string("string", "K")
    with h5py.File(tmp_path / "air.nc", "r+") as file:
        raw = np.array(b"a\0\xffb", "S4")
        type_ = h5py.h5t.py_create(raw.dtype)
        for owner in (file, file["v"]):
            space = h5py.h5s.create(h5py.h5s.SCALAR)
            h5py.h5a.create(owner.id, b"raw", type_, space).write(raw)
            null = h5py.h5s.create(h5py.h5s.NULL)
            h5py.h5a.create(owner.id, b"nothing", type_, null)
    with open_air(tmp_path) as dataset:
        assert dataset.attributes["char"] == Attribute("K", CHAR)
        assert dataset.attributes["string"] == Attribute(["K"], STRING)
        assert dataset.attributes["strings"] == Attribute(["K", "", "°C"], STRING)
        assert dataset.attributes["empty"] == Attribute([], ATOMIC_TYPES["int"])
        assert dataset.attributes["five"] == Attribute([5.0], ATOMIC_TYPES["double"])
        assert dataset.attributes["json"] == Attribute('{"a": 1}', CHAR)
        variable = dataset.variables["v"]
        assert variable.attributes["string"] == Attribute(["K"], STRING)
        for attributes in (dataset.attributes, variable.attributes):
            assert attributes["raw"] == Attribute("a\0\udcffb", CHAR)
            assert attributes["nothing"] == Attribute("", CHAR)


def test_classic_char_attributes_keep_their_bytes(tmp_path: Path) -> None:
    with new(tmp_path, "NETCDF3_CLASSIC") as file:
        file.title = "ab#d"
    path = tmp_path / "air.nc"
    path.write_bytes(path.read_bytes().replace(b"ab#d", b"a\0\xffd"))
    with open_air(tmp_path) as dataset:
        assert dataset.attributes == {"title": Attribute("a\0\udcffd", CHAR)}


# One file, many readers.


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Dataset]:
    with new(tmp_path) as file:
        file.createDimension("x", 1000)
        for number in range(4):
            variable = file.createVariable(f"v{number}", "i4", ("x",), zlib=True, chunksizes=(50,))
            variable[:] = np.arange(1000) + number
    with open_air(tmp_path) as dataset:
        yield dataset


def test_a_lazy_array_can_be_pickled(opened: Dataset) -> None:
    first, second = pickle.loads(
        pickle.dumps((opened.variables["v1"].data, opened.variables["v2"].data))
    )
    assert first[5:7].tolist() == [6, 7]
    assert first.file is second.file
    opened.close()
    assert second[5:7].tolist() == [7, 8]
    first.file.close()


def test_threads_may_read_at_once(opened: Dataset) -> None:
    def total(number: int) -> int:
        data = opened.variables[f"v{number % 4}"].data
        return int(data[number * 10 : number * 10 + 100].sum()) - 100 * (number % 4)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(total, range(80)))
    assert found == [sum(range(number * 10, number * 10 + 100)) for number in range(80)]


def test_several_arrays_select_each_their_own_axis(tmp_path: Path) -> None:
    values = np.arange(20).reshape(4, 5)
    with new(tmp_path) as file:
        file.createDimension("y", 4)
        file.createDimension("x", 5)
        file.createVariable("v", "i4", ("y", "x"))[:] = values
    with open_air(tmp_path) as dataset:
        data = dataset.variables["v"].data
        for rows, columns in [([3, 0, 0], [4, 1]), ([-1, 2], [0, -5]), ([], [1])]:
            selection = np.array(rows, int), np.array(columns, int)
            wanted = values[np.ix_(*selection)]
            assert np.array_equal(outer(data, selection), wanted)
        pairs = np.array([3, 0, 3]), np.array([4, 1, 0])
        assert np.array_equal(by_points(data, pairs), values[pairs])


@pytest.mark.parametrize("format", ["NETCDF4", "NETCDF3_CLASSIC"])
def test_any_selection_is_what_numpy_selects(
    tmp_path_factory: pytest.TempPathFactory, format: str
) -> None:
    folder = tmp_path_factory.mktemp("selected")
    values = np.arange(40 * 30, dtype="i4").reshape(40, 30)
    with new(folder, format) as file:
        file.createDimension("y", 40)
        file.createDimension("x", 30)
        file.createVariable("v", "i4", ("y", "x"))[:] = values
    dataset = open_air(folder)
    data = dataset.variables["v"].data

    @given(st.tuples(_parts(40), _parts(30)))
    def check(selection: tuple[Any, Any]) -> None:
        wanted = values[:, selection[1]][selection[0]]
        for found in (data[selection], outer(data, selection)):
            assert found.shape == wanted.shape
            assert np.array_equal(found, wanted)

    check()
    dataset.close()


def test_indices_that_are_far_apart_are_read_without_what_lies_between(
    opened: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[int, ...]] = []
    get = netcdf_arrays._get

    def counted(found: Any, runs: Any, memory: np.ndarray) -> None:
        read.append(memory.shape)
        get(found, runs, memory)

    monkeypatch.setattr(netcdf_arrays, "_get", counted)
    data = opened.variables["v0"].data
    for wanted, expected in [
        ([999, 0, 3, 997, 400], [(4,), (1,), (3,)]),
        ([0, 500, 999], [(1,), (1,), (1,)]),
        ([0, 499, 998], [(3,)]),  # evenly spaced
    ]:
        assert data[np.array(wanted)].tolist() == wanted
        assert read == expected
        read.clear()


def test_an_index_that_the_array_does_not_have_is_an_error(opened: Dataset) -> None:
    for selection in (1000, -1001, np.array([0, 1000]), (0, 0)):
        with pytest.raises(SelectionError):
            opened.variables["v0"].data[selection]


@pytest.mark.parametrize(
    ("kind", "dims", "message"),
    [
        (None, (), "the file has no such variable any more"),
        ("f8", ("x",), "the file has another variable of this name by now"),
        ("i4", ("x", "x"), "the file has another variable of this name by now"),
        ("i4", ("x",), "cannot be read: NetCDF: Index exceeds|NetCDF: Start.count exceeds"),
    ],
)
def test_a_file_that_changed_behind_a_pickled_array_is_an_error(
    opened: Dataset, tmp_path: Path, kind: str | None, dims: tuple[str, ...], message: str
) -> None:
    pickled = pickle.dumps(opened.variables["v1"].data)
    opened.close()
    with new(tmp_path) as file:
        file.createDimension("x", 10)
        if kind:
            file.createVariable("v1", kind, dims)
    array = pickle.loads(pickled)
    with pytest.raises(FormatError, match=message):
        array[...]
    array.file.close()


def test_what_is_not_read_before_closing_is_an_error_that_says_so(opened: Dataset) -> None:
    opened.close()
    opened.close()
    with pytest.raises(FormatError, match=r"air.nc: /v1: cannot be read: the file has been closed"):
        opened.variables["v1"].data[...]


# What cannot be read.


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NodeNotFoundError, match="no such file"):
        open_air(tmp_path)
    with pytest.raises(NodeNotFoundError, match="no such file or store"):
        read(tmp_path / "air.nc")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"\x0e\x03\x13\x01" + bytes(600), "is HDF4"),
        (b"\x1f\x8b\x08" + bytes(60), "is compressed with gzip; unpack it first, with gunzip"),
        (b"<!DOCTYPE html><html>", "is no netCDF file: it begins with b'<!DOCTYPE"),
        (b"CDF\x03" + bytes(28), "not a classic netCDF file"),
        (b"CDF\x01\0\0\0\0\0\0\0\x0a\0\0\0\x05", "truncated"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "damaged or cut short"),
    ],
)
def test_a_file_that_is_no_netcdf_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "air.nc").write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        read(tmp_path / "air.nc")
    assert caught.value.source == str(tmp_path / "air.nc")


def test_an_hdf5_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 1000)
        file.createVariable("v", "f8", ("x",))[:] = 1
    path = tmp_path / "air.nc"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="damaged or cut short"):
        read(path)


def test_a_directory_is_no_netcdf_file(tmp_path: Path) -> None:
    assert not NetcdfFormat().matches(str(tmp_path))
    with pytest.raises(FormatError, match="Is a directory"):
        NetcdfFormat().read(str(tmp_path))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux has such a file")
def test_a_file_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(FormatError, match="/proc/self/mem: cannot be read: Input/output error"):
        read("/proc/self/mem")


def test_data_that_are_damaged_cost_an_error_that_names_the_variable(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 5000)
        file.createVariable("v", "i4", ("x",), zlib=True, fletcher32=True)[:] = np.arange(5000)
        file.createVariable("w", "i4", ("x",))[:] = 7
    with h5py.File(tmp_path / "air.nc") as file:
        place = file["v"].id.get_chunk_info(0).byte_offset
    path = tmp_path / "air.nc"
    data = bytearray(path.read_bytes())
    data[place + 20 : place + 40] = bytes(20)
    path.write_bytes(data)
    with open_air(tmp_path) as dataset:
        with pytest.raises(FormatError, match=r"air.nc: /v: cannot be read: NetCDF: HDF error"):
            dataset.variables["v"].data[...]
        assert (dataset.variables["w"].data[...] == 7).all()


def test_bytes_of_texts_that_are_no_utf8_are_kept(tmp_path: Path) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 1)
        file.createVariable("s", str, ("x",))[:] = np.array(["qqqq"], object)
        file.setncattr_string("s", "qqqq")
    path = tmp_path / "air.nc"
    path.write_bytes(path.read_bytes().replace(b"qqqq", b"\xffqqq"))
    with open_air(tmp_path) as dataset:
        assert dataset.variables["s"].data[...].tolist() == ["\udcffqqq"]
        assert dataset.attributes["s"] == Attribute(["\udcffqqq"], STRING)


def test_what_netcdf_c_adds_to_a_name_of_256_bytes_is_no_part_of_it(tmp_path: Path) -> None:
    name = "n" * 256
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as file:
        file.createDimension(name, 2)
        file.createVariable(name, "i4", (name,))[:] = [1, 2]
        file.createVLType("i4", name[:-1] + "t")
    with read(tmp_path / "x.nc") as found:
        assert list(found.variables) == list(found.dimensions) == [name]
        assert list(found.types) == [name[:-1] + "t"]
        assert found.variables[name].dimensions == (found.dimensions[name],)
        assert found.variables[name].data[...].tolist() == [1, 2]


@pytest.mark.parametrize("name", [b"dimn", b"vari", b"attr", b"glob"])
def test_a_name_that_is_no_utf8_is_refused_in_a_classic_file(tmp_path: Path, name: bytes) -> None:
    with new(tmp_path, "NETCDF3_CLASSIC") as file:
        file.createDimension("dimn", 1)
        file.createVariable("vari", "i1", ("dimn",)).attr = 1
        file.glob = 1
    path = tmp_path / "air.nc"
    path.write_bytes(path.read_bytes().replace(name, b"\xff" + name[1:]))
    with pytest.raises(FormatError, match=r"has a name that is not UTF-8: b'\\xff"):
        read(path)


@pytest.mark.parametrize("place", ["variable", "group", "attribute"])
def test_a_name_that_is_no_utf8_is_refused_in_a_netcdf4_file(tmp_path: Path, place: str) -> None:
    with new(tmp_path) as file:
        file.createDimension("x", 1)
    with h5py.File(tmp_path / "air.nc", "r+") as file:
        space = h5py.h5s.create(h5py.h5s.SCALAR)
        if place == "variable":
            h5py.h5d.create(file.id, b"\xffa", h5py.h5t.NATIVE_INT32, space)
        elif place == "group":
            h5py.h5g.create(file.id, b"\xffa")
        else:
            h5py.h5a.create(file.id, b"\xffa", h5py.h5t.NATIVE_INT32, space).write(
                np.array(1, "i4")
            )
    with pytest.raises(FormatError, match=r"netCDF4 cannot read this file|name that is not UTF-8"):
        read(tmp_path / "air.nc")


@pytest.mark.parametrize("format", CLASSIC[:3])
def test_a_streamed_file_is_refused_before_netcdf_c_opens_it(tmp_path: Path, format: str) -> None:
    with new(tmp_path, format) as file:
        file.createDimension("time", None)
        file.createVariable("v", "i4", ("time",))[0:3] = [1, 2, 3]
    path = tmp_path / "air.nc"
    data = bytearray(path.read_bytes())
    width = 8 if format == "NETCDF3_64BIT_DATA" else 4
    data[4 : 4 + width] = b"\xff" * width
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"was streamed: .*write their number \(3\) behind"):
        read(path)
    data[4 : 4 + width] = struct.pack(">q" if width == 8 else ">i", 3)
    path.write_bytes(data)
    with read(path) as dataset:
        assert dataset.variables["v"].data[...].tolist() == [1, 2, 3]
