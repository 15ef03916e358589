"""How long the dimensions are that records name: what the arrays on them agree on.

Another writer may have changed the length of one array or of all; one that stands alone must not
take its dimension away from the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from zarr_cdm.cdm.model import Dimension
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.native_record import record_of
from zarr_cdm.dialects.nodes import arrays
from zarr_cdm.dialects.records import Record, as_list, as_object, read_places
from zarr_cdm.metadata.documents import Node

Sizes = dict[str, "Counter[int]"]


class Lengths:
    """What the arrays of a hierarchy say of dimensions, by the path of their group and the name."""

    def __init__(self, root: Node) -> None:
        self._sizes: dict[str, Sizes] = {}
        self._unlimited: dict[str, dict[str, bool]] = {}
        for _, document in arrays(root):
            record = record_of(document)
            for entry in _of_variable(record):
                holder, name = parted_path(str(entry.get("path")))
                known = self._unlimited.setdefault(holder, {})
                known.setdefault(name, entry.get("unlimited") is True)
            places = read_places(record, names_of(document)) or []
            for place, size in zip(places, document.shape, strict=False):
                holder, name = parted_path(place)
                self._sizes.setdefault(holder, {}).setdefault(name, Counter())[size] += 1

    def missing(self, path: str, declared: Mapping[str, Dimension]) -> Iterator[Dimension]:
        """Yield the dimensions of a group that variables lie on, and that it does not declare."""
        for name, unlimited in self._unlimited.get(path, {}).items():
            size = self.size(path, name)
            if name not in declared and size is not None:
                yield Dimension(name, size, unlimited)

    def size(self, path: str, name: str, declared: int | None = None) -> int | None:
        """Return the length of a dimension of a group; where no array lies on it, as declared.

        It is as long as most of them are. Where as many are of two lengths, it is what was declared
        if that is one of them, and else the longer one.
        """
        sizes = self._sizes.get(path, {}).get(name)
        if not sizes:
            return declared
        return max(sizes, key=lambda size: (sizes[size], size == declared, size))


def parted_path(path: str) -> tuple[str, str]:
    """Return the path of a dimension's group, and its name.

    >>> parted_path("/time"), parted_path("/fine/depth")
    (('/', 'time'), ('/fine', 'depth'))
    """
    holder, _, name = path.rpartition("/")
    return holder or "/", name


def _of_variable(record: Record) -> list[Record]:
    """Return the dimensions of a variable that an array is, or is the head of; no added axes."""
    part = record.get("part")
    holder = as_object(as_object(part).get("variable")) if part else record
    return as_list(holder.get("dimensions"), dict)
