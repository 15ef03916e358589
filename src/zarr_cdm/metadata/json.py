r"""JSON as Zarr stores have it: bounded and lenient when reading, strict when writing.

>>> loads(b'{"a": NaN}')
{'a': nan}
>>> dumps({"a": "°C"}).decode()
'{\n  "a": "°C"\n}'
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from zarr_cdm.errors import MetadataError
from zarr_cdm.limits import DEFAULT_LIMITS, Limits

# Of the nesting of a document only its brackets tell, and the strings that may hold some.
_NOT_DEEP = bytes(set(range(256)) - set(b'[]{}"'))
_SQUARE = bytes.maketrans(b"{}", b"[]")
_STRING = re.compile(rb'"[^"]*"')


def loads(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the value that a document holds.

    The tokens ``NaN`` and ``Infinity`` are no JSON, but zarr-python writes them: they are read.

    Raises
    ------
    MetadataError
        The bytes are no UTF-8, or no JSON.
    LimitError
        The document is larger or deeper than ``limits`` allows.
    """
    limits.check("document_bytes", len(data), "a metadata document")
    _check_depth(data, limits)
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise MetadataError("the document is nested too deeply to be read") from error
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, too many digits
        raise MetadataError(f"the document is no JSON: {error}") from error


def _check_depth(data: bytes, limits: Limits) -> None:
    """Raise `LimitError` for what is nested too deeply, before a parser recurses into it.

    Brackets that stand together are taken away, again and again: as often as there are levels.
    """
    if b"\\" in data:  # escapes first: an escaped quote does not end a string
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    left = _STRING.sub(b"", data.translate(_SQUARE, delete=_NOT_DEEP).replace(b'""', b""))
    before, depth = -1, 0
    while left and len(left) != before:
        limits.check("json_depth", depth + 1, "the nesting of a metadata document")
        before, depth = len(left), depth + 1
        left = left.replace(b"[]", b"")


def loads_object(data: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Return the object that a document holds; raise `MetadataError` where it holds none."""
    value = loads(data, limits)
    if not isinstance(value, dict):
        raise MetadataError(f"expected a JSON object, found {type(value).__name__}")
    return value


def dumps(value: Any) -> bytes:
    """Return the document for a value, as UTF-8.

    Raises
    ------
    MetadataError
        JSON has no word for the value, as for NaN and infinities.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise MetadataError(f"cannot be said in JSON: {error}") from error


def plain(value: Any) -> Any:
    """Return a value with what is NumPy's in it as plain numbers, texts and lists.

    >>> plain({"valid_range": np.array([1, 2], "i2"), "scale": np.float32(0.5)})
    {'valid_range': [1, 2], 'scale': 0.5}
    """
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
