"""The spellings of our own dialect: what others find in the store, and that we read the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

import zarr_cdm
from tests.datasets import differences, of_every_type
from tests.shelves.test_every_dialect import read, write
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING, CompoundField, CompoundType, NetcdfType
from zarr_cdm.cdm.values import unwritten
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.dialects.spelling import USUAL, Spelling
from zarr_cdm.metadata.documents import ZarrVersion

SHORT, DOUBLE = ATOMIC_TYPES["short"], ATOMIC_TYPES["double"]
versions = pytest.mark.parametrize("zarr_format", [2, 3])


def sample() -> Dataset:
    """Return a dataset with all that can be spelled in several ways."""
    x = Dimension("x", 2)
    fields = (
        CompoundField("a", SHORT, 0),
        CompoundField("b", DOUBLE, 8),
        CompoundField("c", CHAR, 16),
    )
    pair = CompoundType("pair", fields, 24)
    dataset = Dataset(dimensions={"x": x}, types={"pair": pair})

    def add(name: str, kind: NetcdfType, values: Any, *dims: Dimension) -> None:
        data, storage = np.array(values, kind.dtype), Storage(fill_value=unwritten(kind)[()])
        dataset.variables[name] = Variable(name, kind, dims, {}, data, storage)

    add("scalar", SHORT, 7)
    add("letter", CHAR, b"a")
    add("letters", CHAR, [b"b", b"\xff"], x)
    add("texts", STRING, ["é", None], x)
    add("pairs", pair, [(1, 0.5, b"p"), (2, 1.5, b"q")], x)
    add("pair", pair, (3, 2.5, b"r"))
    dataset.variables["letters"].attributes["_FillValue"] = Attribute("b", CHAR)
    dataset.variables["letters"].storage = Storage(fill_mode="explicit", fill_value=b"b")
    return dataset


def stored(spelling: Spelling, zarr_format: ZarrVersion) -> dict[str, Any]:
    """Return the arrays of the sample, which is read back as it was."""
    store = write(sample(), "native", zarr_format, spelling)
    assert differences(sample(), read(store)[1]) == []
    return dict(open_tree(store).arrays())


@versions
def test_what_is_usual_is_what_xarray_reads(zarr_format: ZarrVersion) -> None:
    arrays = stored(USUAL, zarr_format)
    assert arrays["scalar"].shape == ()
    assert arrays["letters"].dtype == "S1"
    assert arrays["texts"].dtype == ("S2" if zarr_format == 2 else object)
    assert {"pair.a", "pairs.a", "pairs.c"} <= set(arrays)


@versions
def test_scalars_can_have_the_axis_of_nczarr(zarr_format: ZarrVersion) -> None:
    arrays = stored(Spelling(scalar="nczarr"), zarr_format)
    assert [arrays[name].shape for name in ("scalar", "letter", "pair.a")] == [(1,)] * 3
    if zarr_format == 2:
        attributes = arrays["scalar"].attrs
        assert attributes["_ARRAY_DIMENSIONS"] == ["_scalar_"]
        assert attributes["_nczarr_array"]["dimension_references"] == []
        assert attributes["_nczarr_array"]["scalar"] == 1


@versions
def test_characters_can_be_numbers(zarr_format: ZarrVersion) -> None:
    arrays = stored(Spelling(char="ubyte"), zarr_format)
    assert arrays["letters"][...].tolist() == [98, 255]
    assert arrays["pairs.c"].dtype == np.uint8
    assert "_FillValue" not in arrays["letters"].attrs


@versions
def test_texts_can_be_of_any_length_or_of_one(zarr_format: ZarrVersion) -> None:
    arrays = stored(Spelling(string="variable"), zarr_format)
    assert arrays["texts"].dtype == object
    assert "_Encoding" not in arrays["texts"].attrs
    arrays = stored(Spelling(string="fixed"), zarr_format)
    assert arrays["texts"].dtype == "S2"
    assert arrays["texts"].attrs["_Encoding"] == "utf-8"


@versions
def test_compounds_can_be_structs_where_zarr_has_such(zarr_format: ZarrVersion) -> None:
    arrays = stored(Spelling(compound="struct"), zarr_format)
    assert arrays["pairs"].dtype == np.dtype([("a", "i2"), ("b", "f8"), ("c", "S1")])
    dataset = of_every_type()
    store = write(dataset, "native", zarr_format, Spelling(compound="struct"))
    assert {"p.a", "m.s"} <= set(open_tree(store))  # with an inner shape, with texts
    assert differences(dataset, read(store)[1]) == []


@versions
def test_a_file_is_converted_in_a_spelling(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createVariable("crs", "i4")[...] = 5
        file.createVariable("s", str, ())[...] = "text"
    spelling = Spelling(scalar="nczarr", string="fixed")
    target = tmp_path / "a.zarr"
    zarr_cdm.convert(tmp_path / "a.nc", target, zarr_format=zarr_format, spelling=spelling)
    assert differences(zarr_cdm.read(tmp_path / "a.nc"), zarr_cdm.read(target)) == []
    group = open_tree(LocalStore(str(target)))
    assert group.array("crs").shape == (1,)
    assert group.array("s")[...].tolist() == [b"text"]
    if zarr_format == 2:
        with netCDF4.Dataset(f"file://{target}#mode=nczarr,file") as file:
            assert file["crs"].dimensions == ()
            assert file["crs"][...] == 5


@versions
def test_xarray_reads_texts_in_both_spellings(tmp_path: Path, zarr_format: ZarrVersion) -> None:
    xr = pytest.importorskip("xarray")
    pytest.importorskip("zarr", minversion="3")
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("x", 2)
        file.createVariable("s", str, ("x",))[:] = np.array(["°C", ""], object)
    for string in ("variable", "fixed"):
        target = tmp_path / string
        spelling = Spelling(string=string)  # type: ignore[arg-type]
        zarr_cdm.convert(tmp_path / "a.nc", target, zarr_format=zarr_format, spelling=spelling)
        with xr.open_dataset(target, engine="zarr") as found:
            assert found.s.values.tolist() == ["°C", ""]
            assert found.s.attrs == {}
