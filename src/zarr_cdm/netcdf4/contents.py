"""What a dataset or group holds, as netCDF4-python shows it: dictionaries by name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from zarr_cdm.cdm import model
from zarr_cdm.cdm import types as cdm
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.errors import NetcdfError
from zarr_cdm.netcdf4.attributes import Attributed
from zarr_cdm.netcdf4.dimension import Dimension
from zarr_cdm.netcdf4.types import CompoundType, EnumType, VLType
from zarr_cdm.netcdf4.variable import Variable

if TYPE_CHECKING:
    from zarr_cdm.netcdf4.dataset import Group


class Contents(Attributed):
    """What is common to datasets and groups: what they hold, and what is looked for in them."""

    __slots__ = (
        "__weakref__",
        "_dimensions",
        "_model",
        "cmptypes",
        "data_model",
        "dimensions",
        "disk_format",
        "enumtypes",
        "groups",
        "keepweakref",
        "parent",
        "path",
        "variables",
        "vltypes",
    )
    OWN = frozenset(
        (
            "auto_complex",
            "cmptypes",
            "data_model",
            "dimensions",
            "disk_format",
            "enumtypes",
            "file_format",
            "groups",
            "keepweakref",
            "name",
            "parent",
            "path",
            "variables",
            "vltypes",
        )
    )
    __orthogonal_indexing__ = True

    dimensions: dict[str, Dimension]
    variables: dict[str, Variable]
    groups: dict[str, Group]
    cmptypes: dict[str, CompoundType]
    vltypes: dict[str, VLType]
    enumtypes: dict[str, EnumType]
    parent: Contents | None
    path: str
    _model: model.Group
    _dimensions: dict[model.Dimension, Dimension]
    data_model: str
    disk_format: str
    keepweakref: bool

    def _group(self, group: model.Group) -> Group:
        """Return a group of the model as it is shown here."""
        raise NotImplementedError

    def _show(self, group: model.Group) -> None:
        """Wrap what a group of the model holds."""
        dimensions = {name: Dimension(self, each) for name, each in group.dimensions.items()}
        by_model = {each._model: each for each in dimensions.values()}
        self._own(_model=group, dimensions=dimensions, _dimensions=by_model)
        self._own(cmptypes={}, vltypes={}, enumtypes={})
        for kind in group.types.values():
            self._show_type(kind)
        variables = {
            name: Variable(self, each, self._named_type(each.type))
            for name, each in group.variables.items()
        }
        self._own(variables=variables)
        self._own(groups={name: self._group(each) for name, each in group.groups.items()})

    def _show_type(self, kind: cdm.UserType) -> Any:
        if isinstance(kind, cdm.CompoundType):
            self.cmptypes[kind.name] = shown = CompoundType.of(kind)
            return shown
        if isinstance(kind, cdm.VlenType):
            self.vltypes[kind.name] = row = VLType.of(kind)
            return row
        if isinstance(kind, cdm.EnumType):
            self.enumtypes[kind.name] = named = EnumType.of(kind)
            return named
        return None  # opaque, which netCDF4-python has no name for

    def _named_type(self, kind: cdm.NetcdfType) -> Any:
        """Return the type of this group or one above that shows a type of the model."""
        for group in self._upwards():
            for types_ in (group.cmptypes, group.vltypes, group.enumtypes):
                found = next((each for each in types_.values() if each.kind is kind), None)
                if found is not None:
                    return found
        return None

    def _upwards(self) -> Iterator[Contents]:
        """Yield this group and those above it."""
        group: Contents | None = self
        while group is not None:
            yield group
            group = group.parent

    def _root(self) -> Contents:
        return list(self._upwards())[-1]

    def _below(self) -> Iterator[Contents]:
        """Yield this group and those below it."""
        yield self
        for group in self.groups.values():
            yield from group._below()

    def _attributes(self) -> dict[str, Attribute]:
        return self._model.attributes

    def _compounds(self) -> list[cdm.CompoundType]:
        """Return the types of records of this group and those above it, the nearest first."""
        return [
            kind
            for group in self._upwards()
            for kind in group._model.types.values()
            if isinstance(kind, cdm.CompoundType)
        ]

    def _shown(self, dimension: model.Dimension) -> Dimension:
        """Return how a dimension of the model is shown, in whichever group it is."""
        for group in (*self._upwards(), *self._root()._below()):
            if dimension in group._dimensions:
                return group._dimensions[dimension]
        raise NetcdfError(f"no group holds the dimension {dimension.name!r}")

    @property
    def name(self) -> str:
        """Its name; ``"/"`` for a dataset."""
        return self._model.name or "/"

    @property
    def file_format(self) -> str:
        """The same as ``data_model``."""
        return self.data_model

    def __getitem__(self, elem: str) -> Any:
        """Return the group or variable at a path from here."""
        *names, last = [name for name in posixpath.normpath(elem).split("/") if name] or [""]
        group: Contents = self
        for name in names:
            if name not in group.groups:
                raise IndexError(f"there is no group {name!r} in {group.path}")
            group = group.groups[name]
        found = group.groups.get(last) or group.variables.get(last)
        if found is None:
            raise IndexError(f"there is no {last!r} in {group.path}")
        return found

    def __iter__(self) -> NoReturn:
        raise TypeError("a dataset is not iterable; iterate over its variables or groups")

    def __contains__(self, key: object) -> NoReturn:
        raise TypeError("ask its variables, dimensions or groups for a name")

    def get_variables_by_attributes(self, **kwargs: Any) -> list[Variable]:
        """Return the variables of this group whose attributes are as asked for.

        Each keyword is the name of an attribute, with its value, or a function that is called with
        the value (None where there is none) and returns True for those that are wanted.
        """
        return [
            variable
            for variable in self.variables.values()
            if kwargs and all(_fits(variable, name, wanted) for name, wanted in kwargs.items())
        ]

    # How all variables below are shown.

    def set_auto_chartostring(self, value: bool) -> None:
        """Call `Variable.set_auto_chartostring` of all variables here and below."""
        for variable in self._variables_below():
            variable.set_auto_chartostring(value)

    def set_auto_mask(self, value: bool) -> None:
        """Call `Variable.set_auto_mask` of all variables here and below."""
        for variable in self._variables_below():
            variable.set_auto_mask(value)

    def set_auto_scale(self, value: bool) -> None:
        """Call `Variable.set_auto_scale` of all variables here and below."""
        for variable in self._variables_below():
            variable.set_auto_scale(value)

    def set_auto_maskandscale(self, value: bool) -> None:
        """Call `Variable.set_auto_maskandscale` of all variables here and below."""
        for variable in self._variables_below():
            variable.set_auto_maskandscale(value)

    def set_always_mask(self, value: bool) -> None:
        """Call `Variable.set_always_mask` of all variables here and below."""
        for variable in self._variables_below():
            variable.set_always_mask(value)

    def set_ncstring_attrs(self, value: bool) -> None:
        """Set for all that is here and below whether text attributes become strings."""
        for group in self._below():
            group._own(_ncstring_attrs__=bool(value))
        for variable in self._variables_below():
            variable.set_ncstring_attrs(value)

    def _variables_below(self) -> Iterator[Variable]:
        for group in self._below():
            yield from group.variables.values()

    def __repr__(self) -> str:
        title = f"<class 'zarr_cdm.netcdf4.{type(self).__name__}'>"
        if not self._session.is_open:
            return f"{title} that is closed"
        sizes = [f"{name}({len(each)})" for name, each in self.dimensions.items()]
        variables = [
            f"{each.dtype} {name}({', '.join(each.dimensions)})"
            for name, each in self.variables.items()
        ]
        kind = f"{self.data_model} data model, file format {self.disk_format}"
        lines = [
            title,
            f"root group ({kind}):" if self.parent is None else f"group {self.path}:",
            *(f"    {name}: {self.getncattr(name)}" for name in self.ncattrs()),
            f"    dimensions(sizes): {', '.join(sizes)}",
            f"    variables(dimensions): {', '.join(variables)}",
            f"    groups: {', '.join(self.groups)}",
        ]
        return "\n".join(lines)


def _fits(variable: Variable, name: str, wanted: Any) -> bool:
    value = getattr(variable, name, None)
    if callable(wanted):
        return wanted(value) is True
    return value is not None and bool(value == wanted)
