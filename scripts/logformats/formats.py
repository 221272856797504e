"""The formats by name: `csv-semicolon-nfd`, `xlsx-dates`, `html.zip`."""

import re
from datetime import datetime

from . import delimited, html_table, keyed, packing, workbooks
from .encodings import to_tcvn3
from .table import Table

# What the parts of a name mean for delimited text; several may stand together.
CSV_OPTIONS = {
    "semicolon": {"separator": ";", "bom": True, "end": "\r\n"},
    "tab": {"separator": "\t"},
    "nfd": {"form": "NFD"},
    "utf16": {"encoding": "utf-16le", "separator": "\t", "end": "\r\n"},
    "1258": {"encoding": "windows-1258"},
    "tcvn3": {"encoding": "tcvn3"},
    "vni": {"encoding": "vni"},
    "cp1252": {"encoding": "utf-8-as-cp1252"},
}
FORMATS = [
    "csv", *(f"csv-{option}" for option in CSV_OPTIONS), "xlsx", "xlsx-dates", "xlsx-tcvn3", "xls",
    "html", "json", "ndjson", "xml", "parquet",
]


def write(table, form, name="log"):
    """Writes a table in a format; `name` is that of the file in an archive."""
    plain, dot, packing_name = form.partition(".")
    kind, *options = plain.split("-")
    match kind:
        case "csv":
            settings = {}
            for option in options:
                settings |= CSV_OPTIONS[option]
            data = delimited.write(table, **settings)
        case "xlsx" | "xls":
            for option in options:
                table = changed(table, {"dates": as_day, "tcvn3": as_tcvn3}[option])
            data = (workbooks.write_xlsx if kind == "xlsx" else workbooks.write_xls)(table)
        case "html":
            data = html_table.write(table)
        case "json":
            data = keyed.write_json(table.records())
        case "ndjson":
            data = keyed.write_ndjson(table.records())
        case "xml":
            data = keyed.write_xml(table.records())
        case "parquet":
            data = keyed.write_parquet(table.keys, table.records())
        case _:
            raise ValueError(f"unknown format: {form}")
    return packing.pack(data, dot + packing_name, name) if dot else data


def changed(table, change):
    """Returns a table with every text changed."""
    def rows(of):
        return [[change(cell) if isinstance(cell, str) else cell for cell in row] for row in of]
    return Table(
        rows(table.headings), rows(table.rows), rows(table.titles), rows(table.below), table.merges,
        table.sheet, table.hidden_sheets, table.empty_sheets,
    )


def as_day(text):
    """Reads a text that is a day as the day; any other stays."""
    if not re.fullmatch(r"\d{2}/\d{2}/\d{4}", text):
        return text
    try:
        return datetime.strptime(text, "%d/%m/%Y").date()
    except ValueError:
        return text


def as_tcvn3(text):
    """Returns the characters that stand in a workbook written in a .Vn font."""
    return to_tcvn3(text)
