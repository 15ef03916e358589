r"""The headers of classic netCDF files (CDF-1, CDF-2, CDF-5), read without netCDF-C.

netCDF-C is the reader of the data. It does two things silently that a faithful copy cannot bear:
it opens a file that was cut short (what is missing reads as zeros, a cut header as an empty file),
and its users lose NULs and bytes that are no UTF-8 from char attributes. The header alone tells how
long the file must be and what the bytes of its attributes are.

Source: the netCDF classic format specification
(https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html) and, for CDF-5,
https://parallel-netcdf.github.io/wiki/CDF5FileFormat.html. All numbers are big-endian, and
everything is padded to four bytes.

>>> import tempfile
>>> with tempfile.NamedTemporaryFile(suffix=".nc") as file:
...     size = file.write(b"CDF\x01" + bytes(28))  # the smallest netCDF file there is
...     file.flush()
...     check_length(file.name)
ClassicHeader(version=1, records=0, dimensions=(), attributes={}, variables={}, end=32, streaming=False)
"""  # noqa: E501 - the object in one line

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TypeVar

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, AtomicType
from zarr_cdm.errors import FormatError

# By nc_type. The last five are CDF-5's by the specification, but netCDF-C (4.10) reads them in
# CDF-1 and CDF-2 too, so we do.
_TYPES = {
    1: ATOMIC_TYPES["byte"],
    2: CHAR,
    3: ATOMIC_TYPES["short"],
    4: ATOMIC_TYPES["int"],
    5: ATOMIC_TYPES["float"],
    6: ATOMIC_TYPES["double"],
    7: ATOMIC_TYPES["ubyte"],
    8: ATOMIC_TYPES["ushort"],
    9: ATOMIC_TYPES["uint"],
    10: ATOMIC_TYPES["int64"],
    11: ATOMIC_TYPES["uint64"],
}
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 0x0A, 0x0B, 0x0C
_MAX_OFFSET = 2**63 - 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClassicVariable:
    """A variable as the header describes it.

    Attributes
    ----------
    dimensions
        Indices into the dimensions of the header; the record dimension comes first.
    record
        Whether it has one slab in each record, rather than all of its values in one place.
    begin
        Where its first value lies in the file.
    nbytes
        Length of its values, or of one slab of them, without padding. The header's own ``vsize`` is
        not used: it cannot hold 4 GiB, and some writers get it wrong.
    """

    dimensions: tuple[int, ...]
    type: AtomicType
    attributes: Mapping[str, Attribute]
    record: bool
    begin: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class ClassicHeader:
    """What the header of a classic netCDF file says. Names are exact, even where they are illegal.

    Attributes
    ----------
    version
        1, 2 or 5.
    records
        Length of the record dimension.
    dimensions
        Names and lengths; the record dimension has a length of 0 here.
    end
        Number of bytes that the file must have for every value to be there; the padding behind the
        last value is not counted, because not every writer writes it.
    streaming
        Whether the writer left the number of records open, so that ``records`` had to be taken from
        the length of the file. netCDF-C takes the mark for 4294967295 records.
    """

    version: int
    records: int
    dimensions: tuple[tuple[str, int], ...]
    attributes: Mapping[str, Attribute]
    variables: Mapping[str, ClassicVariable]
    end: int
    streaming: bool = False


def check_length(path: str) -> ClassicHeader:
    """Return the header of the file at ``path``, which is as long as its header demands.

    Raises
    ------
    FormatError
        Where the file is shorter, or `read_header` refuses it.
    """
    header = read_header(path)
    found = os.path.getsize(path)
    if found < header.end:
        raise FormatError(
            f"truncated: its header demands {header.end} bytes, the file has {found}; "
            "fetch it again",
            source=path,
        )
    return header


def read_header(path: str) -> ClassicHeader:
    """Return the header of the file at ``path``, whose data may be missing.

    Safe on hostile bytes: every count is compared with the bytes that are left before it is
    believed.

    Raises
    ------
    FormatError
        Where the file is no classic netCDF, or its header is cut or impossible.
    OSError
        Where the file cannot be read.
    """
    with open(path, "rb") as file:
        return _read_header(_Cursor(file, path))


@dataclass(frozen=True, slots=True)
class _Widths:
    """How a version writes a count (of elements, bytes, records) and an offset."""

    version: int
    count: struct.Struct
    offset: struct.Struct
    streaming: int


# The specification calls the counts of CDF-1 and CDF-2 signed, but netCDF-C lets a dimension of
# CDF-2 have up to 2^32 - 4 elements, and reads any count as unsigned.
_WIDTHS = {
    b"CDF\x01": _Widths(1, struct.Struct(">I"), struct.Struct(">i"), 2**32 - 1),
    b"CDF\x02": _Widths(2, struct.Struct(">I"), struct.Struct(">q"), 2**32 - 1),
    b"CDF\x05": _Widths(5, struct.Struct(">q"), struct.Struct(">q"), -1),
}
_TAG = struct.Struct(">I")


class _Cursor:
    """A place in a file that moves on with each value that is read."""

    def __init__(self, file: IO[bytes], source: str) -> None:
        self.file = file
        self.source = source
        self.size = os.fstat(file.fileno()).st_size
        self.position = 0
        self.widths = self._widths()

    def _widths(self) -> _Widths:
        magic = self.take(min(4, self.size))
        if magic not in _WIDTHS:
            raise self.error(
                f"not a classic netCDF file: it starts with {magic!r}, wanted one of "
                f"{', '.join(map(repr, _WIDTHS))}"
            )
        return _WIDTHS[magic]

    def error(self, message: str, variable: str | None = None) -> FormatError:
        return FormatError(message, source=self.source, variable=variable)

    def require(self, count: int) -> None:
        """Raise unless ``count`` more bytes are there."""
        if count > self.size - self.position:
            raise self.error(
                f"truncated: the file has {self.size} bytes, its header goes on to byte "
                f"{self.position + count} or further; fetch it again"
            )

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        self.require(count)
        data = self.file.read(count)
        if len(data) < count:
            raise self.error(f"the file became shorter than {self.size} bytes while it was read")
        self.position += count
        return data

    def padded(self, count: int) -> bytes:
        """Return the next ``count`` bytes and skip their padding."""
        return self.take(_round_up(count))[:count]

    def number(self, layout: struct.Struct) -> int:
        return int(layout.unpack(self.take(layout.size))[0])

    def count(self) -> int:
        """Return the next count, which is not negative."""
        return self.natural(self.widths.count, "a count")

    def natural(self, layout: struct.Struct, what: str) -> int:
        found = self.number(layout)
        if found < 0:
            start = self.position - layout.size
            raise self.error(f"damaged: {what} at byte {start} is negative ({found})")
        return found

    def name(self) -> str:
        return _text(self.padded(self.count()))

    def type(self) -> AtomicType:
        code = self.number(_TAG)
        if code not in _TYPES:
            raise self.error(
                f"damaged: unknown type {code} at byte {self.position - 4}; known: 1 to 11"
            )
        return _TYPES[code]

    def elements(self, tag: int, smallest: int) -> range:
        """Return the indices of a list whose elements have ``smallest`` bytes or more."""
        found = self.number(_TAG)
        count = self.count()
        if found != tag and (found, count) != (0, 0):
            raise self.error(
                f"damaged: a list of {count} elements before byte {self.position} has the tag "
                f"{found}, wanted {tag}"
            )
        self.require(count * smallest)
        return range(count)


def _read_header(cursor: _Cursor) -> ClassicHeader:
    count = cursor.number(cursor.widths.count)
    streaming = count == cursor.widths.streaming
    if count < 0 and not streaming:
        raise cursor.error(f"damaged: the number of records is negative ({count})")
    dimensions = _read_dimensions(cursor)
    attributes = _read_attributes(cursor)
    variables = _read_variables(cursor, [size for _, size in dimensions])
    _check_begins(cursor, variables)
    records = _count_records(cursor.size, variables.values()) if streaming else count
    ends = [cursor.position, *_ends(variables.values(), records)]
    if max(ends) > _MAX_OFFSET:
        raise cursor.error(f"damaged: its header demands {max(ends)} bytes, no file can be so long")
    return ClassicHeader(
        version=cursor.widths.version,
        records=records,
        dimensions=dimensions,
        attributes=attributes,
        variables=variables,
        end=max(ends),
        streaming=streaming,
    )


def _read_dimensions(cursor: _Cursor) -> tuple[tuple[str, int], ...]:
    width = cursor.widths.count.size
    found = _named(cursor, _DIMENSIONS, 2 * width, _Cursor.count)
    records = [name for name, size in found.items() if size == 0]
    if len(records) > 1:
        raise cursor.error(
            f"damaged: {len(records)} record dimensions (those of length 0), at most one can be: "
            f"{records[:4]!r}"
        )
    return tuple(found.items())


def _read_attributes(cursor: _Cursor) -> dict[str, Attribute]:
    width = cursor.widths.count.size
    return _named(cursor, _ATTRIBUTES, 2 * width + _TAG.size, _read_attribute)


def _read_attribute(cursor: _Cursor) -> Attribute:
    type = cursor.type()
    data = cursor.padded(cursor.count() * type.dtype.itemsize)
    if type is CHAR:
        return Attribute(_text(data), CHAR)
    values = np.frombuffer(data, type.dtype.newbyteorder(">"))
    return Attribute(values.astype(type.dtype), type)


def _read_variables(cursor: _Cursor, sizes: Sequence[int]) -> dict[str, ClassicVariable]:
    widths = cursor.widths
    smallest = 4 * widths.count.size + 2 * _TAG.size + widths.offset.size
    return _named(cursor, _VARIABLES, smallest, lambda cursor: _read_variable(cursor, sizes))


def _read_variable(cursor: _Cursor, sizes: Sequence[int]) -> ClassicVariable:
    dimensions = _read_dimension_ids(cursor, sizes)
    attributes = _read_attributes(cursor)
    type = cursor.type()
    cursor.take(cursor.widths.count.size)  # vsize
    record = bool(dimensions) and sizes[dimensions[0]] == 0
    lengths = [sizes[index] for index in dimensions[1 if record else 0 :]]
    return ClassicVariable(
        dimensions=dimensions,
        type=type,
        attributes=attributes,
        record=record,
        begin=cursor.natural(cursor.widths.offset, "the begin of a variable"),
        nbytes=_nbytes(cursor, type, lengths),
    )


def _read_dimension_ids(cursor: _Cursor, sizes: Sequence[int]) -> tuple[int, ...]:
    count = cursor.count()
    cursor.require(count * cursor.widths.count.size)
    ids = tuple(cursor.count() for _ in range(count))
    if ids and max(ids) >= len(sizes):
        raise cursor.error(
            f"damaged: a variable uses dimension {max(ids)} (counted from 0), the file has "
            f"{len(sizes)} dimensions"
        )
    if any(sizes[index] == 0 for index in ids[1:]):
        raise cursor.error(
            "damaged: a variable has the record dimension in another place than first"
        )
    return ids


def _nbytes(cursor: _Cursor, type: AtomicType, lengths: Sequence[int]) -> int:
    total = type.dtype.itemsize
    for length in lengths:
        total *= length
        if total > _MAX_OFFSET:  # here, not behind the loop: a product of many lengths takes hours
            raise cursor.error("damaged: a variable has 2^63 bytes or more, no file can be so long")
    return total


def _named(cursor: _Cursor, tag: int, smallest: int, read: Callable[[_Cursor], T]) -> dict[str, T]:
    """Return a list of named things as a mapping, in the order of the file."""
    found: dict[str, T] = {}
    for _ in cursor.elements(tag, smallest):
        name = cursor.name()
        if name in found:
            raise cursor.error(f"damaged: two elements of one list have the name {name!r}")
        found[name] = read(cursor)
    return found


def _check_begins(cursor: _Cursor, variables: Mapping[str, ClassicVariable]) -> None:
    """Raise where a variable begins inside the header or inside the one before it.

    This is netCDF-C's rule (``NC_check_voffs``): first the variables of fixed size, then the
    records, both in the order of their definition, each one padded. It leaves gaps alone.
    """
    previous, free = "the header", cursor.position
    for name, variable in sorted(variables.items(), key=lambda item: item[1].record):
        if variable.begin < free:
            raise cursor.error(
                f"damaged: its data begin at byte {variable.begin}, but {previous} goes up to "
                f"byte {free}",
                variable=name,
            )
        previous, free = f"variable {name!r}", variable.begin + _round_up(variable.nbytes)


def _ends(variables: Collection[ClassicVariable], records: int) -> Iterator[int]:
    """Yield where the last value of each variable ends."""
    stride = _stride(variables)
    for variable in variables:
        if not variable.record:
            yield variable.begin + variable.nbytes
        elif records:
            yield variable.begin + (records - 1) * stride + variable.nbytes


def _count_records(size: int, variables: Collection[ClassicVariable]) -> int:
    """Return how many whole records a file of ``size`` bytes has."""
    slabs = [variable for variable in variables if variable.record]
    if not slabs:
        return 0
    behind_first = size - slabs[-1].begin - slabs[-1].nbytes
    return max(behind_first // _stride(slabs) + 1, 0)


def _stride(variables: Collection[ClassicVariable]) -> int:
    """Return how far apart two records are."""
    slabs = [variable.nbytes for variable in variables if variable.record]
    # "In the special case when there is only one record variable […] no padding is used between
    # record slabs" (note on padding).
    return slabs[0] if len(slabs) == 1 else sum(map(_round_up, slabs))


def _round_up(count: int) -> int:
    return -(-count // 4) * 4


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
