"""One open dataset: what its groups, dimensions and variables share."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from zarr_cdm.cdm import model
from zarr_cdm.cdm.model import ArrayLike
from zarr_cdm.errors import NetcdfError


@dataclass(frozen=True, slots=True)
class Request:
    """How a new variable shall be stored; None: choose.

    Attributes
    ----------
    chunks
        The length of a chunk along each dimension.
    compression
        As ``createVariable`` has it: ``zlib``, ``zstd``, ``blosc_lz4``, …
    level
        Of the compressor.
    shuffle
        0 for none, 1 for bytes, 2 for bits.
    endian
        Byte order of the stored elements.
    szip
        The coding and the pixels per block of szip.
    """

    chunks: tuple[int, ...] | None = None
    compression: str | None = None
    level: int = 4
    shuffle: int = 1
    endian: str | None = None
    szip: tuple[str, int] = ("nn", 8)


class Data(ArrayLike, Protocol):
    """The data of a variable that can be written."""

    def write(self, parts: tuple[Any, ...], values: Any) -> None:
        """Put values where a slice or an integer array for each axis selects."""


class Keeper(Protocol):
    """What keeps a dataset: the file or store that it comes from or goes to."""

    @property
    def format(self) -> str:
        """What the format on disk is called."""

    def create(self, path: str, variable: model.Variable, request: Request) -> Data:
        """Return data for a new variable, all of them fill values."""

    def move(self, old: str, new: str) -> None:
        """Put what lies at a path, and below it, at another."""

    def settle(self) -> None:
        """End a move, when the dataset has the new names."""

    def sync(self) -> None:
        """Write what is not written yet."""

    def close(self, error: BaseException | None = None) -> None:
        """Let go of the file or store; after an error nothing half-written is left in its place."""


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A file or store that is read only.

    Attributes
    ----------
    stack
        What is done when it is closed.
    """

    dataset: model.Dataset
    format: str
    stack: ExitStack = field(default_factory=ExitStack)

    def create(self, path: str, variable: model.Variable, request: Request) -> Data:
        """Raise: `Session.change` lets nobody come here."""
        raise NetcdfError("was opened for reading", source=self.dataset.source)

    def move(self, old: str, new: str) -> None:
        """Raise, as `create`."""
        raise NetcdfError("was opened for reading", source=self.dataset.source)

    def settle(self) -> None:
        """Do nothing: nothing was moved."""

    def sync(self) -> None:
        """Do nothing: there is nothing to write."""

    def close(self, error: BaseException | None = None) -> None:
        """Let go of the file or store."""
        with self.stack:
            self.dataset.close()


@dataclass(eq=False, slots=True)
class Session:
    """An open dataset.

    Attributes
    ----------
    dataset
        The picture that is shown and changed.
    keeper
        Where it lies.
    writable
        Whether it may be changed.
    source
        The path or URL that it was opened by.
    data_model
        netCDF's name of the model.
    changed
        Whether something is not written yet.
    fill
        Whether new variables are filled (`Dataset.set_fill_off`).
    """

    dataset: model.Dataset
    keeper: Keeper
    writable: bool
    source: str
    data_model: str = "NETCDF4"
    fill: bool = True
    is_open: bool = True
    changed: bool = False

    def check_open(self, error: type[NetcdfError] = NetcdfError) -> None:
        """Raise where the dataset was closed."""
        if not self.is_open:
            raise error("the dataset has been closed", source=self.source)

    def change(self, error: type[NetcdfError] = NetcdfError) -> None:
        """Note that something is about to change; raise where nothing may."""
        self.check_open(error)
        if not self.writable:
            raise error("was opened for reading; open it with mode='a'", source=self.source)
        self.changed = True

    def check_enhanced(self, what: str) -> None:
        """Raise where the data model does not have what only ``NETCDF4`` has."""
        if self.data_model != "NETCDF4":
            raise NetcdfError(f"{self.data_model} has no {what}", source=self.source)

    def sync(self) -> None:
        """Write what is not written yet."""
        self.check_open()
        if self.changed:
            self.keeper.sync()
            self.changed = False

    def close(self) -> None:
        """Write what is not written yet, and let go of the source."""
        if not self.is_open:
            return
        try:
            self.sync()
        except BaseException as error:
            self.is_open = False
            self.keeper.close(error)
            raise
        self.is_open = False
        self.keeper.close()
