"""The table, and which versions and which machine it was measured with."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measure import Row

PACKAGES = (
    "zarr",
    "zarrs",
    "tensorstore",
    "xarray",
    "dask",
    "numpy",
    "numcodecs",
    "google-crc32c",
    "netCDF4",
)
HEAD = (
    "| case | peer | ours | peer's | **ratio** | quartiles | CPU ratio |\n"
    "|---|---|---:|---:|---:|---:|---:|"
)


def versions() -> dict[str, str]:
    """Return the versions of all that is measured, how many cores there are and how busy."""
    found = {"commit": commit(), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**found, "cores": str(os.cpu_count()), "load": f"{os.getloadavg()[0]:.1f}"}


def commit() -> str:
    """Return the commit that is checked out; with a ``+`` where the tree differs from it."""
    command = ["git", "describe", "--always", "--dirty=+"]
    here = Path(__file__).parent
    found = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def line(row: Row) -> str:
    """Return a row of the table, in Markdown."""
    ours, peers = (_amount(row, value) for value in (row.ours_seconds, row.peer_seconds))
    cpu = "" if row.cpu_ratio != row.cpu_ratio else f"{row.cpu_ratio:.2f}"
    return (
        f"| {row.case} | {row.peer} | {ours} | {peers} | **{row.ratio:.2f}** "
        f"| {row.low:.2f}–{row.high:.2f} | {cpu} |"
    )


def summary(rows: Sequence[Row]) -> str:
    """Return one line for each case, with the ratio to each peer."""
    peers = list(dict.fromkeys(row.peer for row in rows))
    ratios = {(row.case, row.peer): f"{row.ratio:.1f}" for row in rows}
    ours = {row.case: _amount(row, row.ours_seconds) for row in rows}
    lines = [f"| | ours | {' | '.join(peers)} |", f"|---|---:|{'---:|' * len(peers)}"]
    for case, amount in ours.items():
        found = " | ".join(ratios.get((case, peer), "–") for peer in peers)
        lines.append(f"| {case} | {amount} | {found} |")
    return "\n".join(lines)


def _amount(row: Row, value: float) -> str:
    if row.case.endswith(", MB"):
        return f"{value:.0f} MB"
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.2f} s"


def footer(rounds: int, size_mb: int) -> str:
    """Return what stands below the table."""
    facts = ", ".join(f"{name} {found}" for name, found in versions().items())
    return f"{rounds} rounds, {size_mb} MB; {facts}"
