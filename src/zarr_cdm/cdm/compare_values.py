"""Values of two variables, compared block by block, and values in words.

>>> from zarr_cdm.cdm.types import ATOMIC_TYPES
>>> double = ATOMIC_TYPES["double"]
>>> differing(double, np.array([0.0, np.nan, 1.0]), np.array([-0.0, np.nan, 1.0])).tolist()
[True, False, False]
>>> against(shown(double, 0.1), shown(double, 0.2))
'0.1 against 0.2'
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, lcm, prod
from typing import Any

import numpy as np

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import ArrayLike, Variable
from zarr_cdm.cdm.types import (
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
)
from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.parallel import BLOCK_BYTES, Block, blocks

OBJECT_BYTES = 64  # what a text or a row is taken for when the size of a block is chosen
LONGEST = 120  # characters of a value in a message
BEFORE = 20  # characters that are kept before the place where two long texts part
SIDES = ("first", "second")


def compare_values(place: str, first: Variable, second: Variable) -> Iterator[Finding]:
    """Yield what differs in the values of two variables whose types are alike.

    At most one finding of each rule: how many values differ and where the first of them stands, in
    which shapes, and what could not be read. No more than a block of either is in memory.
    """
    shapes = tuple(first.data.shape), tuple(second.data.shape)
    if shapes[0] != shapes[1]:
        yield Finding(place, "values.shape", against(*(str(list(shape)) for shape in shapes)))
        if len(shapes[0]) != len(shapes[1]):
            return
    shape = tuple(map(min, *shapes)) if shapes[0] else ()
    found, unreadable = _Difference(), _Unreadable()
    for block in common_blocks(shape, first, second):
        parts = [
            unreadable.read(side, each, block)
            for side, each in zip(SIDES, (first, second), strict=True)
        ]
        if parts[0] is not None and parts[1] is not None:
            found.add(first.type, block, parts[0], parts[1])
    if found.count:
        index = list(found.index or ())
        where = f"{found.count} of {prod(shape)} differ, the first at {index}"
        pair = against(shown(first.type, found.values[0]), shown(second.type, found.values[1]))
        yield Finding(place, "values", f"{where}: {pair}")
    for message in unreadable.messages.values():
        yield Finding(place, "values.unreadable", message)


class _Unreadable:
    """Blocks that cannot be read: the first of either side, in words."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}

    def read(self, side: str, variable: Variable, block: Block) -> np.ndarray | None:
        """Return a block of values; None where it cannot be read."""
        try:
            # ``...``: NumPy would take ``()`` for the element itself, which may be a row.
            part = np.asarray(variable.data[block or ...])
        except (ZarrCdmError, OSError, RuntimeError) as error:
            ranges = ", ".join(f"{part.start}:{part.stop}" for part in block)
            self.messages.setdefault(side, f"the {side} cannot be read at [{ranges}]: {error}")
            return None
        return part


@dataclass(slots=True)
class _Difference:
    """How many values differ, and the first of them."""

    count: int = 0
    index: tuple[int, ...] | None = None
    values: tuple[Any, Any] = (None, None)

    def add(self, kind: NetcdfType, block: Block, first: np.ndarray, second: np.ndarray) -> None:
        """Take in one block of values."""
        different = differing(kind, first, second)
        count = int(np.count_nonzero(different))
        if not count:
            return
        self.count += count
        here = np.unravel_index(int(np.argmax(different)), different.shape)
        index = tuple(part.start + int(place) for part, place in zip(block, here, strict=True))
        if self.index is None or index < self.index:
            self.index, self.values = index, (first[here], second[here])


def differing(kind: NetcdfType, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Tell which elements of two arrays of one shape differ, bit by bit, as `values.same` does."""
    if isinstance(kind, CompoundType):
        result = np.zeros(first.shape, bool)
        for part in kind.fields:
            inner = differing(part.type, first[part.name], second[part.name])
            result |= inner.any(axis=tuple(range(first.ndim, inner.ndim)))
        return result
    if kind.dtype.hasobject:
        pairs = zip(first.ravel().tolist(), second.ravel().tolist(), strict=True)
        unlike = _other_row if isinstance(kind, VlenType) else _other_text
        flat = np.fromiter((unlike(kind, *pair) for pair in pairs), bool, first.size)
        return flat.reshape(first.shape)
    one, other = (_bytes(each, kind.dtype) for each in (first, second))
    return np.asarray((one != other).any(axis=-1))


def _other_row(kind: Any, first: Any, second: Any) -> bool:
    one, other = _row(kind, first), _row(kind, second)
    return one.shape != other.shape or bool(differing(kind.base, one, other).any())


def _row(kind: VlenType, value: Any) -> np.ndarray:
    return np.zeros(0, kind.base.dtype) if value is None else np.asarray(value)


def _other_text(_: Any, first: Any, second: Any) -> bool:
    return bool(first != second)


def _bytes(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    whole = np.ascontiguousarray(values, dtype).reshape(-1)
    width = next(size for size in (8, 4, 2, 1) if dtype.itemsize % size == 0)
    return whole.view(f"u{width}").reshape(*values.shape, dtype.itemsize // width)


# ---- which blocks are read


def common_blocks(shape: tuple[int, ...], first: Variable, second: Variable) -> Iterator[Block]:
    """Yield regions that cover ``shape``, of whole chunks of both variables where these fit.

    Two chunk shapes that have no small common multiple are met half way: the block is then about
    as long as it is wide, so that few chunks of either are read more than once.
    """
    dtype = first.type.dtype
    item = max(dtype.itemsize, OBJECT_BYTES if dtype.hasobject else 1)
    chunks = [_chunks(each.data, each.storage.chunks, shape) for each in (first, second)]
    sides = [
        max(1, min(size, lcm(*lengths))) for size, *lengths in zip(shape, *chunks, strict=True)
    ]
    most = max(BLOCK_BYTES, *(prod(each) * item for each in chunks))
    while prod(sides) * item > most:
        longest = sides.index(max(sides))
        sides[longest] = ceil(sides[longest] / 2)
    yield from blocks(shape, sides, item)


def _chunks(
    data: ArrayLike, stored: tuple[int, ...] | None, shape: tuple[int, ...]
) -> tuple[int, ...]:
    """Return what is best read in one go: a shard, a chunk, or, where there is none, an element."""
    for given in (getattr(data, "shards", None), getattr(data, "chunks", None), stored):
        if given is not None and len(given) == len(shape):
            lengths = [each if isinstance(each, int) else max(each, default=1) for each in given]
            return tuple(max(1, min(*pair)) for pair in zip(lengths, shape, strict=True))
    return (1,) * len(shape)


# ---- values in words


def shown(kind: NetcdfType, value: Any) -> str:
    """Return one value, so that values that differ have texts that differ.

    >>> from zarr_cdm.cdm.types import ATOMIC_TYPES
    >>> shown(EnumType("cloud", ATOMIC_TYPES["byte"], {"clear": 0}), 0)
    'clear (0)'
    >>> shown(ATOMIC_TYPES["float"], np.uint32(0x7FC00001).view("f4"))
    'nan (7fc00001)'
    """
    if isinstance(kind, CompoundType):
        fields = (
            f"{part.name}: {(shown_all if part.shape else shown)(part.type, value[part.name])}"
            for part in kind.fields
        )
        return f"{{{', '.join(fields)}}}"
    if isinstance(kind, VlenType):
        return shown_all(kind.base, _row(kind, value))
    if isinstance(kind, EnumType):
        number = int(value)
        names = [name for name, member in kind.members.items() if member == number]
        return f"{names[0]} ({number})" if names else str(number)
    if isinstance(kind, OpaqueType):
        return "0x" + bytes(value).hex()
    return _atom(value)


def shown_all(kind: NetcdfType, values: Any) -> str:
    """Return an array of values in one list."""
    return f"[{', '.join(shown(kind, each) for each in np.reshape(values, -1))}]"


def _atom(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str | bytes):
        return repr(str(value) if isinstance(value, str) else bytes(value))
    number = np.asarray(value)
    if number.dtype.kind == "f" and np.isnan(number):
        bits = number.astype(number.dtype.newbyteorder(">")).tobytes().hex()
        usual = np.array(np.nan, number.dtype.newbyteorder(">")).tobytes().hex()
        return "nan" if bits == usual else f"nan ({bits})"
    return str(value)


def against(first: str, second: str) -> str:
    """Return both texts; of long ones what stands around the place where they part.

    >>> against("x" * 200 + "a", "x" * 200 + "b")
    '…xxxxxxxxxxxxxxxxxxxxa against …xxxxxxxxxxxxxxxxxxxxb'
    """
    if max(len(first), len(second)) <= LONGEST:
        return f"{first} against {second}"
    letters = enumerate(zip(first, second, strict=False))
    parting = next((place for place, (a, b) in letters if a != b), min(len(first), len(second)))
    start = max(0, parting - BEFORE)
    return " against ".join(_cut(text, start) for text in (first, second))


def _cut(text: str, start: int) -> str:
    stop = start + LONGEST
    return "…" * bool(start) + text[start:stop] + "…" * (stop < len(text))
