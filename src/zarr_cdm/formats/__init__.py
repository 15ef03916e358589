"""The doors: each reads or writes a `Dataset`."""
