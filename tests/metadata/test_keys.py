"""The keys of chunks, against the words of the specification."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.keys import ENCODINGS, chunk_key


@pytest.mark.parametrize(
    ("name", "configuration", "keys"),
    [
        ("default", {}, ["c", "c/5", "c/1/23/45"]),
        ("default", {"separator": "/"}, ["c", "c/5", "c/1/23/45"]),
        ("default", {"separator": "."}, ["c", "c.5", "c.1.23.45"]),
        ("v2", {}, ["0", "5", "1.23.45"]),
        ("v2", {"separator": "."}, ["0", "5", "1.23.45"]),
        ("v2", {"separator": "/"}, ["0", "5", "1/23/45"]),
    ],
)
def test_keys_are_those_of_the_specification(
    name: str, configuration: dict[str, str], keys: list[str]
) -> None:
    key = chunk_key(Extension(name, configuration))
    assert [key(()), key((5,)), key((1, 23, 45))] == keys


@given(
    st.sampled_from(sorted(ENCODINGS)),
    st.sampled_from("/."),
    st.integers(1, 4).flatmap(
        lambda rank: st.lists(st.tuples(*[st.integers(0, 200)] * rank), min_size=2, unique=True)
    ),
)
def test_no_two_chunks_have_one_key(
    name: str, separator: str, indices: list[tuple[int, ...]]
) -> None:
    key = chunk_key(Extension(name, {"separator": separator}))
    assert len({key(index) for index in indices}) == len(indices)
