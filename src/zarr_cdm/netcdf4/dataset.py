"""Datasets and groups as netCDF4-python shows them."""

from __future__ import annotations

import os
import posixpath
import weakref
from collections.abc import Mapping
from typing import Any, NoReturn, Self

from zarr_cdm.cdm import model
from zarr_cdm.errors import UnsupportedError
from zarr_cdm.formats import cdl
from zarr_cdm.netcdf4.making import Making
from zarr_cdm.netcdf4.opening import open_bytes, open_session

SWITCHES = ("set_auto_chartostring", "set_auto_mask", "set_auto_maskandscale", "set_auto_scale")


class Dataset(Making):
    """A netCDF file or a Zarr store, with netCDF4-python's names for everything.

    Parameters
    ----------
    filename
        A path, or for a store any URL that fsspec knows. A netCDF file is only read.
    mode
        ``"r"`` reads; ``"w"`` writes anew what may be there already; ``"x"`` writes where nothing
        is; ``"a"`` and ``"r+"`` change what is there, and write anew where nothing is.
    clobber
        With ``"w"``: whether what is there may be removed.
    format
        Of what is written: ``"ZARR3"``, ``"ZARR2"`` or one of netCDF's (``"NETCDF4"``, …). By
        itself netCDF for the suffixes of that (``.nc``, ``.nc4``, ``.cdf``), else ``"ZARR3"``.
    memory
        With ``"r"``: the bytes of a netCDF file, or of a store as a zip archive, to be read.
    keepweakref, encoding
        Accepted, without effect.
    storage_options
        fsspec's options, for a URL.

    Attributes
    ----------
    dimensions, variables, groups, cmptypes, vltypes, enumtypes
        What it holds, by name.
    parent
        The group above, None for a dataset.
    path
        Of the group, ``"/"`` for a dataset.
    data_model, file_format
        netCDF's name of the model, as ``"NETCDF4"``.
    disk_format
        ``"ZARR3"``, ``"ZARR2"``, ``"HDF5"`` or ``"NETCDF3"``.

    Raises
    ------
    NodeNotFoundError
        There is nothing to read; it is a `FileNotFoundError`.
    TargetExistsError
        There is something already; it is an `OSError`.
    FormatError, MetadataError
        It cannot be read.
    UnsupportedError
        It cannot be written in that format, or a keyword has no meaning for a store.
    """

    __slots__ = ()

    def __init__(
        self,
        filename: str | os.PathLike[str],
        mode: str = "r",
        clobber: bool = True,
        format: str | None = None,
        diskless: bool = False,
        persist: bool = False,
        keepweakref: bool = False,
        memory: Any = None,
        encoding: str | None = None,
        parallel: bool = False,
        comm: Any = None,
        info: Any = None,
        auto_complex: bool = False,
        *,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        refused = {
            "diskless": diskless,
            "parallel": parallel,
            "auto_complex": auto_complex,
        }
        for name, given in refused.items():
            if given:
                raise UnsupportedError(f"{name} is not offered here; leave it out")
        path = os.fspath(filename)
        if memory is None:
            session = open_session(path, mode, clobber, format, storage_options)
        else:
            session = open_bytes(path, mode, memory)
        self._own(
            _session=session,
            _ncstring_attrs__=False,
            keepweakref=keepweakref,
            data_model=session.data_model,
            disk_format=session.keeper.format,
            parent=None,
            path="/",
        )
        # A dataset that nobody closes is written all the same, at the latest when Python ends.
        weakref.finalize(self, session.close)
        self._show(session.dataset)

    def _group(self, group: model.Group) -> Group:
        return Group._of(self, group)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def isopen(self) -> bool:
        """Tell whether it has not been closed yet."""
        return self._session.is_open

    def filepath(self, encoding: str | None = None) -> str:
        """Return the path or URL that it was opened by."""
        self._session.check_open()
        return self._session.source

    def sync(self) -> None:
        """Write what is not written yet: afterwards others read what has been assigned."""
        self._session.sync()

    def close(self) -> None:
        """Write what is not written yet, and let go of the file or store.

        Raises
        ------
        NetcdfError
            It has been closed already.
        """
        self._session.check_open()
        self._session.close()

    def set_fill_on(self) -> None:
        """Let new variables read as their fill value where nobody has written."""
        self._session.change()
        self._session.fill = True

    def set_fill_off(self) -> None:
        """Leave open what new variables read as where nobody has written."""
        self._session.change()
        self._session.fill = False

    def tocdl(
        self, coordvars: bool = False, data: bool = False, outfile: str | None = None
    ) -> str | None:
        """Return the dataset as CDL, or write it to a file.

        Parameters
        ----------
        coordvars
            Show the values of coordinate variables, and of no others.
        data
            Show values.
        outfile
            The file to write to.
        """
        self._session.check_open()
        root = self._session.dataset
        name = posixpath.splitext(posixpath.basename(self._session.source.rstrip("/")))[0]
        header = coordvars or not data
        text = "".join(cdl.write(root, name=name, header=header, coordinates=coordvars))
        if outfile is None:
            return text
        with open(outfile, "w", encoding="utf-8") as file:
            file.write(text)
        return None

    def has_blosc_filter(self) -> bool:
        """Tell that Blosc is there."""
        return True

    def has_zstd_filter(self) -> bool:
        """Tell that zstd is there."""
        return True

    def has_bzip2_filter(self) -> bool:
        """Tell that bzip2 is there."""
        return True

    def has_szip_filter(self) -> bool:
        """Tell that szip is not there: Zarr has none."""
        return False

    def __reduce__(self) -> NoReturn:
        raise NotImplementedError("Dataset is not picklable; open it where it is needed")


class Group(Dataset):
    """A group in a dataset, made by `Dataset.createGroup`; it offers what a dataset does."""

    __slots__ = ()

    def __new__(cls, parent: Dataset, name: str) -> Self:
        """Return a new group of another."""
        made: Any = parent.createGroup(name)
        return made  # type: ignore[no-any-return]

    def __init__(self, parent: Dataset, name: str) -> None:
        """Do nothing: it has been made."""

    @classmethod
    def _of(cls, parent: Dataset, group: model.Group) -> Group:
        made = object.__new__(cls)
        kept = ("_session", "_ncstring_attrs__", "keepweakref", "data_model", "disk_format")
        made._own(**{name: getattr(parent, name) for name in kept})
        made._own(parent=parent, path=model.join(parent.path, group.name))
        made._show(group)
        return made

    def close(self) -> NoReturn:
        """Raise: only a dataset can be closed."""
        raise OSError("a group cannot be closed; close its dataset")
