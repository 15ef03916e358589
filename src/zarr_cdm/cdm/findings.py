"""Findings: what a check or a comparison has found.

>>> print(Finding("/air@units", "attribute.type", "char 'K' against string ('K',)"))
/air@units: attribute.type: char 'K' against string ('K',)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The rules of comparing. A thing is missing where only one side has it, and out of order where
# what both have stands in another order.
RULES: Mapping[str, str] = {
    "group.missing": "a group, with all that is in it",
    "group.order": "the order of the groups in a group",
    "dimension.missing": "a dimension of a group",
    "dimension.order": "the order of the dimensions of a group",
    "dimension.size": "the length of a dimension",
    "dimension.unlimited": "whether a dimension may grow",
    "type.missing": "a user-defined type of a group",
    "type.order": "the order of the types of a group",
    "type.definition": "class, base, members, offsets or padding of a user-defined type",
    "variable.missing": "a variable of a group",
    "variable.order": "the order of the variables of a group",
    "variable.type": "the type of a variable: which one it is, by its path, and its definition",
    "variable.dimensions": "the dimensions that a variable lies on: which ones, by their paths",
    "attribute.missing": "an attribute",
    "attribute.order": "the order of the attributes of a group or variable",
    "attribute.type": "the type of an attribute",
    "attribute.value": "the value of an attribute, bit by bit",
    "fill.mode": "whether the fill value is explicit, the default or none",
    "fill.value": "what unwritten elements read as, bit by bit",
    "values": "the values of a variable, bit by bit",
    "values.shape": "how many values a variable has; the part that both have is compared",
    "values.unreadable": "values that cannot be read",
    "storage.layout": "contiguous, compact or chunked",
    "storage.chunks": "the shape of the chunks that a variable has, or had where it came from",
    "storage.filters": "the filters of a variable, here or where it came from",
    "storage.endian": "the byte order of a variable, here or where it came from",
    "array.chunks": "the shape of the chunks of two Zarr arrays",
    "array.shards": "the shape of the shards of two Zarr arrays",
    "array.codecs": "the codecs of two Zarr arrays",
    "provenance": "where the data first came from",
}

# The messages of what is missing on one side.
ONLY_FIRST, ONLY_SECOND = "only in the first", "only in the second"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check or comparison.

    Attributes
    ----------
    place
        The path of a group, dimension, type or variable, or ``path@attribute``.
    rule
        A short word for what does not hold; `RULES` has those of comparing.
    message
        What was found, on both sides where there are two.
    """

    place: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.message}"
