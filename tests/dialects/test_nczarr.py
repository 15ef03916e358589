"""NCZarr without netCDF-C: odd stores, other writers, and what is refused."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest

from tests.datasets import differences
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, AtomicType, EnumType
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.nczarr_refusals import refusals
from zarr_cdm.dialects.table import DIALECTS, choose, version_of, writer
from zarr_cdm.errors import UnknownNameError, UnsupportedError, ZarrCdmWarning
from zarr_cdm.metadata.consolidated import write_v2
from zarr_cdm.metadata.documents import Node
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.translate.chunking import layout_of

INT, FLOAT, DOUBLE = (ATOMIC_TYPES[name] for name in ("int", "float", "double"))
PROPERTIES = {"_NCProperties": "version=2,netcdf=4.10.1,nczarr=2.0.0"}


def array(shape: list[int], dtype: str = "<i4", fill: Any = 0, **more: Any) -> dict[str, Any]:
    return {
        "zarr_format": 2,
        "shape": shape,
        "chunks": [max(1, size) for size in shape],
        "dtype": dtype,
        "fill_value": fill,
        "order": "C",
        "compressor": None,
        "filters": None,
        **more,
    }


def group_note(dimensions: Any, arrays: list[str], groups: Any = ()) -> dict[str, Any]:
    note = {"dimensions": dimensions, "arrays": arrays, "groups": list(groups)}
    return {"_nczarr_group": note, "_nczarr_superblock": {"version": "2.0.0"}}


def array_note(*references: str, **types: str) -> dict[str, Any]:
    note = {"dimension_references": list(references), "storage": "chunked"}
    return {"_nczarr_array": note, "_nczarr_attr": {"types": types}}


def read(documents: dict[str, Any]) -> tuple[str, Dataset]:
    stored = {key: json.dumps(value).encode() for key, value in documents.items()}
    group = open_tree(MemoryStore({".zgroup": b'{"zarr_format": 2}', **stored}))
    name, dialect = choose(group.node)
    return name, dialect.read(group.node, group.array)


def one(attributes: dict[str, Any], **types: str) -> dict[str, Attribute]:
    """Return the attributes of a root as they are read."""
    notes = {**group_note({}, []), "_nczarr_attr": {"types": types}}
    name, dataset = read({".zattrs": attributes | notes})
    assert name == "nczarr"
    return dataset.attributes


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({}, "array_dimensions"),
        (PROPERTIES, "nczarr"),
        ({"_NCProperties": "version=2,netcdf=4.9.0,hdf5=1.14"}, "array_dimensions"),
        ({"_nczarr_superblock": {"version": "2.0.0"}}, "nczarr"),
        ({"_nczarr_group": {"cdm": {"dimensions": {}}}}, "native"),
    ],
)
def test_the_root_tells_the_dialect(attributes: dict[str, Any], name: str) -> None:
    assert read({".zattrs": attributes})[0] == name


def test_an_array_tells_the_dialect_where_xarray_has_wiped_the_root() -> None:
    documents = {
        "v/.zarray": array([3], fill=ATOMIC_TYPES["int"].default_fill.item()),
        "v/.zattrs": {"_ARRAY_DIMENSIONS": ["x"], **array_note("/x", units=">S1"), "units": "K"},
    }
    name, dataset = read(documents)
    assert name == "nczarr"
    assert [(dim.name, dim.size) for dim in dataset.dimensions.values()] == [("x", 3)]
    assert dataset.variables["v"].attributes == {"units": Attribute("K", CHAR)}


def test_a_broken_array_does_not_keep_the_dialect_from_being_told() -> None:
    documents = {
        ".zattrs": {"title": "no notes"},
        "a/.zarray": array([3], dtype="what"),
        "b/.zarray": array([3]),
        "b/.zattrs": array_note("/x"),
    }
    with pytest.warns(ZarrCdmWarning, match="/a is left out"):
        name, dataset = read(documents)
    assert (name, list(dataset.variables)) == ("nczarr", ["b"])


@pytest.mark.parametrize(
    ("value", "type_string", "wanted"),
    [
        (1, "<i2", Attribute([1], ATOMIC_TYPES["short"])),
        ([1, 2], "<u8", Attribute([1, 2], ATOMIC_TYPES["uint64"])),
        (0.1, "<f4", Attribute(np.float32([0.1]), FLOAT)),
        (["NaN", "-Infinity"], "<f8", Attribute([np.nan, -np.inf], DOUBLE)),
        ([], "<i4", Attribute([], INT)),
        ("K", ">S1", Attribute("K", CHAR)),
        ("K", "<U1", Attribute("K", CHAR)),
        ("", ">S1", Attribute("\0", CHAR)),
        ([7, 1.5], ">S1", Attribute("[7, 1.5]", CHAR)),
        ("K", "|S1", Attribute(["K"], STRING)),
        (["a", "°"], "|S128", Attribute(["a", "°"], STRING)),
        ([], "|S1", Attribute([], STRING)),
        ("K", "2", Attribute("K", CHAR)),
        (1, "10", Attribute([1], ATOMIC_TYPES["int64"])),
        ({"a": 1}, "|J0", Attribute('{"a": 1}', CHAR)),
        (7, None, Attribute([7], INT)),
        (2**31, None, Attribute([2**31], ATOMIC_TYPES["int64"])),
        (7, "<i16", Attribute([7], INT)),
        (7, "99", Attribute([7], INT)),
        (7, 4, Attribute([7], INT)),
    ],
)
def test_attributes_have_the_types_of_the_table(
    value: Any, type_string: Any, wanted: Attribute
) -> None:
    types = {} if type_string is None else {"a": type_string}
    assert one({"a": value}, **types) == {"a": wanted}


def test_texts_like_json_are_read_from_a_consolidated_store_too() -> None:
    types = {"types": {"a": ">S1", "b": ">S1"}}
    attributes = {"a": [7, {"x": 1.5}], "b": 2023, "_nczarr_attr": types, **group_note({}, [])}
    metadata = {".zgroup": {"zarr_format": 2}, ".zattrs": attributes}
    whole = {"zarr_consolidated_format": 1, "metadata": metadata}
    group = open_tree(MemoryStore({".zmetadata": json.dumps(whole).encode()}))
    found = DIALECTS["nczarr"]().read(group.node, group.array)
    assert [each.value for each in found.attributes.values()] == ['[7,{"x": 1.5}]', "2023"]


def test_a_value_that_is_none_of_its_type_is_read_as_what_it_is() -> None:
    with pytest.warns(ZarrCdmWarning, match="attribute 'a': 'x' is no attribute of type 'short'"):
        assert one({"a": "x"}, a="<i2") == {"a": Attribute("x", CHAR)}


def test_what_netcdf_c_keeps_to_itself_is_no_attribute() -> None:
    hidden = {"_nc3_strict": 1, "_ARRAY_DIMENSIONS": [], "_NCZARR_ATTR": {}, **PROPERTIES}
    assert one({**hidden, "_nczarr_default_maxstrlen": 6}) == {
        "_nczarr_default_maxstrlen": Attribute([6], INT)
    }


def test_dimensions_are_found_by_their_paths() -> None:
    documents = {
        ".zattrs": group_note({"x": 2, "t": {"size": 4, "unlimited": 1}, "u": 7}, [], ["g"]),
        "g/.zgroup": {"zarr_format": 2},
        "g/.zattrs": group_note({"x": 3}, ["v"]),
        "g/v/.zarray": array([4, 3, 2]),
        "g/v/.zattrs": {"_ARRAY_DIMENSIONS": ["t", "x", "x"], **array_note("/t", "/g/x", "/x")},
    }
    _, dataset = read(documents)
    group = dataset.groups["g"]
    t, x = dataset.dimensions["t"], dataset.dimensions["x"]
    assert group.variables["v"].dimensions == (t, group.dimensions["x"], x)
    assert [(dim.size, dim.unlimited) for dim in dataset.dimensions.values()] == [
        (2, False),
        (4, True),
        (7, False),
    ]


def test_names_of_another_writer_outdate_references() -> None:
    documents = {
        ".zattrs": group_note({"x": 2}, ["v"]),
        "v/.zarray": array([2]),
        "v/.zattrs": {"_ARRAY_DIMENSIONS": ["y"], **array_note("/x")},
    }
    _, dataset = read(documents)
    assert [dim.name for dim in dataset.variables["v"].dimensions] == ["y"]


def test_another_length_of_another_writer_costs_a_warning() -> None:
    documents = {
        ".zattrs": group_note({"t": {"size": 2, "unlimited": 1}}, ["v"]),
        "v/.zarray": array([5]),
        "v/.zattrs": array_note("/t"),
    }
    with pytest.warns(ZarrCdmWarning, match="'/t' was declared with length 2, but .* have 5"):
        _, dataset = read(documents)
    assert (dataset.dimensions["t"].size, dataset.dimensions["t"].unlimited) == (5, True)


def test_arrays_of_another_writer_are_read_with_a_warning_and_come_last() -> None:
    documents = {
        ".zattrs": group_note({"x": 2}, ["v", "gone"]),
        "a/.zarray": array([2], "<f4", -1.0),
        "a/.zattrs": {"_ARRAY_DIMENSIONS": ["x"], "level": 3},
        "v/.zarray": array([2]),
        "v/.zattrs": array_note("/x"),
    }
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        _, dataset = read(documents)
    assert [str(each.message).partition("; ")[2] for each in said] == [
        "listed, but not there: gone",
        "there, but not listed: a",
    ]
    assert list(dataset.variables) == ["v", "a"]
    assert dataset.variables["a"].dimensions == (dataset.dimensions["x"],)
    assert dataset.variables["a"].attributes == {
        "level": Attribute([3], INT),
        "_FillValue": Attribute([-1], FLOAT),  # as xarray means it
    }
    assert dataset.variables["v"].attributes == {}


@pytest.mark.parametrize(
    ("dtype", "noted", "kind"),
    [
        (">S1", True, "char"),
        (">S1", False, "char"),
        ("|S1", True, "string"),
        ("|S1", False, "char"),
        ("|S4", True, "string"),
        ("|S4", False, "string"),
        ("<U4", False, "string"),
    ],
)
def test_bytes_are_characters_or_texts(dtype: str, noted: bool, kind: str) -> None:
    documents = {
        ".zattrs": PROPERTIES,
        "v/.zarray": array([2], dtype, ""),
        "v/.zattrs": {"_ARRAY_DIMENSIONS": ["x"], **(array_note("/x") if noted else {})},
    }
    _, dataset = read(documents)
    variable = dataset.variables["v"]
    assert variable.type is ATOMIC_TYPES[kind]
    assert variable.data[...].tolist() == ([b"", b""] if kind == "char" else ["", ""])


def test_texts_of_any_length_of_another_writer_are_texts() -> None:
    documents = {
        ".zattrs": PROPERTIES,
        "v/.zarray": array([2], "|O", "", filters=[{"id": "vlen-utf8"}]),
        "v/.zattrs": {"_ARRAY_DIMENSIONS": ["x"]},
    }
    variable = read(documents)[1].variables["v"]
    assert (variable.type, variable.data[...].tolist()) == (STRING, ["", ""])


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({"_nczarr_array": {"dimension_references": [], "scalar": 1}}, ()),
        ({"_nczarr_array": {"dimrefs": [], "storage": "scalar"}}, ()),
        ({"_ARRAY_DIMENSIONS": ["_scalar_"]}, ()),
        ({"_nczarr_array": {"dimension_references": ["/x"]}}, (1,)),
        ({"_ARRAY_DIMENSIONS": ["x"]}, (1,)),
        ({}, (1,)),
    ],
)
def test_one_element_is_a_scalar_where_it_is_said(
    attributes: dict[str, Any], shape: tuple[int, ...]
) -> None:
    documents = {".zattrs": PROPERTIES, "v/.zarray": array([1]), "v/.zattrs": attributes}
    variable = read(documents)[1].variables["v"]
    assert variable.shape == variable.data.shape == shape
    assert variable.data[...].shape == shape
    assert variable.data[...] == 0


def test_the_fill_value_of_doubles_is_exact_in_chunks_that_are_not_there() -> None:
    documents = {
        ".zattrs": PROPERTIES,
        "v/.zarray": array([2], "<f8", 9.96921e36),
        "v/.zattrs": array_note("/x"),
        "w/.zarray": array([2], "<f8", 9.5e36),
        "w/.zattrs": array_note("/x"),
    }
    _, dataset = read(documents)
    assert dataset.variables["v"].data[...].tolist() == [DOUBLE.default_fill] * 2
    assert dataset.variables["w"].data[...].tolist() == [9.5e36] * 2
    assert dataset.facts == {
        "written by": "netcdf=4.10.1, nczarr=2.0.0",
        "precision": "doubles in attributes and fill values have six digits: netCDF-C",
    }


def test_bytes_of_old_layouts_are_read_from_a_consolidated_store_too() -> None:
    metadata = {
        ".zgroup": {"zarr_format": 2, "_NCZARR_GROUP": {"dims": {"x": 2}, "vars": ["v"]}},
        "v/.zarray": array([2], ">i4", _NCZARR_ARRAY={"dimrefs": ["/x"]}),
    }
    whole = {"zarr_consolidated_format": 1, "metadata": metadata}
    stored = {".zmetadata": json.dumps(whole).encode(), "v/0": np.array([1, 2], "<i4").tobytes()}
    group = open_tree(MemoryStore(stored))
    name, dialect = choose(group.node)
    found = dialect.read(group.node, group.array)
    assert name == "nczarr"
    assert found.variables["v"].data[...].tolist() == [1, 2]


# --- writing


def made(
    kind: Any = FLOAT, attributes: dict[str, Attribute] | None = None, **storage: Any
) -> Dataset:
    """Return a dataset of one variable."""
    x = Dimension("x", 2)
    values = np.array(["a", "b"], object) if kind is STRING else np.zeros(2, kind.dtype)
    variable = Variable("v", kind, (x,), attributes or {}, values, Storage(**storage))
    return Dataset(dimensions={"x": x}, variables={"v": variable})


def layouts(dataset: Dataset) -> dict[str, Layout]:
    return {path: layout_of(variable, 2, 5, "nczarr") for path, variable in dataset.all_variables()}


def written(dataset: Dataset) -> Node:
    return DIALECTS["nczarr"]().write(dataset, layouts(dataset), 2)


def enum_variable() -> Dataset:
    cloud = EnumType("cloud", ATOMIC_TYPES["ubyte"], {"clear": 0})
    dataset = made(cloud)
    dataset.types["cloud"] = cloud
    return dataset


def with_null() -> Dataset:
    dataset = made(STRING)
    dataset.variables["v"].data = np.array(["a", None], object)
    return dataset


def read_later() -> Dataset:
    y = Dimension("y", 2)
    user = Variable("v", INT, (y,), {}, np.zeros(2, "i4"))
    owner = Group("b", dimensions={"y": y})
    return Dataset(groups={"a": Group("a", variables={"v": user}), "b": owner})


def of_nobody() -> Dataset:
    dataset = made()
    dataset.dimensions = {}
    return dataset


def named(name: str) -> Dataset:
    return Dataset(groups={name: Group(name)})


def with_attribute(value: Any, kind: Any, name: str = "a") -> Dataset:
    return made(attributes={name: Attribute(value, kind)})


COMPLEX = AtomicType("complex64", np.dtype("c8"), 0)
REFUSED = {
    "a type": (enum_variable, "/cloud: a type of its own"),
    "a variable of a type": (enum_variable, "/v: the type 'cloud'"),
    "a type that netCDF lacks": (lambda: made(COMPLEX), "/v: the type 'complex64'"),
    "an attribute of it": (
        lambda: with_attribute(np.array([1j], "c8"), COMPLEX),
        "/v@a: the type 'complex64'",
    ),
    "a NULL text": (with_null, "/v: a text that is NULL"),
    "a NULL in an attribute": (
        lambda: with_attribute(["a", None], STRING),
        "/v@a: a text that is NULL",
    ),
    "an empty text": (lambda: with_attribute("", CHAR), "/v@a: an empty text"),
    "a NUL": (lambda: with_attribute("a\0", CHAR), "/v@a: a text with a NUL"),
    "a control character": (
        lambda: with_attribute(["\x1b"], STRING),
        "/v@a: a text with a control character",
    ),
    "no UTF-8": (
        lambda: with_attribute("\udcff", CHAR),
        "/v@a: a text with bytes that are no UTF-8",
    ),
    "a fill value of no UTF-8": (
        lambda: made(CHAR, fill_mode="explicit", fill_value=np.bytes_(b"\xff")),
        "/v: a fill value with bytes that are no UTF-8",
    ),
    "a reserved name": (
        lambda: with_attribute("x", CHAR, "_nczarr_array"),
        "/v@_nczarr_array: a name that netCDF-C keeps to itself",
    ),
    "a name of HDF5": (
        lambda: with_attribute("x", CHAR, "NAME"),
        "/v@NAME: a name that netCDF-C keeps to itself",
    ),
    "a name with a control character": (
        lambda: with_attribute("x", CHAR, "a\x01"),
        "/v@a\x01: a name with a control character",
    ),
    "a name of Zarr": (lambda: named(".zattrs"), "/.zattrs: a name that Zarr cannot hold"),
    "a name with a backslash": (lambda: named("a\\b"), "/a\\b: a name that Zarr cannot hold"),
    "a long name": (lambda: named("n" * 256), f"/{'n' * 256}: a name that Zarr cannot hold"),
    "a length of texts": (
        lambda: made(STRING, {"_nczarr_maxstrlen": Attribute([3], INT)}),
        "/v: _nczarr_maxstrlen is 3, the texts need 5 bytes",
    ),
    "a fixed length of 0": (
        lambda: Dataset(dimensions={"x": Dimension("x", 0)}),
        "/x: a dimension of length 0 that is not unlimited",
    ),
    "a dimension that is read later": (
        read_later,
        "/a/v: dimension 'y' belongs to /b/y, which is read later",
    ),
    "a dimension of nobody": (of_nobody, "/v: dimension 'x' belongs to no group"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nczarr_cannot_say_is_refused(name: str) -> None:
    make, wanted = REFUSED[name]
    dataset = make()
    found = refusals(dataset, layouts_of_any(dataset))
    assert wanted in [f"{finding.place}: {finding.message}" for finding in found]
    with pytest.raises(UnsupportedError) as error:
        DIALECTS["nczarr"]().write(dataset, layouts_of_any(dataset), 2)
    assert wanted in error.value.message


def layouts_of_any(dataset: Dataset) -> dict[str, Layout]:
    """Return layouts, for types too that have none."""
    plain = Layout(Extension("int8"), (2,), (Extension("bytes"),))
    known = {path for path, each in dataset.all_variables() if each.type in ATOMIC_TYPES.values()}
    return {path: plain for path, _ in dataset.all_variables()} | {
        path: layout_of(each, 2, 5, "nczarr")
        for path, each in dataset.all_variables()
        if path in known
    }


def test_a_codec_that_netcdf_c_lacks_is_refused() -> None:
    dataset = made()
    chain = (*layouts(dataset)["/v"].codecs[:1], Extension("gzip", {"level": 5}))
    layout = Layout(Extension("float32"), (2,), chain)
    with pytest.raises(UnsupportedError, match="/v: the codec 'gzip'"):
        DIALECTS["nczarr"]().write(dataset, {"/v": layout}, 2)


def test_long_lists_of_what_is_refused_end_with_their_number() -> None:
    dataset = Dataset(attributes={f"a{number}": Attribute("", CHAR) for number in range(25)})
    with pytest.raises(UnsupportedError, match="/@a19: an empty text; and 5 more"):
        written(dataset)


def test_a_text_that_is_one_nul_is_what_netcdf_c_takes_an_empty_one_for() -> None:
    root = written(made(attributes={"a": Attribute("\0", CHAR)}))
    assert root.members["v"].document.attributes["a"] == ""


def test_texts_have_the_length_that_netcdf_c_is_told() -> None:
    dataset = made(STRING, {"_nczarr_maxstrlen": Attribute([9], INT)})
    document = written(dataset).members["v"].document
    assert document.data_type.configuration == {"length_bytes": 9}  # type: ignore[union-attr]


def test_it_is_zarr_v2_alone() -> None:
    assert (version_of("nczarr", None), version_of("native", None)) == (2, 3)
    assert version_of("xarray", 2) == 2
    with pytest.raises(UnsupportedError, match="'nczarr' is written in Zarr v2 only"):
        version_of("nczarr", 3)
    with pytest.raises(UnsupportedError, match="zarr_format=2"):
        DIALECTS["nczarr"]().write(Dataset(), {}, 3)
    with pytest.raises(UnknownNameError, match="unknown dialect 'netcdf'; known: native, xarray"):
        version_of("netcdf", None)
    assert type(writer("xarray", 2)).__name__ == "ArrayDimensionsDialect"


def test_what_is_read_is_written_again_as_it_was() -> None:
    x = Dimension("x", 2, unlimited=True)
    dataset = Dataset(attributes={"title": Attribute("°", CHAR)}, dimensions={"x": x})
    for name, kind, fill in (("c", CHAR, b"-"), ("s", STRING, "none"), ("d", DOUBLE, 1e-7)):
        values = np.full(2, fill, kind.dtype)
        storage = Storage("chunked", (2,), fill_mode="explicit", fill_value=values[0])
        text = fill.decode() if isinstance(fill, bytes) else [fill]
        attributes = {"_FillValue": Attribute(text, kind)}
        dataset.variables[name] = Variable(name, kind, (x,), attributes, values, storage)
    first = written(dataset)
    group = open_tree(MemoryStore(_documents(first)))
    found = DIALECTS["nczarr"]().read(group.node, group.array)
    found.variables["d"].storage = dataset.variables["d"].storage  # the byte order is known now
    assert differences(dataset, found) == []
    assert _documents(written(found)) == _documents(first)


def _documents(root: Node) -> dict[str, bytes]:
    return {".zmetadata": json.dumps(write_v2(root)).encode()}
