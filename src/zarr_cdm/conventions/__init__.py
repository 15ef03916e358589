"""Which conventions a store declares, and which of them it satisfies.

>>> import zarr_cdm
>>> for name, status in zarr_cdm.conventions.of("ocean.zarr").items():  # doctest: +SKIP
...     print(name, status.declared, status.satisfied)
"""

from zarr_cdm.conventions.status import Status, of

__all__ = ["Status", "of"]
