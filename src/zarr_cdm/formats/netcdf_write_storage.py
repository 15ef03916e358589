"""How a variable shall lie in a netCDF-4 file, told to netCDF-C.

What the file cannot have is made into the nearest that it can; a filter that this netCDF-C does
not have is left out, with a warning.
"""

from __future__ import annotations

import warnings
from math import prod

import numpy as np

from zarr_cdm.cdm.model import Filter, Variable
from zarr_cdm.cdm.types import AtomicType, NetcdfType, VlenType, parts_of
from zarr_cdm.errors import FormatError, ZarrCdmWarning
from zarr_cdm.formats.netcdf_c import call
from zarr_cdm.formats.netcdf_write_memory import layout

CHUNKED, CONTIGUOUS, COMPACT = 0, 1, 2
ENDIANS = {"little": 1, "big": 2}
MAX_COMPACT = 65_520  # bytes, of the 64 KiB of an HDF5 object header
MAX_CHUNK = 2**32 - 1  # bytes
DEFLATE, SHUFFLE, FLETCHER32, SZIP, NBIT, SCALE_OFFSET = 1, 2, 3, 4, 5, 6
BZIP2, BLOSC, ZSTD = 307, 32001, 32015
# Filters that a source names, but does not number.
IDS = {
    "deflate": DEFLATE,
    "zlib": DEFLATE,
    "gzip": DEFLATE,
    "shuffle": SHUFFLE,
    "fletcher32": FLETCHER32,
    "szip": SZIP,
    "bz2": BZIP2,
    "bzip2": BZIP2,
    "blosc": BLOSC,
    "zstd": ZSTD,
}
# How many of a filter's stored parameters are the user's; the rest HDF5 adds itself.
OWN_PARAMETERS = {SHUFFLE: 0, FLETCHER32: 0, SZIP: 2, NBIT: 0, SCALE_OFFSET: 2}
SZIP_CODING = 4 | 32  # entropy coding, nearest neighbour: the bits that netCDF-C takes
INTEGERS_WHOLE = [2, 0]  # parameters of scale-offset, where it keeps all bits
# Filters that are never set, and why.
LOSSY = "would change the values once more"
REFUSED = {
    BLOSC: "fails, in netCDF-C's plugin, at data that cannot be compressed",
    32013: LOSSY,  # ZFP
    32017: LOSSY,  # SZ
    32024: LOSSY,  # SZ3
}


def define_storage(owner: int, number: int, path: str, variable: Variable) -> None:
    """Set layout, chunks, filters, byte order and fill mode of a variable in define mode."""
    if variable.dimensions:
        filters = [_filter(owner, number, path, each) for each in variable.storage.filters]
        _layout(owner, number, variable, filtered=any(filters))
    elif variable.storage.layout == "compact":
        call("nc_def_var_chunking", owner, number, COMPACT, None)
    kind = variable.type
    endian = ENDIANS.get(variable.storage.endian or "")
    if endian and isinstance(kind, AtomicType) and kind.dtype.kind in "iuf":
        call("nc_def_var_endian", owner, number, endian)
    if variable.storage.fill_mode == "none" and not has_addresses(kind):
        call("nc_def_var_fill", owner, number, 1, None)


def _layout(owner: int, number: int, variable: Variable, *, filtered: bool) -> None:
    storage = variable.storage
    size = prod(variable.shape) * layout(variable.type).itemsize
    if filtered or any(dimension.unlimited for dimension in variable.dimensions):
        wanted = "chunked"
    else:
        wanted = storage.layout or ("chunked" if storage.chunks else "contiguous")
    if wanted != "chunked":
        code = COMPACT if wanted == "compact" and size <= MAX_COMPACT else CONTIGUOUS
        call("nc_def_var_chunking", owner, number, code, None)
        return
    chunks = _chunks(variable)
    given = None if chunks is None else chunks.ctypes.data
    call("nc_def_var_chunking", owner, number, CHUNKED, given)
    # Whole chunks are written: one that waited in a cache would only take memory.
    call("nc_set_var_chunk_cache", owner, number, 0, 1, 0.75)


def _chunks(variable: Variable) -> np.ndarray | None:
    """Return the lengths of the chunks, as far as the source has chunks that can be."""
    chunks = variable.storage.chunks
    if chunks is None or len(chunks) != len(variable.dimensions):
        return None
    lengths = [
        max(1, length if dimension.unlimited else min(length, dimension.size))
        for length, dimension in zip(chunks, variable.dimensions, strict=True)
    ]
    while prod(lengths) * layout(variable.type).itemsize > MAX_CHUNK:
        longest = lengths.index(max(lengths))
        lengths[longest] = -(-lengths[longest] // 2)
    return np.array(lengths, np.uintp)


def _filter(owner: int, number: int, path: str, given: Filter) -> bool:
    """Set a filter; return whether that could be."""
    try:
        code, values = _parameters(given)
        call("nc_inq_filter_avail", owner, code)
        call("nc_def_var_filter", owner, number, code, len(values), values.ctypes.data)
    except (FormatError, LookupError) as error:
        reason = error.message if isinstance(error, FormatError) else str(error.args[0])
        message = f"{path} is written without the filter {given.name!r} ({reason})"
        warnings.warn(message, ZarrCdmWarning, stacklevel=2)
        return False
    return True


def _parameters(given: Filter) -> tuple[int, np.ndarray]:
    """Return the number and the parameters of a filter in HDF5.

    Raises
    ------
    LookupError
        They are not known, or the filter does harm.
    """
    code = given.configuration.get("id", IDS.get(given.name))
    if not isinstance(code, int):
        raise LookupError("HDF5 has no filter of that name")
    values = given.configuration.get("values")
    if values is None:
        level = given.configuration.get("level")
        values = [] if level is None else [level]
    values = list(values)[: OWN_PARAMETERS.get(code)]
    if code == SZIP and values:
        values[0] &= SZIP_CODING
    if code in (DEFLATE, SZIP, BZIP2, ZSTD) and not values:
        raise LookupError("its parameters are not known")
    if code in REFUSED or (code == SCALE_OFFSET and values != INTEGERS_WHOLE):
        raise LookupError(f"it {REFUSED.get(code, LOSSY)}")
    return code, np.array(values, np.uintc)


def has_addresses(kind: NetcdfType) -> bool:
    """Tell whether elements of a type hold texts or rows, which HDF5 always has to fill."""
    return (
        isinstance(kind, VlenType)
        or (isinstance(kind, AtomicType) and kind.dtype.hasobject)
        or any(has_addresses(part) for part in parts_of(kind))
    )
