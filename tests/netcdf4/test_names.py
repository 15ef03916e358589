"""What netCDF4-python documents is there, and is tested."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import netCDF4
import pytest

import zarr_cdm.netcdf4 as ours
from tests.data import ROOT
from tests.netcdf4.modules import CLASSES, EXCEPTIONS, KEYWORDS, MODULES

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
    assert set(EXCEPTIONS) <= {*MEMBERS, *FUNCTIONS, *CONSTRUCTORS}
    assert all(EXCEPTIONS.values())


def test_the_page_lists_all_exceptions_with_their_reasons() -> None:
    page = (ROOT / "docs" / "netcdf4.md").read_text(encoding="utf-8")
    rows = [f"| `{name}` | {why} |" for name, why in {**EXCEPTIONS, **KEYWORDS}.items()]
    assert page.endswith("\n".join(["|---|---|", *rows, ""]))


Parameters = dict[str, Any]  # defaults by names


def of_constructor(name: str) -> Parameters:
    """Return the parameters of a constructor, from netCDF4-python's stubs: Cython tells none."""
    stubs = ast.parse(Path(netCDF4.__file__).with_suffix(".pyi").read_text())
    (owner,) = (each for each in stubs.body if getattr(each, "name", "") == name)
    (found,) = (each for each in owner.body if getattr(each, "name", "") == "__init__")
    names = [each.arg for each in found.args.args]
    defaults = [ast.literal_eval(each) for each in found.args.defaults]
    required = [inspect.Parameter.empty] * (len(names) - len(defaults))
    return dict(zip(names, required + defaults, strict=True))


def of_callable(function: Any) -> Parameters:
    return {each.name: each.default for each in inspect.signature(function).parameters.values()}


def find(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part)
    return module


def parameters(name: str) -> Parameters:
    """Return the parameters of something of netCDF4-python."""
    owner, _, member = name.partition(".")
    return of_constructor(owner) if member == "__init__" else of_callable(find(netCDF4, name))


CONSTRUCTORS = [f"{name}.__init__" for name in CLASSES]
CALLED = [
    name
    for name in (*MEMBERS, *FUNCTIONS, *CONSTRUCTORS)
    if name not in EXCEPTIONS and name not in CLASSES and callable(find(netCDF4, name))
]


@pytest.mark.parametrize("name", CALLED)
def test_every_keyword_is_there_in_its_place_with_its_default(name: str) -> None:
    theirs, own = parameters(name), of_callable(find(ours, name))
    assert list(own)[: len(theirs)] == list(theirs)
    differing = {key for key, default in theirs.items() if own[key] != default}
    assert {f"{name}.{key}" for key in differing} <= set(KEYWORDS)


def test_every_keyword_is_used_by_a_test_that_runs_with_both() -> None:
    known = {f"{name}.{key}" for name in CALLED for key in parameters(name)}
    assert set(KEYWORDS) <= known
    optional = {
        key
        for name in CALLED
        if find(ours, name) is not find(netCDF4, name)  # as cftime's functions are
        for key, default in parameters(name).items()
        if default is not inspect.Parameter.empty and f"{name}.{key}" not in KEYWORDS
    }
    text = text_of_tests()
    assert not {key for key in optional if not re.search(rf'\b{key}=|"{key}":', text)}


def text_of_tests() -> str:
    paths = Path(__file__).parent.glob("test_*.py")
    return "".join(text for text in (path.read_text() for path in paths) if "over_modules" in text)


def test_every_member_is_used_by_a_test_that_runs_with_both() -> None:
    text = text_of_tests()
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
