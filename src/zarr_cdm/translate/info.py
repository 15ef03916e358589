"""What a file or store is: format, dimensions, and how each variable is stored."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import prod
from typing import Any

from zarr_cdm.cdm.model import Dataset, Variable
from zarr_cdm.conventions.status import of
from zarr_cdm.errors import UnsupportedError, ZarrCdmWarning
from zarr_cdm.formats.table import read

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class VariableInfo:
    """One variable.

    Attributes
    ----------
    raw_bytes
        Size of all elements as netCDF has them; None for strings, rows and compounds of them, which
        have no fixed size.
    stored_bytes
        Size of the stored data; None where it is not known: a store that cannot list, or strings
        of a netCDF-4 file.
    """

    path: str
    type: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...] | None
    codecs: tuple[str, ...]
    raw_bytes: int | None
    stored_bytes: int | None

    @property
    def ratio(self) -> float | None:
        """How many times smaller the stored data are than the raw ones."""
        if not self.raw_bytes or not self.stored_bytes:
            return None
        return self.raw_bytes / self.stored_bytes


@dataclass(frozen=True, slots=True)
class Info:
    """A file or store; ``str`` gives a table.

    Attributes
    ----------
    conventions
        Those that a Zarr store declares, each with the number of points in which it does not follow
        it; `zarr_cdm.conventions.of` lists them.
    """

    source: str
    facts: Mapping[str, str]
    groups: tuple[str, ...]
    dimensions: Mapping[str, int]
    unlimited: tuple[str, ...]
    variables: tuple[VariableInfo, ...]
    conventions: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values, the ratios too."""
        variables = [{**asdict(each), "ratio": each.ratio} for each in self.variables]
        return {**asdict(self), "variables": variables}

    def __str__(self) -> str:
        return "\n".join([*self._head(), "", *_table(self.variables)])

    def _head(self) -> list[str]:
        facts = ", ".join(f"{name}: {value}" for name, value in self.facts.items())
        sizes = ", ".join(
            f"{path} = {size}{' (unlimited)' if path in self.unlimited else ''}"
            for path, size in self.dimensions.items()
        )
        return [
            self.source,
            f"  {facts}",
            f"  groups: {len(self.groups)}, variables: {len(self.variables)}{self._total()}",
            f"  dimensions: {sizes or 'none'}",
            *self._conventions(),
        ]

    def _conventions(self) -> list[str]:
        told = [
            f"{name} ({count} finding{'s' * (count > 1)})" if count else name
            for name, count in self.conventions.items()
        ]
        return [f"  conventions: {', '.join(told)}"] if told else []

    def _total(self) -> str:
        known = [each for each in self.variables if each.raw_bytes and each.stored_bytes]
        raw = sum(each.raw_bytes or 0 for each in known)
        stored = sum(each.stored_bytes or 0 for each in known)
        return f", {_size(raw)} in {_size(stored)}, ratio {raw / stored:.2f}" if stored else ""


def info(
    source: str | os.PathLike[str], *, storage_options: Mapping[str, Any] | None = None
) -> Info:
    """Return what a netCDF file or Zarr store is; its data are not read.

    Raises
    ------
    NodeNotFoundError, FormatError, MetadataError
        As `zarr_cdm.read`.
    """
    with read(source, storage_options) as dataset:
        found = _info(dataset)
        if "dialect" not in dataset.facts:
            return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)  # reading has said them
        statuses = of(source, storage_options=storage_options)
    told = {name: len(each.findings) for name, each in statuses.items() if each.declared}
    return replace(found, conventions=told)


def _info(dataset: Dataset) -> Info:
    paths = dataset.dimension_paths()
    return Info(
        source=dataset.source,
        facts=dataset.facts
        | {name.replace("_", " "): value for name, value in dataset.provenance.items()},
        groups=tuple(path for path, _ in dataset.walk()),
        dimensions={path: dimension.size for dimension, path in paths.items()},
        unlimited=tuple(path for dimension, path in paths.items() if dimension.unlimited),
        variables=tuple(_variable(path, variable) for path, variable in dataset.all_variables()),
    )


def _variable(path: str, variable: Variable) -> VariableInfo:
    kind, data, storage = variable.type, variable.data, variable.storage
    return VariableInfo(
        path=path,
        type=kind.name,
        dimensions=tuple(dimension.name for dimension in variable.dimensions),
        shape=variable.shape,
        chunks=getattr(data, "chunks", storage.chunks),
        codecs=getattr(data, "codecs", tuple(step.name for step in storage.filters)),
        raw_bytes=None if kind.dtype.hasobject else prod(variable.shape) * kind.dtype.itemsize,
        stored_bytes=_stored_bytes(data),
    )


def _stored_bytes(data: Any) -> int | None:
    measure = getattr(data, "stored_bytes", None)
    try:
        return None if measure is None else int(measure())
    except UnsupportedError:  # a store that cannot list
        return None


def _table(variables: tuple[VariableInfo, ...]) -> list[str]:
    rows = [("variable", "type", "shape", "chunks", "raw", "stored", "ratio", "codecs")]
    rows += [
        (
            each.path,
            each.type,
            _sides(each.shape, each.dimensions),
            "-" if each.chunks is None else _sides(each.chunks),
            _size(each.raw_bytes),
            _size(each.stored_bytes),
            "-" if each.ratio is None else f"{each.ratio:.2f}",
            " ".join(each.codecs) or "-",
        )
        for each in variables
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _sides(lengths: tuple[int, ...], names: tuple[str, ...] = ()) -> str:
    """Return a shape in words.

    >>> _sides((12, 180), ("time", "y")), _sides((1, 180)), _sides(())
    ('time=12 y=180', '1 180', 'scalar')
    """
    if not lengths:
        return "scalar"
    if not names:
        return " ".join(map(_lengths, lengths))
    return " ".join(f"{name}={length}" for name, length in zip(names, lengths, strict=True))


def _lengths(length: int | tuple[int, ...]) -> str:
    return str(length) if isinstance(length, int) else ",".join(map(str, length))


def _size(count: int | None) -> str:
    """Return a number of bytes in words.

    >>> _size(1234567), _size(99), _size(None)
    ('1.2 MB', '99 B', '-')
    """
    if count is None:
        return "-"
    value, unit = float(count), UNITS[0]
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{count} B" if unit == UNITS[0] else f"{value:.1f} {unit}"
