"""Datasets that are built in code: generated ones, and what two datasets have to agree in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.extra import numpy as hnp

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Filter, Group, Storage, Variable, join
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, AtomicType

NUMBERS = [kind for kind in ATOMIC_TYPES.values() if kind not in (CHAR, STRING)]

# Legal in netCDF; not all of them are pretty.
NAMES = ["t", "air", "Air", "a b", "°C", "x#1?", "%20", "日本", "c", "0", "a.b", "_x", "a:b*", "-9"]
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
    draw: st.DrawFn, kind: AtomicType | None = None, min_size: int = 0, max_size: int = 3
) -> Attribute:
    """Return an attribute of any of the twelve types."""
    kind = draw(st.sampled_from([*ATOMIC_TYPES.values()])) if kind is None else kind
    if kind is CHAR:
        return Attribute(draw(raw_texts(max_size)), CHAR)
    if kind is STRING:
        items: st.SearchStrategy[Any] = st.one_of(raw_texts(), st.none())
        return Attribute(draw(st.lists(items, min_size=min_size, max_size=max_size)), STRING)
    values = draw(st.lists(numbers(kind), min_size=min_size, max_size=max_size))
    return Attribute(np.array(values, kind.dtype), kind)


@st.composite
def _attributes(draw: st.DrawFn) -> dict[str, Attribute]:
    """Return attributes of all kinds, under names that may mean something to others."""
    names = draw(st.lists(st.sampled_from([*NAMES, *LOADED_NAMES]), unique=True, max_size=3))
    return {name: draw(attributes()) for name in names if name != "_FillValue"}


def values(kind: AtomicType, shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Return values of a variable."""
    if kind is STRING:
        return hnp.arrays(object, shape, elements=texts(), fill=st.nothing())
    if kind is CHAR:
        elements = st.sampled_from([b"", b"a", b"\xff", b" "])
        return hnp.arrays("S1", shape, elements=elements, fill=st.nothing())
    return hnp.arrays(kind.dtype, shape, elements=numbers(kind), fill=st.nothing())


@st.composite
def _storage(draw: st.DrawFn, kind: AtomicType, rank: int, fill: Attribute | None) -> Storage:
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


def _fill_value(kind: AtomicType, fill: Attribute | None) -> Any:
    if fill is None:
        return kind.default_fill
    if kind is CHAR:
        return np.bytes_(str(fill.value).encode("utf-8", "surrogateescape")[:1])
    return fill.value[0]


@st.composite
def _variable(draw: st.DrawFn, name: str, visible: list[Dimension]) -> Variable:
    kind = draw(st.sampled_from([*ATOMIC_TYPES.values()]))
    dims = draw(st.lists(st.sampled_from(visible), max_size=3)) if visible else []
    found = draw(_attributes())
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
    return Variable(
        name,
        kind,
        tuple(dims),
        found,
        draw(values(kind, shape)),
        draw(_storage(kind, len(dims), usable)),
    )


def _fill_attribute(kind: AtomicType) -> st.SearchStrategy[Attribute]:
    if kind is CHAR:
        return st.integers(0, 255).map(lambda code: Attribute(bytes_as_text(bytes([code])), CHAR))
    if kind is STRING:
        return texts().map(lambda text: Attribute([text], STRING))
    return attributes(kind, 1, 1)


@st.composite
def _group(
    draw: st.DrawFn, group: Group, above: list[Dimension], depth: int, taken: set[str] | None
) -> Group:
    """Fill a group; ``taken``: names of dimensions that may not be used again."""
    for name in draw(st.lists(st.sampled_from(["x", "time", *NAMES]), unique=True, max_size=3)):
        if taken is not None and name in taken:
            continue
        group.dimensions[name] = Dimension(name, draw(st.integers(0, 3)), draw(st.booleans()))
    if taken is not None:
        taken |= set(group.dimensions)
    group.attributes = draw(_attributes())
    visible = [*above, *group.dimensions.values()]
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    for name in names:
        if depth and draw(st.booleans()):
            group.groups[name] = draw(_group(Group(name), visible, depth - 1, taken))
        else:
            group.variables[name] = draw(_variable(name, visible))
    return group


@st.composite
def datasets(draw: st.DrawFn, *, shadowing: bool = True) -> Dataset:
    """Return a small dataset with everything that netCDF's data model allows, but user types.

    Parameters
    ----------
    shadowing
        Whether groups may have dimensions of one name; their variables may use any of them.
    """
    dataset = Dataset(provenance=draw(st.sampled_from([{}, {"data_model": "NETCDF4"}])))
    draw(_group(dataset, [], 2, None if shadowing else set()))
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
    paths = dataset.dimension_paths()
    for path, group in dataset.walk():
        yield f"{path} name", group.name
        yield f"{path} attributes", list(group.attributes.items())
        yield f"{path} variables", list(group.variables)
        yield f"{path} groups", list(group.groups)
        dims = group.dimensions
        yield f"{path} dims", [(key, d.name, d.size, d.unlimited) for key, d in dims.items()]
    for path, variable in dataset.all_variables():
        yield f"{path} name", variable.name
        yield f"{path} type", variable.type.name
        yield f"{path} dims", [paths[dim] for dim in variable.dimensions]
        yield f"{path} attributes", list(variable.attributes.items())
        yield f"{path} data", np.asarray(variable.data[...])
        yield f"{path} lazy", (variable.data.shape, variable.data.dtype)
        yield f"{path} storage", _without_fill(variable.storage)
        yield f"{path} fill", np.asarray(variable.storage.fill_value)


def _without_fill(storage: Storage) -> tuple[Any, ...]:
    return storage.layout, storage.chunks, storage.filters, storage.endian, storage.fill_mode


def _same(before: Any, after: Any) -> bool:
    if not isinstance(before, np.ndarray):
        return bool(before == after)
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
    "raw_texts",
    "texts",
    "values",
    "variable_of",
]
