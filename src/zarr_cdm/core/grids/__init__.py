"""Chunk grids, one file for each; `table` lists them."""
