"""Rounding to significant digits: all modules store the same bits."""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

import zarr_cdm.netcdf4
from tests.netcdf4.modules import MODULES, Module, over_modules

OURS = [each for each in MODULES if each.ours]
MODES = ("BitGroom", "GranularBitRound", "BitRound")
EDGES = [0.0, -0.0, 1, -1, 10, 100, 999.9, 0.1, 0.001, -999, np.nan, 1e-40, 1e-310, 9.96921e36]


def numbers(code: str) -> np.ndarray:
    random = np.random.default_rng(20)
    plain = random.normal(size=101)
    wide = 10.0 ** random.uniform(-35, 35, 101) * random.choice([-1, 1], 101)
    return np.concatenate([plain, wide, EDGES]).astype(code)


def stored(under: Module, folder: Path, values: np.ndarray, **asked: Any) -> np.ndarray:
    """Return the values that are read after these have been written, as bits."""
    with under.new(folder) as nc:
        nc.createDimension("x", values.size)
        nc.createVariable("v", values.dtype, ("x",), **asked)[:] = values
    with under.open(folder) as nc:
        nc.set_auto_maskandscale(False)
        return nc["v"][:].view(f"u{values.itemsize}")


@pytest.mark.parametrize("code", ["f4", "f8"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fill", [None, -999.0])
def test_the_bits_are_those_of_netcdf_c(
    tmp_path: Path, code: str, mode: str, fill: float | None
) -> None:
    values = numbers(code)
    most = np.finfo(code).nmant if mode == "BitRound" else {"f4": 6, "f8": 15}[code]
    for digits in sorted({1, 2, 3, most // 2, most}):
        asked = {"significant_digits": digits, "quantize_mode": mode, "fill_value": fill}
        wanted = stored(MODULES[0], tmp_path, values, **asked)
        assert (wanted != values.view(wanted.dtype)).any() or digits == most
        for under in OURS[digits % len(OURS) :][:1]:
            found = stored(under, tmp_path, values, **asked)
            assert found.tolist() == wanted.tolist(), (digits, under.name)


@over_modules
@pytest.mark.parametrize("mode", MODES)
def test_a_variable_tells_how_it_rounds(under: Module, tmp_path: Path, mode: str) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("t")
        asked = {"significant_digits": 4, "quantize_mode": mode, "fill_value": -1}
        v = nc.createVariable("v", "f4", ("t",), **asked)
        v.units = "K"
        assert v.quantization() == (4, mode)
        assert nc.createVariable("plain", "f4", ("t",)).quantization() is None
        assert nc.createVariable("usual", "f4", ("t",), significant_digits=2).quantization() == (
            2,
            "BitGroom",
        )
    unit = "Bits" if mode == "BitRound" else "Digits"
    with under.open(tmp_path, "a") as nc:
        v = nc["v"]
        assert v.ncattrs() == [f"_Quantize{mode}NumberOfSignificant{unit}", "_FillValue", "units"]
        assert v.getncattr(v.ncattrs()[0]).dtype == np.dtype("i4")
        assert v.quantization() == (4, mode)
        v[:] = [np.pi, np.pi]  # what is appended is rounded too
        assert v[0] == pytest.approx(np.pi, rel=0.05)
        assert v[0] != np.float32(np.pi)
        v[3] = 1
        assert v[2] is np.ma.masked


@over_modules
def test_what_cannot_be_rounded_is_refused(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 3)
        wrong = [
            ("i4", 3, "BitGroom"),
            ("S1", 3, "BitGroom"),
            (str, 3, "BitGroom"),
            ("f4", 7, "BitGroom"),
            ("f8", 16, "GranularBitRound"),
            ("f4", 24, "BitRound"),
            ("f8", 53, "BitRound"),
            ("f4", 0, "BitGroom"),
            ("f4", -1, "BitGroom"),
        ]
        for kind, digits, mode in wrong:
            name = f"v{digits}{mode}"
            with pytest.raises(RuntimeError):
                nc.createVariable(name, kind, ("x",), significant_digits=digits, quantize_mode=mode)
        with pytest.raises(ValueError, match="quantize_mode"):
            nc.createVariable("w", "f4", ("x",), significant_digits=3, quantize_mode="Round")
        assert nc.createVariable("u", "f4", ("x",), quantize_mode="Round").quantization() is None


@pytest.mark.parametrize("module", [netCDF4, zarr_cdm.netcdf4])
def test_the_classic_formats_do_not_round(module: Any, tmp_path: Path) -> None:
    with module.Dataset(tmp_path / "a.nc", "w", format="NETCDF3_CLASSIC") as nc:
        nc.createDimension("x", 1)
        v = nc.createVariable("v", "f4", ("x",), significant_digits=1)
        v[:] = np.float32(1.2345)
        assert v.quantization() is None
        assert v[0] == np.float32(1.2345)


@over_modules
def test_packing_comes_before_rounding(under: Module, tmp_path: Path) -> None:
    with under.new(tmp_path) as nc:
        nc.createDimension("x", 2)
        v = nc.createVariable(
            "v", "f4", ("x",), significant_digits=3, quantize_mode="BitRound", fill_value=-1
        )
        v.scale_factor = np.float32(10)
        v[:] = np.ma.masked_array([12.3456, 0], [False, True])
        v.set_auto_maskandscale(False)
    with under.open(tmp_path) as nc:
        nc.set_auto_maskandscale(False)
        assert nc["v"][:].tolist() == [1.25, -1]
