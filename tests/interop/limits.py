"""What other readers cannot read of what we write: for each a list of rows that is exact.

A row says of which cases it speaks, what is then seen (a regular expression), and why. A case of
which a row speaks must fail with what one of its rows says; all others must be read to the last
bit. So a row that is not true any more fails the test, and so does a new failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from tests.interop.cases import CODECS, GRIDS, SHARDS, TYPES, Case


@dataclass(frozen=True)
class Test:
    """A test for cases, and what it says in words."""

    text: str
    holds: Callable[[Case], bool]

    def __call__(self, case: Case) -> bool:
        return self.holds(case)


class Cannot(NamedTuple):
    """What a reader cannot read, what is seen then, and why."""

    where: Test
    seen: str
    why: str


def of(**rows: str | Iterable[str]) -> Test:
    """Return the test for cases with these rows of the tables: one, or one of several."""
    wanted = {name: {row} if isinstance(row, str) else set(row) for name, row in rows.items()}
    words = [f"{name} {' | '.join(sorted(names))}" for name, names in wanted.items()]
    return Test(
        "; ".join(words),
        lambda case: all(getattr(case, name) in names for name, names in wanted.items()),
    )


def both(*tests: Test) -> Test:
    return Test(
        "; ".join(test.text for test in tests), lambda case: all(test(case) for test in tests)
    )


V2 = Test("Zarr v2", lambda case: case.zarr_format == 2)
V3 = Test("Zarr v3", lambda case: case.zarr_format == 3)
# The reader needs the fill value.
filled = Test("chunks are missing", lambda case: case.misses_chunks)
# There is anything to decode.
stored = Test("there are elements", lambda case: 0 not in case.shape)
# The reader takes a part of a chunk or shard.
overhanging = Test("chunks or shards overhang", lambda case: case.overhangs)


def v2(*tests: Test) -> Test:
    return both(V2, *tests)


def v3(*tests: Test) -> Test:
    return both(V3, *tests)


def installed(name: str) -> tuple[int, ...]:
    """Return the version of a package, of which nothing is newer than nothing."""
    try:
        return tuple(int(part) for part in version(name).split(".")[:2])
    except PackageNotFoundError:
        return ()


def types(test: Callable[[str], bool]) -> set[str]:
    return {name for name in TYPES if test(name)}


MACHINE = types(lambda name: TYPES[name].is_machine)
BIG = types(lambda name: TYPES[name].endian == "big")
STRUCTS = types(lambda name: TYPES[name].kind == "R")
TIMES = types(lambda name: TYPES[name].kind in "mM")
COMPLEX = types(lambda name: TYPES[name].kind == "c" and not TYPES[name].is_machine)
OBJECTS = types(lambda name: TYPES[name].dtype.hasobject)
TEXTS = {"text of length 2", "text of length 2, big"}
FLAT = {"struct", "struct, big"}
NUMCODECS = {
    *("zlib", "bz2", "lz4", "lzma", "base64", "shuffle, zlib", "fletcher32", "crc32", "adler32"),
    *("jenkins_lookup3", "delta", "fixedscaleoffset", "quantize", "astype", "numcodecs.bitround"),
    *("numcodecs.packbits", "zfpy", "pcodec"),
}
EXTENSIONS = {
    *("bitround", "packbits", "reshape", "cast_value", "scale_offset", "n5_default", "conditional"),
}
BLOSC = {name for name in CODECS if name.startswith("blosc")}
RECTILINEAR = {name for name in GRIDS if name.startswith("rectilinear")}
SHARDED = set(SHARDS) - {"none"}

ZARR = installed("zarr")
ZARR_PYTHON = [
    Cannot(of(codec={"json2", "categorize"}), "object_codec_id", "no such object codecs"),
    Cannot(v3(of(type={*MACHINE, "raw bits"})), "No Zarr data type", "no such types"),
    Cannot(
        of(codec=EXTENSIONS - {"cast_value", "scale_offset"}), "UnknownCodecError", "no such codecs"
    ),
]

ZARR_PYTHON_SINCE_3_2 = [
    Cannot(of(codec="cast_value"), "cast-value-rs", "needs the package cast-value-rs"),
]
ZARR_PYTHON_BEFORE_3_2 = [
    Cannot(of(grid=RECTILINEAR), "Unknown chunk grid", "no such grid before 3.2"),
    Cannot(v3(of(type=STRUCTS)), "No Zarr data type", "the older name of structs alone"),
    Cannot(v2(of(type="struct in a struct")), "No Zarr data type", "no nested structs in v2"),
    Cannot(
        of(codec={"cast_value", "scale_offset"}),
        "UnknownCodecError",
        "no such codecs before 3.2",
    ),
    Cannot(
        both(of(type="raw bytes", shards=SHARDED), stored),
        "unhashable type",
        "no shards of raw bytes",
    ),
]
ZARR_PYTHON += ZARR_PYTHON_BEFORE_3_2 if ZARR and ZARR < (3, 2) else ZARR_PYTHON_SINCE_3_2

# What zarrs does itself; all else falls back to zarr-python.
_ZARRS_CODECS = {
    *BLOSC,
    *("none", "zstd", "gzip", "zlib", "bz2", "shuffle, zlib", "fixedscaleoffset", "pcodec"),
}
_ZARRS_ONLY_V3 = {"zstd, checksum", "crc32c", "gzip, crc32c"}
_ZARRS_TYPES = types(lambda name: TYPES[name].kind in "biufc")
_ZARRS_GRIDS = set(GRIDS) - {"rectilinear", "rectilinear, overhanging"}
ZARRS = [
    *ZARR_PYTHON,
    Cannot(v2(of(type=BIG), stored), "Non-native byte order", "v2 in little-endian order alone"),
    Cannot(
        v2(of(order="F", codec=_ZARRS_CODECS, type=_ZARRS_TYPES - BIG), stored),
        "must be a C contiguous array",
        "v2 in order C alone",
    ),
    Cannot(
        both(of(codec="fixedscaleoffset", type="float16"), stored),
        "does not support the FixedScaleOffset codec",
        "fixedscaleoffset of other floats alone",
    ),
    Cannot(
        v3(
            of(
                type="complex64, big",
                codec=_ZARRS_CODECS | _ZARRS_ONLY_V3,
                grid=_ZARRS_GRIDS,
            ),
            stored,
            overhanging,
        ),
        "values",
        "other values in a part of a chunk: it turns real and imaginary part as one number",
    ),
    Cannot(
        both(of(type="float32, NaN with a payload", codec=_ZARRS_CODECS | _ZARRS_ONLY_V3), filled),
        "values",
        "the payload of a fill value that is NaN gets lost",
    ),
]

ZARRS.append(
    Cannot(
        v3(of(codec="pcodec", order="F", grid=_ZARRS_GRIDS), stored, overhanging),
        "IndexError",
        "fails in a part of a chunk that is transposed",
    )
)

TENSORSTORE = [
    Cannot(v3(of(grid=RECTILINEAR)), 'but received: "rectilinear"', "no such grid"),
    Cannot(
        of(type=TIMES | OBJECTS | TEXTS),
        "not one of the supported|[Uu]nsupported|dtype",
        "no types",
    ),
    Cannot(of(type=FLAT), "Must specify a .field.", "reads one field of a struct at a time"),
    Cannot(
        v2(of(type="struct of raw bytes")),
        "Must specify a .field.",
        "reads one field of a struct at a time",
    ),
    Cannot(v2(of(type=STRUCTS - FLAT - {"struct of raw bytes"})), "dtype", "no such fields"),
    Cannot(v3(of(type=STRUCTS - FLAT)), "Nested struct types", "no such fields"),
    Cannot(
        v2(of(codec=NUMCODECS - {"zlib", "bz2"} | {"crc32c"})),
        "filters|is not registered",
        "no filters, and few compressors",
    ),
    Cannot(
        v2(of(codec="zstd, checksum")), "extra members: .checksum", "zstd has no checksum in v2"
    ),
    Cannot(v3(of(codec=NUMCODECS | EXTENSIONS)), "is not registered", "no such codecs"),
    Cannot(of(type="raw bytes"), "shape", "bytes become one more axis"),
    Cannot(v2(of(type="bytes of length 3")), "shape", "bytes become one more axis"),
    Cannot(
        v3(
            of(
                type={
                    *("bytes of length 3", "complex_float16", "complex_bfloat16"),
                    *("uint2", "uint4", "float6_e2m3fn", "float8_e4m3"),
                }
            )
        ),
        "not one of the supported",
        "no such types",
    ),
    Cannot(
        v3(of(type="raw bits")), "base64|supported", "wants the fill value of raw bits as base64"
    ),
    Cannot(both(of(type="float8_e8m0fnu"), filled), "values", "the fill value 1 is read as 2**-64"),
]

NETCDF_C = [
    Cannot(
        of(
            type={
                *STRUCTS | TIMES | OBJECTS | COMPLEX | TEXTS,
                *("bool", "float16", "raw bytes"),
            }
        ),
        "NCZarr error|Errno",
        "no such types",
    ),
    Cannot(of(grid="scalar"), "not found in /", "drops arrays of shape []"),
    Cannot(
        both(
            of(
                codec={
                    *NUMCODECS - {"zlib", "bz2", "shuffle, zlib", "fletcher32"},
                    *("gzip", "crc32c"),
                }
            ),
            stored,
        ),
        "undefined filter",
        "no such filters",
    ),
    Cannot(of(type="bytes of length 3"), "dtype object", "bytes are read as strings"),
    Cannot(both(of(order="F"), stored), "values", "order F is read as C"),
    Cannot(
        both(of(type={"int16, big", "float64, big"}), filled),
        "values",
        "the fill value is in the wrong byte order",
    ),
]

ZARRITA = [
    Cannot(v2(of(type=STRUCTS)), "dtype.match", "no structs"),
    Cannot(v2(of(type=TIMES | COMPLEX | {"raw bytes"})), "unknown dtype", "no such types"),
    Cannot(
        v3(
            of(
                type={
                    *STRUCTS | MACHINE | TIMES | COMPLEX | TEXTS,
                    *("raw bits", "bytes", "variable_length_bytes", "raw bytes"),
                    "bytes of length 3",
                }
            )
        ),
        "unsupported data|dataType.match",
        "no such types",
    ),
    Cannot(v3(of(grid=RECTILINEAR)), "Cannot read properties of undefined", "no such grid"),
    Cannot(of(grid="empty"), "empty iterator", "no arrays without elements"),
    Cannot(
        of(
            codec={
                *NUMCODECS
                - {"zlib", "lz4", "shuffle, zlib", "delta", "numcodecs.bitround"}
                - {"fixedscaleoffset"},
                *("reshape", "packbits", "n5_default", "conditional", "categorize"),
            }
        ),
        "Unknown codec",
        "no such codecs",
    ),
    Cannot(v2(of(codec="crc32c")), "Unknown codec", "no such codec in v2"),
    Cannot(v3(of(codec="fixedscaleoffset")), "Unknown codec", "no such codec in v3"),
    Cannot(v2(of(type="bytes")), "Unknown codec", "no vlen-bytes"),
    Cannot(
        v2(of(codec="json2", grid=set(GRIDS) - {"scalar", "one axis"}), stored),
        "values",
        "json2 of one axis alone",
    ),
    Cannot(of(shards="shards in shards"), "Unknown codec: sharding_indexed", "no nested shards"),
    Cannot(
        of(shards="index at the start"),
        "416|Failed to decode|values|offset|Invalid|allocation|call stack",
        "looks for the index at the end",
    ),
    Cannot(
        both(of(type="uint64, largest"), filled), "values", "the fill value becomes a float64 first"
    ),
    Cannot(
        both(of(type="float32, NaN with a payload"), filled),
        "values",
        "a fill value in hexadecimal digits is read as a whole number",
    ),
    Cannot(
        v2(of(type="bytes of length 3"), filled),
        "offset is out of bounds|values",
        "a fill value in base64 is not decoded",
    ),
]
