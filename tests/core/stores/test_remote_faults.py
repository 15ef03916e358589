"""What servers do wrong over HTTP: a chunk is right, an error, or missing where it really is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from tests.server import FAULTS, Site, serve
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.group import open_tree
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.network import Network
from zarr_cdm.core.stores.remote import RemoteStore
from zarr_cdm.errors import StoreError, ZarrCdmError
from zarr_cdm.metadata.json import dumps

pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")

VALUES = np.arange(1, 4097, dtype="<f4").reshape(64, 64)  # no fill value among them
FILL = -1.0
CHUNK = "c/0/0"
NETWORK = Network(
    attempts=3, backoff=0.002, connect_timeout=1, read_timeout=0.25, longest_wait=0.01
)
BYTES = {"name": "bytes", "configuration": {"endian": "little"}}
CODECS = {
    "plain": [BYTES],
    "sharded": [
        {
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": [16, 64],
                "codecs": [BYTES],
                "index_codecs": [BYTES, {"name": "crc32c"}],
            },
        }
    ],
}
LAYOUTS = list(CODECS)

RIGHT, MISSING, WRONG = "right", "missing", "wrong"


@dataclass(frozen=True)
class Expected:
    """What comes of a fault that lasts, and whether it is worth another try."""

    lasting: str = WRONG
    passes: bool = False


TRANSIENT = Expected(passes=True)
EXPECTED = {
    "404": Expected(MISSING),
    "410": Expected(MISSING),
    "204": Expected(),
    "400": Expected(),
    "401": Expected(),
    "403": Expected(),
    "429": TRANSIENT,
    "500": TRANSIENT,
    "502": TRANSIENT,
    "503": TRANSIENT,
    "bare 206": Expected(),
    "redirect": Expected(RIGHT),
    "redirect to file": Expected(),
    "redirect to nowhere": Expected(),
    "redirect loop": Expected(),
    "login page": Expected(),
    "body cut": TRANSIENT,
    "connection reset": TRANSIENT,
    "short Content-Length": Expected(),
    "short body": Expected(),
    "long body": Expected(),
    "ignores Range": Expected(RIGHT),
    "hang": TRANSIENT,
    "slow drip": TRANSIENT,
    "gzip": Expected(RIGHT),
    "gzip of a part": Expected(),
    "half a gzip": Expected(),
    "wrong Content-Range": Expected(),
    "unknown size": Expected(RIGHT),
    "chunked": Expected(RIGHT),
    "416 without a size": Expected(RIGHT),
}
# Where a whole value is asked for, or a short one is none that could be another's part.
DIFFERENT = {
    # All that was asked for is sent, packed as a whole.
    ("gzip of a part", "plain"): Expected(RIGHT),
    # The index asks for the last bytes, and without the size nobody can tell which those are.
    ("short body", "sharded"): TRANSIENT,
}


def expected(fault: str, layout: str) -> Expected:
    return DIFFERENT.get((fault, layout), EXPECTED[fault])


def written(layout: str) -> dict[str, bytes]:
    """Return an array of one chunk, or of one shard of four."""
    store = MemoryStore()
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [64, 64],
        "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [64, 64]}},
        "chunk_key_encoding": {"name": "default"},
        "fill_value": FILL,
        "codecs": CODECS[layout],
    }
    store.set("zarr.json", dumps(document))
    open_tree(store).array("")[...] = VALUES
    return {key: store.get(key) or b"" for key in store.list()}


@pytest.fixture(scope="module")
def stores() -> dict[str, dict[str, bytes]]:
    return {layout: written(layout) for layout in LAYOUTS}


@pytest.fixture
def sites(stores: dict[str, dict[str, bytes]]) -> Iterator[dict[str, Site]]:
    with serve(values=stores["plain"]) as plain, serve(values=stores["sharded"]) as sharded:
        yield {"plain": plain, "sharded": sharded}


def opened(site: Site) -> ZarrArray:
    return open_tree(RemoteStore(site.url, network=NETWORK)).array("")


def outcome(array: ZarrArray) -> str:
    """Return what reading a part of the chunk comes to; nothing else can."""
    begin, error = time.perf_counter(), None
    try:
        found = array[20:40]
    except ZarrCdmError as raised:
        error = raised
    assert time.perf_counter() - begin < 5
    if error is not None:
        assert (error.source, error.key) == (array.store.url, CHUNK)
        return WRONG
    if (found == FILL).all():
        return MISSING
    np.testing.assert_array_equal(found, VALUES[20:40])
    return RIGHT


def test_every_fault_is_expected_to_do_something() -> None:
    assert set(EXPECTED) == set(FAULTS)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_lasts(sites: dict[str, Site], layout: str, fault: str) -> None:
    site, other = sites[layout], serve(values=sites[layout].values)
    with other as elsewhere:
        site.elsewhere = elsewhere.url
        array = opened(site)
        site.faults[CHUNK] = fault
        assert outcome(array) == expected(fault, layout).lasting
    if expected(fault, layout).passes:
        assert site.asked.count(f"/{CHUNK}") == NETWORK.attempts


@pytest.mark.parametrize(
    ("fault", "layout"),
    [(fault, layout) for fault in FAULTS for layout in LAYOUTS if expected(fault, layout).passes],
)
def test_a_fault_that_passes(sites: dict[str, Site], layout: str, fault: str) -> None:
    site = sites[layout]
    array = opened(site)
    site.faults[CHUNK], site.fault_count = fault, 2
    assert outcome(array) == RIGHT
    again = 0 if layout == "plain" else 1  # index, then chunks
    assert site.asked.count(f"/{CHUNK}") == 3 + again


@pytest.mark.parametrize(
    "fault", [name for name in FAULTS if expected(name, "plain").lasting == WRONG]
)
def test_a_document_that_cannot_be_read_is_not_missing(sites: dict[str, Site], fault: str) -> None:
    sites["plain"].faults["zarr.json"] = fault
    with pytest.raises(ZarrCdmError) as caught:
        open_tree(RemoteStore(sites["plain"].url, network=NETWORK))
    assert caught.value.key == "zarr.json"


@pytest.mark.parametrize("at", [0, 1, 1000, 4095])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_connection_that_ends_after_any_byte(
    sites: dict[str, Site], layout: str, at: int
) -> None:
    def cut(handler: object, site: Site, data: bytes, asked: str | None) -> None:
        body = data[:at]
        handler.send(200, body, {"Content-Length": str(len(data))})  # type: ignore[attr-defined]
        handler.close_connection = True  # type: ignore[attr-defined]

    site = sites[layout]
    array = opened(site)
    FAULTS["cut at a byte"] = cut
    try:
        site.faults[CHUNK], site.fault_count = "cut at a byte", 1
        assert outcome(array) == RIGHT
    finally:
        del FAULTS["cut at a byte"]


def test_every_kth_failure_costs_one_more_request(sites: dict[str, Site]) -> None:
    site = sites["plain"]
    site.values = {f"c/{i}": bytes([i]) * 100 for i in range(60)}
    for i in range(0, 60, 3):
        site.faults[f"c/{i}"] = "503"
    site.fault_count = 1
    found = RemoteStore(site.url, network=NETWORK).get_many([(f"c/{i}", None) for i in range(60)])
    assert found == list(site.values.values())
    assert len(site.asked) == 60 + 20


def test_one_failure_among_many_is_an_error_that_names_its_key(sites: dict[str, Site]) -> None:
    site = sites["plain"]
    site.values = {f"c/{i}": b"1" for i in range(20)}
    site.faults["c/7"] = "500"
    with pytest.raises(StoreError, match="500 Internal Server Error, after 3 attempts") as caught:
        RemoteStore(site.url, network=NETWORK).get_many([(f"c/{i}", None) for i in range(20)])
    assert caught.value.key == "c/7"
