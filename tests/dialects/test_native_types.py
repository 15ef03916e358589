"""User-defined types in our own dialect: their parts, and what counts where others change these."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.datasets import datasets, differences, elements, of_every_type, user_types, variable_of
from tests.dialects.test_native import edit, record_of, wiped
from tests.shelves.test_every_dialect import read as read_store
from tests.shelves.test_every_dialect import write
from tests.user_types import user_types as nested_types
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.lazy import by_points, outer
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, EnumType, OpaqueType, VlenType
from zarr_cdm.cdm.values import rows, same, unwritten
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.parts import parted
from zarr_cdm.errors import MetadataError, SelectionError, ZarrCdmWarning
from zarr_cdm.formats import cdl
from zarr_cdm.metadata.documents import ZarrVersion

SHORT = ATOMIC_TYPES["short"]
versions = pytest.mark.parametrize("zarr_format", [2, 3])
PARTS = {
    "e": (),
    "o": (),
    "r": ("length", "values"),
    "p": ("a", "b", "c"),
    "d": ("length", "values.length", "values.values.a", "values.values.b", "values.values.c"),
    "m": ("s", "r.length", "r.values"),
    "s": (),
}


def one(kind: Any, values: np.ndarray, *types: Any, **attributes: Attribute) -> Dataset:
    """Return a dataset with one variable ``v`` of some rank."""
    dims = tuple(Dimension(f"x{axis}", size) for axis, size in enumerate(values.shape))
    dataset = Dataset(dimensions={dim.name: dim for dim in dims})
    dataset.types = {each.name: each for each in (*types, kind) if each.name not in ATOMIC_TYPES}
    variable = Variable("v", kind, dims, attributes, values, Storage(fill_mode="none"))
    dataset.variables["v"] = variable
    return dataset


class Watched(MemoryStore):
    """A store that remembers which keys were read."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__({key: store.get(key) or b"" for key in store.list()})
        self.asked: list[str] = []

    def get_many(self, requests: Any) -> Any:
        self.asked += [key for key, _ in requests]
        return super().get_many(requests)

    def get(self, key: str, span: Any = None) -> bytes | None:
        self.asked.append(key)
        return super().get(key, span)


# What is written.


@versions
def test_all_types_come_back(zarr_format: ZarrVersion) -> None:
    found = read_store(write(of_every_type(), "native", zarr_format))[1]
    assert differences(of_every_type(), found) == []


@versions
def test_nested_types_that_are_used_from_other_groups_come_back(zarr_format: ZarrVersion) -> None:
    dataset = nested_types()
    found = read_store(write(dataset, "native", zarr_format))[1]
    assert compare(dataset, found, storage=True) == []
    assert list(cdl.write(dataset, name="x")) == list(cdl.write(found, name="x"))


@versions
def test_parts_are_plain_arrays_with_nothing_of_ours_in_their_attributes(
    zarr_format: ZarrVersion,
) -> None:
    group = open_tree(write(of_every_type(), "native", zarr_format))
    names = {".".join((name, part)) for name, parts in PARTS.items() for part in parts or ("",)}
    assert set(group) == {name.rstrip(".") for name in names}
    found: dict[str, Any] = {name: array[...] for name, array in group.arrays()}
    assert found["e"].tolist() == [0, 1, 1]
    assert found["o"].tobytes() == b"abc\0\0x   "
    assert found["r.length"].tolist() == [2, 0, 1]
    assert found["r.values"].tolist() == [1, 2, 3]
    assert found["p.b"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert found["d.length"].tolist() == [2, 0, 1]
    assert found["d.values.length"].tolist() == [3, 1, 0]
    assert found["d.values.values.a"].tolist() == [1, 2, 3, 1]
    own = {"_ARRAY_DIMENSIONS", "_Encoding"}
    shown = {
        name: {key: each for key, each in array.attrs.items() if not key.startswith("_nczarr")}
        for name, array in group.arrays()
    }
    flags = {"flag_values": [0, 1], "flag_meanings": "red dark_green"}
    for name, attributes in shown.items():
        for key in own:
            attributes.pop(key, None)
        of = name.partition(".")[0]
        head = name in ("e", "o", "r.values", "p.a", "d.values.values.a", "m.s", "s")
        expected: dict[str, Any] = {"long_name": of} if head else {}
        if name == "e":
            expected |= {"_FillValue": 1, "twice": [0, 0], **flags}
        elif name in ("p.c", "d.values.values.c"):
            expected |= flags
        elif name.endswith("length"):
            expected["sample_dimension"] = name.removesuffix("length") + "item"
        assert attributes == expected, name


def test_a_record_says_what_an_array_is_a_part_of() -> None:
    document = json.loads(write(of_every_type(), "native", 3).get("zarr.json") or b"")
    metadata = document["consolidated_metadata"]["metadata"]
    assert metadata["r.length"]["cdm"] == {
        "must_understand": False,
        "type": "int64",
        "dimensions": [{"path": "/t", "unlimited": True}],
        "storage": {"fill": "none"},
        "part": {"of": "r", "steps": ["length"], "shape": [3]},
    }
    head = metadata["r.values"]["cdm"]
    assert head["part"] == {
        "of": "r",
        "steps": ["values"],
        "shape": [3],
        "variable": {
            "type": "/row",
            "dimensions": [{"path": "/t", "unlimited": True}],
            "storage": {"fill": "explicit"},
        },
    }
    assert head["types"] == {"/row": {"class": "vlen", "base": "short"}}
    assert head["attributes"]["_FillValue"] == {
        "type": "/row",
        "base64": "AQAAAAAAAAADAA==",
        "hidden": True,
    }
    assert list(metadata["d.values.values.a"]["cdm"]["types"]) == [
        "/color",
        "/pair",
        "/inner",
        "/deep",
    ]
    types = document["attributes"]["_nc_cdm"]["types"]
    assert types["/color"] == {
        "class": "enum",
        "base": "ubyte",
        "members": {"red": 0, "dark green": 1},
    }
    assert types["/unused"] == {"class": "opaque", "size": 7}
    assert types["/pair"]["size"] == 32
    assert types["/pair"]["fields"][1] == {
        "name": "b",
        "type": "double",
        "offset": 8,
        "shape": [2],
    }


@versions
def test_alike_types_in_two_groups_stay_two_types(zarr_format: ZarrVersion) -> None:
    first, second = (EnumType("E", SHORT, {"a": 1}) for _ in range(2))
    dataset = Dataset(types={"E": first}, dimensions={"x": Dimension("x", 1)})
    dataset.groups["g"] = Group("g", types={"E": second})
    x = dataset.dimensions["x"]
    for name, kind in (("u", first), ("v", second)):  # a type of a group below, and one of above
        for group in (dataset, dataset.groups["g"]):
            group.variables[name] = Variable(name, kind, (x,), data=np.ones(1, "i2"))
    dataset.attributes["kind"] = Attribute([1], second)
    found = read_store(write(dataset, "native", zarr_format))[1]
    assert found.types["E"] is found.variables["u"].type is found.groups["g"].variables["u"].type
    assert found.groups["g"].types["E"] is found.variables["v"].type
    assert found.attributes["kind"].type is found.groups["g"].types["E"]
    assert found.types["E"] is not found.groups["g"].types["E"]


def test_a_part_whose_name_is_taken_gets_another() -> None:
    dataset = one(VlenType("row", SHORT), rows([[1], [2, 3]], VlenType("row", SHORT)))
    x = dataset.dimensions["x0"]
    for name in ("v.length", "v.item"):
        dataset.variables[name] = Variable(name, SHORT, (x,), data=np.zeros(2, "i2"))
        dataset.variables[name].storage = Storage(fill_value=SHORT.default_fill)
    dataset.dimensions["v.item_"] = Dimension("v.item_", 5)
    split = parted(dataset, 3)
    assert list(split.variables) == ["v.length_", "v.values", "v.length", "v.item"]
    assert split.variables["v.values"].dimensions[0].name == "v.item__"
    assert differences(dataset, read_store(write(dataset, "native", 3))[1]) == []


@versions
def test_a_type_that_no_group_holds_is_refused(zarr_format: ZarrVersion) -> None:
    dataset = one(OpaqueType("blob", 2), np.zeros(1, "V2"))
    dataset.types.clear()
    with pytest.raises(MetadataError, match="type 'blob' belongs to no group"):
        write(dataset, "native", zarr_format)


@versions
def test_flags_that_a_variable_has_are_its_own(zarr_format: ZarrVersion) -> None:
    kind = EnumType("E", SHORT, {"a": 1, "b": 2})
    given = {"flag_meanings": Attribute("x y", CHAR)}
    dataset = one(kind, np.array([1, 2], "i2"), **given)
    store = write(dataset, "native", zarr_format)
    assert "flag_values" not in open_tree(store)["v"].attrs
    assert variable_of(read_store(store)[1], "/v").attributes == given


@versions
def test_flags_of_ours_that_another_writer_edits_are_attributes(zarr_format: ZarrVersion) -> None:
    dataset = one(EnumType("E", SHORT, {"a": 1, "b": 2}), np.array([1, 2], "i2"))
    store = write(dataset, "native", zarr_format)
    edit(store, zarr_format, "v", lambda attributes, _: attributes.update(flag_meanings="A B"))
    with pytest.warns(ZarrCdmWarning, match="^/v: another writer changed it: flag_meanings"):
        found = variable_of(read_store(store)[1], "/v").attributes
    assert found == {"flag_meanings": Attribute("A B", CHAR)}


# How much is read.


class Counted:
    """Data that count how often an element of them is read."""

    def __init__(self, data: np.ndarray) -> None:
        self.data, self.shape, self.dtype = data, data.shape, data.dtype
        self.read = 0

    def __getitem__(self, selection: Any) -> Any:
        found = self.data[selection]
        self.read += np.size(found)
        return found


@versions
def test_a_compound_is_read_once_to_be_written(zarr_format: ZarrVersion) -> None:
    dataset = of_every_type()
    data = np.tile(dataset.variables["p"].data[...], 2000)
    counted = Counted(data)
    source = one(dataset.types["pair"], data, dataset.types["color"])
    source.variables["v"].data = counted
    found = read_store(write(source, "native", zarr_format))[1]
    reads = {2: 2, 3: 2}[zarr_format]  # `text_bytes` of the test itself looks at texts alone
    assert counted.read <= reads * len(data)
    assert same(dataset.types["pair"], found.variables["v"].data[...], data)


@versions
def test_some_rows_of_a_vlen_are_read_without_the_others(zarr_format: ZarrVersion) -> None:
    kind = VlenType("row", SHORT)
    values = rows([np.full(i % 7 * 20, i) for i in range(4000)], kind)
    dataset = one(kind, values.reshape(400, 10))
    dataset.variables["v"].storage = Storage(fill_mode="none", chunks=(40, 10))
    split = parted(dataset, zarr_format)
    split.variables["v.values"].storage = Storage(chunks=(2**15,), fill_mode="none")
    store = Watched(write(split, "native", zarr_format))
    assert sum("v.values/" in key for key in store.list()) > 5  # chunks, and a document
    found = read_store(store)[1].variables["v"]
    assert not any("/c/" in key or key.endswith(".0") for key in store.asked)  # nothing yet
    store.asked.clear()
    assert same(kind, found.data[5:7, 2:4], values.reshape(400, 10)[5:7, 2:4])
    assert len({key for key in store.asked if "v.values" in key}) == 1
    assert len({key for key in store.asked if "v.length" in key}) >= 1
    store.asked.clear()
    assert same(kind, found.data[0:0], values.reshape(400, 10)[0:0])
    assert found.data[0, 0].dtype == np.int16  # an empty row is one of its type
    assert store.asked == []


axes = st.one_of(st.slices(3), st.lists(st.integers(0, 2), max_size=4).map(np.array))


@versions
@given(data=st.data())
def test_a_selection_is_that_of_the_values(data: st.DataObject, zarr_format: ZarrVersion) -> None:
    known: list[Any] = []
    for name in "ab":
        known.append(data.draw(user_types(name, known)))
    kind = data.draw(st.sampled_from([*known, STRING]))
    values = data.draw(elements(kind, 9)).reshape(3, 3)
    found = read_store(write(one(kind, values, *known), "native", zarr_format))[1]
    array = found.variables["v"].data
    block = data.draw(st.tuples(st.slices(3), st.slices(3)))
    assert same(kind, array[block], values[block])
    parts = data.draw(st.tuples(axes, axes))
    parts = tuple(part.astype(int) if isinstance(part, np.ndarray) else part for part in parts)
    assert same(kind, outer(array, parts), outer(values, parts))
    points = (np.array([0, 2, 0]), np.array([1, 1, 1]))
    assert same(kind, by_points(array, points), values[points])
    assert same(kind, array[-1, :2], values[-1, :2])
    assert same(kind, boxed(array[1, 2], kind), boxed(values[1, 2], kind))
    assert same(kind, array[1, 2, ...], boxed(values[1, 2], kind))
    assert same(kind, pickle.loads(pickle.dumps(array))[...], values)


def boxed(element: Any, kind: Any) -> np.ndarray:
    """Return an element as an array without axes."""
    result = np.empty((), kind.dtype)
    result[()] = element
    return result


@versions
def test_an_element_that_is_not_there_is_an_error(zarr_format: ZarrVersion) -> None:
    found = read_store(write(of_every_type(), "native", zarr_format))[1]
    for name in ("o", "r", "p", "m", "s"):
        for selection in (3, (0, 0), [5], "a"):
            with pytest.raises((SelectionError, IndexError)):
                found.variables[name].data[selection]


# What others change.


def changed(zarr_format: ZarrVersion, change: Callable[[MemoryStore], None]) -> Dataset:
    """Return what is read, with a warning, after somebody has changed a store."""
    store = write(of_every_type(), "native", zarr_format)
    change(store)
    with pytest.warns(ZarrCdmWarning):
        return read_store(store)[1]


def remove(store: MemoryStore, zarr_format: ZarrVersion, path: str) -> None:
    """Remove an array from the consolidated documents."""
    key = "zarr.json" if zarr_format == 3 else ".zmetadata"
    root = json.loads(store.get(key) or b"")
    metadata = root["consolidated_metadata"]["metadata"] if zarr_format == 3 else root["metadata"]
    for name in [name for name in metadata if name == path or name.startswith(f"{path}/")]:
        del metadata[name]
    store.set(key, json.dumps(root).encode())


@versions
@pytest.mark.parametrize("gone", ["r.length", "r.values", "p.a", "p.b", "d.values.length", "m.s"])
def test_where_a_part_is_gone_the_others_are_shown(zarr_format: ZarrVersion, gone: str) -> None:
    store = write(of_every_type(), "native", zarr_format)
    remove(store, zarr_format, gone)
    name = gone.partition(".")[0]
    with pytest.warns(ZarrCdmWarning, match=f"/{name} is shown as the arrays that hold its parts"):
        found = read_store(store)[1]
    left = {".".join((name, part)) for part in PARTS[name]} - {gone}
    assert set(found.variables) == {*PARTS, *left} - {name}
    assert all(found.variables[part].data[...] is not None for part in left)
    if gone == "p.b":
        assert found.variables["p.a"].type.name == "int"
        assert found.variables["p.a"].dimensions == (found.dimensions["t"],)
        assert found.variables["p.a"].attributes["long_name"] == Attribute("p", CHAR)


@versions
@pytest.mark.parametrize(
    ("path", "shape"), [("p.a", [4]), ("p.b", [3, 3]), ("o", [3, 2]), ("r.values", [4])]
)
def test_parts_of_other_shapes_are_shown_as_they_are(
    zarr_format: ZarrVersion, path: str, shape: list[int]
) -> None:
    def change(store: MemoryStore) -> None:
        edit(store, zarr_format, path, lambda _, document: document.update(shape=shape))

    found = changed(zarr_format, change)
    assert found.variables[path].shape == tuple(shape)
    if path != "o":
        assert path.partition(".")[0] not in found.variables


@versions
def test_a_part_of_another_data_type_is_shown_as_it_is(zarr_format: ZarrVersion) -> None:
    def retyped(_: Any, document: Any) -> None:
        if zarr_format == 3:
            document.update(data_type="int16", fill_value=0)
        else:
            document["dtype"] = "<i2"

    found = changed(zarr_format, lambda store: edit(store, zarr_format, "p.a", retyped))
    assert found.variables["p.a"].type is SHORT
    assert "p" not in found.variables


@versions
def test_parts_that_grow_together_are_still_a_variable(zarr_format: ZarrVersion) -> None:
    store = write(of_every_type(), "native", zarr_format)
    for path in ("e", "o", "r.length", "p.a", "p.b", "p.c", "d.length", "m.s", "m.r.length", "s"):
        edit(
            store,
            zarr_format,
            path,
            lambda _, document: document.update(shape=[4, *document["shape"][1:]]),
        )
    with pytest.warns(ZarrCdmWarning, match="'/t' was declared with length 3"):
        found = read_store(store)[1]
    assert set(found.variables) == set(PARTS)
    assert found.dimensions["t"].size == 4
    before = of_every_type()
    for name, variable in before.variables.items():
        assert same(variable.type, found.variables[name].data[:3], variable.data[...])
    assert len(found.variables["r"].data[3]) == 0
    assert found.variables["m"].data[1:3]["s"].tolist() == [None, ""]


@versions
def test_lengths_that_do_not_add_up_are_an_error_when_read(zarr_format: ZarrVersion) -> None:
    store = write(of_every_type(), "native", zarr_format)
    open_tree(store).array("r.length")[0] = 7
    found = read_store(store)[1]
    with pytest.raises(MetadataError, match="do not add up to the 3 values"):
        found.variables["r"].data[0]


@versions
def test_the_types_are_known_where_the_root_has_lost_its_record(zarr_format: ZarrVersion) -> None:
    store = write(of_every_type(), "native", zarr_format)
    edit(store, zarr_format, "", wiped)
    with pytest.warns(ZarrCdmWarning, match="^/: another writer changed it: its record is gone"):
        found = read_store(store)[1]
    before = of_every_type()
    assert set(found.types) == set(before.types) - {"unused"}
    for name, variable in before.variables.items():
        assert found.variables[name].type == variable.type
        assert found.variables[name].attributes == variable.attributes
        assert same(variable.type, found.variables[name].data[...], variable.data[...])
    assert found.variables["p"].type is found.types["pair"]


@versions
@pytest.mark.parametrize(
    "definition",
    [
        None,
        {},
        {"class": "vlen", "base": "/row"},
        {"class": "vlen", "base": "/nowhere"},
        {"class": "enum", "base": "float", "members": {"a": 1}},
        {"class": "enum", "base": "short", "members": {"a": 2**40}},
        {"class": "enum", "base": "short", "members": {}},
        {"class": "opaque", "size": 0},
        {"class": "opaque", "size": 2**60},
        {"class": "compound", "size": 4, "fields": []},
        {"class": "compound", "size": 2, "fields": [{"name": "a", "type": "int", "offset": 0}]},
        {"class": "compound", "size": 8, "fields": [{"name": "a", "type": "int", "offset": -4}]},
        {"class": "compound", "size": 8, "fields": 7},
        {"class": "pointer"},
    ],
)
def test_a_type_that_cannot_be_leaves_plain_arrays(
    zarr_format: ZarrVersion, definition: Any
) -> None:
    store = write(of_every_type(), "native", zarr_format)

    def change(attributes: Any, document: Any) -> None:
        if document.get("shape") is not None:
            record = record_of(attributes, document)
        else:
            record = attributes.get("_nczarr_group", attributes)[
                "cdm" if zarr_format == 2 else "_nc_cdm"
            ]
        if "/row" in record.get("types", {}):
            record["types"]["/row"] = definition

    for path in ("", "r.values", "m.s"):
        edit(store, zarr_format, path, change)
    with pytest.warns(ZarrCdmWarning):
        found = read_store(store)[1]
    assert {"r.length", "r.values", "e", "p"} <= set(found.variables)
    assert found.variables["r.values"].data[...].tolist() == [1, 2, 3]


@versions
def test_an_array_of_the_name_of_a_variable_in_parts_is_not_hidden(
    zarr_format: ZarrVersion,
) -> None:
    store = write(of_every_type(), "native", zarr_format)
    group = open_tree(store)
    group.create_array("r", data=np.arange(4.0))
    with pytest.warns(ZarrCdmWarning, match="another array has its name"):
        found = read_store(store)[1]
    assert found.variables["r"].data[...].tolist() == [0, 1, 2, 3]
    assert "r.values" in found.variables


@versions
@given(data=st.data())
def test_a_record_of_another_form_never_fails_the_dataset(
    data: st.DataObject, zarr_format: ZarrVersion
) -> None:
    dataset = data.draw(datasets(whole=True))
    store = write(dataset, "native", zarr_format)
    paths = [path[1:] for path, _ in parted(dataset, zarr_format).all_variables()]
    junk = st.sampled_from([None, True, -1, 10**30, 0.5, "", "/", "/T", "int", [], {}, [[]], ["a"]])

    def change(attributes: Any, document: Any) -> None:
        record = record_of(attributes, document)
        places = [(record, key) for key in record if key != "must_understand"]
        for holder in [record.get("part"), record.get("types"), record.get("null")]:
            inner = [holder] if holder else []
            while inner:
                each = inner.pop()
                items = each.items() if isinstance(each, dict) else enumerate(each)
                places += [(each, key) for key, _ in items]
                inner += [value for _, value in items if isinstance(value, dict | list)]
        container, key = data.draw(st.sampled_from(places))
        container[key] = data.draw(junk)

    for path in paths:
        edit(store, zarr_format, path, change)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        _, found = read_store(store)
        for _, variable in found.all_variables():
            assert tuple(variable.data.shape) == variable.shape
            with suppress(MetadataError):  # the lengths of rows are checked when they are read
                assert variable.data[...].shape == variable.shape


def test_what_grows_is_what_nobody_has_written() -> None:
    dataset = of_every_type()
    pair = dataset.types["pair"]
    one_fill = {"_FillValue": Attribute(np.array([(5, [2, 2], 1)], pair.dtype), pair)}
    for mode, attributes in (("default", {}), ("explicit", one_fill)):
        variable = dataset.variables["p"]
        fill = attributes["_FillValue"].element() if attributes else unwritten(pair)[()]
        variable.attributes = attributes
        variable.storage = Storage(fill_mode=mode, fill_value=fill)  # type: ignore[arg-type]
        dataset.variables = {"p": variable}
        store = write(dataset, "native", 3)
        for path in ("p.a", "p.b", "p.c"):
            open_tree(store).array(path).resize(5, *open_tree(store).array(path).shape[1:])
        with pytest.warns(ZarrCdmWarning, match="declared with length 3"):
            found = read_store(store)[1].variables["p"]
        assert same(pair, found.data[3:], np.array([fill, fill], pair.dtype))
