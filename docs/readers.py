"""Write `docs/readers.md`: what other readers cannot read of ours, off the tables of the tests."""

from pathlib import Path

from tests.interop import limits
from tests.interop.cases import AXES

PAGE = Path(__file__).with_suffix(".md")
OLD, NEW = limits.ZARR_PYTHON_BEFORE_3_2, limits.ZARR_PYTHON_SINCE_3_2
TABLES = {
    "zarr-python": [row for row in limits.ZARR_PYTHON if row not in OLD + NEW] + NEW,
    "zarr-python before 3.2, besides": OLD,
    "zarr-python with the pipeline of zarrs, besides": [
        row for row in limits.ZARRS if row not in limits.ZARR_PYTHON
    ],
    "tensorstore": limits.TENSORSTORE,
    "netCDF-C (Zarr v2)": limits.NETCDF_C,
    "zarrita.js in a browser": limits.ZARRITA,
}
HEAD = """# What other readers cannot read

Made by `python -m docs.readers`; do not edit. The tests write arrays of all data types, codecs,
shards, chunk grids, orders and chunk keys below in both versions of Zarr, in pairs (or all threes),
and have each reader read them: all else than this is read equal to the last bit.

"""


def table() -> str:
    """Return the page."""
    lines = ["| reader | of which arrays | why | what is seen |", "|---|---|---|---|"]
    lines += [
        f"| {reader} | {_cell(row.where.text)} | {row.why} | `{row.seen.replace('|', ' or ')}` |"
        for reader, rows in TABLES.items()
        for row in rows
    ]
    lines += ["", "| what varies | rows |", "|---|---|"]
    lines += [f"| {axis} | {' / '.join(table)} |" for axis, table in AXES.items()]
    return HEAD + "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace(" | ", " / ")


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
