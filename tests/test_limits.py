"""Limits can be raised and lowered for the whole process."""

from __future__ import annotations

import re
import threading
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.errors import LimitError
from zarr_cdm.limits import Limits, current


def test_limits_hold_until_the_context_ends_also_where_it_fails() -> None:
    before = current()
    with Limits(codecs=20).use():
        assert current() == Limits(codecs=20)
        with pytest.raises(LimitError), Limits(codecs=3).use():
            current().check("codecs", 4, "this")
        assert current().codecs == 20
    assert current() is before


def test_limits_that_are_used_without_a_context_stay() -> None:
    before = current()
    try:
        Limits(nodes=5).use()
        assert current().nodes == 5
    finally:
        before.use()
    assert current() is before


def test_all_threads_see_the_limits() -> None:
    found: list[int] = []
    with Limits(nodes=7).use():
        thread = threading.Thread(target=lambda: found.append(current().nodes))
        thread.start()
        thread.join()
    assert found == [7]


def test_a_lower_limit_holds_for_arrays_like_those_that_were_read_before() -> None:
    values: dict[str, bytes] = {}
    texts = zarr_cdm.create_array(
        MemoryStore(values), shape=(4,), dtype="string", codecs=["vlen-utf8"]
    )
    texts[:] = ["x" * 1000] * 4
    assert texts[3] == "x" * 1000
    with Limits(chunk_bytes=2000).use(), pytest.raises(LimitError):
        zarr_cdm.open_array(MemoryStore(values))[:]
    assert zarr_cdm.open_array(MemoryStore(values))[3] == "x" * 1000


def test_points_are_counted_before_they_are_planned() -> None:
    many = zarr_cdm.create_array(MemoryStore(), shape=(10**6, 10**6), dtype="u1")
    rows = np.arange(10**6)
    with Limits(read_bytes=10**9).use():
        with pytest.raises(LimitError, match=r"the selection asks for 1000000000000"):
            many.vindex[rows[:, None], rows]
        assert not many.vindex[rows[:9, None], rows[:9]].any()


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_each_limit_is_described_and_named_by_its_error(name: str) -> None:
    assert re.search(rf"\n *{name}\n", str(Limits.__doc__))
    limits = Limits(**{name: True if name == "follow_symlinks" else 0})
    limits.check(name, 0, "nothing")
    with pytest.raises(LimitError, match=rf"asks for 2, .* raise Limits\.{name}$"):
        limits.check(name, 2, "this")


@pytest.mark.parametrize(
    "wrong",
    [
        {"codecs": -1},
        {"codecs": 2.0},
        {"codecs": None},
        {"codecs": True},
        {"follow_symlinks": 1},
        {"codex": 1},
    ],
    ids=repr,
)
def test_a_limit_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Limits(**wrong)
