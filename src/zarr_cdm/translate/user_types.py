"""What NCZarr and NZ-1.0 cannot hold: user-defined types, and what is of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, join
from zarr_cdm.cdm.types import AtomicType, NetcdfType
from zarr_cdm.errors import ZarrCdmWarning


def without_user_types(dataset: Dataset) -> Dataset:
    """Take all that is of a user-defined type out of ``dataset``, each with a `ZarrCdmWarning`."""
    for path, group in dataset.walk():
        for name in group.types:
            _left_out(dataset.source, join(path, name), "a user-defined type")
        group.types = {}
        group.attributes = _atomic(dataset.source, path, group.attributes)
        for name, variable in tuple(group.variables.items()):
            place = join(path, name)
            if isinstance(variable.type, AtomicType):
                variable.attributes = _atomic(dataset.source, place, variable.attributes)
            else:
                _left_out(dataset.source, place, _of(variable.type))
                del group.variables[name]
    return dataset


def _atomic(source: str, place: str, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    for name, attribute in attributes.items():
        if not isinstance(attribute.type, AtomicType):
            _left_out(source, f"{place}@{name}", _of(attribute.type))
    return {name: each for name, each in attributes.items() if isinstance(each.type, AtomicType)}


def _of(kind: NetcdfType) -> str:
    return f"of the user-defined type {kind.name!r}"


def _left_out(source: str, place: str, what: str) -> None:
    text = f"{source}: {place} is {what} and is left out"
    warnings.warn(text, ZarrCdmWarning, stacklevel=4)
