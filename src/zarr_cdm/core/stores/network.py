"""How patient we are with a network: attempts, waits, timeouts, and what is worth another try.

A failure that may well pass is tried again after a wait, which doubles each time and is random
within a factor of two, so that many readers do not come back at the same moment.

>>> Network.of({"attempts": 3})
Network(attempts=3, backoff=0.2, longest_wait=30.0, connect_timeout=10.0, read_timeout=30.0, \
repeat_after=0.5, requests=256, missing=(404, 410), cache_bytes=0)
>>> transient(ConnectionResetError()), transient(PermissionError())
(True, False)
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from zarr_cdm.errors import StoreError

Result = TypeVar("Result")

LOGGER = logging.getLogger("zarr_cdm.network")

_TOO_EARLY = {408, 425, 429}
_NEVER = {501, 505}  # of the 5xx those that do not pass
# Errors of the libraries behind fsspec, by name: none of them is imported here. Those of aiohttp,
# botocore (which has a ConnectionError of its own), azure and google.
_PASSING = {
    "ClientConnectionError",
    "ClientPayloadError",
    "ConnectionError",
    "HTTPClientError",
    "IncompleteRead",
    "ServiceRequestError",
    "ServiceResponseError",
    "TransportError",
}
_LASTING = {"ClientSSLError", "ClientConnectorCertificateError", "SSLError"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How a remote store is used.

    Attributes
    ----------
    attempts
        How often a request is made until its failure is an error, at least once.
    backoff
        The wait before the second attempt, in seconds; before each further one it is doubled.
    longest_wait
        The longest of these waits, in seconds, also where a server asks for a longer one.
    connect_timeout
        How long a connection may take to come about, in seconds.
    read_timeout
        How long a server may send next to nothing, in seconds.
    repeat_after
        How long a request over HTTP may lie unanswered while others are answered, in seconds, until
        it is made once more, perhaps on another connection; 0 for never.
    requests
        How many requests are made at once, at most.
    missing
        The statuses of HTTP that stand for a missing key. Buckets that may not be listed say 403,
        also of what there is: with 403 in here, data that are refused read as fill values.
    cache_bytes
        How many bytes of what was read are remembered in memory; 0 for none.
    """

    attempts: int = 5
    backoff: float = 0.2
    longest_wait: float = 30.0
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    repeat_after: float = 0.5
    requests: int = 256
    missing: tuple[int, ...] = (404, 410)
    cache_bytes: int = 0

    def __post_init__(self) -> None:
        for name, least in {"attempts": 1, "requests": 1, "backoff": 0, "cache_bytes": 0}.items():
            if getattr(self, name) < least:
                raise StoreError(f"{name} is {getattr(self, name)}; wanted at least {least}")

    @classmethod
    def of(cls, given: Network | Mapping[str, Any] | None) -> Network:
        """Return what was given as a `Network`; from a mapping with some of its attributes."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping | None):
            raise StoreError(f"a {type(given).__name__} is no Network and no mapping of its fields")
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(given or ()).difference(known)):
            raise StoreError(f"unknown {', '.join(unknown)}; known: {', '.join(known)}")
        return cls(**(given or {}))

    def wait_after(self, attempt: int, error: Exception) -> float | None:
        """Return how many seconds to wait after that many attempts, None: there is no other."""
        if attempt >= self.attempts or not transient(error):
            return None
        own = self.backoff * 2.0 ** (attempt - 1) * random.uniform(0.5, 1)
        wait = min(max(own, float(getattr(error, "wait", 0))), self.longest_wait)
        LOGGER.debug("attempt %d failed with %s, the next in %.2f s", attempt, _name(error), wait)
        return wait


async def patiently(call: Callable[[], Awaitable[Result]], network: Network) -> Result:
    """Return what ``call`` does, tried again while it fails in a way that may pass."""
    for attempt in itertools.count(1):
        try:
            return await call()
        except Exception as error:  # file systems are plugins, each with errors of its own
            wait = network.wait_after(attempt, error)
            if wait is None:
                raise
        await asyncio.sleep(wait)
    raise AssertionError("the count is endless")


def patiently_here(call: Callable[[], Result], network: Network) -> Result:
    """Return what ``call`` does, as `patiently`, in this thread."""
    for attempt in itertools.count(1):
        try:
            return call()
        except Exception as error:
            wait = network.wait_after(attempt, error)
            if wait is None:
                raise
        time.sleep(wait)
    raise AssertionError("the count is endless")


def transient(error: BaseException) -> bool:
    """Return whether the same request may well succeed a little later."""
    said = getattr(error, "transient", None)
    if said is not None:
        return bool(said)
    status = status_of(error)
    if status is not None:
        return passing(status)
    names = {each.__name__ for each in type(error).__mro__}
    if not _LASTING.isdisjoint(names):
        return False
    return isinstance(error, TimeoutError | EOFError) or not _PASSING.isdisjoint(names)


def passing(status: int) -> bool:
    """Return whether a status of HTTP speaks of a trouble that may pass."""
    return status in _TOO_EARLY or (status >= 500 and status not in _NEVER)


def status_of(error: BaseException) -> int | None:
    """Return the status of HTTP that an error of any file system tells of, if any."""
    for name in ("status", "status_code", "code"):
        status = getattr(error, name, None)
        if isinstance(status, int):
            return status
    found = _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return found if isinstance(found, int) else None


def s3_code(error: BaseException) -> str:
    """Return what S3 calls an error, '' for any other one."""
    return str(_answer(error).get("Error", {}).get("Code", ""))


def _answer(error: BaseException) -> dict[str, Any]:
    """Return what botocore keeps of an answer, also where s3fs has translated its error."""
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return response
    return {}


def _name(error: Exception) -> str:
    """Return the kind of an error; never its text, which may show credentials."""
    status = status_of(error)
    return type(error).__name__ if status is None else f"{type(error).__name__} {status}"
