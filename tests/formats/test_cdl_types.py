"""User-defined types in CDL: ncdump is the oracle for files that netCDF-C's functions wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.formats.test_cdl import ncdump, needs_ncdump, text_of
from tests.netcdf_c_files import write
from tests.user_types import a_padded, array_of, attribute_of, types, user_types
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.definitions import definition
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable
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
from zarr_cdm.errors import MetadataError

INT, SHORT, DOUBLE = ATOMIC_TYPES["int"], ATOMIC_TYPES["short"], ATOMIC_TYPES["double"]


def assert_as_ncdump(folder: Path, dataset: Dataset) -> None:
    path = folder / "test.nc"
    path.unlink(missing_ok=True)
    write(path, dataset)
    assert text_of(dataset) == ncdump(path)
    assert text_of(dataset, header=True) == ncdump(path, "-h")


def one_variable(kind: Any, values: Any, *others: Any, **attributes: Attribute) -> Dataset:
    """Return a dataset with one variable ``v``: of no dimension for one value."""
    x = Dimension("x", len(values))
    array = array_of(kind, values)
    dims = (x,) if len(values) > 1 else ()
    variable = Variable("v", kind, dims, attributes, array.reshape(x.size if dims else ()))
    defined = {each.name: each for each in (*others, kind)}
    dims_by_name = {"x": x} if dims else {}
    return Dataset(dimensions=dims_by_name, types=defined, variables={"v": variable})


def data_of(dataset: Dataset) -> str:
    """Return what CDL says of the values of ``v``."""
    return text_of(dataset).partition(" v = ")[2].partition(" ;\n")[0]


# ---- with ncdump


@needs_ncdump
def test_every_type_in_variables_attributes_and_groups(tmp_path: Path) -> None:
    assert_as_ncdump(tmp_path, user_types(null=""))


@needs_ncdump
@pytest.mark.parametrize("name", types())
def test_scalars_and_rows_of_every_type(tmp_path: Path, name: str) -> None:
    dataset = user_types(null="")
    sample = np.asarray(dataset.variables[f"v {name}"].data)
    kind = dataset.types[name]
    sizes = {"t": 2, "u": 3, "x": 5}
    dims = {key: Dimension(key, size, key in "tu") for key, size in sizes.items()}
    dataset = Dataset(dimensions=dims, types=dataset.types)
    for axes in ("", "x", "tx", "ut", "xux", "tux"):
        shape = tuple(sizes[axis] for axis in axes)
        data = sample[np.resize(np.arange(3), int(np.prod(shape, dtype=int)))].reshape(shape)
        dims_of = tuple(dims[axis] for axis in axes)
        dataset.variables[f"v{axes}"] = Variable(f"v{axes}", kind, dims_of, data=data)
    assert_as_ncdump(tmp_path, dataset)


@needs_ncdump
def test_lines_are_counted_from_one_wrapped_text_to_the_next(tmp_path: Path) -> None:
    row = VlenType("row", INT)
    long = EnumType("e" * 40, INT, {f"member {number}" * 2: number for number in range(30)})
    other = EnumType("other", SHORT, {"a" * 45: 1, "b" * 10: 2, "c": 3})
    values = [[number] * (number % 9) for number in range(12)]
    inner = Group("inner", types={"another": EnumType("another", SHORT, {"x" * 60: 1, "y": 2})})
    group = Group("g", groups={"inner": inner}, types={"other": other})
    x = Dimension("x", 12)
    dataset = Dataset(types={"row": row, long.name: long}, groups={"g": group}, dimensions={"x": x})
    for number, holder in enumerate((dataset, group, inner)):
        data = array_of(row, values)
        holder.variables["v"] = Variable("v", row, (x,), data=data)
        holder.variables["words"] = Variable("words", CHAR, (x,), data=np.full(12, b"w"))
        for key in range(4):
            holder.attributes[f"a{key}"] = attribute_of(row, values[number : key + 5])
            holder.variables["v"].attributes[f"b{key}"] = attribute_of(row, values[key : key + 2])
            holder.attributes[f"e{key}"] = attribute_of(long, list(range(key * 3)))
    assert_as_ncdump(tmp_path, dataset)


@needs_ncdump
def test_names_of_types_members_and_fields_are_escaped_where_ncdump_escapes(
    tmp_path: Path,
) -> None:
    names = ["1st", "a b", "x:y=z", "é", "enum", "types"]
    kinds: list[Any] = [
        EnumType("1 e;", INT, {name: number for number, name in enumerate(names)}),
        OpaqueType("o,p(q)", 2),
    ]
    fields = [CompoundField(name, kinds[0], 4 * place) for place, name in enumerate(names)]
    kinds += [CompoundType("c {d}", tuple(fields), 24), VlenType("v*w", kinds[0])]
    values: list[Any] = [
        list(range(6)),
        [b"ab"] * 6,
        [{name: number for number, name in enumerate(names)}] * 6,
        [list(range(6))] * 6,
    ]
    x = Dimension("x", 6)
    dataset = Dataset(dimensions={"x": x}, types={kind.name: kind for kind in kinds})
    for name, kind, given_values in zip("pqrs", kinds, values, strict=True):
        attributes = {"a b": attribute_of(kind, given_values[:2])}
        data = array_of(kind, given_values)
        dataset.variables[name] = Variable(name, kind, (x,), attributes, data)
    assert_as_ncdump(tmp_path, dataset)


@needs_ncdump
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("cloud_class", [0, 1, -3, 0]),
        ("blob", [bytes(11), b"\xff" * 11, bytes(11)]),
        ("padded", [a_padded(1, 0.1), a_padded(1, 0.1 + 1e-17), a_padded(1, 2), a_padded(2, 0.1)]),
        ("padded", [a_padded(1, np.nan), a_padded(1, np.nan), a_padded(1, 0.2)]),
        ("ragged", [[1], [2], [1], [], [1, 2]]),
    ],
)  # fmt: skip
def test_the_fill_value_of_a_user_type_is_printed_as_one(
    tmp_path: Path, name: str, values: list[Any]
) -> None:
    defined = types()
    kind = defined[name]
    fill = attribute_of(kind, values[:1])
    assert_as_ncdump(tmp_path, one_variable(kind, values, _FillValue=fill))
    assert data_of(one_variable(kind, values, _FillValue=fill)).count("_") >= 2


@needs_ncdump
def test_types_of_siblings_and_of_groups_above(tmp_path: Path) -> None:
    outer, inner = VlenType("outer", INT), EnumType("inner e", INT, {"a": 0})
    again = VlenType("again", outer)
    dataset = Dataset(types={"outer": outer})
    first = dataset.groups["first one"] = Group("first one")
    below = first.groups["below"] = Group("below", types={"inner e": inner, "again": again})
    second = dataset.groups["second"] = Group("second")
    for group in (below, second):
        for name, kind in (("o", outer), ("i", inner), ("a", again)):
            given_values: Any = {"o": [[1]], "i": [0], "a": [[[1], []]]}[name]
            data = array_of(kind, given_values).reshape(())
            attributes = {"all": attribute_of(kind, given_values)}
            group.variables[name] = Variable(name, kind, (), attributes, data)
            group.attributes[name] = attribute_of(kind, given_values)
    assert_as_ncdump(tmp_path, dataset)


@needs_ncdump
def test_dimensions_of_siblings(tmp_path: Path) -> None:
    """ncdump 4.9 names the root as their group, which has no such dimension, or another."""
    dataset = Dataset(dimensions={"x": Dimension("x", 2)})
    first = dataset.groups["1st"] = Group("1st", dimensions={"x": Dimension("x", 3)})
    below = first.groups["b c"] = Group("b c", dimensions={"y": Dimension("y", 1)})
    second = dataset.groups["second"] = Group("second", dimensions={"x": Dimension("x", 4)})
    x = {each.size: each for each in dataset.dimension_paths()}
    for group, sizes in ((below, (2, 3)), (second, (2, 3, 4, 1)), (first, (2, 3))):
        for size in sizes:
            data = np.arange(size, dtype="i4")
            group.variables[f"v{size}"] = Variable(f"v{size}", INT, (x[size],), data=data)
    ours = text_of(dataset)
    assert "\tint v3(/1st/x) ;\n" in ours
    assert "\tint v1(/1st/b\\ c/y) ;\n" in ours
    theirs = ncdump(write(tmp_path / "test.nc", dataset))
    assert without_paths(ours) == without_paths(theirs)
    assert ours.partition("group: second")[0] == theirs.partition("group: second")[0]


def without_paths(text: str) -> str:
    return re.sub(r"\(/.*?(\w)\)", r"(\1)", text)


# ---- any types and values, with ncdump

NAMES = st.from_regex(r"[a-z][a-z0-9_ ]{0,18}[a-z]", fullmatch=True)
WORDS = st.text(st.characters(categories=["L", "N", "P"], exclude_characters="\0"), max_size=30)
NUMBERS = [kind for kind in ATOMIC_TYPES.values() if kind not in (CHAR, STRING)]


def native(fields: list[tuple[str, NetcdfType, tuple[int, ...]]], name: str) -> CompoundType:
    """Return a compound with its fields where C puts them; netCDF-C reads no others rightly."""
    made, end = [], 0
    for label, kind, shape in fields:
        offset = rounded(end, alignment(kind))
        made.append(CompoundField(label, kind, offset, shape))
        end = offset + size_of(kind) * int(np.prod(shape, dtype=int))
    return CompoundType(name, tuple(made), rounded(end, max(alignment(each.type) for each in made)))


def rounded(number: int, step: int) -> int:
    return -(-number // step) * step


def alignment(kind: NetcdfType) -> int:
    if isinstance(kind, CompoundType):
        return max(alignment(part.type) for part in kind.fields)
    if isinstance(kind, OpaqueType):
        return 1
    return 8 if isinstance(kind, VlenType) else kind.dtype.itemsize


def size_of(kind: NetcdfType) -> int:
    return 16 if isinstance(kind, VlenType) else kind.dtype.itemsize


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Return some types, each made of those before it.

    No two of them are alike but for their names: netCDF-C takes these for one type.
    """
    made: dict[str, Any] = {}
    for name in draw(st.lists(NAMES, min_size=1, max_size=5, unique=True)):
        bases = st.sampled_from([*ATOMIC_TYPES.values(), *made.values()])
        match draw(st.sampled_from(["enum", "opaque", "vlen", "compound"])):
            case "enum":
                base = draw(st.sampled_from([SHORT, INT, ATOMIC_TYPES["ubyte"]]))
                labels = draw(st.lists(NAMES, min_size=1, max_size=9, unique=True))
                numbers = draw(st.permutations(range(100)))
                members = dict(zip(labels, numbers, strict=False))
                made[name] = EnumType(name, base, members)
            case "opaque":
                made[name] = OpaqueType(name, draw(st.integers(1, 30)))
            case "vlen":
                made[name] = VlenType(name, draw(bases))
            case _:
                labels = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
                shapes = st.sampled_from([(), (), (2,), (2, 3), (1,)])
                made[name] = native([(each, draw(bases), draw(shapes)) for each in labels], name)
        nameless = dict.fromkeys(map(id, made.values()), "")
        if len({definition(kind, nameless) for kind in made.values()}) < len(made):
            del made[name]
    return made


def elements(kind: NetcdfType) -> st.SearchStrategy[Any]:
    """Return values that ncdump prints rightly: see what `cdl_elements` does otherwise."""
    if isinstance(kind, EnumType):
        return st.sampled_from(list(kind.members.values()))
    if isinstance(kind, OpaqueType):
        return st.binary(min_size=kind.item_bytes, max_size=kind.item_bytes)
    if isinstance(kind, VlenType):
        return st.lists(elements(kind.base), max_size=4)
    if isinstance(kind, CompoundType):
        return st.fixed_dictionaries({part.name: field_values(part) for part in kind.fields})
    if kind is STRING:
        return WORDS
    if kind is CHAR:
        return st.characters(codec="ascii", min_codepoint=32, max_codepoint=126).map(str.encode)
    if kind.dtype.kind == "f":
        return st.floats(width=32) | st.sampled_from([0.1, 1 / 3, 1e30])
    limits = np.iinfo(kind.dtype)
    return st.integers(int(limits.min), int(limits.max))


def field_values(part: CompoundField) -> st.SearchStrategy[Any]:
    size = int(np.prod(part.shape, dtype=int))
    flat = st.lists(elements(part.type), min_size=size, max_size=size)
    return flat if part.shape else elements(part.type)


@st.composite
def typed_datasets(draw: st.DrawFn) -> Dataset:
    """Return a dataset with a variable and attributes of each of some types."""
    defined = draw(definitions())
    x = Dimension("x", draw(st.integers(1, 5)))
    dataset = Dataset(dimensions={"x": x}, types=defined)
    for name, kind in defined.items():
        size = draw(st.sampled_from([None, x.size]))
        values = draw(st.lists(elements(kind), min_size=size or 1, max_size=size or 1))
        data = array_of(kind, values).reshape(size or ())
        variable = Variable(f"v{name}", kind, (x,) if size else (), data=data)
        variable.attributes["all"] = attribute_of(kind, draw(st.lists(elements(kind), max_size=4)))
        dataset.variables[variable.name] = variable
    return dataset


@needs_ncdump
@given(dataset=typed_datasets())
def test_any_types_and_values(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert_as_ncdump(tmp_path_factory.mktemp("cdl"), dataset)


# ---- without ncdump: where it gives up, or prints what it should not


def test_a_number_that_an_enum_does_not_name_is_printed() -> None:
    sky = EnumType("sky", INT, {"clear": 1})
    dataset = one_variable(sky, [1, 0, 7], all=attribute_of(sky, [0, 1, 7]))
    assert data_of(dataset) == "clear, _UNDEFINED, 7"
    assert "sky v:all = _UNDEFINED, clear, 7 ;" in text_of(dataset)


def test_texts_that_are_null_are_nil_inside_braces_too() -> None:
    words = VlenType("words", STRING)
    assert data_of(one_variable(words, [[None, ""], [None]])) == '{NIL, ""}, {NIL}'


def test_control_characters_are_escaped_in_names_and_values() -> None:
    letters, sky = VlenType("letters", CHAR), EnumType("sky", INT, {"a\x1bb\x9b": 1})
    assert data_of(one_variable(letters, [[b"\x1b", b"\n", b"\xff", b"", b"'"], []])) == (
        r"{\033, \n, \377, , '}, {}"
    )
    assert data_of(one_variable(sky, [1, 1])) == r"a\033b\302\233, a\033b\302\233"
    text = CompoundType("text", (CompoundField("t", CHAR, 0, (3,)),), 3)
    value = {"t": [b"\n", b"\x1b", b""]}
    assert data_of(one_variable(text, [value, value])) == r'{{"\n\033"}}, {{"\n\033"}}'


def test_a_compound_is_no_fill_value_where_only_its_inner_arrays_differ() -> None:
    pair = CompoundType("pair", (CompoundField("p", INT, 0, (2,)),), 8)
    values = [{"p": [1, 2]}, {"p": [1, 3]}]
    dataset = one_variable(pair, values, _FillValue=attribute_of(pair, values[:1]))
    assert data_of(dataset) == "_, {{1, 3}}"


def test_rows_that_nobody_wrote_are_empty() -> None:
    row = VlenType("row", INT)
    dataset = one_variable(row, [[1], [2]])
    dataset.variables["v"].data = np.array([None, np.array([1], "i4")], object)
    assert data_of(dataset) == "{}, {1}"


def test_a_type_that_a_nearer_one_hides_has_a_path() -> None:
    outer, inner = VlenType("t", INT), VlenType("t", SHORT)
    variables = {
        name: Variable(name, kind, (), data=array_of(kind, [[1]]).reshape(()))
        for name, kind in (("a", outer), ("b", inner))
    }
    group = Group("g", types={"t": inner}, variables=variables)
    text = text_of(Dataset(types={"t": outer}, groups={"g": group}))
    assert "\t/t a ;\n" in text
    assert "\tt b ;\n" in text


def test_a_type_that_no_group_holds_is_an_error() -> None:
    row = VlenType("row", INT)
    variable = Variable("v", row, (), data=array_of(row, [[1]]).reshape(()))
    with pytest.raises(MetadataError, match="'row'"):
        text_of(Dataset(variables={"v": variable}))
    with pytest.raises(MetadataError, match="'row'"):
        text_of(Dataset(attributes={"a": attribute_of(row, [[1]])}))


def test_an_enum_without_members_is_still_declared() -> None:
    empty = EnumType("empty", INT, {})
    assert "  int enum empty {} ;\n" in text_of(Dataset(types={"empty": empty}))
