"""The words of Zarr: documents, data types, fill values, keys."""
