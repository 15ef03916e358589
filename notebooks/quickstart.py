"""Convert a netCDF file to Zarr, look at the store, and draw a map from it.

    python notebooks/quickstart.py [FILE.nc] [FOLDER]

Without a file it takes one month of a NEMO ocean model from the package iris-sample-data. FOLDER
is ./quickstart unless named. No store is ever removed: if one is there from an earlier run, the
new one gets the next free number. The picture is drawn anew.
"""

import argparse
import sys
from itertools import count
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import zarr_cdm


def main() -> None:
    """Convert, print, draw; what a user can mend ends in one line on stderr and exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="a netCDF file; default: a sample")
    parser.add_argument("folder", nargs="?", type=Path, default="quickstart", help="for the output")
    given = parser.parse_args()
    source = given.file or sample()
    numbered = (f"{source.stem}-{n}.zarr" if n > 1 else f"{source.stem}.zarr" for n in count(1))
    store = next(path for name in numbered if not (path := given.folder / name).exists())
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        zarr_cdm.convert(source, store)
    except (zarr_cdm.ZarrCdmError, OSError) as error:
        sys.exit(f"quickstart: {error}")
    print(zarr_cdm.dump(store, header=True), zarr_cdm.info(store), f"\nstore:   {store}", sep="\n")
    with xr.open_dataset(store, engine="zarr_cdm") as dataset:
        print(f"picture: {draw(choose(dataset), given.folder)}")


def sample() -> Path:
    """Return the path of the sample file."""
    try:
        import iris_sample_data
    except ImportError:
        sys.exit("quickstart: name a netCDF file, or: pip install iris-sample-data")
    return Path(iris_sample_data.path) / "NEMO" / "nemo_1m_20150101-20150201_grid-T.nc"


def choose(dataset: xr.Dataset) -> xr.DataArray:
    """Return sea-surface temperature, else the first field, at the first time and level."""
    bounds = {variable.attrs.get("bounds") for variable in dataset.variables.values()}
    fields = [v for v in dataset.values() if v.dtype.kind in "fiu" and v.name not in bounds]
    fields = [v for v in fields if v.ndim > 1 and min(v.shape[-2:]) > 1]
    if not fields:
        sys.exit("quickstart: no variable in it can be drawn as a field")
    fields.sort(key=lambda v: v.attrs.get("standard_name") != "sea_surface_temperature")
    return fields[0].isel(dict.fromkeys(fields[0].dims[:-2], 0))


def draw(field: xr.DataArray, folder: Path) -> Path:
    """Draw a field on its longitudes and latitudes, if it has them, and return the picture."""
    mpl.use("Agg")  # no window
    figure, axes = plt.subplots(figsize=(10, 5), layout="constrained", subplot_kw={"fc": "silver"})
    style = {"ax": axes, "cmap": "RdYlBu_r", "robust": True, "center": False}
    found = {c.attrs.get("standard_name"): name for name, c in field.coords.items()}
    lon, lat, time = (found.get(name) for name in ("longitude", "latitude", "time"))
    if lon and lat and field[lon].dims == field[lat].dims == field.dims:  # a curvilinear grid
        around = field[lon].values.copy()
        around[0] = np.unwrap(around[0], period=360)  # no jump at the date line: in the first
        around = np.unwrap(around, period=360, axis=0)  # row, then from row to row
        for turn in (-360, 0, 360):  # wherever the grid begins, this covers the globe
            moved = field.assign_coords({lon: field[lon].copy(data=around + turn)})
            moved.plot.pcolormesh(x=lon, y=lat, add_colorbar=turn == 0, **style)
        axes.set(xlim=(-180, 180), ylim=(field[lat].min(), field[lat].max()))
    else:
        field.drop_vars(set(field.coords) - {lon, lat}).plot.pcolormesh(**style)
    name = field.attrs.get("long_name", field.name)
    axes.set_title("")  # xarray's
    axes.set_title(f"{name}, {str(field[time].values)[:10]}" if time else name, loc="left")
    is_sst = field.attrs.get("standard_name") == "sea_surface_temperature"
    picture = folder / ("sea_surface_temperature.png" if is_sst else "field.png")
    figure.savefig(picture, dpi=120)
    return picture


if __name__ == "__main__":
    main()
