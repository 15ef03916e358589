"""Times, structs and what else is rare among types: zarr-python reads ours, and we read its."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zarr_cdm.core.group import create_tree, open_tree, publish
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.dtypes import from_typestr, numpy_dtype
from zarr_cdm.metadata.extension import Extension

zarr = pytest.importorskip("zarr", reason="zarr-python is not installed")
pytestmark = [
    pytest.mark.filterwarnings("ignore:The data type:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The data type:UserWarning"),
    # It takes bytes for numbers, which raw ones are not.
    pytest.mark.filterwarnings("ignore:Missing 'endian' for structured dtype:UserWarning"),
]
versions = pytest.mark.parametrize("zarr_format", [2, 3])
TYPES: dict[str, Any] = {
    "nanoseconds": "<M8[ns]",
    "days": "<M8[D]",
    "tens of microseconds": ">M8[10us]",
    "durations": "<m8[s]",
    "large durations": ">m8[25h]",
    "numbers": [["a", "|u1"], ["b", "<f4"], ["c", "<c16"]],
    "big numbers": [["a", ">i2"], ["b", ">f8"]],
    "both orders": [["a", ">i2"], ["b", "<f8"]],
    "texts": [["a", "|S3"], ["b", "<U2"], ["c", "|b1"]],
    "times": [["when", "<M8[ns]"], ["long", "<m8[s]"]],
    "nested": [["p", [["x", "<f4"], ["y", "<f4"]]], ["n", "<i8"]],
    "raw": [["a", "|V3"], ["b", "|u1"]],
    "shapes": [["a", "<i2", [2, 3]], ["b", "|u1"]],
}
# What Zarr v3 has no word for.
ONLY_V2 = {"shapes", "both orders"}
# Before 3.2 zarr-python knows the older name of structs alone, and none in a struct in v2.
OLD = not hasattr(zarr.dtype, "Struct")
# What it cannot do, with the reason.
CANNOT_READ: dict[ZarrVersion, dict[str, str]] = {
    2: {"shapes": "no fields with a shape"} | ({"nested": "not in v2"} if OLD else {}),
    3: dict.fromkeys(
        {"numbers", "big numbers", "texts", "times", "nested", "raw"} if OLD else {},
        "it knows the older name of structs alone",
    ),
}
CANNOT_WRITE: dict[ZarrVersion, dict[str, str]] = {
    2: {"shapes": "no fields with a shape", "times": "fails in the middle"},
    3: {"shapes": "no fields with a shape"},
}
# What it writes so that it reads other values itself.
WRITES_WRONGLY: dict[ZarrVersion, dict[str, str]] = {
    2: {},
    3: {"big numbers": "no byte order", "both orders": "no byte order"} if OLD else {},
}


def dtype_of(name: str) -> np.dtype:
    """Return the type with the byte orders that it is stored in."""

    def convert(typestr: Any) -> Any:
        if not isinstance(typestr, list):
            return np.dtype(typestr)
        return [(field, convert(inner), *map(tuple, rest)) for field, inner, *rest in typestr]

    return np.dtype(convert(TYPES[name]))


def values_of(name: str) -> np.ndarray:
    """Return four values in native byte order, of which the last will be the fill value."""
    data_type, _ = from_typestr(TYPES[name])
    return _values(numpy_dtype(data_type), 4)


def _values(dtype: np.dtype, count: int) -> np.ndarray:
    if dtype.names is not None:
        found = np.zeros(count, dtype)
        for field in dtype.names:
            inner, size = dtype[field].base, int(np.prod(dtype[field].shape))
            found[field] = _values(inner, count * size).reshape((count, *dtype[field].shape))
        return found
    numbers = np.arange(1, count + 1)
    if dtype.kind in "Mm":
        found = numbers.astype("i8").view(dtype)
        found[-1] = "NaT"
        return found
    if dtype.kind == "V":
        return np.arange(count * dtype.itemsize, dtype="u1").view(dtype)
    return numbers.astype(dtype)


def document_of(name: str, zarr_format: ZarrVersion) -> ArrayMetadata:
    data_type, endian = from_typestr(TYPES[name])
    serializer = Extension("bytes", {"endian": endian} if endian else {})
    return ArrayMetadata(
        shape=(6,),
        data_type=data_type,
        chunk_grid=Extension("regular", {"chunk_shape": [3]}),
        chunk_key_encoding=Extension("default" if zarr_format == 3 else "v2", {"separator": "/"}),
        fill_value=values_of(name)[-1],
        codecs=(serializer, Extension("zstd", {"level": 3})),
        zarr_format=zarr_format,
    )


def expected(name: str) -> np.ndarray:
    values = values_of(name)
    return values[[0, 1, 2, 3, 3, 3]]


def only(wrong: dict[str, str], excepted: dict[str, str]) -> None:
    """Assert that exactly the excepted types are wrong."""
    assert set(wrong) == set(excepted), wrong


def native(found: Any, wanted: np.ndarray) -> str | None:
    """Return what is wrong with an array, None if it has the wanted values."""
    found = np.asarray(found).astype(wanted.dtype)
    return None if found.tobytes() == wanted.tobytes() else f"{found} instead of {wanted}"


def names(zarr_format: ZarrVersion) -> list[str]:
    """Return the types that this package can write in a version."""
    return [name for name in TYPES if zarr_format == 2 or name not in ONLY_V2]


@versions
def test_zarr_python_reads_the_types_that_we_write(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    arrays = {name: Node(document_of(name, zarr_format)) for name in names(zarr_format)}
    top = GroupMetadata(zarr_format=zarr_format)
    group = create_tree(LocalStore(str(tmp_path)), Node(top, arrays), zarr_format)
    for name in arrays:
        group.array(name)[:3] = values_of(name)[:3]
    publish(group)
    ours = open_tree(LocalStore(str(tmp_path)))
    wrong = {}
    for name in arrays:
        assert native(ours.array(name)[...], expected(name)) is None
        try:
            found = native(zarr.open_array(str(tmp_path / name), mode="r")[...], expected(name))
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        if found:
            wrong[name] = found
    only(wrong, CANNOT_READ[zarr_format])


@versions
def test_we_read_the_types_that_zarr_python_writes(
    tmp_path: Path, zarr_format: ZarrVersion
) -> None:
    root = zarr.create_group(str(tmp_path), zarr_format=zarr_format)
    failed = {}
    for name in TYPES:
        stored = dtype_of(name)
        try:
            array = root.create_array(
                name,
                shape=(6,),
                chunks=(3,),
                dtype=stored,
                fill_value=values_of(name).astype(stored)[-1],
            )
            array[:3] = values_of(name)[:3]
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    only(failed, CANNOT_WRITE[zarr_format])
    group = open_tree(LocalStore(str(tmp_path)))
    wrong = {}
    for name in set(TYPES) - set(failed):
        found = native(group.array(name)[...], expected(name))
        if found:
            wrong[name] = found
    only(wrong, WRITES_WRONGLY[zarr_format])
