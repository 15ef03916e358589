"""``python -m zarr_cdm`` is the command ``zarr-cdm``."""

from zarr_cdm.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
