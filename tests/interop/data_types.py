"""The data types that are exchanged with other libraries: values, and a fill value, of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zarr_cdm.metadata.byteorder import Endian, has_byte_order
from zarr_cdm.metadata.documents import ZarrVersion
from zarr_cdm.metadata.dtypes import MACHINE, PLAIN, kind_of, numpy_dtype
from zarr_cdm.metadata.extension import Extension

BOTH: tuple[ZarrVersion, ...] = (2, 3)


@dataclass(frozen=True)
class Type:
    """A data type in the words of v3, its byte order in the store, and what is never written."""

    data_type: Extension
    fill: Any
    endian: Endian = "little"
    versions: tuple[ZarrVersion, ...] = BOTH

    @property
    def dtype(self) -> np.dtype:
        return numpy_dtype(self.data_type)

    @property
    def kind(self) -> str:
        """As NumPy has it; ``t`` for texts of any length, ``y`` for bytes, ``R`` for structs."""
        if self.dtype.hasobject:
            return "t" if self.data_type.name == "string" else "y"
        return "R" if self.dtype.names else kind_of(self.dtype)

    @property
    def is_machine(self) -> bool:
        return self.data_type.name in MACHINE

    @property
    def serializer(self) -> Extension:
        if self.dtype.hasobject:
            return Extension("vlen-utf8" if self.kind == "t" else "vlen-bytes")
        return Extension("bytes", {"endian": self.endian} if has_byte_order(self.dtype) else {})

    @property
    def fill_value(self) -> Any:
        if self.fill is None or self.dtype.hasobject:
            return self.fill
        return np.array(self.fill, self.dtype)[()]

    def values(self, count: int) -> np.ndarray:
        """Return so many values, with all that is odd in the type."""
        return _values(self.dtype, count, self.kind)


def _values(dtype: np.dtype, count: int, kind: str) -> np.ndarray:
    if dtype.names is not None:
        found = np.zeros(count, dtype)
        for name in dtype.names:
            inner, shape = dtype[name].base, dtype[name].shape
            size = count * int(np.prod(shape))
            found[name] = _values(inner, size, inner.kind).reshape((count, *shape))
        return found
    numbers = np.arange(count) * 7 % 120
    if kind in "tyUS":
        words = ("", "a" if kind in "yS" else "ä", "bc")
        texts = [words[n % 3] for n in numbers]
        found = np.empty(count, dtype)
        found[:] = [text.encode() for text in texts] if kind in "yS" else texts
        return found
    if kind == "V":
        return np.arange(count * dtype.itemsize, dtype="u1").view(dtype)
    if kind in "mM":
        found = numbers.astype("i8").view(dtype)
        found[1:2] = "NaT"
        return found
    if kind in "iu" and dtype.isbuiltin == 2:  # four bits, or two
        numbers = numbers % 2
    found = numbers.astype("f4" if kind in "fc" else "i8").astype(dtype)
    if kind in "fc" and dtype.isbuiltin != 2:
        odd = np.array([np.nan, -0.0, np.inf, -np.inf, 0.1], dtype)
        found[: len(odd)] = odd[:count]
    return found


def _struct(*fields: tuple[str, str | Extension]) -> Extension:
    parts = [
        {"name": name, "data_type": inner if isinstance(inner, str) else inner.to_json()}
        for name, inner in fields
    ]
    return Extension("struct", {"fields": parts})


def _sized(name: str, size: int) -> Extension:
    return Extension(name, {"length_bytes": size})


def _time(kind: str, unit: str, scale: int = 1) -> Extension:
    return Extension(f"numpy.{kind}64", {"unit": unit, "scale_factor": scale})


FILLS = {"b": True, "i": 42, "u": 42, "f": np.nan, "c": 1 - 2j}
NAN = np.frombuffer(bytes.fromhex("7fc00001"), ">f4").astype("f4")[0]
PACKED = _struct(("a", "uint8"), ("b", "float32"), ("c", "complex128"))
TEXTS = _struct(("a", _sized("null_terminated_bytes", 3)), ("b", _sized("fixed_length_utf32", 8)))
NESTED = _struct(("p", _struct(("x", "float32"), ("y", "float32"))), ("n", "int64"))
TIMED = _struct(("when", _time("datetime", "ns")), ("long", _time("timedelta", "s")))
RAW = _struct(("a", _sized("raw_bytes", 3)), ("b", "uint8"))
TYPES: dict[str, Type] = {
    **{name: Type(Extension(name), FILLS[np.dtype(code).kind]) for name, code in PLAIN.items()},
    "int16, big": Type(Extension("int16"), 42, "big"),
    "float64, big": Type(Extension("float64"), np.nan, "big"),
    "complex64, big": Type(Extension("complex64"), 1 - 2j, "big"),
    "int32, null": Type(Extension("int32"), None, versions=(2,)),
    "uint64, largest": Type(Extension("uint64"), 2**64 - 1),
    "float32, 7.0": Type(Extension("float32"), 7.0),
    "float64, 7.0": Type(Extension("float64"), 7.0),
    "float32, -0.0": Type(Extension("float32"), -0.0),
    "float32, NaN with a payload": Type(Extension("float32"), NAN, versions=(3,)),
    "bytes of length 3": Type(_sized("null_terminated_bytes", 3), b"ab"),
    "text of length 2": Type(_sized("fixed_length_utf32", 8), "x"),
    "text of length 2, big": Type(_sized("fixed_length_utf32", 8), "x", "big"),
    "raw bytes": Type(_sized("raw_bytes", 3), b"\0\1\2"),
    "raw bits": Type(Extension("r16"), b"\1\2", versions=(3,)),
    "string": Type(Extension("string"), "x"),
    "bytes": Type(Extension("bytes"), b"ab"),
    "variable_length_bytes": Type(Extension("variable_length_bytes"), b"ab", versions=(3,)),
    "nanoseconds": Type(_time("datetime", "ns"), "NaT"),
    "days": Type(_time("datetime", "D"), "1970-01-02"),
    "tens of microseconds, big": Type(_time("datetime", "us", 10), "NaT", "big"),
    "durations": Type(_time("timedelta", "s"), 5),
    "struct": Type(PACKED, (1, 2.5, 1 - 2j)),
    "struct, big": Type(PACKED, (1, 2.5, 1 - 2j), "big"),
    "struct of texts": Type(TEXTS, (b"ab", "x")),
    "struct of times": Type(TIMED, (5, "NaT")),
    "struct of raw bytes": Type(RAW, (b"\0\1\2", 3)),
    "struct in a struct": Type(NESTED, ((1.5, 2.5), 3)),
    **{
        name: Type(Extension(name), 1, versions=(3,))
        for name in (
            *("bfloat16", "float8_e4m3", "float8_e5m2", "float8_e4m3fn", "float4_e2m1fn"),
            *("float6_e2m3fn", "float8_e8m0fnu", "int2", "int4", "uint2", "uint4"),
            *("complex_float16", "complex_bfloat16"),
        )
    },
}
