"""The house rules for imports: only downwards, no package faces, one door for each dependency."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src"
FILES = sorted((SRC / "zarr_cdm").rglob("*.py"))

# Lowest floor first. A file may import from its own row and from the rows named beside it.
MAY_IMPORT = {
    "errors": "",
    "limits": "errors",
    "parallel": "errors",
    "registry": "errors",
    "metadata": "errors limits",
    "cdm": "errors parallel",
    "core.options": "errors",
    "core.stores": "errors limits parallel registry metadata",
    "core.grids": "errors limits registry",
    "core.values": "errors metadata",
    "core.layout": "errors metadata",
    "core.repr": "errors metadata",
    "core.indexing": "errors core.grids",
    "core.resizing": "parallel core.stores core.grids",
    "core.extents": "core.indexing",
    "core.codecs": "errors limits registry metadata core.grids core.indexing core.extents",
    "core.hierarchy": "errors limits metadata core.stores",
    "core.consolidating": "errors metadata core.stores core.hierarchy",
    "core.editing": "errors parallel metadata core.stores core.hierarchy core.consolidating",
    "core.batches": "parallel core.stores",
    "core.result": "errors core.options core.stores core.indexing core.extents core.codecs",
    "core.chunks": "errors limits metadata core.stores core.grids core.indexing core.codecs",
    "core.parts": (
        "errors parallel core.stores core.indexing core.codecs core.batches core.result"
    ),
    "core.shards": (
        "errors parallel core.stores core.indexing core.codecs core.batches core.result core.parts"
        " core.chunks"
    ),
    "core.reading": (
        "errors parallel core.stores core.indexing core.codecs core.batches core.result core.parts"
        " core.chunks"
    ),
    "core.writing": (
        "errors parallel core.options core.stores core.indexing core.codecs core.result core.chunks"
    ),
    "core.creating": "errors metadata core.values core.layout core.codecs",
    "core.changing": (
        "errors metadata core.stores core.options core.values core.chunks core.writing"
        " core.resizing core.editing"
    ),
    "core.array": (
        "errors limits metadata core.stores core.indexing core.options core.values"
        " core.repr core.chunks core.reading core.result core.shards core.writing core.changing"
    ),
    "core.commit": "errors limits parallel metadata core.stores",
    "core.group": (
        "errors limits parallel metadata core.stores core.array core.commit core.options"
        " core.repr core.hierarchy core.consolidating core.editing core.creating core.writing"
    ),
    "core.outdated": "errors limits metadata core.stores core.hierarchy core.group",
    "core.opening": (
        "errors metadata core.stores core.array core.group core.options core.creating core.editing"
    ),
    "dialects": "errors limits registry parallel metadata cdm",
    "conventions": "errors registry metadata cdm dialects core",
    "formats": "errors limits registry parallel metadata cdm dialects core",
    "translate": ("errors limits registry parallel metadata cdm dialects core conventions formats"),
    "xarray": "errors limits parallel metadata cdm core formats translate",
    "netcdf4": "errors limits metadata cdm dialects core formats translate",
    "cli": "errors limits registry cdm formats translate",
    "__main__": "cli",
}
DOORS = {
    "netCDF4": ["formats.netcdf"],
    "h5py": ["formats.hdf5"],
    "xarray": ["xarray"],
    "numcodecs": ["core.codecs"],
    "fsspec": ["core.stores"],
    "aiohttp": ["core.stores.web"],
    "yarl": ["core.stores.web"],
    "s3fs": [],
    "botocore": [],
    "google_crc32c": ["core.codecs"],
    "pcodec": ["core.codecs"],
    "zfpy": ["core.codecs"],
    "ml_dtypes": ["metadata.dtypes"],
    "cftime": [],
    "zarr": [],
    "dask": [],
}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(SRC / "zarr_cdm").with_suffix("").parts)


def row_of(name: str) -> str | None:
    return next((row for row in MAY_IMPORT if name == row or name.startswith(row + ".")), None)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module
            yield node.module
            if node.module.startswith("zarr_cdm"):  # `from zarr_cdm.metadata import v3`
                for alias in node.names:
                    inner = SRC / f"{node.module.replace('.', '/')}/{alias.name}.py"
                    if inner.exists():
                        yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_imports_run_downwards_and_each_dependency_has_one_door(path: Path) -> None:
    name = dotted(path)
    if path.name == "__init__.py":
        return  # a face hands names on to users; nobody inside imports it
    row = row_of(name)
    assert row, f"{name} stands on no floor: give it a row"
    allowed = [row, *MAY_IMPORT[row].split()]  # "core" allows all of core.*
    found = list(imports(path))
    for module in found:
        package, _, inner = module.partition(".")
        if package == "zarr_cdm":
            if any(other.startswith(module + ".") for other in found):
                continue  # the folder of `from folder import module`
            assert any(inner == row or inner.startswith(row + ".") for row in allowed), (
                f"{name} may not import {inner}"
            )
            assert (SRC / "zarr_cdm" / inner.replace(".", "/")).with_suffix(".py").exists(), (
                f"{name} imports the face {inner}"
            )
        elif package in DOORS:
            assert any(name.startswith(door) for door in DOORS[package]), (
                f"{name} may not import {package}"
            )


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_imports_stand_at_the_top_of_a_file(path: Path) -> None:
    tree = ast.parse(path.read_text())
    inside = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside, f"{path.name} imports inside a function, in lines {inside}"


def loaded_by(code: str) -> set[str]:
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not {"numpy", *DOORS} & loaded_by("import zarr_cdm")


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert not {"numpy", *DOORS} & loaded_by("import zarr_cdm.cli")


def test_importing_the_xarray_entry_point_loads_no_reader() -> None:
    heavy = {"netCDF4", "h5py", "numcodecs", "fsspec", "google_crc32c", "cftime", "zarr"}
    loaded = loaded_by(
        "import xarray; sys.modules['_before'] = set(sys.modules); "
        "import zarr_cdm.xarray.backend; "
        "new = set(sys.modules) - sys.modules.pop('_before'); "
        "sys.modules.clear(); sys.modules.update(dict.fromkeys(new))"
    )
    assert not heavy & loaded
