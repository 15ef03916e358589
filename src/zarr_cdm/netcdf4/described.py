"""What a variable is and how it is stored, as netCDF4-python tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarr_cdm.cdm import model
from zarr_cdm.cdm import types as cdm
from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import STRING, AtomicType, NetcdfType
from zarr_cdm.netcdf4.attributes import FILL_VALUE, Attributed
from zarr_cdm.netcdf4.dimension import Dimension
from zarr_cdm.netcdf4.quantizing import quantization_of
from zarr_cdm.netcdf4.storage import chunking_of, filters_of
from zarr_cdm.netcdf4.types import CompoundType, EnumType, VLType

if TYPE_CHECKING:
    from zarr_cdm.netcdf4.contents import Contents

HDF5_MODELS = ("NETCDF4", "NETCDF4_CLASSIC")
CHUNK_CACHE = (67108864, 1000, 0.75)  # netCDF-C's: size, elements, preemption


class Described(Attributed):
    """What a variable is: its name, dimensions and type, and how it is stored."""

    __slots__ = (
        "_cache",
        "_datatype",
        "_grp",
        "_model",
        "always_mask",
        "chartostring",
        "mask",
        "scale",
    )
    OWN = frozenset(
        ("always_mask", "chartostring", "dimensions", "dtype", "mask", "name", "ndim", "scale")
    )
    __orthogonal_indexing__ = True

    _grp: Contents
    _model: model.Variable
    _datatype: Any
    _cache: tuple[int, int, float]
    scale: bool
    mask: bool
    always_mask: bool
    chartostring: bool

    def __init__(self, group: Contents, variable: model.Variable, datatype: Any = None) -> None:
        self._own(
            _session=group._session,
            _grp=group,
            _model=variable,
            _datatype=_shown_type(variable.type) if datatype is None else datatype,
            _ncstring_attrs__=group._ncstring_attrs__,
            _cache=CHUNK_CACHE,
            **dict.fromkeys(("always_mask", "chartostring", "mask", "scale"), True),
        )

    def _attributes(self) -> dict[str, Attribute]:
        return self._model.attributes

    def _compounds(self) -> list[cdm.CompoundType]:
        return self._grp._compounds()

    @property
    def name(self) -> str:
        """Its name; `Dataset.renameVariable` changes it."""
        return self._model.name

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of its dimensions."""
        return tuple(dimension.name for dimension in self._model.dimensions)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its dimensions at present."""
        self._session.check_open()
        return self._model.shape

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return len(self._model.dimensions)

    @property
    def size(self) -> int:
        """How many elements it has."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> Any:
        """The NumPy type of its elements, ``str`` for texts; of a vlen that of its rows."""
        kind = self._model.type
        if isinstance(kind, cdm.VlenType | cdm.CompoundType) or kind is STRING:
            return self._datatype.dtype
        big = self._model.storage.endian == "big" and self._grp.data_model in HDF5_MODELS
        return kind.dtype.newbyteorder(">") if big else kind.dtype

    @property
    def datatype(self) -> Any:
        """The `CompoundType`, `VLType` or `EnumType` of its elements, else their NumPy type."""
        return self.dtype if self._datatype is None else self._datatype

    def group(self) -> Contents:
        """Return the group that it is in."""
        return self._grp

    def get_dims(self) -> tuple[Dimension, ...]:
        """Return its dimensions."""
        return tuple(self._grp._shown(dimension) for dimension in self._model.dimensions)

    def __len__(self) -> int:
        if not self._model.dimensions:
            raise TypeError("a variable without dimensions has no length")
        return self.shape[0]

    def filters(self) -> dict[str, Any] | None:
        """Return the filters it was made with, in HDF5's words; None for the classic formats."""
        return filters_of(self._model) if self._grp.data_model in HDF5_MODELS else None

    def chunking(self) -> list[int] | str | None:
        """Return the lengths of its chunks, or "contiguous"; None for the classic formats."""
        return chunking_of(self._model) if self._grp.data_model in HDF5_MODELS else None

    def endian(self) -> str:
        """Return the byte order of what is stored: "little", "big" or "native"."""
        known = self._grp.data_model in HDF5_MODELS
        return (self._model.storage.endian if known else None) or "native"

    def quantization(self) -> tuple[int, str] | None:
        """Return how many digits were kept by which algorithm; None where nothing was rounded."""
        return quantization_of(self._model)

    def get_fill_value(self) -> Any:
        """Return what reads where nobody has written; None where that is undefined.

        The ``_FillValue``, or netCDF's default as a 0-d array.
        """
        self._session.check_open()
        if self._model.storage.fill_mode == "none":
            return None
        if FILL_VALUE in self._model.attributes:
            return self.getncattr(FILL_VALUE)
        kind = self._model.type
        if isinstance(kind, AtomicType) and kind is not STRING:
            return np.array(kind.default_fill, kind.dtype)
        return None

    def get_var_chunk_cache(self) -> tuple[int, int, float]:
        """Return what `set_var_chunk_cache` has set; chunks of Zarr are not kept in a cache."""
        return self._cache

    def set_var_chunk_cache(
        self, size: int | None = None, nelems: int | None = None, preemption: float | None = None
    ) -> None:
        """Accept netCDF-C's settings of its cache for chunks, which have no effect here."""
        old = self._cache
        given = (size, nelems, preemption)
        self._own(_cache=tuple(b if a is None else a for a, b in zip(given, old, strict=True)))

    def set_collective(self, value: bool) -> None:
        """Accept netCDF-C's choice for parallel access with MPI, which there is none here."""

    def use_nc_get_vars(self, use_nc_get_vars: bool) -> None:
        """Accept netCDF-C's choice of a function to read with, which has no effect here."""

    def __repr__(self) -> str:
        if not self._session.is_open:
            return "<class 'zarr_cdm.netcdf4.Variable'> of a closed dataset"
        kind = self._model.type
        word = str(self.dtype)
        if isinstance(kind, cdm.CompoundType | cdm.EnumType | cdm.VlenType) or kind is STRING:
            word = {cdm.CompoundType: "compound", cdm.EnumType: "enum"}.get(type(kind), "vlen")
        grows = [each.name for each in self._model.dimensions if each.unlimited]
        lines = [
            "<class 'zarr_cdm.netcdf4.Variable'>",
            f"{word} {self.name}({', '.join(self.dimensions)})",
            *(f"    {name}: {self.getncattr(name)}" for name in self.ncattrs()),
            *([] if word == str(self.dtype) else [f"{word} data type: {self.dtype}"]),
            *([] if self._grp.path == "/" else [f"path = {self._grp.path}"]),
            f"unlimited dimensions: {', '.join(grows)}",
            f"current shape = {self.shape!r}",
        ]
        if isinstance(kind, AtomicType) and kind is not STRING:
            lines.append(self._filling(kind))
        return "\n".join(lines)

    def _filling(self, kind: AtomicType) -> str:
        if self._model.storage.fill_mode == "none":
            return "filling off"
        if FILL_VALUE in self._model.attributes:
            return "filling on"
        fate = "ignored" if kind.name in ("byte", "ubyte") else "used"
        return f"filling on, default _FillValue of {kind.default_fill} {fate}"


def _shown_type(kind: NetcdfType) -> Any:
    """Return the type of elements as netCDF4-python shows it; None for a plain NumPy type."""
    if isinstance(kind, cdm.CompoundType):
        return CompoundType.of(kind)
    if isinstance(kind, cdm.EnumType):
        return EnumType.of(kind)
    return VLType.of(kind) if isinstance(kind, cdm.VlenType) or kind is STRING else None
