"""What there is to say of names that are to be written into a netCDF file."""

from __future__ import annotations

from collections.abc import Iterator

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.names import MOST_BYTES, normal, problem_of


def name_findings(place: str, name: str, *, hdf5: bool = False) -> Iterator[Finding]:
    """Yield what there is to say of the name of something.

    Parameters
    ----------
    hdf5
        Whether HDF5 shall have an object of that name. netCDF-C (4.10.1) writes one of 256 bytes,
        but reads it with whatever is behind it in memory; a group it does not find again at all.
    """
    problem = problem_of(name)
    if problem is not None:
        yield Finding(place, "name.illegal", f"the name {name!a} {problem}")
    elif hdf5 and len(normal(name).encode()) == MOST_BYTES:
        message = f"has a name of {MOST_BYTES} bytes, which netCDF-C does not read back; shorten it"
        yield Finding(place, "name.unreadable", message)
    elif normal(name) != name:
        yield Finding(place, "name.normal", f"netCDF writes {name!a} as {normal(name)!r}")
