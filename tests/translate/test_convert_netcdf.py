"""Conversion to netCDF files: from stores and files, and what a failure leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

import zarr_cdm
from tests import netcdf_c_files
from tests.data import REAL_FILES, name_of, needs_shared
from tests.formats import raw_reading, stress
from tests.formats.netcdf_help import ncdump, needs_ncdump, original
from tests.formats.raw_reading import assert_alike
from zarr_cdm.cdm.findings import Finding
from zarr_cdm.cdm.model import Dataset, Dimension, Variable
from zarr_cdm.cdm.types import STRING
from zarr_cdm.cli import main
from zarr_cdm.errors import ChunkError, FormatError, TargetExistsError, UnsupportedError
from zarr_cdm.formats import netcdf_write
from zarr_cdm.formats.base import NETCDF_SUFFIXES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with what a Zarr store has no words for of its own."""
    path = tmp_path / "in.nc"
    with netCDF4.Dataset(path, "w") as root:
        root.createDimension("t", None)
        root.createDimension("x", 3)
        root.createDimension("unused", 7)
        root.createVariable("t", "f8", ("t",))[:] = [1, 2]
        packed = root.createVariable("packed", "i2", ("t", "x"), fill_value=-9, zlib=True)
        packed.scale_factor = np.float32(0.1)
        packed[:] = 4
        one = root.createGroup("one")
        one.note = "inner"
        one.createVariable("s", str, ("x",))[:] = np.array(["", "é", "日本語"], object)
    return path


@pytest.fixture
def store(file: Path, tmp_path: Path) -> Path:
    zarr_cdm.convert(file, tmp_path / "in.zarr")
    return tmp_path / "in.zarr"


def differences(one: Path, other: Path) -> list[Finding]:
    """Return in what two files differ, their storage too, but for which netCDF-C wrote them."""
    found = zarr_cdm.compare(one, other, storage=True)
    return [finding for finding in found if finding.rule != "provenance"]


@needs_shared
@needs_ncdump
@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("path", REAL_FILES, ids=name_of)
def test_a_real_file_comes_back_from_zarr_as_it_was(
    path: Path, zarr_format: Any, tmp_path: Path
) -> None:
    zarr_cdm.convert(path, tmp_path / "x.zarr", zarr_format=zarr_format)
    zarr_cdm.convert(tmp_path / "x.zarr", tmp_path / "x.nc")
    assert ncdump(tmp_path / "x.nc") == original(path)
    assert differences(path, tmp_path / "x.nc") == []


def test_a_file_with_everything_is_copied(tmp_path: Path) -> None:
    file = stress.build(tmp_path)
    zarr_cdm.convert(file, tmp_path / "x.nc")
    assert differences(file, tmp_path / "x.nc") == []
    assert_alike(stress.dataset(), raw_reading.read(tmp_path / "x.nc"))


@pytest.mark.parametrize("spelling", [zarr_cdm.Spelling(), zarr_cdm.Spelling(string="variable")])
@pytest.mark.parametrize("zarr_format", [3, 2])
def test_strings_that_are_no_utf_8_come_back_as_they_were(
    tmp_path: Path, zarr_format: Any, spelling: zarr_cdm.Spelling
) -> None:
    latin = "Curaçao".encode("latin-1").decode("utf-8", "surrogateescape")
    place = Dimension("place", 3)
    texts = np.array(["Aruba", latin, None], object)
    variables = {"name": Variable("name", STRING, (place,), data=texts)}
    file = netcdf_c_files.write(
        tmp_path / "a.nc", Dataset(dimensions={"place": place}, variables=variables)
    )
    zarr_cdm.convert(file, tmp_path / "a.zarr", zarr_format=zarr_format, spelling=spelling)
    zarr_cdm.convert(tmp_path / "a.zarr", tmp_path / "b.nc")
    assert differences(file, tmp_path / "b.nc") == []
    with zarr_cdm.read(tmp_path / "a.zarr") as found:
        assert found.variables["name"].data[...].tolist() == texts.tolist()
    with pytest.raises(UnsupportedError, match=r"/name: the dialect 'nz' has no texts that are no"):
        zarr_cdm.convert(file, tmp_path / "nz.zarr", dialect="nz")
    assert not (tmp_path / "nz.zarr").exists()


@pytest.mark.parametrize("suffix", [*NETCDF_SUFFIXES, ".NC"])
def test_the_name_of_the_target_decides(store: Path, tmp_path: Path, suffix: str) -> None:
    zarr_cdm.convert(store, tmp_path / f"x{suffix}")
    with netCDF4.Dataset(tmp_path / f"x{suffix}") as found:
        assert found["/one/s"][:].tolist() == ["", "é", "日本語"]
        assert found["packed"].filters()["zlib"]


def test_a_data_model_makes_any_name_netcdf(store: Path, tmp_path: Path) -> None:
    zarr_cdm.convert(store, tmp_path / "x.bin", data_model="NETCDF4", group="/one")
    with netCDF4.Dataset(tmp_path / "x.bin") as found:
        assert found["s"][:].tolist() == ["", "é", "日本語"]


def test_netcdf_goes_to_netcdf_of_another_model(file: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UnsupportedError,
        match=r"x\.nc: a file of NETCDF3_CLASSIC .*/one: .*; data_model='NETCDF4' can$",
    ):
        zarr_cdm.convert(file, tmp_path / "x.nc", data_model="NETCDF3_CLASSIC")
    assert not (tmp_path / "x.nc").exists()
    with netCDF4.Dataset(tmp_path / "classic.nc", "w", format="NETCDF3_CLASSIC") as root:
        root.createDimension("t", None)
        root.createVariable("t", "f8", ("t",))[:] = [1, 2]
    zarr_cdm.convert(tmp_path / "classic.nc", tmp_path / "x.nc", data_model="NETCDF4_CLASSIC")
    with netCDF4.Dataset(tmp_path / "x.nc") as found:
        assert (found.data_model, found["t"][:].tolist()) == ("NETCDF4_CLASSIC", [1, 2])


def test_a_store_of_others_becomes_a_file(tmp_path: Path) -> None:
    group = zarr_cdm.create_group(tmp_path / "plain.zarr")
    array = group.create_array(
        "v", shape=(4, 6), chunks=(3, 4), dtype="f4", dimension_names=("y", "x")
    )
    array[:] = np.arange(24).reshape(4, 6)
    zarr_cdm.convert(tmp_path / "plain.zarr", tmp_path / "x.nc")
    with netCDF4.Dataset(tmp_path / "x.nc") as found:
        assert found["v"][:].ravel().tolist() == list(range(24))
        assert (found["v"].dimensions, found["v"].chunking()) == (("y", "x"), [3, 4])


@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.filterwarnings("ignore:.*does not keep all of it")
def test_texts_come_back_from_a_store_of_the_dialect_of_xarray(
    file: Path, tmp_path: Path, zarr_format: Any
) -> None:
    zarr_cdm.convert(file, tmp_path / "x.zarr", dialect="xarray", zarr_format=zarr_format)
    zarr_cdm.convert(tmp_path / "x.zarr", tmp_path / "x.nc")
    with netCDF4.Dataset(tmp_path / "x.nc") as found:
        assert found["/one/s"].dtype is str
        assert found["/one/s"][:].tolist() == ["", "é", "日本語"]


def test_what_is_at_the_target_stays(store: Path, tmp_path: Path) -> None:
    (tmp_path / "x.nc").write_text("mine")
    with pytest.raises(TargetExistsError, match=r"x\.nc: there is something already"):
        zarr_cdm.convert(store, tmp_path / "x.nc")
    assert (tmp_path / "x.nc").read_text() == "mine"


@pytest.mark.parametrize(
    "options",
    [
        {"zarr_format": 2},
        {"dialect": "xarray"},
        {"spelling": zarr_cdm.Spelling(char="ubyte")},
        {"data_model": "NETCDF4", "dialect": "nczarr"},
    ],
)
def test_options_for_stores_are_not_for_netcdf(
    store: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    named = next(name for name in options if name != "data_model")
    with pytest.raises(UnsupportedError, match=rf"x\.nc: options for stores \({named}\)"):
        zarr_cdm.convert(store, tmp_path / "x.nc", **options)


@pytest.mark.parametrize("dialect", ["nczarr", "nz"])
def test_a_spelling_is_for_dialects_that_have_several(
    store: Path, tmp_path: Path, dialect: str
) -> None:
    with pytest.raises(UnsupportedError, match=rf"the dialect '{dialect}' has one spelling only"):
        zarr_cdm.convert(
            store, tmp_path / "x.zarr", dialect=dialect, spelling=zarr_cdm.Spelling(char="ubyte")
        )
    assert not (tmp_path / "x.zarr").exists()


def test_netcdf_is_not_written_to_urls(store: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"memory://x\.nc: .* written on this machine only"):
        zarr_cdm.convert(store, "memory://x.nc")


def test_damaged_chunks_are_named_and_leave_nothing(store: Path, tmp_path: Path) -> None:
    chunk = next(each for each in (store / "packed" / "c").rglob("0") if each.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-1])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ChunkError) as caught:
        zarr_cdm.convert(store, tmp_path / "x.nc")
    assert (caught.value.source, caught.value.variable) == (str(store), "/packed")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("error", [FormatError("full"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "function", ["nc_create", "nc_put_vara", "nc_inq_var_chunking", "nc_close"]
)
def test_a_failing_write_leaves_nothing(
    store: Path,
    tmp_path: Path,
    error: BaseException,
    function: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call = netcdf_write.call

    def failing(name: str, *arguments: Any) -> None:
        if name != function or name == "nc_close":
            call(name, *arguments)
        if name == function:
            raise error

    monkeypatch.setattr(netcdf_write, "call", failing)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(type(error)):
        zarr_cdm.convert(store, tmp_path / "x.nc")
    assert sorted(tmp_path.rglob("*")) == before


SLOW = """
import sys, time
import numpy as np
from zarr_cdm.cdm.model import ATOMIC_TYPES, Dataset, Dimension, Storage, Variable
from zarr_cdm.cli import CALLS, main
from zarr_cdm.formats.netcdf_write import write

class Slow:
    shape, dtype = (4000, 4000), np.dtype("f4")

    def __getitem__(self, selection):
        print("reading", flush=True)
        time.sleep(0.3)
        return np.zeros([part.stop - part.start for part in selection], "f4")

def convert(source, target, **options):
    y, x = Dimension("y", 4000), Dimension("x", 4000)
    variable = Variable("v", ATOMIC_TYPES["float"], (y, x), data=Slow())
    variable.storage = Storage("chunked", (40, 4000))
    write(Dataset(dimensions={"y": y, "x": x}, variables={"v": variable}), target)

CALLS._loaded["convert"] = convert
sys.exit(main(["convert", "slow", sys.argv[1]]))
"""


@pytest.mark.parametrize(
    ("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGKILL", -signal.SIGKILL)]
)
def test_a_signal_in_the_midst_leaves_nothing_at_the_target(
    tmp_path: Path, name: str, code: int
) -> None:
    command = [sys.executable, "-c", SLOW, str(tmp_path / "x.nc")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        begun = time.monotonic()
        os.kill(process.pid, getattr(signal, name))
        _, errors = process.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    assert (process.returncode, errors) == (code, b"")
    assert not (tmp_path / "x.nc").exists()
    if name != "SIGKILL":
        assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_wrote(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(store), str(tmp_path / "x.nc")]) == 0
    assert capsys.readouterr().out == f"wrote {tmp_path / 'x.nc'} (netCDF)\n"
    given = ["convert", str(tmp_path / "x.nc"), str(tmp_path / "y"), "--data-model", "NETCDF4"]
    assert main(given) == 0
    assert capsys.readouterr().out == f"wrote {tmp_path / 'y'} (NETCDF4)\n"
    given = [*given[:2], str(tmp_path / "z.nc"), "--data-model", "NETCDF3_CLASSIC"]
    assert main(given) == 1
    errors = capsys.readouterr().err
    assert errors.startswith(f"zarr-cdm: {tmp_path / 'z.nc'}: a file of NETCDF3_CLASSIC cannot")
    assert errors.count("\n") == 1
