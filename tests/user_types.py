"""A dataset of every user-defined type, nested, padded and used from other groups, in code."""

from __future__ import annotations

from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
)
from zarr_cdm.cdm.values import rows

BYTE, SHORT, INT = (ATOMIC_TYPES[name] for name in ("byte", "short", "int"))
FLOAT, DOUBLE = ATOMIC_TYPES["float"], ATOMIC_TYPES["double"]


def array_of(kind: NetcdfType, values: Any) -> np.ndarray:
    """Return values of a type in an array: shape (n,).

    Dictionaries stand for compounds, flat lists for their inner arrays.
    """
    if isinstance(kind, VlenType):
        return rows([array_of(kind.base, row) for row in values], kind)
    result = np.zeros(len(values), kind.dtype)
    for place, value in enumerate(values):
        if not isinstance(kind, CompoundType):
            result[place] = value
            continue
        for part in kind.fields:
            given = value[part.name]
            if part.shape:
                result[part.name][place] = array_of(part.type, given).reshape(part.shape)
            else:
                result[part.name][place : place + 1] = array_of(part.type, [given])
    return result


def default_of(kind: NetcdfType) -> Any:
    """Return the plainest value of a type, as `array_of` takes it."""
    if isinstance(kind, CompoundType):
        return {
            part.name: [default_of(part.type)] * int(np.prod(part.shape, dtype=int))
            if part.shape
            else default_of(part.type)
            for part in kind.fields
        }
    if isinstance(kind, VlenType):
        return []
    if isinstance(kind, OpaqueType):
        return bytes(kind.item_bytes)
    return {CHAR: b"", STRING: ""}.get(kind, 0)


def another(kind: NetcdfType, value: Any) -> Any:
    """Return another element of a type than this one: one bit, text or row differs."""
    if kind is STRING:
        return None if value == "" else f"{value}!"
    if isinstance(kind, VlenType):
        return np.concatenate([value, array_of(kind.base, [default_of(kind.base)])])
    element = np.empty(1, kind.dtype)
    element[0] = value
    if isinstance(kind, CompoundType):
        first = kind.fields[0]
        inner = element[first.name].reshape(-1)
        inner[0] = another(first.type, inner[0])
    else:
        element.view("u1")[-1] ^= 1
    return element[0]


def attribute_of(kind: NetcdfType, values: Any) -> Attribute:
    return Attribute(array_of(kind, values), kind)


def types() -> dict[str, Any]:
    """Return types of all classes by their names, each definition a new object."""
    cloud = EnumType("cloud_class", BYTE, {"Clear": 0, "Cumulus nimbus": 1, "Stratus": -3})
    big = EnumType("big", ATOMIC_TYPES["uint64"], {"zero": 0, "most": 2**64 - 1})
    blob = OpaqueType("blob", 11)
    ragged = VlenType("ragged", SHORT)
    nested = VlenType("nested", ragged)
    words = VlenType("words", STRING)
    letters = VlenType("letters", CHAR)
    padded = CompoundType(
        "padded",
        (
            CompoundField("flag", BYTE, 0),
            CompoundField("value", DOUBLE, 8),
            CompoundField("letter", CHAR, 16),
        ),
        24,
    )
    everything = CompoundType(
        "every thing",
        (
            CompoundField("inner", padded, 0),
            CompoundField("sky", cloud, 24),
            CompoundField("table", FLOAT, 28, (2, 3)),
            CompoundField("name", STRING, 56),
            CompoundField("row", ragged, 64),
            CompoundField("text", CHAR, 80, (2, 4)),
            CompoundField("raw", blob, 88),
            CompoundField("pair", padded, 104, (2,)),
        ),
        152,
    )
    points = VlenType("points", padded)
    made = (cloud, big, blob, ragged, nested, words, letters, padded, everything, points)
    return {kind.name: kind for kind in made}


def a_padded(flag: int, value: float, letter: bytes = b"c") -> dict[str, Any]:
    return {"flag": flag, "value": value, "letter": letter}


def a_thing(number: int, null: str | None = None) -> dict[str, Any]:
    return {
        "inner": a_padded(number, number / 3),
        "sky": [0, 1, -3][number % 3],
        "table": [1, 2.5, np.nan, -np.inf, 1e20, number],
        "name": [null, "", 'a "quoted"\ttext'][number % 3],
        "row": list(range(number)),
        "text": [b"a", b"b", b"", b"", b"'", b"\xff", b"c", b"d"],
        "raw": bytes(range(number, number + 11)),
        "pair": [a_padded(-number, 0.1), a_padded(7, number, b"")],
    }


def user_types(null: str | None = None) -> Dataset:
    """Return a new dataset with variables and attributes of every type.

    netCDF-C 4.10.1 crashes where a text inside an attribute of a vlen is NULL; give another text to
    write the dataset with it.
    """
    kinds = types()
    x = Dimension("x", 3)
    dataset = Dataset(dimensions={"x": x}, types=dict(kinds))
    dataset.provenance = {"data_model": "NETCDF4"}
    group = dataset.groups["g"] = Group("g")
    local = EnumType("local", INT, {"no": 0, "yes": 100000})
    group.types = {"local": local}
    values: dict[str, Any] = {
        "cloud_class": [0, 1, -3],
        "big": [0, 2**64 - 1, 0],
        "blob": [bytes(11), b"\xff" * 11, b"hello world"],
        "ragged": [[1, -2, 3], [], [7]],
        "nested": [[[1], [], [2, 3]], [], [[]]],
        "words": [["a", "", null], [], ["°C"]],
        "letters": [[b"a", b"b"], [], [b"c"]],
        "padded": [a_padded(1, 0.1), a_padded(-1, np.nan, b"'"), a_padded(0, -0.0, b"")],
        "every thing": [a_thing(number, null) for number in range(3)],
        "points": [[a_padded(1, 2)], [], [a_padded(3, 4), a_padded(5, 6)]],
    }
    for name, given in values.items():
        kind = kinds[name]
        variable = Variable(f"v {name}", kind, (x,), data=array_of(kind, given))
        variable.attributes["all"] = attribute_of(kind, given)
        variable.attributes["one"] = attribute_of(kind, given[:1])
        variable.attributes["none"] = attribute_of(kind, [])
        dataset.variables[variable.name] = variable
        group.attributes[f"a {name}"] = attribute_of(kind, given)
    dataset.attributes["local"] = attribute_of(local, [100000, 0])
    other = dataset.groups["h"] = Group("h")  # the type of a sibling
    other.variables["elsewhere"] = Variable(
        "elsewhere", local, (x,), data=np.array([0, 100000, 0], "i4")
    )
    fill = attribute_of(kinds["cloud_class"], [-3])
    group.variables["filled"] = Variable(
        "filled",
        kinds["cloud_class"],
        (x, x),
        {"_FillValue": fill},
        np.array([[0, -3, 1]] * 3, "i1"),
        Storage(fill_mode="explicit", fill_value=np.int8(-3)),
    )
    group.variables["scalar"] = Variable("scalar", local, (), data=np.array(100000, "i4"))
    return dataset
