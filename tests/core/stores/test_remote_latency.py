"""What latency costs: rounds of requests, counted by a server that takes 50 ms for each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from tests.server import Site, serve
from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.table import open_store
from zarr_cdm.metadata import v2, v3
from zarr_cdm.metadata.documents import GroupMetadata, Node, ZarrVersion

pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")

LATENCY = 0.05
CHUNKS = 200
VALUES = np.arange(CHUNKS * 10, dtype="<f4")
BYTES = {"name": "bytes", "configuration": {"endian": "little"}}
SHARDS = {
    "name": "sharding_indexed",
    "configuration": {"chunk_shape": [10], "codecs": [BYTES], "index_codecs": [BYTES]},
}


def array(chunk: int, codecs: list[Any]) -> Any:
    return v3.read(
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [len(VALUES)],
            "data_type": "float32",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [chunk]}},
            "chunk_key_encoding": {"name": "default"},
            "fill_value": 0,
            "codecs": codecs,
            "dimension_names": ["x"],
        }
    )


def old_array() -> Any:
    document = {"zarr_format": 2, "shape": [len(VALUES)], "chunks": [10], "dtype": "<f4"}
    rest = {"compressor": None, "filters": None, "fill_value": 0, "order": "C"}
    return v2.read_array({**document, **rest}, {"_ARRAY_DIMENSIONS": ["x"]})


def hierarchy(zarr_format: ZarrVersion) -> dict[str, bytes]:
    store = MemoryStore()
    arrays = (
        {"plain": array(10, [BYTES]), "sharded": array(1000, [SHARDS])}
        if zarr_format == 3
        else {"plain": old_array()}
    )
    members = {name: Node(document) for name, document in arrays.items()}
    root = Node(GroupMetadata({}, zarr_format=zarr_format), members)
    group = create_tree(store, root, zarr_format)
    for name in members:
        group.array(name)[...] = VALUES
    publish(group)
    return {key: store.get(key) or b"" for key in store.list()}


@pytest.fixture(scope="module")
def hierarchies() -> dict[int, dict[str, bytes]]:
    return {2: hierarchy(2), 3: hierarchy(3)}


@contextmanager
def warm(values: dict[str, bytes]) -> Iterator[Site]:
    """Serve something, after a first request: loading a client takes its time once."""
    with serve(values=values) as site:
        open_store(site.url).get("none")
        site.asked.clear()
        site.latency, site.most_running = LATENCY, 0
        yield site


@pytest.fixture
def site(hierarchies: dict[int, dict[str, bytes]]) -> Iterator[Site]:
    with warm(hierarchies[3]) as site:
        yield site


def test_opening_a_consolidated_group_costs_one_request(site: Site) -> None:
    group = open_tree(open_store(site.url))
    assert group.consolidated
    assert group.array("plain").shape == VALUES.shape
    assert site.asked == ["/zarr.json"]


def test_so_does_opening_it_as_a_dataset(site: Site) -> None:
    with zarr_cdm.read(site.url) as dataset:
        assert set(dataset.variables) == {"plain", "sharded"}
    assert site.asked == ["/zarr.json"]


def test_version_2_costs_one_more_or_one_where_the_url_says_so(
    hierarchies: dict[int, dict[str, bytes]],
) -> None:
    with warm(hierarchies[2]) as site:
        assert open_tree(open_store(site.url)).consolidated
        assert site.asked == ["/zarr.json", "/.zmetadata"]
        site.asked.clear()
        assert open_tree(open_store(f"{site.url}|zarr2:")).consolidated
        assert site.asked == ["/.zmetadata"]


@pytest.mark.parametrize("count", [32, 200])
def test_reading_chunks_costs_one_round(site: Site, count: int) -> None:
    calm = {"zarr_cdm": {"repeat_after": 60}}  # on a busy machine some answers are late
    plain = open_tree(open_store(site.url, calm)).array("plain")
    site.asked.clear()
    begin = time.perf_counter()
    found = plain[: count * 10]
    took = time.perf_counter() - begin
    np.testing.assert_array_equal(found, VALUES[: count * 10])
    assert len(site.asked) == len(set(site.asked)) == count
    assert took < count / 2 * LATENCY  # and far less where nothing else runs


def test_all_requests_of_a_round_are_under_way_at_once(site: Site) -> None:
    calm = {"zarr_cdm": {"repeat_after": 60}}
    plain = open_tree(open_store(site.url, calm)).array("plain")
    site.latency = 1.0  # so that a busy machine too sends them all before one is answered
    np.testing.assert_array_equal(plain[:2000], VALUES[:2000])
    assert site.most_running > 150


def test_reading_out_of_shards_costs_two_rounds(site: Site) -> None:
    sharded = open_tree(open_store(site.url)).array("sharded")
    site.asked.clear()
    np.testing.assert_array_equal(sharded[5:1995:100], VALUES[5:1995:100])
    assert len(site.asked) == 2 + 2  # the indices of two shards, then one span of each


def test_values_and_parts_of_several_keys_go_in_one_round(site: Site) -> None:
    store = open_store(site.url, {"zarr_cdm": {"repeat_after": 60}})
    site.latency = 1.0  # so that a busy machine too sends them all before one is answered
    parts = [(f"plain/c/{i}", Span(0, 5) if i % 2 else None) for i in range(40)]
    assert None not in store.get_many(parts)
    assert site.most_running == 40


def test_no_more_requests_run_at_once_than_a_user_wants(site: Site) -> None:
    store = open_store(site.url, {"zarr_cdm": {"requests": 7}})
    assert None not in store.get_many([(f"plain/c/{i}", None) for i in range(40)])
    assert site.most_running == 7
