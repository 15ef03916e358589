"""A table from a name to a thing that is imported on first use.

>>> shelf = Registry("shape", {"ordered": "collections:OrderedDict"})
>>> shelf["ordered"].__name__
'OrderedDict'
>>> shelf["cube"]
Traceback (most recent call last):
zarr_cdm.errors.UnknownNameError: unknown shape 'cube'; known: ordered
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from zarr_cdm.errors import UnknownNameError


class Registry(Mapping[str, Any]):
    """Names and the things that they stand for, each written ``"module:attribute"``."""

    def __init__(self, kind: str, rows: Mapping[str, str]) -> None:
        self.kind = kind
        self._rows = rows
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            if name not in self._rows:
                known = ", ".join(sorted(self._rows))
                raise UnknownNameError(f"unknown {self.kind} {name!r}; known: {known}")
            module, _, attribute = self._rows[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
