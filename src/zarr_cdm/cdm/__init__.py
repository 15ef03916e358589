"""The words of netCDF: plain objects, no files, no Zarr."""
