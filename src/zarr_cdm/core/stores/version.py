"""A store of which only the documents of one version of Zarr are seen: ``|zarr2:``, ``|zarr3:``.

Specification: https://github.com/zarr-developers/zeps/pull/48 (ZEP 8, a draft)

Where a node has documents of both versions, this chooses. The keys of the other version are absent
without a look, so opening asks for no more than it needs.

>>> from zarr_cdm.core.stores.memory import MemoryStore
>>> both = MemoryStore({"zarr.json": b"3", ".zgroup": b"2"})
>>> list(VersionStore(both, 2).list()), VersionStore(both, 2).get("zarr.json")
(['.zgroup'], None)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zarr_cdm.core.stores.base import Buffer, Request, Span, Store, Values, check_key
from zarr_cdm.core.stores.wrapping import WrappingStore
from zarr_cdm.errors import StoreError
from zarr_cdm.metadata import consolidated, v2, v3

DOCUMENTS = {
    2: {v2.ARRAY_KEY, v2.GROUP_KEY, v2.ATTRIBUTES_KEY, consolidated.KEY},
    3: {v3.KEY},
}


class VersionStore(WrappingStore):
    """Another store without the documents of all versions but one."""

    def __init__(self, store: Store, zarr_format: int) -> None:
        super().__init__(store)
        self.zarr_format = zarr_format
        self._hidden = {
            name for version, names in DOCUMENTS.items() if version != zarr_format for name in names
        }

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        """Return the value at a key or a part of it, None where there is no such key."""
        return None if self._hides(key) else super().get(key, span)

    def get_many(self, requests: Sequence[Request]) -> Values:
        """Return what `get` would for each of the requests."""
        seen = [i for i, (key, _) in enumerate(requests) if not self._hides(key)]
        values: Values = [None] * len(requests)
        if seen:
            found = super().get_many([requests[i] for i in seen])
            for i, value in zip(seen, found, strict=True):
                values[i] = value
        return values

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield all keys below a prefix."""
        return (key for key in super().list(prefix) if not self._hides(key))

    def children(self, prefix: str = "") -> Iterator[str]:
        """Yield the names right below a prefix."""
        return (name for name in super().children(prefix) if name not in self._hidden)

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield all keys below a prefix, each with the size of its value."""
        return (found for found in super().sizes(prefix) if not self._hides(found[0]))

    def set(self, key: str, value: Buffer) -> None:
        """Put a value at a key; a document of another version is refused."""
        self._check(key)
        super().set(key, value)

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        """Put the parts of a value at a key, as `set` would."""
        self._check(key)
        super().set_parts(key, parts)

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        """Put values at keys, as `set` would; none where one is refused."""
        for key, _ in values:
            self._check(key)
        super().set_many(values)

    def delete(self, key: str) -> None:
        """Remove a key; a document of another version is not there."""
        if not self._hides(key):
            super().delete(key)

    def _check(self, key: str) -> None:
        if self._hides(key):
            raise StoreError(
                f"a document of another version than {self.zarr_format}, which the URL asks for "
                f"with 'zarr{self.zarr_format}:'",
                source=self.url,
                key=key,
            )

    def _hides(self, key: str) -> bool:
        check_key(key)
        return key.rpartition("/")[2] in self._hidden

    def __repr__(self) -> str:
        return f"<VersionStore {self.url}|zarr{self.zarr_format}:>"
