"""What the first line of the README promises: the script runs and leaves a store and a picture."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

SCRIPT = Path(__file__).parent.parent / "notebooks" / "quickstart.py"
NEMO = "nemo_1m_20150101-20150201_grid-T"

pytest.importorskip("matplotlib", reason="the quickstart draws with matplotlib")
needs_sample = pytest.mark.skipif(
    importlib.util.find_spec("iris_sample_data") is None,
    reason="the quickstart's default file is in the package iris-sample-data",
)


def quickstart(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error::UserWarning", str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@needs_sample
def test_store_and_picture(tmp_path: Path) -> None:
    from matplotlib.image import imread

    done = quickstart(tmp_path)
    assert done.returncode == 0, done.stderr
    store = tmp_path / "quickstart" / f"{NEMO}.zarr"
    picture = tmp_path / "quickstart" / "sea_surface_temperature.png"
    for words in (
        f"netcdf {NEMO} {{",
        "time_counter = UNLIMITED ; // (1 currently)",
        "format: Zarr v3",
        str(store.relative_to(tmp_path)),
        str(picture.relative_to(tmp_path)),
    ):
        assert words in done.stdout

    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    pixels = imread(picture)
    height, width, _ = pixels.shape
    assert 400 <= height <= 2000
    assert 800 <= width <= 4000
    assert (pixels.std(axis=(0, 1))[:3] > 0.05).all()

    with xr.open_dataset(store, engine="zarr_cdm") as dataset:
        assert dataset["tos"].shape == (1, 330, 360)
        assert dataset.encoding["unlimited_dims"] == {"time_counter"}
        assert 10 < float(dataset["tos"].mean()) < 20


@needs_sample
def test_an_earlier_store_is_kept(tmp_path: Path) -> None:
    earlier = tmp_path / "quickstart" / f"{NEMO}.zarr"
    earlier.mkdir(parents=True)
    (earlier / "precious").touch()
    done = quickstart(tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in earlier.iterdir()] == ["precious"]
    assert sorted(path.name for path in earlier.parent.iterdir()) == [
        f"{NEMO}-2.zarr",
        f"{NEMO}.zarr",
        "sea_surface_temperature.png",
    ]


def test_a_file_and_a_folder_of_ones_own(tmp_path: Path) -> None:
    field = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=("y", "x"))
    field.to_dataset(name="height").to_netcdf(tmp_path / "own.nc", engine="netcdf4")
    done = quickstart(tmp_path, "own.nc", "out/deep")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out" / "deep").iterdir()) == [
        "field.png",
        "own.zarr",
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sys.modules['iris_sample_data'] = None", "pip install iris-sample-data"),
        ("sys.argv.append('missing.nc')", "missing.nc: there is no such file"),
    ],
)
def test_what_a_user_can_mend_is_said_in_one_line(tmp_path: Path, code: str, message: str) -> None:
    program = f"import runpy, sys; sys.argv = ['x']; {code}; runpy.run_path({str(SCRIPT)!r}, "
    command = [sys.executable, "-c", program + "run_name='__main__')"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.startswith("quickstart: ")
    assert done.stderr.count("\n") == 1
