"""What a dialect does not keep is told before a byte is written."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, STRING, CompoundField, CompoundType, NetcdfType
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.parts import PARTED, parted
from zarr_cdm.dialects.table import WRITTEN
from zarr_cdm.errors import ZarrCdmWarning
from zarr_cdm.formats.zarr import ZarrFormat
from zarr_cdm.translate.chunking import layout_of

SHORT, FLOAT, DOUBLE = (ATOMIC_TYPES[name] for name in ("short", "float", "double"))
ALL = [(name, each) for name, versions in WRITTEN.items() for each in versions]
OTHERS = [(name, each) for name, each in ALL if name != "native"]


class Watched(MemoryStore):
    """A store that tells what was written to it, even if it was deleted since."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def set(self, key: str, value: Any) -> None:
        self.written.append(key)
        super().set(key, value)


def one(kind: NetcdfType, data: Any, *dims: Dimension, **attributes: Attribute) -> Dataset:
    """Return a dataset with one variable."""
    values = np.empty(tuple(dim.size for dim in dims), kind.dtype)
    values[...] = data
    storage = Storage(fill_value=getattr(kind, "default_fill", None))
    return Dataset(
        dimensions={dim.name: dim for dim in dims},
        variables={"v": Variable("v", kind, dims, attributes, values, storage)},
    )


def write(dataset: Dataset, dialect: str, zarr_format: Any, store: MemoryStore) -> None:
    split = parted(dataset, zarr_format) if dialect in PARTED else dataset
    layouts = {
        path: layout_of(variable, zarr_format, 9, dialect)
        for path, variable in split.all_variables()
    }
    target: Any = store
    ZarrFormat().write(split, target, layouts=layouts, zarr_format=zarr_format, dialect=dialect)


def told(dataset: Dataset, dialect: str, zarr_format: int) -> str:
    """Return what is told; before that nothing may be written."""
    store = Watched()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ZarrCdmWarning) as caught:
            write(dataset, dialect, zarr_format, store)
    assert store.written == []
    with pytest.warns(ZarrCdmWarning) as found:
        write(dataset, dialect, zarr_format, store)
    assert [str(each.message) for each in found] == [str(caught.value)]
    assert store.written
    beginning = f"the dialect {dialect!r} does not keep all of it: "
    assert str(caught.value).startswith(beginning)
    return str(caught.value).removeprefix(beginning)


@pytest.mark.parametrize(("dialect", "zarr_format"), ALL)
def test_of_a_dataset_that_is_kept_nothing_is_told(dialect: str, zarr_format: int) -> None:
    units = Attribute.of("K")
    fill = Attribute(np.array([-9], "f4"), FLOAT)
    dataset = one(FLOAT, 1, Dimension("x", 3), units=units, _FillValue=fill)
    dataset.variables["v"].storage = Storage(fill_mode="explicit", fill_value=np.float32(-9))
    write(dataset, dialect, zarr_format, MemoryStore())


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_our_own_dialect_keeps_what_others_do_not(zarr_format: int) -> None:
    time = Dimension("time", 2, unlimited=True)
    write(one(STRING, None, time), "native", zarr_format, MemoryStore())


def test_what_nz_has_no_word_for() -> None:
    time, unused, x = Dimension("time", 2, unlimited=True), Dimension("n", 4), Dimension("x", 3)
    dataset = one(FLOAT, 1, time)
    dataset.dimensions |= {"n": unused, "x": x}
    fine = dataset.groups["fine"] = Group("fine")
    fine.variables["w"] = Variable("w", FLOAT, (x,), data=np.zeros(3, "f4"))
    fine.variables["w"].storage = Storage(fill_mode="none")
    assert told(dataset, "nz", 3) == (
        "a dimension of a group (/n, /x); whether a dimension may grow (/time); "
        "the dimensions that a variable lies on: which ones, by their paths (/fine/w); "
        "whether the fill value is explicit, the default or none (/fine/w); "
        "what unwritten elements read as, bit by bit (/fine/w)"
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_the_dialect_of_xarray_has_no_word_for(zarr_format: int) -> None:
    pair = CompoundType("pair", (CompoundField("a", SHORT, 0), CompoundField("b", SHORT, 2)), 4)
    dataset = one(pair, 0, Dimension("x", 3), level=Attribute([1], SHORT))
    dataset.types["pair"] = pair
    dataset.attributes["odd"] = Attribute("a\udcff", ATOMIC_TYPES["char"])
    dataset.groups["a\\b"] = Group("a\\b", {"title": Attribute.of("inner")})
    wanted = "a user-defined type of a group (/pair); the value of an attribute, bit by bit (/@odd)"
    wanted += "; a variable as one array of its name (/v)"
    wanted += "; a group by its name (/a\\b)"
    assert told(dataset, "xarray", zarr_format) == wanted


def test_nczarr_has_one_nan() -> None:
    odd = np.array([0xFFF8000000000000], "u8").view("f8")
    dataset = one(DOUBLE, 0, Dimension("x", 2), a=Attribute(odd, DOUBLE))
    dataset.variables["v"].attributes["_FillValue"] = Attribute(odd, DOUBLE)
    dataset.variables["v"].storage = Storage(fill_mode="explicit", fill_value=odd[0])
    assert told(dataset, "nczarr", 2) == (
        "the value of an attribute, bit by bit (/v@a, /v@_FillValue); "
        "what unwritten elements read as, bit by bit (/v)"
    )


@pytest.mark.parametrize(("dialect", "zarr_format"), [("xarray", 3), ("xarray", 2), ("nz", 3)])
def test_texts_that_are_null_are_told_of(dialect: str, zarr_format: int) -> None:
    dataset = one(STRING, ["a", None, None], Dimension("x", 3))
    assert "NULL texts, which are written as empty ones (/v)" in told(dataset, dialect, zarr_format)
    store = MemoryStore()
    with pytest.warns(ZarrCdmWarning):
        write(dataset, dialect, zarr_format, store)
    names = zarr_cdm.open_group(store)["v"][:].tolist()
    assert names == (["a", "", ""] if zarr_format == 3 else [b"a", b"", b""])


def test_of_many_places_the_first_are_named() -> None:
    dataset = Dataset(attributes={f"a{number}": Attribute([1], SHORT) for number in range(25)})
    assert told(dataset, "xarray", 3).endswith(", /@a18, /@a19 and 5 more)")
