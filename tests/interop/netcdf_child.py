"""Read arrays with netCDF-C, in a process of its own: some stores end it.

On standard input stands the URL of a data set and the name of its array, one pair in a line; on
standard output comes the number of a line when it is begun, and what was read: a list of shape,
dtype, and bytes in base64 or a list of texts; or what is wrong, as a text.
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode

import netCDF4
import numpy as np


def read(url: str, name: str) -> list[object]:
    with netCDF4.Dataset(url) as file:
        variable = file[name]
        variable.set_auto_maskandscale(False)
        variable.set_auto_chartostring(False)
        values = np.asarray(variable[...])
    texts = values.dtype.hasobject
    data = values.ravel().tolist() if texts else b64encode(values.tobytes()).decode()
    return [list(values.shape), values.dtype.str, data]


def say(*what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    for number, line in enumerate(sys.stdin):
        say(number)
        try:
            found: object = read(*json.loads(line))
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        say(number, found)


if __name__ == "__main__":
    main()
