"""The real files in Zarr v3 and v2, as we read them, as ncdump and as stock xarray do."""

import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

import zarr_cdm
from tests.data import BROKEN_FILES, REAL_FILES, name_of, needs_shared
from zarr_cdm.errors import FormatError, ZarrCdmError, ZarrCdmWarning

pytestmark = needs_shared

# Files with variables of user-defined types, which are left out with a warning.
USER_TYPES = {
    "netcdf-c/ref_tst_compounds.nc": ["/obs"],
    "netcdf-c/ref_tst_irish_rover.nc": ["/in_the_hold_of_the_Irish_Rover"],
}
# Files that stock xarray refuses to open as NetCDF, and the variable that it fails on.
REFUSED = {
    "cf-checker/flag_tests.nc": "time",  # 'seconds since 1970-01-01T00:00:00+0000' in 365_day
    "ferret/coads_climatology.cdf": "TIME",  # a reference in the year 0
    "gridded/arakawa_c_test_grid.nc": "ocean_time",  # calendar 'gregorian_proleptic'
    "netcdf-c/ref_tst_compounds.nc": None,  # a compound; left out by us
}
# Variables that stock xarray decodes from our stores otherwise than we do (we decode them as xarray
# does those of the NetCDF file). The one reason: JSON has no float32, so stock xarray takes
# scale_factor for a double, and scales to doubles.
STOCK_DIFFERS = {
    "netcdf-c/ref_nccopy3_subset.nc": {
        "non_rec_var_flt_pck",
        "one_dmn_rec_var_flt_mss_scl",
        "one_dmn_rec_var_flt_scl",
        "rec_var_flt_pck",
    },
    "netcdf4-python/issue671.nc": {"soil_moisture"},
    "rioxarray/unicode.nc": {"LST"},
    "uxarray/test-c12.native.nc4": {"PHIS", "T"},
}
# Attributes of netCDF4-python's making, which xarray takes out of the attributes of NetCDF files.
XARRAY_DROPS = {"least_significant_digit"}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> "Stores":
    return Stores(tmp_path_factory.mktemp("stores"))


class Stores:
    """The store of each file in each version, converted when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: dict[str, list[str]] = {}

    def __call__(self, path: Path, zarr_format: int) -> str:
        target = self.folder / str(zarr_format) / f"{path.parent.name}-{path.name}.zarr"
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            with warnings.catch_warnings(record=True) as notes:
                warnings.simplefilter("always")
                zarr_cdm.convert(path, target, zarr_format=zarr_format)
            self.notes[str(target)] = [str(note.message) for note in notes]
        return str(target)


files = pytest.mark.parametrize("path", REAL_FILES, ids=name_of)
formats = pytest.mark.parametrize("zarr_format", [3, 2])


@files
@formats
def test_every_file_converts_and_nothing_is_left_out(
    path: Path, zarr_format: int, stores: Stores
) -> None:
    assert stores.notes.get(stores(path, zarr_format), []) == []


@files
@formats
def test_raw_values_are_those_of_the_file_bit_for_bit(
    path: Path, zarr_format: int, stores: Stores
) -> None:
    user_types = USER_TYPES.get(name_of(path), [])
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        converted = dict(zarr_cdm.read(stores(path, zarr_format)).all_variables())
        original = dict(variables_of(file))
        assert list(converted) == list(original)
        for name, variable in original.items():
            if name in user_types:
                continue  # `compare` tells of them
            assert same_bits(np.asarray(variable[...]), np.asarray(converted[name].data[...])), name


def variables_of(group: netCDF4.Dataset, path: str = "/") -> Iterator[tuple[str, netCDF4.Variable]]:
    for name, variable in group.variables.items():
        yield path + name, variable
    for name, below in group.groups.items():
        yield from variables_of(below, f"{path}{name}/")


def same_bits(original: np.ndarray, converted: np.ndarray) -> bool:
    if original.dtype.kind in "UO":
        return original.tolist() == converted.tolist()
    native = original.astype(original.dtype.newbyteorder("="))
    return (
        native.shape == converted.shape
        and native.dtype == converted.dtype
        and native.tobytes() == converted.tobytes()
    )


@files
@formats
def test_attributes_dimensions_and_order_are_those_of_the_file(
    path: Path, zarr_format: int, stores: Stores
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        original = zarr_cdm.read(path)
    converted = zarr_cdm.read(stores(path, zarr_format))
    assert [name for name, _ in original.walk()] == [name for name, _ in converted.walk()]
    for (name, before), (_, after) in zip(original.walk(), converted.walk(), strict=True):
        assert list(before.attributes.items()) == list(after.attributes.items()), name
        sizes = [
            [(each.name, each.size, each.unlimited) for each in group.dimensions.values()]
            for group in (before, after)
        ]
        assert sizes[0] == sizes[1], name
    variables = zip(original.all_variables(), converted.all_variables(), strict=True)
    paths_before, paths_after = original.dimension_paths(), converted.dimension_paths()
    for (name, before), (_, after) in variables:
        assert before.type == after.type, name
        assert list(before.attributes.items()) == list(after.attributes.items()), name
        assert [paths_before[dim] for dim in before.dimensions] == [
            paths_after[dim] for dim in after.dimensions
        ], name
        assert repr(before.storage) == repr(after.storage), name
    original.close()


@pytest.mark.skipif(shutil.which("ncdump") is None, reason="ncdump (netcdf-bin) is not installed")
@files
@formats
def test_the_store_dumps_as_ncdump_dumps_the_file(
    path: Path, zarr_format: int, stores: Stores
) -> None:
    done = subprocess.run(["ncdump", "-n", "x", path], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"ncdump fails at it: {done.stderr.decode()}")
    dumped = zarr_cdm.dump(stores(path, zarr_format)).split("\n", 1)
    assert dumped[1] == done.stdout.decode().split("\n", 1)[1]


def test_every_classic_and_netcdf4_attribute_type_occurs() -> None:
    """The comparisons above would prove little if there were nothing but text."""
    types = set()
    for path in REAL_FILES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ZarrCdmWarning)
            with zarr_cdm.read(path) as dataset:
                holders = [group for _, group in dataset.walk()]
                holders += [variable for _, variable in dataset.all_variables()]
                types |= {
                    each.type.name for holder in holders for each in holder.attributes.values()
                }
    assert {"byte", "char", "short", "int", "float", "double"} <= types


def open_quietly(path: str | Path, engine: str) -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return xr.open_dataset(path, engine=engine).load()


@files
@formats
def test_the_engine_decodes_a_store_as_xarray_decodes_the_file(
    path: Path, zarr_format: int, stores: Stores
) -> None:
    if name_of(path) in REFUSED:
        with pytest.raises((ValueError, TypeError)):
            open_quietly(path, "netcdf4")
        return
    expected = open_quietly(path, "netcdf4")
    expected = expected.drop_vars(
        [name[1:] for name in USER_TYPES.get(name_of(path), []) if name[1:] in expected]
    )
    found = without_user_types(open_quietly(stores(path, zarr_format), "zarr_cdm"), path)
    assert differences(expected, found) == []
    assert attribute_differences(expected, found) == []


def without_user_types(dataset: xr.Dataset, path: Path) -> xr.Dataset:
    """Return a dataset without variables of user-defined types, and without their parts."""
    names = [name[1:] for name in USER_TYPES.get(name_of(path), [])]
    return dataset.drop_vars(
        [name for name in dataset.variables if str(name).partition(".")[0] in names]
    )


@files
@formats
def test_stock_xarray_decodes_our_stores_as_we_do(
    path: Path, zarr_format: int, stores: Stores
) -> None:
    pytest.importorskip("zarr", reason="zarr-python is not installed")
    store = stores(path, zarr_format)
    if REFUSED.get(name_of(path)):
        pytest.skip(f"xarray cannot decode {REFUSED[name_of(path)]!r} of the NetCDF file either")
    ours, stock = (
        without_user_types(open_quietly(store, engine), path) for engine in ("zarr_cdm", "zarr")
    )
    found = differences(ours, stock)
    assert {name for name, _ in found} == STOCK_DIFFERS.get(name_of(path), set())
    assert {difference for _, difference in found} <= {"values", "dtype float32 and float64"}
    for name in STOCK_DIFFERS.get(name_of(path), ()):
        assert np.allclose(ours[name], stock[name], rtol=1e-6, equal_nan=True)


@files
@formats
def test_nothing_of_ours_shows_in_stock_xarray(
    path: Path, zarr_format: int, stores: Stores
) -> None:
    pytest.importorskip("zarr", reason="zarr-python is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stock = xr.open_dataset(stores(path, zarr_format), engine="zarr", decode_cf=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        original = zarr_cdm.read(path)
    assert set(stock.attrs) <= set(original.attributes)
    for name, variable in stock.variables.items():
        # xarray decodes the strings of v2 by the first; CF's flags are those of enumerations.
        known = {"_Encoding", "flag_values", "flag_meanings"}
        known |= set(original.variables[str(name).partition(".")[0]].attributes)
        assert set(variable.attrs) <= known, name
    original.close()


def differences(expected: xr.Dataset, found: xr.Dataset) -> list[tuple[str, str]]:
    """Return what differs between two datasets, but for their attributes."""
    if set(expected.coords) != set(found.coords) or set(expected) != set(found):
        return [("", f"names {set(expected.variables) ^ set(found.variables)}")]
    listed = []
    for name in expected.variables:
        one, other = expected[name].variable, found[name].variable
        if one.dims != other.dims:
            listed.append((name, f"dimensions {one.dims} and {other.dims}"))
            continue
        if one.dtype != other.dtype and not (is_text(one.dtype) and is_text(other.dtype)):
            listed.append((name, f"dtype {one.dtype} and {other.dtype}"))
        values = one.values, other.values
        if not all_equal(*values):
            listed.append((name, "values"))
    return listed


def is_text(dtype: np.dtype) -> bool:
    return dtype.kind in "OUT"


def all_equal(one: np.ndarray, other: np.ndarray) -> bool:
    equal = (one == other) | ((one != one) & (other != other))
    return one.shape == other.shape and bool(np.all(equal))


def attribute_differences(expected: xr.Dataset, found: xr.Dataset) -> list[str]:
    """Return the attributes that differ, in type or value."""
    holders = [("", expected.attrs, found.attrs)]
    holders += [(name, expected[name].attrs, found[name].attrs) for name in expected.variables]
    listed = []
    for place, one, other in holders:
        for name in (one.keys() | other.keys()) - XARRAY_DROPS:
            if repr(one.get(name)) != repr(other.get(name)):
                listed.append(f"{place}@{name}: {one.get(name)!r}, {other.get(name)!r}")
    return listed


@formats
@pytest.mark.parametrize("name", [name for name, variable in REFUSED.items() if variable])
def test_a_file_that_xarray_refuses_opens_with_one_variable_raw(
    name: str, zarr_format: int, stores: Stores
) -> None:
    path = next(path for path in REAL_FILES if name_of(path) == name)
    for target in (str(path), stores(path, zarr_format)):
        with pytest.warns(ZarrCdmWarning) as notes:
            dataset = xr.open_dataset(target, engine="zarr_cdm").load()
        ours = [note for note in notes if issubclass(note.category, ZarrCdmWarning)]
        assert len(ours) == 1
        assert repr(REFUSED[name]) in str(ours[0].message)
        assert "units" in dataset[REFUSED[name]].attrs
        assert np.issubdtype(dataset[REFUSED[name]].dtype, np.number)


@pytest.mark.parametrize("path", BROKEN_FILES, ids=name_of)
def test_a_broken_file_gives_one_clear_error_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        zarr_cdm.convert(path, tmp_path / "x.zarr")
    assert isinstance(caught.value, ZarrCdmError)
    assert caught.value.source == str(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
