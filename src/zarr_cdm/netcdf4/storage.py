"""How a variable is stored, in netCDF4-python's words.

What a netCDF file was made with stays on record when it is converted: `filters` tells that, so that
a copy is made alike. Chunks are told as they lie now, because readers go by them.
"""

from __future__ import annotations

from typing import Any

from zarr_cdm.cdm.model import Filter, Variable
from zarr_cdm.netcdf4.session import Request

FILTERS = ("zlib", "szip", "zstd", "bzip2", "blosc", "shuffle", "fletcher32")
# HDF5's filters by the names and numbers that `Storage.filters` has, and where the level stands.
LEVELS = {"zlib": 0, "zstd": 0, "bzip2": 0, "blosc": 4}
IDS = {1: "zlib", 2: "shuffle", 3: "fletcher32", 4: "szip", 307: "bzip2"}
IDS |= {32001: "blosc", 32015: "zstd"}
BLOSC = ("blosc_lz", "blosc_lz4", "blosc_lz4hc", "blosc_snappy", "blosc_zlib", "blosc_zstd")
COMPRESSIONS = ("zlib", "szip", "zstd", "bzip2", *BLOSC)
SZIP_CODING = {4: "ec", 32: "nn"}


def filters_of(variable: Variable) -> dict[str, Any]:
    """Return which filters a variable has, as `filters` shows them."""
    found: dict[str, Any] = {**dict.fromkeys(FILTERS, False), "complevel": 0}
    for step in variable.storage.filters:
        values = tuple(step.configuration.get("values", ()))
        name = IDS.get(step.configuration.get("id", 0), step.name)
        if name not in FILTERS:
            continue
        found[name] = _shown(name, values)
        if name in LEVELS and len(values) > LEVELS[name]:
            found["complevel"] = int(values[LEVELS[name]])
    return found


def _shown(name: str, values: tuple[int, ...]) -> Any:
    if name == "blosc" and len(values) > 6:
        return {"compressor": BLOSC[values[6]], "shuffle": int(values[5])}
    if name == "szip" and len(values) > 1:
        coding = next((word for bit, word in SZIP_CODING.items() if values[0] & bit), "nn")
        return {"coding": coding, "pixels_per_block": int(values[1])}
    return True


def steps_for(request: Request, item_bytes: int, checksum: bool) -> tuple[Filter, ...]:
    """Return the filters that HDF5 would get by a request, so that they are on record."""
    steps = []
    if request.compression == "zlib":
        if request.shuffle:
            steps.append(_step(2, item_bytes))
        steps.append(_step(1, request.level))
    elif request.compression == "zstd":
        steps.append(_step(32015, request.level))
    elif request.compression == "bzip2":
        steps.append(_step(307, request.level))
    elif request.compression in BLOSC:
        shuffle, number = request.shuffle, BLOSC.index(request.compression)
        steps.append(_step(32001, 2, 2, item_bytes, 0, request.level, shuffle, number))
    elif request.compression == "szip":
        coding, pixels = request.szip
        bit = next(bit for bit, word in SZIP_CODING.items() if word == coding)
        steps.append(_step(4, bit, pixels))
    if checksum:
        steps.append(_step(3))
    return tuple(steps)


def _step(code: int, *values: int) -> Filter:
    name = "deflate" if code == 1 else IDS[code]  # as a file says it
    return Filter(name, {"id": code, "values": values})


def chunking_of(variable: Variable) -> list[int] | str:
    """Return the chunk lengths as they lie now; "contiguous" where there are none."""
    if not variable.dimensions:
        return "contiguous"
    chunks = getattr(variable.data, "chunks", None) or variable.storage.chunks
    if chunks is None:
        return "contiguous"
    return [axis if isinstance(axis, int) else max(axis, default=1) for axis in chunks]
