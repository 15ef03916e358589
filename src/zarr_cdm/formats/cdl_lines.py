"""Lines of CDL that are wrapped at 80 columns, as ``ncdump`` of netCDF-C 4.9 wraps them.

A value is never split, and only a text of three bytes or more moves to a new line. ncdump counts
on from one text that it may wrap to the next, whatever else it has printed between them; so one
`Line` goes through a whole dump.

>>> line = Line(indent=2)
>>> print(line.add(["word, "] * 13 + ["the end"]).replace(", ", "."))
word.word.word.word.word.word.word.word.word.word.word.word.word.
      the end
"""

from __future__ import annotations

from collections.abc import Iterator

from zarr_cdm.formats.cdl_values import width

INDENT = 2  # columns for each level of groups
LAST = 78  # ncdump leaves room for a comma or semicolon
CONTINUED = 4  # columns that a line is indented for which continues another


class Line:
    """The line that is being written: it knows where the next text must go to a new one.

    Attributes
    ----------
    indent
        Columns before each line of the group.
    """

    def __init__(self, indent: int = 0) -> None:
        self.indent = indent
        self._position = 0

    @property
    def pad(self) -> str:
        """What stands before each line."""
        return " " * self.indent

    def begin(self, position: int) -> None:
        """Take note that so many columns have been written behind the indent."""
        self._position = self.indent + position

    def add(self, texts: list[str]) -> str:
        """Return the texts, none of them split, with line breaks between them."""
        whole = "".join(texts)
        size = width(whole)
        if self._position + size <= LAST:
            self._position += size
        else:
            whole = "".join(self._wrap(texts))
        if whole.endswith("\n"):
            self.begin(0)
        return whole

    def _wrap(self, texts: list[str]) -> Iterator[str]:
        position = self._position
        for text in texts:
            size = width(text)
            if position + size > LAST and size > 2:
                yield "\n" + self.pad + " " * CONTINUED
                position = self.indent + CONTINUED
            yield text
            position += size
        self._position = position

    def end(self, *, last: bool) -> str:
        """Return what ends a row, or all of the data."""
        self.begin(0 if last else 2)
        return " ;\n" if last else ",\n  "
