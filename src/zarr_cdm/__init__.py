"""netCDF's data model on Zarr: faithful conversion, fast reading, an xarray engine.

>>> import zarr_cdm
>>> dataset = zarr_cdm.read("ocean.zarr")                       # doctest: +SKIP
>>> zarr_cdm.convert("ocean.nc", "ocean.zarr")                  # doctest: +SKIP
>>> zarr_cdm.compare("ocean.nc", "ocean.zarr")                  # doctest: +SKIP
[]
>>> print(zarr_cdm.dump("ocean.zarr", header=True))             # doctest: +SKIP
>>> zarr_cdm.open_array("ocean.zarr", "depth")[:10]             # doctest: +SKIP

Each name is imported when it is first used, so ``import zarr_cdm`` itself is light.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zarr_cdm import conventions as conventions
    from zarr_cdm.cdm.attributes import Attribute as Attribute
    from zarr_cdm.cdm.findings import Finding as Finding
    from zarr_cdm.cdm.model import Dataset as Dataset
    from zarr_cdm.cdm.model import Dimension as Dimension
    from zarr_cdm.cdm.model import Group as Group
    from zarr_cdm.cdm.model import Variable as Variable
    from zarr_cdm.core.array import ZarrArray as ZarrArray
    from zarr_cdm.core.group import ZarrGroup as ZarrGroup
    from zarr_cdm.core.opening import create_array as create_array
    from zarr_cdm.core.opening import create_group as create_group
    from zarr_cdm.core.opening import open_array as open_array
    from zarr_cdm.core.opening import open_group as open_group
    from zarr_cdm.dialects.spelling import Spelling as Spelling
    from zarr_cdm.errors import ZarrCdmError as ZarrCdmError
    from zarr_cdm.errors import ZarrCdmWarning as ZarrCdmWarning
    from zarr_cdm.formats.table import read as read
    from zarr_cdm.limits import Limits as Limits
    from zarr_cdm.translate.compare import compare as compare
    from zarr_cdm.translate.convert import convert as convert
    from zarr_cdm.translate.dump import dump as dump
    from zarr_cdm.translate.info import info as info

_NAMES = {
    "Attribute": "zarr_cdm.cdm.attributes",
    "Dataset": "zarr_cdm.cdm.model",
    "Dimension": "zarr_cdm.cdm.model",
    "Finding": "zarr_cdm.cdm.findings",
    "Group": "zarr_cdm.cdm.model",
    "Limits": "zarr_cdm.limits",
    "Spelling": "zarr_cdm.dialects.spelling",
    "Variable": "zarr_cdm.cdm.model",
    "ZarrArray": "zarr_cdm.core.array",
    "ZarrCdmError": "zarr_cdm.errors",
    "ZarrCdmWarning": "zarr_cdm.errors",
    "ZarrGroup": "zarr_cdm.core.group",
    "compare": "zarr_cdm.translate.compare",
    "conventions": "zarr_cdm.conventions",
    "convert": "zarr_cdm.translate.convert",
    "create_array": "zarr_cdm.core.opening",
    "create_group": "zarr_cdm.core.opening",
    "dump": "zarr_cdm.translate.dump",
    "info": "zarr_cdm.translate.info",
    "open_array": "zarr_cdm.core.opening",
    "open_group": "zarr_cdm.core.opening",
    "read": "zarr_cdm.formats.table",
}

__all__ = sorted(_NAMES)

try:
    __version__ = version("zarr-cdm")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_NAMES[name])
    value = module if _NAMES[name] == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_NAMES]
