"""Generated datasets, changed as little as it takes for a netCDF-4 file to hold them."""

from __future__ import annotations

from typing import Any

from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.cdm.names import RESERVED, problem_of
from zarr_cdm.formats.netcdf_write_check import check
from zarr_cdm.formats.netcdf_write_models import DATA_MODELS
from zarr_cdm.formats.netcdf_write_survey import Survey

MOST_BYTES = 255  # of a name that netCDF-C reads back


def holdable(dataset: Dataset) -> Dataset:
    """Make a dataset one that netCDF-4 can hold: by other names, lengths and variables.

    What is refused even then is left out: attributes with NULLs in rows, and variables of types
    that stand in a group behind their own.
    """
    for _, group in dataset.walk():
        for dimension in group.dimensions.values():
            dimension.unlimited |= not dimension.size
        group.dimensions = renamed(group.dimensions, set())
        group.groups = renamed(group.groups, set(group.dimensions) | set(group.types))
        group.variables = renamed(group.variables, set(group.groups) | set(group.types))
        for owner in (group, *group.variables.values()):
            owner.attributes = {
                f"a{name}" if name in RESERVED or problem_of(name) else name: attribute
                for name, attribute in owner.attributes.items()
            }
    for finding in refused(dataset):
        _leave_out(dataset, finding.place)
    survey = Survey(dataset)
    for dimension in survey.homes:
        if dimension.unlimited and dimension.size and not any(survey.on(dimension)):
            dimension.unlimited = False
    assert refused(dataset) == []
    return dataset


def refused(dataset: Dataset) -> list[Finding]:
    """Return what a file cannot hold, but for lengths that nothing tells."""
    found = check(Survey(dataset), DATA_MODELS["NETCDF4"])
    return [finding for finding in found if finding.rule != "dimension.size"]


def _leave_out(dataset: Dataset, place: str) -> None:
    holders = dict([*dataset.walk(), *dataset.all_variables()])
    for path, holder in holders.items():  # a name may have any character in it
        for name in tuple(holder.attributes):
            if place == f"{path}@{name}":
                del holder.attributes[name]
                return
    path, _, name = place.rpartition("/")
    groups = dict(dataset.walk())
    groups[path or "/"].variables.pop(name, None)


def renamed(members: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    """Return what a group holds under names that are legal, and not taken."""
    found: dict[str, Any] = {}
    for name, member in members.items():
        own = name[:MOST_BYTES] if len(name) > MOST_BYTES else name
        names = (own, *(f"n{number}{own[: MOST_BYTES - 2]}" for number in range(9)))
        member.name = next(
            each for each in names if problem_of(each) is None and each not in taken | set(found)
        )
        found[member.name] = member
    return found
