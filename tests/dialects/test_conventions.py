"""The examples of `conventions/`: each is read as the dataset it stands for, and written again.

They are stored, and never made anew so that a test passes: stores like them are out there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data import ROOT
from tests.datasets import differences
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.table import DIALECTS, choose
from zarr_cdm.metadata import consolidated
from zarr_cdm.metadata.documents import ArrayMetadata

CONVENTIONS = ROOT / "conventions"
EXAMPLES = sorted(CONVENTIONS.glob("*/examples/*.json"))
SCHEMAS = sorted(CONVENTIONS.glob("*/schema.json"))
SHORT, INT, FLOAT, DOUBLE = (ATOMIC_TYPES[name] for name in ("short", "int", "float", "double"))


def name_of(path: Path) -> str:
    return f"{path.parts[-3]}/{path.stem}"


examples = pytest.mark.parametrize("path", EXAMPLES, ids=name_of)


def unread(kind: Any, *dims: Dimension, fill: Any = None) -> np.ndarray:
    """Return the values of a variable of which no chunk is there."""
    value = kind.default_fill if fill is None else fill
    return np.full([dim.size for dim in dims], value, kind.dtype)


def native() -> Dataset:
    """All that the native convention has a word for."""
    time, depth = Dimension("time", 2, unlimited=True), Dimension("depth", 3)
    letters, inner = Dimension("letters", 4), Dimension("depth", 2)
    dataset = Dataset(
        attributes={
            "title": Attribute("Ocean temperature", CHAR),
            "version": Attribute([3], SHORT),
            "authors": Attribute(["A. B.", "C. D."], STRING),
            "checksum": Attribute("\udcff\0\udcfe", CHAR),
        },
        dimensions={
            "time": time,
            "depth": depth,
            "letters": letters,
            "unused": Dimension("unused", 5),
        },
        provenance={"data_model": "NETCDF4"},
    )
    variables = [
        Variable(
            "time",
            INT,
            (time,),
            {"units": Attribute("days since 2000-01-01", CHAR)},
            unread(INT, time),
            Storage("chunked", (512,), endian="little", fill_value=INT.default_fill),
        ),
        Variable(
            "temperature",
            SHORT,
            (time, depth),
            {
                "units": Attribute("K", CHAR),
                "scale_factor": Attribute([0.01], FLOAT),
                "add_offset": Attribute([273.15], DOUBLE),
                "valid_range": Attribute([-3000, 3000], SHORT),
                "_FillValue": Attribute([-9999], SHORT),
            },
            unread(SHORT, time, depth, fill=-9999),
            Storage(
                "chunked",
                (1, 3),
                (
                    Filter("shuffle", {"id": 2, "values": (2,)}),
                    Filter("deflate", {"id": 1, "values": (4,)}),
                ),
                "big",
                "explicit",
                np.int16(-9999),
            ),
        ),
        Variable(
            "salinity",
            FLOAT,
            (time,),
            {
                "missing_value": Attribute([np.nan], FLOAT),
                "_FillValue": Attribute([-1], FLOAT),
                "limits": Attribute([0, np.inf], FLOAT),
            },
            unread(FLOAT, time, fill=-1),
            Storage(fill_mode="explicit", fill_value=np.float32(-1)),
        ),
        Variable(
            "station",
            CHAR,
            (letters,),
            {"_FillValue": Attribute("-", CHAR)},
            unread(CHAR, letters, fill=b"-"),
            Storage(fill_mode="explicit", fill_value=np.bytes_(b"-")),
        ),
        Variable(
            "name",
            STRING,
            (depth,),
            {"long_name": Attribute(["names"], STRING)},
            unread(STRING, depth),
            Storage(fill_value=""),
        ),
        Variable("crs", INT, (), {}, unread(INT), Storage(fill_mode="none")),
    ]
    dataset.variables = {variable.name: variable for variable in variables}
    dataset.variables["crs"].attributes = {"inverse_flattening": Attribute([298.257223563], DOUBLE)}
    fine = Group("fine", {"level": Attribute([1], SHORT)}, {"depth": inner})
    fine.variables["flag"] = Variable(
        "flag",
        ATOMIC_TYPES["byte"],
        (depth, inner),
        data=unread(ATOMIC_TYPES["byte"], depth, inner),
        storage=Storage(fill_value=ATOMIC_TYPES["byte"].default_fill),
    )
    dataset.groups = {"fine": fine, "empty": Group("empty")}
    return dataset


def native_v2() -> Dataset:
    """The same: but in Zarr v2 only an explicit fill value is that of the array."""
    dataset = native()
    for _, variable in dataset.all_variables():
        if variable.storage.fill_mode != "explicit" and variable.type is not STRING:
            variable.data = np.zeros(variable.shape, variable.type.dtype)
    return dataset


def plain(fill: Any) -> Dataset:
    """What names of dimensions alone can say."""
    time, depth = Dimension("time", 2), Dimension("depth", 3)
    dataset = Dataset(
        attributes={"title": Attribute("Ocean temperature", CHAR)},
        dimensions={"time": time, "depth": depth},
    )
    temperature = Variable(
        "temperature",
        SHORT,
        (time, depth),
        {"units": Attribute("K", CHAR), "scale_factor": Attribute([0.01], DOUBLE)},
        unread(SHORT, time, depth, fill=-9999),
        Storage("chunked", (1, 3), fill_mode="explicit", fill_value=np.int16(-9999)),
    )
    temperature.attributes["_FillValue"] = Attribute([-9999], SHORT)
    dataset.variables["temperature"] = temperature
    fine = dataset.groups["fine"] = Group("fine")
    fine.variables["salinity"] = Variable(
        "salinity",
        FLOAT,
        (time,),
        {},
        unread(FLOAT, time, fill=0),
        Storage("chunked", (2,), fill_value=fill),
    )
    return dataset


EXPECTED: dict[str, Callable[[], Dataset]] = {
    "native/zarr_v3": native,
    "native/zarr_v2": native_v2,
    "dimension_names/zarr_v3": lambda: plain(np.float32(0)),
    "array_dimensions/zarr_v2": lambda: plain(None),
}


def read(path: Path) -> tuple[str, Dataset, Any]:
    """Return dialect, dataset and group of an example, which has no chunks."""
    document = path.read_bytes()
    key = "zarr.json" if json.loads(document).get("zarr_format") == 3 else ".zmetadata"
    group = open_tree(MemoryStore({key: document}))
    name, dialect = choose(group.node)
    return name, dialect.read(group.node, group.array), group


def test_every_example_has_a_dataset_that_it_stands_for() -> None:
    assert {name_of(path) for path in EXAMPLES} == set(EXPECTED)
    assert {path.parts[-3] for path in EXAMPLES} == set(DIALECTS)


@examples
def test_an_example_is_read_as_the_dataset_that_it_stands_for(path: Path) -> None:
    name, found, _ = read(path)
    assert name == path.parts[-3]
    assert differences(EXPECTED[name_of(path)](), found) == []


@examples
def test_the_dataset_of_an_example_is_written_as_the_example(path: Path) -> None:
    name, _, group = read(path)
    layouts = {f"/{place}": layout for place, layout in _layouts(group.node)}
    node = DIALECTS[name]().write(EXPECTED[name_of(path)](), layouts, group.zarr_format)
    to_json = consolidated.write_v3 if group.zarr_format == 3 else consolidated.write_v2
    assert in_order(to_json(node)) == in_order(json.loads(path.read_bytes()))


def in_order(document: Any) -> list[str]:
    """Return the lines of a document: the order of its members counts."""
    return json.dumps(document, indent=1).splitlines()


def _layouts(root: Any) -> Iterator[tuple[str, Layout]]:
    for path, node in consolidated.walk(root):
        document = node.document
        if isinstance(document, ArrayMetadata):
            chunks = tuple(document.chunk_grid.configuration["chunk_shape"])
            yield path, Layout(document.data_type, chunks, document.codecs)


def records(value: Any) -> Iterator[Any]:
    """Yield every record in an example."""
    for name, inner in value.items():
        if name in ("cdm", "_nc_cdm"):
            yield inner
        elif isinstance(inner, dict):
            yield from records(inner)


def test_the_records_of_the_examples_are_of_the_form_that_the_schema_states() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((CONVENTIONS / "native" / "schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    found = [
        record
        for path in EXAMPLES
        if path.parts[-3] == "native"
        for record in records(json.loads(path.read_bytes()))
    ]
    assert len(found) == 2 * 10
    for record in found:
        validator(schema).validate(record)
    for wrong in ({"type": "complex"}, {**found[0], "extra": 1}, {"storage": {"fill": "zero"}}):
        with pytest.raises(jsonschema.ValidationError):
            validator(schema).validate(wrong)


def test_every_convention_has_a_page_and_is_listed() -> None:
    listed = (CONVENTIONS / "README.md").read_text(encoding="utf-8")
    for name in DIALECTS:
        assert (CONVENTIONS / name / "README.md").exists()
        assert f"[{name}]({name}/README.md)" in listed
