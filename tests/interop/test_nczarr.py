"""NCZarr, both ways: stores of netCDF-C in our hands, and ours in those of netCDF-C."""

from __future__ import annotations

import json
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray

import zarr_cdm
from tests.data import REAL_FILES, needs_shared
from tests.interop.fixtures import FIXTURES
from tests.interop.nczarr_facts import differences, facts, nczarr, seen_by_netcdf_c
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.cdm.types import STRING
from zarr_cdm.errors import UnsupportedError, ZarrCdmWarning
from zarr_cdm.formats.table import read
from zarr_cdm.translate.dump import pieces

OWN, UNIDATA = "nczarr-own", "netcdf-c-nczarr"
needs_fixtures = pytest.mark.skipif(
    not all((FIXTURES / f"{name}.tar.gz").exists() for name in (OWN, UNIDATA)),
    reason="the fixtures of the shared folder are not there; ZARR_CDM_SHARED may name it",
)
DEVELOPMENT = "nczarr_4.9.3dev_lowercase_in_zgroup"  # layout C
SINCE_4_9_0 = [
    "chunking",
    "coords",
    "coords2d_samename",
    "endian",
    "fill",
    "fill_str",
    "groups",
    "scalar",
    "types",
]
SINCE_4_9_3 = [*SINCE_4_9_0, "filters", "quantize", "unlimited", "zero_dim"]
SINCE_4_10 = [*SINCE_4_9_3, "consolidated", "packed_crs_precision", "invalid_json"]
# netCDF-C's fill value of doubles, exact and as it writes it, in base64 once and twice.
SIX_DIGITS = {
    "E5eYAQAAnkc=": "AAAAAAAAnkc=",
    "E5eYAQAAnkcTl5gBAACeRw==": "AAAAAAAAnkcAAAAAAACeRw==",
}
# What netCDF-C makes of its own texts that look like JSON; we read what was put in.
MANGLED = {"packed_crs_precision": {"/@title", "/t2m@year", "/t2m@version"}}
MANGLED["invalid_json"] = {f"/{letter}@z" for letter in "abcdefghiklmr"}
# What netCDF-C could not write, in the layouts before 4.9.3.
NEVER_WRITTEN = {
    "nczarr_4.9.0": {
        "fill": {"/def_str"},
        "fill_str": {"/s"},
        "scalar": {"/c", "/s", "/unwritten"},
        "types": {"/v_str"},
    },
    DEVELOPMENT: {"scalar": {"/c", "/s", "/unwritten"}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fixtures")
    for name in (OWN, UNIDATA):
        with tarfile.open(FIXTURES / f"{name}.tar.gz") as archive:
            archive.extractall(place, filter="data")
    for path in (place / UNIDATA).glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(place / UNIDATA / "stores" / path.stem)
    return place


def opened(path: Path) -> tuple[Dataset, list[str]]:
    """Return a dataset, and the warnings that were given."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ZarrCdmWarning)
        dataset = read(path)
        facts(dataset)
    return dataset, [str(each.message) for each in found]


READABLE = [f"nczarr_4.9.3/{feature}" for feature in SINCE_4_9_3]
READABLE += [f"nczarr_4.10.1/{feature}" for feature in SINCE_4_10]
CANDIDATES = [f"candidate_{name}" for name in ("full", "types", "scalar1", "nccchar")]


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[str, Any]:
    """What netCDF-C sees in the stores that it can read, in one process."""
    names = READABLE + CANDIDATES
    found = seen_by_netcdf_c(*(nczarr(folder / OWN / name) for name in names))
    return dict(zip(names, found, strict=True))


@needs_fixtures
@pytest.mark.parametrize("name", READABLE)
def test_a_store_of_netcdf_c_reads_as_netcdf_c_reads_it(
    folder: Path, seen: dict[str, Any], name: str
) -> None:
    dataset, _ = opened(folder / OWN / name)
    assert dataset.facts["dialect"] == "nczarr"
    feature = name.rpartition("/")[2]
    wanted = [known(fact, feature) for fact in seen[name]]
    found = [fact for fact in facts(dataset) if fact[0] not in MANGLED.get(feature, ())]
    assert differences(found, [fact for fact in wanted if fact]) == []


def known(fact: list[Any], feature: str) -> list[Any] | None:
    """Return a fact without what is known to be another with us; None for one that we lack."""
    place, what, value = fact
    if place in MANGLED.get(feature, ()) or place == "/szip":
        return None
    if feature == "filters" and what == "variables":  # there is no such codec
        return [place, what, [name for name in value if name != "szip"]]
    if what in ("fill", "values") and isinstance(value, str) and value in SIX_DIGITS:
        return [place, what, SIX_DIGITS[value]]
    return fact


@needs_fixtures
@pytest.mark.parametrize("feature", SINCE_4_9_0)
@pytest.mark.parametrize("version", ["nczarr_4.9.0", DEVELOPMENT, "nczarr_4.9.3"])
def test_every_layout_says_the_same(folder: Path, version: str, feature: str) -> None:
    """But for a chunk at the edge, which 4.9.3 and 4.10.1 fill up in the wrong byte order."""
    dataset, _ = opened(folder / OWN / version / feature)
    assert dataset.facts["dialect"] == "nczarr"
    newest, _ = opened(folder / OWN / "nczarr_4.10.1" / feature)
    never = NEVER_WRITTEN.get(version, {}).get(feature, set())
    sides = [
        [
            [place, what, [name for name in value if f"/{name}" not in never]]
            if (place, what) == ("/", "variables")
            else [place, what, value]
            for place, what, value in facts(each)
            if place.partition("@")[0] not in never
            and what != "endian"
            and (place, what) != ("/f8_big", "values")
        ]
        for each in (dataset, newest)
    ]
    assert differences(*sides) == []


@needs_fixtures
@pytest.mark.parametrize("version", ["nczarr_4.9.0", DEVELOPMENT])
def test_a_list_that_names_what_was_never_written_costs_a_warning(
    folder: Path, version: str
) -> None:
    _, said = opened(folder / OWN / version / "scalar")
    assert said == [
        "/: the list of what the group holds is not up to date; listed, but not there: "
        "c, s, unwritten"
    ]


@needs_fixtures
def test_texts_that_netcdf_c_wrote_as_json_are_the_texts_that_were_meant(folder: Path) -> None:
    dataset, said = opened(folder / OWN / "nczarr_4.10.1" / "invalid_json")
    texts = {name: variable.attributes["z"].value for name, variable in dataset.variables.items()}
    assert "".join(texts) == "abcdefghijklmnopqrst"
    assert list(texts.values()) == [
        *("[0.,0.,1.]", "1.", "+5", ".5", "Infinity", "-nan", "1e5", "0x10", "007", "12 34"),
        *("True", "nan", "inf", "1,2", '"abc', "{'a':1}", '{"a":1', "null", "[1,2] K", "5 days"),
    ]
    assert len(said) == 10
    assert all("the document is no JSON" in each for each in said)
    packed, said = opened(folder / OWN / "nczarr_4.10.1" / "packed_crs_precision")
    attributes = packed.variables["t2m"].attributes
    assert (attributes["year"].value, attributes["version"].value) == ("2023", "1.0")
    assert packed.attributes["title"].value == "42"
    assert said == []


@needs_fixtures
def test_a_store_that_netcdf_c_broke_when_it_opened_it_again_is_salvaged(folder: Path) -> None:
    dataset, said = opened(folder / OWN / "nczarr_4.10.1" / "reopened_for_write_broken")
    assert list(dataset.variables) == ["v", "w"]
    assert dataset.variables["v"].attributes["units"].value == "m"
    assert dataset.variables["w"].attributes == {}  # netCDF-C lost them
    assert [each.rpartition("; ")[2] for each in said] == [
        "85 bytes behind them are of another document"
    ]


@needs_fixtures
def test_a_text_that_netcdf_c_cut_is_read_as_far_as_it_goes(folder: Path) -> None:
    dataset, said = opened(folder / OWN / "nczarr_4.10.1" / "maxstrlen")
    texts = {name: variable.data[...].tolist() for name, variable in dataset.variables.items()}
    assert texts == {"s6": ["abcdef", "a"], "s3": ["abc", "é\udcc3"], "s1": ["a", "b"]}
    assert all(variable.type is STRING for variable in dataset.variables.values())
    assert said == []


@needs_fixtures
@pytest.mark.parametrize("name", CANDIDATES)
def test_stores_with_types_beside_full_numbers_open(
    folder: Path, seen: dict[str, Any], name: str
) -> None:
    dataset, said = opened(folder / OWN / name)
    assert (dataset.facts["dialect"], said) == ("nczarr", [])
    crs = dataset.variables["crs"]
    assert crs.shape == ()
    assert crs.attributes["semi_major_axis"].value.tolist() == [6378137.0]
    if name == "candidate_types":  # no store of NCZarr to netCDF-C, which has no char then
        return
    attributes = [fact for fact in seen[name] if fact[1] == "attribute"]
    found = [fact for fact in facts(dataset) if fact[1] == "attribute"]
    assert [fact for fact in attributes if fact not in found] == []


@needs_fixtures
@pytest.mark.parametrize(
    ("store", "cdl"), [("ref_oldformat", "ref_oldformat"), ("ref_oldkeys.file", "ref_oldkeys")]
)
def test_a_store_of_unidata_is_its_cdl(folder: Path, store: str, cdl: str) -> None:
    [path] = (folder / UNIDATA / "stores" / store).iterdir()
    wanted = (folder / UNIDATA / f"{cdl}.cdl").read_text().splitlines()
    assert "".join(pieces(path)).splitlines()[1:] == wanted[1:]


def is_store(path: Path) -> bool:
    return path.is_dir() and path.name != "__MACOSX"


@needs_fixtures
@pytest.mark.parametrize(
    ("store", "cdl", "added"),
    [
        ("ref_byte.zarr", "ref_byte", "byte:_FillValue = 0UB ;"),
        ("ref_byte_fill_value_null.zarr", "ref_byte_fill_value_null", "nothing"),
        ("ref_power_901_constants_orig", "ref_power_901_constants", "_FillValue = NaNf"),
        ("ref_quotes_orig", "ref_quotes", "_FillValue = NaNf"),
    ],
)
def test_a_plain_store_of_unidata_has_the_header_of_its_cdl(
    folder: Path, store: str, cdl: str, added: str
) -> None:
    """A fill value is a `_FillValue` there, as xarray means it; whole numbers are int64."""
    [path] = (each for each in (folder / UNIDATA / "stores" / store).iterdir() if is_store(each))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrCdmWarning)
        found = {line.strip() for line in "".join(pieces(path, header=True)).splitlines()[1:]}
    virtual = ("_Storage", "_ChunkSizes", "_NoFill", "_Format", "// global")
    text = (folder / UNIDATA / f"{cdl}.cdl").read_text().partition("data:")[0]
    wanted = {
        line.strip() for line in text.splitlines()[1:] if not any(word in line for word in virtual)
    }
    wanted -= {"", "}", "data:"}
    ours = {line.replace("LL ;", " ;") for line in found}
    assert wanted - ours == set()
    more = ours - wanted - {"", "}", "data:"}
    assert all(added in line for line in more), more


def write_all(file: Any) -> None:
    """Write all that NCZarr has a word for: every type, scope and fill state, and odd texts."""
    file.set_auto_maskandscale(False)
    file.set_auto_chartostring(False)
    for name, size in (("time", None), ("x", 5), ("unused", 7), ("n", 3), ("empty", None)):
        file.createDimension(name, size)
    texts = (
        "air",
        "2023",
        "1.10",
        "007",
        "NaN",
        "null",
        "true",
        "[1,2]",
        '{"a": [1, 2]}',
        "°C 日本",
    )
    for number, text in enumerate((*texts, 'a"b\\c\n\t\b\f\r/', "")):
        file.setncattr(f"text {number}", text)
    file.setncattr_string("one", "K")
    file.setncattr_string("names", ["a", "°C", "", "2023", "x" * 300])
    special = [np.inf, -np.inf, np.nan, -0.0, 5e-324, 1 / 3]
    file.setncattr("special", np.array(special))
    file.setncattr("special f", np.array(special, "f4"))
    for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
        limits = np.iinfo(kind) if kind[0] in "iu" else np.finfo(kind)
        file.setncattr(f"empty {kind}", np.array([], kind))
        file.setncattr(f"limits {kind}", np.array([limits.min, limits.max], kind))
        variable = file.createVariable(
            kind, kind, ("time", "x"), fill_value=limits.max, chunksizes=(2, 3)
        )
        variable[0:3] = np.arange(15).reshape(3, 5)
        variable.setncattr("third", np.array([1 / 3], kind) if kind[0] == "f" else limits.min)
        order = {"endian": "big"} if kind[1] != "1" else {}
        big = file.createVariable(f"big {kind}", f">{kind}", ("x",), chunksizes=(2,), **order)
        big[0:4] = [1, 2, 3, 4]
        file.createVariable(f"default {kind}", kind, ("n",))
        file.createVariable(f"never {kind}", kind, ("n",), fill_value=False)[:] = 3
    file.createVariable("nan", "f8", ("x",), fill_value=np.nan)[:] = 1
    file.createVariable("full", "f8", ("x",), fill_value=-9999.123456789012)
    strings = np.array(["°C", "", "b", "a" * 200, "NaN"], object)
    file.createVariable("strings", str, ("x",))[:] = strings
    file.createVariable("letters", str, ("x",))[:] = np.array(["a", "", "b", "c", "d"], object)
    file.createVariable("chars", "S1", ("x", "n"))[:] = np.array([list("abc")] * 5, "S1")
    file.createVariable("dashes", "S1", ("x",), fill_value="-")[0:2] = np.array([b"a", b"b"])
    file.createVariable("crs", "i4")[...] = 1
    file["crs"].setncattr("inverse_flattening", 298.257223563)
    file.createVariable("scalar char", "S1")[...] = b"Q"
    file.createVariable("scalar string", str)[...] = "hello"
    file.createVariable("no records", "f4", ("empty", "x"))
    g = file.createGroup("g")
    g.createDimension("x", 2)
    g.setncattr("tenth", np.float32(0.1))
    h = g.createGroup("h")
    h.createDimension("time", None)
    g.createVariable("v", "i2", ("time", "x"))[0:3] = 1
    h.createVariable("below", "i2", ("time", "x"))[0:4] = 1
    file.createGroup("z")
    file.createGroup("a")
    for name in ("a b", "°", 'q"', "a.b@c:d"):
        file.createDimension(name, 2)
        file.createVariable(name, "i4", (name,))[:] = 1


@pytest.fixture(scope="module")
def all_of_it(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("all") / "all.nc"
    with netCDF4.Dataset(path, "w") as file:
        write_all(file)
    return path


def test_netcdf_c_gives_back_what_was_put_in(all_of_it: Path) -> None:
    store = all_of_it.with_name("all.zarr")
    zarr_cdm.convert(all_of_it, store, dialect="nczarr")
    found, wanted = seen_by_netcdf_c(nczarr(store), all_of_it)
    assert len(wanted) > 300
    assert differences(found, wanted) == []
    assert differences(facts(read(store)), found) == []


SMALL_FILES = [path for path in REAL_FILES if path.stat().st_size < 100_000]


@needs_shared
def test_netcdf_c_gives_back_real_files(tmp_path: Path) -> None:
    """But for the byte order of classic files, of which it does not tell, and texts with NULs."""
    stores: dict[Path, Path] = {}
    refused = []
    for number, path in enumerate(SMALL_FILES):
        store = tmp_path / str(number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ZarrCdmWarning)  # user-defined types
            try:
                zarr_cdm.convert(path, store, dialect="nczarr")
            except UnsupportedError as error:
                refused.append(str(error))
                continue
        stores[path] = store
    assert all("a text with a NUL" in each or "a type of its own" in each for each in refused)
    assert len(stores) > len(refused)
    found = seen_by_netcdf_c(*map(nczarr, stores.values()))
    wanted = seen_by_netcdf_c(*stores)
    for path, there, here in zip(stores, found, wanted, strict=True):
        if isinstance(here, str):  # it has user-defined types
            continue
        assert without_order(there) == without_order(here), path


def without_order(found: list[Any]) -> list[Any]:
    return [fact for fact in found if fact[1] != "endian"]


def test_what_netcdf_c_itself_writes_reads_equal(tmp_path: Path, all_of_it: Path) -> None:
    """All but what it spoils itself: doubles, texts that look like JSON, one empty text."""
    store = tmp_path / "store"
    with netCDF4.Dataset(nczarr(store), "w") as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        file.createDimension("t", None)
        file.createDimension("x", 3)
        file.setncatts({"title": "air", "level": np.int16(5), "half": 0.5, "version": "1.10"})
        file.setncattr_string("names", ["a", "°C"])
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
            variable = file.createVariable(kind, kind, ("t", "x"), zlib=True, fill_value=7)
            variable[0:2] = np.arange(6).reshape(2, 3)
        file.createVariable("c", "S1", ("x",))[:] = np.array(list("abc"), "S1")
        file.createVariable("s", str, ("x",))[:] = np.array(["a", "bcd", "°"], object)
        file.createVariable("crs", "i4")[...] = 7
        file.createVariable("never", "i4", ("x",), fill_value=False)[:] = 1
        group = file.createGroup("g")
        group.createDimension("x", 2)
        group.createVariable("w", "f4", ("t", "x"))[0:2] = 4
    dataset, said = opened(store)
    assert said == []
    assert dataset.attributes["version"].value == "1.10"
    [seen] = seen_by_netcdf_c(nczarr(store))
    found = [fact for fact in facts(dataset) if fact[0] != "/@version"]
    assert differences(found, [fact for fact in seen if fact[0] != "/@version"]) == []
    assert dataset.facts["precision"].startswith("doubles")


def test_what_netcdf_c_writes_in_its_pure_mode_keeps_its_meaning(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with netCDF4.Dataset(f"file://{store}#mode=zarr,file", "w") as file:
        file.createDimension("x", 3)
        file.setncatts({"title": "air", "level": np.int32(5), "half": 0.5})
        file.createVariable("i", "i4", ("x",))[:] = [1, 2, 3]
        file.createVariable("d", "f8", ("x",))
        file.createVariable("f", "i2", ("x",), fill_value=-9)[0:2] = 1
        file.createVariable("c", "S1", ("x",))[:] = np.array(list("abc"), "S1")
        file.createVariable("s", str, ("x",))[:] = np.array(["a", "bcd", "°"], object)
        file.createVariable("crs", "i4")[...] = 7
        file.createVariable("never", "i4", ("x",), fill_value=False)[:] = 1
    dataset, said = opened(store)
    assert (dataset.facts["dialect"], said) == ("nczarr", [])
    assert {name: each.type.name for name, each in dataset.attributes.items()} == {
        "title": "char",
        "level": "int",
        "half": "double",
    }
    variables = dataset.variables
    kinds = {name: (each.type.name, each.shape) for name, each in variables.items()}
    assert kinds == {
        "c": ("char", (3,)),
        "crs": ("int", ()),
        "d": ("double", (3,)),
        "f": ("short", (3,)),
        "i": ("int", (3,)),
        "never": ("int", (3,)),
        "s": ("string", (3,)),
    }
    assert list(variables["d"].data[...]) == [9.9692099683868690e36] * 3
    assert [name for name, each in variables.items() if each.attributes] == ["f"]
    assert variables["f"].attributes["_FillValue"].value.tolist() == [-9]
    modes = {name: each.storage.fill_mode for name, each in variables.items()}
    assert (modes["i"], modes["f"], modes["never"]) == ("default", "explicit", "none")
    assert variables["s"].data[...].tolist() == ["a", "bcd", "°"]
    assert variables["crs"].data[...] == 7


def test_stock_xarray_opens_it_where_there_is_no_char_and_no_scalar(tmp_path: Path) -> None:
    path, store = tmp_path / "air.nc", tmp_path / "air.zarr"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", None)
        file.createDimension("x", 4)
        file.title = "air"
        file.createVariable("time", "f8", ("time",))[0:2] = [0, 1]
        file["time"].units = "days since 2000-01-01"
        packed = file.createVariable("packed", "i2", ("time", "x"), fill_value=-9999)
        packed.setncatts({"scale_factor": np.float32(0.1), "add_offset": 1.5})
        packed[0:2] = np.arange(8).reshape(2, 4)
    zarr_cdm.convert(path, store, dialect="nczarr")
    with (
        xarray.open_dataset(path) as wanted,
        xarray.open_dataset(store, engine="zarr", consolidated=True) as found,
    ):
        xarray.testing.assert_allclose(found, wanted)
        assert found.attrs == wanted.attrs
        assert {name: var.attrs for name, var in found.variables.items()} == {
            name: var.attrs for name, var in wanted.variables.items()
        }


def test_what_it_cannot_say_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path, store = tmp_path / "a.nc", tmp_path / "a.zarr"
    with netCDF4.Dataset(path, "w") as file:
        file.setncattr("nul", b"a\0b")
        file.setncattr("control", "\x1b")
    with pytest.raises(UnsupportedError, match="NCZarr cannot say all of it") as error:
        zarr_cdm.convert(path, store, dialect="nczarr")
    assert error.value.source == str(path)
    assert "/@nul: a text with a NUL; /@control: a text with a control character" in str(
        error.value
    )
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.nc"]


def documents(store: Path) -> Iterator[dict[str, Any]]:
    for path in store.rglob(".zarray"):
        yield json.loads(path.read_bytes())


def test_codecs_are_those_of_every_netcdf_c(all_of_it: Path, tmp_path: Path) -> None:
    zarr_cdm.convert(all_of_it, tmp_path / "store", dialect="nczarr")
    for found in documents(tmp_path / "store"):
        size = np.dtype(found["dtype"]).itemsize
        if found["shape"] == [1] and found["compressor"] is None:
            assert found["filters"] is None
            continue
        assert found["compressor"] == {"id": "zlib", "level": 4}
        shuffle = [{"id": "shuffle", "elementsize": size}]
        assert found["filters"] == (shuffle if "S" not in found["dtype"] and size > 1 else None)
