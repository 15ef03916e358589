"""A dataset of everything in our stores, and how they are opened when others have changed them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.datasets import of_every_type
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR
from zarr_cdm.dialects.parts import parted
from zarr_cdm.errors import ZarrCdmWarning
from zarr_cdm.formats.zarr import ZarrFormat
from zarr_cdm.translate.chunking import layout_of

zarr = pytest.importorskip("zarr", minversion="3")
SHORT, INT = ATOMIC_TYPES["short"], ATOMIC_TYPES["int"]


def dataset() -> Dataset:
    """Return variables of every kind of type, with hidden dimensions, odd names and NULL texts."""
    root = of_every_type()
    t = root.dimensions["t"]
    x = root.dimensions["x"] = Dimension("x", 2)
    root.dimensions["left"] = Dimension("left", 9)
    root.attributes = {"title": Attribute("°C", CHAR), "level": Attribute([5], SHORT)}
    add(root, "air", SHORT, (t, x), np.arange(6), _FillValue=[-9], scale_factor=np.float32([0.5]))
    root.variables["air"].attributes["raw"] = Attribute("\udcff\0", CHAR)
    add(root, "c", CHAR, (t,), [b"a", b"", b"\xff"])
    add(root, "scalar", INT, (), 7, code=[3])
    add(root, "zarr.json", INT, (x,), [1, 2], code=[4])
    g = root.groups["g"] = Group("g", {"level": Attribute([6], SHORT)})
    hidden = g.dimensions["x"] = Dimension("x", 5)
    add(g, "inner", INT, (hidden,), np.arange(5))
    add(g, "outer", INT, (t,), np.arange(3))
    g.variables["color"] = Variable("color", root.types["color"], (t,), {}, np.zeros(3, "u1"))
    return root


def add(group: Group, name: str, kind: Any, dims: Any, values: Any, **attributes: Any) -> None:
    fill = attributes.pop("_FillValue", None)
    given = {"_FillValue": fill} if fill else {}
    found = {
        key: Attribute(value, ATOMIC_TYPES["float"] if key == "scale_factor" else kind)
        for key, value in {**given, **attributes}.items()
    }
    data = np.array(values, kind.dtype).reshape([each.size for each in dims])
    storage = Storage(fill_value=kind.default_fill)
    if fill:
        storage = Storage(fill_mode="explicit", fill_value=kind.dtype.type(fill[0]))
    group.variables[name] = Variable(name, kind, dims, found, data, storage)


def write(source: Dataset, target: Path, zarr_format: Any) -> None:
    split = parted(source, zarr_format)
    layouts = {path: layout_of(each, zarr_format, 8) for path, each in split.all_variables()}
    ZarrFormat().write(split, str(target), layouts=layouts, zarr_format=zarr_format)


def opened(store: Path, zarr_format: Any) -> Any:
    return zarr.open_group(store, mode="r+", zarr_format=zarr_format, use_consolidated=False)


def read(store: Path) -> tuple[Dataset, list[str]]:
    """Return what is read, and what is told of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ZarrCdmWarning)
        found = zarr_cdm.read(store)
    return found, [str(warning.message) for warning in caught]


def read_by_others(store: Path, zarr_format: Any, *, sound: bool) -> None:
    """Read every array with zarr-python, and every group with stock xarray and our engine."""
    group = opened(store, zarr_format)
    places = ["/", *(f"/{name}" for name, _ in group.groups())]
    for place in places:
        for _, array in group[place].arrays():
            assert np.asarray(array[...]).shape == array.shape
        engines = ["zarr", "zarr_cdm"] if sound else ["zarr_cdm"]
        for engine in engines:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ZarrCdmWarning)
                with xr.open_dataset(store, engine=engine, group=place) as found:  # type: ignore[arg-type]
                    found.load()
