"""Files that CDL cannot say, or that ncgen 4.9 cannot make: built in code, each by a function.

A function gets the path of its file and writes it. Which row of the reference each one stands for
says the table in `test_every_row`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import netCDF4
import numpy as np

from tests import netcdf_c_files
from tests.formats.netcdf_help import INT, add
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    VlenType,
)
from zarr_cdm.cdm.values import rows

BYTE, SHORT, FLOAT, DOUBLE = (ATOMIC_TYPES[name] for name in ("byte", "short", "float", "double"))
NUMBERS = [kind for kind in ATOMIC_TYPES.values() if kind not in (CHAR, STRING)]
ENDIANS = {"big": ">", "little": "<"}
POINT = np.dtype([("x", "<f4"), ("y", "<f8")], align=True)


# ---- plain HDF5: no dimension scales, so that netCDF-C makes dimensions up


def plain_hdf5(path: Path) -> None:
    """Datasets of both byte orders in groups, with filters and attributes, all without scales."""
    with h5py.File(path, "w") as file:
        file.attrs["title"] = np.bytes_(b"plain")
        file.attrs["numbers"] = np.array([1, 2], ">i2")
        file["grid"] = np.arange(6, dtype=">f4").reshape(2, 3)
        file["grid"].attrs["scale"] = 0.5
        file["same"] = np.arange(6, dtype="<i8").reshape(2, 3)
        file["square"] = np.arange(4, dtype="u2").reshape(2, 2)
        file["scalar"] = np.int16(7)
        inner = file.create_group("below/deeper")
        inner.create_dataset(
            "packed",
            data=np.arange(40, dtype="<i4").reshape(8, 5),
            chunks=(3, 5),
            compression="gzip",
            shuffle=True,
            fletcher32=True,
        )
        inner.create_dataset("grows", data=np.arange(3, dtype="u1"), maxshape=(None,), chunks=(2,))


def hdf5_compounds(path: Path) -> None:
    """A compound of five types, and one with arrays and another in it, in plain HDF5."""
    five = np.dtype([("b", "i1"), ("s", "<i2"), ("i", "<i4"), ("f", "<f4"), ("d", "<f8")])
    nested = np.dtype([("at", POINT), ("cells", "<i2", (2, 2)), ("points", POINT, (2,))])
    # In the order of creation: netCDF-C reads no type before those that it is made of.
    with h5py.File(path, "w", track_order=True) as file:
        file["five_t"] = five
        file["point_t"] = POINT
        file["nested_t"] = nested
        values = np.array([(1, 2, 3, 4.5, 5.25), (-1, -2, -3, -4.5, 1e300)], five)
        file.create_dataset("v", data=values, dtype=file["five_t"])
        deep = np.zeros(2, nested)
        deep["at"]["x"], deep["cells"] = 1.5, [[1, 2], [3, 4]]
        deep["points"]["y"] = [[5, 6], [7, 8]]
        file.create_dataset("deep", data=deep, dtype=file["nested_t"])


def hdf5_transient_types(path: Path) -> None:
    """Types that no group holds: of datasets and attributes alone."""
    with h5py.File(path, "w") as file:
        file["points"] = np.array([(1, 2), (3, 4)], POINT)
        file["points"].attrs["origin"] = np.array((0.5, 0.25), POINT)
        file["bits"] = np.array([b"\1\0\2", b"\xff" * 3], "V3")
        ragged = file.create_dataset("ragged", (2,), h5py.vlen_dtype(np.dtype("<i4")))
        ragged[0], ragged[1] = [1, 2, 3], [4]


def hdf5_anonymous_enum(path: Path) -> None:
    kind = h5py.enum_dtype({"NO": 0, "YES": 1, "MAYBE": 5}, basetype="i1")
    with h5py.File(path, "w") as file:
        file.create_dataset("EnumTest", data=np.array([0, 1, 5], "i1"), dtype=kind)
        file.create_dataset("again", data=np.array([[5], [0]], "i1"), dtype=kind)


def hdf5_committed_enum(path: Path) -> None:
    kind = h5py.enum_dtype({"solid": 0, "liquid": 1, "gas": 2}, basetype="<i4")
    with h5py.File(path, "w") as file:
        file["phase_t"] = kind
        file.create_dataset("phase", data=np.array([2, 0, 1], "i4"), dtype=file["phase_t"])


def hdf5_complex(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["z"] = np.array([1 + 2j, -0.5j], "<c16")
        file["single"] = np.array([[1j]], "<c8")


def hdf5_texts(path: Path) -> None:
    """Texts of any length, and of one; of both character sets."""
    with h5py.File(path, "w") as file:
        file.create_dataset("words", data=["one", "", "°C"], dtype=h5py.string_dtype())
        file.create_dataset("letters", data=[b"a", b"b"], dtype="S1")
        file.create_dataset("word", data="scalar", dtype=h5py.string_dtype("ascii"))
        file["words"].attrs["one"] = "any length"
        file["words"].attrs["list"] = ["a", "ü"]
        file["words"].attrs["fixed"] = np.bytes_(b"fixed")


def hdf5_eos(path: Path) -> None:
    """As HDF-EOS5 has it: groups with spaces in their names, and a long text in a dataset."""
    with h5py.File(path, "w") as file:
        text = "GROUP=SwathStructure\n\tEND_GROUP=SwathStructure\nEND\n"
        file.create_dataset("HDFEOS INFORMATION/StructMetadata.0", data=np.array(text, "S32000"))
        file["HDFEOS INFORMATION"].attrs["HDFEOSVersion"] = np.bytes_(b"HDFEOS_5.1.11")
        fields = file.create_group("HDFEOS/SWATHS/A Swath/Data Fields")
        fields["Ozone Column"] = np.arange(6, dtype=">f4").reshape(2, 3)
        fields["Ozone Column"].attrs["_FillValue"] = np.array([-1], ">f4")


def hdf5_virtual(path: Path) -> None:
    """A dataset that is put together from two of another file."""
    parts = path.with_name("parts.h5")
    with h5py.File(parts, "w") as file:
        file["a"], file["b"] = np.arange(4, dtype="<i4"), np.arange(4, 8, dtype="<i4")
    together = h5py.VirtualLayout((2, 4), "<i4")
    for row, name in enumerate("ab"):
        together[row] = h5py.VirtualSource(parts.name, name, (4,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("v", together)


def hdf5_references(path: Path) -> None:
    """References to datasets and to regions of them, for which netCDF has no type."""
    with h5py.File(path, "w") as file:
        file["v"] = np.arange(4, dtype="<i4")
        file["objects"] = np.array([file["v"].ref], h5py.ref_dtype)
        file["regions"] = np.array([file["v"].regionref[1:3]], h5py.regionref_dtype)
        file["v"].attrs["to"] = file["v"].ref


def hdf5_szip(path: Path) -> None:
    with h5py.File(path, "w") as file:
        values = np.arange(256, dtype="<i2").reshape(16, 16)
        file.create_dataset("v", data=values, chunks=(8, 16), compression="szip")


# ---- netCDF-4, by netCDF-C's own calls and by netCDF4-python


def many_variables(path: Path, count: int) -> None:
    root = Dataset(dimensions={"x": Dimension("x", 2)})
    for number in range(count):
        add(root, f"v{number:04}", INT, tuple(root.dimensions.values()), [number, -number])
    netcdf_c_files.write(path, root)


def names_that_ncgen_cannot_read(path: Path) -> None:
    """Names that CDL has for other things, and signs that ncgen cannot read."""
    words = ["byte", "int", "string", "data", "NaN", "infinity", "types", "group", "unlimited"]
    words += ["f(x)", "a#b", 'a"b"', "a{b}", "a[b]", "it's", "10%", "why?", "a~b", "a&b<c>", "a,b"]
    root = Dataset(dimensions={word: Dimension(word, 2) for word in words})
    for word in words:
        add(root, word, INT, (root.dimensions[word],), 1, **{f"{word}_": Attribute.of(word)})
    root.groups["dimensions"] = Group("dimensions")
    add(root.groups["dimensions"], "variables", INT)
    netcdf_c_files.write(path, root)


def zero_length_attributes(path: Path) -> None:
    root = Dataset()
    variable = add(root, "v", INT)
    for kind in NUMBERS:
        for holder in (root, variable):
            holder.attributes[f"no_{kind.name}"] = Attribute(np.empty(0, kind.dtype), kind)
    variable.attributes |= {"no_text": Attribute("", CHAR), "no_texts": Attribute([], STRING)}
    netcdf_c_files.write(path, root)


def empty_rows_on_unlimited(path: Path) -> None:
    """Rows that are empty, and others that nobody has written, along two unlimited dimensions."""
    row = VlenType("row", FLOAT)
    root = Dataset(types={"row": row})
    first = root.dimensions["first"] = Dimension("first", 3, unlimited=True)
    second = root.dimensions["second"] = Dimension("second", 2, unlimited=True)
    add(root, "ragged", row, (first, second))
    root.variables["ragged"].data = rows([[], [], [1], [], [], [2, 3]], row).reshape(3, 2)
    add(root, "longer", INT, (first,), [1, 2, 3])
    netcdf_c_files.write(path, root)
    with netCDF4.Dataset(path, "a") as file:
        file.createVariable("unwritten", file.vltypes["row"], ("first", "second"))


def endian_fill(path: Path) -> None:
    """Fill values, own and usual, of both byte orders; half of the values are never written."""
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", 4)
        for endian in ("big", "little"):
            for kind in ("i2", "i4", "f4", "f8", "u8"):
                for fill in (None, 85):
                    name = f"{endian}_{kind}_{fill}"
                    dtype = ENDIANS[endian] + kind
                    variable = file.createVariable(name, dtype, "x", endian=endian, fill_value=fill)
                    variable[:2] = [1, 2]


def fill_value_after_others(path: Path) -> None:
    """A fill value in a file that is opened again for more attributes."""
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.createDimension("x", 2)
        file.createVariable("v", "i4", "x", fill_value=-99)[:1] = 5
    with netCDF4.Dataset(path, "a") as file:
        file["v"].long_name = "more"
        file["v"].other = np.arange(3, dtype="i2")


def fill_value_without_attribute(path: Path) -> None:
    """Fill values that HDF5 knows and no attribute tells of, on data that are half written."""
    with h5py.File(path, "w") as file:
        for kind in ("<i4", ">f4", "|u1"):
            made = file.create_dataset(f"v{kind[1:]}", (4,), kind, fillvalue=85, chunks=(2,))
            made[:2] = [1, 2]
        file.create_dataset("nan", (2,), "<f8", fillvalue=np.nan)


def seventy_three_attributes(path: Path) -> None:
    """Global attributes of every type and of many lengths."""
    root = Dataset()
    for kind in NUMBERS:
        for count in (1, 2, 3, 4, 10, 1000):
            limits = np.iinfo(kind.dtype) if kind.dtype.kind in "iu" else np.finfo(kind.dtype)
            values = np.resize(np.array([limits.max, limits.min, 1], kind.dtype), count)
            root.attributes[f"{kind.name}_{count}"] = Attribute(values, kind)
    for count in (0, 1, 2, 1000):
        root.attributes[f"char_{count}"] = Attribute("é" * count, CHAR)
    for name, texts in {"one": ["é"], "two": ["a", ""], "many": ["text"] * 100}.items():
        root.attributes[f"string_{name}"] = Attribute(texts, STRING)
    root.attributes |= {f"more_{n}": Attribute([n], SHORT) for n in range(6)}
    assert len(root.attributes) == 73
    netcdf_c_files.write(path, root)


def compounds_of_texts_and_rows(path: Path) -> None:
    """Texts and rows in compounds, enums in them, and members of one byte before longer ones."""
    sky = EnumType("sky", BYTE, {"clear": 0, "cloudy": 1})
    row = VlenType("row", SHORT)
    living = CompoundType(
        "living",
        (
            CompoundField("name", STRING, 0),
            CompoundField("sky", sky, 8),
            CompoundField("row", row, 16),
            CompoundField("height", DOUBLE, 32, (2,)),
        ),
        48,
    )
    root = Dataset(types={"sky": sky, "row": row, "living": living})
    x = root.dimensions["x"] = Dimension("x", 2, unlimited=True)
    values = np.zeros(2, living.dtype)
    values["name"], values["sky"], values["height"] = ["one", None], [1, 0], [[1, 2], [3, 4]]
    values["row"] = rows([[1, 2], []], row)
    add(root, "ship", living, (x,), values)
    netcdf_c_files.write(path, root)


def zstandard(path: Path) -> None:
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", 100)
        variable = file.createVariable("v", "f4", "x", compression="zstd", chunksizes=(30,))
        variable[:] = np.arange(100)


def anonymous_provenance(path: Path) -> None:
    """A file that does not say who wrote it."""
    _written(path)
    with h5py.File(path, "a") as file:
        del file.attrs["_NCProperties"]


def old_provenance(path: Path) -> None:
    """A file that says who wrote it as netCDF-C 4.4 did."""
    _written(path)
    text = np.bytes_(b"version=1|netcdflibversion=4.4.1|hdf5libversion=1.8.17")
    with h5py.File(path, "a") as file:
        del file.attrs["_NCProperties"]
        file.attrs["_NCProperties"] = text


def in_memory(path: Path) -> None:
    """A file that was made in memory, with whatever room the library had taken for it."""
    file = netCDF4.Dataset("inmemory.nc", "w", memory=1024)
    file.createDimension("x", 3)
    file.createVariable("x", "i4", "x")[:] = [1, 2, 3]
    path.write_bytes(file.close())


def _written(path: Path) -> None:
    root = Dataset(attributes={"title": Attribute.of("who wrote this")})
    x = root.dimensions["x"] = Dimension("x", 2)
    add(root, "x", INT, (x,), [1, 2])
    netcdf_c_files.write(path, root)


# ---- classic files


def padding_that_is_not_null(path: Path) -> None:
    """A classic header whose names and texts are padded with other bytes than NUL."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
        file.title = "12345"
        file.createDimension("abcde", 2)
        file.createVariable("fghij", "i2", "abcde")[:] = [1, 2]
    data = path.read_bytes()
    for text in (b"12345", b"abcde", b"fghij"):
        assert data.count(text + b"\0\0\0") == 1
        data = data.replace(text + b"\0\0\0", text + b"\xff\x07 ")
    path.write_bytes(data)


def padded_records(path: Path) -> None:
    """A classic file with gaps for a header that may grow, and records of odd lengths."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as file:
        file.createDimension("t", None)
        file.createDimension("x", 3)
        file.createVariable("a", "i1", ("t", "x"))[:] = [[1, 2, 3], [4, 5, 6]]
        file.createVariable("b", "S1", ("t", "x"))[:] = [[b"a", b"b", b"c"], [b"d", b"", b"f"]]


BUILT: dict[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (
        plain_hdf5,
        hdf5_compounds,
        hdf5_transient_types,
        hdf5_anonymous_enum,
        hdf5_committed_enum,
        hdf5_complex,
        hdf5_texts,
        hdf5_eos,
        hdf5_virtual,
        hdf5_szip,
        names_that_ncgen_cannot_read,
        zero_length_attributes,
        empty_rows_on_unlimited,
        endian_fill,
        fill_value_after_others,
        fill_value_without_attribute,
        seventy_three_attributes,
        compounds_of_texts_and_rows,
        zstandard,
        anonymous_provenance,
        old_provenance,
        in_memory,
        padding_that_is_not_null,
        padded_records,
    )
}
