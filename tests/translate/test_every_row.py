"""Files of every kind that a converter must survive, to Zarr v3 and v2 and back to netCDF.

The rows are those of a table of test files (`reference/netcdf.md`, section 4), each
with what stands for it here: CDL in the folder ``cdl``, made into a file by ncgen; a function
of `built_rows`, for what CDL cannot say or ncgen 4.9 cannot make; or a test of this module.

===========================================  =====================================================
row                                          case
===========================================  =====================================================
ref_tst_compounds (nc_test4, h5_test)        compound_of_every_number
ref_tst_h_compounds.h5, h_compounds2.h5      hdf5_compounds
ref_tst_compounds2/3/4                       compounds_nested_and_padded,
                                             compounds_of_texts_and_rows
ref_tst_xplatform2_1/_2                      compound_attributes
ref_tst_irish_rover                          odd_compound
ref_test_corrupt_magic                       string_variable
ref_tst_dims                                 dimension_of_4_500_000_000
ref_hdf5_compat1                             test_very_many_variables_come_back
ref_hdf5_compat2                             coordinate_of_two_dimensions
ref_hdf5_compat3, ref_tst_interops4, tdset   plain_hdf5
ref_szip.h5                                  hdf5_szip
tst_virtual_datasets                         hdf5_virtual
tst_h_refs                                   test_references_are_left_out_with_a_warning
tst_h_transient_types                        hdf5_transient_types
tst_zero_len_att                             zero_length_attributes
tst_vlenstr                                  hdf5_texts
tst_empty_vlen_unlim                         empty_rows_on_unlimited
tst_broken_files                             test_what_is_no_whole_netcdf_file_is_refused
tst_endian_fill                              endian_fill
tst_fill_attr_vanish                         fill_value_after_others, fill_value_without_attribute
ref_no_ncproperty, ref_provenance_v1         anonymous_provenance, old_provenance
ref_null_byte_padding_test                   padding_that_is_not_null
ref_test_360/365/366_day_1900                calendars
ref_nccopy3_subset, ref_nctest_* (classic,   classic_corpus, classic_one_record_variable,
CDF-2, NETCDF4_CLASSIC), ref_nc_test_4_0     cdf5_types, padded_records
bad_cdf5_begin                               test_what_is_no_whole_netcdf_file_is_refused
f03tst_open_mem                              in_memory
ref_contiguous.hdf4, ref_chunked.hdf4        test_what_is_no_whole_netcdf_file_is_refused
ref_dimscope, ref_typescope                  scopes_of_dimensions, scopes_of_types
ref_tst_group_data, ref_tst_grp_spec,        groups_with_one_name_of_other_sizes
ref_xarraygroup
ref_tst_vlen_data(2)                         rows_of_numbers
ref_tst_solar_2, ref_tst_econst(2)           rows_and_enums_in_attributes
ref_tst_opaque_data                          opaque_data
ref_tst_enum_data, ref_tst_enum_undef        enum_data, enum_without_a_zero, enum_undefined
ref_niltest                                  null_strings, one_dimension_many_times
ref_tst_string_data, ref_tst_charfill        string_fill_values, char_fill_values
unlimtest2                                   compound_on_unlimited
ref_tst_names                                odd_names, names_that_ncgen_cannot_read
ref_tst_utf8, _unicode, _nc4_utf8_4          names_in_utf8, names_in_utf8_of_groups_and_types
ref_keyword                                  names_that_ncgen_cannot_read
ref_tst_nul3/4                               nul_in_char
ref_tst_chardata, tst_chararray,             char_arrays
ref_tst_long_charconst
ref_tst_nans                                 nans_and_infinities
ref_tst_special_atts(3)                      special_attributes
ref_tst_fillbug, fills                       fills, records_of_other_lengths
ref_tst_unlim2, unlimtest1                   several_unlimited, several_unlimited_chars
ref_tst_noncoord                             not_a_coordinate
ref_tst_ncf213                               chunks_on_fixed_and_unlimited
ref_tst_mud4*                                several_unlimited, chunks_on_fixed_and_unlimited
bigr*, bigf*                                 big_records, big_fixed (in the classic formats 2 GiB of
                                             disk and 16 s a file: measured, but in no test)
ubyte.nc                                     unsigned_bytes
20171025_2056.Cloud_Top_Height.nc            unsigned_and_packed
issue671.nc, issue672.nc                     unsigned_and_valid_limits
issue1152.nc                                 missing_value_that_is_text
CRM032_test1.nc                              gathered_grid
test_gold.nc                                 seventy_three_attributes
netcdf_dummy_file.nc                         no_records_and_a_char, no_records
structmetadata_eos.h5                        hdf5_eos
ref_anon_enum.h5, test_enum_type.nc          hdf5_anonymous_enum, hdf5_committed_enum
GATRO-SATMR_npp_….h5                         test_references_are_left_out_with_a_warning
compound_complex.h5                          hdf5_complex
string_attrs.nc4                             string_attributes
tst_zstandard.nc                             zstandard
rankTest.nc                                  ranks
testModifyNestedGroups.nc4                   groups_in_groups
string_coord.nc                              string_coordinate
scaledAgg1/2.nc                              scaled_parts
point/*.ncml                                 dsg_points, dsg_profiles_contiguous,
                                             dsg_stations_indexed, dsg_trajectories_of_profiles
                                             (NcML itself holds no data and is refused)
compress/*.nc.{gz,zip,bz2,Z}                 test_what_is_no_whole_netcdf_file_is_refused,
                                             test_netcdf_in_a_zip_is_named
===========================================  =====================================================
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import netCDF4
import pytest

import zarr_cdm
from tests.conftest import FULL
from tests.formats.netcdf_help import ncdump, needs_ncdump
from tests.translate import built_rows
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.cdm.types import ATOMIC_TYPES
from zarr_cdm.errors import FormatError, NodeNotFoundError, ZarrCdmWarning

CDL = Path(__file__).parent / "cdl"
FILL_DOUBLE = ATOMIC_TYPES["double"].default_fill
CLASSIC = ("classic", "64-bit-offset", "cdf5", "nc7")
KINDS: dict[str, tuple[str, ...]] = {  # of ncgen; of all others nc4 alone
    "classic_corpus": ("nc4", *CLASSIC),
    "classic_one_record_variable": ("nc4", *CLASSIC),
    "cdf5_types": ("nc4", "cdf5"),
    "calendars": ("nc4", "classic"),
    "char_arrays": ("nc4", "classic"),
    "char_fill_values": ("nc4", "classic"),
    "coordinate_of_two_dimensions": ("nc4", "64-bit-offset"),
    "dsg_stations_indexed": ("nc4", "classic"),
    "gathered_grid": ("nc4", "classic"),
    "missing_value_that_is_text": ("nc4", "classic"),
    "nans_and_infinities": ("nc4", "cdf5"),
    "no_records": ("nc4", "classic"),
    "no_records_and_a_char": ("nc4", "classic"),
    "nul_in_char": ("nc4", "classic"),
    "one_dimension_many_times": ("nc4", "classic"),
    "ranks": ("nc4", "nc7"),
    "scaled_parts": ("nc4", "classic"),
    "unsigned_and_packed": ("nc4", "nc7"),
    "unsigned_bytes": ("nc4", "classic"),
}
# More than 2^31 bytes, nearly all of which nobody has written. To Zarr takes 1 to 3 s and 200 MB of
# memory, back to netCDF and comparing 8 s more: that is for the full run.
BIG = ("big_fixed", "big_records")
SMALL = sorted(path.stem for path in CDL.glob("*.cdl") if path.stem not in BIG)
MADE = [(name, kind) for name in SMALL for kind in KINDS.get(name, ("nc4",))]

needs_ncgen = pytest.mark.skipif(
    shutil.which("ncgen") is None, reason="ncgen (netcdf-bin) is not installed"
)
versions = pytest.mark.parametrize("zarr_format", [3, 2])


def ncgen(cdl: Path, kind: str, folder: Path) -> Path:
    """Return the file that ncgen makes of CDL; what it makes is what is to be kept."""
    path = folder / "file.nc"
    subprocess.run(["ncgen", "-k", kind, "-o", path, cdl], check=True)
    return path


def differences(one: Path, other: Path) -> list[Finding]:
    """Return in what two files differ, their storage too, but for which netCDF-C wrote them."""
    found = zarr_cdm.compare(one, other, storage=True)
    return [finding for finding in found if finding.rule != "provenance"]


def there_and_back(path: Path, zarr_format: Any) -> Path:
    """Return a file that has been in a store, and see that each says what the one before does."""
    store, back = path.with_name("store.zarr"), path.with_name("back.nc")
    zarr_cdm.convert(path, store, zarr_format=zarr_format)
    assert zarr_cdm.compare(path, store) == []
    zarr_cdm.convert(store, back)
    assert zarr_cdm.compare(path, back) == []
    return back


def dumped(path: Path) -> str:
    """Return a file as `zarr_cdm.dump` prints it, but for the line with its name."""
    return zarr_cdm.dump(path).partition("\n")[2]


def test_every_case_stands_in_the_table_and_is_there() -> None:
    table = (__doc__ or "").partition("=\nrow ")[2]
    words = set(re.findall(r"[a-z]\w+", table))
    cases = {*SMALL, *BIG, *built_rows.BUILT}
    assert cases - words == set()
    tests = {word for word in words if word.startswith("test_")} - {"test_gold", "test_enum_type"}
    assert {name for name in tests if name not in globals()} == set()
    assert KINDS.keys() | FACTS.keys() | UNSEEN | UNWRITTEN.keys() <= cases


@needs_ncgen
@needs_ncdump
@versions
@pytest.mark.parametrize(("name", "kind"), MADE)
def test_a_file_of_ncgen_comes_back_as_it_was(
    name: str, kind: str, zarr_format: int, tmp_path: Path
) -> None:
    path = ncgen(CDL / f"{name}.cdl", kind, tmp_path)
    back = there_and_back(path, zarr_format)
    assert ncdump(back) == ncdump(path)
    assert differences(path, back) == []
    FACTS.get(name, lambda _: None)(path.with_name("store.zarr"))


# ncdump (4.9.0) fails, or shows nothing, where variables are of types that no group holds, and
# where dimensions have no names. What it prints of the new file is held to our own print.
UNSEEN = {
    "hdf5_anonymous_enum",
    "hdf5_committed_enum",
    "hdf5_complex",
    "hdf5_transient_types",
}
# What netCDF-C cannot write.
UNWRITTEN = {"hdf5_virtual": ["/v: storage.layout: nothing against contiguous"]}


@needs_ncdump
@versions
@pytest.mark.parametrize("name", built_rows.BUILT)
def test_a_file_built_in_code_comes_back_as_it_was(
    name: str, zarr_format: int, tmp_path: Path
) -> None:
    path = tmp_path / "file.nc"
    built_rows.BUILT[name](path)
    back = there_and_back(path, zarr_format)
    assert list(map(str, differences(path, back))) == UNWRITTEN.get(name, [])
    if name in UNSEEN:
        assert ncdump(back) == f"netcdf x {{\n{dumped(path)}0"
    else:
        assert ncdump(back) == ncdump(path)
    FACTS.get(name, lambda _: None)(path.with_name("store.zarr"))


@needs_ncdump
@versions
def test_very_many_variables_come_back(zarr_format: int, tmp_path: Path) -> None:
    """The row has 2000, for which each version takes some 10 s: the quick run has fewer."""
    path = tmp_path / "file.nc"
    built_rows.many_variables(path, 2000 if FULL else 150)
    assert ncdump(there_and_back(path, zarr_format)) == ncdump(path)


@needs_ncgen
@pytest.mark.parametrize("zarr_format", [3, 2] if FULL else [3])
@pytest.mark.parametrize(("name", "unwritten"), [("big_fixed", 0), ("big_records", FILL_DOUBLE)])
def test_more_than_2_gib_of_nothing_take_little_room(
    name: str, unwritten: float, zarr_format: Any, tmp_path: Path
) -> None:
    path, store = ncgen(CDL / f"{name}.cdl", "nc4", tmp_path), tmp_path / "store.zarr"
    zarr_cdm.convert(path, store, zarr_format=zarr_format)
    assert zarr_cdm.compare(path, store, values=False) == []
    with zarr_cdm.read(store) as dataset:
        variable = dataset.variables["v"]
        assert prod(variable.shape) * variable.type.dtype.itemsize > 2**31
        for place in (0, -1):
            assert variable.data[(place,) * 3] == unwritten
    assert sum(each.stat().st_size for each in store.rglob("*") if each.is_file()) < 5e6
    if FULL:
        zarr_cdm.convert(store, tmp_path / "back.nc")
        assert (tmp_path / "back.nc").stat().st_size < 50e6
        assert differences(path, tmp_path / "back.nc") == []


@needs_ncgen
@needs_ncdump
@versions
@pytest.mark.parametrize(
    ("name", "size"), [("big_fixed", "z = 2048"), ("big_records", "y = 16384")]
)
def test_what_is_big_comes_back_as_it_was(
    name: str, size: str, zarr_format: int, tmp_path: Path
) -> None:
    """As the files above, but for the length of one dimension."""
    cdl = (CDL / f"{name}.cdl").read_text()
    assert cdl.count(size) == 1
    smaller = tmp_path / "smaller.cdl"
    smaller.write_text(cdl.replace(size, f"{size[0]} = {64 if size[0] == 'z' else 512}"))
    path = ncgen(smaller, "nc4", tmp_path)
    back = there_and_back(path, zarr_format)
    assert ncdump(back, "-h") == ncdump(path, "-h")
    assert differences(path, back) == []


# What a row is about, seen in its store: so that no other file can stand for it.


def facts_of(check: Callable[[Dataset], None]) -> Callable[[Path], None]:
    def opened(store: Path) -> None:
        with zarr_cdm.read(store) as dataset:
            check(dataset)

    return opened


def _huge(dataset: Dataset) -> None:
    assert dataset.dimensions["everyone"].size == 4_500_000_000


def _shadows(dataset: Dataset) -> None:
    inner = dataset.groups["inner"]
    assert inner.variables["both"].dimensions == (dataset.dimensions["x"], inner.dimensions["x"])
    borrowed = dataset.groups["sister"].variables["borrowed"].dimensions
    assert borrowed == (inner.dimensions["own"], inner.dimensions["x"])


def _types_elsewhere(dataset: Dataset) -> None:
    inner = dataset.groups["inner"]
    assert inner.variables["ground"].type is inner.types["state_t"]
    assert inner.variables["gate"].type is dataset.types["state_t"]
    assert dataset.groups["sister"].variables["path"].type is inner.types["line_t"]


def _sizes(dataset: Dataset) -> None:
    sizes = {
        path: group.dimensions["dim"].size for path, group in dataset.walk() if group.dimensions
    }
    assert sizes == {"/": 4, "/g1": 1, "/g1/deeper": 3, "/g2": 2}
    assert dataset.groups["g2"].dimensions["dim"].unlimited


def _nulls(dataset: Dataset) -> None:
    assert dataset.variables["v"].data[...].tolist() == [[None, "b"], ["", None]]


def _nul_bytes(dataset: Dataset) -> None:
    attributes = dataset.variables["v"].attributes
    assert attributes["behind"].value == "ab\0"
    assert dataset.variables["v"].data[...].tobytes() == b"a\0b\0\0c\0\0"


def _unlimited(dataset: Dataset) -> None:
    assert [dataset.dimensions[name].unlimited for name in ("i", "j", "x")] == [True, True, False]
    assert dataset.variables["never"].shape == (2,)


def _unused_types(dataset: Dataset) -> None:
    assert {f"nobody_uses_{name}" for name in ("t", "enum_t", "blob_t", "row_t")} <= set(
        dataset.types
    )


def _storage(dataset: Dataset) -> None:
    found = {name: each.storage for name, each in dataset.variables.items()}
    assert (found["contiguous"].layout, found["contiguous"].endian) == ("contiguous", "big")
    assert [step.name for step in found["chunked"].filters] == ["fletcher32", "shuffle", "deflate"]
    assert found["unfilled"].fill_mode == "none"


def _no_name(dataset: Dataset) -> None:
    assert dataset.variables["EnumTest"].type.name.startswith("_AnonymousEnum")


def _no_provenance(dataset: Dataset) -> None:
    assert dataset.provenance == {"data_model": "NETCDF4"}


def _old_provenance(dataset: Dataset) -> None:
    assert dataset.provenance["nc_properties"].startswith("version=1|netcdflibversion=4.4.1")


def _signed_limits(dataset: Dataset) -> None:
    attributes = dataset.variables["top"].attributes
    assert attributes["valid_range"].type.name == "short"
    assert attributes["valid_range"].value.tolist() == [0, -6]
    assert attributes["scale_factor"].type.name == "float"


def _silent_fill(dataset: Dataset) -> None:
    for name in ("vi4", "vf4", "vu1"):
        variable = dataset.variables[name]
        assert (variable.storage.fill_mode, variable.storage.fill_value) == ("default", 85)
        assert variable.attributes == {}
        assert variable.data[...].tolist() == [1, 2, 85, 85]


FACTS: dict[str, Callable[[Path], None]] = {
    "dimension_of_4_500_000_000": facts_of(_huge),
    "scopes_of_dimensions": facts_of(_shadows),
    "scopes_of_types": facts_of(_types_elsewhere),
    "groups_with_one_name_of_other_sizes": facts_of(_sizes),
    "null_strings": facts_of(_nulls),
    "nul_in_char": facts_of(_nul_bytes),
    "several_unlimited": facts_of(_unlimited),
    "compounds_nested_and_padded": facts_of(_unused_types),
    "special_attributes": facts_of(_storage),
    "fill_value_without_attribute": facts_of(_silent_fill),
    "hdf5_anonymous_enum": facts_of(_no_name),
    "anonymous_provenance": facts_of(_no_provenance),
    "old_provenance": facts_of(_old_provenance),
    "unsigned_and_packed": facts_of(_signed_limits),
}


# What cannot go over.


def test_references_are_left_out_with_a_warning(tmp_path: Path) -> None:
    built_rows.hdf5_references(tmp_path / "file.nc")
    with pytest.warns(ZarrCdmWarning) as notes:
        zarr_cdm.convert(tmp_path / "file.nc", tmp_path / "store.zarr")
    places = {str(note.message).partition("file.nc: ")[2].partition(" ")[0] for note in notes}
    assert places == {"/objects", "/regions", "/v@to"}
    with zarr_cdm.read(tmp_path / "store.zarr") as dataset:
        assert dataset.variables["v"].data[...].tolist() == [0, 1, 2, 3]


def whole() -> bytes:
    """Return a netCDF-4 file."""
    file = netCDF4.Dataset("inmemory.nc", "w", memory=1024)
    file.createDimension("x", 1000)
    file.createVariable("x", "i4", "x")[:] = 1
    return bytes(file.close())


def bad_begin() -> bytes:
    """Return a file in CDF-5 whose one variable begins inside the header."""
    variable = (
        b"\0" * 7 + b"\1" + b"v\0\0\0" + bytes(8) + bytes(12) + b"\0\0\0\4" + b"\0" * 7 + b"\4"
    )
    begin = b"\0" * 7 + b"\5"
    return (
        b"CDF\5"
        + bytes(8)
        + bytes(24)
        + b"\0\0\0\x0b"
        + b"\0" * 7
        + b"\1"
        + variable
        + begin
        + bytes(4)
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (whole()[:1500], "damaged or cut short"),
        (
            whole().replace(b"TREE", b"EERT").replace(b"FRHP", b"PRHF").replace(b"OHDR", b"RDHO"),
            "netCDF4 cannot read|damaged",
        ),
        (bad_begin(), "damaged: its data begin at byte 5, but the header goes up to byte"),
        (b"\x0e\x03\x13\x01" + bytes(600), "is HDF4, which netCDF4 here cannot read"),
        (b"\x1f\x8b\x08" + bytes(60), "is compressed with gzip; unpack it first, with gunzip"),
        (b"BZh91AY" + bytes(60), "is compressed with bzip2"),
        (b"\x1f\x9d\x90" + bytes(60), "is compressed with compress"),
        (b"\xfd7zXZ\0" + bytes(60), "is compressed with xz"),
        (b"\x28\xb5\x2f\xfd" + bytes(60), "is compressed with zstd"),
        (b"GRIB" + bytes(60), "is GRIB"),
        (b"netcdf x {\n}\n", "is CDL; use ncgen"),
        (b'<?xml version="1.0"?>\n<netcdf>', "is no netCDF file: it begins with b'<.xml"),
    ],
    ids=["cut", "damaged", "begin", "hdf4", "gz", "bz2", "Z", "xz", "zst", "grib", "cdl", "ncml"],
)
def test_what_is_no_whole_netcdf_file_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "file.nc").write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        zarr_cdm.convert(tmp_path / "file.nc", tmp_path / "store.zarr")
    assert caught.value.source == str(tmp_path / "file.nc")
    assert not (tmp_path / "store.zarr").exists()


def test_netcdf_in_a_zip_is_named(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "file.nc.zip", "w") as file:
        file.writestr("file.nc", whole())
    with pytest.raises(NodeNotFoundError, match=r"no Zarr hierarchy: .* it holds 'file\.nc'"):
        zarr_cdm.convert(tmp_path / "file.nc.zip", tmp_path / "store.zarr")
