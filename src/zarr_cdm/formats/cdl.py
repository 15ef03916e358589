r"""CDL: a dataset as text, letter for letter as ``ncdump`` prints it.

Source: "CDL Syntax" in the netCDF User's Guide
(https://docs.unidata.ucar.edu/nug/current/_c_d_l.html); where that leaves a choice, ``ncdump`` of
netCDF-C 4.9. The differences: what could steer a terminal, or is no UTF-8, is escaped, and a
``C_format`` that does not fit its variable is ignored, where ncdump prints whatever C makes of it;
a dimension of a group that does not lie around the variable has the path of that group, where
ncdump 4.9 prints that of the root; those of user-defined types stand in `cdl_types` and
`cdl_elements`.

>>> import numpy as np
>>> from zarr_cdm.cdm.model import ATOMIC_TYPES, Variable
>>> time = Dimension("time", 2, unlimited=True)
>>> values = Variable("t", ATOMIC_TYPES["float"], (time,), data=np.float32([273.15, 280]))
>>> values.attributes["units"] = Attribute.of("K")
>>> dataset = Dataset(dimensions={"time": time}, variables={"t": values})
>>> print("".join(write(dataset, name="example")).expandtabs(4))
netcdf example {
dimensions:
    time = UNLIMITED ; // (2 currently)
variables:
    float t(time) ;
        t:units = "K" ;
data:
<BLANKLINE>
 t = 273.15, 280 ;
}
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Dataset, Dimension, Group, Variable, join
from zarr_cdm.cdm.types import STRING, AtomicType, CompoundType, VlenType
from zarr_cdm.errors import MetadataError
from zarr_cdm.formats.cdl_data import data
from zarr_cdm.formats.cdl_elements import attribute_texts
from zarr_cdm.formats.cdl_lines import INDENT, Line
from zarr_cdm.formats.cdl_types import Scopes, type_name, types
from zarr_cdm.formats.cdl_values import attribute_text, escaped_name

# Before the colon of an attribute these words would begin a section.
KEYWORDS = frozenset(("variables", "dimensions", "data", "group", "types"))
# netCDF-C's own note of who wrote the file; ncdump never prints it among the root's attributes.
HIDDEN = "_NCProperties"
CLASSIC_MODELS = ("NETCDF3", "NETCDF4_CLASSIC")


def write(
    dataset: Dataset, *, name: str, header: bool = False, coordinates: bool = False
) -> Iterator[str]:
    """Return ``dataset`` as CDL, piece by piece; data are read block by block.

    Parameters
    ----------
    name
        What stands behind ``netcdf``; ncdump takes the name of the file without its suffix.
    header
        Leave the data out, as ``ncdump -h`` does.
    coordinates
        With ``header``: but for those of coordinate variables, as ``ncdump -c`` does.

    Raises
    ------
    MetadataError
        A variable has a dimension, or something a type, that no group holds.
    """
    context = _Context(
        header=header,
        coordinates=coordinates,
        classic=dataset.provenance.get("data_model", "").startswith(CLASSIC_MODELS),
        places=dataset.dimension_paths(),
        types=dataset.type_paths(),
        line=Line(),
    )
    return _dataset(dataset, name, context)


@dataclass(frozen=True, slots=True)
class _Context:
    """What is the same for all groups.

    Attributes
    ----------
    classic
        Whether the dataset is of netCDF's classic model, where ncdump breaks texts at newlines.
    places, types
        The path of each dimension, and of each type by its `id`.
    line
        The line that is being written.
    """

    header: bool
    coordinates: bool
    classic: bool
    places: Mapping[Dimension, str]
    types: Mapping[int, str]
    line: Line


def _dataset(dataset: Dataset, name: str, context: _Context) -> Iterator[str]:
    yield f"netcdf {escaped_name(name)} {{\n"
    yield from _group((("/", dataset),), context)
    yield "}\n"


def _group(scopes: Scopes, context: _Context) -> Iterator[str]:
    path, group = scopes[-1]
    pad = context.line.pad
    yield from types(scopes, context.types, context.line)
    yield from _dimensions(group, pad)
    yield from _variables(scopes, pad, context)
    yield from _group_attributes(scopes, pad, context)
    shown = [each for each in group.variables.values() if _has_data(each, context)]
    if shown:
        yield f"{pad}data:\n"
    for variable in shown:
        yield from data(variable, context.line)
    for name, child in group.groups.items():
        label = escaped_name(name)
        yield f"\n{pad}group: {label} {{\n"
        context.line.indent += INDENT
        yield from _group((*scopes, (join(path, name), child)), context)
        yield f"{context.line.pad}}} // group {label}\n"
        context.line.indent -= INDENT


def _has_data(variable: Variable, context: _Context) -> bool:
    """Tell whether the values of a variable are shown."""
    names = [dimension.name for dimension in variable.dimensions]
    return not context.header or (context.coordinates and names == [variable.name])


def _dimensions(group: Group, pad: str) -> Iterator[str]:
    if group.dimensions:
        yield f"{pad}dimensions:\n"
    for name, dimension in group.dimensions.items():
        form = "UNLIMITED ; // (%d currently)" if dimension.unlimited else "%d ;"
        yield f"{pad}\t{escaped_name(name)} = {form % dimension.size}\n"


def _variables(scopes: Scopes, pad: str, context: _Context) -> Iterator[str]:
    variables = scopes[-1][1].variables
    if variables:
        yield f"{pad}variables:\n"
    for name, variable in variables.items():
        label = escaped_name(name)
        dimensions = ", ".join(_reference(item, scopes, context) for item in variable.dimensions)
        shape = f"({dimensions})" if dimensions else ""
        kind = type_name(variable.type, scopes, context.types)
        yield f"{pad}\t{kind} {label}{shape} ;\n"
        owner = label + " " if name in KEYWORDS else label
        yield from _attributes(variable.attributes, owner, scopes, context)


def _reference(dimension: Dimension, scopes: Scopes, context: _Context) -> str:
    """Return the name of a dimension, with a path only where the name alone means another one."""
    label = escaped_name(dimension.name)
    for depth in range(len(scopes), 0, -1):
        if _visible(dimension.name, scopes[:depth]) is dimension:
            # The path is that of the first group outwards which sees it, as in ncdump.
            return label if depth == len(scopes) else _path(scopes[depth - 1][0]) + label
    if dimension not in context.places:
        raise MetadataError(f"no group holds the dimension {dimension.name!r}")
    return _path(context.places[dimension].rpartition("/")[0]) + label


def _visible(name: str, scopes: Scopes) -> Dimension | None:
    holders = (group.dimensions for _, group in reversed(scopes))
    return next((held[name] for held in holders if name in held), None)


def _path(group: str) -> str:
    return escaped_name(group.rstrip("/")) + "/"


def _group_attributes(scopes: Scopes, pad: str, context: _Context) -> Iterator[str]:
    path, group = scopes[-1]
    if not group.attributes:
        return
    kind, hidden = ("global", HIDDEN) if path == "/" else ("group", None)
    yield f"\n{pad}// {kind} attributes:\n"
    shown = {name: item for name, item in group.attributes.items() if name != hidden}
    yield from _attributes(shown, "", scopes, context)


def _attributes(
    attributes: Mapping[str, Attribute], owner: str, scopes: Scopes, context: _Context
) -> Iterator[str]:
    for name, attribute in attributes.items():
        kind = attribute.type
        prefix = ""
        if kind is STRING or not isinstance(kind, AtomicType):
            prefix = type_name(kind, scopes, context.types) + " "
        values = _values(attribute, context)
        yield f"{context.line.pad}\t\t{prefix}{owner}:{escaped_name(name)} = {values} ;\n"


def _values(attribute: Attribute, context: _Context) -> str:
    if isinstance(attribute.type, AtomicType) or not len(attribute.value):
        return attribute_text(attribute, classic=context.classic)
    texts = attribute_texts(attribute)
    texts[:-1] = [text + ", " for text in texts[:-1]]
    wrapped = isinstance(attribute.type, CompoundType | VlenType)
    return context.line.add(texts) if wrapped else "".join(texts)
