"""The two things that happen to a log outside hoso in docs/mending-data.md.

`break FOLDER`: a spreadsheet writes the days of October in English, and the list is saved as CSV.
`mend WORKBOOK FOLDER`: the officer writes them as before in the workbook of rejects, and saves it as CSV.
"""

import csv
import io
import sys
import zipfile
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import openpyxl

MONTH = "ho-so_2020-10"
DAY = "Ngày tiếp nhận"


class Rows(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows = []
        self.cell = None

    def handle_starttag(self, tag, _):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self.cell.strip())
            self.cell = None


PLAIN, ENGLISH = "%d/%m/%Y %H:%M:%S", "%d-%b-%Y %H:%M:%S"


def rewritten(text, known, wanted):
    """Writes a day in another form; what is none stays as it is."""
    try:
        return datetime.strptime(text, known).strftime(wanted)
    except ValueError:
        return text


def save(folder, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    (folder / f"{MONTH}.csv").write_text(text.getvalue(), encoding="utf-8-sig")


def break_october(folder):
    packed = folder / f"{MONTH}.xls.zip"
    with zipfile.ZipFile(packed) as archive:
        page = archive.read(archive.namelist()[0]).decode("utf-8-sig")
    parser = Rows()
    parser.feed(page)
    at = next(n for n, row in enumerate(parser.rows) if DAY in row)
    heads = parser.rows[at]
    rows = [row for row in parser.rows[at + 1 :] if len(row) == len(heads)]
    column = heads.index(DAY)
    for row in rows:
        row[column] = rewritten(row[column], PLAIN, ENGLISH)
    save(folder, [heads] + rows)
    packed.unlink()


def mend(workbook, folder):
    sheet = openpyxl.load_workbook(workbook).worksheets[0]
    rows = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    column = rows[0].index(DAY)
    for row in rows[1:]:
        row[column] = rewritten(row[column], ENGLISH, PLAIN)
    save(folder, rows)


if sys.argv[1] == "break":
    break_october(Path(sys.argv[2]))
else:
    mend(Path(sys.argv[2]), Path(sys.argv[3]))
