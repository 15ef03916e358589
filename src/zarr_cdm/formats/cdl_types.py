"""The types section of CDL, and how a type is named where it is used.

Source: "CDL Syntax" in the netCDF User's Guide
(https://docs.unidata.ucar.edu/nug/current/_c_d_l.html), and what ``ncdump`` of netCDF-C 4.9 prints.
Where a nearer group has another type of the same name, ncdump prints the name alone, which then
means the other one; here the path stands before it, as with dimensions.

>>> from zarr_cdm.cdm.types import ATOMIC_TYPES
>>> row = VlenType("row", ATOMIC_TYPES["int"])
>>> scopes = (("/", Group(types={"row": row})),)
>>> print("".join(types(scopes, {id(row): "/row"}, Line())), end="")
types:
  int(*) row ;
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zarr_cdm.cdm.model import Group
from zarr_cdm.cdm.types import AtomicType, EnumType, NetcdfType, OpaqueType, UserType, VlenType
from zarr_cdm.errors import MetadataError
from zarr_cdm.formats.cdl_lines import INDENT, Line
from zarr_cdm.formats.cdl_values import escaped_name

# A group behind all that it lies in, root first, each with its path.
Scopes = tuple[tuple[str, Group], ...]


def type_name(kind: NetcdfType, scopes: Scopes, places: Mapping[int, str]) -> str:
    """Return the name of a type, with a path where the name alone does not mean it.

    Parameters
    ----------
    places
        The path of each type by its `id`, see `Group.type_paths`.

    Raises
    ------
    MetadataError
        No group holds it.
    """
    if isinstance(kind, AtomicType):
        return kind.name
    holders = (group.types for _, group in reversed(scopes))
    nearest = next((held[kind.name] for held in holders if kind.name in held), None)
    if nearest is kind:
        return escaped_name(kind.name)
    if id(kind) not in places:
        raise MetadataError(f"no group holds the type {kind.name!r}")
    group = places[id(kind)].rpartition("/")[0]
    return f"{escaped_name(group)}/{escaped_name(kind.name)}"


def types(scopes: Scopes, places: Mapping[int, str], line: Line) -> Iterator[str]:
    """Yield the types section of the innermost group; nothing where it defines none."""
    held = scopes[-1][1].types
    if not held:
        return
    yield f"{line.pad}types:\n"
    line.indent += INDENT
    for kind in held.values():
        yield from _declaration(kind, scopes, places, line)
    line.indent -= INDENT


def _declaration(
    kind: UserType, scopes: Scopes, places: Mapping[int, str], line: Line
) -> Iterator[str]:
    label = escaped_name(kind.name)
    if isinstance(kind, EnumType):
        yield line.pad + line.add(_enum(kind, label))
    elif isinstance(kind, OpaqueType):
        yield f"{line.pad}opaque({kind.item_bytes}) {label} ;\n"
    elif isinstance(kind, VlenType):
        yield f"{line.pad}{type_name(kind.base, scopes, places)}(*) {label} ;\n"
    else:
        yield f"{line.pad}compound {label} {{\n"
        for part in kind.fields:
            shape = f"({', '.join(map(str, part.shape))})" if part.shape else ""
            name = type_name(part.type, scopes, places)
            yield f"{line.pad}  {name} {escaped_name(part.name)}{shape} ;\n"
        yield f"{line.pad}}}; // {label}\n"


def _enum(kind: EnumType, label: str) -> list[str]:
    """Return the pieces of a declaration between which a line may end."""
    members = [f"{escaped_name(name)} = {_signed(int(n))}" for name, n in kind.members.items()]
    *others, last = members or [""]
    head = f"{kind.base.name} enum {label} {{"
    return [head, *(f"{member}, " for member in others), last + "} ;\n"]


def _signed(number: int) -> int:
    """Return a number as ncdump prints those of enums, and ncgen reads them."""
    return number - 2**64 if number >= 2**63 else number
