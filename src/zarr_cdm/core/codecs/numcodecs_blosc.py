"""Blosc as numcodecs configures it: zarr-python writes it into v3 as ``numcodecs.blosc``.

Specification: https://numcodecs.readthedocs.io/en/stable/compression/blosc.html

>>> NumcodecsBloscCodec.from_json({"cname": "lz4", "clevel": 5, "shuffle": -1}).shuffle
2
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zarr_cdm.core.codecs.blosc import BloscCodec
from zarr_cdm.errors import MetadataError

# -1: bits for elements of one byte, which all have in v3.
SHUFFLES = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle", -1: "bitshuffle"}


class NumcodecsBloscCodec:
    """Makes a `BloscCodec`, which decodes the same frames."""

    @staticmethod
    def from_json(configuration: Mapping[str, Any]) -> BloscCodec:
        """Return the codec; raise `MetadataError` if it cannot be configured like this."""
        shuffle = configuration.get("shuffle", 1)
        if type(shuffle) is not int or shuffle not in SHUFFLES:
            raise MetadataError(f"blosc has shuffle {shuffle!r}, expected -1, 0, 1 or 2")
        known = {"cname", "clevel", "blocksize", "typesize"}
        others = {name: value for name, value in configuration.items() if name in known}
        return BloscCodec.from_json({**others, "shuffle": SHUFFLES[shuffle]})
