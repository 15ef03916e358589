"""What some file systems of fsspec are told beyond the options of a user.

They shall make as many requests at once as we hand them, and leave it to us to try again: attempts
within attempts would multiply. What a user has said stays as it is. Those of Google and Azure
always try again by themselves, so we do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from zarr_cdm.core.stores.network import Network
from zarr_cdm.registry import Registry

Options: TypeAlias = dict[str, Any]

PATIENT = {"abfs", "az", "gcs", "gs"}

CLIENTS = Registry("client", {"web": "zarr_cdm.core.stores.web:connect"})


def prepared(url: str, options: Mapping[str, Any], network: Network) -> Options:
    """Return the options for fsspec of a URL, chained or not."""
    # Copies, because fsspec writes into the options of a chained URL.
    ready = {
        name: dict(value) if isinstance(value, dict) else value for name, value in options.items()
    }
    for place, link in enumerate(url.split("::")):
        protocol = link.partition("://")[0]
        if protocol not in ADVICE:
            continue
        own = ready.setdefault(protocol, {})
        # Options outside of those of a protocol belong to the first link, and count more there.
        said = own if place else {**own, **ready}
        (own if place else ready).update(ADVICE[protocol](said, network))
    return ready


def tuned(fs: Any, network: Network) -> Network:
    """Return how patient to be with a file system; stop it from being so too, where that can be."""
    while getattr(fs, "fs", None) is not None:  # a chain
        fs = fs.fs
    names = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    if "s3" in names:
        fs.retries = 1
    return network if names.isdisjoint(PATIENT) else replace(network, attempts=1)


def _http(said: Mapping[str, Any], network: Network) -> Options:
    if "get_client" in said:
        return {}
    return {"get_client": partial(CLIENTS["web"], requests=network.requests)}


def _s3(said: Mapping[str, Any], network: Network) -> Options:
    config = {
        "max_pool_connections": network.requests,
        "connect_timeout": network.connect_timeout,
        "read_timeout": network.read_timeout,
        "retries": {"mode": "standard", "total_max_attempts": 1},
    }
    return {"config_kwargs": {**config, **said.get("config_kwargs", {})}}


ADVICE: dict[str, Callable[[Mapping[str, Any], Network], Options]] = {
    "http": _http,
    "https": _http,
    "s3": _s3,
    "s3a": _s3,
}
