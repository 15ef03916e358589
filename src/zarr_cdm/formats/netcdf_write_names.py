"""What there is to say of names that are to be written into a netCDF file."""

from __future__ import annotations

from collections.abc import Iterator

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.names import normal, problem_of


def name_findings(place: str, name: str) -> Iterator[Finding]:
    """Yield what there is to say of the name of something."""
    problem = problem_of(name)
    if problem is not None:
        yield Finding(place, "name.illegal", f"the name {name!a} {problem}")
    elif normal(name) != name:
        yield Finding(place, "name.normal", f"netCDF writes {name!a} as {normal(name)!r}")
