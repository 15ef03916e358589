"""The arrays that are exchanged with other libraries: types, codecs, shapes and orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from zarr_cdm.core.group import ZarrGroup, create_tree, open_tree, publish
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata import v2
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.dtypes import has_byte_order, zarr_type
from zarr_cdm.metadata.extension import Extension
from zarr_cdm.metadata.json import dumps, loads_object

Json = dict[str, Any]
NUMBERS = [
    *("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"),
    *("<f2", "<f4", "<f8", "<c8", "<c16", ">i2", ">f8", ">c8"),
]
TEXTS = ["|S3", "<U2", ">U2", "|V3", "|O"]
SHAPES = [
    ((), ()),
    ((5,), (2,)),
    ((4, 6), (3, 4)),
    ((3, 4), (10, 7)),
    ((0, 3), (1, 2)),
    ((3, 4, 5), (2, 4, 1)),
]
BLOSC = {"clevel": 5, "blocksize": 0}
V3_CODECS: dict[str, list[Json]] = {
    "none": [],
    "blosc-lz4": [
        {"name": "blosc", "configuration": BLOSC | {"cname": "lz4", "shuffle": "shuffle"}}
    ],
    "blosc-zstd": [
        {"name": "blosc", "configuration": BLOSC | {"cname": "zstd", "shuffle": "bitshuffle"}}
    ],
    "blosc-blosclz": [
        {"name": "blosc", "configuration": BLOSC | {"cname": "blosclz", "shuffle": "noshuffle"}}
    ],
    "blosc-zlib": [
        {"name": "blosc", "configuration": BLOSC | {"cname": "zlib", "shuffle": "shuffle"}}
    ],
    "zstd": [{"name": "zstd", "configuration": {"level": 3, "checksum": False}}],
    "zstd-checksum": [{"name": "zstd", "configuration": {"level": 3, "checksum": True}}],
    "gzip": [{"name": "gzip", "configuration": {"level": 5}}],
    "crc32c": [{"name": "crc32c"}],
    "gzip-crc32c": [{"name": "gzip", "configuration": {"level": 1}}, {"name": "crc32c"}],
}
V2_CODECS: dict[str, list[Json]] = {
    "none": [],
    "blosc-lz4": [{"id": "blosc", "cname": "lz4", "shuffle": 1, **BLOSC}],
    "blosc-zstd": [{"id": "blosc", "cname": "zstd", "shuffle": 2, **BLOSC}],
    "blosc-noshuffle": [{"id": "blosc", "cname": "lz4", "shuffle": 0, **BLOSC}],
    "zstd": [{"id": "zstd", "level": 3}],
    "gzip": [{"id": "gzip", "level": 5}],
    "zlib": [{"id": "zlib", "level": 5}],
    "bz2": [{"id": "bz2", "level": 1}],
    "lz4": [{"id": "lz4", "acceleration": 1}],
    "lzma": [{"id": "lzma", "format": 1, "check": -1, "preset": 1, "filters": None}],
    "shuffle-zlib": [{"id": "shuffle", "elementsize": 4}, {"id": "zlib", "level": 5}],
    "delta-zstd": [{"id": "delta", "dtype": "<i4", "astype": "<i4"}, {"id": "zstd", "level": 1}],
    "fletcher32": [{"id": "fletcher32"}],
    "crc32": [{"id": "crc32"}],
}


@dataclass(frozen=True)
class Case:
    """One array, as it is exchanged."""

    zarr_format: ZarrVersion
    dtype: str
    codec: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    order: str = "C"

    @property
    def name(self) -> str:
        """What the tables of exceptions know it by; also its name in the store."""
        signs = str.maketrans({"<": "l", ">": "b", "|": "n"})
        shape = "x".join(map(str, self.shape)) or "scalar"
        return f"{self.dtype.translate(signs)}-{self.codec}-{shape}-{self.order}"

    @property
    def codecs(self) -> list[Json]:
        """The codecs behind the serializer, in the words of the version."""
        found = (V3_CODECS if self.zarr_format == 3 else V2_CODECS)[self.codec]
        if self.zarr_format == 2:
            return found
        itemsize = max(1, np.dtype(self.dtype).itemsize)
        return [
            codec | {"configuration": codec["configuration"] | {"typesize": itemsize}}
            if codec["name"] == "blosc"
            else codec
            for codec in found
        ]

    @property
    def values(self) -> np.ndarray:
        """The values, with all that is odd in its type."""
        count = int(np.prod(self.shape))
        dtype = np.dtype(self.dtype)
        numbers = np.arange(count) * 7 % 120
        if dtype.kind in "SUO":
            values = np.array(
                [("", "ä" if dtype.kind != "S" else "a", "bc")[n % 3] for n in numbers]
            )
            return values.astype(dtype.newbyteorder("=")).reshape(self.shape)
        if dtype.kind == "V":
            return np.arange(3 * count, dtype="u1").view(dtype).reshape(self.shape)
        values = numbers.astype(dtype.newbyteorder("="))
        if dtype.kind in "fc":
            odd = np.array([np.nan, -0.0, np.inf, -np.inf, 0.1], dtype.newbyteorder("="))
            values[: len(odd)] = odd[:count]
        return values.reshape(self.shape)

    @property
    def fill(self) -> Any:
        """The fill value, which is not all zeros if it can be otherwise."""
        kind = np.dtype(self.dtype).kind
        return {
            "b": True,
            "f": np.nan,
            "c": 1 - 2j,
            "S": b"ab",
            "U": "x",
            "O": "x",
            "V": b"\0\1\2",
        }.get(kind, 42)

    @property
    def document(self) -> ArrayMetadata:
        """The document that we write for it."""
        dtype = np.dtype(self.dtype)
        fill = self.fill if dtype.hasobject else np.array(self.fill, dtype.newbyteorder("="))[()]
        if self.zarr_format == 3:
            return self._document_v3(dtype, fill)
        filters, compressor = split(self.codecs)
        if dtype.hasobject:
            filters = [{"id": "vlen-utf8"}, *filters]
        fields = {
            "zarr_format": 2,
            "shape": list(self.shape),
            "chunks": list(self.chunks),
            "dtype": self.dtype,
            "compressor": compressor,
            "fill_value": None,
            "order": self.order,
            "filters": filters or None,
            "dimension_separator": ".",
        }
        found = v2.read_array(fields, {"units": "K"})
        return ArrayMetadata(
            **{name: getattr(found, name) for name in found.__slots__} | {"fill_value": fill}
        )

    def _document_v3(self, dtype: np.dtype, fill: Any) -> ArrayMetadata:
        endian = "big" if self.dtype[0] == ">" else "little"
        serializer = Extension("bytes", {"endian": endian} if has_byte_order(dtype) else {})
        if dtype.hasobject:
            serializer = Extension("vlen-utf8")
        axes = list(range(len(self.shape)))[::-1]
        turned = [Extension("transpose", {"order": axes})] if self.order == "F" else []
        return ArrayMetadata(
            shape=self.shape,
            data_type=zarr_type(dtype),
            chunk_grid=Extension("regular", {"chunk_shape": list(self.chunks)}),
            chunk_key_encoding=Extension("default", {"separator": "/"}),
            fill_value=fill,
            codecs=(*turned, serializer, *map(Extension.from_json, self.codecs)),
            attributes={"units": "K"},
        )


def split(codecs: list[Json]) -> tuple[list[Json], Json | None]:
    """Return filters and compressor of v2."""
    compressors = {"blosc", "gzip", "zstd", "zlib", "bz2", "lzma", "lz4"}
    if codecs and codecs[-1]["id"] in compressors:
        return codecs[:-1], codecs[-1]
    return codecs, None


def cases(zarr_format: ZarrVersion) -> Iterator[Case]:
    """Yield all types with one codec, and all codecs with all shapes and orders."""
    for dtype in [*NUMBERS, *TEXTS]:
        yield Case(zarr_format, dtype, "zstd", (4, 6), (3, 4))
        yield Case(zarr_format, dtype, "none", (), ())
        yield Case(zarr_format, dtype, "gzip", (5,), (2,))
    for codec in V3_CODECS if zarr_format == 3 else V2_CODECS:
        for shape, chunks in SHAPES:
            for order in "CF" if len(shape) > 1 else "C":
                yield Case(zarr_format, "<i4", codec, shape, chunks, order)


CASES: Mapping[ZarrVersion, dict[str, Case]] = {
    2: {case.name: case for case in cases(2)},
    3: {case.name: case for case in cases(3)},
}


def write_ours(
    root: Path, zarr_format: ZarrVersion, consolidated: bool, *, fill: bool = True
) -> None:
    """Write all arrays of a version with this package; half of the first axis, if ``fill``."""
    arrays = {name: Node(case.document) for name, case in CASES[zarr_format].items()}
    top = GroupMetadata({"title": "exchange"}, zarr_format=zarr_format)
    store = LocalStore(str(root))
    group = create_tree(store, Node(top, {"sub": Node(top, arrays)}), zarr_format)
    for name, case in CASES[zarr_format].items():
        if fill:
            group.array(f"sub/{name}")[part(case)] = case.values[part(case)]
    publish(group)
    if not consolidated:
        unconsolidate(root, zarr_format)


def unconsolidate(root: Path, zarr_format: ZarrVersion) -> None:
    """Take away the document of the whole tree."""
    if zarr_format == 2:
        (root / ".zmetadata").unlink()
        return
    document = loads_object((root / "zarr.json").read_bytes())
    del document["consolidated_metadata"]
    (root / "zarr.json").write_bytes(dumps(document))


def part(case: Case) -> Any:
    """Return what is written: whole chunks, and behind them nothing."""
    return (slice(min(case.chunks[0], case.shape[0])),) if case.shape else ()


def expected(case: Case) -> np.ndarray:
    """Return what is read: values, and the fill value where nothing was written."""
    whole = np.full(case.shape, case.fill, case.values.dtype)
    whole[part(case)] = case.values[part(case)]
    return whole


def difference(found: Any, case: Case) -> str | None:
    """Return what is wrong with an array that was read, None if it is right to the last bit."""
    wanted, found = expected(case), np.asarray(found)
    if found.shape != wanted.shape:
        return f"shape {found.shape}, not {wanted.shape}"
    if wanted.dtype.hasobject:
        return None if found.tolist() == wanted.tolist() else f"{found.tolist()}"
    if wanted.dtype.kind in "SU" and not wanted.shape:
        found = found.astype(wanted.dtype)  # a scalar has forgotten how long it may be
    native = found.astype(found.dtype.newbyteorder("="))
    if native.dtype != wanted.dtype:
        return f"dtype {native.dtype}, not {wanted.dtype}"
    return None if native.tobytes() == wanted.tobytes() else f"{native} instead of {wanted}"


def read_all(group: ZarrGroup, zarr_format: ZarrVersion) -> dict[str, str]:
    """Return all that is wrong with the arrays of a group that another library wrote."""
    found = {}
    for name, case in CASES[zarr_format].items():
        if name not in group.node.members:
            continue
        array = group.array(name)
        wrong = difference(array[...], case)
        if wrong is None and case.shape and case.shape[0] > 1:
            backwards = np.array_equal(
                array[::-2].astype("O").astype(str), expected(case)[::-2].astype("O").astype(str)
            )
            wrong = None if backwards else "backwards it is another"
        if wrong:
            found[name] = wrong
    return found


def only(wrong: Mapping[str, str], excepted: Mapping[str, str]) -> None:
    """Assert that exactly the excepted names, given as patterns with reasons, are wrong."""
    unexpected = {
        name: what
        for name, what in wrong.items()
        if not any(fnmatchcase(name, pattern) for pattern in excepted)
    }
    assert not unexpected, "\n".join(f"{name}: {what:.150}" for name, what in unexpected.items())
    for pattern in excepted:
        assert any(fnmatchcase(name, pattern) for name in wrong), f"{pattern} works now"


def rarer() -> dict[str, tuple[ArrayMetadata, np.ndarray]]:
    """Return v3 documents that use more of the specification, and what is to be read."""
    plain = Case(3, "<i4", "none", (4, 6), (3, 4))
    numbers = plain.values
    little = Extension("bytes", {"endian": "little"})
    nan = np.frombuffer(bytes.fromhex("7fc00001"), ">f4").astype("f4")[0]
    shuffle = Extension("numcodecs.shuffle", {"elementsize": 4})
    zlib = Extension("numcodecs.zlib", {"level": 1})
    delta = Extension("numcodecs.delta", {"dtype": "<i4", "astype": "<i4"})
    raw = np.arange(48, dtype="u1").view("V2").reshape(4, 6)
    data = np.array([b"", b"\0a"] * 12, object).reshape(4, 6)
    floats = {"data_type": Extension("float32"), "codecs": (little,)}
    changes: dict[str, tuple[Json, np.ndarray]] = {
        "keys with dots": (
            {"chunk_key_encoding": Extension("default", {"separator": "."})},
            numbers,
        ),
        "keys of v2": ({"chunk_key_encoding": Extension("v2", {"separator": "/"})}, numbers),
        "keys of v2 by default": ({"chunk_key_encoding": Extension("v2")}, numbers),
        "dimension names": ({"dimension_names": ("y", None)}, numbers),
        "empty dimension name": ({"dimension_names": ("y", "")}, numbers),
        "unknown member": ({"members": {"cdm": {"must_understand": False, "a": 1}}}, numbers),
        "numcodecs.zlib": ({"codecs": (little, zlib)}, numbers),
        "numcodecs.shuffle": ({"codecs": (little, shuffle, zlib)}, numbers),
        "numcodecs.delta": ({"codecs": (delta, little)}, numbers),
        "NaN with a payload": (floats | {"fill_value": nan}, np.full((4, 6), nan)),
        "minus zero": (floats | {"fill_value": np.float32(-0.0)}, np.full((4, 6), -0.0, "f4")),
        "raw bits": (
            {
                "data_type": Extension("r16"),
                "codecs": (Extension("bytes"),),
                "fill_value": raw[0, 0],
            },
            raw,
        ),
        "bytes": (
            {
                "data_type": Extension("bytes"),
                "codecs": (Extension("vlen-bytes"),),
                "fill_value": b"ab",
            },
            data,
        ),
        "variable_length_bytes": (
            {
                "data_type": Extension("variable_length_bytes"),
                "codecs": (Extension("vlen-bytes"),),
                "fill_value": b"ab",
            },
            data,
        ),
    }
    return {
        name: (replace(plain.document, **change), values)
        for name, (change, values) in changes.items()
    }


def write_rarer(root: Path) -> dict[str, np.ndarray]:
    """Write them with this package, and return the values."""
    found = rarer()
    arrays = {name: Node(document) for name, (document, _) in found.items()}
    group = create_tree(LocalStore(str(root)), Node(GroupMetadata(), arrays), 3)
    for name, (_, values) in found.items():
        group.array(name)[...] = values
    publish(group)
    reopened = open_tree(LocalStore(str(root)))
    for name, (_, values) in found.items():
        assert reopened.array(name)[...].tobytes() == values.tobytes() or values.dtype.hasobject
    return {name: values for name, (_, values) in found.items()}


def unlike(found: Any, values: np.ndarray) -> str | None:
    """Return what is wrong with what another library read."""
    found = np.asarray(found)
    if values.dtype.hasobject:
        return None if found.tolist() == values.tolist() else f"{found.tolist()}"
    right = found.shape == values.shape and found.tobytes() == values.tobytes()
    return None if right else f"{found!r}"
