"""Groups, their paths, and who holds a dimension."""

from __future__ import annotations

import numpy as np
import pytest

from zarr_cdm.cdm.model import ATOMIC_TYPES, Dataset, Dimension, Group, Variable


def nested() -> Dataset:
    x, inner = Dimension("x", 2), Dimension("x", 3, unlimited=True)
    dataset = Dataset(dimensions={"x": x})
    below = Group("b", dimensions={"x": inner})
    dataset.groups["a"] = Group("a", groups={"b": below})
    dataset.variables["v"] = Variable("v", ATOMIC_TYPES["int"], (x,), data=np.zeros(2, "i4"))
    below.variables["w"] = Variable("w", ATOMIC_TYPES["int"], (inner, x))
    return dataset


def test_groups_and_variables_come_with_their_paths_parents_first() -> None:
    dataset = nested()
    assert [path for path, _ in dataset.walk()] == ["/", "/a", "/a/b"]
    assert [path for path, _ in dataset.all_variables()] == ["/v", "/a/b/w"]


def test_dimensions_of_one_name_are_told_apart_by_who_holds_them() -> None:
    dataset = nested()
    assert sorted(dataset.dimension_paths().values()) == ["/a/b/x", "/x"]
    assert dict(dataset.all_variables())["/a/b/w"].shape == (3, 2)
    assert Dimension("x", 2) != Dimension("x", 2)


def test_without_scopes_a_dimension_that_a_nearer_one_hides_gets_a_name_of_its_own() -> None:
    dataset = nested()
    below = dict(dataset.walk())["/a/b"]
    inner, outer = below.variables["w"].dimensions
    assert below.flat_names() == {inner: "x", outer: "x_2"}
    below.variables["x_2"] = Variable("x_2", ATOMIC_TYPES["int"], (inner,))
    assert below.flat_names() == {inner: "x", outer: "x_2_2"}  # not the name of a variable
    inner.size = 2
    assert below.flat_names() == {inner: "x", outer: "x"}
    below.variables = {"w": Variable("w", ATOMIC_TYPES["int"], (outer,))}
    inner.size = 3
    assert below.flat_names() == {outer: "x", inner: "x_3"}  # which nothing uses


def test_closing_lets_go_of_the_source_once_the_block_is_left() -> None:
    closed: list[bool] = []
    with pytest.raises(KeyError), Dataset(closer=lambda: closed.append(True)):
        raise KeyError
    assert closed == [True]
    Dataset().close()
