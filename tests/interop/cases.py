"""The arrays that are exchanged with other libraries: a table for each thing that may vary.

A case takes one row of each table. All of them together would be millions: the quick run takes as
few as hold every pair of rows, ``ZARR_CDM_SWEEP=full`` as few as hold every three.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import combinations, product
from math import gcd
from typing import Any

import numpy as np

from tests.conftest import FULL
from tests.interop.data_types import BOTH, TYPES, Type
from zarr_cdm.core.group import ZarrGroup, create_tree, publish
from zarr_cdm.core.stores.base import Store
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node, ZarrVersion
from zarr_cdm.metadata.dtypes import to_typestr
from zarr_cdm.metadata.extension import Extension

Codecs = Callable[[Type], list[Extension]]


def _nothing(type: Type) -> list[Extension]:
    return []


def _all(type: Type) -> bool:
    return True


def _kinds(kinds: str, *, little: bool = False) -> Callable[[Type], bool]:
    """Return the test for NumPy's own types of these kinds."""
    return lambda type: (
        type.kind in kinds and not type.is_machine and (type.endian != "big" or not little)
    )


@dataclass(frozen=True)
class Chain:
    """Codecs around the one that makes bytes, or instead of it, and the types that they are for.

    ``filters`` stand before it in v3 and behind it in v2.
    """

    after: Codecs = _nothing
    filters: Codecs = _nothing
    before: Codecs = _nothing
    instead: Codecs = _nothing
    fits: Callable[[Type], bool] = _all
    versions: tuple[ZarrVersion, ...] = BOTH


def _codecs(name: str, **configuration: Any) -> Codecs:
    return lambda type: [Extension(name, configuration)]


def _blosc(cname: str, shuffle: str) -> Codecs:
    shared = {"cname": cname, "clevel": 5, "shuffle": shuffle, "blocksize": 0}
    return lambda type: [Extension("blosc", shared | {"typesize": _item_bytes(type)})]


def _floats(type: Type) -> bool:
    """Tell whether a type is of floats in little-endian order, and its fill value an easy one."""
    return _kinds("f", little=True)(type) and type.fill is np.nan


def _item_bytes(type: Type) -> int:
    return max(1, type.dtype.itemsize)


def _typed(name: str, *keys: str, **configuration: Any) -> Codecs:
    """Return a codec of numcodecs that is told the type, by v2's name for it."""
    return lambda type: [
        Extension(
            f"numcodecs.{name}",
            configuration | dict.fromkeys(keys, to_typestr(type.data_type, type.endian)),
        )
    ]


def _shuffle(type: Type) -> list[Extension]:
    return [
        Extension("numcodecs.shuffle", {"elementsize": _item_bytes(type)}),
        Extension("numcodecs.zlib", {"level": 5}),
    ]


def _n5(type: Type) -> list[Extension]:
    parts = [{"name": "bytes", "configuration": {"endian": "big"}}, {"name": "gzip"}]
    return [Extension("n5_default", {"codecs": parts})]


FINITE = {"fixedscaleoffset", "quantize", "scale_offset", "zfpy"}  # no NaN and no infinity
LEVEL = {"level": 3}
LZMA = {"format": 1, "check": -1, "preset": 1, "filters": None}
MAPS = {"encode": [["NaN", "NaN"]], "decode": [["NaN", "NaN"]]}
CODECS: dict[str, Chain] = {
    "none": Chain(),
    "blosc lz4, shuffle": Chain(_blosc("lz4", "shuffle")),
    "blosc zstd, bitshuffle": Chain(_blosc("zstd", "bitshuffle")),
    "blosc blosclz, noshuffle": Chain(_blosc("blosclz", "noshuffle")),
    "blosc zlib, shuffle": Chain(_blosc("zlib", "shuffle")),
    "zstd": Chain(_codecs("zstd", level=3, checksum=False)),
    "zstd, checksum": Chain(_codecs("zstd", level=3, checksum=True)),
    "gzip": Chain(_codecs("gzip", level=5)),
    "crc32c": Chain(_codecs("crc32c")),
    "gzip, crc32c": Chain(
        lambda type: [Extension("gzip", {"level": 1}), Extension("crc32c")], versions=(3,)
    ),
    "zlib": Chain(_codecs("numcodecs.zlib", level=5)),
    "bz2": Chain(_codecs("numcodecs.bz2", level=1)),
    "lz4": Chain(_codecs("numcodecs.lz4", acceleration=1)),
    "lzma": Chain(_codecs("numcodecs.lzma", **LZMA)),
    "base64": Chain(_codecs("numcodecs.base64"), versions=(2,)),
    "shuffle, zlib": Chain(_shuffle, fits=lambda type: not type.dtype.hasobject),
    "fletcher32": Chain(_codecs("numcodecs.fletcher32")),
    "crc32": Chain(_codecs("numcodecs.crc32", location="start")),
    "adler32": Chain(_codecs("numcodecs.adler32", location="start")),
    "jenkins_lookup3": Chain(_codecs("numcodecs.jenkins_lookup3", initval=0, prefix=None)),
    "delta": Chain(filters=_typed("delta", "dtype", "astype"), fits=_kinds("iu", little=True)),
    "fixedscaleoffset": Chain(
        filters=_typed("fixedscaleoffset", "dtype", "astype", scale=4, offset=2),
        fits=_floats,
    ),
    "quantize": Chain(filters=_typed("quantize", "dtype", "astype", digits=3), fits=_floats),
    "astype": Chain(
        filters=_typed("astype", "decode_dtype", encode_dtype="<i8"),
        fits=lambda type: _kinds("iu", little=True)(type) and type.dtype.itemsize > 1,
    ),
    "numcodecs.bitround": Chain(before=_codecs("numcodecs.bitround", keepbits=7), fits=_floats),
    "numcodecs.packbits": Chain(filters=_codecs("numcodecs.packbits"), fits=_kinds("b")),
    "bitround": Chain(before=_codecs("bitround", keepbits=7), fits=_kinds("f"), versions=(3,)),
    "packbits": Chain(
        instead=_codecs("packbits", padding_encoding="first_byte"),
        fits=_kinds("biu"),
        versions=(3,),
    ),
    "reshape": Chain(before=_codecs("reshape", shape=[-1]), versions=(3,)),
    "cast_value": Chain(
        before=_codecs("cast_value", data_type="float64", scalar_map=MAPS),
        fits=_floats,
        versions=(3,),
    ),
    "scale_offset": Chain(
        before=_codecs("scale_offset", offset=2, scale=0.5), fits=_floats, versions=(3,)
    ),
    "n5_default": Chain(instead=_n5, fits=_kinds("iuf"), versions=(3,)),
    "conditional": Chain(
        _codecs("conditional", codecs=[{"name": "zstd", "configuration": LEVEL}]), versions=(3,)
    ),
    "pcodec": Chain(
        instead=_codecs("numcodecs.pcodec", level=8, mode_spec="auto"),
        fits=lambda type: _kinds("iuf", little=True)(type) and type.dtype.itemsize > 1,
    ),
    "zfpy": Chain(
        instead=_codecs("numcodecs.zfpy", mode=4, tolerance=1e-30),
        fits=lambda type: type.fill == 7.0,  # zfp has no NaN
    ),
    "json2": Chain(
        instead=_codecs("numcodecs.json2"),
        fits=lambda type: type.kind == "t",
        versions=(2,),
    ),
    "categorize": Chain(
        instead=_codecs("numcodecs.categorize", labels=["ä", "bc", "x"], astype="|u1"),
        fits=lambda type: type.kind == "t",
        versions=(2,),
    ),
}


@dataclass(frozen=True)
class Grid:
    """A shape, and how it is cut: one length for each axis, or all of them."""

    shape: tuple[int, ...]
    lengths: tuple[int | tuple[int, ...], ...]

    @property
    def is_regular(self) -> bool:
        return all(isinstance(length, int) for length in self.lengths)

    @property
    def common(self) -> list[int]:
        """Lengths that fill each chunk: those of the chunks, where these are shards."""
        return [length if isinstance(length, int) else gcd(*length) for length in self.lengths]

    def doubled(self) -> Grid:
        """Return the grid with chunks of twice the lengths; regular ones in the same shape."""
        if self.is_regular:
            return replace(self, lengths=tuple(2 * length for length in self.lengths))
        twice = tuple(
            2 * length if isinstance(length, int) else tuple(2 * each for each in length)
            for length in self.lengths
        )
        return Grid(tuple(2 * size for size in self.shape), twice)

    @property
    def extension(self) -> Extension:
        if self.is_regular:
            return Extension("regular", {"chunk_shape": list(self.lengths)})
        axes = [each if isinstance(each, int) else list(each) for each in self.lengths]
        return Extension("rectilinear", {"kind": "inline", "chunk_shapes": axes})

    @property
    def first(self) -> tuple[slice, ...]:
        """What is written: whole chunks, and behind them nothing."""
        if not self.shape:
            return ()
        length = self.lengths[0]
        return (slice(min(length if isinstance(length, int) else length[0], self.shape[0])),)


GRIDS: dict[str, Grid] = {
    "scalar": Grid((), ()),
    "one axis": Grid((5,), (2,)),
    "overhanging": Grid((4, 6), (3, 4)),
    "larger than the array": Grid((3, 4), (10, 7)),
    "empty": Grid((0, 3), (1, 2)),
    "three axes": Grid((3, 4, 5), (2, 4, 1)),
    "rectilinear": Grid((7, 6), ((3, 1, 3), (2, 4))),
    "rectilinear, one length repeated": Grid((7, 5), ((3, 1, 3), 2)),
    "rectilinear, overhanging": Grid((7,), ((3, 1, 5),)),
}
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
SHARDS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "index at the end": {},
    "index at the start": {"index_location": "start"},
    "index without checksum": {"index_codecs": [LITTLE]},
    "shards in shards": {},
}
ORDERS: dict[str, str] = {"C": "C", "F": "F"}
KEYS: dict[str, Extension] = {
    "default": Extension("default", {"separator": "/"}),
    "default, dots": Extension("default", {"separator": "."}),
    "v2, dots": Extension("v2", {"separator": "."}),
    "v2, slashes": Extension("v2", {"separator": "/"}),
    "v2, silent": Extension("v2"),
}
EXTRAS: dict[str, Any] = {
    "none": None,
    "names": ("y", "x", "z"),
    "a name that is null": ("y", None, "z"),
    "a name that is empty": ("y", "", "z"),
    "an unknown member": None,
}


@dataclass(frozen=True)
class Case:
    """One array, as it is exchanged: a row of each table."""

    zarr_format: ZarrVersion
    type: str
    codec: str
    grid: str
    shards: str
    order: str
    keys: str
    extra: str

    def __str__(self) -> str:
        rows = ", ".join(f"{row.name}={getattr(self, row.name)!r}" for row in fields(self)[1:])
        return f"v{self.zarr_format}: {rows}"

    @property
    def legal(self) -> bool:
        """Whether the specifications know such an array, and codecs keep its values."""
        type, chain, grid = TYPES[self.type], CODECS[self.codec], GRIDS[self.grid]
        if self.zarr_format not in type.versions or self.zarr_format not in chain.versions:
            return False
        if not chain.fits(type) or (self.order == "F" and len(grid.shape) < 2):
            return False
        if self.codec == "zfpy" and (
            not grid.shape or (self.order == "F" and self.zarr_format == 2)
        ):
            return False  # it has no scalars, and numcodecs no order F
        if self.codec == "n5_default" and (self.order == "F" or not grid.shape):
            return False  # which has a transpose of its own
        if self.zarr_format == 2:
            return (
                grid.is_regular
                and self.shards == "none"
                and self.keys in ("v2, dots", "v2, slashes")
                and self.extra in ("none", "names")
            )
        return not (self.extra.startswith("a name") and len(grid.shape) < 2)

    @property
    def whole(self) -> Grid:
        """The grid of the objects in the store: chunks, or shards that hold several of them."""
        grid = GRIDS[self.grid]
        return grid if self.shards == "none" else grid.doubled()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.whole.shape

    @property
    def part(self) -> tuple[slice, ...]:
        return GRIDS[self.grid].first

    @property
    def misses_chunks(self) -> bool:
        """Whether some chunks are not in the store, or not in their shard."""
        if not self.shape:
            return False
        if self.shards == "none":
            return self.shape[0] > self.whole.first[0].stop
        length = GRIDS[self.grid].common[0]
        return self.shape[0] > -(-self.part[0].stop // length) * length

    @property
    def overhangs(self) -> bool:
        """Whether an object in the store reaches beyond the array."""
        found = []
        for axis, (size, length) in enumerate(zip(self.shape, self.whole.lengths, strict=True)):
            if not isinstance(length, int):
                found.append(sum(length) > size)
            elif axis == 0:
                found.append(length > size)
            else:
                found.append(size % length > 0)
        return any(found)

    @property
    def values(self) -> np.ndarray:
        """The values that codecs keep, in the native byte order."""
        type = TYPES[self.type]
        values = type.values(int(np.prod(self.shape))).reshape(self.shape)
        if self.codec in (
            "fixedscaleoffset",
            "quantize",
            "scale_offset",
            "zfpy",
        ):  # no infinite numbers
            values = (np.arange(values.size) % 50 * 0.5).astype(values.dtype).reshape(self.shape)
        if self.codec in ("bitround", "numcodecs.bitround"):  # 0.1 has too many bits
            values = np.where(values == np.array(0.1, values.dtype), 0.5, values)
        return np.asarray(values, type.dtype)

    @property
    def expected(self) -> np.ndarray:
        """What is read: values, and the fill value where nothing was written."""
        type = TYPES[self.type]
        fill = np.zeros((), type.dtype)[()] if type.fill is None else type.fill_value
        whole = np.empty(self.shape, type.dtype)
        whole[...] = fill
        whole[self.part] = self.values[self.part]
        return whole

    @property
    def document(self) -> ArrayMetadata:
        """The document that we write for it."""
        type, rank = TYPES[self.type], len(self.shape)
        names = EXTRAS[self.extra]
        members = {"cdm": {"must_understand": False, "a": 1}}
        attributes: dict[str, Any] = {"units": "K"}
        if names and self.zarr_format == 2:
            attributes["_ARRAY_DIMENSIONS"] = list(names[:rank])
        return ArrayMetadata(
            shape=self.shape,
            data_type=type.data_type,
            chunk_grid=self.whole.extension,
            chunk_key_encoding=KEYS[self.keys],
            fill_value=type.fill_value,
            codecs=tuple(self._codecs()),
            attributes=attributes,
            dimension_names=names[:rank] if names and self.zarr_format == 3 else None,
            members=members if self.extra == "an unknown member" else {},
            zarr_format=self.zarr_format,
        )

    def _codecs(self) -> list[Extension]:
        chunk = GRIDS[self.grid].common
        if self.shards == "none":
            return self._chunk_codecs()
        codecs = self._sharded(chunk, self._chunk_codecs())
        if self.shards == "shards in shards":
            return self._sharded(chunk, codecs)
        return codecs

    def _sharded(self, chunk: list[int], codecs: list[Extension]) -> list[Extension]:
        default = {"index_codecs": [LITTLE, {"name": "crc32c"}], "index_location": "end"}
        inner = {"chunk_shape": chunk, "codecs": [codec.to_json() for codec in codecs]}
        return [Extension("sharding_indexed", inner | default | (SHARDS[self.shards] or {}))]

    def _chunk_codecs(self) -> list[Extension]:
        type, chain = TYPES[self.type], CODECS[self.codec]
        axes = list(range(len(self.shape)))[::-1]
        turned = [Extension("transpose", {"order": axes})] if self.order == "F" else []
        serializer = chain.instead(type) or [type.serializer]
        if self.codec == "n5_default":
            parts = serializer[0].configuration["codecs"]
            turn = {"name": "transpose", "configuration": {"order": axes}}
            serializer = [Extension("n5_default", {"codecs": [turn, *parts]})]
        filters = chain.filters(type)
        if self.zarr_format == 2:
            return [*turned, *chain.before(type), *serializer, *filters, *chain.after(type)]
        return [*turned, *filters, *chain.before(type), *serializer, *chain.after(type)]


AXES: dict[str, Mapping[str, Any]] = {
    "type": TYPES,
    "codec": CODECS,
    "grid": GRIDS,
    "shards": SHARDS,
    "extra": EXTRAS,
    "keys": KEYS,
    "order": ORDERS,
}
TRIES = 60


@cache
def cases(zarr_format: ZarrVersion) -> dict[str, Case]:
    """Return cases that hold every pair (or, in the full run, every three) of rows, by name."""
    found = dict.fromkeys(_cover(zarr_format, 3 if FULL else 2))
    return {f"a{number}": case for number, case in enumerate(found)}


def _cover(zarr_format: ZarrVersion, strength: int) -> Iterator[Case]:
    choose = random.Random(zarr_format)
    covered: set[tuple[tuple[str, str], ...]] = set()
    for names in combinations(AXES, strength):
        for rows in product(*(AXES[name] for name in names)):
            wanted = tuple(zip(names, rows, strict=True))
            if wanted in covered:
                continue
            case = _complete(zarr_format, dict(wanted), choose)
            if case is not None:
                pairs = [(name, getattr(case, name)) for name in AXES]
                covered.update(combinations(pairs, strength))
                yield case


def _complete(
    zarr_format: ZarrVersion, rows: Mapping[str, str], choose: random.Random
) -> Case | None:
    """Return a legal case with these rows and others by chance; None where no such is found."""
    fitting = [
        pair
        for pair in _fitting(zarr_format)
        if rows.get("type", pair[0]) == pair[0] and rows.get("codec", pair[1]) == pair[1]
    ]
    for _ in range(TRIES if fitting else 0):
        others = {name: choose.choice([*table]) for name, table in AXES.items()}
        others |= zip(("type", "codec"), choose.choice(fitting), strict=True)
        if zarr_format == 2:
            others["shards"] = "none"
        case = Case(zarr_format, **(others | rows))
        if case.legal:
            return case
    return None


@cache
def _fitting(zarr_format: ZarrVersion) -> list[tuple[str, str]]:
    """Return the types and codecs that go together."""
    return [
        (type, codec)
        for (type, known), (codec, chain) in product(TYPES.items(), CODECS.items())
        if zarr_format in known.versions and zarr_format in chain.versions and chain.fits(known)
    ]


def write_ours(store: Store, zarr_format: ZarrVersion) -> ZarrGroup:
    """Write all cases of a version into a store, as ``sub/<name>``."""
    arrays = {name: Node(case.document) for name, case in cases(zarr_format).items()}
    top = GroupMetadata({"title": "exchange"}, zarr_format=zarr_format)
    group = create_tree(store, Node(top, {"sub": Node(top, arrays)}), zarr_format)
    for name, case in cases(zarr_format).items():
        group.array(f"sub/{name}")[case.part] = case.values[case.part]
    publish(group)
    return group


def create_one(store: Store, name: str, case: Case) -> None:
    """Write one case alone into a store, right below its root."""
    root = Node(GroupMetadata(zarr_format=case.zarr_format), {name: Node(case.document)})
    group = create_tree(store, root, case.zarr_format)
    group.array(name)[case.part] = case.values[case.part]
    publish(group)


def difference(found: Any, case: Case) -> str | None:
    """Return what is wrong with an array that was read, None if it is right to the last bit."""
    wanted, found = case.expected, np.asarray(found)
    if found.shape != wanted.shape:
        return f"shape {found.shape}, not {wanted.shape}"
    if wanted.dtype.hasobject:
        return None if found.tolist() == wanted.tolist() else f"values {found.tolist()}"
    if wanted.dtype.kind in "SU" and not wanted.shape:
        found = found.astype(wanted.dtype)  # a scalar has forgotten how long it may be
    native = found.astype(found.dtype.newbyteorder("="))
    if native.dtype != wanted.dtype:
        return f"dtype {native.dtype}, not {wanted.dtype}"
    return None if native.tobytes() == wanted.tobytes() else f"values {native}, not {wanted}"
