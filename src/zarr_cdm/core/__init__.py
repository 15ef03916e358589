"""The Zarr core: arrays and groups at work. It knows no dimension names, no CF, no netCDF."""
