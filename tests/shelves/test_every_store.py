"""What every store promises, over all of the table, and against a dict."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import hypothesis.strategies as st
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests import s3
from tests.server import serve
from zarr_cdm.core.stores.base import (
    Batching,
    Buffer,
    Gathering,
    Request,
    Span,
    Store,
    Values,
    check_key,
)
from zarr_cdm.core.stores.cached import CachedStore
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.memory import MemoryStore
from zarr_cdm.core.stores.prefix import PrefixStore
from zarr_cdm.core.stores.sqlite import SqliteStore
from zarr_cdm.core.stores.table import STORES, exists, open_store
from zarr_cdm.core.stores.zip import ZipStore
from zarr_cdm.core.stores.zip_new import NewZipStore
from zarr_cdm.errors import LimitError, StoreError, UnsupportedError, ZarrCdmError

SPANS = [
    Span(0),
    Span(3),
    Span(0, 4),
    Span(2, 5),
    Span(8, 50),
    Span(10, 1),
    Span(40, 2),
    Span(40),
    Span(-3),
    Span(-10),
    Span(-50),
]
ODD_KEYS = ["a b/c d", "µ/ø/日本", "x#1/y?z=1/50%/%20", "[a]*?/{b}", "c/0/.zarray", "~/a&b+c=d;e@f"]


def memory_url() -> str:
    return f"memory://{uuid.uuid4().hex}/air.zarr"


class RewrittenZip(MemoryStore):
    """What `ZipStore` reads after each change, which takes a new archive: it cannot write one."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.lock = threading.Lock()
        self.zip = self.rewritten()

    def rewritten(self) -> ZipStore:
        place = self.folder / f"{uuid.uuid4().hex}.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for i, (key, value) in enumerate(self._values.items()):
                method = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[i % 2]
                archive.writestr(key, bytes(value), method)
        return ZipStore(LocalStore(self.folder), place.name, "")

    def set(self, key: str, value: Buffer) -> None:
        with self.lock:
            super().set(key, value)
            self.zip = self.rewritten()

    def delete(self, key: str) -> None:
        with self.lock:
            super().delete(key)
            self.zip = self.rewritten()

    def get(self, key: str, span: Span | None = None) -> bytes | None:
        return self.zip.get(key, span)

    def get_many(self, requests: Sequence[Request]) -> Values:
        return self.zip.get_many(requests)

    def list(self, prefix: str = "") -> Iterator[str]:
        return self.zip.list(prefix)

    def children(self, prefix: str = "") -> Iterator[str]:
        return self.zip.children(prefix)

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        return self.zip.sizes(prefix)

    @property
    def url(self) -> str:
        return self.zip.url

    def __reduce__(self) -> tuple[object, ...]:
        return self.zip.__reduce__()


OPENERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: MemoryStore(),
    "local": lambda folder: open_store(folder / "air.zarr"),
    "remote": lambda folder: open_store(memory_url()),
    "remote, with directories": lambda folder: STORES["remote"](f"file://{folder}/air.zarr"),
    "s3": lambda folder: open_store(s3.new_url(), s3.options()),
    "zip": RewrittenZip,
    "new zip": lambda folder: NewZipStore(str(folder / "air.zip")),
    "sqlite": lambda folder: SqliteStore(folder / "air.sqlite", safe=False),
    "prefix": lambda folder: PrefixStore(open_store(folder / "air.zarr"), "a b/c/"),
    "cached": lambda folder: CachedStore(open_store(folder / "air.zarr"), 10_000),
    "cached, with hardly any room": lambda folder: CachedStore(open_store(folder / "air.zarr"), 50),
}
SLOW = {"s3"}  # a request each
MOST_SEQUENCES = 250  # of calls, 30 each: with more the sweep takes its time for no more finds
# What a store cannot do, and why.
CANNOT: dict[str, dict[str, str]] = {
    "forget": {"remote, with directories": "directories stay that have become empty"},
    "pickle": {"new zip": "a file that is being written belongs to one process"},
    "refuse": dict.fromkeys(
        ("memory", "s3", "zip", "new zip", "sqlite"), "it can hold a key below another one"
    ),
}


@pytest.fixture(params=OPENERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if reason := CANNOT.get(getattr(request.function, "needs", ""), {}).get(request.param):
        pytest.skip(reason)
    store = OPENERS[request.param](tmp_path)
    yield store
    finish(store)


def test_values_in_parts_and_many_at_once_are_those_that_set_would_put(store: Store) -> None:
    parts = [b"ab", bytearray(b"c"), memoryview(b""), memoryview(b"def")]
    if isinstance(store, Gathering):
        store.set("a/parts", b"before")
        store.set_parts("a/parts", parts)
        store.set_parts("a/none", [])
        with pytest.raises(StoreError, match="not a key"):
            store.set_parts("../x", parts)
    else:
        store.set("a/parts", b"".join(parts))
        store.set("a/none", b"")
    if isinstance(store, Batching):
        store.set_many([("b/1", b"one"), ("b/2", memoryview(b"two"))])
        with pytest.raises(StoreError, match="not a key"):
            store.set_many([("b/3", b""), ("../x", b"")])
    else:
        store.set("b/1", b"one")
        store.set("b/2", b"two")
    found = store.get_many([(key, None) for key in ("a/parts", "a/none", "b/1", "b/2", "b/3")])
    assert found == [b"abcdef", b"", b"one", b"two", None]


def finish(store: Store) -> None:
    if isinstance(store, NewZipStore):
        store.discard()
    elif isinstance(store, SqliteStore):
        store.close()


Test = TypeVar("Test", bound=Callable[..., None])


def needs(what: str) -> Callable[[Test], Test]:
    """Mark a test for stores of which the table does not say that they cannot do that."""

    def mark(test: Test) -> Test:
        test.needs = what  # type: ignore[attr-defined]
        return test

    return mark


def test_every_store_of_the_table_is_tested() -> None:
    assert set(STORES) <= set(OPENERS)


def test_missing_key_is_none(store: Store) -> None:
    store.set("a/b", b"1")
    assert store.get("a/c") is None
    assert store.get("b/c") is None
    assert store.get("a/b/c") is None
    assert store.get("a/c", Span(1, 2)) is None
    assert store.get("a/c", Span(-2)) is None


@pytest.mark.parametrize("size", [0, 1, 100_000])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_is_set_is_got(store: Store, size: int, kind: Callable[[bytes], bytes]) -> None:
    value = os.urandom(size)
    store.set("c/0", kind(value))
    found = store.get("c/0")
    assert found == value
    assert type(found) is bytes


def test_a_view_of_numbers_is_set_as_its_bytes(store: Store) -> None:
    store.set("c/0", memoryview(b"12345678").cast("d"))
    assert store.get("c/0") == b"12345678"


def test_set_replaces(store: Store) -> None:
    store.set("c/0", b"a long value")
    store.set("c/0", b"short")
    assert store.get("c/0") == b"short"


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_a_span_is_a_slice(store: Store, span: Span) -> None:
    store.set("c/0", b"0123456789")
    stop = None if span.length is None else span.start + span.length
    assert store.get("c/0", span) == b"0123456789"[span.start : stop]


def test_a_value_that_is_too_large_is_refused(store: Store) -> None:
    store.set("c/0", b"0123456789" * 100)
    with pytest.raises(LimitError, match=r"c/0: .*(but 500 are the most|too big|more bytes than)"):
        store.get_many([("none", None), ("c/0", Span(0, None, 500))])
    assert store.get("c/0", Span(0, None, 1000)) == b"0123456789" * 100
    assert store.get("c/0", Span(0, 4, 4)) == b"0123"
    assert store.get("c/0") == b"0123456789" * 100  # and nothing of it stays
    store.set("c/1", bytes(5000))
    assert store.get("c/1") == bytes(5000)
    with pytest.raises(LimitError, match="c/0"):
        store.get("c/0", Span(0, None, 500))


def test_get_many_returns_what_get_does_in_order(store: Store) -> None:
    store.set("b", b"0123456789")
    store.set("a", b"abc")
    requests = [("b", None), ("none", None), ("a", None), ("b", None), ("none", Span(-4))]
    requests += [("b", span) for span in SPANS]
    assert store.get_many(requests) == [store.get(*request) for request in requests]
    assert store.get_many([]) == []


def test_delete_removes_and_may_be_repeated(store: Store) -> None:
    store.set("a/c/0", b"1")
    store.set("a/zarr.json", b"2")
    store.delete("a/c/0")
    store.delete("a/c/0")
    store.delete("never/there")
    assert store.get("a/c/0") is None
    assert set(store.list()) == {"a/zarr.json"}


def test_listing(store: Store) -> None:
    keys = ["zarr.json", "a/zarr.json", "a/c/0/0", "a/c/0/1", "ab/zarr.json", "a/.zattrs"]
    for size, key in enumerate(keys):
        store.set(key, bytes(size))
    assert sorted(store.list()) == sorted(keys)
    assert sorted(store.list("a/")) == sorted(key for key in keys if key.startswith("a/"))
    assert sorted(store.children()) == ["a/", "ab/", "zarr.json"]
    assert sorted(store.children("a/")) == [".zattrs", "c/", "zarr.json"]
    assert sorted(store.children("a/c/0/")) == ["0", "1"]
    assert dict(store.sizes()) == {key: size for size, key in enumerate(keys)}
    assert dict(store.sizes("a/c/")) == {"a/c/0/0": 2, "a/c/0/1": 3}


def test_nothing_is_listed_where_nothing_is(store: Store) -> None:
    assert list(store.children()) == list(store.list()) == list(store.sizes()) == []
    store.set("a", b"1")
    assert list(store.children("b/")) == list(store.list("b/")) == []
    assert list(store.children("a/")) == list(store.list("a/")) == []


def test_odd_keys_work(store: Store) -> None:
    for key in ODD_KEYS:
        store.set(key, key.encode())
    assert store.get_many([(key, None) for key in ODD_KEYS]) == [key.encode() for key in ODD_KEYS]
    assert sorted(store.list()) == sorted(ODD_KEYS)
    for key in ODD_KEYS:
        folder, _, name = key.rpartition("/")
        assert list(store.children(folder + "/")) == [name]
        store.delete(key)
    assert list(store.list()) == []


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\0b", "a\\b", "a\ud800"],
    ids=ascii,
)
def test_what_is_no_key_is_refused(store: Store, key: str) -> None:
    for action in (store.get, store.delete, lambda key: store.set(key, b"")):
        with pytest.raises(StoreError, match="not a key"):
            action(key)
    for listing in (store.list, store.children, store.sizes):
        with pytest.raises(StoreError, match="not a "):
            list(listing(key + "/"))


def test_what_is_no_prefix_is_refused(store: Store) -> None:
    for listing in (store.list, store.children, store.sizes):
        with pytest.raises(StoreError, match="not a prefix"):
            list(listing("a"))


def test_key_errors_can_be_printed() -> None:
    with pytest.raises(StoreError) as caught:
        check_key("a\ud800\0")
    assert str(caught.value).isascii()


def test_a_span_from_the_end_has_no_length() -> None:
    with pytest.raises(ValueError, match="no span"):
        Span(-3, 2)
    with pytest.raises(ValueError, match="no span"):
        Span(0, -1)


@needs("pickle")
def test_a_store_can_be_pickled(store: Store) -> None:
    store.set("c/0", b"1")
    again = pickle.loads(pickle.dumps(store))
    assert again.get("c/0") == b"1"
    assert again.url == store.url


def test_a_store_works_in_many_threads(store: Store) -> None:
    def work(worker: int) -> None:
        for i in range(30):
            key = f"{worker % 3}/{i % 4}/{worker}"
            store.set(key, key.encode() * 10)
            assert store.get(key) == key.encode() * 10
            if i % 2:
                store.delete(key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    left = {f"{worker % 3}/{i}/{worker}" for worker in range(16) for i in (0, 2)}
    assert dict(store.sizes()) == {key: 10 * len(key) for key in left}


# over HTTP, which only reads


@pytest.fixture
def web() -> Iterator[Store]:
    pytest.importorskip("aiohttp", reason="HTTP through fsspec needs aiohttp")
    values = {f"air.zarr/{key}": key.encode() for key in ODD_KEYS}
    with serve(values={**values, "air.zarr/c/0": b"0123456789"}) as site:
        yield open_store(site.url + "/air.zarr")


@pytest.mark.parametrize("span", SPANS, ids=str)
def test_http_reads_spans(web: Store, span: Span) -> None:
    stop = None if span.length is None else span.start + span.length
    assert web.get("c/0", span) == b"0123456789"[span.start : stop]
    assert web.get("c/1", span) is None


def test_http_reads_odd_keys(web: Store) -> None:
    assert web.get_many([(key, None) for key in ODD_KEYS]) == [key.encode() for key in ODD_KEYS]


def test_http_can_be_pickled(web: Store) -> None:
    assert pickle.loads(pickle.dumps(web)).get("c/0") == b"0123456789"


def test_http_cannot_list_and_says_so(web: Store) -> None:
    for listing in (web.list, web.children, web.sizes):
        with pytest.raises(UnsupportedError, match="no way to list"):
            list(listing())


# what opens a target


def test_targets_open_the_store_that_they_look_like(tmp_path: Path) -> None:
    assert open_store(tmp_path).url == str(tmp_path)
    assert open_store(tmp_path.as_uri()).url == str(tmp_path)
    assert open_store((tmp_path / "a b%").as_uri()).url == str(tmp_path / "a b%")
    assert open_store("~/air.zarr").url == os.path.expanduser("~/air.zarr")
    assert open_store("air.zarr").url == os.path.abspath("air.zarr")
    assert type(open_store("simplecache::memory://a")).__name__ == "RemoteStore"
    store = MemoryStore()
    assert open_store(store) is store


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("air.zip", "ZipStore"),
        ("air.ZARR.ZIP", "ZipStore"),
        ("air.ozx", "ZipStore"),
        ("air.sqlite", "SqliteStore"),
        ("air.zarr.sqlite", "SqliteStore"),
        ("air.db", "SqliteStore"),
        ("memory://x/air.zip", "ZipStore"),
        ("memory://air.zip", "ZipStore"),
        ("simplecache::memory://x/air.zip", "ZipStore"),
        ("https://host/air.zip?token=s3cret", "ZipStore"),
        ("https://host/air?name=air.zip", "RemoteStore"),
        ("zip://a::memory://x/air.zip", "RemoteStore"),
        ("zip::memory://x/air.zip", "RemoteStore"),
    ],
)
def test_what_is_not_there_yet_is_known_by_its_name(target: str, kind: str) -> None:
    store = open_store(target)
    assert type(store).__name__ == kind
    assert "s3cret" not in store.url


def test_files_are_known_by_their_first_bytes_and_directories_as_such(tmp_path: Path) -> None:
    (tmp_path / "directory.zip").mkdir()
    assert isinstance(open_store(tmp_path / "directory.zip"), LocalStore)
    with zipfile.ZipFile(tmp_path / "odd.db", "w"):
        pass
    assert isinstance(open_store(tmp_path / "odd.db"), ZipStore)
    store = SqliteStore(tmp_path / "odd.zip")
    store.set("a", b"1")
    store.close()
    assert isinstance(open_store(tmp_path / "odd.zip"), SqliteStore)


@pytest.mark.parametrize("target", ["/data/air.zarr", "file:///data/air.zarr", MemoryStore()])
def test_options_without_a_url_are_refused_and_not_shown(target: str | Store) -> None:
    with pytest.raises(StoreError, match="storage_options") as caught:
        open_store(target, {"token": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_fsspec_is_loaded_for_urls_only() -> None:
    code = (
        "import sys; from zarr_cdm.core import commit; from zarr_cdm.core.stores import table;"
        "table.open_store('/data').get('a'); table.exists('/data');"
        "sys.exit('fsspec' in sys.modules)"
    )
    source = str(Path(__file__).parents[2] / "src")
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": source}
    )


def test_exists_sees_stores_files_and_empty_directories(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    assert exists(tmp_path / "directory")
    assert exists(tmp_path / "file")
    assert exists(str(tmp_path / "link"))
    assert not exists(tmp_path / "nothing")
    assert not exists(MemoryStore())
    assert exists(MemoryStore({"zarr.json": b"{}"}))


@pytest.mark.parametrize("suffix", [".zip", ".sqlite"])
def test_exists_sees_stores_that_are_files(tmp_path: Path, suffix: str) -> None:
    place = tmp_path / f"air{suffix}"
    assert not exists(place)
    place.symlink_to("nowhere")
    assert exists(place)


def test_exists_sees_remote_archives() -> None:
    place = memory_url()
    assert not exists(f"{place}.zip")
    open_store(place.removesuffix("/air.zarr")).set("air.zarr.zip", b"anything")
    assert exists(f"{place}.zip")


def test_exists_sees_remote_stores_and_objects() -> None:
    url = memory_url()
    assert not exists(url)
    open_store(url).set("a/c/0", b"1")
    assert exists(url)
    assert exists(url + "/a/c/0")
    assert not exists(url + "/a/c/1")
    assert not exists(url[:-1])


# any sequence of calls, against a dict

folders = st.lists(st.sampled_from(["a", "b c", "ü", "#?%", "*[x]"]), max_size=3)
# No leaf is called like a folder: a file system cannot have both.
keys = st.builds(
    lambda folders, leaf: "/".join([*folders, leaf]),
    folders,
    st.sampled_from(["0", "1", "zarr.json", "x%20?"]),
)
prefixes = folders.map(lambda names: "".join(name + "/" for name in names))
sizes = st.integers(0, 20)
spans = st.one_of(
    st.none(),
    st.builds(Span, sizes, st.none() | sizes),
    st.builds(Span, st.integers(-20, -1)),
)


class StoreAgainstDict(RuleBasedStateMachine):
    """A store and a dict that have to agree."""

    opener: Callable[[Path], Store]

    def __init__(self) -> None:
        super().__init__()
        # One for the process, in which each listing looks at all keys that any test has left.
        MemoryFileSystem.store.clear()
        MemoryFileSystem.pseudo_dirs[:] = [""]
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.store = type(self).opener(self.folder)
        self.model: dict[str, bytes] = {}

    def value(self, key: str, span: Span | None) -> bytes | None:
        value = self.model.get(key)
        if value is None or span is None:
            return value
        return value[span.start :][: span.length]

    @rule(key=keys, value=st.binary(max_size=20))
    def set(self, key: str, value: bytes) -> None:
        self.store.set(key, value)
        self.model[key] = value

    @rule(key=keys)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete_one_of_them(self, data: st.DataObject) -> None:
        self.delete(data.draw(st.sampled_from(sorted(self.model))))

    @rule(key=keys, span=spans)
    def get(self, key: str, span: Span | None) -> None:
        assert self.store.get(key, span) == self.value(key, span)

    @rule(requests=st.lists(st.tuples(keys, spans), max_size=5))
    def get_many(self, requests: list[tuple[str, Span | None]]) -> None:
        assert self.store.get_many(requests) == [self.value(*request) for request in requests]

    @rule(prefix=prefixes)
    def list(self, prefix: str) -> None:
        expected = {key: len(self.model[key]) for key in self.model if key.startswith(prefix)}
        assert sorted(self.store.list(prefix)) == sorted(expected)
        assert sorted(self.store.sizes(prefix)) == sorted(expected.items())

    @rule(prefix=prefixes)
    def children(self, prefix: str) -> None:
        below = [key[len(prefix) :].partition("/") for key in self.model if key.startswith(prefix)]
        expected = {name + slash for name, slash, _ in below}
        assert sorted(self.store.children(prefix)) == sorted(expected)

    @invariant()
    def there_are_the_same_keys(self) -> None:
        assert sorted(self.store.list()) == sorted(self.model)

    def teardown(self) -> None:
        if isinstance(self.store, NewZipStore):
            self.archive_holds_the_same()
        else:
            for key in self.model:
                self.store.delete(key)
            assert list(self.store.children()) == []
            finish(self.store)
        self.stack.close()

    def archive_holds_the_same(self) -> None:
        """Close the new archive and read it; of what was replaced or deleted nothing is left."""
        self.store.close()
        written = ZipStore(LocalStore(self.folder), "air.zip", "")
        assert dict(written.sizes()) == {key: len(value) for key, value in self.model.items()}
        assert {key: written.get(key) for key in self.model} == self.model


@pytest.mark.parametrize("name", [name for name in OPENERS if name not in CANNOT["forget"]])
def test_a_store_behaves_like_a_dict(name: str) -> None:
    machine = type(f"{name}_machine", (StoreAgainstDict,), {"opener": staticmethod(OPENERS[name])})
    case = machine.TestCase
    examples = min(settings.default.max_examples, MOST_SEQUENCES) // (6 if name in SLOW else 1)
    case.settings = settings(
        max_examples=examples, stateful_step_count=30, deadline=None, database=None
    )
    case("runTest").runTest()


@needs("refuse")
def test_every_failure_is_an_error_of_the_package(store: Store) -> None:
    store.set("a", b"1")
    with pytest.raises(ZarrCdmError) as caught:
        store.set("a/b", b"2")
    inner = store.store if isinstance(store, PrefixStore) else store
    assert caught.value.source == inner.url
    assert caught.value.key is not None
    assert caught.value.key.endswith("a/b")
