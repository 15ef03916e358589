"""How an array lies in Zarr where nobody says so: chunk shapes and codecs.

>>> chunk_shape((1000, 512, 512), 8)
(2, 512, 512)
>>> [codec.name for codec in codecs_for(Extension("float32"), np.dtype("f4"), 3)]
['bytes', 'blosc', 'crc32c']
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from zarr_cdm.errors import UnsupportedError
from zarr_cdm.metadata.byteorder import has_byte_order
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.dtypes import VARIABLE
from zarr_cdm.metadata.extension import Extension

TARGET_BYTES = 4 * 2**20  # of a chunk that nobody suggests
INNER_BYTES = 2**18  # of a chunk in a shard
# Of a block in a chunk of Blosc, the least that is decoded for one element. Its own choice at
# level 1 are 32 KiB, which take more space and time; with larger ones a point takes longer.
BLOCK_BYTES = 2**16
TEXT_BYTES = 16  # of an element of any length, as a guess
INDEX_CODECS = (Extension("bytes", {"endian": "little"}), Extension("crc32c"))
_SERIALIZERS: dict[type, str] = {str: "vlen-utf8", bytes: "vlen-bytes"}


def item_bytes(dtype: np.dtype) -> int:
    """Return how many bytes an element takes, a guess where that varies."""
    return TEXT_BYTES if dtype.hasobject else dtype.itemsize


def chunk_shape(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """Return chunks of about `TARGET_BYTES` for elements of ``size`` bytes, cut along first axes.

    So what is written or read in order is whole chunks.
    """
    lengths = [max(1, length) for length in shape]
    for axis in range(len(lengths)):
        others = prod(lengths[axis + 1 :]) * size
        lengths[axis] = max(1, min(lengths[axis], TARGET_BYTES // others))
        if lengths[axis] > 1:
            break
    return tuple(lengths)


def inner_shape(shard: Sequence[int], size: int) -> tuple[int, ...]:
    """Return chunks of at most `INNER_BYTES` that fill a shard, its longest axes divided.

    >>> inner_shape((1024, 1024), 4)
    (256, 256)
    """
    lengths = list(shard)
    while prod(lengths) * size > INNER_BYTES and max(lengths, default=1) > 1:
        axis = lengths.index(max(lengths))
        lengths[axis] //= next(
            (by for by in range(2, int(lengths[axis] ** 0.5) + 1) if not lengths[axis] % by),
            lengths[axis],
        )
    return tuple(lengths)


def serializer_for(data_type: Extension, dtype: np.dtype, endian: str = "little") -> Extension:
    """Return the codec that makes bytes of the elements."""
    element = VARIABLE.get(data_type.name)
    if element in _SERIALIZERS:
        return Extension(_SERIALIZERS[element])
    if element is not None:
        raise UnsupportedError(f"no codec is known for new arrays of {data_type.name!r}")
    return Extension("bytes", {"endian": endian} if has_byte_order(dtype) else {})


def compressors_for(
    data_type: Extension, dtype: np.dtype, zarr_format: ZarrVersion
) -> tuple[Extension, ...]:
    """Return the codecs behind the serializer: a compressor, and in v3 a checksum."""
    compressor = completed(Extension("zstd" if data_type.name in VARIABLE else "blosc"), dtype)
    return (compressor, Extension("crc32c")) if zarr_format == 3 else (compressor,)


def completed(codec: Extension, dtype: np.dtype) -> Extension:
    """Return a compressor with all of its configuration, which some readers want in full.

    >>> completed(Extension("zstd", {"level": 9}), np.dtype("f4")).configuration
    {'level': 9, 'checksum': False}
    """
    size = 1 if dtype.hasobject else dtype.itemsize
    shuffle = "shuffle" if 1 < size <= 16 else "noshuffle"
    usual: dict[str, dict[str, Any]] = {
        "blosc": {"typesize": size, "cname": "zstd", "clevel": 1, "shuffle": shuffle}
        | {"blocksize": BLOCK_BYTES},
        "gzip": {"level": 5},
        "zstd": {"level": 1, "checksum": False},
    }
    if codec.name not in usual:
        return codec
    return Extension(codec.name, {**usual[codec.name], **codec.configuration})


def codecs_for(
    data_type: Extension, dtype: np.dtype, zarr_format: ZarrVersion
) -> tuple[Extension, ...]:
    """Return the whole chain of codecs for an array."""
    return (
        serializer_for(data_type, dtype),
        *compressors_for(data_type, dtype, zarr_format),
    )
