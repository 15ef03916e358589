r"""JSON as Zarr stores have it: bounded and lenient when reading, strict when writing.

>>> loads(b'{"a": NaN}')
{'a': nan}
>>> dumps({"a": "°C"}).decode()
'{\n  "a": "°C"\n}'
"""

from __future__ import annotations

import json
from typing import Any

from zarr_cdm.errors import MetadataError
from zarr_cdm.limits import DEFAULT_LIMITS, Limits


def loads(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the value that a document holds.

    The tokens ``NaN`` and ``Infinity`` are no JSON, but zarr-python writes them: they are read.

    Raises
    ------
    MetadataError
        The bytes are no UTF-8, or no JSON.
    LimitError
        The document is larger than ``limits`` allows.
    """
    limits.check("document_bytes", len(data), "a metadata document")
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise MetadataError("the document is nested too deeply to be read") from error
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, too many digits
        raise MetadataError(f"the document is no JSON: {error}") from error


def loads_object(data: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Return the object that a document holds; raise `MetadataError` where it holds none."""
    value = loads(data, limits)
    if not isinstance(value, dict):
        raise MetadataError(f"expected a JSON object, found {type(value).__name__}")
    return value


def dumps(value: Any) -> bytes:
    """Return the document for a value, as UTF-8; NaN and infinities are refused."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2).encode("utf-8")
    except ValueError as error:
        raise MetadataError(f"cannot be said in JSON: {error}") from error
