"""NZ-1.0: what is read, what is written, and what is refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import zarr_cdm
from tests.datasets import datasets, differences
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, EnumType
from zarr_cdm.conventions.status import statuses
from zarr_cdm.core.group import ZarrGroup, create_tree, open_tree, publish
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects import declarations
from zarr_cdm.dialects.attributes import encodable
from zarr_cdm.dialects.nz import NzDialect, without_own
from zarr_cdm.dialects.plain import is_reserved
from zarr_cdm.dialects.table import choose
from zarr_cdm.errors import UnsupportedError, ZarrCdmWarning
from zarr_cdm.translate.chunking import layout_of

SHORT, FLOAT, INT64 = (ATOMIC_TYPES[name] for name in ("short", "float", "int64"))


def write(dataset: Dataset) -> ZarrGroup:
    """Return a hierarchy with the documents of a dataset, opened anew."""
    layouts = {path: layout_of(variable, 3) for path, variable in dataset.all_variables()}
    store = MemoryStore()
    publish(create_tree(store, NzDialect().write(dataset, layouts, 3), 3))
    return open_tree(store)


def read(group: ZarrGroup) -> Dataset:
    name, dialect = choose(group.node)
    assert name == "nz"
    return dialect.read(group.node, group.array)


def stored(attributes: dict[str, Any], **arrays: dict[str, Any]) -> ZarrGroup:
    """Return a hierarchy with those attributes at the root, and arrays with those of their own."""
    root = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    store = {"zarr.json": json.dumps(root).encode()}
    for name, own in arrays.items():
        document = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [2],
            "data_type": "float32",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
            "chunk_key_encoding": {"name": "default"},
            "fill_value": 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "dimension_names": ["x"],
            "attributes": own,
        }
        store[f"{name}/zarr.json"] = json.dumps(document).encode()
    return open_tree(MemoryStore(store))


def one(kind: Any = FLOAT, *dims: Dimension, **attributes: Attribute) -> Dataset:
    """Return a dataset with one variable."""
    dataset = Dataset(dimensions={dim.name: dim for dim in dims})
    data = np.zeros([dim.size for dim in dims], kind.dtype)
    storage = Storage(fill_value=getattr(kind, "default_fill", None))
    dataset.variables["v"] = Variable("v", kind, dims, attributes, data, storage)
    return dataset


def sayable(dataset: Dataset) -> Dataset:
    """Return the dataset without the attributes that NZ-1.0 cannot say."""
    holders: list[Group | Variable] = [group for _, group in dataset.walk()]
    for holder in [*holders, *(variable for _, variable in dataset.all_variables())]:
        holder.attributes = {
            name: attribute
            for name, attribute in holder.attributes.items()
            if not is_reserved(name) and is_sayable(name, attribute)
        }
    return dataset


def is_sayable(name: str, attribute: Attribute) -> bool:
    if isinstance(attribute.value, np.ndarray):
        return True
    if name == "_FillValue":
        return False  # a text among numbers may be read as one, and a character is one byte
    texts = (attribute.value,) if isinstance(attribute.value, str) else attribute.value
    return bool(texts) and all(text is not None and encodable(text) == text for text in texts)


@given(dataset=datasets(shadowing=False))
def test_what_is_written_is_read_again(dataset: Dataset) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        group = write(sayable(dataset))
    found = read(group)
    assert statuses(group.node, group.array)["nz"].findings == ()
    assert [path for path, _ in found.walk()] == [path for path, _ in dataset.walk()]
    for (_, before), (_, after) in zip(dataset.walk(), found.walk(), strict=True):
        assert list(after.attributes.items()) == list(before.attributes.items())
    after_variables = dict(found.all_variables())
    for path, variable in dataset.all_variables():
        other = after_variables.pop(path)
        assert other.type is variable.type
        assert other.shape == variable.shape
        assert [dim.name for dim in other.dimensions] == [dim.name for dim in variable.dimensions]
        assert list(other.attributes.items()) == list(variable.attributes.items())
    assert not after_variables


@given(dataset=datasets())
def test_what_is_read_is_written_as_it_was_or_refused(dataset: Dataset) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        try:
            group = write(dataset)
        except UnsupportedError:
            return
        again = read(group)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # all that has no word is gone already
        second = write(again)
    assert differences(again, read(second)) == []


@pytest.mark.parametrize(
    "attribute",
    [
        Attribute(np.array([0.1], "f4"), FLOAT),
        Attribute(np.array([], "i2"), SHORT),
        Attribute(np.frombuffer(b"\x01\x00\xc0\x7f", "f4"), FLOAT),
        Attribute(np.array([np.nan, np.inf, -np.inf, -0.0]), ATOMIC_TYPES["double"]),
        Attribute([2**63], ATOMIC_TYPES["uint64"]),
        Attribute([5], INT64),
        Attribute("a\0b", CHAR),
        Attribute("NaN", CHAR),
        Attribute(["a"], STRING),
        Attribute(["a", ""], STRING),
    ],
    ids=str,
)
def test_attributes_are_exact(attribute: Attribute) -> None:
    dataset = one(FLOAT, units=attribute)
    dataset.attributes["title"] = attribute
    found = read(write(dataset))
    assert found.variables["v"].attributes == {"units": attribute}
    assert found.attributes == {"title": attribute}


@pytest.mark.parametrize(
    ("kind", "fill", "shown"),
    [
        (FLOAT, np.float32(-9999), -9999.0),
        (FLOAT, np.float32("nan"), "NaN"),
        (SHORT, np.int16(-1), -1),
        (ATOMIC_TYPES["uint64"], np.uint64(2**64 - 1), 2**64 - 1),
    ],
)
def test_a_fill_value_is_a_plain_number(kind: Any, fill: Any, shown: Any) -> None:
    attribute = Attribute(np.array([fill]), kind)
    group = write(one(kind, _FillValue=attribute))
    attributes = group.array("v").attrs
    assert attributes["_FillValue"] == shown
    assert "_nczarr_attr" not in attributes
    assert read(group).variables["v"].attributes == {"_FillValue": attribute}


def test_a_fill_value_of_another_type_or_length_has_its_type_beside_it() -> None:
    for attribute in (Attribute([1], SHORT), Attribute([1, 2], FLOAT), Attribute("-", CHAR)):
        found = read(write(one(FLOAT, _FillValue=attribute)))
        assert found.variables["v"].attributes == {"_FillValue": attribute}


def test_characters_and_texts_have_fill_values_too() -> None:
    for kind, attribute in ((CHAR, Attribute("-", CHAR)), (STRING, Attribute(["none"], STRING))):
        found = read(write(one(kind, _FillValue=attribute)))
        assert found.variables["v"].attributes == {"_FillValue": attribute}


@pytest.mark.parametrize("kind", ["int16", "<i2", "|i2", ">i2"])
def test_types_are_read_by_the_names_of_zarr_and_of_numpy(kind: str) -> None:
    group = stored({}, v={"level": 3, "_nczarr_attr": {"types": {"level": kind}}})
    assert read(group).variables["v"].attributes == {"level": Attribute([3], SHORT)}


@pytest.mark.parametrize("kind", ["quad", "<q9", 5, None, ["<i2"], "bool"])
def test_types_that_are_none_are_not_heeded(kind: Any) -> None:
    group = stored({"conventions": "NZ-1.0"}, v={"n": 3, "_nczarr_attr": {"types": {"n": kind}}})
    assert read(group).variables["v"].attributes == {"n": Attribute([3], INT64)}


def test_a_value_that_its_type_cannot_hold_keeps_that_of_json() -> None:
    types = {"types": {"n": "int8", "gone": "int8"}}
    group = stored({"conventions": "NZ-1.0"}, v={"n": 300, "_nczarr_attr": types})
    assert read(group).variables["v"].attributes == {"n": Attribute([300], INT64)}


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({"conventions": "NZ-1.0"}, {}),
        ({"conventions": "nz-1.0 CF-1.12"}, {"Conventions": "CF-1.12"}),
        ({"conventions": "NZ-1.0 CF-1.12", "Conventions": "CF-1.12"}, {"Conventions": "CF-1.12"}),
        ({"Conventions": "NZ-1.0 CF-1.12"}, {"Conventions": "NZ-1.0 CF-1.12"}),
        (
            {"Conventions": "CF-1.8", "conventions": "NZ-1.0 ACDD-1.3"},
            {"Conventions": "CF-1.8", "conventions": "ACDD-1.3"},
        ),
        ({"zarr_conventions": [declarations.NZ.to_json()], "conventions": 5}, {"conventions": 5}),
    ],
)
def test_what_declares_is_no_attribute_of_the_data(
    attributes: dict[str, Any], found: dict[str, Any]
) -> None:
    plain = {name: each.plain() for name, each in read(stored(attributes)).attributes.items()}
    assert plain == found


def test_other_conventions_stay_declared() -> None:
    other = {"uuid": "3bbe438d-df37-49fe-8e2b-739296d46dfb", "name": "uom"}
    cf = declarations.CF.to_json()
    first = stored({"zarr_conventions": [declarations.NZ.to_json(), other, cf], "a": 1})
    dataset = read(first)
    assert json.loads(str(dataset.attributes["zarr_conventions"].value)) == [other, cf]
    listed = write(dataset).attrs["zarr_conventions"]
    assert listed == [declarations.NZ.to_json(), other, cf]
    dataset.attributes["Conventions"] = Attribute("CF-1.8", CHAR)
    listed = write(dataset).attrs["zarr_conventions"]
    assert listed == [declarations.NZ.to_json(), cf, other]


@pytest.mark.parametrize(
    ("attributes", "is_nz"),
    [
        ({}, False),
        ({"conventions": "CF-1.8"}, False),
        ({"conventions": "NZ-1.01"}, False),
        ({"Conventions": "NZ-1.0"}, True),
        ({"zarr_conventions": [{"uuid": declarations.NZ.uuid}]}, True),
        ({"zarr_conventions": [{"name": "NZ-1.0"}]}, False),
        ({"_nczarr_attr": {"types": {"a": "float32"}}}, True),
    ],
)
def test_a_store_is_of_nz_where_it_says_so(attributes: dict[str, Any], is_nz: bool) -> None:
    assert (choose(stored(attributes).node)[0] == "nz") is is_nz


def test_its_own_name_is_found_between_others() -> None:
    assert without_own("CF-1.8 NZ-1.0 ACDD-1.3") == "CF-1.8 ACDD-1.3"
    assert without_own("CF-1.8, nz-1.0") == "CF-1.8"
    assert without_own("XNZ-1.0 NZ-1.01") == "XNZ-1.0 NZ-1.01"


def test_everything_that_cannot_be_said_is_refused_in_one_message() -> None:
    x, other = Dimension("x", 2), Dimension("x", 3)
    dataset = one(FLOAT, x)
    fine = dataset.groups["fine"] = Group("fine", dimensions={"x": other})
    fine.variables["a/b"] = Variable("a/b", FLOAT, (x,), data=np.zeros(2, "f4"))
    fine.variables["c"] = Variable("c", FLOAT, (other,), data=np.zeros(3, "f4"))
    kind = EnumType("colour", SHORT, {"red": 1})  # type: ignore[arg-type]
    dataset.types["colour"] = kind
    dataset.variables["e"] = Variable("e", kind, (), data=np.zeros((), "i2"))
    dataset.attributes["conventions"] = Attribute("CF-1.8", CHAR)
    dataset.variables["v"].attributes["_ARRAY_DIMENSIONS"] = Attribute("x", CHAR)
    with pytest.raises(UnsupportedError) as raised:
        write(dataset)
    for part in (
        "the type /colour",
        "/e, which is of type 'colour'",
        "the name /fine/a/b",
        "the dimension 'x', which in /fine has the lengths 2 and 3",
        "/@conventions, the attribute of NZ-1.0 itself",
        "/v@_ARRAY_DIMENSIONS, a name that Zarr keeps for itself",
    ):
        assert part in str(raised.value)


@pytest.mark.parametrize("name", ["", "zarr.json", "__x", "a\\b", "n" * 256, "..."])
def test_names_that_a_store_cannot_hold_are_refused(name: str) -> None:
    dataset = Dataset(groups={name: Group(name)})
    with pytest.raises(UnsupportedError) as raised:
        write(dataset)
    assert raised.value.message.endswith(f"change: the name /{name}")


@pytest.mark.parametrize(
    "attribute",
    [
        Attribute("\udcff", CHAR),
        Attribute(["a", None], STRING),
        Attribute([], STRING),
        Attribute(["\udcff"], STRING),
    ],
    ids=str,
)
def test_attributes_that_json_cannot_hold_are_refused(attribute: Attribute) -> None:
    with pytest.raises(UnsupportedError, match=f"/v@a \\({attribute.type.name}\\)"):
        write(one(FLOAT, a=attribute))


def test_a_list_of_conventions_that_is_none_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="/v@zarr_conventions, which is no list"):
        write(one(FLOAT, zarr_conventions=Attribute("NZ", CHAR)))


def test_it_is_stated_for_zarr_v3_only() -> None:
    with pytest.raises(UnsupportedError, match="for Zarr v3 only; this is v2"):
        NzDialect().write(Dataset(), {}, 2)


def test_a_file_is_converted_to_nz_and_back(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    attributes = {"scale_factor": np.float32(0.1), "units": "K"}
    source = xarray.Dataset({"t": ("x", np.arange(3, dtype="i2"), attributes)})
    source.to_netcdf(tmp_path / "t.nc")
    zarr_cdm.convert(tmp_path / "t.nc", tmp_path / "t.zarr", dialect="nz")
    assert zarr_cdm.info(tmp_path / "t.zarr").conventions["nz"] == 0
    with zarr_cdm.read(tmp_path / "t.nc") as before, zarr_cdm.read(tmp_path / "t.zarr") as after:
        assert after.facts["dialect"] == "nz"
        assert zarr_cdm.compare(before, after) == []
