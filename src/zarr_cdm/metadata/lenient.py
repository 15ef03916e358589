"""What no specification allows, but stores are met with: read, with a warning.

The text names no store, so Python shows each kind once and not for a thousand arrays.
"""

from __future__ import annotations

import warnings

from zarr_cdm.errors import ZarrCdmWarning


def lenient(found: str) -> None:
    """Warn of something that is read although it is no legal Zarr."""
    warnings.warn(f"{found}; it is read, but is no legal Zarr", ZarrCdmWarning, stacklevel=2)
