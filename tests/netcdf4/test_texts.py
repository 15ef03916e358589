"""Texts: variables of strings, and characters that are joined to texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.netcdf4.modules import Module, over_modules


@over_modules
def test_texts_of_any_length_come_back(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 3)
        nc.createDimension("t")
        v = nc.createVariable("v", str, ("x",))
        assert v.dtype is str
        assert isinstance(v.datatype, under.module.VLType)
        assert v.datatype.name is None
        assert v.datatype.dtype is str
        v[0] = "one"
        v[2] = "drei und dreißig"
        assert v[0] == "one"
        assert type(v[0]) is str
        assert v[:].tolist() == ["one", "", "drei und dreißig"]
        assert v[:].dtype == object
        two = nc.createVariable("two", str, ("t", "x"))
        two[:] = np.array([["a", "b", "c"], ["d", "e", "f"]])
        two[3, 1] = "later"
        scalar = nc.createVariable("scalar", str)
        scalar[...] = "all"
        filled = nc.createVariable("filled", str, ("x",), fill_value="none")
        filled[1] = b"bytes"
        assert "vlen v(x)" in repr(v)
        assert v.filters()["zlib"] is False
    with under.open(tmp_path) as nc:
        assert nc["v"][:].tolist() == ["one", "", "drei und dreißig"]
        assert nc["two"][:2].tolist() == [["a", "b", "c"], ["d", "e", "f"]]
        assert nc["two"][2:].tolist() == [["", "", ""], ["", "later", ""]]
        assert nc["two"][::2, [0, 2]].tolist() == [["a", "c"], ["", ""]]
        assert nc["scalar"][...] == "all"
        assert nc["scalar"][:] == "all"
        assert nc["filled"]._FillValue == "none"
        assert nc["filled"][1] == "bytes"
    with under.open(tmp_path, "a") as nc:
        nc["v"][1] = "a text that is longer than all that there are"
        nc["scalar"][...] = "more"
    with under.open(tmp_path) as nc:
        assert nc["v"][1] == "a text that is longer than all that there are"
        assert nc["v"][2] == "drei und dreißig"
        assert nc["scalar"][...] == "more"


@over_modules
@pytest.mark.parametrize("datatype", ["S10", "U10", "U1", str], ids=str)
def test_longer_texts_are_of_any_length(under: Module, tmp_path: Path, datatype: Any) -> None:
    with under.new(tmp_path) as nc:
        assert nc.createVariable("v", datatype).dtype is str


@over_modules
def test_what_is_no_text_is_refused(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        v = nc.createVariable("v", str, ("x",))
        for wrong in (1, None, np.array([1, 2]), np.ma.masked_array(["a", "b"])):
            with pytest.raises(TypeError):
                v[0 if np.ndim(wrong) == 0 else slice(None)] = wrong


@over_modules
def test_characters_are_joined_to_texts(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 3)
        nc.createDimension("n", 4)
        v = nc.createVariable("v", "S1", ("x", "n"))
        v._Encoding = "utf-8"
        v[:2] = np.array(["ab", "é"])
        v[2] = "last"
        assert v[:].tolist() == ["ab", "é", "last"]
        assert v[:].dtype == np.dtype("U4")
        assert v[2].item() == "last"
        assert v[1:, :].tolist() == ["é", "last"]
        assert v[0, :2].tolist() == [b"a", b"b"]
        assert v[2, 0] == b"l"
        v.set_auto_chartostring(False)
        assert v[:].shape == (3, 4)
        assert v[2].tolist() == [b"l", b"a", b"s", b"t"]
        v[0] = np.array([b"x", b"y", b"", b""])
        v.set_auto_chartostring(True)
        assert v[0].item() == "xy"
    with under.open(tmp_path) as nc:
        assert nc["v"][:].tolist() == ["xy", "é", "last"]


@over_modules
def test_characters_without_an_encoding_stay_characters(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        nc.createDimension("n", 3)
        v = nc.createVariable("v", "S1", ("x", "n"))
        v[:] = under.module.stringtochar(np.array(["abc", "de"], "S3"))
        assert v[:].tolist() == [[b"a", b"b", b"c"], [b"d", b"e", None]]
        assert under.module.chartostring(v[:].filled(b"")).tolist() == ["abc", "de"]


CHARS = [
    (np.array(["ab", "c"], "S2"), {}),
    (np.array(["ab", "c"], "U2"), {}),
    (np.array(["ab", "é"], "U2"), {"encoding": "utf-8"}),
    (np.array(["ab", "c"], "U2"), {"n_strlen": 5, "encoding": "utf-8"}),
    (np.array([["ab", "c"], ["d", "ef"]], "S2"), {}),
]


@pytest.mark.parametrize(("texts", "options"), CHARS)
def test_texts_become_characters_and_back(texts: np.ndarray, options: dict[str, Any]) -> None:
    import netCDF4

    import zarr_cdm.netcdf4 as ours

    wanted, found = (each.stringtochar(texts, **options) for each in (netCDF4, ours))
    assert found.dtype == wanted.dtype
    assert found.tolist() == wanted.tolist()
    encoding = {"encoding": options["encoding"]} if "encoding" in options else {}
    back, again = (each.chartostring(wanted, **encoding) for each in (netCDF4, ours))
    assert again.dtype == back.dtype
    assert again.tolist() == back.tolist()


@over_modules
def test_a_text_becomes_characters(under: Module) -> None:
    found = under.module.stringtoarr("abc", 5)
    assert found.tolist() == [b"a", b"b", b"c", b"", b""]
    assert under.module.stringtoarr("abc", 3, "U").tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="dtype"):
        under.module.stringtoarr("abc", 5, "X")
    with pytest.raises(ValueError, match=r"."):
        under.module.stringtoarr("abc", 2)
    for wrong in (under.module.stringtochar, under.module.chartostring):
        with pytest.raises(ValueError, match=r"'S' or 'U'|characters"):
            wrong(np.array([1, 2]))


@over_modules
def test_default_fill_values_are_those_of_netcdf(under: Module) -> None:
    import netCDF4

    known = {code: fill for code, fill in netCDF4.default_fillvals.items() if code[0] != "c"}
    found = {code: under.module.default_fillvals[code] for code in known}
    assert found == known
