"""Our own dialect: where its records stand, and what counts where others have changed a store."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.datasets import datasets, dimension_of, variable_of
from tests.shelves.test_every_dialect import read as read_store
from tests.shelves.test_every_dialect import write
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, any_type
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import MetadataError, ZarrCdmWarning
from zarr_cdm.metadata.documents import ZarrVersion

BYTE, SHORT, FLOAT = ATOMIC_TYPES["byte"], ATOMIC_TYPES["short"], ATOMIC_TYPES["float"]
versions = pytest.mark.parametrize("zarr_format", [2, 3])


def ocean() -> Dataset:
    """Two groups on one unlimited dimension, with attributes that need a record each."""
    time, x = Dimension("time", 3, unlimited=True), Dimension("x", 2)
    dataset = Dataset(
        attributes={
            "title": Attribute("ocean", CHAR),
            "level": Attribute([5], SHORT),
            "raw": Attribute("a\0\udcff", CHAR),
            "_nc_cdm": Attribute("an ordinary attribute", CHAR),
        },
        dimensions={"time": time, "x": x, "unused": Dimension("unused", 7)},
        provenance={"format": "NETCDF4"},
    )
    attributes = {
        "scale_factor": Attribute([0.5], FLOAT),
        "valid_range": Attribute([-5, 5], BYTE),
        "nan": Attribute(np.array([0x7FC00001], "u4").view("f4"), FLOAT),
        "_FillValue": Attribute([-9], SHORT),
    }
    dataset.variables["t"] = Variable(
        "t",
        SHORT,
        (time, x),
        attributes,
        np.arange(6, dtype="i2").reshape(3, 2),
        Storage("chunked", (1, 2), endian="big", fill_mode="explicit", fill_value=np.int16(-9)),
    )
    letters = Attribute("x", CHAR)
    dataset.variables["c"] = Variable(
        "c", CHAR, (x,), {"_FillValue": letters}, np.array([b"a", b"x"]), Storage()
    )
    below = dataset.groups["g"] = Group("g", {"level": Attribute([6], SHORT)})
    below.variables["u"] = Variable("u", FLOAT, (time,), data=np.zeros(3, "f4"))
    return dataset


def changed(
    dataset: Dataset, zarr_format: ZarrVersion, path: str, change: Any, told: str = ""
) -> Dataset:
    """Return what is read after another writer has changed one document (and consolidated).

    There must be a warning that begins as ``told``, or none.
    """
    store = write(dataset, "native", zarr_format)
    edit(store, zarr_format, path, change)
    if not told:
        return read_store(store)[1]
    with pytest.warns(ZarrCdmWarning, match=f"^/{path}: another writer changed it: {told}"):
        return read_store(store)[1]


def edit(store: MemoryStore, zarr_format: ZarrVersion, path: str, change: Callable[[Any], Any]):
    """Change the attributes of a node, or its whole document by the name ``document``."""
    key = "zarr.json" if zarr_format == 3 else ".zmetadata"
    root = json.loads(store.get(key) or b"")
    if zarr_format == 3:
        metadata = root["consolidated_metadata"]["metadata"]
        node = metadata[path] if path else root
        change(node["attributes"], node)
    else:
        prefix = f"{path}/" if path else ""
        change(root["metadata"][f"{prefix}.zattrs"], root["metadata"].get(f"{prefix}.zarray", {}))
    store.set(key, json.dumps(root).encode())


def record_of(attributes: Any, document: Any) -> Any:
    """Return the record of an array, in either version."""
    return document["cdm"] if "cdm" in document else attributes["_nczarr_array"]["cdm"]


# Where the records stand.


def test_in_zarr_v3_an_array_has_a_member_and_a_group_a_hidden_attribute() -> None:
    document = json.loads(write(ocean(), "native", 3).get("zarr.json") or b"")
    array = document["consolidated_metadata"]["metadata"]["t"]
    assert array["cdm"] == {
        "must_understand": False,
        "type": "short",
        "dimensions": [{"path": "/time", "unlimited": True}, {"path": "/x"}],
        "attributes": {
            "scale_factor": "float",
            "valid_range": "byte",
            "nan": {"type": "float", "base64": "AQDAfw=="},
        },
        "storage": {"fill": "explicit", "layout": "chunked", "chunks": [1, 2], "endian": "big"},
    }
    assert array["attributes"] == {
        "scale_factor": 0.5,
        "valid_range": [-5, 5],
        "nan": "NaN",
        "_FillValue": -9,
    }
    assert set(document) == {
        "zarr_format",
        "node_type",
        "attributes",
        "consolidated_metadata",
    }
    assert document["attributes"]["_nc_cdm"]["dimensions"] == {
        "time": {"size": 3, "unlimited": True},
        "x": {"size": 2},
        "unused": {"size": 7},
    }


def test_in_zarr_v2_the_records_stand_in_nczarrs_own_attributes() -> None:
    metadata = json.loads(write(ocean(), "native", 2).get(".zmetadata") or b"")["metadata"]
    array = metadata["t/.zattrs"]
    assert array["_ARRAY_DIMENSIONS"] == ["time", "x"]
    assert array["_nczarr_array"]["dimension_references"] == ["/time", "/x"]
    assert array["_nczarr_array"]["cdm"]["type"] == "short"
    assert array["_nczarr_attr"]["types"] == {
        "scale_factor": "<f4",
        "valid_range": "|i1",
        "nan": "<f4",
        "_FillValue": "<i2",
    }
    assert metadata[".zattrs"]["_nczarr_group"]["dimensions"] == {
        "time": {"size": 3, "unlimited": 1},
        "x": 2,
        "unused": 7,
    }
    assert metadata[".zattrs"]["_nczarr_superblock"] == {"version": "2.0.0"}
    assert "_nczarr_superblock" not in metadata["g/.zattrs"]
    assert "dimension_names" not in metadata["t/.zarray"]


# What others change.


@versions
def test_an_attribute_that_another_writer_edits_has_its_new_value(zarr_format: ZarrVersion) -> None:
    def change(attributes: Any, document: Any) -> None:
        attributes.update(scale_factor=0.25, valid_range=[0, 1], nan="none", units="K")

    told = "its attribute 'nan' was of type float, and is char$"
    found = variable_of(changed(ocean(), zarr_format, "t", change, told), "/t").attributes
    assert found["scale_factor"] == Attribute([0.25], FLOAT)  # still of its type
    assert found["valid_range"] == Attribute([0, 1], BYTE)
    assert found["nan"] == Attribute("none", CHAR)
    assert found["units"] == Attribute("K", CHAR)
    assert found["_FillValue"] == Attribute([-9], SHORT)


@versions
def test_a_value_that_no_longer_fits_its_type_gets_the_type_it_looks_like(
    zarr_format: ZarrVersion,
) -> None:
    def change(attributes: Any, document: Any) -> None:
        attributes.update(scale_factor=0.1, valid_range=[0, 1000], nan=[1, 2])

    told = "its attribute 'scale_factor' was of type float, and is double; its attribute 'valid"
    found = variable_of(changed(ocean(), zarr_format, "t", change, told), "/t").attributes
    assert found["scale_factor"] == Attribute([0.1], ATOMIC_TYPES["double"])
    assert found["valid_range"] == Attribute([0, 1000], ATOMIC_TYPES["int64"])
    assert found["nan"] == Attribute([1, 2], FLOAT)


@versions
def test_an_attribute_that_another_writer_deletes_is_gone(zarr_format: ZarrVersion) -> None:
    def change(attributes: Any, document: Any) -> None:
        for name in ("scale_factor", "nan", "_FillValue"):
            del attributes[name]
        if zarr_format == 2:
            document["fill_value"] = None

    told = "its attributes scale_factor, nan gone; its fill value is gone$"
    variable = variable_of(changed(ocean(), zarr_format, "t", change, told), "/t")
    assert list(variable.attributes) == ["valid_range"]
    assert variable.storage.fill_mode == "default"
    assert variable.storage.fill_value == SHORT.default_fill


@versions
def test_a_fill_value_that_another_writer_changes_is_the_fill_value(
    zarr_format: ZarrVersion,
) -> None:
    def change(attributes: Any, document: Any) -> None:
        attributes["_FillValue"] = 5

    variable = variable_of(changed(ocean(), zarr_format, "t", change), "/t")
    assert variable.attributes["_FillValue"] == Attribute([5], SHORT)
    assert variable.storage.fill_value == 5
    assert variable.storage.fill_mode == "explicit"


@versions
def test_a_fill_value_that_no_attribute_tells_of_is_recorded(zarr_format: ZarrVersion) -> None:
    dataset = ocean()
    variable = dataset.variables["t"]
    del variable.attributes["_FillValue"]
    variable.storage = Storage(fill_value=np.int16(-5))
    found = variable_of(read_store(write(dataset, "native", zarr_format))[1], "/t")
    assert (found.storage.fill_mode, found.storage.fill_value) == ("default", -5)
    assert "_FillValue" not in found.attributes


@versions
@pytest.mark.parametrize(
    "entry", [5, {"type": "int", "base64": "AAAAAA=="}, {"type": "short", "base64": ""}]
)
def test_a_recorded_fill_value_of_another_form_counts_as_none(
    zarr_format: ZarrVersion, entry: Any
) -> None:
    def change(attributes: Any, document: Any) -> None:
        del attributes["_FillValue"]
        record_of(attributes, document)["storage"] = {"fill": "default", "fill_value": entry}
        document["fill_value"] = None if zarr_format == 2 else 0

    found = variable_of(changed(ocean(), zarr_format, "t", change), "/t")
    assert found.storage.fill_value == SHORT.default_fill


@versions
def test_what_others_show_wins_over_what_we_hide(zarr_format: ZarrVersion) -> None:
    def change(attributes: Any, document: Any) -> None:
        attributes["_FillValue"] = "z"

    variable = variable_of(changed(ocean(), zarr_format, "c", change), "/c")
    assert variable.attributes["_FillValue"] == Attribute("z", CHAR)
    assert variable.storage.fill_value == b"z"


@versions
def test_a_dimension_that_another_writer_renames_has_its_new_name(
    zarr_format: ZarrVersion,
) -> None:
    def change(attributes: Any, document: Any) -> None:
        if zarr_format == 3:
            document["dimension_names"] = ["time", "lon"]
        else:
            attributes["_ARRAY_DIMENSIONS"] = ["time", "lon"]

    told = "its dimensions were /time, /x, its array names time, lon$"
    found = changed(ocean(), zarr_format, "t", change, told)
    assert [dim.name for dim in variable_of(found, "/t").dimensions] == ["time", "lon"]
    assert [dim.name for dim in variable_of(found, "/c").dimensions] == ["x"]
    assert variable_of(found, "/t").dimensions[0] is dimension_of(found, "/time")


@versions
@pytest.mark.parametrize("names", [None, ["x"], [None, None], "ab", 7, [[], {}]])
def test_an_array_that_loses_its_dimension_names_is_read_without_them(
    zarr_format: ZarrVersion, names: Any
) -> None:
    def change(attributes: Any, document: Any) -> None:
        if zarr_format == 2:
            attributes["_ARRAY_DIMENSIONS"] = names
        else:
            document.pop("dimension_names")
            attributes["_ARRAY_DIMENSIONS"] = names

    told = "its dimensions were /time, /x, its array names None, None$"
    found = changed(ocean(), zarr_format, "t", change, told)
    dims = variable_of(found, "/t").dimensions
    assert [dim.name for dim in dims] == ["_Anonymous_Dim_3", "_Anonymous_Dim_2"]
    assert next(iter(variable_of(found, "/t").attributes)) == "scale_factor"


@versions
def test_an_array_that_another_writer_resizes_has_its_new_length(zarr_format: ZarrVersion) -> None:
    store = write(ocean(), "native", zarr_format)
    for path in ("t", "g/u"):
        edit(
            store,
            zarr_format,
            path,
            lambda attributes, document: document.update(shape=[5, *document["shape"][1:]]),
        )
    with pytest.warns(ZarrCdmWarning, match="'/time' was declared with length 3"):
        _, found = read_store(store)
    time = dimension_of(found, "/time")
    assert (time.size, time.unlimited) == (5, True)
    assert variable_of(found, "/g/u").dimensions == (time,)
    assert variable_of(found, "/t").data[3:].tolist() == [[-9, -9], [-9, -9]]


def wiped(attributes: Any, document: Any) -> None:
    attributes.clear()
    attributes["title"] = "appended"


@versions
def test_arrays_know_their_dimensions_where_the_root_has_lost_its_record(
    zarr_format: ZarrVersion,
) -> None:
    store = write(ocean(), "native", zarr_format)
    edit(store, zarr_format, "", wiped)
    with pytest.warns(ZarrCdmWarning, match="^/: another writer changed it: its record is gone"):
        name, found = read_store(store)
    assert name == "native"
    assert found.attributes == {"title": Attribute("appended", CHAR)}
    assert dimension_of(found, "/time").unlimited
    assert not dimension_of(found, "/x").unlimited
    assert variable_of(found, "/t").type is SHORT
    assert found.groups["g"].attributes["level"] == Attribute([6], SHORT)
    assert found.provenance == {}


@versions
def test_an_array_without_a_record_is_another_writers_and_plain(zarr_format: ZarrVersion) -> None:
    def change(attributes: Any, document: Any) -> None:
        document.pop("cdm", None)
        attributes.pop("_nczarr_array", None)

    found = changed(ocean(), zarr_format, "t", change, "its record is gone")
    variable = variable_of(found, "/t")
    assert variable.type is SHORT
    assert variable.dimensions == (dimension_of(found, "/time"), dimension_of(found, "/x"))
    assert variable.attributes["scale_factor"].type.name == "double"
    assert variable.storage.fill_mode == "explicit"


@versions
def test_an_array_of_another_type_is_of_that_type(zarr_format: ZarrVersion) -> None:
    def change(attributes: Any, document: Any) -> None:
        record_of(attributes, document)["type"] = "double"

    told = "its type was double, its array is of short$"
    assert variable_of(changed(ocean(), zarr_format, "t", change, told), "/t").type is SHORT


junk = st.recursive(
    st.sampled_from([None, True, -1, 10**30, 0.5, "", "x", "/", "NaN", "int", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["size", "path", "type", "base64", "hidden"]), inner)
    ),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return everything inside a JSON value as pairs of container and key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items:
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += places(inner)
    return found


@versions
@given(data=st.data())
def test_a_record_of_another_form_never_costs_a_value(
    data: st.DataObject, zarr_format: ZarrVersion
) -> None:
    dataset = data.draw(datasets())
    store = write(dataset, "native", zarr_format)

    def change(attributes: Any, document: Any) -> None:
        record = record_of(attributes, document) if document.get("shape") is not None else None
        if record is None:
            holder = attributes.get("_nczarr_group", attributes)
            record = holder["cdm" if zarr_format == 2 else "_nc_cdm"]
        record.pop("must_understand", None)
        if found := places(record):
            container, key = data.draw(st.sampled_from(found))
            container[key] = data.draw(junk)
        if "cdm" in document:
            document["cdm"]["must_understand"] = False

    for path in ["", *[path[1:] for path, _ in dataset.all_variables()]]:
        edit(store, zarr_format, path, change)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        _, found = read_store(store)
    for path, variable in dataset.all_variables():
        assert variable_of(found, path).shape == variable.shape
        assert variable_of(found, path).data[...].shape == variable.shape


# What is refused.


@versions
def test_a_dimension_that_no_group_holds_is_refused(zarr_format: ZarrVersion) -> None:
    dataset = ocean()
    del dataset.dimensions["x"]
    with pytest.raises(MetadataError, match=r"^/t: dimension 'x' belongs to no group"):
        write(dataset, "native", zarr_format)


@versions
def test_data_of_another_shape_than_their_dimensions_are_refused(zarr_format: ZarrVersion) -> None:
    dataset = ocean()
    dataset.dimensions["time"].size = 1
    with pytest.raises(MetadataError, match=r"^/t: the data have shape \(3, 2\)"):
        write(dataset, "native", zarr_format)


@versions
@pytest.mark.parametrize("value", [np.complex64(1 - 2j), np.bool_(True), np.float16(1.5)])
def test_types_that_netcdf_lacks_are_kept_with_their_fill_values(
    zarr_format: ZarrVersion, value: Any
) -> None:
    kind = any_type(value.dtype)
    dataset = Dataset(dimensions={"x": Dimension("x", 2)})
    dataset.variables["v"] = Variable(
        "v",
        kind,
        tuple(dataset.dimensions.values()),
        {"_FillValue": Attribute([value], kind)},
        np.array([value, 0], value.dtype),
        Storage(fill_mode="explicit", fill_value=value),
    )
    _, found = read_store(write(dataset, "native", zarr_format))
    variable = variable_of(found, "/v")
    assert variable.type == kind
    assert variable.attributes == dataset.variables["v"].attributes
    assert variable.data[...].tobytes() == dataset.variables["v"].data[...].tobytes()


@versions
def test_a_null_string_is_an_empty_one_to_others_and_null_in_the_record(
    zarr_format: ZarrVersion,
) -> None:
    x = Dimension("x", 3)
    dataset = Dataset(dimensions={"x": x})
    dataset.variables["s"] = Variable("s", STRING, (x,), data=np.array(["é", None, ""], object))
    store = write(dataset, "native", zarr_format)
    _, found = read_store(store)
    assert variable_of(found, "/s").data[...].tolist() == ["é", None, ""]
    assert open_tree(store).array("s")[...].tolist() in (["é", "", ""], ["é".encode(), b"", b""])
    edit(
        store,
        zarr_format,
        "s",
        lambda attributes, document: record_of(attributes, document).pop("null"),
    )
    assert variable_of(read_store(store)[1], "/s").data[...].tolist() == ["é", "", ""]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_text_fill_value_that_is_no_utf8_is_kept_in_the_record(zarr_format: ZarrVersion) -> None:
    x = Dimension("x", 1)
    fill = {"_FillValue": Attribute(["\udc80"], STRING)}
    storage = Storage(fill_mode="explicit", fill_value="\udc80")
    data = np.array(["a"], object)
    variable = Variable("t", STRING, (x,), fill, data, storage)
    dataset = Dataset(dimensions={"x": x}, variables={"t": variable})
    _, read_back = read_store(write(dataset, "native", zarr_format))
    found = read_back.variables["t"]
    assert found.attributes == fill
    assert found.storage.fill_value == "\udc80"
