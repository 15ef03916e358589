"""A secret that a store was opened with, and all the places that it must not come to."""

from __future__ import annotations

import io
import logging
import pickle
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import zarr_cdm
from tests.core.stores.test_remote_latency import BYTES, array
from tests.server import Site, serve
from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.stores.base import Span
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.redact import redact_text
from zarr_cdm.core.stores.table import exists, open_store
from zarr_cdm.errors import ZarrCdmError
from zarr_cdm.metadata.documents import GroupMetadata, Node

pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")

SECRET = "kanarienvogel"
NETWORK = {"attempts": 2, "backoff": 0.001, "read_timeout": 0.2}

Place = Callable[[str], tuple[str, dict[str, Any]]]


def user(url: str) -> str:
    return url.replace("//", f"//me:{SECRET}@")


PLACES: dict[str, Place] = {
    "user": lambda url: (user(url), {}),
    "query": lambda url: (f"{url}?token={SECRET}", {}),
    "both": lambda url: (f"{user(url)}?token={SECRET}", {}),
    "header": lambda url: (url, {"headers": {"X-Api-Key": SECRET}}),
    "session": lambda url: (url, {"client_kwargs": {"headers": {"Authorization": SECRET}}}),
    "chain": lambda url: (f"simplecache::{user(url)}?token={SECRET}", {}),
    "chained options": lambda url: (f"simplecache::{url}", {"http": {"headers": {"K": SECRET}}}),
    "memory of ours": lambda url: (user(url), {"zarr_cdm": {**NETWORK, "cache_bytes": 10**6}}),
    "pipeline": lambda url: (f"{user(url)}|zarr3:", {}),
    "archive": lambda url: (f"{user(url)}.zip?token={SECRET}|zip:", {}),
}


@pytest.fixture(scope="module")
def values() -> dict[str, bytes]:
    store = MemoryStore()
    root = Node(GroupMetadata({}), {"a": Node(array(100, [BYTES]))})
    publish(create_tree(store, root, 3))
    made = {f"air.zarr/{key}": store.get(key) or b"" for key in store.list()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for key in store.list():
            archive.writestr(key, store.get(key) or b"")
    return {**made, "air.zarr.zip": file.getvalue()}


@pytest.fixture(params=PLACES)
def target(
    request: pytest.FixtureRequest, values: dict[str, bytes], tmp_path: Path
) -> Iterator[tuple[Site, str, dict[str, Any]]]:
    with serve(values=dict(values)) as site:
        url, options = PLACES[request.param](site.url + "/air.zarr")
        options.setdefault("zarr_cdm", NETWORK)
        if url.startswith("simplecache"):
            options["simplecache"] = {"cache_storage": str(tmp_path)}
        yield site, url, options


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def texts(error: ZarrCdmError) -> str:
    """Return all that an error can show, and its pickle."""
    shown = "".join(traceback.format_exception(error))
    for each in chain(error):
        shown += f"{each}{each!r}{each.args!r}{vars(each)!r}"
    return shown + str(pickle.dumps(error)) + repr(pickle.loads(pickle.dumps(error)))


FAILURES = ["401", "403", "500", "login page", "body cut", "connection reset", "redirect to file"]


@pytest.mark.parametrize("fault", FAILURES)
@pytest.mark.parametrize("span", [None, Span(-4)], ids=str)
def test_no_failure_shows_it(
    target: tuple[Site, str, dict[str, Any]],
    fault: str,
    span: Span | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    site, url, options = target
    site.faults = dict.fromkeys(["air.zarr/a/c/0", "air.zarr.zip"], fault)
    site.values |= {"air.zarr/a/c/0": bytes(400), "air.zarr.zip": bytes(400)}
    store = open_store(url, options)
    with caplog.at_level(logging.DEBUG, logger="zarr_cdm"), pytest.raises(ZarrCdmError) as caught:
        store.get("a/c/0", span)
    assert SECRET not in texts(caught.value)
    assert SECRET not in caplog.text
    assert "me:" not in texts(caught.value)


def test_no_name_of_a_store_shows_it(target: tuple[Site, str, dict[str, Any]]) -> None:
    _, url, options = target
    store = open_store(url, options)
    for text in (store.url, repr(store), str(store), f"{store}"):
        assert SECRET not in text
        assert "me:" not in text


@pytest.mark.parametrize(
    "action",
    [
        lambda store: list(store.list()),
        lambda store: list(store.children()),
        lambda store: store.set("a", b""),
        lambda store: store.delete("a/c/0"),
        lambda store: store.get("../a"),
        lambda store: open_tree(store).array("b"),
        lambda store: open_tree(store).array("a")[9999999],
        lambda store: exists("nosuch://me:" + SECRET + "@a/b"),
        lambda store: open_store(f"file:///a|{SECRET}x", {"token": SECRET}),
        lambda store: open_store("/a", {"token": SECRET}),
        lambda store: open_store("s3://a", {"zarr_cdm": SECRET}),
    ],
    ids=[
        "list",
        "children",
        "set",
        "delete",
        "no key",
        "no array",
        "no element",
        "no protocol",
        "no adapter",
        "no url",
        "no settings",
    ],
)
def test_no_refusal_shows_it(
    target: tuple[Site, str, dict[str, Any]],
    action: Callable[[Any], Any],
    request: pytest.FixtureRequest,
) -> None:
    _, url, options = target
    store = open_store(url, options)
    if request.node.callspec.id in ("archive-list", "archive-children"):
        assert SECRET not in str(action(store))  # alone in that it can be done
        return
    with pytest.raises(ZarrCdmError) as caught:
        action(store)
    shown = texts(caught.value).replace(f"unknown adapter '{SECRET}x'", "")
    assert SECRET not in shown


def test_no_dataset_shows_it(target: tuple[Site, str, dict[str, Any]], tmp_path: Path) -> None:
    _, url, options = target
    with zarr_cdm.read(url, options) as dataset:
        assert SECRET not in dataset.source + repr(dataset) + str(dataset.facts)
    opened = xr.open_dataset(url, engine="zarr_cdm", storage_options=options)
    assert SECRET not in str(opened.encoding) + repr(opened) + opened._repr_html_()
    assert SECRET not in str(zarr_cdm.info(url, storage_options=options))
    assert SECRET not in zarr_cdm.dump(url, storage_options=options, header=True)
    opened.close()
    copy = tmp_path / "copy.zarr"
    zarr_cdm.convert(url, copy, storage_options=options)
    written = b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())
    assert SECRET.encode() not in written


def test_a_text_loses_options_but_not_words() -> None:
    options = {"key": SECRET, "short": "s3", "a": {"b": [SECRET + "2"]}, "region_name": "us-east"}
    text = f"s3 in us-east: {SECRET}2, {SECRET} at https://me:x@host/a?b=c 'd'"
    assert redact_text(text, options) == "s3 in us-east: …, … at https://host/a?… 'd'"
