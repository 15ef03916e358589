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
        "bitround": f"{_HERE}.bitround:BitroundCodec",
        "blosc": f"{_HERE}.blosc:BloscCodec",
        "bytes": f"{_HERE}.bytes:BytesCodec",
        "cast_value": f"{_HERE}.cast_value:CastValueCodec",
        "conditional": f"{_HERE}.conditional:ConditionalCodec",
        "crc32c": f"{_HERE}.crc32c:Crc32cCodec",
        "endian": f"{_HERE}.bytes:BytesCodec",
        "gzip": f"{_HERE}.gzip:GzipCodec",
        "n5_default": f"{_HERE}.n5_default:N5DefaultCodec",
        "numcodecs.blosc": f"{_HERE}.numcodecs_blosc:NumcodecsBloscCodec",
        "numcodecs.categorize": f"{_HERE}.categorize:CategorizeCodec",
        "numcodecs.gzip": f"{_HERE}.gzip:GzipCodec",
        "numcodecs.json2": f"{_HERE}.json2:Json2Codec",
        "numcodecs.pcodec": f"{_HERE}.pcodec:PcodecCodec",
        "numcodecs.shuffle": f"{_HERE}.shuffle:ShuffleCodec",
        "numcodecs.vlen-array": f"{_HERE}.vlen:VlenArrayCodec",
        "numcodecs.zlib": f"{_HERE}.zlib:ZlibCodec",
        "numcodecs.zfpy": f"{_HERE}.zfpy:ZfpyCodec",
        "numcodecs.zstd": f"{_HERE}.zstd:ZstdCodec",
        "packbits": f"{_HERE}.packbits:PackbitsCodec",
        "reshape": f"{_HERE}.reshape:ReshapeCodec",
        "scale_offset": f"{_HERE}.scale_offset:ScaleOffsetCodec",
        "sharding_indexed": f"{_HERE}.sharding:ShardingCodec",
        "transpose": f"{_HERE}.transpose:TransposeCodec",
        "vlen-bytes": f"{_HERE}.vlen:VlenBytesCodec",
        "vlen-utf8": f"{_HERE}.vlen:VlenUtf8Codec",
        "zfp": f"{_HERE}.zfp:ZfpCodec",
        "zstd": f"{_HERE}.zstd:ZstdCodec",
    },
)
