"""What is left out wherever a URL or an error is shown: users, passwords, queries, and options.

>>> redact("https://me:secret@host/air.zarr?token=secret")
'https://host/air.zarr?…'
>>> redact_text("no access to s3://me:pw@bucket/a with key AKIA1234", {"key": "AKIA1234"})
'no access to s3://bucket/a with key …'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_URL = re.compile(r"[\w+.-]+://[^\s'\"<>]+")
_SHORTEST = 6  # what is shorter is hardly a secret, and may well be a part of a word
# Options whose values are no secrets, so that an error may show them.
_OPEN = {"cache_storage", "endpoint_url", "region_name", "same_names"}


def redact(url: str) -> str:
    """Return a URL, chained or not, without users, passwords and queries."""
    url = re.sub(r"(?<=://)[^/?#]*@", "", url)
    return re.sub(r"(?s)\?.+?(?=::[\w+.-]+://|$)", "?…", url)


def redact_text(text: str, options: Mapping[str, Any]) -> str:
    """Return a text with every URL in it redacted, and without the values of storage options."""
    text = _URL.sub(lambda found: redact(found[0]), text)
    for secret in sorted(_texts(options), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _OPEN:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        yield value
