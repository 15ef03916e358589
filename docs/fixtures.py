"""Write `docs/fixtures.md`: which arrays of other implementations are read, by reading them."""

import tempfile
import warnings
from collections import Counter
from pathlib import Path

from tests.interop.fixtures import SOURCES, Refused, difference, manifest, open_array, unpack
from tests.interop.fixtures import refusal as expected_refusal
from zarr_cdm.errors import ZarrCdmError, ZarrCdmWarning

PAGE = Path(__file__).with_suffix(".md")
HEAD = """# Stores of other implementations

Made by `python -m docs.fixtures` from the folder of fixtures; do not edit. An array counts as read
equal if every element has the bits that several readers agree on, or that its writer states.

| source | arrays | read equal | read otherwise | refused |
|---|---|---|---|---|
"""


def read(folder: Path, source: str) -> tuple[Counter[str], Counter[Refused]]:
    """Return how many arrays of a source are read in which way, and the rows of those refused."""
    counts: Counter[str] = Counter()
    rows: Counter[Refused] = Counter()
    for key, entry in manifest(source).items():
        counts["arrays"] += 1
        try:
            found = open_array(folder / source, key)[...]
        except ZarrCdmError:
            row = expected_refusal(source, key)
            assert row is not None, f"{source}/{key} is refused, which no row says"
            counts["refused"] += 1
            rows[row] += 1
            continue
        same = difference(found, entry, folder / "expected" / source) is None
        counts["equal" if same else "otherwise"] += 1
    return counts, rows


def table() -> str:
    """Return the page."""
    lines, refused = [], Counter[Refused]()
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        unpack(Path(place))
        for source, what in SOURCES.items():
            counts, rows = read(Path(place), source)
            refused.update(rows)
            names = ("arrays", "equal", "otherwise", "refused")
            numbers = " | ".join(str(counts[name]) for name in names)
            lines.append(f"| {what} | {numbers} |")
    lines += ["", "What is refused, each with an error that names it:", ""]
    lines += ["| source | which | arrays | why |", "|---|---|---|---|"]
    lines += [
        f"| {SOURCES[row.source]} | `{row.key}` | {count} | {row.why} |"
        for row, count in refused.items()
    ]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
