"""OME-Zarr: images at several resolutions, their labels, and plates of them.

Every level of an image becomes a group with the variable ``image`` (``labels`` in a label image),
on dimensions that are named after the axes. Scale and translation become coordinate variables,
names of channels too. Wells, plates and collections are groups, and need nothing.

Read are 0.1 to 0.3 (axes are names, or not named), 0.4 (Zarr v2) and 0.5 (Zarr v3, in ``ome``).

Specification: ome-zarr ("NGFF") 0.4 and 0.5, "multiscales"; `conventions/ome/`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Group, Variable
from zarr_cdm.cdm.regular import RegularArray
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.dialects import fill_value
from zarr_cdm.dialects.attributes import encodable
from zarr_cdm.dialects.base import Layout, OpenArray, read_only
from zarr_cdm.dialects.levels import Level, read_levels
from zarr_cdm.dialects.nodes import find, groups, under
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.errors import LimitError, ZarrCdmWarning
from zarr_cdm.limits import current
from zarr_cdm.metadata.documents import (
    ArrayMetadata,
    Document,
    GroupMetadata,
    Node,
    ZarrVersion,
)

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
BEFORE_AXES = tuple(TYPES)  # the five axes of 0.1 and 0.2
TIME, CHANNEL, SPACE = "time", "channel", "space"


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension of an image: name, type (time, channel, space, …) and unit."""

    name: str
    type: str
    unit: str | None = None


class OmeDialect:
    """OME-Zarr of either version of Zarr: an image, a plate, a well or a collection of images."""

    def matches(self, root: Node) -> bool:
        return any(_is_ome(document, node) for _, node, document in groups(root))

    def read(self, root: Node, array: OpenArray) -> Dataset:
        dataset = read_levels(root, array, levels_of)
        for path, node, document in groups(root):
            for place, image, entry in _levels(document, node):
                group = _group_at(dataset, under(path, place))
                if group is not None and group.variables:
                    _forget_fill(next(iter(group.variables.values())), find(node, place))
                    _add_coordinates(group, image, entry, metadata(document), under(path, place))
        return dataset

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        raise read_only("ome")


def metadata(document: GroupMetadata) -> Record:
    """Return what OME has written about a group: in ``ome``, before 0.5 among the attributes."""
    found = document.attributes.get("ome")
    return found if isinstance(found, dict) else dict(document.attributes)


def images(document: GroupMetadata) -> list[Record]:
    """Return the images that a group has, as ``multiscales`` describes them."""
    found = as_list(metadata(document).get("multiscales"), dict)
    return [image for image in found if as_list(image.get("datasets"), dict)]


def levels_of(document: GroupMetadata, node: Node) -> dict[str, Level]:
    """Return the levels of a group's images."""
    name = "labels" if "image-label" in metadata(document) else "image"
    found: dict[str, Level] = {}
    for path, image, _ in _levels(document, node):
        axes = axes_of(image)
        names = None if axes is None else tuple(axis.name for axis in axes)
        found.setdefault(path, Level(name, names))
    return found


def _levels(document: GroupMetadata, node: Node) -> Iterator[tuple[str, Record, Record]]:
    """Yield path, image and entry of each level that is there."""
    for image in images(document):
        for entry in image["datasets"]:
            path = str(entry.get("path", "")).strip("/")
            if isinstance(find(node, path), ArrayMetadata):
                yield path, image, entry


def _is_ome(document: GroupMetadata, node: Node) -> bool:
    found = metadata(document)
    known = isinstance(found.get("plate"), dict) or "bioformats2raw.layout" in found
    return known or any(True for _ in _levels(document, node))


def axes_of(image: Record) -> tuple[Axis, ...] | None:
    """Return the axes of an image; None where it does not name each."""
    given = image.get("axes", list(BEFORE_AXES))
    axes = tuple(map(_axis, as_list(given)))
    names = {axis.name for axis in axes}
    return axes if axes and "" not in names and len(names) == len(axes) else None


def _axis(given: Any) -> Axis:
    entry = {"name": given} if isinstance(given, str) else as_object(given)
    name, unit = entry.get("name"), entry.get("unit")
    name = encodable(name) if isinstance(name, str) else ""
    kind = entry.get("type") or TYPES.get(name)
    return Axis(name, str(kind), encodable(unit) if isinstance(unit, str) and unit else None)


def transformation(image: Record, entry: Record, rank: int) -> list[tuple[float, float]] | None:
    """Return where each axis of a level starts, and its step; None where nothing says it.

    The transformations of the level come first, then those of the image.

    Raises
    ------
    ValueError
        There is one that is neither a scale nor a translation, or not of that many axes.
    """
    member = "coordinateTransformations"
    steps = [*as_list(entry.get(member)), *as_list(image.get(member))]
    start, step = np.zeros(rank), np.ones(rank)
    for given in map(as_object, steps):
        kind = given.get("type")
        if kind == "identity":
            continue
        numbers = as_list(given.get(str(kind)))
        if kind not in ("scale", "translation") or len(numbers) != rank:
            raise ValueError(f"{given!r} is no scale or translation of each axis")
        values = np.array(numbers, float)
        if not np.isfinite(values).all():
            raise ValueError(f"{given!r} has numbers that are not finite")
        start, step = (start * values, step * values) if kind == "scale" else (start + values, step)
    return list(zip(start.tolist(), step.tolist(), strict=True)) if steps else None


def _forget_fill(variable: Variable, document: Document | None) -> None:
    """Take away a ``_FillValue`` that only Zarr v2 implies: zeros of an image are no gaps."""
    if document is not None and fill_value.NAME not in document.attributes:
        variable.attributes.pop(fill_value.NAME, None)
        variable.storage = replace(variable.storage, fill_mode="default")


def _add_coordinates(group: Group, image: Record, entry: Record, found: Record, path: str) -> None:
    variable = next(iter(group.variables.values()))
    axes = axes_of(image)
    if axes is None or len(axes) != len(variable.dimensions):
        return
    try:
        steps = transformation(image, entry, len(axes))
        current().check("read_bytes", 8 * max(variable.shape, default=0), "a coordinate variable")
    except (LimitError, TypeError, ValueError, OverflowError) as error:
        warnings.warn(f"/{path} has no coordinates: {error}", ZarrCdmWarning, stacklevel=2)
        return
    for number, (axis, dimension) in enumerate(zip(axes, variable.dimensions, strict=True)):
        if axis.name in group.variables:
            continue  # the image itself, or the same level of another image
        coordinate = Variable(axis.name, ATOMIC_TYPES["double"], (dimension,))
        if axis.type == CHANNEL:
            names = _channels(found, dimension.size)
            if names is None:
                continue
            coordinate.type, coordinate.data = STRING, names
        elif steps is not None:
            coordinate.attributes = _attributes(axis)
            coordinate.data = RegularArray(*steps[number], dimension.size)
        else:
            continue
        group.variables[axis.name] = coordinate


def _attributes(axis: Axis) -> dict[str, Attribute]:
    """Return what CF calls the unit and the kind of an axis."""
    letter = {TIME: "T", SPACE: axis.name.upper()}.get(axis.type)
    texts = {"units": axis.unit, "axis": letter if letter in ("T", "X", "Y", "Z") else None}
    return {name: Attribute(text, CHAR) for name, text in texts.items() if text}


def _channels(found: Record, count: int) -> np.ndarray | None:
    """Return the names of the channels; None where not each has one."""
    channels = as_list(as_object(found.get("omero")).get("channels"), dict)
    names = [channel.get("label") for channel in channels]
    if len(names) != count or not all(isinstance(name, str) for name in names):
        return None
    return np.array([encodable(str(name)) for name in names], object)


def _group_at(dataset: Dataset, path: str) -> Group | None:
    group: Group | None = dataset
    for name in path.split("/"):
        group = None if group is None else group.groups.get(name)
    return group
