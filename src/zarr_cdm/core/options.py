"""How arrays are read and written, where there is a choice.

>>> Options(missing_chunks="error").missing_chunks
'error'
>>> Options(missing_chunks="zero")
Traceback (most recent call last):
ValueError: missing_chunks is 'zero', expected one of: fill, warn, error
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MissingChunks = Literal["fill", "warn", "error"]
MISSING_CHUNKS: tuple[MissingChunks, ...] = ("fill", "warn", "error")
OwnDocuments = Literal["newer", "all"]
OWN_DOCUMENTS: tuple[OwnDocuments, ...] = ("newer", "all")


@dataclass(frozen=True, slots=True)
class Options:
    """How arrays are read and written; a group hands its own on to all that is below it.

    Attributes
    ----------
    missing_chunks
        What a chunk reads as that the store does not have: ``"fill"`` is the fill value, ``"warn"``
        too, but with one `ZarrCdmWarning` for a selection, ``"error"`` a `ChunkError`.
    verify_checksums
        Whether the checksums of chunks are compared. Without that, less of a chunk may be read.
    write_empty_chunks
        Whether a chunk that is all fill value is stored. Without that it is left out, or deleted:
        sparse arrays are smaller, but nobody can tell what was written from what was lost.
    read_only
        Whether writing is refused.
    own_documents
        Which documents of nodes are compared with the consolidated ones, in a directory of this
        machine: those that are ``"newer"``, which costs little, or ``"all"``.
    """

    missing_chunks: MissingChunks = "fill"
    verify_checksums: bool = True
    write_empty_chunks: bool = True
    read_only: bool = False
    own_documents: OwnDocuments = "newer"

    def __post_init__(self) -> None:
        if self.missing_chunks not in MISSING_CHUNKS:
            known = ", ".join(MISSING_CHUNKS)
            raise ValueError(f"missing_chunks is {self.missing_chunks!r}, expected one of: {known}")
        if self.own_documents not in OWN_DOCUMENTS:
            known = ", ".join(OWN_DOCUMENTS)
            raise ValueError(f"own_documents is {self.own_documents!r}, expected one of: {known}")
        for name in ("verify_checksums", "write_empty_chunks", "read_only"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected True or False")


DEFAULT_OPTIONS = Options()
