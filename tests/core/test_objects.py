"""Arrays of objects of Zarr v2 as others wrote them, and what NCZarr says in its own way."""

from __future__ import annotations

from typing import Any

import numcodecs
import numpy as np
import pytest

from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import UnknownNameError, UnsupportedError, ZarrCdmError
from zarr_cdm.metadata import v2

LABELS = ["b", "a"]
CODECS: dict[str, dict[str, Any]] = {
    "vlen-utf8": {"id": "vlen-utf8"},
    "json2": numcodecs.JSON().get_config(),
    "categorize": numcodecs.Categorize(LABELS, "|O", "<u2").get_config(),
    "vlen-array": numcodecs.VLenArray("<i4").get_config(),
}


def document(filters: list[Any], **others: Any) -> dict[str, Any]:
    shared = {"zarr_format": 2, "shape": [5], "chunks": [2], "dtype": "|O", "order": "C"}
    return shared | {"fill_value": 0, "compressor": None, "filters": filters} | others


def objects(elements: list[Any]) -> np.ndarray:
    array = np.empty(len(elements), object)
    array[:] = elements
    return array


def plain(array: np.ndarray) -> list[Any]:
    return [e.tolist() if isinstance(e, np.ndarray) else e for e in array.ravel()]


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("compressor", [None, {"id": "zlib", "level": 1}])
def test_objects_are_read_and_written_as_numcodecs_has_them(
    name: str, compressor: Any, tmp_path: Any
) -> None:
    elements: list[Any] = ["a", "b"]
    if name == "vlen-array":
        elements = [np.array([1, 2], "i4"), np.array([], "i4")]
    encoded = numcodecs.get_codec(CODECS[name]).encode(objects(elements))
    if compressor:
        encoded = numcodecs.get_codec(compressor).encode(encoded)
    (tmp_path / "1").write_bytes(bytes(encoded))
    found = document([CODECS[name]], compressor=compressor)
    array = ZarrArray(LocalStore(str(tmp_path)), "", v2.read_array(found, {}))
    nothing = None if name == "vlen-array" else ""
    wanted = plain(objects(elements))
    assert plain(array[...]) == [nothing, nothing, *wanted, nothing]
    assert plain(array[3:1:-1]) == wanted[::-1]
    array[4:] = objects(elements[:1])
    array[1] = objects(elements[:1])[0] if name != "vlen-array" else None
    assert plain(array[...])[2:] == [*wanted, wanted[0]]
    array[2:4] = objects(elements)
    if name in ("vlen-utf8", "vlen-array") or compressor is None:
        assert (tmp_path / "1").read_bytes() == bytes(encoded)
    written = v2.write_array(array.metadata)
    assert written["filters"] == [CODECS[name]]
    assert v2.read_array(written, {}) == array.metadata


@pytest.mark.parametrize("order", ["C", "F"])
def test_categories_of_fixed_length_are_read(order: str, tmp_path: Any) -> None:
    codec = numcodecs.Categorize(LABELS, "<U1", "|u1")
    values = np.array([["a", "b", ""], ["b", "b", "a"]], order=order)
    (tmp_path / "0.0").write_bytes(codec.encode(values).tobytes())
    shapes = {"shape": [2, 3], "chunks": [2, 3], "dtype": "<U1", "order": order, "fill_value": ""}
    found = document([codec.get_config()], **shapes)
    array = ZarrArray(LocalStore(str(tmp_path)), "", v2.read_array(found, {}))
    assert array[...].dtype == "U1"
    assert array[...].tolist() == values.tolist()
    assert v2.write_array(array.metadata)["filters"] == [codec.get_config()]


@pytest.mark.parametrize(
    ("filters", "kind"),
    [
        ([{"id": "pickle", "protocol": 5}], UnsupportedError),
        ([{"id": "msgpack2"}], UnsupportedError),
        ([{"id": "json"}], UnsupportedError),
        ([], UnsupportedError),
        ([{"id": "zlib"}], UnsupportedError),
        ([{"id": "vlen-utf8"}, {"id": "pickle"}], UnknownNameError),
        ([{"id": "vlen-utf8"}, {"id": "msgpack2"}], UnknownNameError),
        ([{"id": "json2"}, {"id": "json2"}], ZarrCdmError),
    ],
)
def test_what_could_run_code_is_refused_before_a_chunk_is_read(
    filters: list[Any], kind: type[ZarrCdmError], tmp_path: Any
) -> None:
    with pytest.raises(kind):
        ZarrArray(LocalStore(str(tmp_path)), "", v2.read_array(document(filters), {}))


def test_nczarr_writes_numbers_as_texts(tmp_path: Any) -> None:
    filters = [{"id": "shuffle", "elementsize": "0"}, {"id": "fletcher32"}]
    found = document(filters, dtype="<i4", compressor={"id": "zlib", "level": "5"})
    metadata = v2.read_array(found, {})
    assert [dict(codec.configuration) for codec in metadata.codecs[1:]] == [
        {"elementsize": 4},
        {},
        {"level": 5},
    ]
    array = ZarrArray(LocalStore(str(tmp_path)), "", metadata)
    array[...] = np.arange(5)
    codec = numcodecs.Shuffle(4)
    stored = numcodecs.Zlib().decode((tmp_path / "0").read_bytes())
    shuffled = numcodecs.Fletcher32().decode(stored)
    assert np.frombuffer(codec.decode(shuffled), "<i4").tolist() == [0, 1]
    text = {"id": "fixedscaleoffset", "scale": "1.5e1", "offset": "-2", "dtype": "<f8"}
    number = v2.read_array(document([text | {"astype": "<i4"}], dtype="<f8"), {}).codecs[1]
    assert (number.configuration["scale"], number.configuration["offset"]) == (15.0, -2)
    assert number.configuration["dtype"] == "<f8"


def test_objects_that_must_not_be_changed_are_written() -> None:
    array = ZarrArray(MemoryStore(), "", v2.read_array(document([{"id": "vlen-bytes"}]), {}))
    values = objects([b"a", b"", b"b", b"", b"c"])
    values.flags.writeable = False
    array[...] = values
    assert array[...].tolist() == values.tolist()
