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
from tests.dialects import expected
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
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.native import with_null
from zarr_cdm.dialects.parts import parted
from zarr_cdm.dialects.table import DIALECTS, WRITTEN, choose
from zarr_cdm.metadata import consolidated
from zarr_cdm.metadata.documents import ArrayMetadata

CONVENTIONS = ROOT / "conventions"
EXAMPLES = sorted(CONVENTIONS.glob("*/examples/*.json"))
SCHEMAS = sorted(CONVENTIONS.glob("*/schema.json"))
SHORT, INT, FLOAT, DOUBLE = (ATOMIC_TYPES[name] for name in ("short", "int", "float", "double"))


def name_of(path: Path) -> str:
    return f"{path.parts[-3]}/{path.stem}"


examples = pytest.mark.parametrize("path", EXAMPLES, ids=name_of)


def is_written(path: Path) -> bool:
    """Tell whether writing gives an example back: not those that show only what is read."""
    written = {dialect for versions in WRITTEN.values() for dialect in versions.values()}
    shown = name_of(path) in (*OLD, "dimension_names/anonymous_v3")
    return path.parts[-3] in written and not shown


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


def native_types(byte: int, fills: bool) -> Dataset:
    """User-defined types, NULL texts and a name that Zarr v3 does not allow.

    Parameters
    ----------
    byte, fills
        What a byte reads as of which no chunk is there; whether numbers read as fill values.
    """
    station, t = Dimension("station", 2), Dimension("t", 3, unlimited=True)
    quality = EnumType("quality", ATOMIC_TYPES["ubyte"], {"good": 0, "not good": 1})
    raw, samples = OpaqueType("raw", 4), VlenType("samples", FLOAT)
    place = CompoundType(
        "place",
        (
            CompoundField("name", STRING, 0),
            CompoundField("position", DOUBLE, 8, (2,)),
            CompoundField("quality", quality, 24),
        ),
        32,
    )
    tracks = VlenType("tracks", place)
    dataset = Dataset(
        attributes={
            "best": Attribute([0], quality),
            "home": Attribute(np.array([(None, [9.5, 53.25], 1)], place.dtype), place),
        },
        dimensions={"station": station, "t": t},
        types={each.name: each for each in (quality, raw, samples, place)},
    )
    below = dataset.groups["below"] = Group("below", types={"tracks": tracks})
    data = {
        "quality": (quality, (station, t), np.full((2, 3), byte, "u1")),
        "raw": (raw, (station,), np.full(8, byte, "u1").view("V4")),
        "samples": (samples, (station,), rows([[], []], samples)),
        "place": (place, (station,), np.zeros(2, place.dtype)),
        "note": (STRING, (t,), np.array([None, None, ""], object)),
        "__index": (SHORT, (), np.array(SHORT.default_fill if fills else 0, "i2")),
    }
    values = data["place"][2]
    values["name"], values["quality"] = ["", None], byte
    values["position"] = DOUBLE.default_fill if fills else 0
    for name, (kind, dims, array) in data.items():
        storage = Storage(fill_mode="none") if dims else Storage(fill_value=SHORT.default_fill)
        dataset.variables[name] = Variable(name, kind, dims, data=array, storage=storage)
    dataset.variables["quality"].attributes["long_name"] = Attribute("quality", CHAR)
    tracked = Variable("track", tracks, (), data=rows([[]], tracks).reshape(()))
    tracked.attributes["_FillValue"] = Attribute(rows([[]], tracks), tracks)
    fill = tracked.attributes["_FillValue"].element()
    tracked.storage = Storage(fill_mode="explicit", fill_value=fill)
    below.variables["track"] = tracked
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


def nczarr() -> Dataset:
    """What NCZarr can say of the native example: all but bytes that are no text."""
    dataset = native()
    del dataset.attributes["checksum"]
    dataset.provenance = {}
    for _, variable in dataset.all_variables():
        before = variable.storage
        multibyte = variable.type not in (CHAR, STRING) and variable.type.dtype.itemsize > 1
        variable.storage = Storage(
            "chunked",
            variable.shape or None,
            endian=(before.endian or "little") if multibyte else None,
            fill_mode=before.fill_mode,
            fill_value=before.fill_value,
        )
    dataset.variables["crs"].data = np.zeros((), "i4")
    return dataset


def before_4_9_3() -> Dataset:
    """What the layouts A, B and C of NCZarr say, each in its own way."""
    time, x, inner = Dimension("time", 2), Dimension("x", 3), Dimension("x", 2)
    dataset = Dataset(
        attributes={
            "title": Attribute("Ocean temperature", CHAR),
            "level": Attribute([3], SHORT),
        },
        dimensions={"time": time, "x": x, "unused": Dimension("unused", 7)},
    )
    units = {"units": Attribute("days since 2000-01-01", CHAR)}
    scaled = {
        "_FillValue": Attribute([-9999], SHORT),
        "scale_factor": Attribute([0.0017659], DOUBLE),
    }
    dash = {"_FillValue": Attribute("-", CHAR)}
    ellipsoid = {"inverse_flattening": Attribute([298.257], DOUBLE)}
    variables = [
        _filled("time", DOUBLE, (time,), units, (2,)),
        _filled("t", SHORT, (time, x), scaled, (1, 3), np.int16(-9999)),
        _filled("name", CHAR, (x,), dash, (3,), np.bytes_(b"-")),
        _filled("crs", INT, (), ellipsoid, None),
    ]
    dataset.variables = {variable.name: variable for variable in variables}
    limits = Attribute([-1.5, 1e20], FLOAT)
    dataset.groups["fine"] = Group("fine", {"limits": limits}, {"x": inner})
    byte = ATOMIC_TYPES["byte"]
    flag = Variable("flag", byte, (time, inner), {}, np.zeros((2, 2), "i1"))
    flag.storage = Storage("chunked", (2, 2), fill_mode="none")
    dataset.groups["fine"].variables["flag"] = flag
    dataset.groups["empty"] = Group("empty")
    return dataset


def _filled(
    name: str, kind: Any, dims: Any, attributes: Any, chunks: Any, fill: Any = None
) -> Variable:
    """Return a variable of which nothing is written."""
    storage = Storage(
        "chunked",
        chunks,
        endian=None if kind is CHAR else "little",
        fill_mode="default" if fill is None else "explicit",
        fill_value=kind.default_fill if fill is None else fill,
    )
    return Variable(name, kind, dims, attributes, unread(kind, *dims, fill=fill), storage)


def attributes(name: str) -> dict[str, dict[str, Any]]:
    """Return the attributes of each node of an example, by its path."""
    convention, example = name.split("/")
    document = json.loads((CONVENTIONS / convention / "examples" / f"{example}.json").read_bytes())
    if "metadata" in document:
        return {
            key.rpartition("/")[0]: value
            for key, value in document["metadata"].items()
            if key.endswith(".zattrs")
        }
    below = document["consolidated_metadata"]["metadata"]
    return {path: node["attributes"] for path, node in {"": document, **below}.items()}


EXPECTED: dict[str, Callable[[], Dataset]] = {
    "native/zarr_v3": native,
    "native/zarr_v2": native_v2,
    "native/types_v3": lambda: native_types(255, True),
    "native/types_v2": lambda: native_types(0, False),
    "dimension_names/zarr_v3": lambda: plain(np.float32(0)),
    "dimension_names/anonymous_v3": expected.anonymous,
    "array_dimensions/zarr_v2": lambda: plain(None),
    "nczarr/layout_a": before_4_9_3,
    "nczarr/layout_b": before_4_9_3,
    "nczarr/layout_c": before_4_9_3,
    "nczarr/layout_d": nczarr,
    "nz/zarr_v3": expected.nz,
    "ome/zarr_v2": lambda: expected.ome(attributes("ome/zarr_v2")),
    "ome/zarr_v3": lambda: expected.ome(attributes("ome/zarr_v3")),
    "ome/plate_v3": lambda: expected.plate(attributes("ome/plate_v3")),
    "multiscales/zarr_v3": lambda: expected.multiscales(attributes("multiscales/zarr_v3")),
    "gdal/zarr_v2": lambda: expected.gdal(lambda kind: None),
    "gdal/zarr_v3": lambda: expected.gdal({"double": np.nan, "ubyte": 0}.__getitem__),
    "eopf/zarr_v2": lambda: expected.eopf_v2(attributes("eopf/zarr_v2")),
    "eopf/zarr_v3": lambda: expected.eopf_v3(attributes("eopf/zarr_v3")),
    "cf/zarr_v3": lambda: expected.cf(attributes("cf/zarr_v3")),
    "proj/zarr_v3": lambda: expected.grid(attributes("proj/zarr_v3")),
    "spatial/zarr_v3": lambda: expected.grid(attributes("spatial/zarr_v3")),
}
# Not written: they are netCDF-C's own, of the past. Of these, the first was never consolidated.
OLD = ("nczarr/layout_a", "nczarr/layout_b", "nczarr/layout_c")
LOOSE = OLD[:1]
# Examples that are read by the dialect of another name: their conventions add no words of netCDF's.
PLAIN = {"cf", "proj", "spatial"}


def read(path: Path) -> tuple[str, Dataset, Any]:
    """Return dialect, dataset and group of an example, which has no chunks."""
    document = path.read_bytes()
    key = "zarr.json" if json.loads(document).get("zarr_format") == 3 else ".zmetadata"
    documents = {key: document}
    if name_of(path) in LOOSE:
        whole = json.loads(document)["metadata"]
        documents = {key: json.dumps(each).encode() for key, each in whole.items()}
    group = open_tree(MemoryStore(documents))
    name, dialect = choose(group.node)
    return name, dialect.read(group.node, group.array), group


def test_every_example_has_a_dataset_that_it_stands_for() -> None:
    assert {name_of(path) for path in EXAMPLES} == set(EXPECTED)
    assert {path.parts[-3] for path in EXAMPLES} == set(DIALECTS) | PLAIN


@examples
def test_an_example_is_read_as_the_dataset_that_it_stands_for(path: Path) -> None:
    name, found, _ = read(path)
    assert name == path.parts[-3] or path.parts[-3] in PLAIN
    assert differences(EXPECTED[name_of(path)](), found) == []


@pytest.mark.parametrize("path", [path for path in EXAMPLES if is_written(path)], ids=name_of)
def test_the_dataset_of_an_example_is_written_as_the_example(path: Path) -> None:
    name, _, group = read(path)
    layouts = {f"/{place}": layout for place, layout in _layouts(group.node)}
    dataset = parted(EXPECTED[name_of(path)](), group.zarr_format)
    node = DIALECTS[name]().write(dataset, layouts, group.zarr_format)
    for place, variable in dataset.all_variables():
        array = find(node, place)
        if variable.type is STRING and None in variable.data[...].tolist():
            null = np.flatnonzero(variable.data[...] == None)  # noqa: E711 - each of them
            array.document = with_null(array.document, null)
    to_json = consolidated.write_v3 if group.zarr_format == 3 else consolidated.write_v2
    assert in_order(to_json(node)) == in_order(json.loads(path.read_bytes()))


def find(node: Any, path: str) -> Any:
    for name in path[1:].split("/"):
        node = node.members[name]
    return node


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
    assert len(found) == 2 * 10 + 2 * 15
    for record in found:
        validator(schema).validate(record)
    for wrong in ({"type": "complex"}, {**found[0], "extra": 1}, {"storage": {"fill": "zero"}}):
        with pytest.raises(jsonschema.ValidationError):
            validator(schema).validate(wrong)


def test_the_notes_of_nczarr_are_of_the_form_that_the_schema_states() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    folder = CONVENTIONS / "nczarr"
    validator = jsonschema.Draft202012Validator
    schema = json.loads((folder / "schema.json").read_bytes())
    validator.check_schema(schema)
    example = json.loads((folder / "examples" / "layout_d.json").read_bytes())["metadata"]
    found = [document for key, document in example.items() if key.endswith(".zattrs")]
    assert len(found) == 10
    for notes in found:
        validator(schema).validate(notes)
    scalar = next(notes for notes in found if "scalar" in notes.get("_nczarr_array", {}))
    for wrong in (
        {"title": "none"},
        scalar
        | {"_nczarr_array": {"dimension_references": ["/x"], "storage": "chunked", "scalar": 1}},
        scalar | {"_nczarr_attr": {"types": {"title": "text"}}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            validator(schema).validate(wrong)
