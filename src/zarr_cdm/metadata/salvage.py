r"""What can be made of attributes that are no JSON, as netCDF-C writes them at times.

It puts some texts there without quotes (``007``, ``1.``, ``True``, ``[0.,1.]``), texts with bytes
that are no UTF-8 or control characters, and a shorter document over a longer one, whose end stays.

>>> repaired(b'{"a": 007, "b": "1\t2"}{"old": 1}}')
(b'{"a":"007","b":"1\\u00092"}', b'{"old": 1}}')
>>> as_written(b'{"a": [0.,1.], "b": 1.10}')
{'a': '[0.,1.]', 'b': '1.10'}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from zarr_cdm.errors import MetadataError

_TOKEN = re.compile(
    r'(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<sign>[{}\[\]:,])|(?P<word>[^\s{}\[\]:,"]+)', re.DOTALL
)
_WORD = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|NaN|-?Infinity")
_ESCAPE = re.compile(r'(\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})|\\(.)', re.DOTALL)
_NO_TEXT = re.compile("[\x00-\x1f\ud800-\udfff]")


def repaired(data: bytes) -> tuple[bytes, bytes]:
    """Return the first value of a document as legal JSON, and the bytes that follow it.

    Raises
    ------
    MetadataError
        It has no end, or is none at all.
    """
    text, parts = _decoded(data), []
    for token, depth in _tokens(text):
        parts.append(_legal(token))
        if depth == 0:
            rest = text[token.end() :].strip()
            return "".join(parts).encode(), rest.encode("utf-8", "surrogateescape")
    raise MetadataError("there is no whole value in it")


def as_written(data: bytes) -> dict[str, str]:
    """Return the members of the object in a document, each as the text that stands there."""
    text = _decoded(data)
    found: dict[str, str] = {}
    name, start, before = None, 0, None
    for token, depth in _tokens(text):
        if depth == 1 and token["sign"] == ":" and before is not None and before["text"]:
            name, start = json.loads(_legal(before)), token.end()
        elif name is not None and (token["sign"], depth) in ((",", 1), ("}", 0)):
            found[name] = text[start : token.start()].strip()
            name = None
        before = token
    return found


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _tokens(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the tokens of the first value, each with the number of brackets open behind it."""
    depth, end = 0, 0
    while (token := _TOKEN.search(text, end)) is not None:
        if text[end : token.start()].strip():  # a text that does not end
            return
        end = token.end()
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token["sign"] or "", 0)
        yield token, depth
        if depth <= 0:
            return


def _legal(token: re.Match[str]) -> str:
    """Return a token as JSON has it."""
    if token["text"]:
        text = _ESCAPE.sub(lambda found: found[1] or found[2], token[0])
        return _NO_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    word = token["word"]
    if word and not _WORD.fullmatch(word):
        return json.dumps(word)
    return token["sign"] or word
