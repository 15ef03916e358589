"""Every error of the package, in one tree.

.. code-block:: text

    ZarrCdmError
    ├── MetadataError        a Zarr document says something impossible        (ValueError)
    │   └── UnknownNameError a codec, data type, grid, … that nobody knows    (LookupError)
    ├── ChunkError           the bytes of a chunk are not what they should be (ValueError)
    ├── LimitError           more is asked for than ``Limits`` allows         (ValueError)
    ├── NodeNotFoundError    no array, group or file at that place  (FileNotFoundError, KeyError)
    ├── TargetExistsError    something is there already                       (FileExistsError)
    ├── StoreError           a store cannot read or write a key               (OSError)
    ├── FormatError          a file is not of the format it should be of      (ValueError)
    ├── SelectionError       an index that the array does not have            (IndexError)
    ├── ValuesError          values that an array cannot hold                 (ValueError)
    ├── NetcdfError          what netCDF's data model does not allow          (RuntimeError)
    │   └── AttributesError  an attribute that is not there, or cannot be     (AttributeError)
    └── UnsupportedError     legal, but this package cannot do it (yet)       (NotImplementedError)

    ZarrCdmWarning           what was left out, left raw or read leniently    (UserWarning)

Every error carries where it happened: ``source`` (a file or the root of a store), ``key`` (a key of
the store) and ``variable`` (the path of a variable), each None where it does not apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self


class ZarrCdmError(Exception):
    """The base of all errors that this package raises on purpose."""

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        key: str | None = None,
        variable: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.key = key
        self.variable = variable

    def at(
        self, *, source: str | None = None, key: str | None = None, variable: str | None = None
    ) -> Self:
        """Return this error with those places filled in that it did not know yet."""
        self.source = self.source or source
        self.key = self.key or key
        self.variable = self.variable or variable
        return self

    def __str__(self) -> str:
        places = [place for place in (self.source, self.key, self.variable) if place]
        return ": ".join([*dict.fromkeys(places), self.message])

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.source, self.key, self.variable))


def _rebuild(
    cls: type[ZarrCdmError],
    message: str,
    source: str | None,
    key: str | None,
    variable: str | None,
) -> ZarrCdmError:
    return cls(message, source=source, key=key, variable=variable)


class MetadataError(ZarrCdmError, ValueError):
    """A Zarr document says something impossible."""


class UnknownNameError(MetadataError, LookupError):
    """A document names a codec, data type, grid or key encoding that is not known."""


class ChunkError(ZarrCdmError, ValueError):
    """The bytes of a chunk are not what the metadata promise."""


class LimitError(ZarrCdmError, ValueError):
    """Something asks for more than ``Limits`` allows; the message names the limit."""


class NodeNotFoundError(ZarrCdmError, FileNotFoundError, KeyError):
    """There is no array, group or file at that place."""


class TargetExistsError(ZarrCdmError, FileExistsError):
    """There is something already where something new should go."""


class StoreError(ZarrCdmError, OSError):
    """A store cannot read or write a key."""


class FormatError(ZarrCdmError, ValueError):
    """A file is not of the format it should be of, or is damaged."""


class SelectionError(ZarrCdmError, IndexError):
    """A selection does not fit the array."""


class ValuesError(ZarrCdmError, ValueError):
    """Values do not fit the array that they are assigned to, by their type or their shape."""


class NetcdfError(ZarrCdmError, RuntimeError):
    """Something that netCDF's data model does not allow, as a name that is taken already."""


class AttributesError(NetcdfError, AttributeError):
    """An attribute of a dataset, group or variable that is not there, or cannot be."""


class UnsupportedError(ZarrCdmError, NotImplementedError):
    """Legal, but not something that this package can do."""


class ZarrCdmWarning(UserWarning):
    """Something was left out, left raw or read leniently; the message names it."""


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return names as part of a message, not all of too many.

    >>> listed(["a", "b"]), listed("abcdefghijkl")
    ('a, b', 'a, b, c, d, e, f, g, h and 4 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
