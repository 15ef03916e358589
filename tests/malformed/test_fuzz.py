"""Documents and indices of shards, damaged at random: our errors come out, or what a model says."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.malformed.chunks import INNER, NO_CHUNK, with_crc
from tests.malformed.documents import sharded
from tests.malformed.stores import ARRAY, ARRAY_V2, DATA, GROUP, LITTLE, chunks, document, named
from tests.metadata.test_malformed import WHOLE_V2, WHOLE_V3, places
from zarr_cdm.core.opening import open_group
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import ChunkError, LimitError, ZarrCdmError

# Each example of Hypothesis is a seed for so many damaged things: 2,000 in the quick run.
EACH = 50
GROUP_V2 = {"zarr_format": 2}
STRUCT = {"dtype": [["a", "<f4"], ["b", "|S3", [2]]], "fill_value": None}
RECTILINEAR = {
    "chunk_grid": named("rectilinear", kind="inline", chunk_shapes=[[4, 4], [[4, 2]]]),
    "dimension_names": ["y", "x"],
}
# What is damaged, and the other documents of its store.
DOCUMENTS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "v3": ("v/zarr.json", ARRAY | {"attributes": {"a": 1}}, {"zarr.json": GROUP}),
    "v3 of many codecs": ("v/zarr.json", WHOLE_V3, {"zarr.json": GROUP}),
    "v3 in shards": ("v/zarr.json", ARRAY | sharded(), {"zarr.json": GROUP}),
    "v3 rectilinear": ("v/zarr.json", ARRAY | RECTILINEAR, {"zarr.json": GROUP}),
    "v3 consolidated": (
        "zarr.json",
        GROUP | {"consolidated_metadata": {"kind": "inline", "metadata": {"v": ARRAY}}},
        {},
    ),
    "v2": ("v/.zarray", WHOLE_V2, {".zgroup": GROUP_V2}),
    "v2 of structs": ("v/.zarray", ARRAY_V2 | STRUCT, {".zgroup": GROUP_V2}),
    "v2 consolidated": (
        ".zmetadata",
        {
            "zarr_consolidated_format": 1,
            "metadata": {".zgroup": GROUP_V2, "v/.zarray": ARRAY_V2, "v/.zattrs": {"a": 1}},
        },
        {},
    ),
}
ODD: list[Any] = [
    *(None, True, -1, 0, 1, 2.5, 2**31, 2**63, 2**64, 1e300, float("nan"), float("inf")),
    *("", "..", "a/b", "|O", "<f8", "NaN", "0x7fc00000", "AAAA", "\0", "\ud800", "9" * 50),
    *([], {}, [[]], [4, 4], [0, 0], [-1, 4], {"name": "bytes"}, {"id": "pickle"}, {"a": {}}),
    *("string", "numcodecs.pickle", "sharding_indexed", "float33", "struct", "r16", "optional"),
]
TOKENS = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"NaN", b"1e999", b"-", b"\xff", b"\0"]
SELECTION = (slice(0, 4), slice(0, 4))


def damaged_tree(value: Any, chance: Random) -> bytes:
    """Return a document in which parts are others, gone, or copies of each other."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2, 4))):
        path = chance.choice([path for path in places(value) if path])
        parent: Any = value
        for name in path[:-1]:
            parent = parent[name]
        what = chance.randrange(4)
        if what == 0:
            del parent[path[-1]]
        elif what == 1:
            other: Any = value
            for name in chance.choice(places(value)):
                other = other[name]
            parent[path[-1]] = copy.deepcopy(other)
        else:
            parent[path[-1]] = copy.deepcopy(chance.choice(ODD))
        if not any(places(value)):
            break
    return document(value)


def damaged_text(value: Any, chance: Random) -> bytes:
    """Return a document in which characters are others, gone, or more."""
    data = bytearray(document(value))
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(data))
        what = chance.randrange(4)
        if what == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            del data[at : at + chance.randrange(1, 20)]
        elif what == 2:
            data[at:at] = chance.choice(TOKENS) * chance.choice((1, 1, 100))
        else:
            start = chance.randrange(len(data))
            data[at:at] = data[start : start + chance.randrange(1, 60)]
        if not data:
            break
    return bytes(data)


@pytest.mark.parametrize("damage", [damaged_tree, damaged_text])
@pytest.mark.filterwarnings("ignore::zarr_cdm.errors.ZarrCdmWarning")
@pytest.mark.parametrize("name", DOCUMENTS)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_damaged_document_gives_our_errors_only(
    name: str, damage: Callable[[Any, Random], bytes], seed: int
) -> None:
    key, good, others = DOCUMENTS[name]
    chance = Random(seed)
    files = {place: document(value) for place, value in others.items()}
    files |= chunks() | chunks("v/", ".")
    for _ in range(EACH // len(DOCUMENTS)):
        files[key] = damage(good, chance)
        with suppress(ZarrCdmError):
            open_group(MemoryStore(files)).array("v")[SELECTION]


def test_the_documents_are_good_before_they_are_damaged() -> None:
    for key, good, others in DOCUMENTS.values():
        files = {place: document(value) for place, value in others.items()}
        assert open_group(MemoryStore(files | {key: document(good)})).array("v").shape[0] >= 4
        assert json.loads(document(good)) == good


BODY = b"".join(INNER)
NUMBERS = [0, 1, 8, 15, 16, 17, 32, 48, 64, 132, 2**31, 2**32, 2**62, 2**63, 2**64 - 8, NO_CHUNK]


def model(index: list[int], place: int, start: int, size: int, shard: bytes) -> np.ndarray | None:
    """Return the chunk that an index names, None where that must be an error."""
    offset, length = index[2 * place : 2 * place + 2]
    if offset == length == NO_CHUNK:
        return np.full((2, 2), -1, "<f4")
    if NO_CHUNK in (offset, length) or offset + length > len(shard) or length != 16:
        return None
    return np.frombuffer(shard, "<f4", 4, offset).reshape(2, 2) if offset % 1 == 0 else None


@pytest.mark.parametrize("location", ["start", "end"])
@given(seed=st.integers(0, 2**32 - 1))
def test_a_damaged_index_of_a_shard_gives_an_error_or_what_it_says(
    location: str, seed: int
) -> None:
    chance = Random(seed)
    array = document(ARRAY | sharded(index_location=location, codecs=[LITTLE]))
    files = {"zarr.json": document(GROUP), "v/zarr.json": array}
    base = 68 if location == "start" else 0
    for _ in range(EACH // 2):
        index = [number for place in range(4) for number in (base + 16 * place, 16)]
        chance.shuffle(order := list(range(4)))
        index = [number for place in order for number in index[2 * place : 2 * place + 2]]
        for _ in range(chance.randrange(4)):
            index[chance.randrange(8)] = chance.choice(NUMBERS)
        stored = with_crc(struct.pack("<8Q", *index))
        shard = stored + BODY if location == "start" else BODY + stored
        if chance.random() < 0.2:  # what the checksum has to notice
            at = chance.randrange(68) + (0 if location == "start" else len(BODY))
            shard = shard[:at] + bytes([shard[at] ^ 1 << chance.randrange(8)]) + shard[at + 1 :]
            expected: list[np.ndarray | None] = [None] * 4
        else:
            expected = [model(index, place, base, len(BODY), shard) for place in range(4)]
        opened = open_group(MemoryStore(files | {"v/c/0/0": shard})).array("v")
        for place, wanted in enumerate(expected):
            y, x = 2 * (place // 2), 2 * (place % 2)
            part = (slice(y, y + 2), slice(x, x + 2))
            if wanted is None:
                with pytest.raises((ChunkError, LimitError)):
                    opened[part]
            else:
                np.testing.assert_array_equal(opened[part].view("u4"), wanted.view("u4"))
        if None in [each if each is None else 0 for each in expected]:
            with pytest.raises((ChunkError, LimitError)):
                opened[:4, :4]


def test_the_body_is_what_the_model_reads() -> None:
    index = [number for place in range(4) for number in (16 * place, 16)]
    found = [model(index, place, 0, 64, BODY) for place in range(4)]
    np.testing.assert_array_equal(np.block([found[:2], found[2:]]), DATA[:4, :4])  # type: ignore[list-item]
