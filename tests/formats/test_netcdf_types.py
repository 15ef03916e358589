"""The netCDF door on every type, scope and fill state: files made by netCDF-C's own calls."""

from __future__ import annotations

import pickle
import resource
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest

from tests import netcdf_c_files
from tests.data import REAL_FILES, SHARED, name_of, needs_shared
from tests.datasets import variable_of
from tests.formats import stress
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.lazy import outer
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable
from zarr_cdm.cdm.types import CHAR, STRING, EnumType, NetcdfType, OpaqueType, VlenType, parts_of
from zarr_cdm.cdm.values import rows, same
from zarr_cdm.errors import FormatError, ZarrCdmWarning
from zarr_cdm.formats.netcdf import NetcdfFormat
from zarr_cdm.formats.netcdf_arrays import PaddedArray

KINDS = stress.dataset().types
SAMPLES = stress.samples(KINDS)


def opened(path: Path) -> Dataset:
    return NetcdfFormat().read(str(path))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stress.build(tmp_path_factory.mktemp("stress"))


@pytest.fixture(scope="module")
def pair(path: Path) -> Iterator[tuple[Dataset, Dataset]]:
    """What the stress file is to be, and what is read from it."""
    with opened(path) as found:
        yield stress.dataset(), found


def variables(pair: tuple[Dataset, Dataset]) -> Iterator[tuple[str, Variable, Variable]]:
    for (path, one), (_, other) in zip(*(each.all_variables() for each in pair), strict=True):
        yield path, one, other


# The stress file.


def test_everything_is_there_in_its_order(pair: tuple[Dataset, Dataset]) -> None:
    for (path, wanted), (place, found) in zip(*(each.walk() for each in pair), strict=True):
        assert path == place
        for part in ("attributes", "dimensions", "types", "variables", "groups"):
            assert list(getattr(found, part)) == list(getattr(wanted, part)), (path, part)
    for path, one, other in variables(pair):
        assert list(one.attributes) == list(other.attributes), path


def test_dimensions_and_types_are_those_of_their_groups(pair: tuple[Dataset, Dataset]) -> None:
    for (path, wanted), (_, found) in zip(*(each.walk() for each in pair), strict=True):
        assert found.types == wanted.types, path
        for one, other in zip(wanted.dimensions.values(), found.dimensions.values(), strict=True):
            assert (one.name, one.size, one.unlimited) == (other.name, other.size, other.unlimited)
    assert list(pair[1].types["cloud"].members.items()) == [  # type: ignore[union-attr]
        *(("clear", 0), ("cumulus", 1), ("dark one", -128), ("°", 127))
    ]
    dimensions = [each.dimension_paths() for each in pair]
    types = [each.type_paths() for each in pair]
    for path, wanted_var, found_var in variables(pair):
        assert [dimensions[0][each] for each in wanted_var.dimensions] == [
            dimensions[1][each] for each in found_var.dimensions
        ], path
        assert types[0].get(id(wanted_var.type)) == types[1].get(id(found_var.type)), path
        assert wanted_var.type == found_var.type, path
        for name, attribute in wanted_var.attributes.items():
            assert types[0].get(id(attribute.type)) == types[1].get(
                id(found_var.attributes[name].type)
            ), (path, name)
    nested = pair[1].types["nested"]
    assert nested.fields[0].type is pair[1].types["padded"]  # type: ignore[union-attr]


def test_attributes_are_exact(pair: tuple[Dataset, Dataset]) -> None:
    for (path, wanted), (_, found) in zip(*(each.walk() for each in pair), strict=True):
        assert found.attributes == wanted.attributes, path
    for path, one, other in variables(pair):
        assert other.attributes == one.attributes, path
    assert pair[1].attributes["string_texts"].value == ("°C", "", None)
    assert str(pair[1].attributes["raw"].value).encode("utf-8", "surrogateescape") == (
        b"a\0\xff\xc3\xa9\0"
    )


def test_values_are_exact(pair: tuple[Dataset, Dataset]) -> None:
    for path, one, other in variables(pair):
        assert other.data.dtype == one.type.dtype, path
        assert same(one.type, np.asarray(one.data), other.data[...]), path
    assert pair[1].variables["string"].data[...].tolist() == ["°C", "", None]


def test_storage_is_exact(pair: tuple[Dataset, Dataset]) -> None:
    for path, one, other in variables(pair):
        wanted, found = one.storage, other.storage
        assert found.fill_mode == wanted.fill_mode, path
        assert same(one.type, *(filled(one.type, each) for each in (wanted, found))), path
        for part in ("layout", "chunks", "filters", "endian"):
            if getattr(wanted, part):
                assert getattr(found, part) == getattr(wanted, part), (path, part)


def filled(kind: NetcdfType, storage: Storage) -> np.ndarray:
    """Return the fill value as an array of one element, or of none."""
    result = stress.blank(kind, 0 if storage.fill_value is None else 1)
    for place in range(len(result)):
        result[place] = storage.fill_value
    return result


def test_comparing_finds_no_difference(pair: tuple[Dataset, Dataset]) -> None:
    assert compare(*pair) == []


@pytest.mark.skipif(shutil.which("ncdump") is None, reason="ncdump (netcdf-bin) is not installed")
def test_ncdump_sees_in_the_stress_file_what_it_is_to_have(path: Path) -> None:
    done = subprocess.run(["ncdump", path], capture_output=True, check=True)
    text = " ".join(done.stdout.decode("utf-8", "replace").split())
    for part in (
        "byte enum cloud {clear = 0, cumulus = 1, dark\\ one = -128, ° = 127} ;",
        "opaque(11) blob ; short(*) row ; string(*) words ;",
        "padded pairs(2, 2) ; char name(5) ; cloud cloud ; blob blob(2) ; int ints(3) ;",
        "opaque(3) unused_blob ;",
        "unused = 7 ;",
        "time = UNLIMITED ; // (4 currently)",
        ':raw = "a\\000',
        'string :string_texts = "°C", "", NIL ;',
        'string = "°C", _, NIL ;',
        "v_cloud = clear, dark one, ° ;",
        "v_rows = {{1}, {}, {2, 3}}, {}, {{}} ;",
        'v_living = {"°C", {1, 2}, 1, {"a", NIL}, {"x", NIL, ""}}, {"", {}, 2,',
        "int both(/x, x) ;",
        "int repeated(own, own) ;",
        "int siblings_dimension(/own) ;",
        "deep v_deep(/above/x) ;",
        "fill_nested = _, _, _ ;",
        "v_deep = {most, none}, {none}, {} ;",
    ):
        assert part in text


# Each type by itself.


def one_variable(folder: Path, kind: NetcdfType, values: np.ndarray, **storage: Any) -> Path:
    """Write a file with one variable ``v``, its axes of the lengths of ``values``."""
    dataset = Dataset(types=dict(KINDS))
    for axis, size in enumerate(values.shape):
        dataset.dimensions[f"d{axis}"] = Dimension(f"d{axis}", size)
    dims = tuple(dataset.dimensions.values())
    dataset.variables["v"] = Variable("v", kind, dims, {}, values, Storage(**storage))
    return netcdf_c_files.write(folder / "one.nc", dataset)


@pytest.mark.parametrize("name", SAMPLES)
def test_any_selection_of_a_user_type_is_what_numpy_selects(tmp_path: Path, name: str) -> None:
    kind, values = KINDS[name], np.concatenate([SAMPLES[name], SAMPLES[name][::-1]])
    values = np.stack([values, values[[2, 0, 1, 1, 0, 2]]])
    with opened(one_variable(tmp_path, kind, values)) as dataset:
        data = dataset.variables["v"].data
        for selection in [
            ...,
            0,
            (1, 2),
            (slice(None), slice(None, None, -2)),
            (slice(1, None), slice(1, 6, 2)),
            (0, slice(3, 3)),
        ]:
            wanted = np.empty(1, object)
            wanted[0] = values[selection]
            if isinstance(selection, tuple) and selection == (1, 2):
                wanted[0] = values[1:2, 2:3].reshape(())
            assert same(kind, np.asarray(wanted[0]), data[selection]), selection
        for columns in ([5, 0, 0], [-1, 2], [], [0, 2, 4]):
            places = np.array([1, 0]), np.array(columns, int)
            assert same(kind, values[np.ix_(*places)], outer(data, places)), columns


@pytest.mark.parametrize("name", SAMPLES)
def test_an_array_of_a_user_type_can_be_pickled(tmp_path: Path, name: str) -> None:
    with opened(one_variable(tmp_path, KINDS[name], SAMPLES[name])) as dataset:
        again = pickle.loads(pickle.dumps(dataset.variables["v"].data))
    assert same(KINDS[name], again[...], SAMPLES[name])
    again.file.close()


@pytest.mark.parametrize("name", SAMPLES)
def test_data_of_a_user_type_that_nobody_has_written_are_zeros(tmp_path: Path, name: str) -> None:
    dataset = Dataset(types=dict(KINDS))
    short, far = Dimension("short", 3, unlimited=True), Dimension("far", 5, unlimited=True)
    dataset.dimensions |= {"short": short, "far": far}
    kind, values = KINDS[name], SAMPLES[name].reshape(3, 1)
    storage = Storage("chunked", (1, 1))
    dataset.variables["v"] = Variable("v", kind, (short, far), {}, values, storage)
    dataset.variables["w"] = Variable("w", CHAR, (far, far), {}, np.full((5, 5), b"a"), storage)
    wanted = np.empty((3, 5), kind.dtype)
    for place in np.ndindex(3, 5):
        wanted[place] = stress.unwritten(kind)
    wanted[:, :1] = values
    with opened(netcdf_c_files.write(tmp_path / "short.nc", dataset)) as found:
        data = found.variables["v"].data
        assert isinstance(data, PaddedArray)
        assert same(kind, data[...], wanted)
        assert same(kind, data[1:, 0], wanted[1:, 0])
        assert same(kind, data[np.array([2, 0]), 1:3], wanted[[2, 0], 1:3])


def test_a_short_variable_is_padded_with_its_own_row(tmp_path: Path) -> None:
    kind = KINDS["row"]
    fill = SAMPLES["row"][:1]
    dataset = Dataset(types=dict(KINDS))
    far = dataset.dimensions["far"] = Dimension("far", 4, unlimited=True)
    attributes = {"_FillValue": Attribute(fill, kind)}
    chunks = Storage("chunked", (2,))
    dataset.variables["v"] = Variable("v", kind, (far,), attributes, SAMPLES["row"][1:], chunks)
    dataset.variables["w"] = Variable("w", CHAR, (far,), {}, np.full(4, b"a"), chunks)
    with opened(netcdf_c_files.write(tmp_path / "short.nc", dataset)) as found:
        variable = found.variables["v"]
        wanted = rows([[], [32767], fill[0], fill[0]], kind)  # type: ignore[arg-type]
        assert same(kind, variable.data[...], wanted)
        assert variable.storage.fill_mode == "explicit"


def test_an_enum_may_have_values_that_are_none_of_its_members(tmp_path: Path) -> None:
    values = np.array([5, 0, -1], "i1")
    with opened(one_variable(tmp_path, KINDS["cloud"], values)) as dataset:
        assert dataset.variables["v"].data[...].tolist() == [5, 0, -1]


def test_an_explicit_fill_value_may_have_texts_and_rows(tmp_path: Path) -> None:
    kind, fill = KINDS["living"], stress.samples(KINDS, attribute=True)["living"][:1]
    dataset = Dataset(types=dict(KINDS))
    attributes = {"_FillValue": Attribute(fill, kind)}
    dataset.variables["v"] = Variable("v", kind, (), attributes, fill.reshape(()))
    with opened(netcdf_c_files.write(tmp_path / "fill.nc", dataset)) as found:
        variable = found.variables["v"]
        assert variable.attributes == attributes
        assert same(kind, filled(kind, variable.storage), fill)


def test_of_two_types_that_are_alike_netcdf_c_knows_the_first(tmp_path: Path) -> None:
    """The file does not say which of the two a variable is of."""
    one, other = OpaqueType("one", 2), OpaqueType("other", 2)
    values = np.array(b"ab", "V2")
    dataset = Dataset(types={"one": one, "other": other})
    dataset.variables["v"] = Variable("v", other, (), {}, values)
    with opened(netcdf_c_files.write(tmp_path / "alike.nc", dataset)) as found:
        assert found.types == dataset.types
        assert found.variables["v"].type is found.types["one"]
        assert same(one, found.variables["v"].data[...], values)


def test_a_type_of_a_group_behind_is_found(tmp_path: Path) -> None:
    """netCDF-C has not read it yet when it comes to the variable, and makes up one."""
    kind = EnumType("late", stress.INT, {"a": 1})
    row = VlenType("row", kind)
    below = Group("b", types={"late": kind, "row": row})
    dataset = Dataset(groups={"a": Group("a"), "b": below})
    dataset.groups["a"].variables["v"] = Variable("v", kind, (), {}, np.array(1, "i4"))
    rowed = stress.blank(row, 1)
    dataset.groups["a"].variables["w"] = Variable("w", row, (), {}, rowed.reshape(()))
    with opened(netcdf_c_files.write(tmp_path / "late.nc", dataset)) as found:
        first, second = found.groups.values()
        assert first.types == {}
        assert list(second.types) == ["late", "row"]
        for name, type_name in (("v", "late"), ("w", "row")):
            assert first.variables[name].type is second.types[type_name]
        assert parts_of(second.types["row"]) == (second.types["late"],)


def test_a_file_may_be_read_twice_and_closed_once(tmp_path: Path) -> None:
    """HDF5 2.0 crashes at rows of a file that is open twice, when one of the two is closed."""
    kind, values = KINDS["lives"], SAMPLES["lives"]
    path = one_variable(tmp_path, kind, values)
    first, second = opened(path), opened(path)
    first.close()
    assert same(kind, second.variables["v"].data[...], values)
    third = opened(path)
    second.close()
    assert same(kind, third.variables["v"].data[...], values)
    third.close()
    with pytest.raises(FormatError, match="the file has been closed"):
        third.variables["v"].data[...]


# Memory.


@pytest.mark.parametrize("name", ["string", "words", "lives", "rows"])
def test_what_netcdf_c_has_made_is_freed(tmp_path: Path, name: str) -> None:
    text = "x" * 20000
    kind: NetcdfType = STRING if name == "string" else KINDS[name]
    life = SAMPLES["living"][:1].copy()
    life["text"] = text
    row = {"string": text, "words": [text, None], "lives": life, "rows": [range(5000)] * 4}[name]
    values = np.array([row] * 200, object) if name == "string" else rows([row] * 200, kind)  # type: ignore[arg-type]
    with opened(one_variable(tmp_path, kind, values)) as dataset:
        data = dataset.variables["v"].data
        sizes = []
        for _ in range(6):
            for _ in range(5):
                data[...]
            sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    unit = 1 if sys.platform == "darwin" else 1024
    one = 200 * 20_000 // unit  # the least that one reading allocates
    assert sizes[-1] - sizes[1] < 20 * one / 2, sizes


# HDF5 has more than netCDF.


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("half", np.array([1.5], "f2"), "cannot be read (is of the HDF5 type float16, which"),
        ("fixed", np.array([(1, b"abc")], "i4,S3"), "cannot be read (has texts of one length"),
    ],
)
def test_data_that_netcdf_c_mistakes_are_left_out_with_a_warning(
    tmp_path: Path, name: str, values: np.ndarray, why: str
) -> None:
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file[name] = values
        file["v"] = np.arange(3)
    with pytest.warns(ZarrCdmWarning) as notes:
        dataset = opened(tmp_path / "plain.h5")
    assert list(dataset.variables) == ["v"]
    assert dataset.variables["v"].data[...].tolist() == [0, 1, 2]
    assert [f"/{name} {why}" in str(note.message) for note in notes] == [True]
    dataset.close()


def test_what_netcdf_c_passes_over_is_left_out_with_a_warning(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["v"] = np.arange(3)
        file["v"].attrs["half"] = np.float16(1)
        file["v"].attrs["units"] = "K"
        file["there"] = np.array([file["v"].ref], h5py.ref_dtype)
        file.attrs["yes"] = True
        file.create_group("g").attrs["square"] = np.ones((2, 2))
    with pytest.warns(ZarrCdmWarning) as notes:
        dataset = opened(tmp_path / "plain.h5")
    places = [str(note.message).split()[1] for note in notes]
    assert places == ["/@yes", "/v@half", "/there", "/g@*"]
    assert all(str(note.message).endswith("and is left out") for note in notes)
    assert dataset.variables["v"].attributes == {"units": Attribute(["K"], STRING)}
    dataset.close()


@pytest.mark.parametrize("name", ["bad", "x"])
def test_a_variable_with_an_attribute_of_two_dimensions_is_left_out_alone(
    tmp_path: Path, name: str
) -> None:
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("x", 3)
        file.createDimension("y", 2)
        for each in ("good", "x", "bad"):
            file.createVariable(each, "i4", "x")[:] = [1, 2, 3]
    with h5py.File(tmp_path / "a.nc", "a") as file:
        file[name].attrs["square"] = np.ones((2, 2))
    with pytest.warns(ZarrCdmWarning, match=f"/{name} cannot be read .* and is left out") as notes:
        dataset = opened(tmp_path / "a.nc")
    assert len(notes) == 1
    assert set(dataset.variables) == {"good", "bad", "x"} - {name}
    assert dataset.variables["good"].data[...].tolist() == [1, 2, 3]
    dataset.close()


def test_plain_hdf5_is_read_with_phony_dimensions_and_types_without_names(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["grid"] = np.arange(6.0).reshape(2, 3)
        file["yes"] = np.array([True, False])
        file["waves"] = np.array([1 + 2j, 3])
        file["texts"] = np.array([b"abc", b"de"])
        file["g/deep"] = np.arange(3, dtype=">i2")
        file.create_dataset("nulls", (2,), h5py.string_dtype())[0] = "x"
    with opened(tmp_path / "plain.h5") as dataset:
        assert [each.size for each in dataset.dimensions.values()] == [2, 3]
        assert dataset.variables["grid"].data[...].tolist() == [[0, 1, 2], [3, 4, 5]]
        yes = dataset.variables["yes"]
        assert isinstance(yes.type, EnumType)
        assert yes.type.members == {"FALSE": 0, "TRUE": 1}
        assert yes.type in dataset.types.values()
        assert yes.data[...].tolist() == [1, 0]
        assert dataset.variables["waves"].data[...].tolist() == [(1, 2), (3, 0)]
        assert dataset.variables["texts"].data[...].tolist() == ["abc", "de"]
        assert dataset.variables["nulls"].data[...].tolist() == ["x", None]
        assert variable_of(dataset, "/g/deep").data[...].tolist() == [0, 1, 2]


def test_filters_by_their_numbers_and_quantization_by_its_attribute(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "q.nc", "w") as file:
        file.createDimension("x", 80)
        file.createVariable(
            "q", "f4", ("x",), zlib=True, significant_digits=3, quantize_mode="BitGroom"
        )
    with h5py.File(tmp_path / "q.nc", "r+") as file:
        lzf = file.create_dataset("lzf", data=np.arange(80), chunks=(8,), compression="lzf")
        lzf.dims[0].attach_scale(file["x"])
    with opened(tmp_path / "q.nc") as dataset:
        name = "_QuantizeBitGroomNumberOfSignificantDigits"
        assert dataset.variables["q"].attributes[name] == Attribute([3], stress.INT)
        assert dataset.variables["q"].storage.filters == (
            Filter("shuffle", {"id": 2, "values": (4,)}),
            Filter("deflate", {"id": 1, "values": (4,)}),
        )
        step = dataset.variables["lzf"].storage.filters[0]
        assert (step.name, step.configuration["id"]) == ("lzf", 32000)


# Real files.


@needs_shared
@pytest.mark.parametrize("path", REAL_FILES, ids=name_of)
def test_every_real_file_is_read_whole_without_a_warning(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with opened(path) as dataset, netCDF4.Dataset(path) as theirs:
            for place, variable in dataset.all_variables():
                assert variable.data[...].shape == variable.shape == theirs[place].shape


@needs_shared
def test_compounds_nested_in_attributes_are_read() -> None:
    """netCDF4-python cannot open this file."""
    with opened(SHARED / "data" / "negative" / "ref_tst_xplatform2_2.nc") as dataset:
        attribute = dataset.attributes["Runnymede"]
        outer, inner = dataset.types["date_1215"], dataset.types["cmp_t"]
        assert attribute.type is outer
        assert parts_of(outer) == (inner,)
        assert attribute.value["s1"].shape == (3, 4)  # type: ignore[call-overload, index]
        assert attribute.value["s1"]["x"][2, 3] == np.float32(42.42)  # type: ignore[index, call-overload]


def test_rows_in_rows_and_a_type_below_a_type(path: Path) -> None:
    with opened(path) as dataset:
        kind = dataset.types["rows"]
        assert isinstance(kind, VlenType)
        assert kind.base is dataset.types["row"]
