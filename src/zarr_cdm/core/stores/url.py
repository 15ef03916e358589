"""URL pipelines: the URL of a file, then what has to be looked for inside of it.

Specification: https://github.com/zarr-developers/zeps/pull/48 (ZEP 8, a draft)

``s3://bucket/air.zip|zip:2024/|zarr3:`` is read from left to right. An adapter without a path may
leave out its colon, ``|..:path`` takes the last one back, and paths are percent-encoded. A relative
pipeline begins with a path on this machine, which is as it is; there the colons are needed, and a
file of exactly that name comes first.

>>> parse("s3://bucket/air.zip|zip:a%20b/|zarr3")
('s3://bucket/air.zip', [Adapter(name='zip', path='a b/'), Adapter(name='zarr3', path='')])
>>> parse("file:///data/air.zip|zip:2024/|..:")
('/data/air.zip', [])
>>> is_pipeline("/data/a|b.zarr"), is_pipeline("data/a.zip|zip:b/")
(False, True)
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import NamedTuple
from urllib.parse import unquote

from zarr_cdm.errors import StoreError

# Two letters at least: "C:" is a drive of Windows.
_ROOT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_ADAPTER = re.compile(r"(?P<name>[a-z][a-z0-9+.-]*|\.\.)(?::(?P<path>.*))?", re.DOTALL)
_BACK = ".."
_ENCODED_BY_SERVERS = ("http://", "https://")


class Adapter(NamedTuple):
    """One step into what the steps before it have found."""

    name: str
    path: str


def is_pipeline(target: str) -> bool:
    """Return whether a target has adapters; a path may just hold a '|'."""
    if "|" not in target or _ROOT.match(target) is not None:
        return "|" in target
    _, *texts = target.split("|")
    adapters = [_ADAPTER.fullmatch(text) for text in texts]
    spelled = all(found is not None and found["path"] is not None for found in adapters)
    return spelled and not os.path.lexists(target)


def parse(target: str) -> tuple[str, list[Adapter]]:
    """Return the URL or local path that a pipeline begins with, and its adapters."""
    root, *texts = target.split("|")
    root = _decode_root(root)
    adapters: list[Adapter] = []
    for text in texts:
        adapter = _parse_adapter(text)
        if adapter.name != _BACK:
            adapters.append(adapter)
            continue
        if not adapters:
            raise StoreError("'..:' without an adapter before it; leave it out")
        adapters.pop()
        if adapter.path and adapters:
            adapters[-1] = adapters[-1]._replace(path=_join(adapters[-1].path, adapter.path))
        elif adapter.path:
            root = _join(root, adapter.path)
    return root, adapters


def _parse_adapter(text: str) -> Adapter:
    found = _ADAPTER.fullmatch(text)
    if found is None:
        raise StoreError(f"{text!r} in a URL pipeline; wanted 'name:path', as in 'zip:2024/'")
    return Adapter(found["name"], unquote(found["path"] or ""))


def _decode_root(root: str) -> str:
    """Return a URL as fsspec wants it, not encoded, or a local path."""
    if not _ROOT.match(root):
        return os.path.abspath(os.path.expanduser(root))
    if root.startswith("file:"):
        path = root.removeprefix("file:")
        if path.startswith("//"):
            path = path.removeprefix("//").removeprefix("localhost")
            if not path.startswith("/"):
                raise StoreError(f"{root} names a host; wanted 'file:///path' or 'file:path'")
        path = unquote(path)
        return os.path.abspath(path.lstrip("/") if os.name == "nt" else path)
    return root if root.startswith(_ENCODED_BY_SERVERS) else unquote(root)


def _join(base: str, path: str) -> str:
    """Return a path relative to the folder of another one, as in a relative URL."""
    scheme, mark, rest = base.rpartition("://")
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(rest), path))
    return f"{scheme}{mark}{joined}{'/' if path.endswith('/') else ''}"
