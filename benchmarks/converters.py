"""The ways from a netCDF file to a v3 store.

Each imports what it needs when it runs: `peak` measures a process that has nothing else loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.measure import OURS

CHUNK = (64, 64, 64)  # 1 MB of float32
NAME = "air"


def ours(source: str, target: str) -> None:
    """Convert with this package."""
    import zarr_cdm

    zarr_cdm.convert(source, target)


def eager(source: str, target: str) -> None:
    """Convert with xarray as it comes."""
    _xarray(source, target)


def eager_same(source: str, target: str) -> None:
    """Convert with xarray, with our codec (but no checksum) and the chunks of the source."""
    _xarray(source, target, same=True)


def dask(source: str, target: str) -> None:
    """Convert with xarray in dask's threads, chunks as in the source."""
    _xarray(source, target, chunks={})


def dask_same(source: str, target: str) -> None:
    """Convert with xarray in dask's threads, with our codec and the chunks of the source."""
    _xarray(source, target, same=True, chunks={})


def _xarray(source: str, target: str, *, same: bool = False, chunks: Any = None) -> None:
    import warnings

    import xarray as xr
    from zarr.codecs import BloscCodec

    codec = BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=4)
    with warnings.catch_warnings(), xr.open_dataset(source, chunks=chunks) as dataset:
        warnings.simplefilter("ignore")
        lengths = tuple(map(min, CHUNK, dataset[NAME].shape))
        encoding = {NAME: {"compressors": [codec], "chunks": lengths}} if same else None
        dataset.to_zarr(target, zarr_format=3, encoding=encoding, consolidated=True)


CONVERTERS: dict[str, Callable[[str, str], None]] = {
    OURS: ours,
    "xarray, same codec": eager_same,
    "xarray, default codec": eager,
    "xarray + dask, same codec": dask_same,
    "xarray + dask, default codec": dask,
}
