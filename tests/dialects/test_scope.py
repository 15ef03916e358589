"""Which dimension a name stands for."""

from __future__ import annotations

import pytest

from zarr_cdm.cdm.model import Dataset, Dimension, Group
from zarr_cdm.dialects.scope import Scope, labels
from zarr_cdm.errors import ZarrCdmWarning


def scope_with(*groups: str) -> tuple[Dataset, dict[str, Group], Scope]:
    dataset = Dataset()
    scope, found = Scope(dataset), {}
    for path in groups:
        found[path] = Group(path.rpartition("/")[2])
        scope.enter(path, found[path])
    return dataset, found, scope


def test_a_dimension_of_the_same_name_and_length_is_the_same_one() -> None:
    dataset, groups, scope = scope_with("/a", "/a/b")
    x = scope.nearest("/", "x", 3)
    assert scope.nearest("/", "x", 3) is x
    assert scope.nearest("/a/b", "x", 3) is x
    assert dataset.dimensions == {"x": x}
    assert not groups["/a"].dimensions


def test_the_nearest_group_is_looked_into_first() -> None:
    dataset, groups, scope = scope_with("/a", "/a/b")
    dataset.dimensions["x"] = Dimension("x", 3)
    groups["/a"].dimensions["x"] = inner = Dimension("x", 3)
    assert scope.nearest("/a/b", "x", 3) is inner
    assert scope.nearest("/", "x", 3) is dataset.dimensions["x"]


def test_another_length_below_is_another_dimension_that_hides_the_first() -> None:
    dataset, groups, scope = scope_with("/a")
    x = scope.nearest("/", "x", 3)
    inner = scope.nearest("/a", "x", 5)
    assert inner is groups["/a"].dimensions["x"]
    assert scope.nearest("/a", "x", 3) is x
    assert dataset.dimensions["x"].size == 3


def test_two_lengths_in_one_group_get_two_names_and_a_warning() -> None:
    dataset, _, scope = scope_with()
    scope.nearest("/", "x", 3)
    with pytest.warns(ZarrCdmWarning, match="dimension 'x' has two lengths, 3 and 5"):
        other = scope.nearest("/", "x", 5)
    assert other.name == "x_5"
    assert list(dataset.dimensions) == ["x", "x_5"]
    with pytest.warns(ZarrCdmWarning, match="'x_5'"):
        assert scope.nearest("/", "x", 5) is other


def test_a_path_names_a_dimension_that_is_hidden() -> None:
    dataset, groups, scope = scope_with("/a")
    dataset.dimensions["x"] = x = Dimension("x", 3)
    groups["/a"].dimensions["x"] = inner = Dimension("x", 3)
    assert scope.at("/a", "/x", 3, unlimited=False) is x
    assert scope.at("/a", "/a/x", 3, unlimited=False) is inner


def test_a_dimension_that_no_group_declares_is_made_where_its_path_says() -> None:
    dataset, groups, scope = scope_with("/a")
    time = scope.at("/a", "/time", 3, unlimited=True)
    assert dataset.dimensions == {"time": time}
    assert time.unlimited
    assert not groups["/a"].dimensions


def test_a_path_into_a_group_that_is_not_there_counts_as_a_name() -> None:
    dataset, _, scope = scope_with()
    assert scope.at("/", "/gone/x", 3, unlimited=False) is dataset.dimensions["x"]


def test_the_first_array_is_right_about_a_declared_length() -> None:
    dataset, _, scope = scope_with()
    dataset.dimensions["time"] = time = Dimension("time", 3, unlimited=True)
    with pytest.warns(ZarrCdmWarning, match="declared with length 3, but the arrays have 5"):
        assert scope.at("/", "/time", 5, unlimited=True) is time
    assert time.size == 5
    assert scope.at("/", "/time", 5, unlimited=True) is time


def test_arrays_that_disagree_get_a_dimension_each() -> None:
    dataset, _, scope = scope_with()
    dataset.dimensions["time"] = time = Dimension("time", 3, unlimited=True)
    assert scope.at("/", "/time", 3, unlimited=True) is time
    with pytest.warns(ZarrCdmWarning, match="two lengths, 3 and 5"):
        assert scope.at("/", "/time", 5, unlimited=True).name == "time_5"


def test_axes_without_names_share_one_for_each_length() -> None:
    assert labels((), ()) == []
    assert labels((None, None), (2, 3)) == ["_Anonymous_Dim_2", "_Anonymous_Dim_3"]
    assert labels((None, "x", None, ""), (3, 3, 3, 3)) == [
        "_Anonymous_Dim_3",
        "x",
        "_Anonymous_Dim_3",
        "_Anonymous_Dim_3",
    ]
