"""A dataset with every type, scope and fill state of the netCDF data model, and its file.

>>> sorted(dataset().groups)
['above', 'beside', 'empty', 'shadow', 'étage']
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests import netcdf_c_files
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    STRING,
    AtomicType,
    CompoundField,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    UserType,
    VlenType,
)
from zarr_cdm.cdm.values import rows

BYTE, SHORT, INT, DOUBLE, UINT64 = (
    ATOMIC_TYPES[name] for name in ("byte", "short", "int", "double", "uint64")
)
NUMBERS = [kind for kind in ATOMIC_TYPES.values() if kind not in (CHAR, STRING)]
RAW_TEXT = b"a\0\xff\xc3\xa9\0".decode("utf-8", "surrogateescape")  # NULs, and no UTF-8


def build(folder: Path) -> Path:
    """Write the dataset to a new file in ``folder`` by netCDF-C's own calls; return its path."""
    return netcdf_c_files.write(folder / "stress.nc", dataset())


def dataset() -> Dataset:
    """Return the dataset, its values in memory; every call makes another one."""
    root = Dataset(provenance={"data_model": "NETCDF4"})
    _atomic(root)
    kinds = _types(root)
    _user(root, kinds)
    _fill_states(root, kinds)
    _stored(root)
    _groups(root, kinds)
    return root


def _add(
    group: Group,
    name: str,
    kind: NetcdfType,
    dims: tuple[Dimension, ...],
    values: Any,
    storage: Storage | None = None,
    **attributes: Attribute,
) -> None:
    data = np.empty(tuple(dim.size for dim in dims), kind.dtype)
    data[...] = values
    storage = storage or Storage()
    if storage.fill_mode == "default":
        storage = replace(storage, fill_value=unwritten(kind))
    group.variables[name] = Variable(name, kind, dims, attributes, data, storage)


def unwritten(kind: NetcdfType) -> Any:
    """Return what data of a type are that nobody has written."""
    base = kind.base if isinstance(kind, EnumType) else kind
    return base.default_fill if isinstance(base, AtomicType) else blank(base, 1)[0]


def blank(kind: NetcdfType, count: int) -> np.ndarray:
    """Return elements of a user type, or those in it, that are all zero."""
    if isinstance(kind, VlenType):
        return rows([[]] * count, kind)
    result = np.zeros(count, kind.dtype)
    if kind is STRING:
        result[...] = None
    if isinstance(kind, CompoundType):
        for part in kind.fields:
            inner = blank(part.type, int(np.prod((count, *part.shape))))
            result[part.name] = inner.reshape(count, *part.shape)
    return result


def extremes(kind: AtomicType) -> np.ndarray:
    """Return three values of a number type: its ends, and its fill value."""
    limits = np.iinfo(kind.dtype) if kind.dtype.kind in "iu" else np.finfo(kind.dtype)
    return np.array([limits.min, limits.max, kind.default_fill], kind.dtype)


def _atomic(root: Dataset) -> None:
    """Variables and attributes of the twelve types."""
    x = root.dimensions["x"] = Dimension("x", 3)
    root.dimensions["unused"] = Dimension("unused", 7)
    for kind in NUMBERS:
        root.attributes[f"{kind.name}s"] = Attribute(extremes(kind), kind)
        root.attributes[f"no_{kind.name}"] = Attribute(np.empty(0, kind.dtype), kind)
        _add(root, kind.name, kind, (x,), extremes(kind), one=Attribute([1], kind))
        _add(root, f"scalar_{kind.name}", kind, (), 1)
    nans = np.array([0x7FC00001, 0xFFC00000, 0x80000000], "u4").view("f4")
    root.attributes["nans"] = Attribute(nans, ATOMIC_TYPES["float"])
    for name, text in {"text": "°C", "raw": RAW_TEXT, "empty": "", "number": "2023"}.items():
        root.attributes[name] = Attribute(text, CHAR)
    for name, texts in {
        "one": ["K"],
        "texts": ["°C", "", None],
        "null": [None],
        "blank": [""],
        "none": [],
    }.items():
        root.attributes[f"string_{name}"] = Attribute(texts, STRING)
    _add(root, "char", CHAR, (x,), [b"a", b"", b"\xff"], text=Attribute(RAW_TEXT, CHAR))
    _add(root, "scalar_char", CHAR, (), b"c")
    _add(root, "string", STRING, (x,), ["°C", "", None], texts=Attribute([None, "a"], STRING))
    _add(root, "scalar_string", STRING, (), "whole")


def _types(root: Dataset) -> dict[str, UserType]:
    """User types of every class, and of classes in classes."""
    cloud = EnumType("cloud", BYTE, {"clear": 0, "cumulus": 1, "dark one": -128, "°": 127})
    flags = EnumType("flags", UINT64, {"most": 2**64 - 1, "none": 0})
    blob = OpaqueType("blob", 11)
    row, words = VlenType("row", SHORT), VlenType("words", STRING)
    padded = CompoundType(
        "padded",
        (CompoundField("b", BYTE, 0), CompoundField("d", DOUBLE, 8), CompoundField("s", SHORT, 16)),
        24,
    )
    nested = CompoundType(
        "nested",
        (
            CompoundField("pairs", padded, 0, (2, 2)),
            CompoundField("name", CHAR, 96, (5,)),
            CompoundField("cloud", cloud, 101),
            CompoundField("blob", blob, 102, (2,)),
            CompoundField("ints", INT, 124, (3,)),
        ),
        136,
    )
    living = CompoundType(
        "living",
        (
            CompoundField("text", STRING, 0),
            CompoundField("row", row, 8),
            CompoundField("n", SHORT, 24),
            CompoundField("texts", STRING, 32, (2,)),
            CompoundField("words", words, 48),
        ),
        64,
    )
    kinds: list[UserType] = [cloud, flags, blob, row, words, padded, nested, living]
    kinds += [
        VlenType("rows", row),
        VlenType("points", padded),
        VlenType("lives", living),
        VlenType("clouds", cloud),
        VlenType("letters", CHAR),
        VlenType("blobs", blob),
        OpaqueType("unused_blob", 3),
        EnumType("unused enum", INT, {"a": 5}),
    ]
    root.types = {kind.name: kind for kind in kinds}
    return root.types


def samples(kinds: dict[str, UserType], *, attribute: bool = False) -> dict[str, np.ndarray]:
    """Return three values of each user type that is used.

    netCDF-C (4.10.1) crashes at an attribute with a NULL in a row of texts: those have none.
    """
    null = "NIL" if attribute else None
    padded = blank(kinds["padded"], 3)
    padded["b"], padded["d"], padded["s"] = [1, -2, 3], [0.1, -0.0, np.nan], [-4, 5, 6]
    nested = blank(kinds["nested"], 3)
    nested["pairs"][0] = padded[[[0, 1], [2, 0]]]
    nested["name"][1] = [b"a", b"", b"\xff", b"d", b"e"]
    nested["cloud"] = [0, 1, -128]
    nested["blob"][2] = np.array([b"\1" * 11, b"\0\2" + b"\xff" * 9], "V11")
    nested["ints"] = np.arange(9).reshape(3, 3)
    living = blank(kinds["living"], 3)
    living["text"], living["n"] = ["°C", "", None], [1, 2, 3]
    living["row"] = rows([[1, 2], [], [3]], kinds["row"])  # type: ignore[arg-type]
    living["texts"][:] = [["a", None], ["", "b"], [None, None]]
    living["words"] = rows([["x", null, ""], [], ["y"]], kinds["words"])  # type: ignore[arg-type]

    def of(name: str, values: Any) -> np.ndarray:
        return rows(values, kinds[name])  # type: ignore[arg-type]

    return {
        "cloud": np.array([0, -128, 127], "i1"),
        "flags": np.array([2**64 - 1, 0, 0], "u8"),
        "blob": np.array([b"\0" * 11, b"opaque bits", b"\xff" * 11], "V11"),
        "row": of("row", [[1, -2, 3], [], [32767]]),
        "words": of("words", [["a", null, "", "°C"], [], ["b"]]),
        "padded": padded,
        "nested": nested,
        "living": living,
        "rows": of("rows", [[[1], [], [2, 3]], [], [[]]]),
        "points": of("points", [padded[:2], padded[:0], padded[2:]]),
        "lives": of("lives", [living, living[:0], living[1:2]]),
        "clouds": of("clouds", [[0, 1], [], [-128]]),
        "letters": of("letters", [[b"a", b"", b"\xff"], [], [b"z"]]),
        "blobs": of("blobs", [np.array([b"\1" * 11] * 2, "V11"), [], []]),
    }


def _user(root: Dataset, kinds: dict[str, UserType]) -> None:
    """Variables and attributes of the user types."""
    x = root.dimensions["x"]
    in_attributes = samples(kinds, attribute=True)
    for name, values in samples(kinds).items():
        kind = kinds[name]
        root.attributes[f"a_{name}"] = Attribute(in_attributes[name], kind)
        _add(root, f"v_{name}", kind, (x,), values, one=Attribute(in_attributes[name][:1], kind))
        empty = blank(kind, 1)
        empty[0] = values[0]
        _add(root, f"scalar_{name}", kind, (), empty.reshape(()))
        root.variables[f"scalar_{name}"].attributes["none"] = Attribute(blank(kind, 0), kind)


def _fill_states(root: Dataset, kinds: dict[str, UserType]) -> None:
    """The three states, and data that are shorter than their unlimited dimensions."""
    x = root.dimensions["x"]
    _add(root, "fill_none", INT, (x,), 1, Storage(fill_mode="none"))
    filled: list[tuple[NetcdfType, Any]] = [
        (SHORT, Attribute([-9], SHORT)),
        (DOUBLE, Attribute([np.nan], DOUBLE)),
        (CHAR, Attribute("z", CHAR)),
        (STRING, Attribute(["none"], STRING)),
    ]
    values = samples(kinds, attribute=True)
    names = ("cloud", "blob", "row", "nested", "points")
    filled += [(kinds[name], Attribute(values[name][:1], kinds[name])) for name in names]
    for kind, fill in filled:
        storage = Storage(fill_mode="explicit", fill_value=fill.element())
        data = blank(kind, 3)
        for place in range(3):
            data[place] = fill.element()
        _add(root, f"fill_{kind.name}", kind, (x,), data, storage, _FillValue=fill)


def _stored(root: Dataset) -> None:
    """Layouts, chunks, filters and byte orders."""
    y = root.dimensions["y"] = Dimension("y", 8)
    values = np.arange(8)
    for name, storage in {
        "contiguous": Storage("contiguous"),
        "compact": Storage("compact"),
        "chunked": Storage("chunked", (3,)),
        "deflated": Storage("chunked", (4,), (_step("deflate", 1, 6),)),
        "shuffled": Storage(
            "chunked",
            (8,),
            (_step("fletcher32", 3), _step("shuffle", 2, 4), _step("deflate", 1, 1)),
        ),
        "big": Storage("chunked", (8,), endian="big"),
        "little": Storage("contiguous", endian="little"),
    }.items():
        _add(root, f"stored_{name}", INT, (y,), values, storage)
    time = root.dimensions["time"] = Dimension("time", 4, unlimited=True)
    level = root.dimensions["level"] = Dimension("level", 2, unlimited=True)
    chunked = Storage("chunked", (2, 2))
    _add(root, "records", DOUBLE, (time, level), values.reshape(4, 2), chunked)
    root.dimensions["never"] = Dimension("never", 0, unlimited=True)
    _add(root, "no_records", INT, (root.dimensions["never"],), [], Storage("chunked", (1,)))


def _step(name: str, number: int, *values: int) -> Filter:
    return Filter(name, {"id": number, "values": values})


def _groups(root: Dataset, kinds: dict[str, UserType]) -> None:
    """Scopes: hidden dimensions, those of a sibling, types of elsewhere, types that are alike."""
    x = root.dimensions["x"]
    shadow = root.groups["shadow"] = Group("shadow")
    hidden = shadow.dimensions["x"] = Dimension("x", 5)
    own = shadow.dimensions["own"] = Dimension("own", 2)
    shadow.types["row"] = VlenType("row", SHORT)  # as the root's, see `netcdf_types`
    shadow.types["cloud"] = EnumType("cloud", INT, {"none": 7})  # of another's name
    _add(shadow, "outer", INT, (x,), [1, 2, 3])
    _add(shadow, "inner", INT, (hidden,), [1, 2, 3, 4, 5])
    _add(shadow, "both", INT, (x, hidden), np.arange(15).reshape(3, 5))
    _add(shadow, "repeated", INT, (own, own), [[1, 2], [3, 4]])
    _add(shadow, "own", INT, (own,), [8, 9])
    _add(shadow, "x", INT, (x, own), np.arange(6).reshape(3, 2))  # no coordinate
    samples_of = samples(kinds)
    for name in ("row", "blob"):
        _add(shadow, f"roots_{name}", kinds[name], (x,), samples_of[name])
    _add(shadow, "own_cloud", shadow.types["cloud"], (own,), [7, 7])
    shadow.attributes["roots_row"] = Attribute(samples_of["row"], kinds["row"])
    beside = root.groups["beside"] = Group("beside")
    _add(beside, "siblings_dimension", INT, (own,), [1, 2])
    _add(beside, "siblings_type", shadow.types["cloud"], (), 7)
    root.groups["empty"] = Group("empty", {"level": Attribute([3], SHORT)})
    above = root.groups["above"] = Group("above")
    below = above.groups["below"] = Group("below")
    below.dimensions["x"] = Dimension("x", 1)
    below.types["deep"] = VlenType("deep", kinds["flags"])
    deep = rows([[2**64 - 1, 0], [0], []], below.types["deep"])  # type: ignore[arg-type]
    _add(below, "v_deep", below.types["deep"], (x,), deep)
    root.groups["étage"] = Group("étage", {"9 lives?": Attribute("#", CHAR)})
    _add(root.groups["étage"], "a b:c", INT, (x,), [1, 2, 3])
