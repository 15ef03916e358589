"""Fill values that no attribute tells of.

HDF5 and Zarr give arrays a fill value of any kind; netCDF writes ``_FillValue`` beside it, others
do not.

>>> from zarr_cdm.cdm.model import Storage
>>> from zarr_cdm.cdm.types import ATOMIC_TYPES
>>> v = Variable("v", ATOMIC_TYPES["int"], (), storage=Storage(fill_value=-5))
>>> silent_fill(v)
Attribute(array([-5], dtype=int32), 'int')
"""

from __future__ import annotations

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import Variable
from zarr_cdm.cdm.types import AtomicType
from zarr_cdm.cdm.values import unwritten


def silent_fill(variable: Variable) -> Attribute | None:
    """Return the fill value of numbers where it is neither netCDF's nor that of an attribute.

    It comes in the form that an attribute would have.
    """
    storage, kind = variable.storage, variable.type
    if storage.fill_mode != "default" or storage.fill_value is None:
        return None
    if not isinstance(kind, AtomicType) or kind.dtype.kind not in "iuf":
        return None
    fill = Attribute([storage.fill_value], kind)
    return None if fill == Attribute(unwritten(kind), kind) else fill
