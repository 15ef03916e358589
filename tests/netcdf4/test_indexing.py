"""Selecting and assigning: each axis on its own, and unlimited dimensions that grow."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.netcdf4.modules import MODULES, Module, over_modules

WHOLE = np.arange(24).reshape(2, 3, 4)
SELECTIONS = [
    ...,
    slice(None),
    (),
    0,
    -1,
    np.uint8(1),
    1.0,
    True,
    (0, 1, 2),
    (0, slice(None), 2),
    (slice(None), -1),
    (..., 0),
    (0, ...),
    (slice(5, 9),),
    (slice(0, 0), 1),
    (slice(None, None, -1), slice(None, None, 2)),
    (slice(None), slice(2, None, -1)),
    (slice(-1, None), slice(-2, 100)),
    [1, 0],
    [0, 0, 1],
    (0, [2, 0], [0, 3, 1]),
    ([True, False], [True, False, True]),
    (slice(None), np.array([True, False, True]), np.array([1, 2])),
    (slice(None), [1], [False, False, False, True]),
    (slice(None), np.array([], int)),
    (np.array([False, False]), 0),
    [slice(None), 1],
    "1",
]


NOTHING = [2, -3, (0, 3), (0, 0, 0, 0), [0, 2], [-3, 0], "a", None, 0.5, (..., ...), {"x": 1}, []]
NOTHING += [np.array([True]), (0, [True, False]), WHOLE > 3, np.zeros((2, 2), int)]


def orthogonal(selection: Any) -> np.ndarray:
    """Return what NumPy has where each axis is selected on its own."""
    if isinstance(selection, str):
        selection = int(selection)
    if isinstance(selection, float | bool):
        selection = int(selection)
    if isinstance(selection, list) and not all(isinstance(each, int) for each in selection):
        selection = tuple(selection)
    parts = selection if isinstance(selection, tuple) else (selection,)
    at = parts.index(...) if any(part is ... for part in parts) else len(parts)
    missing = WHOLE.ndim - len(parts) + (at < len(parts))
    parts = (*parts[:at], *[slice(None)] * missing, *parts[at + 1 :])
    result, axis = WHOLE, 0
    for part in parts:
        if isinstance(part, slice):
            result = result[(*[slice(None)] * axis, part)]
            axis += 1
        elif np.ndim(part):
            result = result[(*[slice(None)] * axis, np.asarray(part))]
            axis += 1
        else:
            result = result[(*[slice(None)] * axis, int(part))]
    return np.asarray(result)


@over_modules
@pytest.mark.parametrize("selection", SELECTIONS, ids=repr)
def test_a_selection_is_orthogonal(under: Module, tmp_path: Path, selection: Any) -> None:
    with under.new(tmp_path) as nc:
        for name, size in (("x", 2), ("y", 3), ("z", 4)):
            nc.createDimension(name, size)
        v = nc.createVariable("v", "i4", ("x", "y", "z"), chunksizes=(1, 2, 3))
        v[:] = WHOLE
        wanted = orthogonal(selection)
        found = v[selection]
        assert found.shape == wanted.shape
        assert found.tolist() == wanted.tolist()
        assert found.dtype == np.dtype("i4")


@over_modules
@pytest.mark.parametrize(
    "selection",
    NOTHING,
    ids=repr,
)
def test_what_selects_nothing_is_an_index_error(
    under: Module, tmp_path: Path, selection: Any
) -> None:
    with under.new(tmp_path) as nc:
        for name, size in (("x", 2), ("y", 3), ("z", 4)):
            nc.createDimension(name, size)
        v = nc.createVariable("v", "i4", ("x", "y", "z"))
        v[:] = WHOLE
        with pytest.raises((IndexError, ValueError)):
            _ = v[selection]


@over_modules
@pytest.mark.parametrize("selection", [..., slice(None), 0, (), -1], ids=repr)
def test_a_scalar_is_selected_by_anything(under: Module, tmp_path: Path, selection: Any) -> None:
    with under.new(tmp_path) as nc:
        v = nc.createVariable("v", "i4")
        v[selection] = 3
        assert v[selection] == 3
        assert v[selection].shape == ()
        assert (v.shape, v.size, v.ndim, v.dimensions) == ((), 1, 0, ())
        v.assignValue(4)
        assert v.getValue() == 4
        v[selection] = [5]
        assert v[...] == 5
        with pytest.raises(TypeError):
            len(v)


@over_modules
def test_values_of_dimensions_are_no_scalars(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        v = nc.createVariable("v", "i4", ("x",))
        with pytest.raises(IndexError):
            v.getValue()
        with pytest.raises(IndexError):
            v.assignValue(1)
        assert len(v) == 2


@over_modules
def test_an_unlimited_dimension_grows_for_all_variables(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        t = nc.createDimension("t")
        nc.createDimension("x", 2)
        time = nc.createVariable("time", "f8", ("t",))
        v = nc.createVariable("v", "i2", ("t", "x"))
        time[:] = [0, 1, 2]
        assert len(t) == 3
        assert v.shape == (3, 2)
        assert v[:].mask.all()
        v[5] = [1, 2]
        assert time.shape == (6,)
        assert time[:].tolist() == [0, 1, 2, None, None, None]
        assert v[5].tolist() == [1, 2]
        assert v[4].mask.all()
        time[len(time)] = 6
        assert t.size == 7
    with under.open(tmp_path) as nc:
        assert nc["time"][:].tolist() == [0, 1, 2, None, None, None, 6]
        assert nc["v"].shape == (7, 2)
        assert nc["v"][5:7].tolist() == [[1, 2], [None, None]]


ASSIGNMENTS = [
    ("3 rows", slice(None), np.ones((3, 2))),
    ("1 row", slice(None), np.ones((1, 2))),
    ("from 2", slice(2, None), np.ones((3, 2))),
    ("to 5", slice(0, 5), np.ones((5, 2))),
    ("one number to 5", slice(1, 5), 7),
    ("row 4", 4, [1, 2]),
    ("row 4 of one", 4, 7),
    ("element", (4, 1), 7),
    ("column", (slice(0, 4), 1), [1, 2, 3, 4]),
    ("open column", (slice(None), 1), [1, 2, 3, 4]),
    ("rows by list", [1, 4], np.ones((2, 2))),
    ("rows and columns", ([0, 3], [1, 0]), [[1, 2], [3, 4]]),
    ("every second", slice(0, 6, 2), np.ones((3, 2))),
    ("dots", (..., 0), [1, 2, 3]),
    ("more dimensions", slice(0, 2), np.ones((1, 2, 2))),
    ("broadcast", slice(0, 3), np.ones((3, 1))),
    ("a row to all", slice(0, 3), [5, 6]),
    ("nothing", slice(0, 0), np.ones((0, 2))),
]


@pytest.mark.parametrize(
    ("selection", "values"), [row[1:] for row in ASSIGNMENTS], ids=[row[0] for row in ASSIGNMENTS]
)
@pytest.mark.parametrize("before", [0, 2], ids=["new", "grown"])
def test_assigning_to_what_grows_is_alike_everywhere(
    tmp_path: Path, before: int, selection: Any, values: Any
) -> None:
    found = []
    for under in MODULES:
        with under.new(tmp_path, under.name) as nc:
            nc.createDimension("t")
            nc.createDimension("x", 2)
            v = nc.createVariable("v", "f4", ("t", "x"))
            if before:
                v[:] = np.full((before, 2), -1)
            v[selection] = values
            found.append((v.shape, v[:].tolist()))
    assert all(each == found[0] for each in found)


@over_modules
@pytest.mark.parametrize(
    ("selection", "values"),
    [
        ((0, 5), 1),
        (slice(None), np.ones((2, 4))),
        (0, [1, 2]),
        ((0, [0, 7]), [1, 2]),
        ((-9, 0), 1),
    ],
)
def test_what_does_not_fit_is_refused(
    under: Module, tmp_path: Path, selection: Any, values: Any
) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("t")
        nc.createDimension("x", 3)
        v = nc.createVariable("v", "i4", ("t", "x"))
        v[:] = np.ones((2, 3))
        with pytest.raises((IndexError, ValueError, RuntimeError)):
            v[selection] = values
        assert v[:].tolist() == [[1, 1, 1], [1, 1, 1]]


@over_modules
def test_a_variable_is_an_array_for_numpy(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 3)
        v = nc.createVariable("v", "i4", ("x",))
        v[:] = [1, 2, 3]
        assert np.asarray(v[:]).sum() == 6
        assert np.asarray(v).tolist() == [1, 2, 3]
        assert [int(each) for each in v] == [1, 2, 3]
        assert v.__orthogonal_indexing__


@st.composite
def parts(draw: st.DrawFn, size: int) -> Any:
    kind = draw(st.sampled_from(["integer", "slice", "list", "mask"]))
    if kind == "integer":
        return draw(st.integers(-size, size - 1))
    if kind == "slice":
        ends = st.none() | st.integers(-size - 2, size + 2)
        step = st.none() | st.integers(-3, 3).filter(bool)
        return slice(draw(ends), draw(ends), draw(step))
    if kind == "mask":
        return np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    return np.array(draw(st.lists(st.integers(-size, size - 1), min_size=1, max_size=5)), int)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("indexing")
    variables = []
    for under in MODULES:
        nc = under.new(folder, under.name)
        for name, size in (("x", 2), ("y", 3), ("z", 4)):
            nc.createDimension(name, size)
        v = nc.createVariable("v", "i4", ("x", "y", "z"), chunksizes=(1, 2, 3))
        v[:] = WHOLE
        variables.append(v)
    yield variables
    for v in variables:
        v.group().close()


@given(selection=st.tuples(parts(2), parts(3), parts(4)), values=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_selection_is_read_and_assigned_alike(
    opened: Any, selection: Any, values: bool
) -> None:
    wanted = orthogonal(selection)
    for v in opened:
        found = v[selection]
        assert found.tolist() == wanted.tolist()
        backwards = any(isinstance(part, slice) and (part.step or 1) < 0 for part in selection)
        if backwards and v is opened[0]:
            continue  # netCDF4-python 1.7.5 cannot assign to integers and such slices together
        if values and found.size:
            v[selection] = found * 2
            v[selection] = found
            assert v[:].tolist() == WHOLE.tolist()
