"""What in an HDF5 file ends netCDF-C, or makes it fail without a word about what it is.

netCDF-C follows all links when it opens a file. Groups that lead back to themselves end the process
("NClist failure"); at a link that leads nowhere, and at a dataset without any elements, it fails
with "HDF error" (4.10.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import h5py

from zarr_cdm.cdm.model import join
from zarr_cdm.errors import FormatError, LimitError
from zarr_cdm.limits import current

DAMAGED = (KeyError, OSError, RuntimeError, ValueError)  # what h5py raises, by HDF5's own words
Address = tuple[int, int]  # of an object: its file's number, its place there


def check_groups(file: h5py.File) -> None:
    """Raise an error where the groups of a file go in circles, or further down than `Limits` say.

    Raises
    ------
    FormatError, LimitError
    """
    try:
        _check(h5py.h5g.open(file.id, b"/"), "/", {_address(file.id): "/"})
    except (FormatError, LimitError) as error:
        raise error.at(source=file.filename) from None


def _check(group: h5py.h5g.GroupID, path: str, above: Mapping[Address, str]) -> None:
    current().check("group_depth", len(above) - 1, f"the group {path[:60]!r}…")
    for name, kind in _members(group):
        if kind == h5py.h5o.TYPE_GROUP:
            own = join(path, name.decode("utf-8", "surrogateescape"))
            address = _address(group, name)
            if address in above:
                raise FormatError(
                    f"its groups go in circles: {own} is {above[address]} again; delete that link"
                )
            _check(h5py.h5g.open(group, name), own, {**above, address: own})


def culprits(file: h5py.File) -> str:
    """Return at what netCDF-C fails in a file whose groups have been checked; "" if at nothing."""
    try:
        return "; ".join(_culprits(h5py.h5g.open(file.id, b"/"), "/"))
    except DAMAGED:
        return ""


def _culprits(group: h5py.h5g.GroupID, path: str) -> Iterator[str]:
    for name, kind in _members(group):
        own = join(path, name.decode("utf-8", "surrogateescape"))
        if kind is None:
            yield f"{own} is a link that leads nowhere"
        elif kind == h5py.h5o.TYPE_GROUP:
            yield from _culprits(h5py.h5g.open(group, name), own)
        elif kind == h5py.h5o.TYPE_DATASET:
            space = h5py.h5d.open(group, name).get_space()
            if space.get_simple_extent_type() == h5py.h5s.NULL:
                yield f"{own} is a dataset without a shape"


def _members(group: h5py.h5g.GroupID) -> Iterator[tuple[bytes, int | None]]:
    """Yield names and kinds of what is in a group; None where a link leads nowhere."""
    for name in group:
        try:
            yield name, h5py.h5o.get_info(group, name).type
        except DAMAGED:
            yield name, None


def _address(place: h5py.h5g.GroupID, name: bytes = b".") -> Address:
    info = h5py.h5o.get_info(place, name)
    return info.fileno, info.addr
