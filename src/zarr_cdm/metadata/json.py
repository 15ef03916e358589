r"""JSON as Zarr stores have it: bounded and lenient when reading, strict when writing.

>>> loads(b'{"a": NaN}')
{'a': nan}
>>> dumps({"a": "°C"}).decode()
'{\n  "a": "°C"\n}'
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from zarr_cdm.errors import LimitError, MetadataError
from zarr_cdm.limits import Limits, current

_SQUARE = bytes.maketrans(b"{}", b"[]")
_TEXT = re.compile(rb'"[^"]*"')
# Members that are the attributes of a node; in a ``.zmetadata``, behind its path.
_ATTRIBUTES = ("attributes", ".zattrs")


def loads(data: bytes) -> Any:
    """Return the value that a document holds.

    The tokens ``NaN`` and ``Infinity`` are no JSON, but zarr-python writes them: they are read.

    Raises
    ------
    MetadataError
        The bytes are no UTF-8, or no JSON, or an object in it has two members of one name.
    LimitError
        The document is larger or deeper than `Limits` allows, or a part of it.
    """
    limits = current()
    limits.check("document_bytes", len(data), "a metadata document")
    limits.check("json_parts", data.count(b","), "a metadata document")
    members = _check_signs(data, limits)
    try:
        text = data.decode("utf-8")
        value, found = _parse(text, limits)
    except RecursionError as error:
        raise MetadataError("the document is nested too deeply to be read") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise MetadataError(f"the document is no JSON: {error}") from error
    if found < members:  # Python keeps the last of several
        json.loads(text, object_pairs_hook=_name_twice)
    if len(data) > min(limits.string_bytes, limits.attribute_bytes):
        _check_sizes(value, limits)
    return value


def _check_signs(data: bytes, limits: Limits) -> int:
    """Return how many members the objects of a document have, where it is one.

    Raises `LimitError` for one that is nested too deeply, before a parser recurses into it, or has
    too many parts: a list or object takes fifty times the memory of its brackets.
    """
    left = outside_texts(data, b"[]{}:").translate(_SQUARE)
    members = left.count(b":")
    limits.check("json_parts", data.count(b",") + len(left), "a metadata document")
    left = left.replace(b":", b"")
    # Brackets that stand together are taken away, again and again: as often as there are levels.
    before, depth = -1, 0
    while left and len(left) != before:
        limits.check("json_depth", depth + 1, "the nesting of a metadata document")
        before, depth = len(left), depth + 1
        left = left.replace(b"[]", b"")
    return members


def outside_texts(data: bytes, signs: bytes) -> bytes:
    """Return all of the signs that stand in a document, but not in a text of it.

    >>> outside_texts(b'{"a:": ["]", 1]}', b":[]")
    b':[]'
    """
    if b"\\" in data:  # escapes first: an escaped quote does not end a text
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return _TEXT.sub(b"", data.translate(None, delete=_all_but(signs)).replace(b'""', b""))


@cache
def _all_but(signs: bytes) -> bytes:
    return bytes(set(range(256)) - {*signs, *b'"'})


def _parse(text: str, limits: Limits) -> tuple[Any, int]:
    """Return the value, and how many members its objects have."""
    count = 0

    def see(found: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        count += len(found)
        return found

    def integer(digits: str) -> int:
        limits.check("integer_digits", len(digits.lstrip("-")), "an integer of a metadata document")
        return int(digits)

    # Python has such a limit too. Where it is ours, its own way is the faster one.
    ours = limits.integer_digits == sys.get_int_max_str_digits()
    try:
        return json.loads(text, object_hook=see, parse_int=None if ours else integer), count
    except (json.JSONDecodeError, LimitError):
        raise
    except ValueError as error:
        raise LimitError(f"{error}; raise Limits.integer_digits") from error


def _name_twice(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    for name in set(names):
        if names.count(name) > 1:
            raise MetadataError(f"an object of the document has the member {name[:80]!r} twice")


def _check_sizes(value: Any, limits: Limits) -> None:
    """Raise `LimitError` for what only a large document can have."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str):
            limits.check("string_bytes", len(part), "a text of a metadata document")
        elif isinstance(part, list):
            left += part
        elif isinstance(part, dict):
            left += [*part, *part.values()]
            for name, inner in part.items():
                if name.rpartition("/")[2] in _ATTRIBUTES:
                    limits.check("attribute_bytes", len(json.dumps(inner)), f"{name[:80]!r}")


def loads_object(data: bytes) -> dict[str, Any]:
    """Return the object that a document holds; raise `MetadataError` where it holds none."""
    value = loads(data)
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
