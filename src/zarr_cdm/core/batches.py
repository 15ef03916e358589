"""How much is done at once: chunks by a thread, requests by a store."""

from __future__ import annotations

from zarr_cdm.core.stores.base import Store
from zarr_cdm.parallel import THREADS

# How many pieces a thread takes at once: enough that taking them costs little beside the work, and
# so few that all threads end together.
BATCH, BATCHES = 64, 8
# How many requests' worth of bytes may be held at once, that are read and not yet decoded.
HELD = 128


def at_once(store: Store, size: int) -> int:
    """Return how many chunks of ``size`` bytes are asked for at once: of large ones, few."""
    return max(1, min(store.batch, HELD * store.gap // max(1, size)))


def batch_for(store: Store, count: int) -> int:
    """Return how many of ``count`` pieces a thread takes at once: far away as many as it can."""
    if store.batch > 1:
        return max(store.batch, BATCH)
    return max(1, min(BATCH, count // (BATCHES * THREADS)))
