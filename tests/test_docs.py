"""The documents are true: README's code runs, and the support table is that of the shelves."""

import inspect
import re
import runpy
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import zarr_cdm
from tests.data import ROOT
from zarr_cdm.cdm.findings import RULES
from zarr_cdm.core.stores.network import Network
from zarr_cdm.dialects.table import WRITTEN
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS

README = ROOT / "README.md"


def blocks(language: str, page: Path = README) -> str:
    """Return all of a page's code in one language, in one piece."""
    found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
    assert found
    return "\n".join(found)


@pytest.fixture
def ocean(tmp_path: Path) -> Path:
    """A folder with the real file that README speaks of."""
    sample = pytest.importorskip("iris_sample_data", reason="iris-sample-data is not installed")
    name = "nemo_1m_20150101-20150201_grid-T.nc"
    shutil.copy(Path(sample.path, "NEMO", name), tmp_path / "ocean.nc")
    return tmp_path


def test_the_python_code_of_readme_runs(ocean: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", blocks("python")]
    subprocess.run(command, cwd=ocean, check=True, timeout=300)


def test_the_commands_of_readme_run(ocean: Path) -> None:
    command = ["bash", "-euc", blocks("sh")]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    subprocess.run(command, cwd=ocean, env={"PATH": path}, check=True, timeout=300)


@pytest.mark.parametrize("page", ["core.md", "model.md", "netcdf4.md", "stores.md"])
def test_the_python_code_of_a_page_runs(tmp_path: Path, page: str) -> None:
    command = [sys.executable, "-W", "error", "-c", blocks("python", ROOT / "docs" / page)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=300)


def test_the_page_on_stores_names_all_settings_of_the_network() -> None:
    page = (ROOT / "docs" / "stores.md").read_text(encoding="utf-8")
    assert not [each.name for each in fields(Network) if f"`{each.name}`" not in page]


def test_the_page_on_the_core_names_all_that_it_offers() -> None:
    page = (ROOT / "docs" / "core.md").read_text(encoding="utf-8")
    for name in ("open_array", "open_group", "create_array", "create_group"):
        parameters = list(inspect.signature(getattr(zarr_cdm, name)).parameters)
        missing = [each for each in (name, *parameters) if f"`{each}`" not in page]
        assert not missing, f"{name}: {missing}"
    for kind in (zarr_cdm.ZarrArray, zarr_cdm.ZarrGroup):
        public = [each for each in vars(kind) if not each.startswith("_")]
        missing = [each for each in public if f"`{each}`" not in page]
        assert not missing, f"{kind.__name__}: {missing}"


def test_the_page_on_the_model_names_all_rules_and_choices() -> None:
    page = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    assert not [rule for rule, told in RULES.items() if f"| `{rule}` | {told} |" not in page]
    for row in [*WRITTEN, *(each.name for each in fields(zarr_cdm.Spelling))]:
        assert f"\n| `{row}` |" in page, row
    assert not [name for name in DATA_MODELS if f"`{name}`" not in page]


def test_the_support_table_is_that_of_the_shelves() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "support.py"))["table"]()
    assert made == (ROOT / "docs" / "support.md").read_text(encoding="utf-8"), (
        "run `python docs/support.py`"
    )


def test_the_table_of_readers_is_that_of_the_tests() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "readers.py"))["table"]()
    assert made == (ROOT / "docs" / "readers.md").read_text(encoding="utf-8"), (
        "run `python -m docs.readers`"
    )
