"""What netCDF4-python documents is there, and is tested."""

import re
from pathlib import Path

import netCDF4
import pytest

import zarr_cdm.netcdf4 as ours
from tests.netcdf4.modules import CLASSES, EXCEPTIONS, MODULES

# Modules that netCDF4-python imports, and what is no part of its documentation.
IMPORTED = {"Union", "Version", "certifi", "functools", "glob", "ma", "numpy", "os", "pathlib"}
IMPORTED |= {"pluginpath", "posixpath", "subprocess", "sys", "utils", "warnings", "weakref"}
MEMBERS = [
    f"{name}.{member}"
    for name in CLASSES
    for member in dir(getattr(netCDF4, name))
    if not member.startswith("_")
]
FUNCTIONS = [name for name in dir(netCDF4) if not name.startswith("_") and name not in IMPORTED]


@pytest.mark.parametrize("name", MEMBERS)
def test_every_public_member_is_there_or_an_exception(name: str) -> None:
    owner, member = name.split(".")
    there = hasattr(getattr(ours, owner), member) or member in getattr(
        getattr(ours, owner), "__slots__", ()
    )
    assert there != (name in EXCEPTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_name_is_there_or_an_exception(name: str) -> None:
    assert hasattr(ours, name) != (name in EXCEPTIONS)


def test_exceptions_are_names_of_netcdf4_python() -> None:
    assert set(EXCEPTIONS) <= {*MEMBERS, *FUNCTIONS}
    assert all(EXCEPTIONS.values())


def test_every_member_is_used_by_a_test_that_runs_with_both() -> None:
    text = "".join(
        path.read_text()
        for path in Path(__file__).parent.glob("test_*.py")
        if "over_modules" in path.read_text()
    )
    members = {name.partition(".")[2] for name in MEMBERS if name not in EXCEPTIONS}
    untested = {name for name in members if not re.search(rf"\.{name}\b", text)}
    assert not untested


def test_our_own_names_are_documented() -> None:
    for name in ours.__all__:
        assert getattr(ours, name).__doc__, name
    for name in CLASSES:
        for member, value in vars(getattr(ours, name)).items():
            if callable(value) and not member.startswith("_"):
                assert value.__doc__, f"{name}.{member}"


def test_both_modules_are_under_test() -> None:
    assert {each.module for each in MODULES} == {netCDF4, ours}
