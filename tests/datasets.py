"""Datasets that are built in code: generated ones, and what two datasets have to agree in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.extra import numpy as hnp

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable, join
from zarr_cdm.cdm.names import problem_of
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
from zarr_cdm.cdm.values import rows, same, unwritten
from zarr_cdm.formats.netcdf_types import nameless
from zarr_cdm.formats.netcdf_write_memory import layout, offset_of

NUMBERS = [kind for kind in ATOMIC_TYPES.values() if kind not in (CHAR, STRING)]
WHOLE = [kind for kind in NUMBERS if kind.dtype.kind in "iu"]

# Legal in netCDF; not all of them are pretty.
NAMES = ["t", "air", "Air", "a b", "°C", "x#1?", "%20", "日本", "c", "0", "a.b", "_x", "a:b*", "-9"]
# Names that a store cannot hold, or that parts of other variables have.
ODD_NAMES = [
    *("__x", "%5F_x", "zarr.json", ".zarray", ".zgroup", "...", "a\\b", "air.values", "t.length"),
    *("c.c", "c.c.values", "c.item", "length", "values", "n" * 256),
]
# Names that mean something to Zarr, to xarray or to netCDF-C, and are ordinary attributes here.
LOADED_NAMES = [
    "_ARRAY_DIMENSIONS",
    "_nc_cdm",
    "_nczarr_array",
    "_nczarr_attr",
    "_NCZARR_GROUP",
    "_Encoding",
    "_FillValue",
    "missing_value",
    "coordinates",
    "cdm",
    "zarr_format",
    "attributes",
]


def bytes_as_text(data: bytes) -> str:
    """Return the text as which an attribute holds any bytes."""
    return data.decode("utf-8", "surrogateescape")


def texts(most: int = 6) -> st.SearchStrategy[str]:
    """Text as netCDF's strings hold it: valid, without NULs."""
    alphabet = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    json_like = st.sampled_from(["NaN", "2023", '{"a": 1}', "[1, 2]", "null", '"', "AAAAAACI08A="])
    return st.one_of(st.text(alphabet, max_size=most), json_like)


def raw_texts(most: int = 6) -> st.SearchStrategy[str]:
    """Text as char attributes hold it: any bytes at all."""
    return st.one_of(texts(most), st.binary(max_size=most).map(bytes_as_text))


def numbers(kind: AtomicType) -> st.SearchStrategy[Any]:
    """Numbers of a type, its limits and every bit pattern of a float among them."""
    if kind.dtype.kind in "iu":
        limits = np.iinfo(kind.dtype)
        return st.one_of(
            st.sampled_from([limits.min, limits.max, 0, 1, int(kind.default_fill)]),
            st.integers(int(limits.min), int(limits.max)),
        )
    bits = st.binary(min_size=kind.dtype.itemsize, max_size=kind.dtype.itemsize)
    return st.one_of(
        st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 0.1, 5.0, float(kind.default_fill)]),
        bits.map(lambda data: np.frombuffer(data, kind.dtype)[0]),
    )


@st.composite
def attributes(
    draw: st.DrawFn, kind: NetcdfType | None = None, min_size: int = 0, max_size: int = 3
) -> Attribute:
    """Return an attribute of a type, or of any of the twelve."""
    kind = draw(st.sampled_from([*ATOMIC_TYPES.values()])) if kind is None else kind
    if kind is CHAR:
        return Attribute(draw(raw_texts(max_size)), CHAR)
    if kind is STRING:
        items: st.SearchStrategy[Any] = st.one_of(raw_texts(), st.none())
        return Attribute(draw(st.lists(items, min_size=min_size, max_size=max_size)), STRING)
    return Attribute(draw(elements(kind, draw(st.integers(min_size, max_size)))), kind)


@st.composite
def _attributes(draw: st.DrawFn, known: list[UserType]) -> dict[str, Attribute]:
    """Return attributes of all kinds, under names that may mean something to others."""
    names = draw(st.lists(st.sampled_from([*NAMES, *LOADED_NAMES]), unique=True, max_size=3))
    kinds = st.sampled_from([*ATOMIC_TYPES.values(), *known, *known])
    return {name: draw(attributes(draw(kinds))) for name in names if name != "_FillValue"}


def values(kind: AtomicType, shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Return values of a variable."""
    if kind is STRING:
        return hnp.arrays(object, shape, elements=texts(), fill=st.nothing())
    if kind is CHAR:
        elements = st.sampled_from([b"", b"a", b"\xff", b" "])
        return hnp.arrays("S1", shape, elements=elements, fill=st.nothing())
    return hnp.arrays(kind.dtype, shape, elements=numbers(kind), fill=st.nothing())


@st.composite
def elements(draw: st.DrawFn, kind: NetcdfType, count: int) -> np.ndarray:
    """Return a 1-D array of any type; texts may be NULL, and padding may be anything."""
    if isinstance(kind, CompoundType):
        result = np.zeros(count, kind.dtype)
        if not kind.dtype.hasobject:
            result = np.full(count * kind.item_bytes, 0xAB, "u1").view(kind.dtype)
        for part in kind.fields:
            found = draw(elements(part.type, count * prod(part.shape)))
            result[part.name] = found.reshape(count, *part.shape)
        return result
    if isinstance(kind, VlenType):
        rows = np.empty(count, object)
        for place in range(count):
            rows[place] = draw(elements(kind.base, draw(st.integers(0, 3))))
        return rows
    if isinstance(kind, OpaqueType):
        size = count * kind.item_bytes
        return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), kind.dtype)
    if kind is STRING:
        found = draw(st.lists(texts() | st.none(), min_size=count, max_size=count))
        return np.array([*found, ""], object)[:-1]
    return draw(values(kind.base if isinstance(kind, EnumType) else kind, (count,)))


@st.composite
def user_types(draw: st.DrawFn, name: str, known: list[UserType], netcdf: bool = False) -> UserType:
    """Return a type that may be made of others; ``netcdf`` is one that a file can have."""
    names = [each for each in NAMES if problem_of(each) is None] if netcdf else NAMES
    kinds = st.sampled_from([*ATOMIC_TYPES.values(), *known, *known])
    match draw(st.sampled_from(["enum", "opaque", "vlen", "compound"])):
        case "enum":
            base = draw(st.sampled_from(WHOLE))
            members = draw(st.dictionaries(st.sampled_from(names), numbers(base), min_size=1))
            if netcdf:  # no two members of one value
                members = {key: int(value) for value, key in _inverted(members).items()}
            return EnumType(name, base, {key: int(value) for key, value in members.items()})
        case "opaque":
            return OpaqueType(name, draw(st.integers(1, 5)))
        case "vlen":
            return VlenType(name, draw(kinds))
    fields: list[CompoundField] = []
    end = 0
    for key in draw(st.lists(st.sampled_from([*names, "length"]), unique=True, min_size=1)):
        kind = draw(kinds)
        start = -(-end // 8) * 8 + draw(st.sampled_from([0, 8]))  # objects have to be aligned
        shape = tuple(draw(st.lists(st.integers(1, 2), max_size=2)))
        fields.append(CompoundField(key, kind, start, shape))
        end = start + kind.dtype.itemsize * prod(shape)
    kind = CompoundType(name, tuple(fields), -(-end // 8) * 8 + draw(st.sampled_from([0, 8])))
    return _as_in_c(kind) if netcdf else kind


def _inverted(members: dict[str, Any]) -> dict[int, str]:
    return {int(value): key for key, value in members.items()}


def _as_in_c(kind: CompoundType) -> CompoundType:
    """Return a compound with its members where C puts them."""
    found = layout(kind)
    fields = (replace(part, offset=offset_of(found, part.name)) for part in kind.fields)
    return CompoundType(kind.name, tuple(fields), found.itemsize)


@st.composite
def _storage(draw: st.DrawFn, kind: NetcdfType, rank: int, fill: Attribute | None) -> Storage:
    chunks = draw(st.none() | st.tuples(*[st.integers(1, 4)] * rank)) if rank else None
    filters = draw(
        st.lists(
            st.sampled_from(
                [
                    Filter("deflate", {"id": 1, "values": (4,)}),
                    Filter("shuffle", {"id": 2, "values": ()}),
                    Filter("bitround", {"keep": 3, "mode": "near"}),
                ]
            ),
            max_size=2,
        )
    )
    mode = draw(st.sampled_from(["default", "none"])) if fill is None else "explicit"
    return Storage(
        layout=draw(st.sampled_from([None, "contiguous", "compact", "chunked"])),
        chunks=chunks,
        filters=tuple(filters),
        endian=draw(st.sampled_from([None, "little", "big"])),
        fill_mode=mode,  # type: ignore[arg-type]
        fill_value=None if mode == "none" else _fill_value(kind, fill),
    )


def _fill_value(kind: NetcdfType, fill: Attribute | None) -> Any:
    if fill is None:
        return unwritten(kind)[()]
    return fill.element()


@st.composite
def _variable(
    draw: st.DrawFn, name: str, visible: list[Dimension], known: list[UserType]
) -> Variable:
    kind = draw(st.sampled_from([*ATOMIC_TYPES.values(), *known, *known]))
    dims = draw(st.lists(st.sampled_from(visible), max_size=3)) if visible else []
    found = draw(_attributes(known))
    usable = None  # a _FillValue that netCDF heeds: of the variable's type, and with a value
    match draw(st.sampled_from(["none", "none", "usable", "any"])):
        case "usable":
            usable = found["_FillValue"] = draw(_fill_attribute(kind))
        case "any":
            found["_FillValue"] = draw(attributes())
            if found["_FillValue"].type is kind and len(found["_FillValue"].value):
                usable = found["_FillValue"]
    if usable is not None and usable.type is STRING and usable.value[0] is None:
        found["_FillValue"] = usable = Attribute([""], STRING)
    shape = tuple(dim.size for dim in dims)
    whole = known or not isinstance(kind, AtomicType)
    data = draw(elements(kind, prod(shape)) if whole else values(kind, shape)).reshape(shape)
    return Variable(name, kind, tuple(dims), found, data, draw(_storage(kind, len(dims), usable)))


def _fill_attribute(kind: NetcdfType) -> st.SearchStrategy[Attribute]:
    if kind is CHAR:
        return st.integers(0, 255).map(lambda code: Attribute(bytes_as_text(bytes([code])), CHAR))
    if kind is STRING:
        return texts().map(lambda text: Attribute([text], STRING))
    return attributes(kind, 1, 1)


@dataclass
class _Drawn:
    """What has been drawn so far.

    Attributes
    ----------
    taken
        Names of dimensions that may not be used again.
    known
        The types of all groups; None where there shall be none.
    netcdf
        Whether the types shall be such as netCDF-C can tell apart.
    """

    taken: set[str] | None
    known: list[UserType] | None
    netcdf: bool = False


@st.composite
def _group(
    draw: st.DrawFn, group: Group, above: list[Dimension], depth: int, drawn: _Drawn
) -> Group:
    """Fill a group."""
    for name in draw(st.lists(st.sampled_from(["x", "time", *NAMES]), unique=True, max_size=3)):
        if drawn.taken is not None and name in drawn.taken:
            continue
        group.dimensions[name] = Dimension(name, draw(st.integers(0, 3)), draw(st.booleans()))
    if drawn.taken is not None:
        drawn.taken |= set(group.dimensions)
    if drawn.known is not None:
        for name in draw(st.lists(st.sampled_from(["T", "row", "é"]), unique=True, max_size=3)):
            kind = draw(user_types(name, drawn.known, drawn.netcdf))
            if drawn.netcdf and nameless(kind) in map(nameless, drawn.known):
                continue
            group.types[name] = kind
            drawn.known.append(kind)
    known = drawn.known or []
    group.attributes = draw(_attributes(known))
    visible = [*above, *group.dimensions.values()]
    all_names = NAMES if drawn.known is None else [*NAMES, *ODD_NAMES]
    names = draw(st.lists(st.sampled_from(all_names), unique=True, max_size=4))
    for name in names:
        if depth and draw(st.booleans()):
            group.groups[name] = draw(_group(Group(name), visible, depth - 1, drawn))
        else:
            group.variables[name] = draw(_variable(name, visible, known))
    return group


@st.composite
def datasets(
    draw: st.DrawFn, *, shadowing: bool = True, whole: bool = False, netcdf: bool = False
) -> Dataset:
    """Return a small dataset with everything that netCDF's data model allows.

    Parameters
    ----------
    shadowing
        Whether groups may have dimensions of one name; their variables may use any of them.
    whole
        Whether there may be user-defined types, NULL texts, and names that Zarr cannot hold.
    netcdf
        Whether the types that there may be are such as netCDF-C can tell apart.
    """
    dataset = Dataset(provenance=draw(st.sampled_from([{}, {"data_model": "NETCDF4"}])))
    draw(
        _group(dataset, [], 2, _Drawn(None if shadowing else set(), [] if whole else None, netcdf))
    )
    return dataset


def of_every_type() -> Dataset:
    """Return a dataset with a variable of each class of user-defined type, and nested ones."""
    byte, short, double = (ATOMIC_TYPES[name] for name in ("ubyte", "short", "double"))
    color = EnumType("color", byte, {"red": 0, "dark green": 1})
    blob, row = OpaqueType("blob", 3), VlenType("row", short)
    fields = (
        CompoundField("a", ATOMIC_TYPES["int"], 0),
        CompoundField("b", double, 8, (2,)),  # after padding
        CompoundField("c", color, 24),
    )
    pair = CompoundType("pair", fields, 32)
    inner = VlenType("inner", pair)
    deep = VlenType("deep", inner)
    mixed = CompoundType("mixed", (CompoundField("s", STRING, 0), CompoundField("r", row, 8)), 24)
    types = {each.name: each for each in (color, blob, row, pair, inner, deep, mixed)}
    types["unused"] = OpaqueType("unused", 7)
    t = Dimension("t", 3, unlimited=True)
    pairs, mixture = np.zeros(3, pair.dtype), np.zeros(3, mixed.dtype)
    pairs["a"], pairs["b"], pairs["c"] = [1, 2, 3], np.arange(6).reshape(3, 2), [1, 0, 1]
    mixture["s"] = np.array(["é", None, ""], object)
    mixture["r"] = rows([[1], [], [2, 3]], row)
    data = {
        "e": (color, np.array([0, 1, 1], "u1")),
        "o": (blob, np.array([b"abc", b"\0\0x", b"   "], "V3")),
        "r": (row, rows([[1, 2], [], [3]], row)),
        "p": (pair, pairs),
        "d": (deep, rows([[pairs, pairs[:1]], [], [pairs[:0]]], deep)),
        "m": (mixed, mixture),
        "s": (STRING, np.array(["a", None, ""], object)),
    }
    dataset = Dataset(dimensions={"t": t}, types=types)
    for name, (kind, found) in data.items():
        fill = Attribute(found[2:], kind)
        variable = Variable(name, kind, (t,), {"long_name": Attribute(name, CHAR)}, found)
        if kind is not STRING:
            variable.attributes["_FillValue"] = fill
            variable.attributes["twice"] = Attribute(found[[0, 0]], kind)
            variable.storage = Storage(fill_mode="explicit", fill_value=fill.element())
        else:
            variable.storage = Storage(fill_value="")
        dataset.variables[name] = variable
    return dataset


def differences(one: Dataset, other: Dataset) -> list[str]:
    """Return everything in which two datasets differ: order, scopes, types, values, storage."""
    return [
        f"{place}: {before!r} != {after!r}"
        for (place, before), (_, after) in zip(_facts(one), _facts(other), strict=False)
        if not _same(before, after)
    ] or _missing([place for place, _ in _facts(one)], [place for place, _ in _facts(other)])


def _missing(before: list[str], after: list[str]) -> list[str]:
    return [] if before == after else [f"{sorted(set(before) ^ set(after))}"]


def _facts(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    """Yield all that a dataset says, each with its place."""
    paths, types = dataset.dimension_paths(), dataset.type_paths()

    def said(attributes: dict[str, Attribute]) -> list[Any]:
        return [
            (key, each, types.get(id(each.type), each.type.name))
            for key, each in attributes.items()
        ]

    for path, group in dataset.walk():
        yield f"{path} name", group.name
        yield f"{path} attributes", said(group.attributes)
        yield f"{path} types", list(group.types.items())
        yield f"{path} variables", list(group.variables)
        yield f"{path} groups", list(group.groups)
        dims = group.dimensions
        yield f"{path} dims", [(key, d.name, d.size, d.unlimited) for key, d in dims.items()]
    for path, variable in dataset.all_variables():
        kind = variable.type
        yield f"{path} name", variable.name
        yield f"{path} type", types.get(id(kind), kind.name)
        yield f"{path} dims", [paths[dim] for dim in variable.dimensions]
        yield f"{path} attributes", said(variable.attributes)
        yield f"{path} data", _Values(kind, variable.data[...])
        yield f"{path} lazy", (variable.data.shape, variable.data.dtype)
        yield f"{path} storage", _without_fill(variable.storage)
        yield f"{path} fill", _fill_of(variable)


@dataclass
class _Values:
    """Values of a type."""

    kind: NetcdfType
    array: Any


def _fill_of(variable: Variable) -> Any:
    fill = variable.storage.fill_value
    if fill is None or isinstance(variable.type, AtomicType):
        return np.asarray(fill)
    boxed = np.empty(1, variable.type.dtype)
    boxed[0] = fill
    return _Values(variable.type, boxed)


def _without_fill(storage: Storage) -> tuple[Any, ...]:
    return storage.layout, storage.chunks, storage.filters, storage.endian, storage.fill_mode


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, _Values):
        known = isinstance(before.kind, AtomicType) and before.kind.name not in ATOMIC_TYPES
        if known:  # a type that netCDF does not have
            return _same(np.asarray(before.array), np.asarray(after.array))
        return (
            isinstance(after, _Values)
            and isinstance(after.array, np.ndarray)
            and before.array.dtype == after.array.dtype
            and same(before.kind, before.array, after.array)
        )
    if not isinstance(before, np.ndarray) or not isinstance(after, np.ndarray):
        return type(before) is type(after) and bool(before == after)
    if before.dtype != after.dtype or before.shape != after.shape:
        return False
    if before.dtype.hasobject:
        return bool(before.tolist() == after.tolist())
    return before.tobytes() == after.tobytes()


def dimension_of(dataset: Dataset, path: str) -> Dimension:
    """Return the dimension at a path."""
    return next(dim for dim, place in dataset.dimension_paths().items() if place == path)


def variable_of(dataset: Dataset, path: str) -> Variable:
    """Return the variable at a path."""
    return next(var for place, var in dataset.all_variables() if place == path)


__all__ = [
    "LOADED_NAMES",
    "NAMES",
    "NUMBERS",
    "attributes",
    "bytes_as_text",
    "datasets",
    "differences",
    "dimension_of",
    "join",
    "numbers",
    "of_every_type",
    "raw_texts",
    "texts",
    "values",
    "variable_of",
]
