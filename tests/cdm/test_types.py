"""The types of the data model on NumPy."""

from __future__ import annotations

import pickle

import netCDF4
import numpy as np
import pytest

from zarr_cdm.cdm.types import (
    ATOMIC_TYPES,
    STRING,
    CompoundField,
    CompoundType,
    EnumType,
    OpaqueType,
    VlenType,
    any_type,
    atomic_type,
)
from zarr_cdm.errors import UnsupportedError


@pytest.mark.parametrize("kind", ATOMIC_TYPES.values(), ids=ATOMIC_TYPES.get)
def test_every_type_is_found_again_by_its_dtype_in_both_byte_orders(kind: object) -> None:
    dtype = kind.dtype  # type: ignore[attr-defined]
    assert atomic_type(dtype) is kind
    assert atomic_type(dtype.newbyteorder(">")) is kind
    assert any_type(dtype) is kind


@pytest.mark.parametrize("dtype", ["U", "U7", "O", np.dtypes.StringDType()])
def test_text_of_any_length_is_string(dtype: str) -> None:
    assert atomic_type(np.dtype(dtype)) is STRING


@pytest.mark.parametrize("dtype", ["?", "c8", "f2", "M8[s]", "S2", "S0", "V3", "i4,f4", ">c16"])
def test_what_netcdf_lacks_is_refused_or_goes_by_numpys_name(dtype: str) -> None:
    with pytest.raises(UnsupportedError, match="known: byte, char"):
        atomic_type(np.dtype(dtype))
    assert any_type(np.dtype(dtype)).dtype == np.dtype(dtype)
    assert any_type(np.dtype(dtype)) == any_type(np.dtype(dtype))


def test_default_fill_values_are_those_of_netcdf_c() -> None:
    for code, fill in netCDF4.default_fillvals.items():
        if code == "S1" or code.startswith("c"):
            continue  # a text there; a NUL in netcdf.h. Complex numbers are compounds.
        kind = atomic_type(np.dtype(code))
        assert kind.default_fill == kind.dtype.type(fill), code
        assert kind.default_fill.dtype == kind.dtype
    assert ATOMIC_TYPES["char"].default_fill == b"\0"


def test_a_type_is_itself_again_after_pickling() -> None:
    for kind in ATOMIC_TYPES.values():
        assert pickle.loads(pickle.dumps(kind)) is kind


def test_user_types_have_the_memory_of_their_c_types() -> None:
    short, byte = ATOMIC_TYPES["short"], ATOMIC_TYPES["byte"]
    cloud = EnumType("cloud", byte, {"clear": 0, "cumulus": 1})
    point = CompoundType(
        "point", (CompoundField("kind", cloud, 0), CompoundField("xy", short, 2, (2,))), 8
    )
    assert cloud.dtype == "i1"
    assert point.dtype.itemsize == 8
    assert point.dtype.fields["xy"] == (np.dtype(("i2", (2,))), 2)
    assert OpaqueType("blob", 11).dtype == "V11"
    assert VlenType("row", short).dtype == object
