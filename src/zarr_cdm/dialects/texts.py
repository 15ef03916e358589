r"""Going through the texts of a variable, some of them in memory at once.

>>> import numpy as np
>>> list(texts(np.array([["a", None], ["", "é"]], object)))
['a', None, '', 'é']
>>> as_utf8("é"), as_utf8(None)
(b'\xc3\xa9', b'')
"""

from __future__ import annotations

from collections.abc import Iterator

from zarr_cdm.cdm.model import ArrayLike
from zarr_cdm.dialects.taken import chunks_of, read_block
from zarr_cdm.parallel import blocks

ITEM_BYTES = 64  # what a text takes in memory, about


def texts(data: ArrayLike) -> Iterator[str | None]:
    """Yield all elements of an array of texts in C order within each block; None is NULL."""
    for block in blocks(data.shape, chunks_of(data), ITEM_BYTES):
        yield from read_block(data, block).ravel().tolist()


def as_utf8(text: str | None) -> bytes:
    """Return the bytes of a text, of NULL none; those that are no UTF-8 as they were."""
    return (text or "").encode("utf-8", "surrogateescape")
