"""The tutorial in netCDF4-python's documentation runs on Zarr stores, and prints the same."""

import contextlib
import doctest
import io
import re
import warnings
from pathlib import Path

import netCDF4
import pytest

# Sections about what is not offered here (`modules.EXCEPTIONS`), by words of their headings.
LEFT_OUT = ("multi-file", "Parallel", "In-memory", "complex")


def examples() -> list[str]:
    """Return the statements of the tutorial, as it is in the installed package."""
    sections = re.split(r"(?m)^## ", netCDF4.__doc__)
    kept = [each for each in sections if not any(word in each.split("\n")[0] for word in LEFT_OUT)]
    text = "\n".join(kept).replace("```", "")
    return [example.source for example in doctest.DocTestParser().get_examples(text)]


def run(statements: list[str]) -> list[str]:
    """Return what each statement prints, or the kind of error that it is."""
    names: dict[str, object] = {}
    found = []
    for statement in statements:
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(statement, "tutorial", "single"), names)
        except Exception as error:
            out.write(type(error).__mro__[-4].__name__)  # the builtin that it is
        found.append(re.sub(r"\d\d:\d\d:\d\d 20\d\d", "", out.getvalue()))  # when it was made
    return found


def ours(statement: str) -> str:
    """Return a statement with our module, and stores in place of files."""
    statement = re.sub(r"from netCDF4 import", "from zarr_cdm.netcdf4 import", statement)
    statement = re.sub(r"import netCDF4\b", "import zarr_cdm.netcdf4 as netCDF4", statement)
    statement = re.sub(r",\s*format=[\"']NETCDF4(_CLASSIC)?[\"']", "", statement)
    return re.sub(r"\.nc([\"'])", r".zarr\1", statement)


def test_the_tutorial_runs_on_zarr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statements = examples()
    assert len(statements) > 100
    results = []
    for name, prepared in (("netcdf", statements), ("zarr", list(map(ours, statements)))):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        results.append(run(prepared))
    assert list((tmp_path / "zarr").glob("*.zarr"))
    differing = [
        (statement, wanted, found)
        for statement, wanted, found in zip(statements, *results, strict=True)
        if wanted != found and "<class" not in wanted
    ]
    assert differing == []
