"""The command ``zarr-cdm``: one verb, one call, then print.

Exit codes: 0 done, 1 an error that is said in one line on stderr, 2 the command line is wrong, 130
and 143 interrupted and terminated. Those of ``diff`` are the ones of all its kind: 0 no difference,
1 differences, 2 an error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any

from zarr_cdm.errors import ZarrCdmError, ZarrCdmWarning
from zarr_cdm.limits import Limits
from zarr_cdm.registry import Registry

# What the verbs call is imported when it is called: ``zarr-cdm --help`` must not wait for NumPy.
CALLS = Registry(
    "command",
    {
        "compare": "zarr_cdm.translate.compare:compare",
        "convert": "zarr_cdm.translate.convert:convert",
        "is_netcdf": "zarr_cdm.formats.table:is_netcdf",
        "info": "zarr_cdm.translate.info:info",
        "pieces": "zarr_cdm.translate.dump:pieces",
        "spelling": "zarr_cdm.dialects.spelling:Spelling",
        "version_of": "zarr_cdm.dialects.table:version_of",
    },
)
# What our own dialect writes where readers differ, see `zarr_cdm.Spelling`; the usual one first.
SPELLINGS = {
    "scalar": ("plain", "nczarr"),
    "char": ("bytes", "ubyte"),
    "string": ("variable", "fixed"),
    "compound": ("fields", "struct"),
}
DONE, FAILED, INTERRUPTED, TERMINATED = 0, 1, 130, 143
SAME, DIFFERENT, TROUBLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = parser().parse_args(arguments)
    notes: list[str] = []
    if threading.current_thread() is threading.main_thread():
        # A batch system ends a job with SIGTERM: what is half-written is then removed, too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ZarrCdmWarning)
        warnings.showwarning = lambda message, *_, **__: notes.append(str(message))
        try:
            with Limits(**dict(given.limit)).use():
                code: int = given.verb(given, notes)
        except ZarrCdmError as error:
            _print_error(error, given.json)
            code = given.failed
        except (
            BrokenPipeError
        ):  # the reader of our output has gone, as in ``zarr-cdm dump x | head``
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = given.unread
        except KeyboardInterrupt:
            code = INTERRUPTED
    if not given.json:
        for note in notes:
            print(f"zarr-cdm: warning: {_line(note)}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="zarr-cdm", description="netCDF's data model on Zarr: convert and look at datasets."
    )
    verbs = top.add_subparsers(required=True, metavar="VERB")

    convert = _verb(verbs, "convert", _convert, "write a netCDF file or a store as the other")
    convert.add_argument("source", metavar="SOURCE", help="a netCDF file, or a Zarr store")
    convert.add_argument(
        "target",
        metavar="TARGET",
        help="path or URL of the new store, or path of the new netCDF file: .nc, .nc4, .cdf",
    )
    convert.add_argument(
        "--zarr-format", type=int, choices=(2, 3), help="default: 3, or 2 for nczarr"
    )
    convert.add_argument(
        "--dialect",
        choices=("native", "xarray", "nczarr", "nz"),
        default="native",
        help="how netCDF's data model is spelled in Zarr; default: native",
    )
    convert.add_argument(
        "--spelling",
        action="append",
        default=[],
        type=_spelling,
        metavar="NAME=WORD",
        help="how the native dialect writes what readers understand differently: "
        + ", ".join(f"{name}={'|'.join(words)}" for name, words in SPELLINGS.items()),
    )
    convert.add_argument(
        "--data-model",
        metavar="NAME",
        help="write netCDF of this model: NETCDF4, NETCDF4_CLASSIC, NETCDF3_CLASSIC, "
        "NETCDF3_64BIT_OFFSET or NETCDF3_64BIT_DATA; default for a netCDF file: the model of the "
        "file where the data first came from, else NETCDF4",
    )
    convert.add_argument("--group", help="convert this group alone")
    convert.add_argument(
        "--missing-chunks",
        choices=("fill", "warn", "error"),
        default="fill",
        help="what is said of chunks that a source store does not have; default: fill, nothing",
    )

    info = _verb(verbs, "info", _info, "tell what a file or store is and how it is stored")
    info.add_argument("source", metavar="SOURCE", help="a netCDF file, or a Zarr store or its URL")

    dump = _verb(verbs, "dump", _dump, "print a file or store as CDL, as ncdump does", help_=False)
    dump.add_argument("source", metavar="SOURCE", help="a netCDF file, or a Zarr store or its URL")
    dump.add_argument("-h", "--header", action="store_true", help="without the data")
    dump.add_argument("--help", action="help", help="show this help message and exit")

    diff = _verb(verbs, "diff", _diff, "list every difference between two files or stores")
    diff.set_defaults(failed=TROUBLE, unread=DIFFERENT)
    diff.add_argument("first", metavar="A", help="a netCDF file, or a Zarr store or its URL")
    diff.add_argument("second", metavar="B", help="the other")
    diff.add_argument(
        "--storage",
        action="store_true",
        help="chunks, filters, byte order, layout and provenance, too",
    )
    diff.add_argument("--no-values", action="store_true", help="read no data")
    diff.add_argument("--no-order", action="store_true", help="let things stand in any order")
    return top


def _verb(
    verbs: Any,
    name: str,
    verb: Callable[[argparse.Namespace, list[str]], int],
    summary: str,
    *,
    help_: bool = True,
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(
        name, help=summary, description=summary, add_help=help_
    )
    made.set_defaults(verb=verb, failed=FAILED, unread=DONE)
    made.add_argument("--json", action="store_true", help="print the result as JSON")
    made.add_argument(
        "--storage-option",
        action="append",
        default=[],
        type=_option,
        metavar="KEY=VALUE",
        help="an option of fsspec for a URL; the value may be JSON",
    )
    made.add_argument(
        "--limit",
        action="append",
        default=[],
        type=_limit,
        metavar="NAME=NUMBER",
        help="another bound for what a store may ask for; errors name the one that they ran into",
    )
    return made


def _spelling(text: str) -> tuple[str, str]:
    name, _, word = text.partition("=")
    if word not in SPELLINGS.get(name, ()):
        known = ", ".join(f"{name}={'|'.join(words)}" for name, words in SPELLINGS.items())
        raise argparse.ArgumentTypeError(f"expected one of {known}; found {text!r}")
    return name, word


def _limit(text: str) -> tuple[str, Any]:
    name, _, number = text.partition("=")
    known = {each.name for each in fields(Limits)}
    if name not in known or not number.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected NAME=NUMBER, found {text!r}; names: {', '.join(sorted(known))}"
        )
    return name, bool(int(number)) if name == "follow_symlinks" else int(number)


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, found {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _convert(given: argparse.Namespace, notes: list[str]) -> int:
    CALLS["convert"](
        given.source,
        given.target,
        zarr_format=given.zarr_format,
        dialect=given.dialect,
        data_model=given.data_model,
        group=given.group,
        missing_chunks=given.missing_chunks,
        storage_options=dict(given.storage_option) or None,
        spelling=CALLS["spelling"](**dict(given.spelling)),
    )
    if given.json:
        _print_json({"source": given.source, "target": given.target, "warnings": notes})
    else:
        netcdf = given.data_model or (CALLS["is_netcdf"](given.target) and "netCDF")
        version = CALLS["version_of"](given.dialect, given.zarr_format)
        print(f"wrote {given.target} ({netcdf or f'Zarr v{version}'})")
    return DONE


def _info(given: argparse.Namespace, notes: list[str]) -> int:
    found = CALLS["info"](given.source, storage_options=dict(given.storage_option) or None)
    if given.json:
        _print_json({**found.to_json(), "warnings": notes})
    else:
        print(found)
    return DONE


def _dump(given: argparse.Namespace, notes: list[str]) -> int:
    pieces = CALLS["pieces"](
        given.source, header=given.header, storage_options=dict(given.storage_option) or None
    )
    if given.json:
        _print_json({"cdl": "".join(pieces), "warnings": notes})
    else:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    return DONE


def _diff(given: argparse.Namespace, notes: list[str]) -> int:
    findings = CALLS["compare"](
        given.first,
        given.second,
        storage=given.storage,
        values=not given.no_values,
        order=not given.no_order,
        storage_options=dict(given.storage_option) or None,
    )
    if given.json:
        found = [asdict(finding) for finding in findings]
        _print_json({"equal": not found, "findings": found, "warnings": notes})
    for finding in () if given.json else findings:
        print(_line(str(finding)))
    sys.stdout.flush()
    return DIFFERENT if findings else SAME


def _print_json(value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # Lone surrogates, which names in a store may have, are no UTF-8; as escapes they are JSON.
    print(text.encode("utf-8", "backslashreplace").decode())


def _print_error(error: ZarrCdmError, as_json: bool) -> None:
    if as_json:
        places = {"source": error.source, "key": error.key, "variable": error.variable}
        found = {"type": type(error).__name__, "message": error.message, **places}
        print(json.dumps({"error": found}), file=sys.stderr)
    else:
        print(f"zarr-cdm: {_line(str(error))}", file=sys.stderr)


def _line(text: str) -> str:
    """Return a text in one line, without characters that could steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
