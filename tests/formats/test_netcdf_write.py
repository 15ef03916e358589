"""Writing netCDF: what is put in is in the file, as netCDF-C's own functions read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest

from tests.data import REAL_FILES, name_of, needs_shared
from tests.datasets import NUMBERS
from tests.formats import raw_reading, stress
from tests.formats.netcdf_help import (
    DOUBLE,
    FLOAT,
    INT,
    MODELS,
    add,
    ncdump,
    needs_ncdump,
    original,
    with_dimensions,
)
from tests.formats.raw_reading import assert_alike
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    OpaqueType,
    VlenType,
)
from zarr_cdm.cdm.values import rows
from zarr_cdm.errors import ValuesError, ZarrCdmWarning
from zarr_cdm.formats.netcdf import NetcdfFormat
from zarr_cdm.parallel import BLOCK_BYTES


def write(dataset: Dataset, folder: Path, data_model: str | None = None) -> Path:
    """Write a dataset to a new file; return its path."""
    path = folder / "out.nc"
    NetcdfFormat().write(dataset, str(path), data_model)
    return path


# The whole model.


def test_every_type_scope_and_fill_state_is_in_the_file(tmp_path: Path) -> None:
    dataset = stress.dataset()
    path = write(dataset, tmp_path)
    assert_alike(dataset, raw_reading.read(path))
    assert [each.name for each in tmp_path.iterdir()] == ["out.nc"]


def test_nothing_is_warned_of_where_everything_can_be_said(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    write(stress.dataset(), tmp_path)
    assert [str(note.message) for note in recwarn] == []


def test_two_files_of_one_dataset_are_byte_identical(tmp_path: Path) -> None:
    """But for user-defined types, of which HDF5 notes when they were made."""
    values = np.random.default_rng(1).normal(size=(600, 100, 100)).astype("f4")
    sides = tuple(Dimension(name, size) for name, size in zip("tyx", values.shape, strict=True))
    storage = Storage("chunked", (7, 100, 100), (Filter("deflate", {"id": 1, "values": (1,)}),))
    kind = ATOMIC_TYPES["float"]
    dataset = Dataset(
        attributes={"title": Attribute.of("twice")},
        dimensions={side.name: side for side in sides},
        variables={"v": Variable("v", kind, sides, data=values, storage=storage)},
    )
    first = write(dataset, tmp_path).rename(tmp_path / "first.nc")
    assert first.read_bytes() == write(dataset, tmp_path).read_bytes()


def test_layouts_byte_orders_and_fill_modes_are_as_asked(tmp_path: Path) -> None:
    dataset = stress.dataset()
    found = raw_reading.read(write(dataset, tmp_path))
    for name, variable in dataset.variables.items():
        storage, stored = variable.storage, found.variables[name].storage
        assert storage.layout in (None, stored.layout), name
        assert storage.chunks in (None, stored.chunks), name
        assert storage.endian in (None, stored.endian), name
        assert (storage.fill_mode == "none") == (stored.fill_mode == "none"), name


def test_filters_are_as_asked(tmp_path: Path) -> None:
    with h5py.File(write(stress.dataset(), tmp_path)) as file:
        found = {name: filters(file[f"stored_{name}"]) for name in ("deflated", "shuffled", "big")}
    assert found == {
        "deflated": [(1, (6,))],
        "shuffled": [(3, ()), (2, (4,)), (1, (1,))],
        "big": [],
    }


def filters(variable: h5py.Dataset) -> list[tuple[int, tuple[int, ...]]]:
    recipe = variable.id.get_create_plist()
    return [recipe.get_filter(i)[::2] for i in range(recipe.get_nfilters())]


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("endian", ["little", "big"])
def test_netcdf4_python_reads_numbers_of_both_byte_orders(
    tmp_path: Path, kind: Any, endian: Any
) -> None:
    dataset = with_dimensions(x := Dimension("x", 3))
    values = stress.extremes(kind)
    add(dataset, "v", kind, (x,), values, Storage("chunked", (2,), endian=endian))
    with netCDF4.Dataset(write(dataset, tmp_path)) as file:
        file.set_auto_mask(False)
        assert file["v"][:].astype(kind.dtype).tobytes() == values.tobytes()
        assert file["v"].endian() == (endian if kind.dtype.itemsize > 1 else "native") or (
            kind.dtype.itemsize == 1
        )


# Data models.


def classic_dataset(data_model: str) -> Dataset:
    """Return what every data model can hold, and all its types."""
    time, x = Dimension("time", 3, unlimited=True), Dimension("x", 5)
    dataset = with_dimensions(time, x, Dimension("unused", 7))
    small = ["byte", "char", "short", "int", "float", "double"]
    large = ["ubyte", "ushort", "uint", "int64", "uint64"]
    for name in small + large * (data_model == "NETCDF3_64BIT_DATA"):
        kind = ATOMIC_TYPES[name]
        values = [b"a", b"", b"\xff"] if kind is CHAR else stress.extremes(kind)
        add(dataset, f"record_{name}", kind, (time,), values)
        add(dataset, f"records_{name}", kind, (time, x), np.resize(values, (3, 5)))
        add(dataset, f"fixed_{name}", kind, (x, x), np.resize(values, (5, 5)))
        add(dataset, f"scalar_{name}", kind, (), values[1])
        if kind is not CHAR:
            dataset.attributes[name] = Attribute(stress.extremes(kind), kind)
            dataset.attributes[f"no_{name}"] = Attribute([], kind)
    dataset.attributes["text"] = Attribute(stress.RAW_TEXT, CHAR)
    dataset.attributes["empty"] = Attribute("", CHAR)
    dataset.variables["fixed_int"].attributes["_FillValue"] = Attribute([-1], INT)
    return dataset


@pytest.mark.parametrize("data_model", MODELS)
@pytest.mark.parametrize("last", ["NETCDF4", "NETCDF3_CLASSIC"])
def test_every_data_model_is_written(tmp_path: Path, data_model: str, last: Any) -> None:
    netCDF4.Dataset(tmp_path / "last.nc", "w", format=last).close()  # sets netCDF-C's default
    dataset = classic_dataset(data_model)
    path = write(dataset, tmp_path, data_model)
    assert_alike(dataset, raw_reading.read(path))
    with netCDF4.Dataset(path) as file:
        assert file.data_model == data_model


def test_the_data_model_is_that_of_the_first_source(tmp_path: Path) -> None:
    for provenance, expected in {
        "NETCDF3_64BIT_OFFSET": "NETCDF3_64BIT_OFFSET",
        "": "NETCDF4",
        "HDF4": "NETCDF4",
    }.items():
        path = write(Dataset(provenance={"data_model": provenance}), tmp_path)
        with netCDF4.Dataset(path) as file:
            assert file.data_model == expected
        path.unlink()


# Scopes.


def in_groups(*names: str) -> Dataset:
    return Dataset(groups={name: Group(name) for name in names})


def test_a_variable_may_lie_on_a_dimension_of_a_group_behind_its_own(tmp_path: Path) -> None:
    dataset = in_groups("first", "second", "third")
    x = dataset.groups["second"].dimensions["x"] = Dimension("x", 2)
    y = dataset.groups["third"].dimensions["y"] = Dimension("y", 3)
    dataset.dimensions["x"] = Dimension("x", 9)
    add(dataset.groups["first"], "v", INT, (x,), [1, 2])
    add(dataset.groups["second"], "x", INT, (x,), [3, 4])
    add(dataset.groups["second"], "w", INT, (y, x), 5)
    add(dataset.groups["third"], "y", INT, (y,), [7, 8, 9])
    add(dataset, "x", INT, (dataset.dimensions["x"],), 1)
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path)))


def test_a_variable_may_lie_on_a_dimension_of_a_group_in_its_own(tmp_path: Path) -> None:
    dataset = in_groups("child")
    x = dataset.groups["child"].dimensions["x"] = Dimension("x", 2)
    add(dataset, "v", INT, (x,), [1, 2])
    add(dataset.groups["child"], "x", INT, (x,), [3, 4])
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path)))


def test_coordinates_come_in_the_order_of_the_variables_not_of_the_dimensions(
    tmp_path: Path,
) -> None:
    dataset = with_dimensions(*(Dimension(name, 2) for name in "xyz"))
    x, y, z = dataset.dimensions.values()
    for name, axes in {"z": (z,), "v": (x, y, z), "x": (x,), "y": (y, x)}.items():
        add(dataset, name, INT, axes, 1)
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path)))


def test_attributes_may_be_of_a_type_of_a_group_below(tmp_path: Path) -> None:
    dataset = in_groups("below")
    blob = dataset.groups["below"].types["blob"] = OpaqueType("blob", 2)
    dataset.attributes["a"] = Attribute(np.array([b"ab"], "V2"), blob)
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path)))


# Unlimited dimensions.


@pytest.mark.parametrize("kind", [INT, STRING], ids=lambda kind: kind.name)
def test_an_unlimited_dimension_has_its_length_where_no_values_lie_along_it(
    tmp_path: Path, kind: Any
) -> None:
    time, never = Dimension("time", 5, unlimited=True), Dimension("never", 0, unlimited=True)
    dataset = with_dimensions(time, never, Dimension("n", 2))
    add(dataset, "time", kind, (time, never))
    add(dataset, "v", kind, (dataset.dimensions["n"], never, time))
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path)))


@pytest.mark.parametrize("data_model", [name for name in MODELS if "NETCDF3" in name])
def test_a_classic_file_has_its_number_of_records_without_variables_too(
    tmp_path: Path, data_model: str
) -> None:
    dataset = with_dimensions(Dimension("time", 5, unlimited=True), x := Dimension("x", 2))
    add(dataset, "v", INT, (x,), [1, 2])
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path, data_model)))


@pytest.mark.parametrize("data_model", MODELS)
def test_an_unlimited_dimension_may_be_empty(tmp_path: Path, data_model: str) -> None:
    dataset = with_dimensions(never := Dimension("never", 0, unlimited=True))
    add(dataset, "v", CHAR, (never,))
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path, data_model)))


# Fill values.


@pytest.mark.parametrize("data_model", MODELS)
@pytest.mark.parametrize(
    "fill",
    [
        Attribute([7], INT),
        Attribute([1, 2], FLOAT),
        Attribute([], FLOAT),
        Attribute("text", CHAR),
        Attribute("", CHAR),
    ],
    ids=repr,
)
@pytest.mark.parametrize("unlimited", [True, False])
def test_a_fill_value_that_netcdf_does_not_heed_is_an_attribute_in_its_place(
    tmp_path: Path, data_model: str, fill: Attribute, unlimited: bool
) -> None:
    dataset = with_dimensions(x := Dimension("x", 3, unlimited))
    before, after = Attribute("a", CHAR), Attribute([1], INT)
    add(dataset, "v", FLOAT, (x,), [1, 2, 3], _FillVal00=before, _FillValue=fill, z=after)
    add(dataset, "s", FLOAT, (), 1, _FillValue=fill)
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path, data_model)))


@pytest.mark.parametrize("value", [85, np.nan, 0])
def test_a_fill_value_that_no_attribute_tells_of_is_in_the_file(
    tmp_path: Path, value: float
) -> None:
    dataset = with_dimensions(x := Dimension("x", 3, unlimited=True))
    units = Attribute("m", CHAR)
    add(dataset, "v", FLOAT, (x,), [1, 2, 3], Storage(fill_value=np.float32(value)), units=units)
    path = write(dataset, tmp_path)
    with h5py.File(path) as file:
        assert np.array_equal(file["v"].fillvalue, np.float32(value), equal_nan=True)
    with netCDF4.Dataset(path) as found:
        assert found["v"].ncattrs() == ["units"]


def test_texts_and_rows_are_filled_whatever_is_asked(tmp_path: Path) -> None:
    row = VlenType("row", INT)
    dataset = with_dimensions(x := Dimension("x", 2, unlimited=True))
    dataset.types["row"] = row
    none = Storage(fill_mode="none")
    add(dataset, "s", STRING, (x,), ["a", None], none)
    add(dataset, "r", row, (x,), rows([[1], []], row), none)
    assert_alike(dataset, raw_reading.read(write(dataset, tmp_path)))


# Storage.


def stored(folder: Path, shape: tuple[Dimension, ...], storage: Storage, kind: Any = INT) -> Any:
    """Return how h5py finds a variable that was to be stored in that way."""
    dataset = with_dimensions(*shape)
    add(dataset, "v", kind, shape, 1, storage)
    path = write(dataset, folder)
    assert_alike(dataset, raw_reading.read(path))
    with h5py.File(path) as file:
        recipe = file["v"].id.get_create_plist()
        layout = {0: "compact", 1: "contiguous", 2: "chunked"}[recipe.get_layout()]
        return layout, file["v"].chunks, [code for code, _ in filters(file["v"])]


X, LONG, GROWING = Dimension("x", 8), Dimension("long", 20_000), Dimension("t", 8, unlimited=True)
DEFLATE = Filter("deflate", {"id": 1, "values": (1,)})


@pytest.mark.parametrize(
    ("shape", "storage", "expected"),
    [
        ((X,), Storage(), ("contiguous", None, [])),
        ((X,), Storage(chunks=(3,)), ("chunked", (3,), [])),
        ((X,), Storage("chunked", (100,)), ("chunked", (8,), [])),
        ((X,), Storage("chunked", (0,)), ("chunked", (1,), [])),
        ((X,), Storage("chunked", (3, 3)), ("chunked", (8,), [])),  # of another rank: netCDF-C's
        ((GROWING,), Storage("contiguous", (100,)), ("chunked", (100,), [])),
        ((GROWING,), Storage("compact"), ("chunked", (1024,), [])),
        ((X,), Storage("contiguous", None, (DEFLATE,)), ("chunked", (8,), [1])),
        ((LONG,), Storage("compact"), ("contiguous", None, [])),
        ((), Storage("chunked", ()), ("contiguous", None, [])),
        ((), Storage("compact"), ("compact", None, [])),
        ((), Storage(filters=(DEFLATE,)), ("contiguous", None, [])),
    ],
)
def test_what_storage_cannot_be_is_the_nearest_that_can(
    tmp_path: Path, shape: tuple[Dimension, ...], storage: Storage, expected: Any
) -> None:
    assert stored(tmp_path, shape, storage) == expected


def test_chunks_of_4_gib_and_more_are_divided(tmp_path: Path) -> None:
    empty = Dimension("t", 0, unlimited=True)
    _, chunks, _ = stored(tmp_path, (empty, X), Storage("chunked", (2**31, 8)))
    assert chunks == (2**26, 8)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Filter("shuffle", {"id": 2, "values": (4,)}), 2),
        (Filter("fletcher32", {"id": 3, "values": ()}), 3),
        (Filter("szip", {"id": 4, "values": (141, 8, 32, 8)}), 4),
        (Filter("szip", {"id": 4, "values": (32, 8)}), 4),
        (Filter("nbit", {"id": 5, "values": (8, 1, 8, 1, 4, 0, 32, 0)}), 5),
        (Filter("scaleoffset", {"id": 6, "values": (2, 0, 8, 0, 4, 1, 0, 1)}), 6),
        (Filter("bzip2", {"id": 307, "values": (9,)}), 307),
        (Filter("zstd", {"id": 32015, "values": (3,)}), 32015),
        (Filter("zlib", {"level": 3}), 1),
        (Filter("gzip", {"level": 3}), 1),
        (Filter("zstd", {"level": 3, "checksum": False}), 32015),
        (Filter("bz2", {"level": 3}), 307),
        (Filter("shuffle", {"elementsize": 4}), 2),
    ],
    ids=lambda value: str(value)[:60],
)
def test_filters_are_set_by_their_numbers_or_names(
    tmp_path: Path, given: Filter, code: int, recwarn: pytest.WarningsRecorder
) -> None:
    found = stored(tmp_path, (X,), Storage("chunked", (8,), (given,)))
    if recwarn:
        pytest.skip(f"this netCDF-C does not have it: {recwarn[0].message}")
    assert found == ("chunked", (8,), [code])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (Filter("lossless-9", {"id": 54321, "values": ()}), "undefined filter"),
        (Filter("bitround", {"keepbits": 3}), "HDF5 has no filter of that name"),
        (Filter("blosc", {"id": 32001, "values": (2, 2, 4, 32, 5, 1, 0)}), "it fails"),
        (Filter("blosc", {"cname": "lz4", "clevel": 5, "shuffle": 1}), "it fails"),
        (Filter("zfp", {"id": 32013, "values": (1, 2)}), "it would change the values"),
        (Filter("scaleoffset", {"id": 6, "values": (0, 3)}), "it would change the values"),
        (Filter("zlib", {}), "its parameters are not known"),
        (Filter("deflate", {"id": 1, "values": (77,)}), "nc_def_var_filter"),
    ],
)
def test_a_filter_that_is_not_there_is_warned_of(
    tmp_path: Path, given: Filter, reason: str
) -> None:
    with pytest.warns(ZarrCdmWarning, match=f"/v is written without the filter.*{reason}"):
        found = stored(tmp_path, (X,), Storage("chunked", (4,), (given, DEFLATE)))
    assert found == ("chunked", (4,), [1])


# Values.


class Counted:
    """Data that are made when they are read, and remember how many were asked for at once."""

    dtype = np.dtype("f4")

    def __init__(self, *shape: int, chunks: tuple[int, ...] | None = None) -> None:
        self.shape = shape
        self.asked: list[tuple[int, ...]] = []
        if chunks:
            self.chunks = chunks

    def __getitem__(self, selection: tuple[slice, ...]) -> np.ndarray:
        self.asked.append(tuple(part.stop - part.start for part in selection))
        grids = np.ogrid[selection]
        return np.asarray(sum(grid * 1000**i for i, grid in enumerate(grids)), "f4")


@pytest.mark.parametrize("layout", ["contiguous", "chunked"])
@pytest.mark.parametrize("data_model", ["NETCDF4", "NETCDF3_64BIT_DATA"])
def test_data_go_over_in_blocks(tmp_path: Path, layout: Any, data_model: str) -> None:
    y, x = Dimension("y", 4000), Dimension("x", 3000)
    dataset = with_dimensions(y, x)
    data = Counted(4000, 3000)
    chunks = (7, 3000) if layout == "chunked" else None
    dataset.variables["v"] = Variable(
        "v", FLOAT, (y, x), data=data, storage=Storage(layout, chunks)
    )
    path = write(dataset, tmp_path, data_model)
    assert len(data.asked) > 2
    assert max(np.prod(shape) for shape in data.asked) * 4 <= BLOCK_BYTES
    with netCDF4.Dataset(path) as file:
        assert (file["v"][:] == Counted(4000, 3000)[0:4000, 0:3000]).all()


def test_blocks_are_whole_chunks_of_source_and_target(tmp_path: Path) -> None:
    y, x = Dimension("y", 4000), Dimension("x", 3000)
    dataset = with_dimensions(y, x)
    data = Counted(4000, 3000, chunks=(1000, 100))
    storage = Storage("chunked", (30, 70))
    dataset.variables["v"] = Variable("v", FLOAT, (y, x), data=data, storage=storage)
    write(dataset, tmp_path)
    # 1020 and 140: the least that is whole chunks of the file and no less than one of the source.
    assert {(rows_ % 1020, columns % 140) for rows_, columns in data.asked} <= {
        *((0, 0), (0, 3000 % 140), (4000 % 1020, 0), (4000 % 1020, 3000 % 140))
    }
    assert sum(np.prod(shape) for shape in data.asked) == 4000 * 3000


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (STRING, "a\0b", "ends at its first NUL"),
        (STRING, "\ud800", "UTF-8 cannot say"),
        (STRING, 5, "has 5 where a text, or None, should be"),
        (VlenType("row", INT), None, "has None where a row of int should be"),
        (VlenType("row", INT), np.zeros((), "i4"), "where a row of int should be"),
        (VlenType("row", INT), np.zeros(2, "f8"), "has a row of float64, wanted int32 for row"),
    ],
)
def test_values_that_are_none_of_the_type_are_named_and_leave_nothing(
    tmp_path: Path, kind: Any, value: Any, message: str
) -> None:
    dataset = with_dimensions(x := Dimension("x", 1))
    dataset.types = {} if kind is STRING else {"row": kind}
    variable = add(dataset, "v", kind, (x,))
    variable.data[0] = value  # type: ignore[index]
    with pytest.raises(ValuesError, match=f"out.nc: /v: .*{message}"):
        write(dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_data_that_give_another_shape_or_type_are_named(tmp_path: Path) -> None:
    for data, message in {
        "shape": r"gave values of shape \(2,\) for a block of \(3,\)",
        "type": "has values of float64, wanted float32 for float",
    }.items():

        class Lying:
            shape, dtype = (3,), np.dtype("f4")

            def __getitem__(self, selection: Any, kind: str = data) -> np.ndarray:
                return np.zeros(2, "f4") if kind == "shape" else np.zeros(3)

        dataset = with_dimensions(x := Dimension("x", 3))
        dataset.variables["v"] = Variable("v", FLOAT, (x,), data=Lying())
        with pytest.raises(ValuesError, match=message):
            write(dataset, tmp_path)


def test_members_lie_where_c_puts_them(tmp_path: Path) -> None:
    packed = CompoundType(
        "packed",
        (CompoundField("b", ATOMIC_TYPES["byte"], 0), CompoundField("d", DOUBLE, 1)),
        9,
    )
    natural = replace(
        packed, fields=(packed.fields[0], replace(packed.fields[1], offset=8)), item_bytes=16
    )
    dataset = Dataset(types={"packed": packed})
    values = np.array([(1, 2.5), (-3, -0.0)], packed.dtype)
    dataset.attributes["a"] = Attribute(values, packed)
    dataset.dimensions["x"] = Dimension("x", 2)
    add(dataset, "v", packed, (dataset.dimensions["x"],), values)
    message = r"/packed: the members lie at \[0, 1\] of 9 bytes; netCDF-C .* at \[0, 8\] of 16"
    with pytest.warns(ZarrCdmWarning, match=message):
        found = raw_reading.read(write(dataset, tmp_path))
    assert found.types == {"packed": natural}
    assert found.variables["v"].data[...].tolist() == values.tolist()
    assert found.attributes["a"].value.tolist() == values.tolist()  # type: ignore[union-attr]


def test_a_name_is_written_in_the_form_nfc(tmp_path: Path) -> None:
    dataset = with_dimensions(Dimension("e\u0301", 2))
    with pytest.warns(ZarrCdmWarning, match=r"netCDF writes 'e\\u0301' as 'é'"):
        path = write(dataset, tmp_path)
    assert list(raw_reading.read(path).dimensions) == ["é"]


# What others make of it.


@needs_ncdump
def test_ncdump_prints_what_was_put_in(tmp_path: Path) -> None:
    dataset = with_dimensions(x := Dimension("x", 2), t := Dimension("t", 1, unlimited=True))
    cloud = dataset.types["cloud"] = EnumType("cloud", INT, {"clear": 0, "cumulus": 1})
    pair = CompoundType("pair", (CompoundField("a", INT, 0), CompoundField("s", STRING, 8)), 16)
    dataset.types["pair"] = pair
    dataset.types["row"] = row = VlenType("row", cloud)
    add(dataset, "c", cloud, (x,), [1, 0], _FillValue=Attribute([1], cloud))
    add(dataset, "p", pair, (t,), np.array([(1, "°C")], pair.dtype))
    add(dataset, "r", row, (x,), rows([[0, 1], []], row), one=Attribute(rows([[1]], row), row))
    assert ncdump(write(dataset, tmp_path)) == (
        "netcdf x {\n"
        "types:\n"
        "  int enum cloud {clear = 0, cumulus = 1} ;\n"
        "  compound pair {\n"
        "    int a ;\n"
        "    string s ;\n"
        "  }; // pair\n"
        "  cloud(*) row ;\n"
        "dimensions:\n"
        "\tx = 2 ;\n"
        "\tt = UNLIMITED ; // (1 currently)\n"
        "variables:\n"
        "\tcloud c(x) ;\n"
        "\t\tcloud c:_FillValue = cumulus ;\n"
        "\tpair p(t) ;\n"
        "\trow r(x) ;\n"
        "\t\trow r:one = {cumulus} ;\n"
        "data:\n\n"
        " c = _, clear ;\n\n"
        ' p = {1, "°C"} ;\n\n'
        " r = {clear, cumulus}, {} ;\n"
        "}\n0"
    )


@needs_shared
@needs_ncdump
@pytest.mark.parametrize("path", REAL_FILES, ids=name_of)
def test_a_copy_of_a_real_file_dumps_as_the_file(path: Path, tmp_path: Path) -> None:
    door = NetcdfFormat()
    with door.read(str(path)) as dataset:
        copied = write(dataset, tmp_path)
    assert ncdump(copied) == original(path)
