"""The netCDF door: netCDF files as a `Dataset`, through netCDF-C.

Values and attributes are taken raw: nothing is masked, scaled, joined to strings or decoded. What
netCDF-C cannot tell comes from the file itself: `hdf5` for netCDF-4, `classic` for the classic
formats.
"""

from __future__ import annotations

from pathlib import Path

from zarr_cdm.cdm.model import Dataset
from zarr_cdm.core.options import DEFAULT_OPTIONS, Options
from zarr_cdm.errors import FormatError, NodeNotFoundError, UnsupportedError
from zarr_cdm.formats.base import StorageOptions
from zarr_cdm.formats.classic import ClassicHeader, check_length
from zarr_cdm.formats.hdf5 import Hdf5File, is_hdf5
from zarr_cdm.formats.netcdf_c import LOCK
from zarr_cdm.formats.netcdf_file import NetcdfFile
from zarr_cdm.formats.netcdf_groups import fill
from zarr_cdm.formats.netcdf_write import write

CLASSIC_MAGIC = b"CDF"
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
# What other files are, by their first bytes, and what makes netCDF of them.
OTHERS = {
    b"\x0e\x03\x13\x01": "is HDF4, which netCDF4 here cannot read; use h4tonccf",
    b"\x1f\x8b": "is compressed with gzip; unpack it first, with gunzip",
    b"\x1f\x9d": "is compressed with compress; unpack it first, with uncompress",
    b"BZh": "is compressed with bzip2; unpack it first, with bunzip2",
    b"\xfd7zXZ\0": "is compressed with xz; unpack it first, with unxz",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first, with unzstd",
    b"GRIB": "is GRIB, which is not read here; use grib_to_netcdf",
    b"netcdf ": "is CDL; use ncgen",
}


class NetcdfFormat:
    """Files of netCDF-4 and of the classic formats."""

    def matches(self, target: str) -> bool:
        """Tell whether ``target`` is a local file: netCDF is the only kind of file that is read."""
        return Path(target).is_file()

    def read(
        self,
        target: str,
        storage_options: StorageOptions | None = None,
        options: Options = DEFAULT_OPTIONS,
    ) -> Dataset:
        """Return the netCDF file at ``target`` as a dataset, its data unread.

        A variable or attribute that netCDF-C cannot read is left out, with a `ZarrCdmWarning`.

        Raises
        ------
        NodeNotFoundError
            There is no such file.
        FormatError
            The file is not netCDF, or damaged, or shorter than its header demands.
        UnsupportedError
            Something is asked of its chunks that netCDF-C does not offer.
        """
        if (options.missing_chunks, options.verify_checksums) != ("fill", True):
            raise UnsupportedError(
                "missing_chunks and verify_checksums are for Zarr; leave them out", source=target
            )
        if _magic(target).startswith(CLASSIC_MAGIC):
            _check_records(check_length(target), target)
            return _read(target, None)
        with Hdf5File(target) as file:
            return _read(target, file)

    def write(
        self,
        dataset: Dataset,
        target: str,
        data_model: str | None = None,
        storage_options: StorageOptions | None = None,
    ) -> None:
        """Write a dataset to a new netCDF file on this machine; see `netcdf_write.write`."""
        write(dataset, target, data_model, storage_options)


def _magic(target: str) -> bytes:
    """Return the first bytes of the file; raise where they are no netCDF."""
    try:
        with open(target, "rb") as file:
            start = file.read(512)
    except FileNotFoundError as error:
        raise NodeNotFoundError("there is no such file", source=target) from error
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", source=target) from error
    if not start:
        raise FormatError("is empty (0 bytes); fetch it again", source=target)
    # An HDF5 file may begin with a user block of 512, 1024, … bytes.
    if start.startswith((CLASSIC_MAGIC, HDF5_MAGIC)) or is_hdf5(target):
        return start
    for magic, what in OTHERS.items():
        if start.startswith(magic):
            raise FormatError(what, source=target)
    raise FormatError(f"is no netCDF file: it begins with {start[:24]!r}", source=target)


def _check_records(header: ClassicHeader, target: str) -> None:
    """Raise where netCDF-C would take the header's mark of streaming for a number."""
    if header.streaming:
        raise FormatError(
            "was streamed: its header leaves the number of records open, and netCDF-C would find "
            f"billions of them; write their number ({header.records}) behind the first 4 bytes",
            source=target,
        )


def _read(target: str, stored: Hdf5File | None) -> Dataset:
    with LOCK:
        try:
            file = NetcdfFile(target)
        except FormatError as error:
            why = stored.culprits() if stored is not None else ""
            if not why:
                raise
            raise FormatError(
                f"netCDF4 cannot read this file, because {why}; take that out", source=target
            ) from error
        try:
            dataset = Dataset(
                source=target,
                facts={"format": "netCDF"},
                provenance=file.provenance(),
                closer=file.close,
            )
            fill(dataset, file, stored)
        except UnicodeDecodeError as error:
            file.close()
            name = error.object
            raise FormatError(f"has a name that is not UTF-8: {name!r}", source=target) from error
        except FormatError as error:
            file.close()
            raise error.at(source=target) from error.__cause__
        except BaseException:
            file.close()
            raise
    return dataset
