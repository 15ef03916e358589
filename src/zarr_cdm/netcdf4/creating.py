"""A new variable of the model, from what ``createVariable`` is told."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zarr_cdm.cdm import types as cdm
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dimension, Endian, Storage, Variable
from zarr_cdm.cdm.types import CHAR, STRING, AtomicType, NetcdfType, atomic_type
from zarr_cdm.errors import AttributesError, UnsupportedError, ZarrCdmWarning
from zarr_cdm.netcdf4.attributes import FILL_VALUE
from zarr_cdm.netcdf4.masking import cast
from zarr_cdm.netcdf4.quantizing import attribute_for
from zarr_cdm.netcdf4.session import Request
from zarr_cdm.netcdf4.storage import COMPRESSIONS, steps_for
from zarr_cdm.netcdf4.types import CompoundType, EnumType, VLType

ENDIAN: dict[str, Endian] = {"<": "little", ">": "big"}
ENDIANS = ("native", "little", "big")


@dataclass(frozen=True, slots=True)
class Keywords:
    """The keywords of ``createVariable``; for what they mean see there."""

    compression: str | None = None
    zlib: bool = False
    complevel: int = 4
    shuffle: bool = True
    fletcher32: bool = False
    contiguous: bool = False
    chunksizes: Sequence[int] | None = None
    szip: tuple[str, int] = ("nn", 8)
    blosc_shuffle: int = 1
    endian: str = "native"
    significant_digits: int | None = None
    quantize_mode: str = "BitGroom"
    fill_value: Any = None


def type_of(datatype: Any) -> tuple[NetcdfType, Endian | None]:
    """Return the type for what ``createVariable`` is given as one, and the byte order in it.

    Raises
    ------
    TypeError
        netCDF has no such type.
    ValueError
        It is a complex one.
    """
    if isinstance(datatype, CompoundType | VLType | EnumType):
        return datatype.kind, None
    dtype = np.dtype(datatype)
    if dtype.kind == "c":
        raise ValueError(f"netCDF has no type for {dtype}; store its parts")
    if dtype.kind in "SU" and dtype != CHAR.dtype:
        return STRING, None
    try:
        kind = atomic_type(dtype)
    except UnsupportedError as error:
        raise TypeError(error.message) from error
    if kind is STRING and datatype is not str and dtype.kind == "O":
        raise TypeError("netCDF has no type for objects; give str for texts")
    order = dtype.byteorder
    return kind, ENDIAN.get(order) if order != "=" else None


def request_of(given: Keywords, dimensions: Sequence[Dimension], own: Endian | None) -> Request:
    """Return how a variable shall be stored.

    Raises
    ------
    ValueError
        A keyword has a value that it cannot have.
    """
    compression = given.compression or ("zlib" if given.zlib else None)
    if compression is not None and compression not in COMPRESSIONS:
        known = ", ".join(COMPRESSIONS)
        raise ValueError(f"compression is {compression!r}, expected one of: {known}")
    if given.endian not in ENDIANS:
        raise ValueError(f"endian is {given.endian!r}, expected one of: {', '.join(ENDIANS)}")
    if compression == "szip" and given.szip[0] not in ("nn", "ec"):
        raise ValueError(f"szip_coding is {given.szip[0]!r}, expected 'nn' or 'ec'")
    if not given.complevel or not dimensions:
        compression = None
    shuffle = given.blosc_shuffle if str(compression).startswith("blosc") else int(given.shuffle)
    return Request(
        chunks=_chunks(given, dimensions),
        compression=compression,
        level=given.complevel,
        shuffle=shuffle,
        szip=given.szip,
        endian=own if given.endian == "native" else given.endian,
    )


def _chunks(given: Keywords, dimensions: Sequence[Dimension]) -> tuple[int, ...] | None:
    if given.chunksizes is None:
        return None
    chunks = tuple(map(int, given.chunksizes))
    if given.contiguous and dimensions:
        raise ValueError("chunksizes are given, and contiguous=True: choose one")
    if len(chunks) != len(dimensions):
        raise ValueError(f"chunksizes are {chunks} for {len(dimensions)} dimensions")
    for chunk, dimension in zip(chunks, dimensions, strict=True):
        if chunk < 1 or (not dimension.unlimited and chunk > dimension.size):
            raise ValueError(
                f"a chunk of {chunk} along {dimension.name!r}, which has {dimension.size} elements"
            )
    return chunks or None


def new_variable(
    name: str,
    kind: NetcdfType,
    dimensions: tuple[Dimension, ...],
    given: Keywords,
    request: Request,
    *,
    fill: bool,
) -> Variable:
    """Return a variable without data.

    Parameters
    ----------
    fill
        Whether the dataset fills new variables.

    Raises
    ------
    NetcdfError
        The values cannot be rounded so.
    AttributesError
        The type can have no ``_FillValue``.
    ValueError
        The fill value is none of the type.
    """
    grows = any(dimension.unlimited for dimension in dimensions)
    if given.contiguous and grows:
        raise ValueError("contiguous=True, but a dimension is unlimited: leave it out")
    filters = steps_for(request, kind.dtype.itemsize, given.fletcher32 and bool(dimensions))
    storage = Storage(
        layout="chunked" if request.chunks or filters or grows else "contiguous",
        chunks=request.chunks,
        filters=filters,
        endian=_endian(kind, request.endian),
    )
    variable = Variable(name, kind, dimensions, storage=storage)
    if given.significant_digits is not None:
        rounding = attribute_for(kind, given.quantize_mode, given.significant_digits)
        variable.attributes.update([rounding])
    _set_fill(variable, given.fill_value, fill)
    return variable


def _endian(kind: NetcdfType, asked: str | None) -> Endian | None:
    number = kind.dtype.kind in "iuf" and kind.dtype.itemsize > 1
    if not number or asked is None:
        return None
    return "big" if asked == "big" else "little" if asked == "little" else None


def _set_fill(variable: Variable, value: Any, fill: bool) -> None:
    kind, storage = variable.type, variable.storage
    default = getattr(kind, "default_fill", None)
    if value is False or (value is None and not fill):
        variable.storage = replace(
            storage, fill_mode="none" if isinstance(kind, AtomicType) else "default"
        )
        return
    if isinstance(value, str) and value == "default":
        if default is None or kind is STRING:
            message = (
                f"type {kind.name!r} has no default fill value: fill_value='default' is ignored"
            )
            warnings.warn(message, ZarrCdmWarning, stacklevel=4)
            return
        value = default
    if value is None:
        variable.storage = replace(storage, fill_value=default)
        return
    attribute = _fill_attribute(kind, value)
    variable.attributes[FILL_VALUE] = attribute
    variable.storage = replace(storage, fill_mode="explicit", fill_value=attribute.element())


def _fill_attribute(kind: NetcdfType, value: Any) -> Attribute:
    if kind is STRING:
        return Attribute([value.decode() if isinstance(value, bytes) else str(value)], STRING)
    if not isinstance(kind, AtomicType | cdm.EnumType):
        raise AttributesError(f"a variable of type {kind.name!r} can have no {FILL_VALUE}")
    found = cast(np.asarray(value).reshape(-1), kind.dtype)
    if kind is CHAR:
        return Attribute(found.tobytes().decode("utf-8", "surrogateescape"), CHAR)
    return Attribute(found, kind)
