"""The adapter: what xarray calls, and what it gets."""
