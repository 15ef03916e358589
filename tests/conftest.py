"""How long property tests search: a sample, or with ``ZARR_CDM_SWEEP=full`` much longer."""

import os

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("sample", max_examples=40, **COMMON)
settings.register_profile("full", max_examples=1000, **COMMON)
FULL = os.environ.get("ZARR_CDM_SWEEP") == "full"
settings.load_profile("full" if FULL else "sample")
