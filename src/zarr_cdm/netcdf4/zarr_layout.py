"""How a new variable lies in Zarr: chunks and codecs from what ``createVariable`` is told."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from zarr_cdm.cdm.model import Dimension, Variable
from zarr_cdm.core.layout import chunk_shape, completed, compressors_for, item_bytes, serializer_for
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.texts import as_utf8, texts
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.dtypes import numpy_dtype, zarr_type
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.netcdf4.session import Request

LEAST_BYTES = 64 * 2**10  # of a chunk that grows: one element each would be a file each
BLOSC = {
    "zlib": "zlib",
    "blosc_lz": "blosclz",
    "blosc_lz4": "lz4",
    "blosc_lz4hc": "lz4hc",
    "blosc_snappy": "zstd",  # which no Blosc of today can write
    "blosc_zlib": "zlib",
    "blosc_zstd": "zstd",
}
SHUFFLES = ("noshuffle", "shuffle", "bitshuffle")
MOST_LEVEL = 9


def layout_for(variable: Variable, request: Request, zarr_format: ZarrVersion) -> Layout:
    """Return the layout of a new variable, of a type that is stored as it is."""
    data_type = zarr_type(variable.type.dtype)
    dtype = numpy_dtype(data_type)
    size = item_bytes(dtype)
    serializer = serializer_for(data_type, dtype, request.endian or "little")
    first, *others = compressors_for(data_type, dtype, zarr_format)
    codecs = (serializer, _compressor(request, size) or first, *others)
    chunks = request.chunks or default_chunks(variable.dimensions, size)
    return Layout(data_type, chunks, tuple(completed(codec, dtype) for codec in codecs))


def _compressor(request: Request, size: int) -> Extension | None:
    """Return the compressor that is asked for; None for one that Zarr does not have."""
    level = min(max(request.level, 0), MOST_LEVEL)
    if request.compression in BLOSC:
        shuffle = SHUFFLES[request.shuffle] if size > 1 else "noshuffle"
        cname = BLOSC[request.compression]
        return Extension("blosc", {"cname": cname, "clevel": level, "shuffle": shuffle})
    if request.compression == "zstd":
        return Extension("zstd", {"level": request.level})
    if request.compression == "bzip2":
        return Extension("numcodecs.bz2", {"level": max(1, level)})
    return None


def default_chunks(dimensions: Sequence[Dimension], size: int) -> tuple[int, ...]:
    """Return chunks for elements of ``size`` bytes: little along unlimited dimensions.

    What is appended rewrites the last chunk, so that is as small as can be; but of so many bytes
    that there are not too many.

    >>> default_chunks((Dimension("time", 0, True), Dimension("x", 1000)), 4)
    (17, 1000)
    """
    fixed = [1 if each.unlimited else max(1, each.size) for each in dimensions]
    lengths = list(chunk_shape(fixed, size))
    for axis in reversed(range(len(lengths))):
        if dimensions[axis].unlimited:
            lengths[axis] = -(-LEAST_BYTES // (prod(lengths) * size))
    return tuple(lengths)


def text_bytes(variable: Variable) -> int:
    """Return how many bytes the longest text takes, of values that are in memory."""
    return max((len(as_utf8(text)) for text in texts(variable.data)), default=0)
