"""``python -m benchmarks first`` or ``core``: measure, and print a table of ratios."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from benchmarks import converting, core, measure, opening, reading, report
from benchmarks.measure import Row

PARTS = ("opening", "reading", "converting", "writing")


def first(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield the rows of the first suite: open, read and convert."""
    cases = chain(
        opening.cases(folder) if "opening" in options.only else (),
        reading.cases(folder, options.size_mb) if "reading" in options.only else (),
        converting.cases(folder, options.size_mb) if "converting" in options.only else (),
    )
    for case in cases:
        yield from measure.run(case, options.rounds)
    if "converting" in options.only:
        yield from converting.peaks(folder, options.size_mb, min(3, options.rounds))


def arrays(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield the rows of the suite of the Zarr core: arrays alone."""
    cases = chain(
        core.opening(folder) if "opening" in options.only else (),
        core.reading(folder, options) if "reading" in options.only else (),
        core.writing(folder, options) if "writing" in options.only else (),
    )
    for case in cases:
        yield from measure.run(case, options.rounds)
    if "reading" in options.only:
        yield from core.peaks(folder, options)


SUITES = {"first": first, "core": arrays}
SIZES_MB = {"first": 64, "core": 128}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--size-mb", type=int, help="size of the arrays (default 64, core 128)")
    parser.add_argument("--cname", default="zstd", help="compressor in Blosc (default zstd)")
    parser.add_argument("--clevel", type=int, default=3, help="its level (default 3)")
    parser.add_argument("--rounds", type=int, default=9, help="samples of each (default 9)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    options = parser.parse_args()
    options.size_mb = options.size_mb or SIZES_MB[options.suite]
    rows = []
    print(report.HEAD)
    with tempfile.TemporaryDirectory() as folder:
        for row in SUITES[options.suite](options, Path(folder)):
            rows.append(row)
            print(report.line(row))
            sys.stdout.flush()
    print(f"\n{report.summary(rows)}")
    print(f"\n{report.footer(options.rounds, options.size_mb)}")
    if options.json:
        document = {"versions": report.versions(), "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
