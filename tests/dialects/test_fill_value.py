"""Every spelling of ``_FillValue`` that is found in the wild (architecture, decision 7)."""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from tests.datasets import NUMBERS, numbers
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, STRING
from zarr_cdm.dialects.fill_value import decode, encode
from zarr_cdm.dialects.plain import fill_attribute
from zarr_cdm.errors import MetadataError
from zarr_cdm.metadata.documents import ArrayMetadata, ZarrVersion
from zarr_cdm.metadata.dtypes import zarr_type
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.json import dumps, loads


def double(value: float) -> str:
    return base64.b64encode(struct.pack("<d", value)).decode()


# What stands in the JSON, the type of the array, the value.
SPELLINGS: list[tuple[Any, str, Any]] = [
    (-9999, "i2", np.int16(-9999)),  # integers: everybody
    (-9999.0, "i4", np.int32(-9999)),
    (2**64 - 1, "u8", np.uint64(2**64 - 1)),
    ([-1], "i4", np.int32(-1)),  # lists of one: kerchunk
    (-9999.12, "f8", np.float64(-9999.12)),  # numbers for floats: NZ-1.0, NCZarr, plain users
    (-9999, "f4", np.float32(-9999)),
    ([-9999.0], "f4", np.float32(-9999)),
    ("NaN", "f4", np.float32("nan")),
    ("Infinity", "f8", np.inf),
    ("-Infinity", "f8", -np.inf),
    ("+Infinity", "f8", np.inf),
    (float("nan"), "f8", np.nan),  # a bare NaN token
    ("0x7fc00000", "f4", np.float32("nan")),  # hexadecimal: fill values of Zarr v3
    ("0x7e00", "f2", np.float16("nan")),
    ("0xc000000000000000", "f8", np.float64(-2)),
    (double(-20000), "f8", np.float64(-20000)),  # base64 of a double: xarray on Zarr v3
    (double(-20000), "f4", np.float32(-20000)),
    (double(-2), "f2", np.float16(-2)),
    (double(1e300), "f4", np.float32("inf")),
    ([double(np.nan)], "f4", np.float32("nan")),
    ([double(1), double(-2)], "c16", np.complex128(1 - 2j)),  # xarray
    ([double(1), double(-2)], "c8", np.complex64(1 - 2j)),
    ([1.0, "NaN"], "c8", np.complex64(complex(1, np.nan))),  # fill values of Zarr v3
    (True, "?", np.bool_(True)),
    (0, "?", np.bool_(False)),
    ("missing", "U7", "missing"),  # text as it is
    ("missing", "O", "missing"),
    ("", "O", ""),
    (base64.b64encode(b"ab").decode(), "S4", b"ab"),  # base64 of bytes: xarray
    (base64.b64encode(b"x").decode(), "S1", b"x"),
    ("x", "S1", b"x"),  # the character: NCZarr
    (" ", "S1", b" "),
    ("", "S1", b""),
]


@pytest.mark.parametrize(("value", "dtype", "wanted"), SPELLINGS)
def test_every_spelling_is_read(value: Any, dtype: str, wanted: Any) -> None:
    found = decode(value, np.dtype(dtype))
    np.testing.assert_equal(found, wanted)
    if np.dtype(dtype).kind not in "OUS":
        assert found.dtype == dtype


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1.5, "i4"),
        ("abc", "i4"),
        ("not a number", "f4"),
        ("AAAAAAAAAAA!", "f8"),
        ([1, 2], "f4"),
        (None, "f4"),
        ({}, "i2"),
        (70000, "i2"),
        (5, "O"),
        ("no base64", "S4"),
        ([1, "x"], "c8"),
        ("Zm9vYmFy", "S4"),
    ],
)
def test_what_is_no_fill_value_of_the_array_is_refused_and_stays_an_attribute(
    value: Any, dtype: str
) -> None:
    with pytest.raises(MetadataError):
        decode(value, np.dtype(dtype))
    found = fill_attribute(document(dtype, {"_FillValue": value}), np.dtype(dtype))
    assert found is not None
    assert found.type in ATOMIC_TYPES.values()


def document(
    dtype: str, attributes: Any, fill: Any = 0, zarr_format: ZarrVersion = 3
) -> ArrayMetadata:
    grid = Extension("regular", {"chunk_shape": []})
    keys = Extension("default")
    data_type = zarr_type(np.dtype(dtype))
    return ArrayMetadata((), data_type, grid, keys, fill, (), attributes, zarr_format=zarr_format)


@pytest.mark.parametrize("kind", [kind for kind in NUMBERS if kind.dtype.kind == "f"])
def test_a_double_whose_base64_looks_like_hexadecimal_is_read(kind: Any) -> None:
    value = np.frombuffer(base64.b64decode("0x1AAAAAAEA="))[0]
    assert encode(value) == "0x1AAAAAAEA="
    assert decode("0x1AAAAAAEA=", kind.dtype) == kind.dtype.type(value)


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: kind.name)
def test_what_is_written_is_read_again(kind: Any) -> None:
    @given(numbers(kind))
    def check(number: Any) -> None:
        value = kind.dtype.type(number)
        found = decode(loads(dumps(encode(value))), kind.dtype)
        assert found.dtype == value.dtype
        np.testing.assert_equal(found, value)

    check()


def test_in_zarr_v2_the_fill_value_of_the_array_is_the_attribute() -> None:
    assert fill_attribute(document("i2", {}, np.int16(7), 2), np.dtype("i2")) == Attribute(
        np.array([7], "i2"), ATOMIC_TYPES["short"]
    )
    assert fill_attribute(document("i2", {}, None, 2), np.dtype("i2")) is None
    assert fill_attribute(document("i2", {}, np.int16(7), 3), np.dtype("i2")) is None
    assert fill_attribute(document("S1", {}, np.bytes_(b""), 2), np.dtype("S1")) == Attribute(
        "\0", CHAR
    )
    assert fill_attribute(document("O", {}, "", 2), np.dtype("O")) == Attribute([""], STRING)
    both = document("i2", {"_FillValue": 3}, np.int16(7), 2)
    assert fill_attribute(both, np.dtype("i2")) == Attribute([3], ATOMIC_TYPES["short"])


def test_half_of_a_surrogate_pair_is_no_character() -> None:
    with pytest.raises(MetadataError):
        decode("\udc80", np.dtype("S1"))
