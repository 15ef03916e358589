"""OME-Zarr: that images, labels, wells and plates are of its form, and that what they name exists.

Specification: ome-zarr ("NGFF") 0.4 and 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.conventions.base import OpenArray
from zarr_cdm.dialects.declarations import Declaration
from zarr_cdm.dialects.nodes import find, groups
from zarr_cdm.dialects.ome import OmeDialect, axes_of, images, metadata, transformation
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node


class Ome:
    """Images, labels, wells and plates."""

    declaration: Declaration | None = None

    def declared(self, root: Node) -> Iterator[str]:
        """Yield the root, where there is an image, a plate or a collection of images."""
        if OmeDialect().matches(root):
            yield "/"

    def check(self, root: Node, array: OpenArray) -> Iterator[Finding]:
        """Yield what is wrong in the metadata of groups; nothing where there are none."""
        if not OmeDialect().matches(root):
            return
        for path, node, document in groups(root):
            found = metadata(document)
            for image in images(document):
                for message in _wrong_image(image, node, document):
                    yield Finding(f"/{path}", "ome.image", message)
            for rule, place in _places(found):
                if find(node, place) is None:
                    yield Finding(f"/{path}", rule, f"there is no {place!r}")
            if "ome" in document.attributes and not isinstance(found.get("version"), str):
                yield Finding(f"/{path}", "ome.version", "ome has no version")


def _wrong_image(image: Record, node: Node, document: GroupMetadata) -> Iterator[str]:
    axes = axes_of(image)
    if axes is None or "axes" not in image:
        yield f"axes are {image.get('axes')!r}, expected an object with a name for each"
    for entry in as_list(image.get("datasets"), dict):
        path = entry.get("path")
        found = find(node, path)
        if not isinstance(found, ArrayMetadata):
            yield f"there is no array {path!r}"
            continue
        rank = len(found.shape)
        if axes is not None and len(axes) != rank:
            yield f"{path!r} has {rank} dimensions, and the image {len(axes)} axes"
        names = None if axes is None else tuple(axis.name for axis in axes)
        if document.zarr_format == 3 and found.dimension_names != names:
            yield f"dimension_names of {path!r} are {found.dimension_names!r}, the axes {names!r}"
        yield from _wrong_steps(image, entry, rank)


def _wrong_steps(image: Record, entry: Record, rank: int) -> Iterator[str]:
    try:
        if transformation(image, entry, rank) is None:
            yield f"{entry.get('path')!r} has no coordinateTransformations"
    except (TypeError, ValueError, OverflowError) as error:
        yield f"{entry.get('path')!r}: {error}"


def _places(found: Record) -> Iterator[tuple[str, Any]]:
    """Yield what a group names: labels, wells of a plate, images of a well."""
    for path in as_list(found.get("labels")):
        yield "ome.labels", path
    for well in as_list(as_object(found.get("plate")).get("wells"), dict):
        yield "ome.plate", well.get("path")
    for image in as_list(as_object(found.get("well")).get("images"), dict):
        yield "ome.well", image.get("path")


OME = Ome()
