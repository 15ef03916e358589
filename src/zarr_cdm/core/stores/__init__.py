"""Stores, one file for each; `table` lists them."""
