#!/usr/bin/env python3
"""Writes the same log in another format.

Usage: convert_log.py IN.csv FORMAT OUT

IN.csv is UTF-8 with the headings in its first row. FORMAT is one of those below, packed where `.gz`,
`.zst` or `.zip` follows: `csv-tcvn3.zip`. Empty cells are written as empty, "" or null.
In XML, a record is `Record` and a heading is an element: spaces become `_`, and what no name may
hold is dropped (`Phí (VNĐ)` becomes `Phí_VNĐ`).
"""

import csv
import sys
from pathlib import Path

from logformats import formats, packing
from logformats.table import Table


def main(arguments):
    if len(arguments) != 3 or arguments[1].partition(".")[0] not in formats.FORMATS:
        print(__doc__, *formats.FORMATS, sep="\n", file=sys.stderr)
        return 2
    source, form, target = arguments
    with open(source, encoding="utf-8-sig", newline="") as file:
        headings, *rows = csv.reader(file)
    name = Path(target).name
    inner = Path(name).stem if name.endswith(packing.SUFFIXES) else name
    try:
        data = formats.write(Table([headings], rows), form, inner)
    except ValueError as error:
        print(f"{source}: {error}", file=sys.stderr)
        return 1
    Path(target).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
