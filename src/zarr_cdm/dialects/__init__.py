"""The bridge: Zarr documents and the data model, one file for each spelling."""
