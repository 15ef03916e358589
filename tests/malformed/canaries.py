"""Stores that would have code of theirs run: in every place that names a codec or a type.

Each is refused when it is opened, and what the code would have done is not done.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

from tests.malformed.documents import INNER, sharded
from tests.malformed.stores import (
    ARRAY,
    ARRAY_V2,
    LITTLE,
    Build,
    Case,
    consolidated,
    consolidated_v2,
    named,
    v2,
    v3,
)
from zarr_cdm.errors import MetadataError, UnknownNameError, UnsupportedError, ZarrCdmError

MARKER = "canary"
PLUGIN = "canary"  # the codec of another package, which numcodecs would find and load
GROUP_V2 = {"zarr_format": 2}


class Canary:
    """What makes a directory when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.place),))


def write_plugin(folder: Path) -> None:
    """Install a package in a folder, whose codec makes the marker when it is imported."""
    information = folder / "canary-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: canary\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        f"[numcodecs.codecs]\n{PLUGIN} = canary_codec:Canary\n"
        f"[zarr.codecs]\n{PLUGIN} = canary_codec:Canary\n"
    )
    (folder / "canary_codec.py").write_text(
        f"import os\nos.mkdir({str(folder / MARKER)!r})\nclass Canary: codec_id = {PLUGIN!r}\n"
    )


def armed(build: Build, *keys: str) -> Build:
    """Return what makes the store and puts a pickle where its chunks are."""

    def make(folder: Path) -> Path:
        data = pickle.dumps(Canary(folder.parent / MARKER))
        root = build(folder)
        for key in keys or ("v/c/0/0", "v/0.0"):
            place = root / key
            if place.parent.is_dir():
                place.write_bytes(data)
        return root

    return make


def alone(build: Build) -> Build:
    """Return what makes the store, whose array has no document but the consolidated one."""

    def make(folder: Path) -> Path:
        root = build(folder)
        (root / "v/zarr.json").unlink()
        return root

    return make


def codecs(*chain: Any) -> dict[str, Any]:
    return {"codecs": list(chain)}


def bad(name: str, build: Build, error: type[ZarrCdmError], says: str) -> Case:
    return Case("R8 code", name, armed(build), error, says, stage="open")


OBJECTS = {"dtype": "|O", "fill_value": None}
PICKLE = {"id": "pickle", "protocol": 5}
TURN = named("transpose", order=[1, 0])
NOT_ALLOWED = "unknown or not allowed"

CASES = [
    bad(
        "v2, pickle as the object codec",
        v2(OBJECTS | {"filters": [PICKLE]}),
        UnsupportedError,
        "objects are encoded with 'pickle'",
    ),
    bad(
        "v2, pickle as the compressor of objects",
        v2(OBJECTS | {"compressor": PICKLE}),
        UnsupportedError,
        "objects are encoded with 'pickle'",
    ),
    bad(
        "v2, pickle behind vlen-utf8",
        v2(OBJECTS | {"filters": [{"id": "vlen-utf8"}, PICKLE]}),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v2, pickle as the compressor behind vlen-utf8",
        v2(OBJECTS | {"filters": [{"id": "vlen-utf8"}], "compressor": PICKLE}),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v2, pickle before vlen-utf8",
        v2(OBJECTS | {"filters": [PICKLE, {"id": "vlen-utf8"}]}),
        UnsupportedError,
        "objects are encoded with 'pickle'",
    ),
    bad(
        "v2, pickle as a filter of numbers",
        v2({"filters": [PICKLE]}),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v2, pickle as the compressor of numbers",
        v2({"compressor": PICKLE}),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v2, pickle behind a filter of numbers",
        v2({"filters": [{"id": "delta", "dtype": "<f4"}, PICKLE]}),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v2, objects without a codec",
        v2(OBJECTS),
        UnsupportedError,
        "objects are encoded with None",
    ),
    bad(
        "v2, msgpack2",
        v2(OBJECTS | {"filters": [{"id": "msgpack2"}]}),
        UnsupportedError,
        "objects are encoded with 'msgpack2'",
    ),
    bad(
        "v2, json",
        v2(OBJECTS | {"filters": [{"id": "json"}]}),
        UnsupportedError,
        "objects are encoded with 'json'",
    ),
    bad(
        "v2, delta that makes objects",
        v2({"filters": [{"id": "delta", "dtype": "<f4", "astype": "|O"}]}),
        MetadataError,
        "objects?|not numbers|configured",
    ),
    bad(
        "v2, delta of objects",
        v2({"filters": [{"id": "delta", "dtype": "|O"}]}),
        MetadataError,
        "objects?|not numbers|configured",
    ),
    bad(
        "v2, astype that decodes to objects",
        v2({"filters": [{"id": "astype", "encode_dtype": "<f4", "decode_dtype": "|O"}]}),
        MetadataError,
        "not numbers|configured",
    ),
    bad(
        "v2, a struct with a field of objects",
        v2({"dtype": [["a", "|O"]], "fill_value": None}),
        MetadataError,
        "no fixed length",
    ),
    bad(
        "v2, vlen-array of objects",
        v2(OBJECTS | {"filters": [{"id": "vlen-array", "dtype": "|O"}]}),
        MetadataError,
        "expected numbers",
    ),
    bad(
        "v2, categorize as objects",
        v2(
            OBJECTS
            | {"filters": [{"id": "categorize", "labels": ["a"], "dtype": "|O", "astype": "|O"}]}
        ),
        MetadataError,
        "expected integers",
    ),
    bad(
        "v2, the codec of another package",
        v2({"compressor": {"id": PLUGIN}}),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v2, the codec of another package for objects",
        v2(OBJECTS | {"filters": [{"id": PLUGIN}]}),
        UnsupportedError,
        "objects are encoded with 'canary'",
    ),
    bad(
        "v2, consolidated pickle",
        consolidated_v2(
            {".zgroup": GROUP_V2, "v/.zarray": ARRAY_V2 | OBJECTS | {"filters": [PICKLE]}}
        ),
        UnsupportedError,
        "objects are encoded with 'pickle'",
    ),
    bad(
        "v2, consolidated pickle behind vlen-utf8",
        consolidated_v2(
            {
                ".zgroup": GROUP_V2,
                "v/.zarray": ARRAY_V2 | OBJECTS | {"filters": [{"id": "vlen-utf8"}, PICKLE]},
            }
        ),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad("v3, pickle", v3(codecs(named("numcodecs.pickle"))), UnknownNameError, NOT_ALLOWED),
    bad(
        "v3, pickle without its prefix",
        v3(codecs(named("pickle"))),
        UnknownNameError,
        "unknown codec 'pickle'",
    ),
    bad(
        "v3, pickle before bytes",
        v3(codecs(named("numcodecs.pickle"), LITTLE)),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, pickle behind bytes",
        v3(codecs(LITTLE, named("numcodecs.pickle"))),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, pickle behind vlen-utf8",
        v3(
            {"data_type": "string", "fill_value": ""}
            | codecs("vlen-utf8", named("numcodecs.pickle"))
        ),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, pickle that need not be understood",
        v3(codecs(LITTLE, named("numcodecs.pickle") | {"must_understand": False})),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, pickle in a shard",
        v3(sharded(codecs=[LITTLE, named("numcodecs.pickle")])),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, pickle in the index of a shard",
        v3(sharded(index_codecs=[LITTLE, named("numcodecs.pickle")])),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, pickle in a shard in a shard",
        v3(
            sharded(
                codecs=[
                    named(
                        "sharding_indexed",
                        **(INNER | {"chunk_shape": [1, 1], "codecs": [named("numcodecs.pickle")]}),
                    )
                ]
            )
        ),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, msgpack2",
        v3(codecs(LITTLE, named("numcodecs.msgpack2"))),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, the codec of another package",
        v3(codecs(LITTLE, named(PLUGIN))),
        UnknownNameError,
        "unknown codec 'canary'",
    ),
    bad(
        "v3, the codec of another package by numcodecs",
        v3(codecs(LITTLE, named(f"numcodecs.{PLUGIN}"))),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, pickle in n5_default",
        v3(
            codecs(
                named(
                    "n5_default",
                    codecs=[TURN, named("bytes", endian="big"), named("numcodecs.pickle")],
                )
            )
        ),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, astype that decodes to objects",
        v3(codecs(named("numcodecs.astype", encode_dtype="<f4", decode_dtype="|O"), LITTLE)),
        MetadataError,
        "not numbers|configured",
    ),
    bad(
        "v3, a codec that is a module",
        v3(codecs(LITTLE, named("os.mkdir"))),
        UnknownNameError,
        "unknown codec 'os.mkdir'",
    ),
    bad(
        "v3, a data type of objects",
        v3({"data_type": "object", "fill_value": 0}),
        UnknownNameError,
        "unknown data type 'object'",
    ),
    bad(
        "v3, a data type of numpy",
        v3({"data_type": "numpy.object", "fill_value": 0}),
        UnknownNameError,
        "unknown data type 'numpy.object'",
    ),
    bad(
        "v3, consolidated pickle",
        alone(consolidated({"v": ARRAY | codecs(LITTLE, named("numcodecs.pickle"))})),
        UnknownNameError,
        NOT_ALLOWED,
    ),
    bad(
        "v3, consolidated pickle in a shard",
        alone(consolidated({"v": ARRAY | sharded(codecs=[named("numcodecs.pickle")])})),
        UnknownNameError,
        NOT_ALLOWED,
    ),
]
