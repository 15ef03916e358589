"""We read what GDAL writes, through rasterio, in a process of its own: it brings its own HDF5."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarr_cdm
from zarr_cdm.cdm.model import Dataset
from zarr_cdm.errors import ZarrCdmWarning

pytestmark = pytest.mark.skipif(find_spec("rasterio") is None, reason="rasterio is not installed")

WRITE = """
import json, sys, warnings
import numpy as np
warnings.simplefilter("ignore")
import rasterio
from rasterio.transform import from_origin

path, kind, nodata, options = sys.argv[1:5]
values = np.arange(6, dtype="i2").reshape(1, 2, 3)
with rasterio.open(
    path, "w", driver="Zarr", width=3, height=2, count=1, dtype="int16", crs="EPSG:32632",
    transform=from_origin(500000, 4600000, 10, 10), FORMAT=kind,
    **json.loads(options), nodata=None if nodata == "None" else int(nodata),
) as target:
    target.write(values)
"""


def written(folder: Path, kind: str, nodata: int | None, **options: str) -> Dataset:
    """Return a raster that GDAL has written, read."""
    path = folder / "raster.zarr"
    arguments = [str(path), kind, str(nodata), json.dumps(options)]
    done = subprocess.run([sys.executable, "-c", WRITE, *arguments], capture_output=True, text=True)
    if " not implemented" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])  # what this build of GDAL cannot write
    assert done.returncode == 0, done.stderr
    with warnings.catch_warnings():
        # On v3 GDAL leaves out the codecs, or the fill value.
        warnings.filterwarnings("ignore", ".* it is read, but is no legal Zarr", ZarrCdmWarning)
        return zarr_cdm.read(path)


@pytest.mark.parametrize("kind", ["ZARR_V2", "ZARR_V3"])
@pytest.mark.parametrize("nodata", [None, -9999])
@pytest.mark.parametrize("options", [{}, {"COMPRESS": "GZIP"}], ids=str)
def test_a_raster_is_read_with_its_grid_and_its_no_data_value(
    tmp_path: Path, kind: str, nodata: int | None, options: Any
) -> None:
    found = written(tmp_path, kind, nodata, **options)
    assert found.facts["dialect"] == "gdal"
    assert set(found.variables) == {"X", "Y", "raster", "crs"}
    raster = found.variables["raster"]
    assert raster.dimensions == (found.dimensions["Y"], found.dimensions["X"])
    assert np.asarray(raster.data[...]).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.variables["X"].data[...].tolist() == [500005, 500015, 500025]
    assert found.variables["Y"].data[...].tolist() == [4599995, 4599985]
    attribute = raster.attributes.get("_FillValue")
    assert (attribute and attribute.plain()) == nodata
    system = found.variables["crs"].attributes
    assert str(system["crs_wkt"].plain()).startswith("PROJCRS[")
    assert system["url"].plain() == "http://www.opengis.net/def/crs/EPSG/0/32632"
    assert raster.attributes["grid_mapping"].plain() == "crs"
