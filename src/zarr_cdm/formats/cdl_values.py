r"""Names, texts and numbers as CDL spells them.

Source: "CDL Syntax" in the netCDF User's Guide
(https://docs.unidata.ucar.edu/nug/current/_c_d_l.html) and, where that leaves a choice, what
``ncdump`` of netCDF-C 4.9 prints. Beyond ncdump, every character that could steer a terminal (the
C1 controls) or that UTF-8 cannot hold (lone surrogates) is escaped byte by byte.

>>> escaped_name("1 m/s"), quoted("it's\t1")
('\\1\\ m/s', '"it\\\'s\\t1"')
>>> attribute_text(Attribute.of(np.float32([1, 1e20, np.nan])))
'1.f, 1.e+20f, NaNf'
>>> value_texts(np.array([0.1, 9.96920996838687e36]), Variable("v", ATOMIC_TYPES["double"], ()))
['0.1', '_']
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from zarr_cdm.cdm.attributes import Attribute
from zarr_cdm.cdm.model import ATOMIC_TYPES, Variable
from zarr_cdm.cdm.types import CHAR, STRING, AtomicType, NetcdfType

FILL = "_"
NULL = "NIL"  # a string that is not there
# A byte may well use all 256 values, so ncdump assumes no fill value that is not declared.
NO_DEFAULT_FILL = (ATOMIC_TYPES["byte"], ATOMIC_TYPES["ubyte"])

# ---- names and texts


def _bytes_of(code: int) -> bytes:
    # Lone surrogates: the upper 128 of the low half stand for bytes that were no UTF-8.
    errors = "surrogateescape" if 0xDC80 <= code <= 0xDCFF else "surrogatepass"
    return chr(code).encode("utf-8", errors)


def _escape_bytes(codes: Any, form: str) -> dict[int, str]:
    return {code: "".join(form % byte for byte in _bytes_of(code)) for code in codes}


_UNSAFE = (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))
_NAME = _escape_bytes(_UNSAFE, r"\%%%02x") | {
    ord(c): "\\" + c for c in " !\"#$&'()*,:;<=>?[]\\^`{|}~"
}
_QUOTED = {
    ord(plain): "\\" + letter
    for plain, letter in zip("\b\f\n\r\t\v\\'\"", "bfnrtv\\'\"", strict=True)
}
_TEXT = _escape_bytes(_UNSAFE, r"\%03o") | _QUOTED
# In the classic formats an attribute is one text, which ncdump continues on a new line; in
# netCDF-4 the same would be a list of strings.
_CLASSIC_TEXT = _TEXT | {ord("\n"): '\\n",\n\t\t\t"'}
_STRING_DATA = _TEXT | {ord("\v"): "\\n"}  # ncdump's slip, kept: the text is to be the same
_CHARS = {code: rf"\{code:03o}" for code in range(256) if not 0x20 <= code < 0x7F} | _QUOTED
_CHAR_DATA = _CHARS | {ord("\n"): '\\n",\n    "'}
# In a row ncdump prints a char as it is.
_BARE_CHARS = {code: text for code, text in _CHARS.items() if chr(code) not in "\\'\""} | {0: ""}
_STEERING = _escape_bytes(_UNSAFE, r"\%03o")


def escaped_name(name: str) -> str:
    r"""Return a name of a dimension, variable, attribute or group, or a path of a group, for CDL.

    >>> escaped_name("a:b"), escaped_name("é"), escaped_name("a\x1b\x9b")
    ('a\\:b', 'é', 'a\\%1b\\%c2\\%9b')
    """
    digit = name[:1] in tuple("0123456789")
    return "\\" * digit + name.translate(_NAME)


def quoted(text: str, *, classic: bool = False) -> str:
    """Return the text of an attribute as a CDL string; NULs at its end are padding."""
    return '"' + text.rstrip("\0").translate(_CLASSIC_TEXT if classic else _TEXT) + '"'


def escaped_chars(chars: bytes) -> str:
    r"""Return what char data look like between the quotes; their encoding is not known.

    >>> escaped_chars("ü\n".encode())
    '\\303\\274\\n",\n    "'
    """
    return chars.decode("latin-1").translate(_CHAR_DATA)


def quoted_chars(chars: bytes) -> str:
    """Return an array of chars that is a field of a compound as a CDL string."""
    return '"' + chars.rstrip(b"\0").decode("latin-1").translate(_CHARS) + '"'


def bare_chars(char: bytes) -> str:
    """Return a char that is an element of a row."""
    return char.decode("latin-1").translate(_BARE_CHARS)


def visible(name: str) -> str:
    """Return the name of an enum's member as it stands in data, where ncdump escapes nothing."""
    return name.translate(_STEERING)


def width(text: str) -> int:
    """Return the columns that ncdump counts: bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


# ---- attributes

_INTEGER = {
    "byte": "%db",
    "short": "%ds",
    "int": "%d",
    "ubyte": "%dUB",
    "ushort": "%dUS",
    "uint": "%dU",
    "int64": "%dLL",
    "uint64": "%dULL",
}
_REAL = {"float": ("%#.7g", "f"), "double": ("%#.15g", "")}


def attribute_text(attribute: Attribute, *, classic: bool = False) -> str:
    """Return the values of an attribute, each with the suffix of its type."""
    value = attribute.value
    if isinstance(value, str):
        return quoted(value, classic=classic)
    if not len(value):
        return '""'
    texts: Iterable[str]
    if isinstance(value, tuple):
        texts = (NULL if text is None else quoted(text, classic=classic) for text in value)
    elif attribute.type.name in _REAL:
        form, suffix = _REAL[attribute.type.name]
        texts = (_real(number, form, suffix) for number in value.tolist())
    else:
        texts = map(_INTEGER[attribute.type.name].__mod__, value.tolist())
    return ", ".join(texts)


def _real(number: float, form: str, suffix: str) -> str:
    """Return a number with its point but without the zeros that follow the last digit."""
    if not math.isfinite(number):
        return _special(number, suffix)
    mantissa, exponent, power = (form % number).partition("e")
    return mantissa.rstrip("0") + exponent + power + suffix


def _special(number: float, suffix: str) -> str:
    sign = "-" if number == -math.inf else ""
    return sign + ("NaN" if math.isnan(number) else "Infinity") + suffix


# ---- data

_DEFAULT_FORMAT = {"float": "%.7g", "double": "%.15g"}
# One conversion of bounded width, plain text around it: it comes from the file.
_C_FORMAT = re.compile(
    r"((?:[ -$&-~]|%%)*%[-+ 0#]{0,5}\d{0,2}(?:\.\d{0,2})?)(?:l|ll|L)?([a-zA-Z])((?:[ -$&-~]|%%)*)"
)
_CONVERSIONS = {"f": "eEfFgG", "i": "diu", "u": "diu"}


def value_texts(values: np.ndarray, variable: Variable) -> list[str]:
    """Return the text of each of these values of an atomic type, which are a 1-D array."""
    fill = fill_value(variable)
    if variable.type == STRING:
        return [FILL if each == fill else string_text(each) for each in values.tolist()]
    texts = list(map(_number_format(variable), values.tolist()))
    if values.dtype.kind == "f":
        suffix = _REAL[variable.type.name][1]
        for place in np.flatnonzero(~np.isfinite(values)):
            texts[place] = _special(values[place], suffix)
    if fill is not None:
        for place in np.flatnonzero(is_fill(values, fill)):
            texts[place] = FILL
    return texts


def string_text(value: str | None) -> str:
    """Return a string as it stands in data."""
    return NULL if value is None else '"' + value.translate(_STRING_DATA) + '"'


def number_text(kind: NetcdfType, value: Any) -> str:
    """Return a number as it stands inside braces."""
    if kind.name not in _DEFAULT_FORMAT:
        return str(value)
    return (
        _DEFAULT_FORMAT[kind.name] % value
        if np.isfinite(value)
        else _special(value, _REAL[kind.name][1])
    )


def fill_value(variable: Variable) -> Any:
    """Return the value that is printed as ``_``; None: there is none."""
    fill = variable.attributes.get("_FillValue")
    if fill is not None and fill.type == variable.type and len(fill.value) == 1:
        return fill.value[0]
    if not isinstance(variable.type, AtomicType) or variable.type in NO_DEFAULT_FILL:
        return None
    return variable.type.default_fill


def is_fill(values: np.ndarray, fill: Any) -> np.ndarray:
    """Tell which values are the fill value; real numbers within one machine epsilon are.

    >>> is_fill(np.array([1, 1 + 2e-16, 1.1, np.inf]), np.float64(1)).tolist()
    [True, True, False, False]
    """
    if values.dtype.kind != "f":
        return np.asarray(values == fill)
    if np.isnan(fill):
        return np.asarray(np.isnan(values))
    same_sign = (values > 0) == (fill > 0)
    if np.isinf(fill):
        return np.asarray(same_sign & np.isinf(values))
    with np.errstate(all="ignore"):
        close = abs(fill - values) <= abs(np.finfo(values.dtype).eps * values)
    return np.asarray(same_sign & close & np.isfinite(values))


def _number_format(variable: Variable) -> Callable[[Any], str]:
    """Return what turns a number into text: the attribute ``C_format``, where it fits the type."""
    wish = variable.attributes.get("C_format")
    if wish is not None and wish.type == CHAR and len(wish.value) < 100:
        found = _C_FORMAT.fullmatch(str(wish.value))
        if found is not None and found[2] in _CONVERSIONS[variable.type.dtype.kind]:
            return (found[1] + found[2] + found[3]).__mod__
    form = _DEFAULT_FORMAT.get(variable.type.name)
    return str if form is None else form.__mod__
