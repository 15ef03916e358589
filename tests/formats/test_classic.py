"""`zarr_cdm.formats.classic` reads what netCDF-C wrote, and never more than is there."""

from __future__ import annotations

import csv
import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR
from zarr_cdm.errors import FormatError
from zarr_cdm.formats import classic

FORMATS = {"NETCDF3_CLASSIC": 1, "NETCDF3_64BIT_OFFSET": 2, "NETCDF3_64BIT_DATA": 5}
CDF5_TYPES = ["i1", "S1", "i2", "i4", "f4", "f8", "u1", "u2", "u4", "i8", "u8"]
CDF1_TYPES = CDF5_TYPES[:6]


def shared_data() -> Path:
    """Return the folder of real files, or skip the test."""
    default = Path(__file__).parents[2].parent / "shared"
    folder = Path(os.environ.get("ZARR_CDM_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip(f"no real files at {folder}; set ZARR_CDM_SHARED to the folder that has data/")
    return folder


def shared_classic_files() -> Iterator[Path]:
    folder = shared_data()
    with open(folder / "INDEX.tsv", newline="") as index:
        for row in csv.DictReader(index, delimiter="\t"):
            if row["model"] in FORMATS and row["core"] == "core":
                yield folder / row["path"]


# Files that netCDF-C writes. Each function fills a new dataset.


def nothing(dataset: netCDF4.Dataset) -> None:
    pass


def only_attributes_and_dimensions(dataset: netCDF4.Dataset) -> None:
    dataset.createDimension("x", 3)
    dataset.createDimension("time", None)
    dataset.title = "abcde"


def scalars(dataset: netCDF4.Dataset) -> None:
    for number, kind in enumerate(CDF1_TYPES):
        dataset.createVariable(f"v{number}", kind)[...] = 7 if kind != "S1" else "a"


def fixed_with_padding(dataset: netCDF4.Dataset) -> None:
    dataset.createDimension("x", 3)
    for number, kind in enumerate(["i1", "f8", "i2"]):
        dataset.createVariable(f"v{number}", kind, ("x",), fill_value=9)[:] = np.arange(3)


def unwritten_last(dataset: netCDF4.Dataset) -> None:
    dataset.createDimension("x", 501)
    dataset.createVariable("a", "i2", ("x",))[:] = 1
    dataset.createVariable("b", "i1", ("x",))


def no_records(dataset: netCDF4.Dataset) -> None:
    dataset.createDimension("time", None)
    dataset.createDimension("x", 3)
    dataset.createVariable("a", "i2", ("time", "x"))
    dataset.createVariable("b", "i1", ("time",))
    dataset.createVariable("c", "i1", ("x",))


def one_record_variable(kind: str) -> Callable[[netCDF4.Dataset], None]:
    def fill(dataset: netCDF4.Dataset) -> None:
        dataset.createDimension("time", None)
        dataset.createDimension("x", 3)
        dataset.createVariable("c", "i1", ("x",))[:] = 1
        dataset.createVariable("a", kind, ("time", "x"))[:5] = np.arange(15).reshape(5, 3)

    return fill


def many_record_variables(dataset: netCDF4.Dataset) -> None:
    dataset.createDimension("time", None)
    dataset.createDimension("x", 3)
    for number, kind in enumerate(["i1", "f8", "i2", "f4", "i1"]):
        variable = dataset.createVariable(f"v{number}", kind, ("time", "x")[: 1 + number % 2])
        variable[: 2 if number else 4] = 1


def sparse_records(dataset: netCDF4.Dataset) -> None:
    dataset.createDimension("time", None)
    dataset.createVariable("a", "f8", ("time",))[700] = 1
    dataset.createVariable("b", "i1", ("time",))


def grown(dataset: netCDF4.Dataset) -> None:
    fixed_with_padding(dataset)
    many = dataset.createDimension("time", None)
    dataset.createVariable("w", "i2", (many.name, "x"))[2] = 3
    dataset.comment = "x" * 1000
    dataset.createVariable("late", "i1", ("x",))
    dataset.createVariable("late_record", "i1", ("time",))


CASES = [
    nothing,
    only_attributes_and_dimensions,
    scalars,
    fixed_with_padding,
    unwritten_last,
    no_records,
    many_record_variables,
    sparse_records,
    grown,
]
NAMED_CASES = [pytest.param(case, id=case.__name__) for case in CASES] + [
    pytest.param(one_record_variable(kind), id=f"one_record_variable_{kind}")
    for kind in ("i1", "i2", "f4")
]


def write(path: Path, build: Callable[[netCDF4.Dataset], None], format: str, *, fill: bool) -> None:
    with netCDF4.Dataset(path, "w", format=format) as dataset:
        (dataset.set_fill_on if fill else dataset.set_fill_off)()
        build(dataset)


def values(path: Path) -> dict[str, tuple[tuple[int, ...], bytes]]:
    with netCDF4.Dataset(path) as dataset:
        dataset.set_auto_maskandscale(False)
        dataset.set_auto_chartostring(False)
        arrays = {name: np.asarray(v[...]) for name, v in dataset.variables.items()}
    return {name: (array.shape, array.tobytes()) for name, array in arrays.items()}


def assert_same_attributes(found: classic.ClassicHeader, path: Path) -> None:
    with netCDF4.Dataset(path) as dataset:
        pairs = [(found.attributes, dataset)]
        pairs += [(found.variables[name].attributes, v) for name, v in dataset.variables.items()]
        for attributes, owner in pairs:
            assert list(attributes) == owner.ncattrs()
            for name, attribute in attributes.items():
                assert_same_attribute(attribute, owner.getncattr(name))


def assert_same_attribute(attribute: Attribute, wanted: object) -> None:
    if isinstance(attribute.value, str):
        assert attribute.type is CHAR
        assert attribute.value.replace("\0", "") == wanted
    else:
        array = np.atleast_1d(wanted)
        assert attribute.value.dtype == array.dtype == attribute.type.dtype
        np.testing.assert_array_equal(attribute.value, array)


def assert_same_structure(found: classic.ClassicHeader, path: Path) -> None:
    with netCDF4.Dataset(path) as dataset:
        assert found.version == FORMATS[dataset.data_model]
        assert [name for name, _ in found.dimensions] == list(dataset.dimensions)
        for name, size in found.dimensions:
            dimension = dataset.dimensions[name]
            assert (size == 0) == dimension.isunlimited()
            assert (size or found.records) == len(dimension)
        assert list(found.variables) == list(dataset.variables)
        for name, variable in found.variables.items():
            other = dataset.variables[name]
            assert variable.type.dtype == other.dtype
            names = tuple(found.dimensions[index][0] for index in variable.dimensions)
            assert names == other.dimensions


# Agreement with netCDF-C


@pytest.mark.parametrize("fill", [True, False], ids=["fill", "nofill"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("build", NAMED_CASES)
def test_what_netcdf_c_wrote_is_long_enough_and_read_as_netcdf_c_reads_it(
    tmp_path: Path, build: Callable[[netCDF4.Dataset], None], format: str, fill: bool
) -> None:
    path = tmp_path / "a.nc"
    write(path, build, format, fill=fill)
    header = classic.check_length(str(path))
    assert header.end <= path.stat().st_size
    assert_same_structure(header, path)
    assert_same_attributes(header, path)


@pytest.mark.parametrize("build", NAMED_CASES)
def test_file_that_was_opened_again_and_extended_is_long_enough(
    tmp_path: Path, build: Callable[[netCDF4.Dataset], None]
) -> None:
    path = tmp_path / "a.nc"
    write(path, build, "NETCDF3_64BIT_DATA", fill=False)
    with netCDF4.Dataset(path, "a") as dataset:
        dataset.set_fill_off()
        dataset.createDimension("late", 5)
        dataset.createVariable("added", "u2", ("late",))
        dataset.history = "y" * 77
    assert_same_structure(classic.check_length(str(path)), path)


def test_real_files_are_complete_and_read_as_netcdf_c_reads_them() -> None:
    paths = list(shared_classic_files())
    assert len(paths) == 20
    for path in paths:
        header = classic.check_length(str(path))
        assert_same_structure(header, path)
        assert_same_attributes(header, path)


@pytest.mark.parametrize("kind", CDF5_TYPES)
def test_every_type_of_variable_and_attribute_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.nc"
    dtype = np.dtype(kind)
    stored = "abc" if kind == "S1" else np.array([1, 2, 3], dtype)
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_DATA") as dataset:
        dataset.createDimension("x", 5)
        dataset.createVariable("v", kind, ("x",)).setncattr("a", stored)
    variable = classic.check_length(str(path)).variables["v"]
    assert variable.attributes == {"a": Attribute.of(stored)}
    assert (variable.type.dtype, variable.nbytes) == (dtype, 5 * dtype.itemsize)


# Attributes, exact


@pytest.mark.parametrize(
    "stored", [b"a\0bc\0\0", b"\0\0\0\0\0\0", b"\xff\xfe\0\xe9lo", "é→\0".encode()]
)
def test_char_attribute_keeps_every_byte(tmp_path: Path, stored: bytes) -> None:
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as dataset:
        dataset.title = "123456"
    path.write_bytes(path.read_bytes().replace(b"123456", stored))
    attribute = classic.read_header(str(path)).attributes["title"]
    assert attribute.type is CHAR
    assert isinstance(attribute.value, str)
    assert attribute.value.encode("utf-8", "surrogateescape") == stored


def test_nan_payload_of_an_attribute_is_kept(tmp_path: Path) -> None:
    stored = bytes.fromhex("7fc12345 ffa00001")
    body = attributes_of(("a", 5, 2, stored))
    path = save(tmp_path, CDF1 + count(0) + ABSENT + body + ABSENT)
    found = classic.read_header(path).attributes["a"].value
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.dtype("f4")
    assert found.view("u4").tolist() == list(struct.unpack(">2I", stored))


def test_empty_attributes_are_read(tmp_path: Path) -> None:
    body = attributes_of(("text", 2, 0, b""), ("numbers", 5, 0, b""))
    path = save(tmp_path, CDF1 + count(0) + ABSENT + body + ABSENT)
    assert classic.check_length(path).attributes == {
        "text": Attribute("", CHAR),
        "numbers": Attribute(np.array([], "f4"), ATOMIC_TYPES["float"]),
    }


def test_name_that_is_no_utf8_is_kept(tmp_path: Path) -> None:
    body = count(0x0A) + count(1) + count(2) + b"\xe9\xff\0\0" + count(3)
    header = classic.read_header(save(tmp_path, CDF1 + count(0) + body + ABSENT + ABSENT))
    assert header.dimensions == (("\udce9\udcff", 3),)


# Files that are cut


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "build", [param for param in NAMED_CASES if "sparse" not in param.id and param.id != "grown"]
)
def test_file_cut_at_any_byte_is_refused_unless_all_values_are_there(
    tmp_path: Path, build: Callable[[netCDF4.Dataset], None], format: str
) -> None:
    whole, cut = tmp_path / "whole.nc", tmp_path / "cut.nc"
    write(whole, build, format, fill=True)
    data, wanted = whole.read_bytes(), values(whole)
    end = classic.check_length(str(whole)).end
    # netCDF-C writes 4096 bytes for an empty file, which needs 32: no use in cutting all of them.
    for length in range(min(len(data), end + 4)):
        cut.write_bytes(data[:length])
        if length < end:
            with pytest.raises(FormatError, match=r"truncated|not a classic netCDF file"):
                classic.check_length(str(cut))
        else:
            classic.check_length(str(cut))
            assert values(cut) == wanted


def test_only_the_padding_of_the_last_value_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    write(path, many_record_variables, "NETCDF3_CLASSIC", fill=True)
    assert path.stat().st_size - classic.check_length(str(path)).end == 3  # the last one is a byte


def test_message_for_a_cut_file_names_both_lengths(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    write(path, fixed_with_padding, "NETCDF3_CLASSIC", fill=True)
    data = path.read_bytes()
    path.write_bytes(data[:-8])
    with pytest.raises(FormatError) as caught:
        classic.check_length(str(path))
    wanted = f"demands {len(data) - 2} bytes, the file has {len(data) - 8}; fetch it again"
    assert wanted in caught.value.message
    assert caught.value.source == str(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("truncated_100B.nc", "truncated: the file has 100 bytes, its header goes on"),
        ("bad_cdf5_begin.nc", "var_small: damaged: its data begin at byte 4294967515"),
        ("empty.nc", "not a classic netCDF file"),
        ("truncated_half_rotated_pole.nc", "not a classic netCDF file"),
    ],
)
def test_real_damaged_files_are_refused(name: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        classic.check_length(str(shared_data() / "negative" / name))


# An open number of records


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("build", "records"),
    [(one_record_variable("i1"), 5), (many_record_variables, 4), (no_records, 0), (scalars, 0)],
)
def test_open_number_of_records_is_taken_from_the_length(
    tmp_path: Path, build: Callable[[netCDF4.Dataset], None], records: int, format: str
) -> None:
    path = tmp_path / "a.nc"
    write(path, build, format, fill=True)
    closed = classic.check_length(str(path))
    width = 8 if format == "NETCDF3_64BIT_DATA" else 4
    data = bytearray(path.read_bytes())
    data[4 : 4 + width] = b"\xff" * width
    path.write_bytes(data)
    header = classic.check_length(str(path))
    assert header.streaming
    assert not closed.streaming
    assert (header.records, header.end) == (records, closed.end)
    assert records == closed.records


def test_begun_record_of_an_open_number_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    write(path, one_record_variable("i1"), "NETCDF3_CLASSIC", fill=True)
    end = classic.check_length(str(path)).end
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff" * 4
    for missing, records in [(0, 5), (1, 4), (3, 4), (4, 3), (12, 1), (15, 0)]:
        path.write_bytes(data[: end - missing])
        assert classic.check_length(str(path)).records == records


# Headers made by hand

CDF1, CDF2, CDF5 = b"CDF\1", b"CDF\2", b"CDF\5"
ABSENT = bytes(8)


def count(number: int) -> bytes:
    return struct.pack(">I", number)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def name_of(text: str) -> bytes:
    return count(len(text)) + padded(text.encode())


def dimensions_of(**sizes: int) -> bytes:
    return b"".join(
        [count(0x0A), count(len(sizes)), *(name_of(n) + count(size) for n, size in sizes.items())]
    )


def attributes_of(*rows: tuple[str, int, int, bytes]) -> bytes:
    each = [name_of(n) + count(kind) + count(k) + padded(data) for n, kind, k, data in rows]
    return b"".join([count(0x0C), count(len(rows)), *each])


def variables_of(*rows: tuple[str, tuple[int, ...], int, int], offset: str = ">i") -> bytes:
    each = [
        b"".join(
            [
                name_of(name),
                count(len(ids)),
                *map(count, ids),
                ABSENT,
                count(kind),
                count(4),
                struct.pack(offset, begin),
            ]
        )
        for name, ids, kind, begin in rows
    ]
    return b"".join([count(0x0B), count(len(rows)), *each])


def save(folder: Path, data: bytes) -> str:
    path = folder / "made.nc"
    path.write_bytes(data)
    return str(path)


X = dimensions_of(x=3)
TIME_X = dimensions_of(time=0, x=3)
IMPOSSIBLE = {
    "other magic": (b"CDF\3" + bytes(28), "starts with b'CDF.x03', wanted one of"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "not a classic netCDF file"),
    "two record dimensions": (CDF1 + count(0) + dimensions_of(a=0, b=0) + ABSENT * 2, "2 record"),
    "record dimension second": (
        CDF1 + count(0) + TIME_X + ABSENT + variables_of(("v", (1, 0), 1, 99)),
        "record dimension in another place",
    ),
    "unknown dimension": (
        CDF1 + count(0) + X + ABSENT + variables_of(("v", (1,), 1, 99)),
        r"uses dimension 1 \(counted from 0\), the file has 1",
    ),
    "dimension -1": (
        CDF1 + count(0) + X + ABSENT + variables_of(("v", (2**32 - 1,), 1, 99)),
        "uses dimension 4294967295",
    ),
    "type 0": (CDF1 + count(0) + X + ABSENT + variables_of(("v", (0,), 0, 99)), "unknown type 0"),
    "type string": (
        CDF1 + count(0) + ABSENT + attributes_of(("a", 12, 1, bytes(4))) + ABSENT,
        "unknown type 12 at byte 32; known: 1 to 11",
    ),
    "wrong tag": (CDF1 + count(0) + count(0x0C) + X[4:] + ABSENT * 2, "has the tag 12, wanted 10"),
    "untagged list": (CDF1 + count(0) + count(0) + X[4:] + ABSENT * 2, "has the tag 0, wanted 10"),
    "two of a name": (
        CDF1 + count(0) + ABSENT + attributes_of(*[("a", 1, 1, b"1")] * 2) + ABSENT,
        "two elements of one list have the name 'a'",
    ),
    "negative begin": (
        CDF1 + count(0) + X + ABSENT + variables_of(("v", (0,), 1, -4)),
        "the begin of a variable at byte 76 is negative",
    ),
    "begin in the header": (
        CDF1 + count(0) + X + ABSENT + variables_of(("v", (0,), 1, 76)),
        "v: damaged: its data begin at byte 76, but the header goes up to byte 80",
    ),
    "overlap": (
        CDF1 + count(0) + X + ABSENT + variables_of(("v", (0,), 6, 400), ("w", (0,), 1, 420)),
        "w: damaged: its data begin at byte 420, but variable 'v' goes up to byte 424",
    ),
    "begin at 2^63": (
        CDF2 + count(0) + X + ABSENT + variables_of(("v", (0,), 6, 2**63 - 8), offset=">q"),
        "no file can be so long",
    ),
    "too many values": (
        CDF2
        + count(0)
        + dimensions_of(x=2**31)
        + ABSENT
        + variables_of(("v", (0,) * 50_000, 6, 2**40), offset=">q"),
        "2\\^63 bytes or more",
    ),
    "two billion dimensions": (CDF1 + count(0) + count(0x0A) + count(2**31) + bytes(99), "trunc"),
    "long name": (CDF1 + count(0) + count(0x0A) + count(1) + count(2**32 - 1) + bytes(99), "trunc"),
    "long attribute": (
        CDF1 + count(0) + ABSENT + attributes_of(("a", 6, 2**31, bytes(8))) + ABSENT,
        "truncated",
    ),
    "rank of two billion": (
        CDF1 + count(0) + X + ABSENT + count(0x0B) + count(1) + name_of("v") + count(2**31) + X * 9,
        "truncated",
    ),
    "negative records in CDF-5": (CDF5 + struct.pack(">q", -2) + bytes(36), "records is negative"),
    "negative count in CDF-5": (
        CDF5 + bytes(8) + count(0x0A) + struct.pack(">q", -1) + bytes(36),
        "a count at byte 16 is negative",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_impossible_header_is_refused_with_its_reason(tmp_path: Path, case: str) -> None:
    data, message = IMPOSSIBLE[case]
    with pytest.raises(FormatError, match=message):
        classic.read_header(save(tmp_path, data))


def test_size_comes_from_the_dimensions_where_the_header_cannot_hold_it(tmp_path: Path) -> None:
    sizes = dimensions_of(x=2**30, y=9)
    body = variables_of(("v", (1, 0), 6, 200), offset=">q")
    header = classic.read_header(save(tmp_path, CDF2 + count(0) + sizes + ABSENT + body))
    assert header.variables["v"].nbytes == 9 * 2**33
    assert header.end == 200 + 9 * 2**33


def test_fixed_variable_may_be_defined_after_a_record_variable(tmp_path: Path) -> None:
    body = variables_of(("r", (0, 1), 1, 300), ("f", (1,), 1, 200))
    header = classic.read_header(save(tmp_path, CDF1 + count(9) + TIME_X + ABSENT + body))
    assert [variable.record for variable in header.variables.values()] == [True, False]
    assert header.end == 300 + 8 * 3 + 3


def test_mutated_files_give_a_header_or_a_format_error(tmp_path: Path) -> None:
    generator = random.Random(20260101)
    seeds = []
    for number, (format, build) in enumerate((f, b) for f in FORMATS for b in CASES[1:7]):
        path = tmp_path / f"{number}.nc"
        write(path, build, format, fill=True)
        seeds.append(path.read_bytes())
    accepted = 0
    for _ in range(600):
        data = bytearray(generator.choice(seeds))
        for _ in range(generator.randint(1, 4)):
            place = generator.randrange(len(data))
            data[place] = generator.choice([0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)])
        try:
            header = classic.check_length(save(tmp_path, bytes(data)))
        except FormatError:
            continue
        assert 0 < header.end <= len(data)
        accepted += 1
    assert 0 < accepted < 600
