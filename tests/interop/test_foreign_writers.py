"""Our stores after zarr-python has changed them: what still holds, and what we tell of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from tests.datasets import variable_of
from tests.interop.foreign import dataset, opened, read, read_by_others, write
from zarr_cdm.cdm.types import ATOMIC_TYPES
from zarr_cdm.errors import MetadataError, ZarrCdmError, ZarrCdmWarning

zarr = pytest.importorskip("zarr", minversion="3")
pytestmark = [
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part"),
]
versions = pytest.mark.parametrize("zarr_format", [3, 2])
SHORT, INT, FLOAT = (ATOMIC_TYPES[name] for name in ("short", "int", "float"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign")
    for zarr_format in (2, 3):
        write(dataset(), folder / f"{zarr_format}.zarr", zarr_format)
    return folder


@pytest.fixture
def store(folder: Path, tmp_path: Path, zarr_format: Any) -> Path:
    """Return a store that may be changed."""
    return Path(shutil.copytree(folder / f"{zarr_format}.zarr", tmp_path / "air.zarr"))


@dataclass(frozen=True)
class Case:
    """What somebody does with zarr-python, what is told of it, and all that is other than before.

    Attributes
    ----------
    told
        What each warning begins with, in any order.
    sound
        Whether arrays all name their dimensions and agree on their lengths, as stock xarray wants
        it.
    """

    change: Callable[[Any], Any]
    told: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    sound: bool = True


def delete(*paths: str) -> Callable[[Any], Any]:
    def change(group: Any) -> None:
        for path in paths:
            del group[path]

    return change


def attributes(path: str, *gone: str, **given: Any) -> Callable[[Any], Any]:
    def change(group: Any) -> None:
        node = group[path] if path else group
        for name in gone:
            del node.attrs[name]
        if given:
            node.update_attributes(given)

    return change


def only(path: str, **given: Any) -> Callable[[Any], Any]:
    """Return what replaces all attributes of a node."""
    return lambda group: (group[path] if path else group).attrs.put(given)


def resize(**shapes: Any) -> Callable[[Any], Any]:
    def change(group: Any) -> None:
        for path, shape in shapes.items():
            group[path.replace("__", "/").replace("_", ".")].resize(shape)

    return change


def along_t(group: Any) -> None:
    """Resize everything that lies on t."""
    for name, array in group.arrays():
        if array.ndim and name not in NOT_ON_T and not name.endswith(".json"):
            array.resize((5, *array.shape[1:]))
    group["g/outer"].resize((5,))
    group["g/color"].resize((5,))


def overwrite(path: str, dtype: str, *shape: int) -> Callable[[Any], Any]:
    return lambda group: group.create_array(path, shape=shape, dtype=dtype, overwrite=True)


def rename(group: Any) -> None:
    v3 = group.metadata.zarr_format == 3
    names: Any = {"dimension_names": ["t", "x"]} if v3 else {}
    wind = group.create_array("wind", data=group["air"][:], **names)
    if not v3:
        wind.attrs["_ARRAY_DIMENSIONS"] = ["t", "x"]
    del group["air"]


def new(group: Any) -> None:
    group.create_array("new", shape=(), dtype="f4")
    group.create_group("sub/deep")


def other_values(group: Any) -> None:
    group["air"][0] = 8
    group["p.b"][0] = 8.5
    group["r.values"][0] = 99
    group["s"][1] = "now" if group.metadata.zarr_format == 3 else b"n"


NOT_ON_T = ("r.values", "d.values.length", "m.r.values", *(f"d.values.values.{n}" for n in "abc"))
ON_T = ("e", "o", "r", "p", "d", "m", "s", "air", "c", "g/outer", "g/color")
OTHER = "another writer changed it: "
SHOWN = "is shown as the arrays that hold its parts"
TWO = "/: dimension '{}' has two lengths"
CASES = {
    "attributes edited": Case(
        lambda group: (
            attributes("air", scale_factor=0.25, comment="x")(group),
            attributes("", level=6, more=[1, 2])(group),
        ),
        differs=(
            "/@more attribute.missing",
            "/@level attribute.value",
            "/air@comment attribute.missing",
            "/air@scale_factor attribute.value",
        ),
    ),
    "an attribute of another kind": Case(
        attributes("scalar", code="none"),
        (f"/scalar: {OTHER}its attribute 'code' was of type int, and is char",),
        ("/scalar@code attribute.type",),
    ),
    "attributes deleted": Case(
        lambda group: (
            attributes("air", "scale_factor")(group),
            attributes("g", "level")(group),
        ),
        (f"/air: {OTHER}its attribute scale_factor gone", f"/g: {OTHER}its attribute level gone"),
        ("/air@scale_factor attribute.missing", "/g@level attribute.missing"),
    ),
    "fill value deleted": Case(
        attributes("air", "_FillValue"),
        (f"/air: {OTHER}its fill value is gone",),
        ("/air@_FillValue attribute.missing", "/air fill.mode", "/air fill.value"),
    ),
    "attributes of the root replaced": Case(
        only("", new=1),
        (f"/: {OTHER}its record is gone",),
        (
            *("/unused type.missing", "/ type.order", "/left dimension.missing"),
            *("/ dimension.order", "/@title attribute.missing", "/@level attribute.missing"),
            *("/@new attribute.missing", "/ variable.order"),
        ),
    ),
    "attributes of a group replaced": Case(
        only("g"), (f"/g: {OTHER}its record is gone",), ("/g@level attribute.missing",)
    ),
    "flags of an enum edited": Case(
        attributes("g/color", flag_meanings="x y"),
        (f"/g/color: {OTHER}flag_meanings no longer as its type says",),
        ("/g/color@flag_meanings attribute.missing",),
    ),
    "an attribute of a field": Case(
        attributes("p.b", units="m"),
        (f"/p.b: {OTHER}as a part of a variable it has no place for its attributes units",),
    ),
    "one array resized": Case(
        resize(air=(3, 4)),
        (TWO.format("x"), f"/air: {OTHER}its dimension was /x, and is another one: x_4, 4 long"),
        ("/x_4 dimension.missing", "/air variable.dimensions", "/air values.shape"),
        sound=False,
    ),
    "one array appended to": Case(
        lambda group: group["air"].append(np.zeros((2, 2), "i2")),
        (TWO.format("t"), f"/air: {OTHER}its dimension was /t, and is another one: t_5, 5 long"),
        ("/t_5 dimension.missing", "/air variable.dimensions", "/air values.shape"),
        sound=False,
    ),
    "an array below resized": Case(
        resize(g__outer=(4,)),
        (f"/g/outer: {OTHER}its dimension was /t, and is another one: t, 4 long",),
        ("/g/t dimension.missing", "/g/outer variable.dimensions", "/g/outer values.shape"),
        sound=False,
    ),
    "all arrays on a dimension resized": Case(
        along_t,
        ("dimension '/t' was declared with length 3, but the arrays have 5",),
        (
            "/t dimension.size",
            *(f"/{name} values.shape" for name in ON_T),
        ),
    ),
    "an array deleted": Case(
        delete("air"), (f"/: {OTHER}'air' in it is gone",), ("/air variable.missing",)
    ),
    "a group deleted": Case(delete("g"), (f"/: {OTHER}'g' in it is gone",), ("/g group.missing",)),
    "an array renamed": Case(
        rename,
        (f"/: {OTHER}'air' in it is gone",),
        ("/air variable.missing", "/wind variable.missing"),
    ),
    "something new": Case(
        new,
        differs=(
            "/new variable.missing",
            "/sub group.missing",
        ),
        sound=False,
    ),
    "an array of another type": Case(
        overwrite("scalar", "f8"),
        (f"/scalar: {OTHER}its record is gone",),
        ("/scalar variable.type", "/scalar@code attribute.missing"),
        sound=False,
    ),
    "values": Case(other_values, differs=("/air values", "/p values", "/r values", "/s values")),
    "a field deleted": Case(
        delete("p.b"),
        (f"/p {SHOWN} (p.a, p.c): its part 'b' is gone",),
        ("/p variable.missing", "/p.a variable.missing", "/p.c variable.missing"),
    ),
    "the field that says what it is": Case(
        delete("p.a"),
        (f"/p {SHOWN} (p.b, p.c): the array that says what it is is gone",),
        (
            *("/p.b.0 dimension.missing", "/p variable.missing"),
            *("/p.b variable.missing", "/p.c variable.missing"),
        ),
    ),
    "the lengths of rows deleted": Case(
        delete("r.length"),
        (f"/r {SHOWN} (r.values): its part 'length' is gone",),
        ("/r.item dimension.missing", "/r variable.missing", "/r.values variable.missing"),
    ),
    "the values of rows deleted": Case(
        delete("r.values"),
        (f"/r {SHOWN} (r.length): the array that says what it is is gone",),
        ("/r variable.missing", "/r.length variable.missing"),
    ),
    "all parts deleted": Case(
        delete("r.length", "r.values"),
        (f"/: {OTHER}'r' in it is gone",),
        ("/r variable.missing",),
    ),
    "a field resized": Case(
        resize(p_a=(4,)),
        (
            f"/p {SHOWN} (p.a, p.b, p.c): its fields have different shapes",
            TWO.format("t"),
            f"/p.a: {OTHER}its dimension was /t, and is another one: t_4, 4 long",
        ),
        (
            *("/t_4 dimension.missing", "/p.b.0 dimension.missing", "/p variable.missing"),
            *("/p.a variable.missing", "/p.b variable.missing", "/p.c variable.missing"),
        ),
        sound=False,
    ),
    "the values of rows resized": Case(
        resize(r_values=(2,)),
        (f"/r {SHOWN} (r.length, r.values): /r: the lengths of the rows do not add up to the 2",),
        (
            *("/r.item dimension.missing", "/r variable.missing"),
            *("/r.length variable.missing", "/r.values variable.missing"),
        ),
    ),
    "the lengths of rows resized": Case(
        resize(r_length=(2,)),
        (
            f"/r {SHOWN} (r.length, r.values): /r: the lengths of the rows do not add up to the 3",
            TWO.format("t"),
            f"/r.length: {OTHER}its dimension was /t, and is another one: t_2, 2 long",
        ),
        (
            *("/t_2 dimension.missing", "/r.item dimension.missing", "/r variable.missing"),
            *("/r.length variable.missing", "/r.values variable.missing"),
        ),
        sound=False,
    ),
    "blobs of another size": Case(
        resize(o=(3, 2)),
        (f"/o {SHOWN} (o): its shape (3, 2) does not end in 3 bytes",),
        (
            *("/o.byte dimension.missing", "/o variable.type"),
            *("/o variable.dimensions", "/o fill.mode"),
        ),
    ),
    "a field of another type": Case(
        overwrite("p.b", "f4", 3, 2),
        (f"/p {SHOWN} (p.a, p.c): its part 'b' is gone",),
        (
            *("/_Anonymous_Dim_3 dimension.missing", "/_Anonymous_Dim_2 dimension.missing"),
            *("/p variable.missing", "/p.a variable.missing"),
            *("/p.b variable.missing", "/p.c variable.missing"),
        ),
        sound=False,  # it has no names of dimensions
    ),
}
# In v2 a new array has a fill value, and xarray means by it what `_FillValue` means.
V2_DIFFERS = {
    "an array of another type": ("/scalar@_FillValue attribute.missing", "/scalar fill.mode"),
}


@versions
@pytest.mark.parametrize("name", CASES)
def test_what_became_stale_is_told_and_all_else_is_as_it_was(
    store: Path, zarr_format: Any, name: str
) -> None:
    case = CASES[name]
    case.change(opened(store, zarr_format))
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    after, told = read(store)
    found = [f"{each.place} {each.rule}" for each in zarr_cdm.compare(dataset(), after)]
    added = V2_DIFFERS.get(name, ()) if zarr_format == 2 else ()
    assert sorted(found) == sorted((*case.differs, *added))
    assert sorted(told) == [message for message in sorted(told) if message.startswith(case.told)]
    assert all(any(message.startswith(each) for message in told) for each in case.told)
    findings = zarr_cdm.conventions.of(store)["native"].findings
    assert [each.message for each in findings] == told
    read_by_others(store, zarr_format, sound=case.sound)


@versions
def test_a_store_that_nobody_has_changed_is_as_it_was(store: Path, zarr_format: Any) -> None:
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    after, told = read(store)
    assert zarr_cdm.compare(dataset(), after) == []
    assert told == []


@versions
def test_an_array_that_has_lost_its_attributes_may_have_lost_its_record(
    store: Path, zarr_format: Any
) -> None:
    opened(store, zarr_format)["air"].attrs.put({"new": 1})
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    after, told = read(store)
    if zarr_format == 3:  # whose record is no attribute
        gone = "its attributes scale_factor, raw gone; its fill value is gone"
        assert told == [f"/air: {OTHER}{gone}"]
        assert [each.name for each in variable_of(after, "/air").dimensions] == ["t", "x"]
    else:
        assert told == [f"/air: {OTHER}its record is gone, and with it types and scopes"]
    assert variable_of(after, "/air").data[...].tolist() == [[0, 1], [2, 3], [4, 5]]


@versions
def test_lengths_of_rows_that_no_longer_add_up_are_an_error_that_names_the_variable(
    store: Path, zarr_format: Any, tmp_path: Path
) -> None:
    opened(store, zarr_format)["r.length"][0] = 9
    found = zarr_cdm.read(store)
    with pytest.raises(MetadataError, match="do not add up to the 3 values") as raised:
        found.variables["r"].data[...]
    assert raised.value.variable == "/r"
    (finding,) = zarr_cdm.compare(dataset(), store)
    assert (finding.place, finding.rule) == ("/r", "values.unreadable")
    with pytest.raises(ZarrCdmError, match=r"/r: the lengths of the rows do not add up"):
        zarr_cdm.convert(store, tmp_path / "out.nc")
    assert not (tmp_path / "out.nc").exists()


@versions
def test_what_is_no_longer_whole_goes_to_netcdf_as_plain_arrays(
    store: Path, zarr_format: Any, tmp_path: Path
) -> None:
    group = opened(store, zarr_format)
    delete("p.b", "r.length")(group)
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    with pytest.warns(ZarrCdmWarning, match=SHOWN):
        zarr_cdm.convert(store, tmp_path / "out.nc")
    after, _ = read(store)
    assert zarr_cdm.compare(after, tmp_path / "out.nc") == []


@versions
def test_edits_that_nobody_consolidates_are_read_and_told_of(store: Path, zarr_format: Any) -> None:
    group = zarr.open_group(store, mode="r+", zarr_format=zarr_format)  # by the consolidated ones
    group["air"].attrs["scale_factor"] = 0.25
    along_t(group)
    group["g"].create_array("new", shape=(), dtype="f4")
    del group["%7Aarr.json"]
    after, told = read(store)
    outdated = f"{store}: its consolidated documents are outdated, and not followed, for "
    assert told[0].startswith(outdated)
    assert after.facts["consolidated"] == "no"
    assert after.dimensions["t"].size == 5
    assert after.variables["air"].attributes["scale_factor"].value == [0.25]
    assert "new" in after.groups["g"].variables
    assert "zarr.json" not in after.variables
    zarr.consolidate_metadata(store, zarr_format=zarr_format)
    again, told = read(store)
    assert zarr_cdm.compare(after, again) == []
    assert not [message for message in told if message.startswith(str(store))]
