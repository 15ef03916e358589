"""How a variable shall lie in Zarr: chunk shapes, data types and codecs.

Chunks are kept as the source has them, but for those so small that a file each would cost more than
its content; what was contiguous is cut along its first axes.
"""

from __future__ import annotations

from math import prod

import numpy as np

from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import STRING
from zarr_cdm.core import layout
from zarr_cdm.core.layout import codecs_for, item_bytes
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.spelling import USUAL, Spelling
from zarr_cdm.dialects.taken import TakenArray
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.dtypes import numpy_dtype, zarr_type
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.nczarr import SCALAR

LEAST_BYTES = 64 * 2**10  # of a chunk, where the array has that much


def layout_of(
    variable: Variable,
    zarr_format: ZarrVersion,
    text_bytes: int | None = None,
    dialect: str = "native",
    spelling: Spelling = USUAL,
) -> Layout:
    """Return the layout for a variable of an atomic type.

    Parameters
    ----------
    text_bytes
        Length in bytes of the longest text; needed where texts are of a fixed length.
    dialect
        For ``nczarr`` codecs are chosen that every netCDF-C has: one that lacks a codec returns
        compressed bytes for values, without an error.
    """
    data_type = zarr_type(variable.type.dtype)
    if variable.type is STRING and spelling.fixed_texts(zarr_format):
        # A length of 1 would make characters of them, which xarray joins along the last dimension.
        data_type = Extension("null_terminated_bytes", {"length_bytes": max(2, text_bytes or 0)})
    dtype = numpy_dtype(data_type)
    codecs = codecs_for(data_type, dtype, zarr_format)
    if dialect == "nczarr":
        codecs = (codecs[0], *_zlib(dtype.itemsize if dtype.kind in "iuf" else 1))
    if [dimension.name for dimension in variable.dimensions] == [SCALAR]:
        codecs = codecs[:1]  # netCDF-C refuses to decompress what it takes for a scalar
    return Layout(data_type, chunk_shape(variable), codecs)


def _zlib(item_bytes: int) -> tuple[Extension, ...]:
    zlib = Extension("numcodecs.zlib", {"level": 4})
    return (Extension("numcodecs.shuffle", {"elementsize": item_bytes}), zlib)[item_bytes == 1 :]


def chunk_shape(variable: Variable) -> tuple[int, ...]:
    """Return the shape of the chunks: the source's own, else about `layout.TARGET_BYTES` each.

    Chunks of the source below `LEAST_BYTES` (netCDF-C's default is 1 along an unlimited dimension)
    are joined, the last axis first.

    >>> import numpy as np
    >>> from zarr_cdm.cdm.model import ATOMIC_TYPES, Dimension
    >>> sides = tuple(Dimension(name, size) for name, size in (("t", 1000), ("y", 512), ("x", 512)))
    >>> chunk_shape(Variable("v", ATOMIC_TYPES["double"], sides))
    (2, 512, 512)
    """
    data = variable.data
    if isinstance(data, TakenArray):  # as all parts of these values, to be written together
        lead = len(data.source.shape)
        chunks = variable.storage.chunks and variable.storage.chunks[:lead]
        return (*_chunk_shape(variable.shape[:lead], data.source.dtype, chunks), *data.tail)
    return _chunk_shape(variable.shape, variable.type.dtype, variable.storage.chunks)


def _chunk_shape(
    lengths: tuple[int, ...], dtype: np.dtype, chunks: tuple[int, ...] | None
) -> tuple[int, ...]:
    shape = [max(1, length) for length in lengths]
    if chunks:
        return _joined(list(map(min, chunks, shape)), shape, item_bytes(dtype))
    return layout.chunk_shape(shape, item_bytes(dtype))


def _joined(lengths: list[int], shape: list[int], size: int) -> tuple[int, ...]:
    for axis in reversed(range(len(lengths))):
        count = -(-LEAST_BYTES // (prod(lengths) * size))
        lengths[axis] = min(lengths[axis] * count, shape[axis])
    return tuple(lengths)
