"""The datasets that the examples in `conventions/` stand for, but for those of our own dialect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Storage, Variable
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING

DOUBLE, INT = ATOMIC_TYPES["double"], ATOMIC_TYPES["int"]


def array(
    kind: str,
    dims: tuple[Dimension, ...],
    fill: Any,
    attributes: Mapping[str, Any] | None = None,
) -> Variable:
    """Return a variable as an array without chunks is read; its name comes with its group."""
    given = {
        name: value if isinstance(value, Attribute) else Attribute.of(value)
        for name, value in (attributes or {}).items()
    }
    dtype = ATOMIC_TYPES[kind].dtype
    shape = tuple(dim.size for dim in dims)
    return Variable(
        "",
        ATOMIC_TYPES[kind],
        dims,
        given,
        np.full(shape, 0 if fill is None else fill, dtype),
        Storage(
            "chunked",
            shape or None,
            fill_mode="explicit" if "_FillValue" in given else "default",
            fill_value=None if fill is None else dtype.type(fill),
        ),
    )


def computed(name: str, dim: Dimension, values: Any, attributes: dict[str, str]) -> Variable:
    """Return a coordinate variable that no array stands for."""
    data = np.array(values, object if isinstance(values[0], str) else float)
    kind = STRING if data.dtype == object else DOUBLE
    texts = {key: Attribute(text, CHAR) for key, text in attributes.items()}
    return Variable(name, kind, (dim,), texts, data)


def fill(group: Group, **variables: Variable) -> Group:
    """Give a group its variables, and those their names."""
    for name, variable in variables.items():
        variable.name = name
        group.variables[name] = variable
    return group


def dims(group: Group, **sizes: int) -> tuple[Dimension, ...]:
    """Give a group dimensions and return them."""
    group.dimensions |= {name: Dimension(name, size) for name, size in sizes.items()}
    return tuple(group.dimensions[name] for name in sizes)


def as_json(value: Any) -> Attribute:
    """Return the attribute that JSON becomes which netCDF has no form for."""
    return Attribute(json.dumps(value, ensure_ascii=False), CHAR)


def _level(name: str, variable: str, kind: str, start: float, step: float, **sizes: int) -> Group:
    """Return a level of an image with its coordinates."""
    group = Group(name)
    axes = dims(group, **sizes)
    fill(group, **{variable: array(kind, axes, 0)})
    for axis in axes:
        if axis.name == "c":
            group.variables["c"] = computed("c", axis, ["DAPI", "GFP"], {})
        else:
            values = [start + step * index for index in range(axis.size)]
            about = {"units": "micrometer", "axis": axis.name.upper()}
            group.variables[axis.name] = computed(axis.name, axis, values, about)
    return group


def ome(example: Mapping[str, Mapping[str, Any]]) -> Dataset:
    """Two levels of an image, and a label image; ``example`` has the attributes of the groups."""
    dataset = Dataset(attributes={name: as_json(value) for name, value in example[""].items()})
    dataset.groups["0"] = _level("0", "image", "ushort", 0, 0.5, c=2, y=4, x=6)
    dataset.groups["1"] = _level("1", "image", "ushort", 0.25, 1, c=2, y=2, x=3)
    labels = dataset.groups["labels"] = Group("labels")
    nuclei = labels.groups["nuclei"] = Group("nuclei")
    nuclei.groups["0"] = _level("0", "labels", "uint", 0, 0.5, y=4, x=6)
    for group, path in ((labels, "labels"), (nuclei, "labels/nuclei")):
        for name, value in example[path].items():
            texts = name == "labels"
            group.attributes[name] = Attribute(value, STRING) if texts else as_json(value)
    return dataset


def plate(example: Mapping[str, Mapping[str, Any]]) -> Dataset:
    """One well with one image."""
    dataset = Dataset()
    row = dataset.groups["A"] = Group("A")
    well = row.groups["1"] = Group("1")
    image = well.groups["0"] = Group("0")
    image.groups["0"] = _level("0", "image", "ushort", 0, 0.5, y=4, x=6)
    for group, path in ((dataset, ""), (row, "A"), (well, "A/1"), (image, "A/1/0")):
        group.attributes = {name: as_json(value) for name, value in example[path].items()}
    return dataset


def multiscales(example: Mapping[str, Mapping[str, Any]]) -> Dataset:
    """Two levels that were arrays, and one that lies in a group already."""
    dataset = Dataset(attributes={name: as_json(value) for name, value in example[""].items()})
    for name, y, x in (("full", 4, 8), ("half", 2, 4)):
        group = dataset.groups[name] = Group(name)
        fill(group, data=array("float", dims(group, y=y, x=x), 0, {"units": "m"}))
    quarter = dataset.groups["quarter"] = Group("quarter")
    fill(quarter, height=array("float", dims(quarter, y=1, x=2), 0, {"units": "m"}))
    return dataset


def gdal(no_fill: Callable[[str], Any]) -> Dataset:
    """Two grids on two systems; ``no_fill`` gives the fill value of an array that has none."""
    dataset = Dataset()
    y, x = dims(dataset, Y=2, X=3)
    wkt = 'GEOGCRS["WGS 84",ID["EPSG",4326]]'
    projjson = {"type": "GeographicCRS", "name": "WGS 84"}
    epsg = "http://www.opengis.net/def/crs/EPSG/0/"
    height = {"units": "m", "_FillValue": np.int16(-9999), "grid_mapping": "crs"}
    fill(
        dataset,
        Y=array("double", (y,), no_fill("double")),
        X=array("double", (x,), no_fill("double")),
        height=array("short", (y, x), -9999, height),
        mask=array("ubyte", (y, x), no_fill("ubyte"), {"grid_mapping": "crs_2"}),
        crs=_crs(crs_wkt=wkt, spatial_ref=wkt, projjson=as_json(projjson), url=f"{epsg}4326"),
        crs_2=_crs(spatial_ref="EPSG:3857", url=f"{epsg}3857"),
    )
    return dataset


def _crs(**attributes: Any) -> Variable:
    variable = array("int", (), 0, attributes)
    variable.storage = Storage(fill_value=INT.default_fill)
    return variable


def eopf_v2(example: Mapping[str, Mapping[str, Any]]) -> Dataset:
    """A band whose meaning stands in ``_eopf_attrs`` alone."""
    nested = example["measurements/r10m/b02"]["_eopf_attrs"]
    dataset = Dataset(attributes={name: as_json(value) for name, value in example[""].items()})
    part = dataset.groups["measurements"] = Group("measurements")
    r10m = part.groups["r10m"] = Group("r10m")
    y, x = dims(r10m, y=2, x=3)
    names = "scale_factor add_offset valid_min valid_max units long_name standard_name"
    band = {
        "_eopf_attrs": as_json(nested),
        "proj:epsg": 32632,
        "_FillValue": np.uint16(0),
        **{name: nested[name] for name in names.split()},
        "coordinates": "spatial_ref",
    }
    fill(
        r10m,
        b02=array("ushort", (y, x), 0, band),
        x=array("int64", (x,), None, {"units": "m"}),
        y=array("int64", (y,), None, {"units": "m"}),
    )
    return dataset


def eopf_v3(example: Mapping[str, Mapping[str, Any]]) -> Dataset:
    """Newer products have it in the attributes, and xarray's NaN where there is a fill value."""
    dataset = Dataset(attributes={name: as_json(value) for name, value in example[""].items()})
    part = dataset.groups["measurements"] = Group("measurements")
    (rows,) = dims(part, rows=2)
    sst = array("short", (rows,), -32768, _sst())
    sst.storage = Storage("chunked", (2,), fill_mode="explicit", fill_value=np.int16(0))
    sst.data = np.zeros(2, "i2")
    about = {"fill_value": -1.0, "_FillValue": np.float32(-1), "units": "m s-1"}
    wind = array("float", (rows,), -1, about)
    wind.data = np.full(2, np.nan, "f4")
    fill(part, sst=sst, wind=wind)
    return dataset


def _sst() -> dict[str, Any]:
    return {
        "fill_value": -32768,
        "_FillValue": np.int16(-32768),
        "scale_factor": 0.01,
        "add_offset": 283.73,
        "units": "K",
    }


def nz() -> Dataset:
    """What NZ-1.0 has a word for."""
    dataset = Dataset(
        attributes={
            "title": Attribute.of("Ocean temperature"),
            "version": Attribute.of(np.int16(3)),
            "Conventions": Attribute.of("CF-1.11"),
        }
    )
    time, depth = dims(dataset, time=2, depth=3)
    temperature = {
        "units": "K",
        "scale_factor": np.float32(0.01),
        "add_offset": 273.15,
        "valid_range": np.array([-3000, 3000], "i2"),
        "_FillValue": np.int16(-9999),
    }
    salinity = {
        "missing_value": np.float32("nan"),
        "_FillValue": np.float32(-1),
        "authors": ["A. B."],
    }
    flattening = {"inverse_flattening": 298.257223563}
    fill(
        dataset,
        time=array("int", (time,), INT.default_fill, {"units": "days since 2000-01-01"}),
        temperature=array("short", (time, depth), -9999, temperature),
        salinity=array("float", (time,), -1, salinity),
        crs=array("int", (), INT.default_fill, flattening),
    )
    fine = dataset.groups["fine"] = Group("fine", {"level": Attribute.of(np.int16(1))})
    fill(fine, flag=array("byte", (depth,), -127))
    return dataset


def cf(example: Mapping[str, Mapping[str, Any]]) -> Dataset:
    """A mean temperature at one height."""
    attributes = dict(example[""])
    dataset = Dataset(attributes={"zarr_conventions": as_json(attributes.pop("zarr_conventions"))})
    dataset.attributes |= {name: Attribute.of(value) for name, value in attributes.items()}
    (time,) = dims(dataset, time=2)
    return _filled(
        dataset,
        time=array("int", (time,), 0, example["time"]),
        height=array("float", (), 0, example["height"]),
        air=array("float", (time,), 0, example["air"]),
    )


def grid(example: Mapping[str, Mapping[str, Any]]) -> Dataset:
    """A grid with attributes of ``proj:`` or ``spatial:``."""
    dataset = Dataset()
    y, x = dims(dataset, y=2, x=3)
    attributes = dict(example["height"])
    attributes["zarr_conventions"] = as_json(attributes["zarr_conventions"])
    return _filled(dataset, height=array("float", (y, x), 0, attributes))


def anonymous() -> Dataset:
    """Arrays of which not every axis has a name."""
    dataset = Dataset()
    first, y, other = (
        Dimension(name, size)
        for name, size in (
            ("_Anonymous_Dim_3", 3),
            ("y", 3),
            ("_Anonymous_Dim_2", 2),
        )
    )
    dataset.dimensions = {dim.name: dim for dim in (first, y, other)}
    return _filled(
        dataset,
        matrix=array("float", (first, first), 0),
        named=array("float", (y, other), 0),
        vector=array("float", (first,), 0),
    )


def _filled(dataset: Dataset, **variables: Variable) -> Dataset:
    fill(dataset, **variables)
    return dataset
