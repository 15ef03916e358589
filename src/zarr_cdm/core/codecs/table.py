"""Every codec, by the name that ``zarr.json`` gives it. A new codec is one new row.

It is a list of what is allowed: no other codec ever runs. ``numcodecs.`` names that have no row of
their own are looked up in ``core/codecs/numcodecs.py``, which has its own list.
"""

from __future__ import annotations

from zarr_cdm.registry import Registry

_HERE = "zarr_cdm.core.codecs"

CODECS = Registry(
    "codec",
    {
        "blosc": f"{_HERE}.blosc:BloscCodec",
        "bytes": f"{_HERE}.bytes:BytesCodec",
        "crc32c": f"{_HERE}.crc32c:Crc32cCodec",
        "gzip": f"{_HERE}.gzip:GzipCodec",
        "numcodecs.gzip": f"{_HERE}.gzip:GzipCodec",
        "numcodecs.shuffle": f"{_HERE}.shuffle:ShuffleCodec",
        "numcodecs.zlib": f"{_HERE}.zlib:ZlibCodec",
        "transpose": f"{_HERE}.transpose:TransposeCodec",
        "vlen-bytes": f"{_HERE}.vlen:VlenBytesCodec",
        "vlen-utf8": f"{_HERE}.vlen:VlenUtf8Codec",
        "zstd": f"{_HERE}.zstd:ZstdCodec",
    },
)
