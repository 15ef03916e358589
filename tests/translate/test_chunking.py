"""Layouts: which chunks, types and codecs a variable gets."""

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets import of_every_type
from zarr_cdm.cdm.model import ATOMIC_TYPES, Dimension, Storage, Variable
from zarr_cdm.core.layout import TARGET_BYTES
from zarr_cdm.dialects.parts import parted
from zarr_cdm.translate.chunking import LEAST_BYTES, chunk_shape, layout_of


def variable(kind: str, shape: tuple[int, ...], chunks: tuple[int, ...] | None = None) -> Variable:
    dimensions = tuple(Dimension(f"d{axis}", size) for axis, size in enumerate(shape))
    return Variable("v", ATOMIC_TYPES[kind], dimensions, storage=Storage(chunks=chunks))


shapes = st.lists(st.integers(0, 3000), max_size=4).map(tuple)


@given(shape=shapes, kind=st.sampled_from(sorted(ATOMIC_TYPES)))
def test_chunks_of_what_was_contiguous_fit_the_array_and_the_target(
    shape: tuple[int, ...], kind: str
) -> None:
    chunks = chunk_shape(variable(kind, shape))
    size = ATOMIC_TYPES[kind].dtype.itemsize
    assert all(0 < chunk <= max(1, length) for chunk, length in zip(chunks, shape, strict=True))
    assert prod(chunks) * size <= TARGET_BYTES


@given(
    sides=st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=1, max_size=3),
)
def test_chunks_of_the_source_are_kept_or_joined_whole(sides: list[tuple[int, int]]) -> None:
    shape = tuple(length for length, _ in sides)
    source = tuple(min(side) for side in sides)
    chunks = chunk_shape(variable("double", shape, source))
    for found, own, length in zip(chunks, source, shape, strict=True):
        assert found == length or found % own == 0
    if prod(source) * 8 >= LEAST_BYTES:
        assert chunks == source
    elif prod(shape) * 8 >= LEAST_BYTES:
        assert prod(chunks) * 8 >= LEAST_BYTES
    else:
        assert chunks == shape


def test_a_chunk_for_each_record_of_a_coordinate_becomes_one_chunk() -> None:
    assert chunk_shape(variable("double", (3650,), (1,))) == (3650,)


def test_a_chunk_longer_than_its_dimension_is_cut() -> None:
    assert chunk_shape(variable("double", (10,), (1024,))) == (10,)


@pytest.mark.parametrize("kind", sorted(ATOMIC_TYPES))
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_every_type_has_a_layout(kind: str, zarr_format: int) -> None:
    layout = layout_of(variable(kind, (4,)), zarr_format, text_bytes=5)
    names = [codec.name for codec in layout.codecs]
    assert (names[-1] == "crc32c") == (zarr_format == 3)
    assert names[0] == ("vlen-utf8" if layout.data_type.name == "string" else "bytes")
    multi = np.dtype(ATOMIC_TYPES[kind].dtype).itemsize > 1 and kind != "string"
    assert ("endian" in layout.codecs[0].configuration) == multi


def test_strings_of_zarr_v2_are_never_single_characters() -> None:
    """xarray joins the last dimension of an array of single bytes."""
    assert layout_of(variable("string", (4,)), 2, text_bytes=0).data_type.configuration == {
        "length_bytes": 2
    }


def test_the_parts_of_a_compound_have_the_same_chunks_along_its_own_axes() -> None:
    dataset = of_every_type()
    compound = dataset.variables["p"]
    dataset.dimensions["t"].size = 10**6
    compound.data = np.lib.stride_tricks.as_strided(compound.data[...], (10**6,), (0,))
    dataset.variables = {"p": compound}
    for chunks, expected in ((None, 2**22 // 32), ((10**4,), 10**4), ((1,), 2**16 // 32)):
        compound.storage = Storage(chunks=chunks)
        split = parted(dataset, 3)
        found = {name: chunk_shape(each) for name, each in split.variables.items()}
        assert found == {"p.a": (expected,), "p.b": (expected, 2), "p.c": (expected,)}
