"""Peak memory of reading one array: ``python -m benchmarks.array_peak <reader> <array>``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.array_peers import READERS
from benchmarks.peak import peak_mb


def main(name: str, path: str) -> None:
    """Print the peak in megabytes, after the array was read."""
    READERS[name](Path(path))((slice(None),) * 3)
    print(peak_mb())


if __name__ == "__main__":
    main(*sys.argv[1:])
