"""CDL as ncdump prints it: ncdump itself is the oracle; a few literal texts need no oracle."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, STRING
from zarr_cdm.errors import MetadataError
from zarr_cdm.formats import cdl, cdl_data, netcdf

SHARED = Path(os.environ.get("ZARR_CDM_SHARED", Path(__file__).parents[3] / "shared")) / "data"
# Data that ncdump 4.9.0 fails on: values of an enum that are none of its members.
VALUES_WITHOUT_NAMES = "netcdf-c/ref_tst_irish_rover.nc"
CLASSIC = ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4_CLASSIC")
NUMBERS = {name: row.dtype for name, row in ATOMIC_TYPES.items() if row.dtype.kind in "iuf"}


def ncdump_version():
    if shutil.which("ncdump") is None:
        return None
    usage = subprocess.run(["ncdump"], capture_output=True, text=True).stderr
    found = re.search(r"library version (\d+)\.(\d+)", usage)
    return found and (int(found[1]), int(found[2]))


needs_ncdump = pytest.mark.skipif(
    (ncdump_version() or (0, 0)) < (4, 9),
    reason="ncdump of netCDF-C 4.9 or later is not installed (netcdf-bin)",
)


def core_files():
    if not (SHARED / "INDEX.tsv").exists():
        reason = f"there are no shared files at {SHARED}; set ZARR_CDM_SHARED"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    rows = [line.split("\t") for line in (SHARED / "INDEX.tsv").read_text().splitlines()]
    return [row[0] for row in rows if row[1] == "core" and row[0] != "path"]


def ncdump(path, *options):
    run = subprocess.run(["ncdump", *options, path], capture_output=True, check=True)
    return run.stdout.decode("utf-8", "surrogateescape")


def text_of(dataset, name="test", **options):
    return "".join(cdl.write(dataset, name=name, **options))


def assert_as_ncdump(path, dataset=None):
    with dataset or netcdf.NetcdfFormat().read(str(path)) as opened:
        assert text_of(opened, path.stem, header=True) == ncdump(path, "-h")
        assert text_of(opened, path.stem) == ncdump(path)


# ---- real files


@needs_ncdump
@pytest.mark.parametrize("name", core_files())
def test_real_file_is_dumped_as_by_ncdump(name):
    path = SHARED / name
    if name != VALUES_WITHOUT_NAMES:
        assert_as_ncdump(path)
        return
    with netcdf.NetcdfFormat().read(str(path)) as opened:
        assert text_of(opened, path.stem, header=True) == ncdump(path, "-h")


# ---- files built here, read through the netCDF door


def extremes(dtype):
    fill = netCDF4.default_fillvals[dtype.str[1:]]
    if dtype.kind == "f":
        info = np.finfo(dtype)
        limits = [info.max, info.min, info.tiny, info.smallest_subnormal, np.nan, np.inf, -np.inf]
        near_one = [1.0, 1 + info.eps, 1 + 3 * info.eps]
        return np.array([*limits, *near_one, -0.0, 0.0, 1 / 3, 1e6, 1e7, 1e15, 1e16, fill], dtype)
    info = np.iinfo(dtype)
    return np.array([info.max, info.min, 0, 1, 2, 100, fill], dtype)


@needs_ncdump
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_every_type(tmp_path, name):
    dtype = NUMBERS[name]
    values = extremes(dtype)
    with netCDF4.Dataset(tmp_path / "numbers.nc", "w") as file:
        file.set_auto_mask(False)
        file.createDimension("x", len(values))
        file.createDimension("y", 2)
        file.setncattr("all", values)
        plain = file.createVariable("plain", dtype, ("x",))
        plain[:] = values
        plain.setncattr("all", values)
        plain.setncattr("one", values[:1])
        plain.setncattr("none", values[:0])
        fills = [
            values[0],
            values[2],
            *([np.nan, np.inf, -np.inf, 0, 1] if dtype.kind == "f" else []),
        ]
        for number, fill in enumerate(fills):
            variable = file.createVariable(
                f"fill{number}", dtype, ("x",), fill_value=np.array(fill, dtype)
            )
            variable[:] = values
        file.createVariable("unwritten", dtype, ("y", "x"))
        file.createVariable("scalar", dtype, ())[...] = values[0]
        file.createVariable("unwritten_scalar", dtype, ())
    assert_as_ncdump(tmp_path / "numbers.nc")


@needs_ncdump
@pytest.mark.parametrize("model", [*CLASSIC, "NETCDF4"])
def test_char_data_and_text(tmp_path, model):
    rows = [
        b"abc",
        b'nul\0 inside "quoted"',
        b"it's\ttab\\n\n two lines",
        b"\x01\x07\x1b\x7f\x80\xff \xc3\xa9",
        b"\v\f\b\r",
        b"at the end\n",
        b"",
        b"\0\0 after",
    ]
    with netCDF4.Dataset(tmp_path / "char.nc", "w", format=model) as file:
        file.createDimension("record", None)
        file.createDimension("length", 100)
        file.createDimension("two", 2)
        file.setncattr("lines", "one\ntwo\n\tthree \\n \"q\" 'x' \x01\x1b\x7f\b\f\v\r")
        file.setncattr("last", "ends\n")
        file.setncattr("empty", "")
        if model != "NETCDF4":  # where netCDF4-python makes strings of what is not ASCII
            file.setncattr("unicode", "Zürich 日本語")
        texts = file.createVariable("texts", "S1", ("record", "length"))
        for number, row in enumerate(rows):
            texts[number] = np.frombuffer(row.ljust(100, b"\0"), "S1")
        cube = file.createVariable("cube", "S1", ("two", "two", "length"))
        cube[1, 0] = texts[1]
        file.createVariable("line", "S1", ("length",))[:] = texts[2]
        file.createVariable("one", "S1", ())[...] = b"1"
        file.createVariable("unwritten", "S1", ())
    assert_as_ncdump(tmp_path / "char.nc")


@needs_ncdump
def test_string_data(tmp_path):
    texts = [
        "a",
        "",
        'it\'s "q" \\',
        "tab\tnl\ncr\rv\vb\bf\f",
        "Zürich\x01\x7f",
        "é" * 60,
        "x" * 200,
    ]
    with netCDF4.Dataset(tmp_path / "string.nc", "w") as file:
        file.createDimension("x", len(texts))
        file.createDimension("y", 2)
        names = file.createVariable("names", str, ("x",))
        table = file.createVariable("table", str, ("y", "x"))
        for number, text in enumerate(texts):
            names[number] = text
            table[1, number] = text[::-1]
        file.createVariable("scalar", str, ())[...] = "one"
        file.createVariable("unwritten", str, ())
    assert_as_ncdump(tmp_path / "string.nc")


@needs_ncdump
@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 1, 3, 13), (1,), (1, 1, 1), (500,)])
def test_rows_and_lines(tmp_path, shape):
    values = np.random.default_rng(0).normal(size=shape) * 10.0 ** (np.arange(shape[-1]) % 20)
    with netCDF4.Dataset(tmp_path / "rows.nc", "w") as file:
        for axis, size in enumerate(shape):
            file.createDimension(f"d{axis}", size)
        for name in ("v", "a_name_that_is_nearly_as_long_as_a_line_" * 2, "é" * 38):
            for dtype in ("f4", "f8", "i2"):
                variable = file.createVariable(name + dtype, dtype, tuple(file.dimensions))
                variable[:] = values.clip(-9000, 9000) if dtype == "i2" else values
    assert_as_ncdump(tmp_path / "rows.nc")


@needs_ncdump
def test_inner_unlimited_dimensions_have_braces(tmp_path):
    with netCDF4.Dataset(tmp_path / "braces.nc", "w") as file:
        for name in ("t", "u", "w"):
            file.createDimension(name, None)
        file.createDimension("x", 3)
        sizes = {"t": 3, "u": 2, "w": 7, "x": 3}
        for names in ("t", "tu", "tx", "xt", "xut", "txuw", "tuw", "utxw", "xx"):
            shape = tuple(sizes[name] for name in names)
            for dtype in ("f8", "S1", "i1"):
                variable = file.createVariable(f"{names}_{dtype}", dtype, tuple(names))
                variable[:] = np.full(shape, b"c") if dtype == "S1" else np.full(shape, 1 / 3)
    assert_as_ncdump(tmp_path / "braces.nc")


@needs_ncdump
@pytest.mark.parametrize("model", [*CLASSIC, "NETCDF4"])
def test_no_records_and_no_variables(tmp_path, model):
    def create(name):
        return netCDF4.Dataset(tmp_path / name, "w", format=model)

    with create("nothing.nc"):
        pass
    with create("dimensions.nc") as file:
        file.createDimension("t", None)
        file.createDimension("unused", 2)
    with create("attributes.nc") as file:
        file.title = "no more"
    with create("records.nc") as file:
        file.createDimension("t", None)
        file.createDimension("x", 2)
        file.createVariable("t", "f8", ("t",))
        file.createVariable("tx", "S1", ("t", "x"))
        file.createVariable("x", "f4", ("x",))
    for path in sorted(tmp_path.iterdir()):
        assert_as_ncdump(path)


@needs_ncdump
def test_groups(tmp_path):
    with netCDF4.Dataset(tmp_path / "groups.nc", "w") as file:
        file.createDimension("x", 2)
        file.createDimension("root", 30)
        middle = file.createGroup("a b")
        middle.createDimension("x", 3)
        inner = middle.createGroup("1").createGroup("c")
        inner.createDimension("x", 4)
        inner.createDimension("t", None)
        file.createGroup("empty")
        for group in (file, middle, middle["1"], inner):
            group.title = "two\nlines"
            group.createVariable("x", "i4", ("x",))[:] = 1
            group.createVariable("data", "f8", ("root",))[:] = np.arange(30) / 7
            group["data"].units = "m"
            group.createVariable("both", "f8", ("x", "root"))[:] = 1 / 7
            group.createVariable("text", str, ("x",))[0] = "d" * 60
            group.createVariable("char", "S1", ("x", "root"))[0] = b"c\n"
        inner.createVariable("t", "i4", ("t",))
        inner.createVariable("tx", "i4", ("x", "t"))
    assert_as_ncdump(tmp_path / "groups.nc")


@needs_ncdump
@pytest.mark.parametrize("model", [*CLASSIC, "NETCDF4"])
def test_names(tmp_path, model):
    names = [
        "1abc",
        "a b",
        "a!b\"c#d$e%f&g'h(i)j*k+l,m-n.o",
        "a:b;c<d=e>f?g@h",
        "a[b]c\\d^e_f`g{h|i}j~",
    ]
    names += ["Zürich_日本語", "_x", "data", "group", "types", "variables", "dimensions", "netcdf"]
    with netCDF4.Dataset(tmp_path / "names.nc", "w", format=model) as file:
        for name in names:
            file.createDimension(name, 1)
            file.createVariable(name, "i4", (name,))[:] = 1
            file[name].setncattr(name, 1)
            file.setncattr(name, 1)
            if model == "NETCDF4":
                file.createGroup("g" + name).createDimension(name, 2)
    assert_as_ncdump(tmp_path / "names.nc")


@needs_ncdump
def test_c_format(tmp_path):
    formats = [("%8.2f", "f4"), ("%g km", "f8"), ("%5d", "i2"), ("%05u", "u1"), ("%.3e", "f8")]
    formats += [("%+6.1G%%", "f4"), ("%lld", "i8"), ("%s", "S1")]
    with netCDF4.Dataset(tmp_path / "c_format.nc", "w") as file:
        file.createDimension("x", 3)
        for number, (form, dtype) in enumerate(formats):
            variable = file.createVariable(f"v{number}", dtype, ("x",))
            variable.C_format = form
            variable[:] = np.array([b"a", b"b", b""]) if dtype == "S1" else [0, 1, 2]
    assert_as_ncdump(tmp_path / "c_format.nc")


# ---- files and datasets built here, each on its own


@needs_ncdump
def test_string_attributes(tmp_path):
    attributes = {
        "one": ("a\n\"b\" 'c' \\ \t\v",),
        "many": ("a", "", "Zürich\x01", "two\nlines"),
        "empty": ("",),
    }
    with netCDF4.Dataset(tmp_path / "strings.nc", "w") as file:
        for name, value in attributes.items():
            file.setncattr_string(name, list(value))
        file.createVariable("v", str, (), fill_value="missing")
    dataset = Dataset(provenance={"data_model": "NETCDF4"})
    dataset.attributes = {name: Attribute(value, STRING) for name, value in attributes.items()}
    data = np.array("missing", object)
    fill = {"_FillValue": Attribute(("missing",), STRING)}
    dataset.variables["v"] = Variable("v", STRING, (), fill, data)
    assert_as_ncdump(tmp_path / "strings.nc", dataset)


@needs_ncdump
def test_dimension_that_another_hides_has_a_path(tmp_path):
    with netCDF4.Dataset(tmp_path / "scopes.nc", "w") as file:
        fill_scopes(file, lambda group, name, size: group.createDimension(name, size))
    dataset = Dataset()
    fill_scopes(ModelGroup(dataset), lambda group, name, size: group.create(name, size))
    assert text_of(dataset, "scopes", header=True) == ncdump(tmp_path / "scopes.nc", "-h")


class ModelGroup:
    """netCDF4-python's way to fill a group of the model."""

    def __init__(self, group):
        self.group = group

    def create(self, name, size):
        return self.group.dimensions.setdefault(name, Dimension(name, size))

    def createGroup(self, name):
        return ModelGroup(self.group.groups.setdefault(name, Group(name)))

    def createVariable(self, name, dtype, dimensions):
        self.group.variables[name] = Variable(name, ATOMIC_TYPES["float"], dimensions)


def fill_scopes(file, dimension):
    outer = dimension(file, "x", 2), dimension(file, "y", 5)
    first = file.createGroup("1st")
    middle = first.createGroup("middle one")
    inner = middle.createGroup("inner")
    hiding = dimension(first, "x", 3), dimension(inner, "x", 4), dimension(inner, "y", 6)
    first.createVariable("a", "f4", (outer[0], hiding[0], outer[1]))
    middle.createVariable("b", "f4", (outer[0], hiding[0], outer[1]))
    inner.createVariable("c", "f4", (*outer, *hiding))


# ---- without ncdump


def test_dataset_as_literal_text():
    time, x = Dimension("time", 2, unlimited=True), Dimension("x", 3)
    dataset = Dataset(dimensions={"time": time, "x": x})
    dataset.attributes["title"] = Attribute.of('a "title"')
    dataset.attributes["levels"] = Attribute.of(np.float32([1, 0.5, np.inf]))
    values = np.float32([[1, 2.5, 9.96921e36], [np.nan, -np.inf, 1 / 3]])
    dataset.variables["v"] = Variable("v", ATOMIC_TYPES["float"], (time, x), data=values)
    dataset.variables["v"].attributes["_FillValue"] = Attribute.of(np.float32(2.5))
    group = dataset.groups["g"] = Group("g")
    group.variables["n"] = Variable("n", ATOMIC_TYPES["byte"], (), data=np.array(-127, "i1"))
    group.variables["s"] = Variable("s", STRING, (x,), data=np.array(["a", None, ""], object))
    assert text_of(dataset).replace("\t", "--") == (
        "netcdf test {\n"
        "dimensions:\n"
        "--time = UNLIMITED ; // (2 currently)\n"
        "--x = 3 ;\n"
        "variables:\n"
        "--float v(time, x) ;\n"
        "----v:_FillValue = 2.5f ;\n"
        "\n"
        "// global attributes:\n"
        '----:title = "a \\"title\\"" ;\n'
        "----:levels = 1.f, 0.5f, Infinityf ;\n"
        "data:\n"
        "\n"
        " v =\n"
        "  1, _, 9.96921e+36,\n"
        "  NaNf, -Infinityf, 0.3333333 ;\n"
        "\n"
        "group: g {\n"
        "  variables:\n"
        "  --byte n ;\n"
        "  --string s(x) ;\n"
        "  data:\n"
        "\n"
        "   n = -127 ;\n"
        "\n"
        '   s = "a", NIL, _ ;\n'
        "  } // group g\n"
        "}\n"
    )


def test_nothing_can_steer_a_terminal():
    controls = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
    hostile = "v" + controls + "\udc9b\ud800"
    one = Dimension(hostile, 1)
    dataset = Dataset(dimensions={hostile: one})
    dataset.attributes[hostile] = Attribute.of(hostile)
    dataset.attributes["strings"] = Attribute((hostile,), STRING)
    texts = np.array([hostile], object)
    dataset.variables[hostile] = Variable(hostile, STRING, (one,), data=texts)
    chars = Variable("c", ATOMIC_TYPES["char"], (), data=np.array(b"\x9b"))
    chars.attributes["C_format"] = Attribute.of("\x1b[31m%s")
    number = Variable("n", ATOMIC_TYPES["int"], (), data=np.array(1, "i4"))
    number.attributes["C_format"] = Attribute.of("\x1b[31m%d")
    dataset.groups[hostile] = Group(hostile, variables={"c": chars, "n": number})
    text = text_of(dataset, hostile)
    assert not set(text) & set(controls) - {"\n", "\t"}
    assert text.encode("utf-8")
    assert r"\302\233\302" in text
    assert r"\%c2\%9b" in text


def test_c_format_that_does_not_fit_is_ignored():
    for form in ("%s", "%n", "%d %d", "%*d", "%999999999d", "%f", "%(a)d", "no conversion"):
        number = Variable("n", ATOMIC_TYPES["int"], (), data=np.array(1, "i4"))
        number.attributes["C_format"] = Attribute.of(form)
        assert text_of(Dataset(variables={"n": number})).endswith(" n = 1 ;\n}\n")


class Counted:
    """An array that notes how many values are asked for at once."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.asked = []

    def __getitem__(self, selection):
        self.asked.append(self.values[selection].size)
        return self.values[selection]


@pytest.mark.parametrize("block", [1, 4, 7, 30])
def test_data_are_read_block_by_block(monkeypatch, block):
    names = {"t": Dimension("t", 3), "u": Dimension("u", 2, unlimited=True), "x": Dimension("x", 9)}
    dimensions = tuple(names.values())
    chars = np.frombuffer(b"ab\0\0\0c\0\0\0" * 4 + bytes(18), "S1").reshape(3, 2, 9)
    arrays = {
        "double": np.arange(54.0).reshape(3, 2, 9) / 7,
        "char": chars,
        "string": np.full((3, 2, 9), "a text", object),
    }
    dataset = Dataset(dimensions=names)
    for name, values in arrays.items():
        dataset.variables[name] = Variable(name, ATOMIC_TYPES[name], dimensions, data=values)
    whole = text_of(dataset)
    monkeypatch.setattr(cdl_data, "BLOCK", block)
    for variable in dataset.variables.values():
        variable.data = Counted(variable.data)
    assert text_of(dataset) == whole
    for variable in dataset.variables.values():
        assert max(variable.data.asked) <= block
        assert sum(variable.data.asked) == 54


def test_dimension_that_no_group_holds_is_an_error():
    lost = Variable("v", ATOMIC_TYPES["int"], (Dimension("x", 1),), data=np.zeros(1, "i4"))
    with pytest.raises(MetadataError, match="'x'"):
        text_of(Dataset(variables={"v": lost}))


def test_dimension_of_a_group_elsewhere_has_its_path():
    x = Dimension("x", 1)
    variable = Variable("v", ATOMIC_TYPES["int"], (x,), data=np.zeros(1, "i4"))
    other = Group("o o", groups={"p": Group("p", dimensions={"x": x})})
    dataset = Dataset(variables={"v": variable}, groups={"o o": other})
    assert "int v(/o\\ o/p/x) ;" in text_of(dataset)
