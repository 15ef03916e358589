"""How a variable was stored at its source, as JSON: a part of its record, see `records`."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, get_args

from zarr_cdm.cdm.fills import silent_fill
from zarr_cdm.cdm.model import Endian, FillMode, Filter, Layout, Storage, Variable
from zarr_cdm.cdm.types import NetcdfType
from zarr_cdm.dialects.attributes import exact, from_exact
from zarr_cdm.dialects.records import Record, as_list, as_object
from zarr_cdm.errors import MetadataError


def storage_record(variable: Variable) -> Record:
    """Return how a variable was stored at its source."""
    storage = variable.storage
    record: Record = {"fill": storage.fill_mode}
    silent = silent_fill(variable)
    if silent is not None:
        record["fill_value"] = exact(silent)
    if storage.layout:
        record["layout"] = storage.layout
    if storage.chunks:
        record["chunks"] = list(storage.chunks)
    if storage.endian:
        record["endian"] = storage.endian
    if storage.filters:
        record["filters"] = [
            {"name": step.name, "configuration": dict(step.configuration)}
            for step in storage.filters
        ]
    return record


def read_storage(record: Record, kind: NetcdfType) -> Storage:
    """Return how a variable of a type was stored at its source, with a fill value of its own."""
    return Storage(
        layout=_one_of(record.get("layout"), get_args(Layout), None),
        chunks=tuple(as_list(record.get("chunks"), int)) or None,
        filters=tuple(map(_filter, as_list(record.get("filters"), dict))),
        endian=_one_of(record.get("endian"), get_args(Endian), None),
        fill_mode=_one_of(record.get("fill"), get_args(FillMode), "default"),
        fill_value=_silent_fill(record.get("fill_value"), kind),
    )


def _silent_fill(entry: Any, kind: NetcdfType) -> Any:
    with suppress(MetadataError):
        fill = from_exact(entry)
        if fill.type == kind and len(fill.value) == 1:
            return fill.element()
    return None


def _one_of(value: Any, known: tuple[str, ...], other: Any) -> Any:
    return value if value in known else other


def _filter(step: Record) -> Filter:
    configuration = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in as_object(step.get("configuration")).items()
    }
    return Filter(str(step.get("name")), configuration)
