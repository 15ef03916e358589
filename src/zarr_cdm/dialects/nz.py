"""NZ-1.0, netCDF's structure on Zarr v3: read and written.

Dimensions are named and shared inside a group; attributes have the types that JSON gives them, or
those that ``_nczarr_attr`` states in the names of Zarr v3; ``_FillValue`` is a plain number. The
root declares it in ``conventions``, which netCDF calls ``Conventions``; each node may declare it in
``zarr_conventions``. Neither is an attribute of the data.

What NZ-1.0 has no word for is refused where it would change values, or attributes.

Specification: zarr-conventions, "NZ-1.0 NetCDF - Zarr Convention"; `conventions/nz/`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Group, Variable, join
from zarr_cdm.cdm.types import CHAR
from zarr_cdm.dialects import declarations
from zarr_cdm.dialects.base import Layout, OpenArray
from zarr_cdm.dialects.dimension_names import names_of
from zarr_cdm.dialects.nodes import nodes
from zarr_cdm.dialects.nz_attributes import read_typed, types_in, write_typed
from zarr_cdm.dialects.nz_limits import unsayable
from zarr_cdm.dialects.plain import read_plain, write_plain
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.metadata import nczarr
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion

NAME = "NZ-1.0"
DECLARED, NETCDF_DECLARED = "conventions", "Conventions"
_OWN = re.compile(r"(?i)(?<![^\s,])NZ-1\.0(?![^\s,])[\s,]*")
_CF = re.compile(r"(?<![^\s,])CF-\d")


class NzDialect:
    """Stores that declare NZ-1.0, or state types as it does on Zarr v3."""

    def matches(self, root: Node) -> bool:
        attributes = root.document.attributes
        if is_declared(attributes) or declarations.declares(attributes, declarations.NZ):
            return True
        return root.document.zarr_format == 3 and any(
            types_in(document.attributes) for _, _, document in nodes(root)
        )

    def read(self, root: Node, array: OpenArray) -> Dataset:
        dataset = read_plain(root, array, names_of)
        holders: dict[str, Group | Variable] = dict(dataset.walk())
        holders |= dict(dataset.all_variables())
        for path, _, document in nodes(root):
            holder = holders.get(f"/{path}")
            if holder is not None:
                _read_attributes(holder.attributes, document.attributes)
        return dataset

    def write(
        self, dataset: Dataset, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
    ) -> Node:
        """Return the documents.

        Raises
        ------
        UnsupportedError
            There is something that NZ-1.0 cannot say; the message lists all of it.
        """
        if zarr_format != 3:
            raise UnsupportedError(f"{NAME} is stated for Zarr v3 only; this is v{zarr_format}")
        problems = list(unsayable(dataset))
        if not problems:
            problems, node = _written(write_plain(dataset, layouts, 3), dataset)
        if problems:
            raise UnsupportedError(
                f"{NAME} cannot say all of it; write 'native', or change: {'; '.join(problems)}"
            )
        return node


def is_declared(attributes: Mapping[str, Any]) -> bool:
    """Tell whether a group's own attribute names NZ-1.0."""
    return any(
        isinstance(attributes.get(name), str) and _OWN.search(attributes[name])
        for name in (DECLARED, NETCDF_DECLARED)
    )


def without_own(text: str) -> str:
    """Return a list of conventions without NZ-1.0.

    >>> without_own("NZ-1.0 CF-1.12"), without_own("nz-1.0")
    ('CF-1.12', '')
    """
    return _OWN.sub("", text).strip(" ,")


def _read_attributes(attributes: dict[str, Attribute], shown: Mapping[str, Any]) -> None:
    """Type the attributes of a group or variable, and take away what only declares."""
    read_typed(attributes, shown)
    found = dict(attributes)
    attributes.clear()
    for name, attribute in found.items():
        left: Attribute | None = attribute
        if name == DECLARED:
            name, left = _declared(attribute, found.get(NETCDF_DECLARED))
        if left is not None:
            attributes[name] = left
    entries = declarations.declared(shown)
    others = [entry for entry in entries if not _is_ours(entry, attributes)]
    if entries and not others:
        attributes.pop(declarations.ATTRIBUTE, None)
    elif len(others) < len(entries):
        text = json.dumps(others, ensure_ascii=False)
        attributes[declarations.ATTRIBUTE] = Attribute(text, CHAR)


def _declared(given: Attribute, known: Attribute | None) -> tuple[str, Attribute | None]:
    """Return the name and what is left of ``conventions``, beside a ``Conventions`` or none."""
    if not isinstance(given.value, str) or not _OWN.search(given.value):
        return DECLARED, given
    rest = without_own(given.value)
    if known is None:
        return NETCDF_DECLARED, Attribute(rest, CHAR) if rest else None
    return DECLARED, Attribute(rest, CHAR) if rest != without_own(_text(known)) else None


def _is_ours(entry: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> bool:
    """Tell whether writing would declare this again by itself."""
    return declarations.NZ.is_named_by(entry) or (
        declarations.CF.is_named_by(entry) and _declares_cf(attributes)
    )


def _declares_cf(attributes: Mapping[str, Attribute]) -> bool:
    found = attributes.get(NETCDF_DECLARED)
    return found is not None and bool(_CF.search(_text(found)))


def _text(attribute: Attribute) -> str:
    value = attribute.plain()
    return value if isinstance(value, str) else " ".join(map(str, value))


def _written(plain: Node, dataset: Dataset) -> tuple[list[str], Node]:
    """Return what cannot be said of attributes, and the documents with those that can."""
    problems: list[str] = []
    return problems, _write_group(plain, dataset, "/", problems)


def _write_group(plain: Node, group: Group, path: str, problems: list[str]) -> Node:
    document = plain.document
    assert isinstance(document, GroupMetadata)
    members = {}
    for name, variable in group.variables.items():
        array = plain.members[name].document
        assert isinstance(array, ArrayMetadata)
        attributes = _write_attributes(variable, join(path, name), problems, array)
        members[name] = Node(replace(array, attributes=attributes))
    for name, below in group.groups.items():
        members[name] = _write_group(plain.members[name], below, join(path, name), problems)
    attributes = _write_attributes(group, path, problems)
    return Node(replace(document, attributes=attributes), members)


def _write_attributes(
    holder: Group | Variable, path: str, problems: list[str], document: ArrayMetadata | None = None
) -> dict[str, Any]:
    own = dict(holder.attributes)
    declared = [declarations.NZ.to_json()]
    if isinstance(holder, Group) and _declares_cf(own):
        declared.append(declarations.CF.to_json())
    others = own.pop(declarations.ATTRIBUTE, None)
    if others is not None:
        listed = _listed(others)
        if listed is None:
            problems.append(f"{path}@{declarations.ATTRIBUTE}, which is no list of conventions")
        declared += [entry for entry in listed or [] if not _is_ours(entry, own)]
    attributes, types = write_typed(own, path, problems, document)
    if isinstance(holder, Group):
        known = own.get(NETCDF_DECLARED)
        rest = "" if known is None else without_own(_text(known))
        attributes[DECLARED] = f"{NAME} {rest}".strip()
    attributes[declarations.ATTRIBUTE] = declared
    if types:
        attributes[nczarr.TYPES] = {"types": types}
    return attributes


def _listed(attribute: Attribute) -> list[dict[str, Any]] | None:
    """Return the conventions that an attribute lists as JSON text; None where it does not."""
    try:
        found = json.loads(attribute.value) if isinstance(attribute.value, str) else None
    except ValueError:
        return None
    is_list = isinstance(found, list) and all(isinstance(entry, dict) for entry in found)
    return found if is_list else None
