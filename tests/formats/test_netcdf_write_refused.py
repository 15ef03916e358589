"""What netCDF cannot hold: all of it is named, before a byte is written."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats import stress
from tests.formats.netcdf_help import CLASSIC, DOUBLE, INT, add, with_dimensions
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable
from zarr_cdm.cdm.names import RESERVED, problem_of
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    OpaqueType,
    VlenType,
    any_type,
)
from zarr_cdm.cdm.values import rows
from zarr_cdm.errors import FormatError, TargetExistsError, UnsupportedError
from zarr_cdm.formats import netcdf_write_check
from zarr_cdm.formats.netcdf import NetcdfFormat
from zarr_cdm.formats.netcdf_c import Int, call
from zarr_cdm.formats.netcdf_write_check import RULES, check
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS
from zarr_cdm.formats.netcdf_write_survey import Survey

MANY = [f"d{number}" for number in range(33)]


def refusal(dataset: Dataset, folder: Path, data_model: str = "NETCDF4") -> str:
    """Return why a dataset is refused; nothing may be left of it."""
    target = folder / "out.nc"
    with pytest.raises(UnsupportedError) as caught:
        NetcdfFormat().write(dataset, str(target), data_model)
    assert list(folder.iterdir()) == []
    assert caught.value.source == str(target)
    return caught.value.message


def places(dataset: Dataset, data_model: str = "NETCDF4") -> list[tuple[str, str]]:
    """Return place and rule of all that a data model cannot hold."""
    findings = check(Survey(dataset), DATA_MODELS[data_model])
    assert {finding.rule for finding in findings} <= set(RULES)
    return [(finding.place, finding.rule) for finding in findings]


# One row for each: what is found in which dataset.


def test_of_names() -> None:
    dataset = with_dimensions(Dimension("a/b", 1), Dimension("%", 1), Dimension("é" * 129, 1))
    dataset.groups[" g"] = Group(" g")
    dataset.types[""] = OpaqueType("", 1)
    dataset.types["cloud"] = EnumType("cloud", INT, {"a": 0, "b\n": 1})
    add(dataset, "v ", INT, **{"\x7f": Attribute("", CHAR), "ok": Attribute("", CHAR)})
    assert places(dataset) == [
        ("/a/b", "name.illegal"),
        ("/%", "name.illegal"),
        ("/" + "é" * 129, "name.illegal"),
        ("/", "name.illegal"),
        ("/ g", "name.illegal"),
        ("/v ", "name.illegal"),
        ("/cloud.b\n", "name.illegal"),
        ("/v @\x7f", "name.illegal"),
    ]


def test_of_types_that_are_alike() -> None:
    """A file has both; `test_netcdf_types` shows that netCDF-C takes one for the other."""
    kinds = [EnumType(name, INT, {"a": 0}) for name in ("first", "second", "unused")]
    dataset = Dataset(types={kind.name: kind for kind in kinds})
    dataset.groups["g"] = Group("g", types={"row": VlenType("row", kinds[1])})
    assert places(dataset) == [("/second", "type.alike")]
    add(dataset, "v", kinds[0])
    dataset.groups["g"].types = {}
    assert places(dataset) == []
    dataset.attributes["a"] = Attribute(np.zeros(1, "i4"), kinds[2])
    assert places(dataset) == [("/unused", "type.alike")]


def test_of_names_that_netcdf_c_does_not_read_back() -> None:
    name = "n" * 256
    dataset = with_dimensions(Dimension(name, 1))
    dataset.groups["g"] = Group("g", groups={name: Group(name)})
    dataset.groups["g"].types[name[1:]] = EnumType(name[1:], INT, {name: 0})
    add(dataset, name, INT, **{name: Attribute("", CHAR)})
    unreadable = [(f"{path}{name}", "name.unreadable") for path in ("/", "/", "/g/")]
    assert places(dataset) == unreadable
    assert places(dataset, "NETCDF4_CLASSIC")[:2] == unreadable[:2]
    del dataset.groups["g"]
    assert places(dataset, "NETCDF3_CLASSIC") == []


def test_of_names_that_stand_for_two_things() -> None:
    dataset = with_dimensions(Dimension("g", 1), Dimension("t", 1), Dimension("x", 1))
    dataset.types = {"t": OpaqueType("t", 1), "same": OpaqueType("same", 1)}
    dataset.groups = {"g": Group("g"), "v": Group("v")}
    for name in ("v", "same", "x", "é"):
        add(dataset, name, INT)
    add(dataset, "e\u0301", INT)
    assert places(dataset) == [
        ("/t", "name.taken"),
        ("/g", "name.taken"),
        ("/v", "name.taken"),
        ("/same", "name.taken"),
        ("/e\u0301", "name.normal"),
        ("/e\u0301", "name.taken"),
    ]


def test_of_reserved_attributes() -> None:
    attributes = {name: Attribute("a", CHAR) for name in ("CLASS", "_NCProperties", "class")}
    dataset = Dataset(attributes=dict(attributes))
    add(dataset, "v", INT, **attributes)
    found = [(place, "attribute.reserved") for place in ("/@CLASS", "/@_NCProperties")]
    found += [(place, "attribute.reserved") for place in ("/v@CLASS", "/v@_NCProperties")]
    assert places(dataset) == places(dataset, "NETCDF4_CLASSIC") == found
    assert places(dataset, "NETCDF3_CLASSIC") == []


def test_of_dimensions() -> None:
    dataset = with_dimensions(
        Dimension("none", 0),
        Dimension("unused", 5, unlimited=True),
        Dimension("a", 0, unlimited=True),
    )
    assert places(dataset) == [("/none", "dimension.size"), ("/unused", "dimension.size")]
    assert places(dataset, "NETCDF3_CLASSIC") == [
        ("/a", "dimension.unlimited"),
        ("/none", "dimension.size"),
    ]


@pytest.mark.parametrize(
    ("data_model", "most"),
    [
        ("NETCDF3_CLASSIC", 2**31 - 4),
        ("NETCDF3_64BIT_OFFSET", 2**32 - 4),
        ("NETCDF3_64BIT_DATA", 2**40),
        ("NETCDF4", 2**40),
    ],
)
def test_of_long_dimensions(tmp_path: Path, data_model: str, most: int) -> None:
    dataset = with_dimensions(Dimension("x", most))
    NetcdfFormat().write(dataset, str(tmp_path / "x.nc"), data_model)
    dataset.dimensions["x"].size += 1
    long = [("/x", "dimension.size")] if most < 2**40 else []
    assert places(dataset, data_model) == long


def test_of_variables() -> None:
    time, x = Dimension("time", 2, unlimited=True), Dimension("x", 1)
    dataset = with_dimensions(x, time, *(Dimension(name, 1) for name in MANY))
    add(dataset, "foreign", INT, (Dimension("x", 1),))
    add(dataset, "many", INT, tuple(dataset.dimensions[name] for name in MANY))
    add(dataset, "last", INT, (x, time))
    dataset.variables["short"] = Variable("short", INT, (time,), data=np.zeros(1, "i4"))
    assert places(dataset) == [
        ("/foreign", "variable.dimensions"),
        ("/many", "variable.dimensions"),
        ("/short", "variable.shape"),
    ]
    assert places(dataset, "NETCDF3_64BIT_DATA") == [
        ("/foreign", "variable.dimensions"),
        ("/last", "dimension.unlimited"),
        ("/short", "variable.shape"),
    ]


def test_of_groups_that_need_each_other() -> None:
    dataset = Dataset(groups={"a": Group("a"), "b": Group("b")})
    for name in "ab":
        dataset.groups[name].dimensions["x"] = Dimension("x", 1)
    add(dataset.groups["a"], "v", INT, (dataset.groups["b"].dimensions["x"],))
    add(dataset.groups["b"], "w", INT, (dataset.groups["a"].dimensions["x"],))
    assert places(dataset) == [("/b", "variable.dimensions")]


def test_of_types_that_netcdf_does_not_have() -> None:
    dataset = Dataset()
    for name in ("bool", "complex64", "float16", "datetime64[ns]"):
        kind = any_type(np.dtype(name))
        add(dataset, name, kind, (), np.zeros((), name))
        dataset.attributes[name] = Attribute(np.zeros(1, name), kind)
    found = [(f"/@{name}", "type.unknown") for name in dataset.attributes]
    assert places(dataset) == found + [(f"/{name}", "type.unknown") for name in dataset.variables]


def test_of_types_that_a_data_model_does_not_have() -> None:
    dataset = Dataset()
    for name, kind in ATOMIC_TYPES.items():
        add(dataset, name, kind)
    assert places(dataset) == []
    for model in CLASSIC:
        found = {place for place, rule in places(dataset, model) if rule == "type.model"}
        large = {"/ubyte", "/ushort", "/uint", "/int64", "/uint64", "/string"}
        assert found == ({"/string"} if model == "NETCDF3_64BIT_DATA" else large)


def test_of_groups_and_user_types_in_classic_files() -> None:
    cloud = EnumType("cloud", INT, {"clear": 0})
    dataset = Dataset(types={"cloud": cloud}, groups={"g": Group("g", {"a": Attribute("", CHAR)})})
    add(dataset.groups["g"], "v", cloud)
    for model in CLASSIC:
        assert places(dataset, model) == [
            ("/cloud", "type.model"),
            ("/g", "group"),
            ("/g/v", "type.model"),
        ]


@pytest.mark.parametrize(
    "kind",
    [
        EnumType("t", INT, {}),
        EnumType("t", INT, {"a": 1, "b": 1}),
        EnumType("t", ATOMIC_TYPES["byte"], {"a": 200}),
        EnumType("t", DOUBLE, {"a": 1}),
        CompoundType("t", (), 0),
        CompoundType("t", (CompoundField("a", INT, 0), CompoundField("a", INT, 4)), 8),
        CompoundType("t", (CompoundField("a", INT, 0, (0,)),), 4),
        OpaqueType("t", 0),
    ],
    ids=repr,
)
def test_of_definitions(kind: Any, tmp_path: Path) -> None:
    assert places(Dataset(types={"t": kind})) == [("/t", "type.definition")]


def test_of_types_that_are_defined_later_or_nowhere() -> None:
    blob, foreign = OpaqueType("blob", 1), OpaqueType("foreign", 1)
    cells = VlenType("cells", blob)
    dataset = Dataset(groups={"g": Group("g")})
    dataset.types = {"cells": cells, "blob": blob, "strange": VlenType("strange", foreign)}
    dataset.types["bits"] = VlenType("bits", any_type(np.dtype(bool)))
    dataset.groups["g"].types["below"] = OpaqueType("below", 2)
    add(dataset, "v", dataset.groups["g"].types["below"], (), b"ab")
    add(dataset, "w", foreign, (), b"a")
    assert places(dataset) == [
        ("/cells", "type.order"),
        ("/strange", "type.unknown"),
        ("/bits", "type.unknown"),
        ("/v", "type.order"),
        ("/w", "type.unknown"),
    ]


def test_of_values_of_attributes() -> None:
    words = VlenType("words", STRING)
    holder = CompoundType("holder", (CompoundField("w", words, 0),), 16)
    dataset = Dataset(types={"words": words, "holder": holder})
    held = np.zeros(1, holder.dtype)
    held["w"] = rows([[None]], words)
    dataset.attributes = {
        "nul": Attribute(["a\0b"], STRING),
        "surrogate": Attribute("\ud800", CHAR),
        "null": Attribute([None], STRING),
        "words": Attribute(rows([["a"], []], words), words),
        "null_in_row": Attribute(rows([["a", None]], words), words),
        "held": Attribute(held, holder),
    }
    names = "nul", "surrogate", "null_in_row", "held"
    assert places(dataset) == [(f"/@{name}", "attribute.value") for name in names]


def test_of_attributes_at_which_an_older_netcdf_c_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = CompoundField("n", INT, 0), CompoundField("s", STRING, 8)
    first = CompoundType("first", (CompoundField("s", STRING, 0), CompoundField("n", INT, 8)), 16)
    behind = CompoundType("behind", parts, 16)
    dataset = with_dimensions(x := Dimension("x", 1))
    dataset.types = {kind.name: kind for kind in (first, behind)}
    dataset.types["row"] = VlenType("row", behind)
    for name, kind in dataset.types.items():
        dataset.attributes[name] = Attribute(np.zeros(0, kind.dtype), kind)
        add(dataset, f"v_{name}", kind, (x,), stress.blank(kind, 1))
    monkeypatch.setattr(netcdf_write_check, "version", lambda: "4.10.1")
    assert places(dataset) == []
    monkeypatch.setattr(netcdf_write_check, "version", lambda: "4.9.3")
    assert places(dataset) == [
        ("/@behind", "attribute.value"),
        ("/@row", "attribute.value"),
    ]


# The error.


def test_all_is_named_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    dataset = with_dimensions(Dimension("x", 0), Dimension("a/b", 1))
    add(dataset, "mask", any_type(np.dtype(bool)), (), False)
    assert refusal(dataset, tmp_path) == (
        "a file of NETCDF4 cannot hold /a/b: the name 'a/b' has '/' in it; "
        "/x: has the length 0, which only an unlimited dimension can have; make it one; "
        "/mask: is of the type bool, which netCDF does not have"
    )


@pytest.mark.parametrize("data_model", CLASSIC)
def test_the_whole_model_does_not_fit_into_classic_files(tmp_path: Path, data_model: str) -> None:
    message = refusal(stress.dataset(), tmp_path, data_model)
    assert f"/shadow: {data_model} has no groups" in message
    assert f"/v_living: is of the type living, {data_model} has none" in message


def test_a_data_model_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert refusal(Dataset(), tmp_path, "NETCDF5") == (
        "netCDF has no data model 'NETCDF5'; known: NETCDF4, NETCDF4_CLASSIC, NETCDF3_CLASSIC, "
        "NETCDF3_64BIT_OFFSET, NETCDF3_64BIT_DATA"
    )


def test_a_variable_too_large_for_its_format_is_netcdf_cs_own_error(tmp_path: Path) -> None:
    @dataclass
    class Huge:
        shape: tuple[int, ...] = (2**30,)
        dtype: np.dtype = np.dtype("f8")  # noqa: RUF009

    dataset = with_dimensions(x := Dimension("x", 2**30))
    for name in "vw":
        dataset.variables[name] = Variable(name, DOUBLE, (x,), data=Huge())  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=r"nc_enddef: .* variable sizes violate format"):
        NetcdfFormat().write(dataset, str(tmp_path / "x.nc"), "NETCDF3_CLASSIC")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("existing", ["file", "directory", "link"])
def test_what_is_there_stays_as_it_is(tmp_path: Path, existing: str) -> None:
    target = tmp_path / "out.nc"
    if existing == "file":
        target.write_text("mine")
    elif existing == "directory":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    before = os.lstat(target)
    with pytest.raises(TargetExistsError):
        NetcdfFormat().write(Dataset(), str(target))
    assert os.lstat(target) == before
    assert list(tmp_path.iterdir()) == [target]


# The rules are netCDF-C's own: it is asked.

NAMES = [" a", ".a", "%", "a/b", "a\tb", "9a", "a:b", "a b", "a\\b", "x#y?z", "a ", "", "é" * 128]
NAMES += [
    "é" * 129,
    "-9",
    "+a",
    "@a",
    "\u00a0a",
    "a\u0085",
    "_x",
    "a\x7f",
    "~a",
    "日本",
    "\U0001f600",
]
NAMES += [".", "..", "a" * 256, "a" * 257, "*", "a*", "(a)", "ª", "²", "\u200ba", "a\u2028"]


def works(function: str, *arguments: Any) -> bool:
    try:
        call(function, *arguments)
    except FormatError:
        return False
    return True


@pytest.fixture
def scratch(tmp_path: Path) -> Any:
    """A new netCDF-4 file in memory, in define mode."""
    file = Int()
    call("nc_create", str(tmp_path / "scratch.nc").encode(), 0x1000 | 0x0008, file)
    yield file.value
    call("nc_close", file.value)


def test_netcdf_c_refuses_the_names_that_are_refused(scratch: int) -> None:
    for name in NAMES:
        taken = works("nc_def_dim", scratch, name.encode(), 1, Int())
        assert taken == (problem_of(name) is None), name


def test_netcdf_c_refuses_the_attributes_that_are_reserved(scratch: int) -> None:
    others = {"_FillValue", "_NCZARR_ATTR", "_Storage", "_Encoding", "_QuantizeGranularBitRound"}
    for name in RESERVED | others:
        one = np.array([1], np.intc)
        taken = works("nc_put_att", scratch, -1, name.encode(), 4, 1, one.ctypes.data)
        assert taken == (name not in RESERVED), name


def test_netcdf_c_crashes_at_a_null_in_a_row_of_texts_of_an_attribute() -> None:
    """Where it does no more, the rule can go."""
    code = """
import numpy as np
from zarr_cdm.formats.netcdf_c import Int, call
file, kind = Int(), Int()
call("nc_create", b"none.nc", 0x1000 | 0x0008, file)
call("nc_def_vlen", file.value, b"words", 12, kind)
text = np.zeros(1, np.uintp)
row = np.array([1, text.ctypes.data], np.uintp)
call("nc_put_att", file.value, -1, b"a", kind.value, 1, row.ctypes.data)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode < 0, done.stderr
