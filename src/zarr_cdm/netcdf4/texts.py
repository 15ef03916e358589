"""Arrays of characters and arrays of texts, each made of the other.

>>> stringtochar(np.array(["ab", "c"], "S2"))
array([[b'a', b'b'],
       [b'c', b'']], dtype='|S1')
>>> chartostring(stringtochar(np.array(["ab", "c"], "S2"))).tolist()
['ab', 'c']
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from zarr_cdm.errors import ValuesError

RAW = ("none", "None", "bytes")  # encodings that leave bytes as they are


def stringtoarr(string: str, NUMCHARS: int, dtype: Literal["S", "U"] = "S") -> np.ndarray:
    """Return one text as an array of ``NUMCHARS`` characters, of dtype ``S1`` or ``U1``.

    Raises
    ------
    ValueError
        The text is longer, or ``dtype`` is another.
    """
    if dtype not in ("S", "U"):
        raise ValueError(f"dtype is {dtype!r}, expected 'S' or 'U'")
    if len(string) > NUMCHARS:
        raise ValueError(f"{string!r} has {len(string)} characters, there is room for {NUMCHARS}")
    result = np.zeros(NUMCHARS, f"{dtype}1")
    result[: len(string)] = list(string)
    return result


def stringtochar(a: np.ndarray, encoding: str | None = None, n_strlen: int | None = None) -> Any:
    """Return texts as characters, with one dimension more.

    Parameters
    ----------
    a
        Of dtype ``S<n>`` or ``U<n>``.
    encoding
        ``"none"`` or ``"bytes"`` takes the bytes as they are; UTF-8 by itself.
    n_strlen
        The length of the new dimension; as many bytes as the longest text may have by itself.

    Returns
    -------
    array of dtype S1
        Shape ``a.shape + (n_strlen,)``.

    Raises
    ------
    ValueError
        They are no texts, or one is longer than ``n_strlen`` bytes.
    """
    texts = np.asarray(a)
    if texts.dtype.kind not in "SU":
        raise ValueError(f"the values are of {texts.dtype}, expected texts ('S' or 'U')")
    if texts.dtype.kind == "U":
        texts = np.strings.encode(texts, "utf-8" if encoding in (None, *RAW) else encoding)
        length = n_strlen or np.asarray(a).dtype.itemsize
    else:
        length = n_strlen or texts.dtype.itemsize
    return np.ascontiguousarray(_widened(texts, length)).view("S1").reshape(*texts.shape, length)


def _widened(texts: np.ndarray, length: int) -> np.ndarray:
    if texts.size and np.strings.str_len(texts).max() > length:
        raise ValuesError(
            f"a text has {np.strings.str_len(texts).max()} bytes, there is room for {length}"
        )
    return texts.astype(f"{texts.dtype.kind}{max(1, length)}")


def chartostring(b: np.ndarray, encoding: str | None = None) -> np.ndarray:
    """Return characters as texts, with one dimension less.

    Parameters
    ----------
    b
        Of dtype ``S1`` or ``U1``.
    encoding
        ``"none"`` or ``"bytes"`` gives bytes of dtype ``S<n>``; UTF-8 (which ASCII is too) by
        itself.

    Returns
    -------
    array of dtype U<n>
        Shape ``b.shape[:-1]``, where n is the length of the last dimension.

    Raises
    ------
    ValueError
        They are no characters, or no text in that encoding.
    """
    characters = np.ascontiguousarray(np.ma.getdata(b))
    if characters.dtype.kind not in "SU":
        raise ValueError(f"the values are of {characters.dtype}, expected characters")
    length = characters.shape[-1]
    if not characters.size:
        kind = "S" if encoding in RAW else "U"
        return np.empty(characters.shape[:-1], f"{kind}{max(1, length)}")
    texts = characters.view(f"{characters.dtype.kind}{length}").reshape(characters.shape[:-1])
    if encoding in RAW:
        return texts.astype(f"S{length}")
    if texts.dtype.kind == "U":
        return texts
    return np.strings.decode(texts, encoding or "utf-8").astype(f"U{length}")
