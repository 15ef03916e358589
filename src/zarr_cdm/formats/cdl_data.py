"""The data section of CDL: values in rows, wrapped at 80 columns.

Source: "CDL Syntax" in the netCDF User's Guide
(https://docs.unidata.ucar.edu/nug/current/_c_d_l.html); where lines break is what ``ncdump`` of
netCDF-C 4.9 does: a row is one run along the last dimension.

>>> from zarr_cdm.cdm.model import ATOMIC_TYPES, Dimension
>>> x = Dimension("x", 2)
>>> values = np.array([[0, 1], [2, 3]], "i4")
>>> print("".join(data(Variable("v", ATOMIC_TYPES["int"], (x, x), data=values), Line())))
<BLANKLINE>
 v =
  0, 1,
  2, 3 ;
<BLANKLINE>
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np

from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import CHAR, AtomicType
from zarr_cdm.formats.cdl_elements import element_texts
from zarr_cdm.formats.cdl_lines import Line
from zarr_cdm.formats.cdl_values import escaped_chars, escaped_name, value_texts, width

BLOCK = 1 << 18  # values that are read and turned into text at once

Cells = TypeVar("Cells", bytes, list[str])


def data(variable: Variable, line: Line) -> Iterator[str]:
    """Yield ``name = values ;`` for one variable; nothing where it has no values."""
    if 0 in variable.shape:
        return
    head = f"\n{line.pad} {escaped_name(variable.name)} ="
    if len(variable.shape) > 1:
        yield head + "\n  "
        line.begin(2)
    else:
        yield head + " "
        line.begin(width(variable.name) + 4)
    yield from (_char_rows if variable.type == CHAR else _number_rows)(variable, line)


def _number_rows(variable: Variable, line: Line) -> Iterator[str]:
    rows = _Rows(variable)
    texts_of = value_texts if isinstance(variable.type, AtomicType) else element_texts
    pieces = (texts_of(values, variable) for values in _blocks(variable))
    for row, texts, first, last in _cut(pieces, rows.columns):
        if first:
            yield line.add(rows.opening(row))
        items = [text + ", " for text in texts]
        if last:
            items[-1] = "".join([texts[-1], *rows.closing(row)])
        yield line.add(items)
        if last:
            yield line.end(last=row + 1 == rows.count)


def _char_rows(variable: Variable, line: Line) -> Iterator[str]:
    """Yield rows of char data, which ncdump takes for strings and does not wrap."""
    rows = _Rows(variable)
    pieces = (values.tobytes() for values in _blocks(variable))
    nuls = 0  # held back: at the end of a row they are padding
    for row, chars, first, last in _cut(pieces, rows.columns):
        if first:
            yield line.add(rows.opening(row)) + '"'
            nuls = 0
        text = chars.rstrip(b"\0")
        if text:
            yield escaped_chars(bytes(nuls) + text)
            nuls = 0
        nuls += len(chars) - len(text)
        if last:
            yield '"' + line.add(rows.closing(row)) + line.end(last=row + 1 == rows.count)


class _Rows:
    """The rows of a variable, and the braces that CDL puts around inner unlimited dimensions."""

    def __init__(self, variable: Variable) -> None:
        shape = variable.shape
        self.columns = shape[-1] if shape else 1
        self.count = math.prod(shape[:-1])
        # How many rows each pair of braces holds.
        self._spans = [
            math.prod(shape[axis:-1])
            for axis, dimension in enumerate(variable.dimensions)
            if axis > 0 and dimension.unlimited
        ]

    def opening(self, row: int) -> list[str]:
        return ["{" for span in self._spans if row % span == 0]

    def closing(self, row: int) -> list[str]:
        return ["}" for span in self._spans if (row + 1) % span == 0]


def _cut(pieces: Iterable[Cells], columns: int) -> Iterator[tuple[int, Cells, bool, bool]]:
    """Cut pieces where rows end; yield row, cells, do they begin it, do they end it."""
    row = column = 0
    for piece in pieces:
        start = 0
        while start < len(piece):
            stop = min(start + columns - column, len(piece))
            first, column = column == 0, column + stop - start
            last = column == columns
            yield row, piece[start:stop], first, last
            if last:
                row, column = row + 1, 0
            start = stop


def _blocks(variable: Variable) -> Iterator[np.ndarray]:
    """Yield the values in C order, a limited number at a time, each time as a 1-D array."""
    for selection in _selections(variable.shape, BLOCK):
        # ``...``: NumPy would take ``()`` for the element itself, which may be a row.
        yield np.asarray(variable.data[selection or ...], variable.type.dtype).reshape(-1)


def _selections(shape: tuple[int, ...], limit: int) -> Iterator[tuple[slice, ...]]:
    """Yield selections of at most ``limit`` values that together are all, in C order.

    >>> [[(part.start, part.stop) for part in parts] for parts in _selections((2, 5), 3)]
    [[(0, 1), (0, 3)], [(0, 1), (3, 5)], [(1, 2), (0, 3)], [(1, 2), (3, 5)]]
    """
    if not shape:
        yield ()
        return
    axis = next(axis for axis in range(len(shape)) if math.prod(shape[axis + 1 :]) <= limit)
    step = max(1, limit // math.prod(shape[axis + 1 :]))
    whole = tuple(slice(0, size) for size in shape[axis + 1 :])
    for index in np.ndindex(*shape[:axis]):
        outer = tuple(slice(i, i + 1) for i in index)
        for start in range(0, shape[axis], step):
            yield (*outer, slice(start, min(start + step, shape[axis])), *whole)
