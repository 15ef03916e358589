"""How much a store may ask for before it is refused.

Opening a store that somebody else wrote must not cost more than what was asked of it. Each error
names the limit that it ran into, so that it can be raised on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from zarr_cdm.errors import LimitError

MiB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for what metadata and chunks may ask for.

    Attributes
    ----------
    document_bytes
        Size of one metadata document; a consolidated one holds about 500 arrays in a MiB.
    json_depth
        How deep a document may be nested.
    dimensions
        Number of dimensions of an array (NumPy itself stops at 64).
    item_bytes
        Size of one element, which a ``|S2147483647`` would otherwise choose for us.
    chunk_bytes
        Size of one decoded chunk; Blosc counts with signed 32-bit integers.
    codecs
        Length of a chain of codecs.
    shard_depth
        How many shards may lie in each other.
    shard_chunks
        Number of chunks in a shard; its index takes 16 bytes for each.
    zip_entries
        Number of entries of a zip archive.
    zip_directory_bytes
        Size of the directory of a zip archive, which is read as a whole.
    """

    document_bytes: int = 64 * MiB
    json_depth: int = 64
    dimensions: int = 32
    item_bytes: int = MiB
    chunk_bytes: int = 2**31 - 1
    codecs: int = 16
    zip_entries: int = 10**7
    zip_directory_bytes: int = 1024 * MiB
    shard_depth: int = 2
    shard_chunks: int = 2**24

    def check(self, name: str, found: int, what: str) -> None:
        """Raise `LimitError` where ``found`` is above the limit called ``name``.

        >>> Limits(codecs=2).check("codecs", 3, "the chain of codecs")
        Traceback (most recent call last):
        zarr_cdm.errors.LimitError: the chain of codecs asks for 3, the limit is 2; raise Limits.codecs
        """  # noqa: E501 - the message in one line
        limit = getattr(self, name)
        if found > limit:
            raise LimitError(f"{what} asks for {found}, the limit is {limit}; raise Limits.{name}")


DEFAULT_LIMITS = Limits()
