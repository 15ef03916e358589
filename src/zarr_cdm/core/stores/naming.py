"""Errors are told where they happened: in which store, and at which key."""

from __future__ import annotations

from zarr_cdm.core.stores.base import Readable
from zarr_cdm.errors import ZarrCdmError


class named:
    """A context in which errors are told the store and key that they speak of."""

    __slots__ = ("_key", "_store")

    def __init__(self, store: Readable, key: str) -> None:
        self._store, self._key = store, key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, ZarrCdmError):
            error.at(source=self._store.url, key=self._key)
