"""An enumeration as CF's flags, which readers know that have no enumerations.

Source: CF conventions, section 3.5 "Flags".

>>> color = EnumType("color", ATOMIC_TYPES["ubyte"], {"dark red": 0, "green": 1})
>>> flags_of(color, {})["flag_meanings"]
Attribute('dark_red green', 'char')
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.types import ATOMIC_TYPES, CHAR, EnumType, NetcdfType

__all__ = ["ATOMIC_TYPES", "FLAGS", "flags_of"]

FLAGS = ("flag_values", "flag_meanings", "flag_masks")


def flags_of(kind: NetcdfType, given: Container[str]) -> dict[str, Attribute]:
    """Return ``flag_values`` and ``flag_meanings`` for a variable with certain attributes.

    None for other types than enumerations, and for a variable that has flags already.
    """
    if not isinstance(kind, EnumType) or any(name in given for name in FLAGS):
        return {}
    meanings = ("_".join(name.split()) for name in kind.members)
    values = np.array([*kind.members.values()], kind.dtype)
    return {
        "flag_values": Attribute(values, kind.base),
        "flag_meanings": Attribute(" ".join(meanings), CHAR),
    }
