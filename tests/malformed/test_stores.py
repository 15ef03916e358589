"""Stores that somebody made to break us: one clear error each, or the values.

No process dies, none hangs, none takes much memory, and no error is of another package.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data import ROOT
from tests.malformed import bombs, canaries, chunks, consolidated, documents, escapes, onefile
from tests.malformed.stores import Case

CASES: list[Case] = [
    case
    for table in (documents, consolidated, chunks, escapes, onefile, bombs, canaries)
    for case in table.CASES
]
MB = 2**20

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each case runs in a fork")


class Child:
    """A process that opens stores in forks of its own."""

    def __init__(self, plugins: Path) -> None:
        self._plugins = plugins
        canaries.write_plugin(plugins)
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), str(plugins)]),
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", str(Path(__file__).parent / "child.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, **asked: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def plugin_ran(self) -> bool:
        return (self._plugins / canaries.MARKER).exists()

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    child = Child(tmp_path_factory.mktemp("plugins"))
    yield child
    child.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield an empty folder that every user may look into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        inside = Path(name, "store")
        inside.mkdir()
        yield inside
        for place in Path(name).rglob("*"):  # what was made unreadable
            if not place.is_symlink() and place.is_dir():
                place.chmod(0o755)


def parameters() -> Iterator[Any]:
    for case in CASES:
        for way in case.ways:
            yield pytest.param(case, way, id=f"{case.label} ({way})")


@pytest.mark.parametrize(("case", "way"), list(parameters()))
def test_a_malformed_store_does_no_harm(child: Child, folder: Path, case: Case, way: str) -> None:
    found = child.ask(
        target=str(case.build(folder)),
        way=way,
        variable=case.variable,
        whole=case.whole,
        limits=case.limits,
        user=case.user,
    )
    shutil.rmtree(folder, ignore_errors=True)
    assert not (folder.parent / canaries.MARKER).exists(), "code of the store has run"
    assert not child.plugin_ran(), "code of another package has run"
    assert found["outcome"] in ("refused", "left out", "values"), found
    if case.error is None:
        assert found["outcome"] == "values", found
        assert found["values"] == case.values
    else:
        assert found["outcome"] != "values", "it was read"
        assert re.search(case.says, found["says"]), found["says"]
        if found["outcome"] == "refused":
            assert found["kind"] in case.kinds, found
        assert case.stage in ("", found["stage"]), found
    assert found["seconds"] < case.seconds, found
    assert found["memory"] < case.megabytes * MB, found


def test_the_table_says_one_thing_once() -> None:
    twice = [label for label, count in Counter(case.label for case in CASES).items() if count > 1]
    assert not twice
    for case in CASES:
        assert (case.error is None) == (case.values is not None), case.label
        assert bool(case.says) == (case.error is not None), case.label


def test_few_oddities_are_read_and_each_for_a_reason() -> None:
    lenient = [case.label for case in CASES if case.why.startswith("lenient")]
    assert len(lenient) <= 10, lenient
    for case in CASES:
        assert case.error is not None or case.why.startswith(("lenient: ", "legal: ")), case.label


def test_a_good_store_is_read_in_every_way(child: Child, folder: Path) -> None:
    target = str(documents.GOOD(folder))
    for way in ("core", "read", "xarray"):
        found = child.ask(target=target, way=way, variable="v", whole=False, limits={}, user=None)
        assert found["outcome"] == "values", found
        assert found["values"] == documents.CORNER


def test_the_child_notices_what_goes_wrong(child: Child, folder: Path) -> None:
    """The suite would be worth nothing if the child could not tell."""
    target = str(documents.GOOD(folder))
    asked = {"target": target, "variable": "v", "whole": False, "limits": {}, "user": None}
    assert child.ask(**asked, way="none")["outcome"] == "foreign error"
    found = child.ask(**(asked | {"target": 3}), way="core")
    assert (found["outcome"], "AttributeError" in found["says"]) == ("foreign error", True)
    assert child.ask(**asked, way="die")["outcome"] == "ended by SIGSEGV"
    assert child.ask(**asked, way="sleep")["outcome"] == "no end within 5 seconds"
    if Path("/proc/self/status").exists():
        assert 290 * MB < child.ask(**asked, way="eat")["memory"] < 400 * MB
