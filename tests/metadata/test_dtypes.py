"""Data types beyond plain numbers: times, structs and what ml_dtypes has."""

from __future__ import annotations

import base64
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metadata.generated import DATA_TYPES, SHAPED, STRUCTS, V2_TYPES, fills, struct
from tests.metadata.test_deviations import read_v2, read_v3
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import UnknownNameError, UnsupportedError
from zarr_cdm.metadata import byteorder, v2, v3
from zarr_cdm.metadata.dtypes import (
    MACHINE,
    VARIABLE,
    from_typestr,
    kind_of,
    numpy_dtype,
    to_typestr,
    zarr_type,
)
from zarr_cdm.metadata.extension import Extension

MIXED = [["a", "<i2"], ["b", [["c", ">f8"], ["d", "<u2"]]], ["e", ">U2", [2]], ["f", "|u1"]]
FIXED = [found for found in [*DATA_TYPES, *SHAPED] if found.name not in VARIABLE]


@pytest.mark.parametrize(
    "typestr",
    [
        "<M8[ns]",
        ">m8[10us]",
        "<M8",
        ">M8[25s]",
        "bfloat16",
        "int4",
        [["a", "|u1"], ["b", "<f4"]],
        [["a", ">i2", [2, 3]], ["b", [["c", ">M8[D]"], ["d", "|S3"]]]],
        [["a", "|u1"], ["b", "|V2"]],
        MIXED,
    ],
    ids=repr,
)
def test_a_v2_type_is_written_as_it_was_read(typestr: Any) -> None:
    assert to_typestr(*from_typestr(typestr)) == typestr


@pytest.mark.parametrize("data_type", V2_TYPES, ids=str)
@pytest.mark.parametrize("endian", ["little", "big"])
def test_a_v3_type_is_what_it_was_after_v2(data_type: Extension, endian: str) -> None:
    found, order = from_typestr(to_typestr(data_type, endian))
    assert numpy_dtype(found) == numpy_dtype(data_type)
    multiple = byteorder.has_byte_order(numpy_dtype(data_type))
    assert order == (endian if multiple else None)
    if data_type.name not in VARIABLE:
        assert found == data_type


def test_fields_of_different_byte_order_keep_theirs() -> None:
    assert from_typestr(MIXED)[1] == ("little", ("big", "little"), "big", None)
    inner = [("c", ">f8"), ("d", "<u2")]
    dtype = np.dtype([("a", "<i2"), ("b", inner), ("e", ">U2", (2,)), ("f", "u1")])
    values = np.array([(1, (2.5, 3), ["ab", "µ"], 5), (-1, (np.nan, 4), ["", "x"], 6)], dtype)
    fill = base64.b64encode(values[:1].tobytes()).decode()
    document = read_v2(dtype=MIXED, fill_value=fill, shape=[2], chunks=[2])
    assert v2.write_array(document)["fill_value"] == fill
    assert document.dtype == dtype.newbyteorder("=")
    assert document.fill_value.tobytes() == values[:1].astype(document.dtype).tobytes()
    store = MemoryStore()
    array = ZarrArray(store, "", document)
    array[...] = values
    assert store.get("0") == values.tobytes()
    assert array[...].tobytes() == values.astype(array.dtype).tobytes()
    with pytest.raises(UnsupportedError, match="field 'e' has the shape"):
        v3.write(document)


def test_a_shape_of_a_field_is_refused_in_v3() -> None:
    document = read_v2(dtype=[["a", "<i2", [2]]])
    with pytest.raises(UnsupportedError, match=r"field 'a' has the shape \(2,\)"):
        v3.write(document)
    with pytest.raises(UnsupportedError, match="fields differ in byte order"):
        v3.write(read_v2(dtype=[["a", "<i2"], ["b", ">i2"]]))


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_stored_elements_are_what_they_were_in_both_byte_orders(data: st.DataObject) -> None:
    data_type = data.draw(st.sampled_from(FIXED))
    dtype = numpy_dtype(data_type)
    values = np.array(data.draw(st.lists(fills(data_type), min_size=1, max_size=3)), dtype)
    for endian in ("little", "big", None):
        stored = byteorder.to_stored(values, dtype, endian)
        assert stored.nbytes == values.nbytes
        assert byteorder.from_stored(stored, dtype, endian).tobytes() == values.tobytes()
    native = byteorder.to_stored(values, dtype, sys.byteorder)
    assert native.tobytes() == values.tobytes()


@pytest.mark.parametrize("dtype", ["i4", "f8", "c8", "U3", "M8[s]", "S3", "?", "V5", "i2,U2,c16"])
def test_the_byte_order_is_that_of_numpy(dtype: str) -> None:
    native = np.dtype(dtype)
    values = np.frombuffer(bytes(range(3 * native.itemsize)), np.uint8).view(native)
    for endian, order in (("little", "<"), ("big", ">")):
        stored = byteorder.to_stored(values, native, endian)
        swapped = np.frombuffer(stored, native.newbyteorder(order))
        if native.kind != "U" and "U" not in dtype:
            assert swapped.astype(native).tobytes() == values.tobytes()
        # What NumPy holds in an order of its own comes out of an array codec.
        assert byteorder.from_stored(stored, native.newbyteorder(order), endian).tobytes() == (
            stored.tobytes()
        )


def test_numbers_of_ml_dtypes_are_swapped() -> None:
    values = np.array([1.5], numpy_dtype(Extension("bfloat16")))
    assert byteorder.to_stored(values, values.dtype, "big").tobytes().hex() == "3fc0"
    pair = np.array([1, 2], "f2").view(numpy_dtype(Extension("complex_float16")))
    assert byteorder.to_stored(pair, pair.dtype, "big").tobytes().hex() == "3c004000"


@pytest.mark.parametrize("name", MACHINE)
def test_types_of_ml_dtypes_have_an_inverse(name: str) -> None:
    dtype = numpy_dtype(Extension(name))
    assert zarr_type(dtype) == Extension(name)
    assert kind_of(dtype) == MACHINE[name][0]
    assert from_typestr(name)[0] == Extension(name)


@pytest.mark.parametrize("name", MACHINE)
def test_without_ml_dtypes_the_error_names_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(UnsupportedError, match=r"needs the package ml_dtypes: pip install"):
        numpy_dtype(Extension(name))


def test_an_old_ml_dtypes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("ml_dtypes.float4_e2m1fn")
    with pytest.raises(UnsupportedError, match="needs a newer ml_dtypes than"):
        numpy_dtype(Extension("float4_e2m1fn"))


def test_v2_has_no_big_endian_numbers_of_ml_dtypes() -> None:
    with pytest.raises(UnsupportedError, match="'bfloat16' in big-endian order"):
        to_typestr(Extension("bfloat16"), "big")


@pytest.mark.parametrize(
    ("data_type", "bits", "written"),
    [
        ("bfloat16", "7fc0", "NaN"),
        ("bfloat16", "7fc1", "0x7fc1"),
        ("bfloat16", "ff80", "-Infinity"),
        ("float8_e4m3", "7c", "NaN"),
        ("float8_e4m3", "fc", "0xfc"),
        ("float8_e3m4", "78", "NaN"),
        ("float8_e5m2", "7e", "NaN"),
        ("float8_e5m2fnuz", "80", "NaN"),
        ("float8_e8m0fnu", "ff", "NaN"),
        ("float4_e2m1fn", "07", 6.0),
        ("int4", "0d", -3),
        ("complex_bfloat16", "3f807fc0", [1.0, "NaN"]),
        ("complex_float32", "3f8000007fc00001", [1.0, "0x7fc00001"]),
    ],
)
def test_fills_of_rare_types_are_written_as_their_pages_say(
    data_type: str, bits: str, written: Any
) -> None:
    dtype = numpy_dtype(Extension(data_type))
    value = byteorder.from_stored(bytes.fromhex(bits), dtype, "big")[0]
    document = read_v3(data_type=data_type, fill_value=written)
    assert document.fill_value.tobytes() == value.tobytes()
    assert v3.write(document)["fill_value"] == written


@pytest.mark.parametrize(("fill", "count"), [("NaT", -(2**63)), (-(2**63), -(2**63)), (7, 7)])
@pytest.mark.parametrize("kind", ["datetime64", "timedelta64"])
def test_times_have_numbers_or_nat_as_fill(kind: str, fill: Any, count: int) -> None:
    time = {"name": f"numpy.{kind}", "configuration": {"unit": "ns", "scale_factor": 1}}
    newer = read_v3(data_type=time, fill_value=fill)
    older = read_v2(dtype=f"<{kind[0].replace('d', 'M').replace('t', 'm')}8[ns]", fill_value=fill)
    for document in (newer, older):
        assert document.fill_value.view("i8") == count
        assert document.fill_value.dtype == f"{kind}[ns]"
    assert v3.write(newer)["fill_value"] == v2.write_array(older)["fill_value"] == count


def test_both_spellings_of_microseconds_are_one() -> None:
    greek = Extension("numpy.datetime64", {"unit": "μs", "scale_factor": 1})
    assert zarr_type(numpy_dtype(greek)).configuration["unit"] == "us"


@pytest.mark.parametrize("endian", [None, "little", "big"])
def test_old_structs_are_read_and_written_as_new_ones(endian: str | None) -> None:
    values = np.array([(1, 2.5)], [("a", "i2"), ("b", "f4")])
    order = ">" if endian == "big" else "<"
    stored = values.astype([("a", f"{order}i2"), ("b", f"{order}f4")]).tobytes()
    document = read_v3(
        data_type={
            "name": "structured",
            "configuration": {"fields": [["a", "int16"], ["b", {"name": "float32"}]]},
        },
        fill_value=base64.b64encode(stored).decode(),
        codecs=[{"name": "bytes", "configuration": {"endian": endian} if endian else {}}],
    )
    assert document.fill_value == values[0]
    written = v3.write(document)
    assert written["data_type"] == {
        "name": "struct",
        "configuration": {
            "fields": [{"name": "a", "data_type": "int16"}, {"name": "b", "data_type": "float32"}]
        },
    }
    assert written["fill_value"] == {"a": 1, "b": 2.5}
    assert v3.read(written) == document


@pytest.mark.parametrize("fill", [0, "", False, None])
def test_an_empty_fill_of_v2_is_zero_for_structs(fill: Any) -> None:
    document = read_v2(dtype=[["a", "<i2"], ["b", "<f4"]], fill_value=fill)
    array = ZarrArray(MemoryStore(), "", document)
    assert array[...].tolist() == [[(0, 0.0)] * 6] * 4


@pytest.mark.parametrize("data_type", [*STRUCTS, *SHAPED], ids=str)
def test_a_struct_of_numpy_has_an_inverse(data_type: Extension) -> None:
    dtype = numpy_dtype(data_type)
    assert zarr_type(dtype) == data_type
    assert zarr_type(dtype.newbyteorder(">")) == data_type
    assert numpy_dtype(zarr_type(dtype)) == dtype


def test_padding_is_left_out() -> None:
    padded = np.dtype("u1,f8", align=True)
    assert numpy_dtype(zarr_type(padded)) == np.dtype("u1,f8")
    values = np.array([(1, 2.0)], padded)
    assert byteorder.to_stored(values, np.dtype("u1,f8"), "little").nbytes == 9


@pytest.mark.parametrize("dtype", [[("a", "O")], [("a", [("b", "O")])], "g", "G"])
def test_what_zarr_has_no_type_for_is_refused(dtype: Any) -> None:
    with pytest.raises(UnknownNameError, match="Zarr has no"):
        zarr_type(np.dtype(dtype))


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize(
    "data_type", [*STRUCTS, struct(a=Extension("bfloat16")), Extension("int4")], ids=str
)
def test_arrays_of_rare_types_are_read_as_they_were_written(
    data_type: Extension, endian: str
) -> None:
    dtype = numpy_dtype(data_type)
    values = np.zeros((4, 6), dtype)
    document = read_v3(
        data_type=data_type.to_json(),
        fill_value=v3.fills.encode(values[0, 0], data_type),
        codecs=[{"name": "bytes", "configuration": {"endian": endian}}, {"name": "zstd"}],
    )
    array = ZarrArray(MemoryStore(), "", document)
    values[1:, 2:] = np.ones((3, 4), dtype)
    array[1:, 2:] = values[1:, 2:]
    assert array[...].tobytes() == values.tobytes()
    assert array[::-2, [5, 0]].tobytes() == values[::-2, [5, 0]].tobytes()
    assert array.vindex[[1, 3], [2, 0]].tobytes() == values[[1, 3], [2, 0]].tobytes()
