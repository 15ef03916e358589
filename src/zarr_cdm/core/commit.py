"""A new store that appears whole or not at all.

On this machine the store, a directory or one file, is built beside its place and moved there at
the end. Object stores have no such move: there the caller writes the root document last, and until
then nothing opens. After a failure nothing is left of either.

>>> import tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> with staged(f"{folder.name}/air.zarr") as store:
...     store.set("zarr.json", b"{}")
...     os.path.exists(f"{folder.name}/air.zarr")
False
>>> os.listdir(folder.name)
['air.zarr']
>>> folder.cleanup()
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TypeAlias, TypeVar

from zarr_cdm.core.stores.base import Buffer, OneFile, Store
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.core.stores.table import StoreTarget, exists, open_store
from zarr_cdm.core.stores.version import VersionStore
from zarr_cdm.core.stores.wrapping import WrappingStore
from zarr_cdm.errors import NodeNotFoundError, StoreError, TargetExistsError

# What a rename says when something is in its way.
_IN_THE_WAY = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}
_JOURNAL = "-journal"  # what SQLite keeps beside a database that it writes

Built = TypeVar("Built")
Build: TypeAlias = Callable[[str], AbstractContextManager[Built]]


def staged(
    target: StoreTarget, storage_options: Mapping[str, Any] | None = None
) -> AbstractContextManager[Store]:
    """Return a context with an empty store that becomes visible at ``target`` at a clean exit.

    Parameters
    ----------
    target
        Where nothing may be yet. The directory that a local one lies in has to exist.
    storage_options
        What fsspec hands to the file system; only for a URL.
    """
    store = open_store(target, storage_options)
    if exists(target, storage_options):
        raise _taken(store.url)
    if isinstance(store, VersionStore):  # it says what may be written, not where
        return _of_version(_staged(store.store), store.zarr_format)
    return _staged(store)


def replaced(path: str, store: OneFile) -> AbstractContextManager[Store]:
    """Return a context with an empty store that takes the place of one file at a clean exit.

    Parameters
    ----------
    path, store
        The file, and the store that it is.
    """
    return _beside(os.path.abspath(path), store.building, os.replace, replaces=True)


def staged_file(path: str) -> AbstractContextManager[str]:
    """Return a context with the path of a file to make, that is at ``path`` after a clean exit.

    Raises
    ------
    TargetExistsError
        There is something at ``path`` already.
    """
    if os.path.lexists(path):
        raise _taken(path)
    return _beside(os.path.abspath(path), nullcontext, _move_file)


def _staged(store: Store) -> AbstractContextManager[Store]:
    if isinstance(store, LocalStore):
        return _beside(store.root, _new_directory, os.rename)
    if isinstance(store, OneFile):
        return _beside(store.url, store.building, _move_file)
    return _in_place(store)


@contextmanager
def _of_version(staging: AbstractContextManager[Store], zarr_format: int) -> Iterator[Store]:
    with staging as store:
        yield VersionStore(store, zarr_format)


@contextmanager
def _beside(
    root: str, build: Build[Built], move: Callable[[str, str], None], *, replaces: bool = False
) -> Iterator[Built]:
    staging = f"{root}.partial-{secrets.token_hex(4)}"
    building = build(staging)
    parent = os.path.dirname(root)
    if not os.path.isdir(parent):
        raise NodeNotFoundError(f"no directory {parent}; create it first", source=root)
    try:
        with building as built:
            yield built
        _move(staging, root, move, replaces)
    finally:
        _remove(staging)  # not there any more if all went well


@contextmanager
def _new_directory(path: str) -> Iterator[Store]:
    try:
        os.mkdir(path)
    except OSError as error:
        raise StoreError(f"cannot create {path}: {error.strerror}", source=path) from error
    yield LocalStore(path)


def _move(staging: str, root: str, move: Callable[[str, str], None], replaces: bool) -> None:
    if not replaces and os.path.lexists(root):  # a rename would silently replace an empty directory
        raise _taken(root)
    try:
        move(staging, root)
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            raise _taken(root) from None
        raise StoreError(f"cannot move {staging} here: {error.strerror}", source=root) from error


def _move_file(staging: str, path: str) -> None:
    """Move a file to where none is: a rename would replace one that has just appeared."""
    try:
        os.link(staging, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.rename(staging, path)


def _remove(staging: str) -> None:
    if os.path.isdir(staging):
        shutil.rmtree(staging, ignore_errors=True)
        return
    for path in (staging, staging + _JOURNAL):
        with suppress(OSError):
            os.unlink(path)


@contextmanager
def _in_place(store: Store) -> Iterator[Store]:
    remembering = _RememberingStore(store)
    try:
        yield remembering
    except BaseException as error:
        remembering.forget(error)
        raise


def _taken(place: str) -> TargetExistsError:
    return TargetExistsError(
        "there is something already; remove it or choose another name", source=place
    )


class _RememberingStore(WrappingStore):
    """A store that knows which keys were set through it.

    Without a lock: one assignment to a dict is atomic. It notes a key before it is set, because
    half a write may leave something too.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._keys: dict[str, None] = {}

    def set(self, key: str, value: Buffer) -> None:
        self._keys[key] = None
        super().set(key, value)

    def set_parts(self, key: str, parts: Sequence[Buffer]) -> None:
        self._keys[key] = None
        super().set_parts(key, parts)

    def set_many(self, values: Sequence[tuple[str, Buffer]]) -> None:
        self._keys.update(dict.fromkeys(key for key, _ in values))
        super().set_many(values)

    def forget(self, error: BaseException) -> None:
        """Delete what was set, the last first: it may be the root document."""
        for key in reversed(tuple(self._keys)):
            try:
                self.store.delete(key)
            except StoreError as failure:  # the error that led here matters more
                error.add_note(f"not removed again: {failure}")

    def __repr__(self) -> str:
        return repr(self.store)
