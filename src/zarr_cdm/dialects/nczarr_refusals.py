"""What NCZarr cannot say: found before anything is written, and listed as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable, join
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.names import is_node_name
from zarr_cdm.dialects.nczarr_attributes import RESERVED
from zarr_cdm.dialects.texts import as_utf8, texts
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.metadata.nczarr import SCALAR

MOST_LISTED = 20
# netCDF-C hides these too: HDF5 has a use for them.
HIDDEN = RESERVED | {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"}
LENGTH = "_nczarr_maxstrlen"  # an attribute that says how many bytes a text may have
# What every build of netCDF-C decodes that has its standard filters.
CODECS = {"bytes", "blosc", "zstd"} | {
    f"numcodecs.{name}" for name in ("zlib", "bz2", "shuffle", "fletcher32")
}
# JSON has these as escapes that netCDF-C does not know.
_CONTROL = re.compile("[\x01-\x07\x0b\x0e-\x1f]")
# What cannot be said: the rules of the findings.
TYPE, NAME, TEXT, DIMENSION, CODEC = (
    f"nczarr.{word}" for word in ("type", "name", "text", "dimension", "codec")
)


def check(dataset: Dataset, layouts: Mapping[str, Layout]) -> None:
    """Raise `UnsupportedError` where NCZarr cannot say all of a dataset, but for its NaNs.

    Any NaN in an attribute becomes the usual one.
    """
    found = [f"{finding.place}: {finding.message}" for finding in refusals(dataset, layouts)]
    if found:
        more = f"; and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
        raise UnsupportedError(
            "NCZarr cannot say all of it; change it, or write the native dialect: "
            f"{'; '.join(found[:MOST_LISTED])}{more}"
        )


def refusals(dataset: Dataset, layouts: Mapping[str, Layout]) -> Iterator[Finding]:
    """Yield all that NCZarr cannot say of a dataset; its texts are read."""
    for path, group in dataset.walk():
        yield from _of_group(group, path)
    yield from _of_scopes(dataset)
    for path, variable in dataset.all_variables():
        yield from _of_variable(variable, path, layouts[path])
    for place, name, attribute in _all_attributes(dataset):
        found = _of_attribute(place, name, attribute)
        if found is not None:
            yield found


def _all_attributes(dataset: Dataset) -> Iterator[tuple[str, str, Attribute]]:
    """Yield each attribute with its place and name."""
    holders: list[tuple[str, Group | Variable]] = [*dataset.walk(), *dataset.all_variables()]
    for path, holder in holders:
        for name, attribute in holder.attributes.items():
            yield f"{path}@{name}", name, attribute


def _of_scopes(dataset: Dataset) -> Iterator[Finding]:
    """Yield the dimensions that netCDF-C has not read yet when it needs them."""
    paths, seen = dataset.dimension_paths(), set[Dimension]()
    for path, group in dataset.walk():
        seen |= set(group.dimensions.values())
        for name, variable in group.variables.items():
            for dimension in set(variable.dimensions) - seen:
                where = paths.get(dimension)
                why = f"belongs to {where}, which is read later" if where else "belongs to no group"
                yield Finding(join(path, name), DIMENSION, f"dimension {dimension.name!r} {why}")


def _of_group(group: Group, path: str) -> Iterator[Finding]:
    for name in group.types:
        yield Finding(join(path, name), TYPE, "a type of its own")
    for name in [*group.variables, *group.groups]:
        if not is_node_name(name, 2):
            yield Finding(join(path, name), NAME, "a name that Zarr cannot hold")
        if name in group.variables and name in group.groups:
            yield Finding(join(path, name), NAME, "a variable and a group of one name")
    for name in [*group.variables, *group.groups, *group.dimensions]:
        if wrong := _wrong_text(name):
            yield Finding(join(path, name), NAME, f"a name with {wrong}")
    for name, dimension in group.dimensions.items():
        if not dimension.size and not dimension.unlimited:
            yield Finding(
                join(path, name), DIMENSION, "a dimension of length 0 that is not unlimited"
            )


def _of_variable(variable: Variable, place: str, layout: Layout) -> Iterator[Finding]:
    if ATOMIC_TYPES.get(variable.type.name) is not variable.type:
        yield Finding(place, TYPE, f"the type {variable.type.name!r}")
    if tuple(variable.data.shape) != variable.shape:
        shape = tuple(variable.data.shape)
        yield Finding(place, DIMENSION, f"data of shape {shape} on dimensions {variable.shape}")
    if [dimension.name for dimension in variable.dimensions] == [SCALAR]:
        yield Finding(place, DIMENSION, f"a dimension called {SCALAR!r}, which marks scalars")
    for codec in layout.codecs:
        if codec.name not in CODECS:
            yield Finding(place, CODEC, f"the codec {codec.name!r}, which netCDF-C does not have")
    if variable.type in (CHAR, STRING):
        yield from _of_texts(variable, place, layout)


def _of_texts(variable: Variable, place: str, layout: Layout) -> Iterator[Finding]:
    fill = variable.storage.fill_value
    if isinstance(fill, bytes):
        fill = fill.rstrip(b"\0").decode("utf-8", "surrogateescape")
    if isinstance(fill, str) and (wrong := _wrong_text(fill)):
        yield Finding(place, TEXT, f"a fill value with {wrong}")
    if variable.type is CHAR:
        return
    if any(text is None for text in texts(variable.data)):
        yield Finding(place, TEXT, "a text that is NULL")
    told, needed = _told_bytes(variable), text_bytes(variable, layout)
    if told is not None and told < needed:
        yield Finding(place, TEXT, f"{LENGTH} is {told}, the texts need {needed} bytes")


def text_bytes(variable: Variable, layout: Layout) -> int:
    """Return how many bytes each text of a string variable gets in its array."""
    length = int(layout.data_type.configuration["length_bytes"])
    if isinstance(variable.storage.fill_value, str):
        length = max(length, len(as_utf8(variable.storage.fill_value)))
    return max(length, _told_bytes(variable) or 0)


def _told_bytes(variable: Variable) -> int | None:
    """Return how many bytes netCDF-C is told that each text has, if it is told."""
    told = variable.attributes.get(LENGTH)
    if told is None or told.type is not ATOMIC_TYPES["int"] or len(told.value) != 1:
        return None
    return int(told.element())


def _of_attribute(place: str, name: str, attribute: Attribute) -> Finding | None:
    """Return what of an attribute NCZarr cannot say; None if it can say all."""
    if name in HIDDEN:
        return Finding(place, NAME, "a name that netCDF-C keeps to itself")
    if wrong := _wrong_text(name):
        return Finding(place, NAME, f"a name with {wrong}")
    if ATOMIC_TYPES.get(attribute.type.name) is not attribute.type:
        return Finding(place, TYPE, f"the type {attribute.type.name!r}")
    if isinstance(attribute.value, np.ndarray) or attribute.value == "\0":
        return None  # netCDF-C has no empty text: it takes that for one NUL
    texts = attribute.value if isinstance(attribute.value, tuple) else (attribute.value,)
    if attribute.value == "":
        return Finding(place, TEXT, "an empty text")
    if None in texts:
        return Finding(place, TEXT, "a text that is NULL")
    wrong = next(filter(None, (_wrong_text(str(text)) for text in texts)), "")
    return Finding(place, TEXT, f"a text with {wrong}") if wrong else None


def _wrong_text(text: str) -> str:
    """Return what netCDF-C cannot read of a text in JSON; nothing if it can read all of it."""
    if "\0" in text:
        return "a NUL"
    if _CONTROL.search(text):
        return "a control character"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "bytes that are no UTF-8"
    return ""
