"""The command line as a user meets it: results, typos, broken input, exit codes."""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import h5py
import netCDF4
import pytest

import zarr_cdm
from tests.data import BROKEN_FILES, name_of, needs_shared
from zarr_cdm.cli import SPELLINGS, main
from zarr_cdm.dialects.spelling import Spelling


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "air.nc"
    with netCDF4.Dataset(path, "w") as root:
        root.createDimension("t", None)
        root.createVariable("t", "i4", ("t",))[:] = [1, 2, 3]
        root.createGroup("g").createVariable("v", "f4", ("t",))[:] = [1, 2, 3]
    return path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zarr_cdm", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_convert_writes_a_store_and_says_so(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(file), str(tmp_path / "air.zarr")]) == 0
    assert capsys.readouterr().out == f"wrote {tmp_path / 'air.zarr'} (Zarr v3)\n"
    assert (tmp_path / "air.zarr" / "zarr.json").exists()


@pytest.mark.parametrize(
    ("dialect", "more", "zarr_format"),
    [("nczarr", [], 2), ("xarray", [], 3), ("xarray", ["--zarr-format", "2"], 2)],
)
def test_convert_writes_the_dialect_that_is_asked_for(
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    dialect: str,
    more: list[str],
    zarr_format: int,
) -> None:
    target = tmp_path / "air.zarr"
    assert main(["convert", str(file), str(target), "--dialect", dialect, *more]) == 0
    assert capsys.readouterr().out == f"wrote {target} (Zarr v{zarr_format})\n"
    assert main(["info", str(target), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = {("nczarr", 2): "nczarr", ("xarray", 3): "dimension_names"}
    assert names.get((dialect, zarr_format), "array_dimensions") in json.dumps(found)


def test_convert_says_which_dialects_there_are(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "air.zarr")
    assert main(["convert", str(file), target, "--dialect", "nczarr", "--zarr-format", "3"]) == 1
    assert "the dialect 'nczarr' is written in Zarr v2 only" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["convert", str(file), target, "--dialect", "netcdf"])
    assert not Path(target).exists()


def test_convert_writes_zarr_v2_and_one_group(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "g.zarr"
    assert main(["convert", str(file), str(target), "--zarr-format", "2", "--group", "g"]) == 0
    assert (target / ".zmetadata").exists()
    assert (target / "v" / ".zarray").exists()


def test_convert_takes_options_of_a_url(file: Path) -> None:
    options = ["--storage-option", "skip_instance_cache=true", "--storage-option", "word=x=y"]
    done = run("convert", file, "memory://cli/air.zarr", *options)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", ["file", "store"])
def test_dump_prints_cdl_of_files_and_stores(
    file: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = file
    if kind == "store":
        source = tmp_path / "air.zarr"
        main(["convert", str(file), str(source)])
        capsys.readouterr()
    assert main(["dump", str(source)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("netcdf air {\ndimensions:\n\tt = UNLIMITED ; // (3 currently)\n")
    assert " v = 1, 2, 3 ;" in text
    assert main(["dump", "-h", str(source)]) == 0
    assert "data:" not in capsys.readouterr().out


def test_info_tells_sizes_chunks_and_codecs(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["convert", str(file), str(tmp_path / "air.zarr")])
    capsys.readouterr()
    assert main(["info", str(tmp_path / "air.zarr")]) == 0
    text = capsys.readouterr().out
    assert "blosc" in text
    assert "/g/v" in text
    assert "unlimited" in text


def test_json_is_machine_readable(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "air.zarr")
    assert main(["convert", "--json", str(file), target]) == 0
    assert json.loads(capsys.readouterr().out)["target"] == target
    assert main(["info", "--json", target]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [variable["path"] for variable in found["variables"]] == ["/t", "/g/v"]
    assert found["variables"][0]["stored_bytes"] > 0
    assert main(["dump", "--json", "-h", target]) == 0
    assert json.loads(capsys.readouterr().out)["cdl"].startswith("netcdf air {")


def test_diff_of_equal_things_says_nothing_and_exits_with_0(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "air.zarr")
    assert main(["convert", str(file), store]) == 0
    capsys.readouterr()
    assert main(["diff", str(file), store]) == 0
    assert main(["diff", "--storage", store, str(file)]) == 0
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "")
    assert main(["diff", "--json", store, str(file)]) == 0
    found = {"equal": True, "findings": [], "warnings": []}
    assert json.loads(capsys.readouterr().out) == found


def test_diff_lists_all_differences_and_exits_with_1(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.nc"
    with netCDF4.Dataset(other, "w") as root:
        root.setncattr("title", "two\nlines")
        root.createDimension("t", 3)
        root.createVariable("t", "i4", ("t",))[:] = [1, 2, 4]
        root.createGroup("g").createVariable("v", "f4", ("t",))[:] = [1, 2, 3]
    values = "/t: values: 1 of 3 differ, the first at [2]: 3 against 4"
    expected = [
        "/t: dimension.unlimited: unlimited against fixed",
        "/@title: attribute.missing: only in the second",
        values,
    ]
    assert main(["diff", str(file), str(other)]) == 1
    assert capsys.readouterr().out.splitlines() == expected
    assert main(["diff", "--no-values", str(file), str(other)]) == 1
    assert capsys.readouterr().out.splitlines() == expected[:2]
    assert main(["diff", "--storage", str(file), str(other)]) == 1
    assert "/t: storage.layout: chunked against contiguous" in capsys.readouterr().out
    assert main(["diff", "--json", str(file), str(other)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["equal"] is False
    assert ["{place}: {rule}: {message}".format(**each) for each in found["findings"]] == expected


def stores_with(folder: Path, *attributes: dict[str, int]) -> None:
    """Make two stores, ``one.zarr`` and ``other.zarr``, that have attributes alone."""
    for name, each in zip(("one.zarr", "other.zarr"), attributes, strict=True):
        (folder / name).mkdir()
        document = {"zarr_format": 3, "node_type": "group", "attributes": each}
        (folder / name / "zarr.json").write_text(json.dumps(document))


def test_diff_whose_output_nobody_reads_still_tells_that_there_are_differences(
    tmp_path: Path,
) -> None:
    stores_with(tmp_path, {}, {f"attribute{number}": number for number in range(5000)})
    diff = f"'{sys.executable}' -m zarr_cdm diff one.zarr other.zarr"
    command = f"{diff} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "/@attribute0: attribute.missing: only in the second\n"


def test_names_that_are_no_utf_8_are_escaped_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stores_with(tmp_path, {}, {"\ud800": 1})
    assert main(["diff", "--json", str(tmp_path / "one.zarr"), str(tmp_path / "other.zarr")]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["place"] == "/@\ud800"


def test_diff_may_leave_order_aside(tmp_path: Path) -> None:
    for name, order in (("one.nc", "ab"), ("other.nc", "ba")):
        with netCDF4.Dataset(tmp_path / name, "w") as root:
            root.setncatts(dict.fromkeys(order, 1))
    sides = [str(tmp_path / name) for name in ("one.nc", "other.nc")]
    assert main(["diff", *sides]) == 1
    assert main(["diff", "--no-order", *sides]) == 0


@pytest.mark.parametrize(
    "arguments", [["x.nc", "air.nc"], ["air.nc", "text.nc"], ["--json", "x", "y"]]
)
def test_diff_of_what_cannot_be_opened_exits_with_2(
    file: Path,
    tmp_path: Path,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.nc").write_text("hello")
    assert main(["diff", *arguments]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "aire.nc", "x.zarr"], "aire.nc: there is no such file"),
        (["info", "aire.nc"], "there is no such file"),
        (["dump", "aire.zarr"], "there is no such file"),
        (["convert", "air.nc", "taken.zarr"], "there is something already"),
        (["convert", "air.nc", "no/such/folder.zarr"], "no directory"),
        (["convert", "air.nc", "x.zarr", "--group", "gg"], "no group 'gg'; groups there: g"),
        (["convert", "text.nc", "x.zarr"], "is no netCDF file: it begins with b'hello"),
        (["convert", "cut.nc", "x.zarr"], "cut"),
        (["info", "."], "no Zarr hierarchy"),
        (["convert", "air.nc", "x.zarr", "--storage-option", "a=1"], "for URLs only"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    file: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.zarr").mkdir()
    (tmp_path / "text.nc").write_text("hello\x1b[31m")
    (tmp_path / "cut.nc").write_bytes(file.read_bytes()[:-100])
    before = sorted(tmp_path.rglob("*"))
    assert main(arguments) == 1
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.count("\n") == 1
    assert message in seen.err
    assert "\x1b" not in seen.err
    assert sorted(tmp_path.rglob("*")) == before


def test_an_error_can_be_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", "aire.nc"]) == 1
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["type"], error["source"]) == ("NodeNotFoundError", "aire.nc")


def test_limits_are_set_for_one_command(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "air.zarr"
    assert main(["convert", str(file), str(store)]) == 0
    refused = "the limit is 0; raise Limits.codecs"
    assert main(["info", str(store), "--limit", "codecs=0"]) == 0
    assert refused in capsys.readouterr().err
    assert main(["info", str(store), "--limit", "codecs=9", "--limit", "follow_symlinks=1"]) == 0
    assert main(["info", str(store)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "arguments",
    [[], ["covnert"], ["convert"], ["info", "x", "--jsn"], ["info", "x", "--limit", "codex=1"]],
)
def test_a_wrong_command_line_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: zarr-cdm" in capsys.readouterr().err


def test_what_is_left_out_is_a_warning_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with netCDF4.Dataset(tmp_path / "e.nc", "w") as root:
        root.createVariable("sky", "i1", ())[...] = 0
    with h5py.File(tmp_path / "e.nc", "a") as root:
        root["sky"].attrs["itself"] = root["sky"].ref
    assert main(["convert", str(tmp_path / "e.nc"), str(tmp_path / "e.zarr")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("zarr-cdm: warning: ")
    assert "/sky@itself" in lines[0]


@needs_shared
@pytest.mark.parametrize("path", BROKEN_FILES, ids=name_of)
def test_a_broken_file_is_one_line(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(path), str(tmp_path / "x.zarr")]) == 1
    seen = capsys.readouterr()
    assert seen.err.startswith(f"zarr-cdm: {path}: ")
    assert seen.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_conversion_that_is_stopped_leaves_nothing(tmp_path: Path, name: str, code: int) -> None:
    with netCDF4.Dataset(tmp_path / "large.nc", "w") as root:
        for side, size in {"t": 8000, "y": 400, "x": 400}.items():
            root.createDimension(side, size)
        # Never written: it reads as fill values, 10 GB of them, and takes no room on disk.
        root.createVariable("v", "f8", tuple("tyx"), chunksizes=(1, 400, 400))
    (tmp_path / "to").mkdir()
    command = [sys.executable, "-m", "zarr_cdm", "convert"]
    process = subprocess.Popen([*command, tmp_path / "large.nc", tmp_path / "to" / "x.zarr"])
    while process.poll() is None and not list(tmp_path.glob("to/*/v")):
        time.sleep(0.01)
    process.send_signal(getattr(signal, name))
    assert process.wait(60) == code
    assert list((tmp_path / "to").iterdir()) == []


def test_the_spellings_are_those_of_the_dialect() -> None:
    words = {each.name: tuple(re.findall(r"'(\w+)'", each.type)) for each in fields(Spelling)}
    assert words == SPELLINGS


def test_a_spelling_is_asked_for_on_the_command_line(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "spelled.zarr"
    assert main(["convert", str(file), str(target), "--spelling", "char=ubyte"]) == 0
    with pytest.raises(SystemExit):
        main(["convert", str(file), str(tmp_path / "x.zarr"), "--spelling", "char=words"])
    assert "expected one of scalar=plain|nczarr, char=bytes|ubyte" in capsys.readouterr().err
    assert zarr_cdm.compare(file, target) == []


def test_help_does_not_wait_for_numpy() -> None:
    """What help loads is told, not timed: machines are busy."""
    command = [sys.executable, "-X", "importtime", "-m", "zarr_cdm", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "zarr_cdm.cli" in loaded
    assert not loaded & {"numpy", "xarray", "netCDF4", "h5py", "numcodecs", "fsspec", "asyncio"}


def test_the_reader_of_the_output_may_leave(file: Path) -> None:
    command = f"'{sys.executable}' -m zarr_cdm dump '{file}' | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("netcdf air {\n", "")
