"""Parts of the values of a user-defined type, as arrays that are not read yet."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from zarr_cdm.cdm.model import ArrayLike
from zarr_cdm.cdm.types import NetcdfType
from zarr_cdm.dialects.packed import joined
from zarr_cdm.dialects.selecting import MadeArray, Parts, Points, boxed, coordinates
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.parallel import blocks

Take = Callable[[np.ndarray], np.ndarray]


class TakenArray:
    """What a function takes out of each element of another array; axes may be added behind.

    Arrays that take from the same ``source`` can be written together, reading it once.
    """

    def __init__(
        self, source: ArrayLike, dtype: np.dtype, tail: tuple[int, ...], take: Take
    ) -> None:
        inner = source if isinstance(source, TakenArray) else None
        self.source: ArrayLike = inner.source if inner else source
        self.dtype = dtype
        self.tail: tuple[int, ...] = (*inner.tail, *tail) if inner else tail
        self.take: Take = _both(inner.take, take) if inner else take
        self.shape = (*source.shape, *tail)

    def __getitem__(self, selection: Any) -> np.ndarray:
        """Return what slices select; those of the added axes must be whole."""
        rank = len(self.source.shape)
        given = selection if isinstance(selection, tuple) else (selection,)
        found = self.take(read_block(self.source, given[:rank]))
        return found[(slice(None),) * rank + given[rank:]] if given[rank:] else found


def _both(first: Take, second: Take) -> Take:
    return lambda part: second(first(part))


def field_of(name: str) -> Take:
    """Return what takes one field."""
    return lambda part: part[name]


def bytes_of(size: int | None) -> Take:
    """Return what takes all bytes, on an axis of their own; None: there is one, without an axis."""
    tail = () if size is None else (size,)
    return lambda part: np.ascontiguousarray(part).view("u1").reshape((*part.shape, *tail))


def with_axis(part: np.ndarray) -> np.ndarray:
    """Return an array with one axis more, of length 1."""
    return part[..., np.newaxis]


def read_block(data: ArrayLike, block: Any) -> np.ndarray:
    """Return a block, an array even where it is a single element."""
    given = block if isinstance(block, tuple) else (block,)
    given = tuple(part for part in given if part is not Ellipsis)
    found = data[given] if given else data[...]
    if not data.shape and isinstance(found, np.ndarray) and found.shape:
        return boxed_element(found)
    return boxed(found, data.dtype)


def boxed_element(value: Any) -> np.ndarray:
    """Return an element, which is an array itself, as an array of shape ()."""
    result = np.empty((), object)
    result[()] = value
    return result


def chunks_of(data: ArrayLike) -> tuple[int, ...]:
    """Return the shape of the chunks to read an array in; ones where all pieces do alike."""
    if isinstance(data, TakenArray):
        return (*chunks_of(data.source), *(max(1, length) for length in data.tail))
    chunks = getattr(data, "chunks", None) or ()
    if len(chunks) != len(data.shape) or not all(isinstance(length, int) for length in chunks):
        return (1,) * len(data.shape)
    return tuple(chunks)


def lengths_of(rows: ArrayLike) -> np.ndarray:
    """Return the length of each row, int64, in the shape of the rows; reads all of them once."""
    result = np.zeros(rows.shape, np.int64)
    for block in blocks(rows.shape, chunks_of(rows), 1024):
        part = read_block(rows, block)
        result[block] = np.array([len(row) for row in part.ravel()], np.int64).reshape(part.shape)
    return result


class FlatArray(MadeArray):
    """The values of all rows, one behind the other in C order."""

    def __init__(self, kind: NetcdfType, rows: ArrayLike, lengths: np.ndarray) -> None:
        self.kind = kind
        self.dtype = kind.dtype
        self.rows = rows
        self.members = ()
        self.offsets = np.concatenate([[0], np.cumsum(lengths.reshape(-1))])
        self.shape = (int(self.offsets[-1]),)

    def _outer(self, parts: Parts) -> np.ndarray:
        places = coordinates(parts, self.shape)[0]
        if not len(places):
            return np.empty(0, self.dtype)
        first = int(places.min())
        found: np.ndarray = self._between(first, int(places.max()) + 1)[places - first]
        return found

    def _points(self, points: Points) -> np.ndarray:
        return self._outer((points[0].reshape(-1),)).reshape(points[0].shape)

    def _between(self, start: int, stop: int) -> np.ndarray:
        first = int(np.searchsorted(self.offsets, start, "right")) - 1
        last = int(np.searchsorted(self.offsets, stop, "left"))
        found = joined(self.kind, list(_rows_between(self.rows, first, last)))
        lead = start - int(self.offsets[first])
        if len(found) != int(self.offsets[last] - self.offsets[first]):
            raise UnsupportedError("the rows have changed while they were written")
        return found[lead : lead + stop - start]


def _rows_between(rows: ArrayLike, first: int, last: int) -> np.ndarray:
    """Return rows by their places in C order, reading hardly more than these."""
    block: list[slice] = []
    for axis in range(len(rows.shape)):
        below = prod(rows.shape[axis + 1 :])
        start, stop = first // below, -(-last // below)
        block.append(slice(start, stop))
        first, last = first - start * below, last - start * below
        if stop - start > 1:
            break
    return read_block(rows, tuple(block)).reshape(-1)[first:last]
