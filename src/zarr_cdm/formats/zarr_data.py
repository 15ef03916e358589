"""The data of a dataset on their way into the arrays of a store, block by block.

Parts that are taken from the same values are written together, so that the source is read once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import numpy as np

from zarr_cdm.cdm.lazy import ReshapedElement
from zarr_cdm.cdm.model import ArrayLike, Dataset, Variable
from zarr_cdm.cdm.types import STRING
from zarr_cdm.core.array import ZarrArray
from zarr_cdm.core.group import ZarrGroup
from zarr_cdm.core.hierarchy import write_documents
from zarr_cdm.dialects.native import encode_texts, with_null, without_null
from zarr_cdm.dialects.taken import TakenArray, read_block
from zarr_cdm.errors import MetadataError, ZarrCdmError
from zarr_cdm.metadata.documents import ArrayMetadata
from zarr_cdm.parallel import Block, blocks, copy


def write_data(dataset: Dataset, group: ZarrGroup) -> dict[str, np.ndarray]:
    """Write the data of all (atomic) variables to the arrays of their paths.

    Returns
    -------
    dict
        For each array of texts with NULLs among them, the places of those in C order.
    """
    together: dict[object, list[Target]] = {}
    for path, variable in dataset.all_variables():
        target = Target(path, variable, group.array(path[1:]))
        together.setdefault((id(target.source), target.lengths), []).append(target)
    found: dict[str, np.ndarray] = {}
    for targets in together.values():
        try:
            _write(targets)
        except ZarrCdmError as error:
            raise error.at(variable=targets[0].path) from error.__cause__
        found |= {target.path: target.null for target in targets if len(target.null)}
    return found


def _write(targets: Sequence[Target]) -> None:
    """Write what is taken from one source, in blocks that are whole chunks of all targets."""
    first = targets[0]
    size = max(first.source.dtype.itemsize, *(target.item_bytes for target in targets), 1)
    copy(
        _Source(first.source),
        _Together(targets),
        list(blocks(first.source.shape, first.lengths, size)),
    )


class Target:
    """An array that a variable goes into.

    Attributes
    ----------
    source
        What the values are taken from; its axes are the first ones of the array.
    lengths
        Of the chunks, or shards, along these axes.
    """

    def __init__(self, path: str, variable: Variable, array: ZarrArray) -> None:
        data = variable.data
        if array.shape != variable.shape:  # NCZarr: a scalar has one axis of length 1
            data = ReshapedElement(data, array.shape)
        self.path = path
        self.source: ArrayLike = data.source if isinstance(data, TakenArray) else data
        self._take = data.take if isinstance(data, TakenArray) else None
        self._is_text = variable.type is STRING
        self._array = array
        self._null: list[np.ndarray] = []
        self._lock = threading.Lock()
        self.lengths = tuple((array.shards or array.chunks)[: len(self.source.shape)])
        self.item_bytes = array.dtype.itemsize

    def write(self, block: Block, values: np.ndarray) -> None:
        """Write what is the share of this array of the values of a block of the source."""
        if self._take is not None:
            values = self._take(values)
        if self._is_text:
            self._note(block, values)
            values = self._encoded(values)
        self._array[(*block, ...)] = values

    def _encoded(self, texts: np.ndarray) -> np.ndarray:
        """Return texts as the array has them; NumPy would cut one that is too long."""
        if self._array.dtype.hasobject:
            return without_null(texts)
        encoded, room = encode_texts(texts), self._array.dtype.itemsize
        if encoded.dtype.itemsize > room:
            raise MetadataError(
                f"a text has {encoded.dtype.itemsize} bytes, the layout leaves room for {room}"
            )
        return encoded

    def _note(self, block: Block, texts: np.ndarray) -> None:
        """Note the places of NULLs."""
        null = np.array([text is None for text in texts.ravel().tolist()], bool)
        null = null.reshape(texts.shape)
        if not null.any():
            return
        starts = [part.start for part in block]
        starts += [0] * (texts.ndim - len(starts))
        found = np.nonzero(null) if texts.ndim else ()
        places = tuple(axis + start for axis, start in zip(found, starts, strict=True))
        number = np.ravel_multi_index(places, self._array.shape) if places else np.zeros(1, int)
        with self._lock:
            self._null.append(number)

    @property
    def null(self) -> np.ndarray:
        """The places of NULLs that have been written, ascending."""
        return np.sort(np.concatenate([np.empty(0, np.int64), *self._null]))


class _Source:
    """Reads blocks as arrays, where an element is an array too."""

    def __init__(self, data: ArrayLike) -> None:
        self._data = data

    def __getitem__(self, block: Block) -> np.ndarray:
        return read_block(self._data, block)


class _Together:
    """Several arrays that are written at once."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._targets = tuple(targets)

    def __setitem__(self, block: Block, values: np.ndarray) -> None:
        for target in self._targets:
            target.write(block, values)


def note_null(group: ZarrGroup, path: str, places: np.ndarray) -> None:
    """Say in the document of an array of texts which of them are NULL."""
    node = group.node
    for name in path[1:].split("/"):
        node = node.members[name]
    assert isinstance(node.document, ArrayMetadata)
    node.document = with_null(node.document, places)
    write_documents(group.store, path[1:], node)
