"""Variables of user-defined types, made of the plain arrays that hold their parts.

The inverse of `parts`. Nothing is read before a selection asks for it, but for the lengths of the
rows of a vlen, all of which are read with its first selection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from zarr_cdm.cdm.lazy import MappedArray, by_points, outer
from zarr_cdm.cdm.model import ArrayLike
from zarr_cdm.cdm.types import (
    CHAR,
    CompoundType,
    EnumType,
    NetcdfType,
    OpaqueType,
    VlenType,
)
from zarr_cdm.dialects.selecting import (
    MadeArray,
    Parts,
    Places,
    Points,
    boxed,
    coordinates,
    selected_shape,
    with_axes,
)
from zarr_cdm.dialects.spelling import struct_of
from zarr_cdm.errors import MetadataError

Steps = tuple[str, ...]
LENGTH, VALUES = "length", "values"  # the two parts of a vlen


def join_parts(
    kind: NetcdfType,
    parts: Mapping[Steps, ArrayLike],
    steps: Steps = (),
    *,
    place: str | None = None,
) -> ArrayLike:
    """Return the array of a type that is made of ``parts``, by the steps that lead to them.

    Parameters
    ----------
    place
        The path of the variable, for the errors that a selection may raise.

    Raises
    ------
    MetadataError
        The parts are not, or no longer, those of one array.
    """
    if isinstance(kind, CompoundType):
        if steps in parts:
            return _structs(kind, parts[steps])
        return CompoundArray(
            kind,
            [
                join_parts(part.type, parts, (*steps, part.name), place=place)
                for part in kind.fields
            ],
        )
    if isinstance(kind, VlenType):
        values = join_parts(kind.base, parts, (*steps, VALUES), place=place)
        lengths = _of_type(parts, (*steps, LENGTH), np.dtype("i8"))
        return RowsArray(kind, lengths, values, place)
    if isinstance(kind, OpaqueType):
        return OpaqueArray(kind, _of_type(parts, steps, np.dtype("u1")))
    if kind is CHAR and steps in parts and parts[steps].dtype == np.uint8:
        return MappedArray(parts[steps], CHAR.dtype, _as_char)
    return _of_type(parts, steps, kind.base.dtype if isinstance(kind, EnumType) else kind.dtype)


def _structs(kind: CompoundType, data: ArrayLike) -> ArrayLike:
    struct = struct_of(kind)
    if struct is None or data.dtype != struct:
        raise MetadataError(f"its structs are {data.dtype}, not {struct}")
    return MappedArray(data, kind.dtype, partial(np.asarray, dtype=kind.dtype))


def _as_char(part: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(part).view(CHAR.dtype).reshape(part.shape)


def leaf_steps(steps: Steps, parts: Collection[Steps]) -> Steps:
    """Return the steps of the part that lies on a way; the way may lead on inside of it."""
    return next(found for found in parts if steps[: len(found)] == found)


def first_steps(kind: NetcdfType) -> Steps:
    """Return the steps to the part whose first axes are those of the variable."""
    if isinstance(kind, CompoundType):
        return (kind.fields[0].name, *first_steps(kind.fields[0].type))
    return (LENGTH,) if isinstance(kind, VlenType) else ()


def head_steps(kind: NetcdfType) -> Steps:
    """Return the steps to the part that bears what is said of the variable."""
    if isinstance(kind, CompoundType):
        return (kind.fields[0].name, *head_steps(kind.fields[0].type))
    return (VALUES, *head_steps(kind.base)) if isinstance(kind, VlenType) else ()


def head_type(kind: NetcdfType) -> NetcdfType:
    """Return the type of what the head of a variable holds: atomic, an enum or opaque."""
    if isinstance(kind, CompoundType):
        return head_type(kind.fields[0].type)
    return head_type(kind.base) if isinstance(kind, VlenType) else kind


def check_rows(data: ArrayLike) -> None:
    """Raise `MetadataError` where rows are none, all the way down; reads their lengths."""
    if isinstance(data, RowsArray):
        _ = data.offsets
    for member in getattr(data, "members", ()):
        check_rows(member)


def _of_type(parts: Mapping[Steps, ArrayLike], steps: Steps, dtype: np.dtype) -> ArrayLike:
    if steps not in parts:
        raise MetadataError(f"its part {'.'.join(steps)!r} is gone")
    found = parts[steps]
    if found.dtype != dtype:
        raise MetadataError(f"its part {'.'.join(steps)!r} is of {found.dtype}, not of {dtype}")
    return found


class OpaqueArray(MadeArray):
    """Blobs, of bytes on an axis of their own."""

    def __init__(self, kind: OpaqueType, data: ArrayLike) -> None:
        self.dtype = kind.dtype
        self.shape = tuple(data.shape[:-1])
        self.members = (data,)
        if tuple(data.shape[-1:]) != (kind.item_bytes,):
            raise MetadataError(f"its shape {data.shape} does not end in {kind.item_bytes} bytes")

    def _outer(self, parts: Parts) -> np.ndarray:
        return self._blobs(outer(self.members[0], (*parts, slice(None))))

    def _points(self, points: Points) -> np.ndarray:
        return self._blobs(by_points(self.members[0], with_axes(points, [self.dtype.itemsize])))

    def _blobs(self, data: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(data).view(self.dtype)[..., 0]


class ScalarArray(MadeArray):
    """What has no axes, of an array with one of length 1."""

    def __init__(self, data: ArrayLike) -> None:
        self.shape = ()
        self.dtype = data.dtype
        self.members = (data,)

    def _outer(self, parts: Parts) -> np.ndarray:
        return boxed(outer(self.members[0], (slice(0, 1),)), self.dtype).reshape(())

    def _points(self, points: Points) -> np.ndarray:
        return self._outer(())


class CompoundArray(MadeArray):
    """Structs, of one array for each field."""

    def __init__(self, kind: CompoundType, members: Sequence[ArrayLike]) -> None:
        self.kind = kind
        self.dtype = kind.dtype
        self.members = tuple(members)
        shapes = []
        for part, member in zip(kind.fields, members, strict=True):
            rank = len(member.shape) - len(part.shape)
            if rank < 0 or tuple(member.shape[rank:]) != part.shape:
                raise MetadataError(
                    f"its field {part.name!r} has shape {member.shape}, wanted {part.shape} last"
                )
            shapes.append(tuple(member.shape[:rank]))
        if len(set(shapes)) > 1:
            raise MetadataError(f"its fields have different shapes: {sorted(set(shapes))}")
        self.shape = shapes[0]

    def _outer(self, parts: Parts) -> np.ndarray:
        return self._structs(
            selected_shape(parts, self.shape),
            lambda member, inner: outer(member, (*parts, *[slice(None)] * len(inner))),
        )

    def _points(self, points: Points) -> np.ndarray:
        shape = points[0].shape if points else ()
        return self._structs(
            shape, lambda member, inner: by_points(member, with_axes(points, inner))
        )

    def _structs(
        self, shape: tuple[int, ...], read: Callable[[ArrayLike, tuple[int, ...]], np.ndarray]
    ) -> np.ndarray:
        result = np.zeros(shape, self.dtype)
        for part, member in zip(self.kind.fields, self.members, strict=True):
            result[part.name] = boxed(read(member, part.shape), part.type.dtype)
        return result


class RowsArray(MadeArray):
    """Rows of any length, of their lengths and the values of all rows one behind the other."""

    def __init__(
        self, kind: VlenType, lengths: ArrayLike, values: ArrayLike, place: str | None = None
    ) -> None:
        self.place = place
        self.base = kind.base.dtype
        self.dtype = kind.dtype
        self.shape = tuple(lengths.shape)
        self.members = (lengths, values)
        if len(values.shape) != 1:
            raise MetadataError(
                f"the values of its rows have shape {values.shape}, wanted one axis"
            )

    @cached_property
    def offsets(self) -> np.ndarray:
        """Where each row begins, and where the last one ends.

        Raises
        ------
        MetadataError
            The lengths are not those of the rows of all values.
        """
        lengths = np.asarray(self.members[0][...]).reshape(-1)
        total = self.members[1].shape[0]
        fits = not lengths.size or (lengths.min() >= 0 and lengths.max() <= total)
        # As floats first: what overflows is no length.
        if not fits or lengths.sum(dtype=float) > 2**62 or lengths.sum() != total:
            raise MetadataError(
                f"the lengths of the rows do not add up to the {total} values that there are: "
                "another writer changed them",
                variable=self.place,
            )
        return np.concatenate([[0], np.cumsum(lengths)])

    def _outer(self, parts: Parts) -> np.ndarray:
        return self._rows(Places(self.shape).outer(parts))

    def _points(self, points: Points) -> np.ndarray:
        return self._rows(Places(self.shape).points(points))

    def _rows(self, places: np.ndarray) -> np.ndarray:
        wanted, back = np.unique(places, return_inverse=True)
        starts, stops = self.offsets[wanted], self.offsets[wanted + 1]
        ends = np.cumsum(stops - starts)
        values = self._values(starts, stops, int(ends[-1]) if len(ends) else 0)
        found = np.empty(len(wanted), object)
        for place, (start, stop) in enumerate(zip(ends - (stops - starts), ends, strict=True)):
            found[place] = values[start:stop]
        return found[back.reshape(-1)].reshape(places.shape)

    def _values(self, starts: np.ndarray, stops: np.ndarray, count: int) -> np.ndarray:
        """Return the values of rows, those alone, one behind the other."""
        if not count:
            return np.empty(0, self.base)
        if stops[-1] - starts[0] == count:
            part: Any = slice(int(starts[0]), int(stops[-1]))
        else:
            before = np.cumsum(stops - starts) - (stops - starts)
            part = np.repeat(starts - before, stops - starts) + np.arange(count)
        return boxed(outer(self.members[1], (part,)), self.base)


class NullTexts(MadeArray):
    """Texts of which some are netCDF's NULL, which Zarr has as empty ones.

    Parameters
    ----------
    shape, runs
        The shape that the array had when the runs were noted, and for each run of NULLs in C order
        its first place and its length.
    """

    def __init__(self, data: ArrayLike, shape: tuple[int, ...], runs: np.ndarray) -> None:
        self.shape = tuple(data.shape)
        self.dtype = data.dtype
        self.members = (data,)
        self._before = shape
        self._starts, self._stops = runs[:, 0], runs[:, 0] + runs[:, 1]

    def _outer(self, parts: Parts) -> np.ndarray:
        texts = boxed(outer(self.members[0], parts), self.dtype)
        return self._with_null(texts, np.ix_(*coordinates(parts, self.shape)))

    def _points(self, points: Points) -> np.ndarray:
        return self._with_null(by_points(self.members[0], points), points)

    def _with_null(self, texts: np.ndarray, points: Sequence[np.ndarray]) -> np.ndarray:
        """Set texts to None that were NULL, and are empty still."""
        inside = np.ones((), bool)
        for array, size in zip(points, self._before, strict=True):
            inside = inside & (array < size)
        places = Places(self._before).points(points)
        run = np.searchsorted(self._starts, places, "right") - 1
        null = inside & (run >= 0) & (places < self._stops[run]) & (texts == "")
        result = texts.astype(object)
        result[null] = None
        return result
