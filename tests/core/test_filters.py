"""Filters of Zarr v2 in arrays: what numcodecs makes of them, and what stays of it."""

from __future__ import annotations

from typing import Any

import numcodecs
import numpy as np
import pytest

from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.metadata import v2

DOCUMENT: dict[str, Any] = {
    "zarr_format": 2,
    "shape": [4, 3],
    "chunks": [4, 3],
    "dtype": "<f4",
    "order": "F",
    "fill_value": 0.0,
    "compressor": {"id": "zlib", "level": 1},
    "filters": [{"id": "bitround", "keepbits": 3}],
}


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8"])
def test_bitround_rounds_what_is_written(dtype: str) -> None:
    store = MemoryStore()
    array = ZarrArray(store, "", v2.read_array(DOCUMENT | {"dtype": dtype}, {}))
    values = np.linspace(-3, 7, 12).reshape(4, 3).astype(dtype)
    array[...] = values
    native = values.astype(values.dtype.newbyteorder("="))
    rounded = numcodecs.BitRound(3).encode(native).view(native.dtype).reshape(4, 3)
    assert not np.array_equal(rounded, values)
    np.testing.assert_array_equal(array[...], rounded)
    stored = np.frombuffer(numcodecs.Zlib().decode(store.get("0.0")), dtype)
    np.testing.assert_array_equal(stored.reshape(4, 3, order="F"), rounded)


def test_a_document_with_bitround_is_written_as_it_was_read() -> None:
    written = v2.write_array(v2.read_array(DOCUMENT, {}))
    assert written["filters"] == DOCUMENT["filters"]
    assert written["compressor"] == DOCUMENT["compressor"]
    assert written["order"] == "F"
