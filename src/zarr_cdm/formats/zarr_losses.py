"""What a dialect does not say of a dataset, found before a byte is written.

The documents are put into memory and read again: what then differs will not come back.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

from zarr_cdm.cdm.compare import compare
from zarr_cdm.cdm.findings import ONLY_SECOND, RULES, Finding
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.cdm.types import STRING
from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.dialects.base import Layout
from zarr_cdm.dialects.parts import PartedDataset
from zarr_cdm.dialects.table import choose
from zarr_cdm.dialects.texts import texts
from zarr_cdm.errors import ZarrCdmWarning, listed
from zarr_cdm.metadata.documents import Node, ZarrVersion

MOST_LISTED = 20  # places of one rule
NULL = "values.null"
# The values of these are written, under names that a store can hold, or in parts.
SAID = {
    **RULES,
    "variable.missing": "a variable as one array of its name",
    "group.missing": "a group by its name",
    NULL: "NULL texts, which are written as empty ones",
}


def losses(
    dataset: Dataset, root: Node, layouts: Mapping[str, Layout], zarr_format: ZarrVersion
) -> list[Finding]:
    """Return what will not come back of a dataset whose documents are in ``root``.

    Its texts are read, to find NULLs; other data are not.

    Parameters
    ----------
    dataset
        What is written, whole or in parts.
    layouts
        Of its arrays.
    """
    group = create_tree(MemoryStore(), root, zarr_format)
    publish(group)
    stored = open_tree(group.store)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)  # what is read leniently differs
        found = choose(stored.node)[1].read(stored.node, stored.array)
    whole = dataset.whole if isinstance(dataset, PartedDataset) else dataset
    differences = compare(whole, found, values=False)
    lost = [each for each in differences if each.message != ONLY_SECOND]
    for path, variable in dataset.all_variables():
        count = 0
        if variable.type is STRING:
            count = sum(text is None for text in texts(variable.data))
        if count:
            lost.append(Finding(path, NULL, f"{count} NULL texts are written as empty ones"))
    return lost


def in_words(lost: Iterable[Finding]) -> str:
    """Return what is lost, and where.

    >>> in_words([Finding("/t", "dimension.unlimited", ""), Finding("/v@a", "attribute.type", "")])
    'whether a dimension may grow (/t); the type of an attribute (/v@a)'
    """
    places: dict[str, list[str]] = {}
    for finding in lost:
        places.setdefault(finding.rule, []).append(finding.place)
    return "; ".join(
        f"{SAID[rule]} ({listed(found, MOST_LISTED)})" for rule, found in places.items()
    )
