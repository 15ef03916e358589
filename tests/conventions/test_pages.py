"""The pages in `conventions/` are all of one form, and their schemas hold for their examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data import ROOT
from zarr_cdm.conventions.table import CONVENTIONS
from zarr_cdm.dialects import declarations
from zarr_cdm.dialects.table import DIALECTS, WRITTEN

FOLDER = ROOT / "conventions"
PAGES = sorted(FOLDER.glob("*/README.md"))
ROWS = [
    *("Stage", "Belongs to", "Identity", "Declared by", "Applies to", "In this package", "Form")
]
STAGES = ("draft", "candidate", "recommended")
WRITING = {dialect for versions in WRITTEN.values() for dialect in versions.values()}
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)


def parts(page: Path) -> tuple[str, str, dict[str, str], str]:
    """Return title, statement, table and text of a page."""
    title, statement, table, text = page.read_text(encoding="utf-8").split("\n\n", 3)
    said = " ".join(line.removeprefix(">").strip() for line in statement.splitlines())
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|", 1))
        for line in table.splitlines()[2:]
    ]
    return title, said, dict(rows), text  # type: ignore[arg-type]


@pages
def test_a_page_is_of_the_form_that_is_stated(page: Path) -> None:
    title, statement, table, text = parts(page)
    assert re.fullmatch(rf"# {page.parent.name}: \S.*", title)
    assert page.read_text(encoding="utf-8").split("\n\n")[1].startswith("> ")
    assert 40 < len(statement) <= 280
    assert list(table) == ROWS
    assert table["Stage"].startswith(STAGES)
    assert text.startswith("## What it says\n")


@pages
def test_a_page_is_listed_with_its_stage(page: Path) -> None:
    name, title = page.parent.name, parts(page)[0]
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = next(line for line in listed.splitlines() if line.startswith(f"| [{name}]"))
    assert f"[{name}]({name}/README.md)" in row
    assert row.endswith(f"| {parts(page)[2]['Stage'].split()[0].strip(',')} |")
    assert title


@pages
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pages
def test_a_page_says_what_this_package_does(page: Path) -> None:
    name, _, table, text = page.parent.name, *parts(page)[1:]
    told = table["In this package"]
    for path in re.findall(r"`(src/\S+)`", told):
        assert (ROOT / path).exists()
    assert ("written" in told) is (name in WRITING)
    if name in WRITING and name != "native":
        assert "\n## What we write\n" in text
    if name in DIALECTS:
        assert f"`src/zarr_cdm/dialects/{name}.py`" in told


@pages
def test_the_identity_on_a_page_is_the_one_in_the_code(page: Path) -> None:
    known = CONVENTIONS[page.parent.name].declaration
    told = parts(page)[2]["Identity"]
    if known is None:
        assert told.startswith("none")
    else:
        assert told == f"uuid `{known.uuid}`, name `{known.name}`"


def test_every_dialect_and_every_known_convention_has_a_page_and_examples() -> None:
    names = {page.parent.name for page in PAGES}
    assert names == set(DIALECTS) | set(CONVENTIONS)
    for name in names - {"zarr_conventions"}:  # whose examples are all that declare something
        assert list((FOLDER / name / "examples").glob("*.json")), name


def test_a_table_is_the_whole_of_a_readme() -> None:
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\w+)/README.md\)", listed)) == {page.parent.name for page in PAGES}


def documents(name: str) -> Iterator[dict[str, Any]]:
    """Yield the attributes of every node of the examples of a convention."""
    for path in sorted((FOLDER / name / "examples").glob("*.json")):
        example = json.loads(path.read_bytes())
        if "metadata" in example:
            found = example["metadata"]
            yield from (found[key] for key in found if key.endswith(".zattrs"))
        else:
            below = example["consolidated_metadata"]["metadata"]
            yield from (node["attributes"] for node in (example, *below.values()))


def lists() -> Iterator[Any]:
    for name in (*CONVENTIONS,):
        for attributes in documents(name):
            if declarations.ATTRIBUTE in attributes:
                yield attributes[declarations.ATTRIBUTE]


def test_declarations_in_examples_are_of_the_form_that_the_schema_states() -> None:
    wrong = [{}, [{}], [{"name": "CF"}], [{"uuid": "CF"}], [{"spec_url": "x", "version": "1"}]]
    check("zarr_conventions", list(lists()), wrong)


def test_attributes_of_nz_are_of_the_form_that_the_schema_states() -> None:
    wrong = [
        {"conventions": "NZ-1.01"},
        {"conventions": "CF-1.8"},
        {"_nczarr_attr": {}},
        {"_nczarr_attr": {"types": {"a": "<f4"}}},
        {"_nczarr_attr": {"types": {}, "more": 1}},
    ]
    check("nz", list(documents("nz")), wrong)


def test_systems_of_gdal_are_of_the_form_that_the_schema_states() -> None:
    found = [attributes["_CRS"] for attributes in documents("gdal") if "_CRS" in attributes]
    check("gdal", found, [{}, "EPSG:4326", {"wkt": ""}, {"url": "EPSG:4326"}, {"projjson": "x"}])


def check(name: str, instances: list[Any], wrong: list[Any]) -> None:
    """Hold the instances, and what is wrong, against the schema of a convention."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((FOLDER / name / "schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    assert instances
    for instance in instances:
        validator(schema).validate(instance)
    for instance in wrong:
        with pytest.raises(jsonschema.ValidationError):
            validator(schema).validate(instance)
