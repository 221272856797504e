"""Reads logs of every format back as rows of text, with readers that the writers do not use."""

import csv
import gzip
import io
import json
import unicodedata
import zipfile
from datetime import datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

from logformats.encodings import TCVN3, VNI

FROM_TCVN3 = str.maketrans({byte: letter for letter, byte in TCVN3.items()})
VNI_LONGEST_FIRST = sorted(((written, letter) for letter, written in VNI.items()), key=lambda p: -len(p[0]))


def read_rows(path, encoding="utf-8"):
    """Returns the rows of a sheet, titles and all, as texts in NFC."""
    data = unpacked(path)
    if data[:4] == b"PK\3\4":
        rows = of_xlsx(data)
    elif data[:4] == b"\xd0\xcf\x11\xe0":
        rows = of_xls(data)
        if encoding == "tcvn3":
            rows = [[cell.translate(FROM_TCVN3) for cell in row] for row in rows]
    elif data.lstrip()[:5] == b"<html":
        rows = of_html(data.decode())
    else:
        text = text_in(data, encoding)
        head = text[:4000]
        separator = max("\t;,", key=head.count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    return [[unicodedata.normalize("NFC", cell).replace("\u00a0", " ") for cell in row] for row in rows]


def read_records(path, records=None):
    """Returns the records of a keyed log, with None where a value is missing."""
    data = unpacked(path)
    if data[:4] == b"PAR1":
        import pyarrow.parquet

        return pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    text = data.decode()
    if text.lstrip()[0] == "<":
        elements = ElementTree.fromstring(text).iter(records)
        return [{value.tag: value.text for value in element} for element in elements]
    if text.lstrip()[0] == "[":
        return json.loads(text)
    if "\n{" in text and records is None:
        return [json.loads(line) for line in text.splitlines()]
    return json.loads(text)[records or "data"]


def unpacked(path):
    """Takes the packing off by the file's name."""
    data = path.read_bytes()
    match path.suffix:
        case ".gz":
            return gzip.decompress(data)
        case ".zst":
            import zstandard

            return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
        case ".zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return archive.read(archive.namelist()[0])
    return data


def text_in(data, encoding):
    """Decodes a text."""
    match encoding:
        case "tcvn3":
            return data.decode("latin-1").translate(FROM_TCVN3)
        case "vni":
            return from_vni(data.decode("latin-1"))
        case "windows-1258":
            return data.decode("cp1258")
        case "utf-16le":
            return data.decode("utf-16")
        case "utf-8-as-cp1252":
            return b"".join(byte_of(c) for c in data.decode()).decode("utf-8-sig")
    return data.decode("utf-8-sig")


def byte_of(c):
    try:
        return c.encode("cp1252")
    except UnicodeEncodeError:
        return c.encode("latin-1")


def from_vni(text):
    """Reads the longest mark first: `ôù` is one letter."""
    read, at = [], 0
    while at < len(text):
        fits = (pair for pair in VNI_LONGEST_FIRST if text.startswith(pair[0], at))
        written, letter = next(fits, (text[at], text[at]))
        read.append(letter)
        at += len(written)
    return "".join(read)


def cell_text(value):
    """Writes a cell of a workbook as the lists write it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y}"
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def of_xlsx(data):
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data))
    visible = [sheet for sheet in book if sheet.sheet_state == "visible"]
    return [[cell_text(cell) for cell in row] for row in visible[0].iter_rows(values_only=True)]


def of_xls(data):
    import xlrd

    book = xlrd.open_workbook(file_contents=data)
    sheet = book.sheet_by_index(0)

    def text(cell):
        is_day = cell.ctype == xlrd.XL_CELL_DATE
        return cell_text(xlrd.xldate_as_datetime(cell.value, book.datemode) if is_day else cell.value)

    return [[text(cell) for cell in sheet.row(at)] for at in range(sheet.nrows)]


def of_html(text):
    page = Page()
    page.feed(text)
    return page.rows


class Page(HTMLParser):
    """The cells of a page's table."""

    def __init__(self):
        super().__init__()
        self.rows, self.is_cell = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.is_cell = True
        elif tag == "br" and self.is_cell:
            self.rows[-1][-1] += "\n"

    def handle_endtag(self, tag):
        self.is_cell = self.is_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self.is_cell:
            self.rows[-1][-1] += data
