"""Delimited text."""

import csv
import io
import unicodedata
from datetime import date, datetime

from .encodings import encode

BOM = "\ufeff"


def text_of(cell):
    """Writes a cell as one-stop systems do."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case datetime():
            return cell.strftime("%d/%m/%Y %H:%M:%S")
        case date():
            return cell.strftime("%d/%m/%Y")
    return str(cell)


def write(table, separator=",", end="\n", bom=False, form="NFC", encoding="utf-8", quoting=csv.QUOTE_MINIMAL):
    """Writes a table as delimited text."""
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerows([text_of(cell) for cell in row] for row in table.lines())
    text = unicodedata.normalize(form, lines.getvalue())
    return encode((BOM if bom else "") + text, encoding)
