"""Our model as xarray's: groups as datasets, decoded by xarray's own CF rules.

A variable that cannot be decoded stays as it is stored, with a warning: it never costs the dataset.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from xarray import Coordinates, Dataset, Variable
from xarray.coding.strings import create_vlen_dtype
from xarray.conventions import decode_cf_variables
from xarray.core.indexing import LazilyIndexedArray

from zarr_cdm.cdm import model
from zarr_cdm.cdm.flags import flags_of
from zarr_cdm.cdm.lazy import MappedArray
from zarr_cdm.cdm.types import STRING, AtomicType, EnumType
from zarr_cdm.errors import StoreError, ZarrCdmWarning
from zarr_cdm.xarray.backend_array import CdmBackendArray, RememberedArray

# The option that xarray asks for first when it comes to a variable.
RECORDER = "concat_characters"
COORDINATES, FILL = "coordinates", "_FillValue"
# Options that have to be given so that they can be False for a variable that stays raw.
ALWAYS = (RECORDER, "decode_times", "mask_and_scale")


def to_xarray(
    group: model.Group,
    source: str,
    decode_coords: Any = True,
    drop_variables: Any = None,
    **decoders: Any,
) -> Dataset:
    """Return one group as a dataset, its data unread.

    Parameters
    ----------
    source
        The file or store, for warnings and ``encoding``.
    decode_coords, drop_variables, decoders
        As in `xarray.open_dataset`; only decoders that are not None are handed on.

    Warns
    -----
    ZarrCdmWarning
        A variable cannot be decoded and stays raw.
    """
    attributes: dict[Hashable, Any] = {
        name: attribute.plain() for name, attribute in group.attributes.items()
    }
    decoded, attributes, coordinates = decode(
        group, attributes, source, decode_coords, drop_variables, decoders
    )
    is_coordinate = {
        name
        for name, variable in decoded.items()
        if name in coordinates or variable.dims == (name,)
    }
    dataset = Dataset(
        {name: variable for name, variable in decoded.items() if name not in is_coordinate},
        Coordinates({name: decoded[name] for name in decoded if name in is_coordinate}, indexes={}),
        attributes,
    )
    unlimited = {name for dimension, name in group.flat_names().items() if dimension.unlimited}
    dataset.encoding = {"unlimited_dims": unlimited, "source": source}
    return dataset


def _dimension_names(group: model.Group, source: str) -> dict[model.Dimension, str]:
    """Return what dimensions are called in an xarray dataset, where each name has one length."""
    names = group.flat_names()
    for dimension, name in names.items():
        if name != dimension.name:
            warnings.warn(
                f"{source}: group {group.name or '/'!r} has two dimensions {dimension.name!r}; "
                f"the one of length {dimension.size} is called {name!r}",
                ZarrCdmWarning,
                stacklevel=3,
            )
    return names


def to_variable(
    variable: model.Variable, called: Mapping[model.Dimension, str] = MappingProxyType({})
) -> Variable:
    """Return one variable as it is stored, with typed attributes and its encoding.

    Of an enumeration there are the numbers, with CF's flags for their names; of a compound
    structured elements, of opaque bytes ``V<n>``, of a vlen objects, each an array.
    """
    kind, data = variable.type, variable.data
    dtype = create_vlen_dtype(str) if kind is STRING else kind.dtype  # type: ignore[no-untyped-call]
    names = tuple(called.get(each, each.name) for each in variable.dimensions)
    if kind is STRING:
        data = MappedArray(data, kind.dtype, _without_null)
    if not isinstance(data, np.ndarray):
        data = RememberedArray(data) if names == (variable.name,) else data
    values: Any = LazilyIndexedArray(CdmBackendArray(data, dtype))
    if isinstance(variable.data, np.ndarray) and not dtype.hasobject:
        values = variable.data
    attributes = {**variable.attributes, **flags_of(kind, variable.attributes)}
    plain = {name: attribute.plain() for name, attribute in attributes.items()}
    return Variable(names, values, plain, _encoding(variable, names))


def _without_null(part: np.ndarray) -> np.ndarray:
    """Return texts with an empty one for each NULL, which xarray would take for missing."""
    result = np.empty(part.shape, object)
    result.reshape(-1)[:] = [text or "" for text in part.ravel().tolist()]
    return result


def _encoding(variable: model.Variable, names: tuple[str, ...]) -> dict[str, Any]:
    chunks = getattr(variable.data, "chunks", variable.storage.chunks)
    if chunks is None:
        return _enum(variable)
    # dask had better take whole shards: each is an object, however many chunks it holds.
    shards = getattr(variable.data, "shards", None)
    preferred = dict(zip(names, shards or chunks, strict=True))
    return {
        "chunks": chunks,
        "shards": shards,
        "preferred_chunks": preferred,
        **_enum(variable),
    }


def _enum(variable: model.Variable) -> dict[str, Any]:
    """Return by what xarray's netCDF engine knows an enumeration, and writes one."""
    kind = variable.type
    if not isinstance(kind, EnumType):
        return {}
    members = {name: int(value) for name, value in kind.members.items()}
    return {"dtype": np.dtype(kind.dtype, metadata={"enum": members, "enum_name": kind.name})}


def decode(
    group: model.Group,
    attributes: dict[Any, Any],
    source: str,
    decode_coords: Any,
    drop_variables: Any,
    decoders: Mapping[str, Any],
) -> tuple[dict[Hashable, Variable], dict[Hashable, Any], set[Hashable]]:
    """Return what `xarray.conventions.decode_cf_variables` does, undecodable variables raw."""
    raw: set[Hashable] = set()
    for name, variable in group.variables.items():
        if not _may_be_scaled(variable):  # which xarray would notice when it is read, and fail
            raw.add(name)
            _warn(source, name, "its scale_factor or add_offset is no number")
    called = _dimension_names(group, source)
    while True:
        current = Current()
        # Anew in each round: xarray changes attributes of what it is given.
        variables = {
            name: to_variable(variable, called) for name, variable in group.variables.items()
        }
        hidden = {COORDINATES: _hide_numbers(variables), FILL: _hide_fills(variables, group)}
        try:
            decoded, left, coordinates = decode_cf_variables(
                variables,
                attributes,
                decode_coords=decode_coords,
                drop_variables=drop_variables,
                **_per_variable(decoders, raw, current),
            )
            _read_time_coordinates(decoded, current)
            for attribute, values in hidden.items():
                for name, value in values.items():
                    if name in decoded:
                        decoded[name].attrs[attribute] = value
            return dict(decoded), dict(left), set(coordinates)
        except StoreError:
            raise  # it cannot be read, which does not say that it cannot be decoded
        except Exception as error:
            if current.name is None or current.name in raw:
                raise
            raw.add(current.name)
            _warn(source, current.name, str(error).splitlines()[0])


def _hide_numbers(variables: Mapping[str, Variable]) -> dict[str, Any]:
    """Take away and return what should be the names of coordinates, but is no text."""
    return {
        name: variable.attrs.pop(COORDINATES)
        for name, variable in variables.items()
        if not isinstance(variable.attrs.get(COORDINATES, ""), str)
    }


def _hide_fills(variables: Mapping[str, Variable], group: model.Group) -> dict[str, Any]:
    """Take away and return fill values of types that know no missing values."""
    return {
        name: variables[name].attrs.pop(FILL)
        for name, variable in group.variables.items()
        if not isinstance(variable.type, AtomicType | EnumType) and FILL in variables[name].attrs
    }


def _warn(source: str, name: Hashable, reason: str) -> None:
    warnings.warn(
        f"{source}: variable {name!r} cannot be decoded and stays as it is stored: {reason}",
        ZarrCdmWarning,
        stacklevel=3,
    )


def _may_be_scaled(variable: model.Variable) -> bool:
    found = (variable.attributes.get(name) for name in ("scale_factor", "add_offset"))
    return all(each is None or np.asarray(each.value).dtype.kind in "iuf" for each in found)


def _per_variable(
    decoders: Mapping[str, Any], raw: set[Hashable], current: Current
) -> dict[str, Any]:
    """Return xarray's options, each of them so that it can be asked for one variable."""
    options: dict[str, Any] = {"concat_characters": None, **decoders}
    return {
        # What is off for all variables stays a plain False: xarray tests for that.
        name: value if value is False and name != RECORDER else PerVariable(value, raw, current)
        for name, value in options.items()
        if value is not None or name in ALWAYS
    }


def _read_time_coordinates(decoded: Mapping[Any, Variable], current: Current) -> None:
    """Decode the times that xarray is about to make an index of.

    When it decodes, xarray looks at the first and the last value only. One in between that is no
    time would let it fail later, when it reads all of them, and then nothing would open.
    """
    for name, variable in decoded.items():
        if variable.dims == (name,) and variable.dtype.kind in "MmO":
            current.name = name
            variable.load()


class Current:
    """The variable that xarray is decoding."""

    name: Hashable | None = None


class PerVariable(Mapping[Hashable, Any]):
    """A decoder's option for each variable: what was given, and False for those that stay raw.

    xarray asks for it as it comes to a variable, and that tells which one it failed on.
    """

    def __init__(self, given: Any, raw: set[Hashable], current: Current) -> None:
        self._given = given
        self._raw = raw
        self._current = current

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return the option for the variable ``key``."""
        self._current.name = key
        if key in self._raw:
            return False
        if self._given is None:
            return default
        return self._given.get(key, default) if isinstance(self._given, Mapping) else self._given

    def __getitem__(self, key: Hashable) -> Any:
        return self.get(key)

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._raw)

    def __len__(self) -> int:
        return 1  # xarray asks whether there is anything to decode
