"""Many reads at once from a file system of fsspec, each tried again while that may help.

How many go at once depends on what the file system can: HTTP is read by `web`, other file systems
that are asynchronous by themselves, and a cache of whole files gets what it lacks from the file
system behind it in the same way. All others are read one after the other.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from fsspec.asyn import AsyncFileSystem, sync
from fsspec.implementations.cached import CachingFileSystem, WholeFileCacheFileSystem

from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.network import (
    Network,
    patiently,
    patiently_here,
    s3_code,
    status_of,
    transient,
)
from zarr_cdm.errors import LimitError, ZarrCdmError
from zarr_cdm.registry import Registry

Answer: TypeAlias = bytes | Exception | None

READERS = Registry("reader", {"web": "zarr_cdm.core.stores.web:fetch"})

MISSING = (FileNotFoundError, NotADirectoryError)
_BEHIND_THE_END = 416
_ONE_AFTER_THE_OTHER = 16
# s3fs would ask for the size first, and then for a large object in parts.
_PLAIN_READS = {"s3": {"max_concurrency": 1}}


def at_once(fs: Any, network: Network) -> int:
    """Return how many requests are worth handing to one `fetch_many`."""
    return network.requests if isinstance(_behind(fs), AsyncFileSystem) else _ONE_AFTER_THE_OTHER


def fetch_many(
    fs: Any, paths: Sequence[str], spans: Sequence[Span | None], network: Network
) -> list[Answer]:
    """Return for each path the bytes, None where there is no such thing, or an error."""
    if isinstance(fs, AsyncFileSystem):
        return _fetch_together(fs, paths, spans, network)
    if _behind(fs) is not fs:
        failures = _fill(fs, paths, network)
        return [
            failures[path] if path in failures else _kept(fs, path, span)
            for path, span in zip(paths, spans, strict=True)
        ]
    return [_fetch_one(fs, path, span, network) for path, span in zip(paths, spans, strict=True)]


def send_many(
    fs: AsyncFileSystem, values: Mapping[str, bytes], network: Network
) -> list[Exception | None]:
    """Put bytes at paths, all of them sent at once; return for each an error, or None."""
    calls = [partial(fs._pipe_file, path, data) for path, data in values.items()]
    answers: list[Any] = sync(fs.loop, _gather, calls, network)
    return [answer if isinstance(answer, Exception) else None for answer in answers]


def is_missing(error: object) -> bool:
    """Return whether an error of a file system says that there is no such key."""
    if not isinstance(error, MISSING):
        return False
    # Without its bucket, nothing is known of a key.
    return s3_code(error) != "NoSuchBucket" and "bucket does not exist" not in str(error)


def _fetch_together(
    fs: Any, paths: Sequence[str], spans: Sequence[Span | None], network: Network
) -> list[Answer]:
    if is_web(fs):
        fetch = READERS["web"]
        calls = [
            partial(fetch, fs, path, span, network) for path, span in zip(paths, spans, strict=True)
        ]
        found: list[Answer] = sync(fs.loop, _gather, calls, network)
        return found
    options = _PLAIN_READS.get(_protocol(fs), {})
    reads = [
        partial(fs._cat_file, path, **_bounds(span), **options)
        for path, span in zip(paths, spans, strict=True)
    ]
    answers: list[Answer] = sync(fs.loop, _gather, reads, network)
    return [
        _checked(fs, path, span, answer, network)
        for path, span, answer in zip(paths, spans, answers, strict=True)
    ]


async def _gather(calls: Sequence[Callable[[], Awaitable[Any]]], network: Network) -> list[Any]:
    return await asyncio.gather(
        *[patiently(call, network) for call in calls], return_exceptions=True
    )


def _fetch_one(fs: Any, path: str, span: Span | None, network: Network) -> Answer:
    answer: Answer
    try:
        answer = patiently_here(lambda: fs.cat_file(path, **_bounds(span)), network)
    except Exception as error:  # the caller tells which of them is serious
        answer = error
    return _checked(fs, path, span, answer, network)


def _checked(fs: Any, path: str, span: Span | None, answer: Answer, network: Network) -> Answer:
    """Return an answer as it is meant: cut, or read again where only its size can help."""
    if is_missing(answer):
        return None
    try:
        if isinstance(answer, bytes):
            return _cut(answer, span)
        if span is None or not isinstance(answer, Exception) or not _blames_the_span(answer):
            return answer
        return patiently_here(lambda: _read_by_size(fs, path, span), network)
    except ZarrCdmError as error:
        return error
    except Exception:
        return answer  # the first error counts


def _blames_the_span(error: Exception) -> bool:
    if isinstance(error, (*MISSING, PermissionError)) or transient(error):
        return False
    return status_of(error) in (None, _BEHIND_THE_END)


def _read_by_size(fs: Any, path: str, span: Span) -> bytes:
    """Return a part of a value the slow way.

    For file systems that do not know "the last n bytes", and for a span that begins behind the
    end, which some call an error and others nothing.
    """
    # A cache would look for the size in a listing, which HTTP does not have.
    size = (fs.fs if isinstance(fs, CachingFileSystem) else fs).info(path)["size"]
    if size is None:
        return _cut(fs.cat_file(path), span)
    part = span.within(size)
    if part.start >= part.stop:
        return b""
    data: bytes = fs.cat_file(path, start=part.start, end=part.stop)
    return _cut(data, Span(part.start, part.stop - part.start))


def _bounds(span: Span | None) -> dict[str, int | None]:
    """Return what fsspec calls a span."""
    if span is None or (span.is_whole and span.most is None):
        return {"start": None, "end": None}
    length = span.length
    if length is None and span.most is not None and span.start >= 0:
        length = span.most + 1  # one too many shows that there are too many
    return {"start": span.start, "end": None if length is None else span.start + length}


def _cut(data: bytes, span: Span | None) -> bytes:
    """Return what was asked for of what may be more, and no more than is allowed."""
    if span is None:
        return data
    wanted = -span.start if span.start < 0 else span.length
    if wanted is not None and len(data) > wanted:  # the whole
        return data[span.within(len(data))]
    if span.most is not None and len(data) > span.most:
        raise LimitError(f"has more bytes than the {span.most} that it may")
    return data


# caches of whole files


def _behind(fs: Any) -> Any:
    """Return the file system that a cache of whole files reads from, any other one itself."""
    # Compressed ones are unpacked while they are read.
    whole = isinstance(fs, WholeFileCacheFileSystem) and not fs.compression
    return fs.fs if whole else fs


def _fill(fs: Any, paths: Sequence[str], network: Network) -> dict[str, Answer]:
    """Put into a cache what it lacks of the paths; return what there is no way to get."""
    stripped = {path: fs._strip_protocol(path) for path in paths}
    lacking = [path for path, inner in stripped.items() if not fs._check_file(inner)]
    found = fetch_many(fs.fs, [stripped[path] for path in lacking], [None] * len(lacking), network)
    failures: dict[str, Answer] = {}
    for path, data in zip(lacking, found, strict=True):
        if isinstance(data, bytes):
            _keep(fs, stripped[path], data)
        else:
            failures[path] = data
    if lacking:
        fs.save_cache()
    return failures


def _kept(fs: Any, path: str, span: Span | None) -> Answer:
    """Return what a cache has of a path."""
    found = fs._check_file(fs._strip_protocol(path))
    try:
        # Some caches return a record of a file too.
        with open(found[-1] if isinstance(found, tuple) else found, "rb") as file:
            part = (span or Span(0)).within(os.fstat(file.fileno()).st_size)
            file.seek(part.start)
            return file.read(part.stop - part.start)
    except (OSError, ZarrCdmError) as error:
        return error


def _keep(fs: Any, path: str, data: bytes) -> None:
    """Put a file into a cache as a whole: another process may be looking at it."""
    fs._mkcache()
    place = os.path.join(fs.storage[-1], fs._mapper(path))
    staging = f"{place}.{secrets.token_hex(4)}"
    with open(staging, "wb") as file:
        file.write(data)
    os.replace(staging, place)
    if fs.protocol != "simplecache":  # which has no record of what it keeps
        fs._make_local_details(path)


# what depends on the protocol


def is_web(fs: Any) -> bool:
    """Return whether a file system is that of HTTP."""
    return _protocol(fs) == "http"


def _protocol(fs: Any) -> str:
    return fs.protocol if isinstance(fs.protocol, str) else str(fs.protocol[0])
