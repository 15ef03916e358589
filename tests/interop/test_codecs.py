"""Codecs that are rarer, both ways with zarr-python as far as it has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data import SHARED
from zarr_cdm.core.group import create_tree, open_tree
from zarr_cdm.core.stores.local import LocalStore
from zarr_cdm.metadata.documents import ArrayMetadata, GroupMetadata, Node
from zarr_cdm.metadata.dtypes import zarr_type
from zarr_cdm.metadata.extension import Extension

zarr = pytest.importorskip("zarr", reason="zarr-python is not installed")
pytestmark = pytest.mark.filterwarnings(
    "ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning"
)
EXTENSIONS = SHARED / "fixtures" / "zarr-extensions" / "bitround"
# What zarr-python does not have, in any version yet or in this one.
CANNOT: dict[str, str] = {
    "bitround": "zarr-python has it as numcodecs.bitround only",
    "cast_value": "zarr-python needs the package cast-value-rs, which is not installed",
    "n5_default": "zarr-python has it in a package of its own, zarr-python-n5",
    "packbits": "zarr-python has numcodecs.packbits only, which has another order of bits",
    "reshape": "zarr-python does not have it",
}
if not hasattr(zarr.codecs, "ScaleOffset"):
    CANNOT["scale_offset"] = f"zarr-python {zarr.__version__} does not have it"
    CANNOT["scale_offset of integers"] = CANNOT["scale_offset"]
SAMPLES: dict[str, tuple[str, list[float], list[float]]] = {
    "float32": (
        "f4",
        [0, 0.1, 1.2, 12.3, 123.4, 1234.5, np.nan, np.inf, -np.inf],
        [0, 0.1015625, 1.25, 12, 120, 1280, np.nan, np.inf, -np.inf],
    ),
    "uint8": (
        "u1",
        [0, 1, 10, 11, 100, 123, 200, 208, 209, 255],
        [0, 1, 10, 12, 96, 128, 192, 192, 224, 224],
    ),
}
N5 = [Extension("transpose", {"order": [0]}), Extension("bytes", {"endian": "big"})]
CASES: dict[str, tuple[dict[str, Any], np.ndarray]] = {
    "bitround": ({"keepbits": 23}, np.array([1.5, -2.25, np.nan, 0], "f4")),
    "numcodecs.bitround": ({"keepbits": 3}, np.array([1.25, -8, np.inf, 98304], "f4")),
    "cast_value": ({"data_type": "int8"}, np.array([1, -2, 3, 4], "f4")),
    "n5_default": ({"codecs": [codec.to_json() for codec in N5]}, np.arange(4, dtype="i4")),
    "packbits": ({}, np.array([1, 0, 0, 1], "?")),
    "reshape": ({"shape": [2, -1]}, np.arange(4, dtype="i4")),
    "scale_offset": ({"offset": 5, "scale": 0.1}, np.array([5, 15.5, -np.inf, np.nan], "f4")),
    "scale_offset of integers": ({"offset": -3, "scale": 7}, np.array([0, 1, -3, 9], "i2")),
}


@pytest.mark.parametrize("name", CASES)
def test_zarr_python_and_we_agree_on_rarer_codecs(tmp_path: Path, name: str) -> None:
    configuration, values = CASES[name]
    codec = Extension(name.partition(" ")[0], configuration)
    rest = (Extension("bytes", {"endian": "little"}),)
    document = ArrayMetadata(
        shape=(4,),
        data_type=zarr_type(values.dtype),
        chunk_grid=Extension("regular", {"chunk_shape": [4]}),
        chunk_key_encoding=Extension("default", {"separator": "/"}),
        fill_value=np.zeros((), values.dtype)[()],
        codecs=(codec, *(() if name in ("n5_default", "packbits") else rest)),
    )
    group = create_tree(LocalStore(str(tmp_path)), Node(GroupMetadata(), {"a": Node(document)}), 3)
    group.array("a")[...] = values
    np.testing.assert_allclose(group.array("a")[...], values, rtol=1e-6)
    if name in CANNOT:
        with pytest.raises(Exception, match=codec.name + r"|cast-value-rs|Unable|codec"):
            zarr.open_array(str(tmp_path / "a"), mode="r")[...]
        pytest.skip(CANNOT[name])
    theirs = zarr.open_array(str(tmp_path / "a"), mode="r+")
    np.testing.assert_array_equal(theirs[...], group.array("a")[...])
    stored = (tmp_path / "a" / "c" / "0").read_bytes()
    theirs[...] = values
    assert (tmp_path / "a" / "c" / "0").read_bytes() == stored
    ours = open_tree(LocalStore(str(tmp_path / "a"))).array("")
    assert ours[...].tobytes() == theirs[...].tobytes()


@pytest.mark.skipif(not EXTENSIONS.exists(), reason="fixtures/zarr-extensions is not there")
@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_of_bitround_are_what_its_page_says(name: str, tmp_path: Path) -> None:
    dtype, before, after = SAMPLES[name]
    array = open_tree(LocalStore(str(EXTENSIONS / f"bitround_{name}.zarr"))).array("")
    np.testing.assert_array_equal(array[...], np.array(after, dtype))
    node = Node(GroupMetadata(), {"a": Node(array.metadata)})
    create_tree(LocalStore(str(tmp_path)), node, 3).array("a")[...] = np.array(before, dtype)
    stored = EXTENSIONS / f"bitround_{name}.zarr" / "c" / "0"
    assert (tmp_path / "a" / "c" / "0").read_bytes() == stored.read_bytes()
