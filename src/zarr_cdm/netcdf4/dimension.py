"""A dimension as netCDF4-python shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from zarr_cdm.cdm import model

if TYPE_CHECKING:
    from zarr_cdm.netcdf4.contents import Contents


class Dimension:
    """A named length of a group.

    Made by `Dataset.createDimension`. Two variables lie on the same dimension only where it is the
    same object: a group may hide the dimension of another by one of the same name.
    """

    __slots__ = ("_grp", "_model")

    def __init__(self, group: Contents, dimension: model.Dimension) -> None:
        self._grp = group
        self._model = dimension

    @property
    def name(self) -> str:
        """Its name; `Dataset.renameDimension` changes it."""
        return self._model.name

    @property
    def size(self) -> int:
        """Its length at present."""
        return len(self)

    def __len__(self) -> int:
        self._grp._session.check_open()
        return self._model.size

    def group(self) -> Contents:
        """Return the group that holds it."""
        return self._grp

    def isunlimited(self) -> bool:
        """Tell whether it grows by what is assigned to the variables on it."""
        return self._model.unlimited

    def __repr__(self) -> str:
        unlimited = " (unlimited)" if self.isunlimited() else ""
        kind = "<class 'zarr_cdm.netcdf4.Dimension'>"
        return f'"{kind}"{unlimited}: name = {self.name!r}, size = {len(self)}'

    def __reduce__(self) -> NoReturn:
        raise NotImplementedError("Dimension is not picklable; open the dataset where it is needed")
