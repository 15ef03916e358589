"""A variable of any type in parts: plain arrays of atomic types.

=========== =====================================================================================
enum        its numbers
opaque      its bytes (``ubyte``), on one more axis
compound    an array for each field, inner shapes as more axes
vlen        the lengths of its rows (``int64``), and the values of all rows one behind the other:
            CF's contiguous ragged array
=========== =====================================================================================

The parts of a type are of such types again, until all are atomic.

Source: CF conventions, section 9.3.3 "Contiguous ragged array representation", and 3.5 for flags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.flags import flags_of
from zarr_cdm.cdm.model import ArrayLike, Dimension, Storage, Variable
from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    CHAR,
    AtomicType,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
    any_type,
)
from zarr_cdm.dialects.joined import LENGTH, VALUES, Steps
from zarr_cdm.dialects.spelling import Spelling, struct_of
from zarr_cdm.dialects.taken import FlatArray, TakenArray, bytes_of, field_of, lengths_of

SIZES, BYTES = ATOMIC_TYPES["int64"], ATOMIC_TYPES["ubyte"]
# From the steps to a part, what its new axis is, and its length.
NewAxis = Callable[[Steps, str, int], Dimension]


@dataclass(frozen=True, slots=True)
class Whole:
    """Values that are to be split.

    Attributes
    ----------
    steps
        From the variable to these values.
    """

    kind: NetcdfType
    dimensions: tuple[Dimension, ...]
    data: ArrayLike
    storage: Storage
    steps: Steps = ()

    def array(self, kind: AtomicType, data: ArrayLike, *axes: Dimension) -> Variable:
        """Return the plain array of a part, which has more axes behind those of the whole."""
        storage = with_tail(self.storage, [axis.size for axis in axes])
        dimensions = (*self.dimensions, *axes)
        return Variable("", kind, dimensions, flags_of(self.kind, ()), data, storage)


def split(whole: Whole, spelling: Spelling, new_axis: NewAxis) -> Iterator[tuple[Steps, Variable]]:
    """Yield the plain arrays that hold some values, each with the steps that lead to it."""
    kind, data = whole.kind, whole.data
    struct = struct_of(kind) if isinstance(kind, CompoundType) else None
    if struct is not None and spelling.compound == "struct":
        taken = TakenArray(data, struct, (), partial(np.asarray, dtype=struct))
        yield whole.steps, whole.array(any_type(struct), taken)
    elif isinstance(kind, CompoundType):
        for inner in _fields(whole, kind, new_axis):
            yield from split(inner, spelling, new_axis)
    elif isinstance(kind, VlenType):
        lengths = lengths_of(data)
        values = FlatArray(kind.base, data, lengths)
        axis = new_axis(whole.steps, "item", values.shape[0])
        yield (*whole.steps, LENGTH), _lengths(whole, lengths, axis)
        storage = Storage(fill_mode="none")
        inner = Whole(kind.base, (axis,), values, storage, (*whole.steps, VALUES))
        yield from split(inner, spelling, new_axis)
    elif isinstance(kind, OpaqueType):
        size = kind.item_bytes
        taken = TakenArray(data, BYTES.dtype, (size,), bytes_of(size))
        yield whole.steps, whole.array(BYTES, taken, new_axis(whole.steps, "byte", size))
    elif kind is CHAR and spelling.char == "ubyte":
        taken = TakenArray(data, BYTES.dtype, (), bytes_of(None))
        numbers = replace(whole, storage=Storage(chunks=whole.storage.chunks, fill_mode="none"))
        yield whole.steps, numbers.array(BYTES, taken)
    else:
        yield whole.steps, whole.array(kind.base if isinstance(kind, EnumType) else kind, data)


def _fields(whole: Whole, kind: CompoundType, new_axis: NewAxis) -> Iterator[Whole]:
    for part in kind.fields:
        steps = (*whole.steps, part.name)
        axes = [new_axis(steps, str(number), size) for number, size in enumerate(part.shape)]
        yield Whole(
            part.type,
            (*whole.dimensions, *axes),
            TakenArray(whole.data, part.type.dtype, part.shape, field_of(part.name)),
            with_tail(whole.storage, part.shape),
            steps,
        )


def _lengths(whole: Whole, lengths: np.ndarray, axis: Dimension) -> Variable:
    """Return the array of the lengths of rows, whose values lie on ``axis``."""
    # What another writer adds are rows without values, until it says otherwise.
    storage = replace(whole.storage, fill_value=np.int64(0))
    array = Variable("", SIZES, whole.dimensions, {}, lengths, storage)
    if len(whole.dimensions) == 1:
        array.attributes["sample_dimension"] = Attribute(axis.name, CHAR)
    return array


def with_tail(storage: Storage, tail: Sequence[int]) -> Storage:
    """Return a storage with whole axes behind the others."""
    if storage.chunks is None:
        return storage
    return replace(storage, chunks=(*storage.chunks, *tail))
