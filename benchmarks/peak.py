"""Peak memory of one conversion: ``python -m benchmarks.peak <converter> <source> <target>``."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from benchmarks.converters import CONVERTERS

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Return the most memory that this process has held so far.

    On Linux `resource.getrusage` would also count that of the process that started this one.
    """
    if STATUS.exists():
        lines = STATUS.read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1.024e-3
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * 1e-6 if sys.platform == "darwin" else most * 1.024e-3


def main(name: str, source: str, target: str) -> None:
    """Print the peak in megabytes, after the conversion."""
    CONVERTERS[name](source, target)
    print(peak_mb())


if __name__ == "__main__":
    main(*sys.argv[1:])
