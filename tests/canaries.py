"""Writes deliveries that hold canaries, and prints the ways in which each canary may be written.

usage: canaries.py FOLDER PLAN.json

PLAN.json is {"canaries": [text], "deliveries": [{"name", "way", "headings", "rows", what else}]}.
"""

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
from logformats import encodings, formats, keyed
from logformats.table import Table

FIRST_SHEET = "Sheet1"


def lines(told):
    """Returns the rows of a delivery, with what stands above and below them."""
    headings, rows = list(told["headings"]), [list(row) for row in told["rows"]]
    if "column" in told:
        headings.append(told["column"])
        rows = [[*row, "x"] for row in rows]
    if "extra" in told:
        rows[0].append(told["extra"])
    if "drop" in told:
        rows[-1] = rows[-1][: -int(told["drop"])]
    titles = [[told["title"]]] if "title" in told else []
    below = [["Tổng số", "1"], [told["signature"]]] if "signature" in told else []
    return Table([headings], rows, titles, below, sheet=told.get("sheet", FIRST_SHEET))


def workbook(told):
    """Writes a workbook with formulas, errors, a comment, an author, other sheets."""
    import openpyxl
    from openpyxl.comments import Comment

    table = lines(told)
    book = openpyxl.Workbook()
    book.properties.creator = told.get("author", "")
    sheet = book.active
    sheet.title = table.sheet
    for row in table.lines():
        sheet.append(row)  # what begins with `=` is a formula, without its value
    if "comment" in told:
        sheet["A2"].comment = Comment(told["comment"], "")
    if "hidden" in told:
        hidden = book.create_sheet("2")
        hidden.append([told["hidden"]])
        hidden.sheet_state = "hidden"
    if "second sheet" in told:
        book.create_sheet(told["second sheet"]).append(list(reversed(table.keys)))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def spreadsheetml(told):
    """Writes the XML of Excel 2003; a text that begins with `=` is the formula of an error."""
    table = lines(told)

    def cell(text):
        if text.startswith("="):
            return f'<Cell ss:Formula={quoteattr(text)}><Data ss:Type="Error">#N/A</Data></Cell>'
        return f'<Cell><Data ss:Type="String">{escape(text)}</Data></Cell>'

    rows = "".join(f"<Row>{''.join(map(cell, row))}</Row>\n" for row in table.lines())
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet '
        f"ss:Name={quoteattr(table.sheet)}><Table>{rows}</Table></Worksheet></Workbook>"
    ).encode()


def two_in_zip(told):
    """Writes an archive of two files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("1.csv", "1")
        archive.writestr(told["entry"], "2")
    return data.getvalue()


def written(told):
    """Returns the bytes of a delivery."""
    table = lines(told)
    match told["way"]:
        case "text":
            data = told["text"].encode()
        case "workbook":
            data = workbook(told)
        case "spreadsheetml":
            data = spreadsheetml(told)
        case "two-in.zip":
            data = two_in_zip(told)
        case "parquet":  # not packed: what it holds can be seen
            data = keyed.write_parquet(table.keys, table.records(), compression="none")
        case way:
            data = formats.write(table, way, told.get("entry", "log"))
    if "open quote" in told:
        text = told["open quote"].encode()
        data = data.replace(text, b'"' + text)
    return data[: -int(told["cut"])] if "cut" in told else data


def main(folder, plan):
    plan = json.loads(Path(plan).read_text(encoding="utf-8"))
    for told in plan["deliveries"]:
        path = os.fsencode(f"{folder}/{told['name']}")
        if told.get("name in") == "tcvn3":
            path = f"{folder}/{encodings.to_tcvn3(told['name'])}".encode("latin-1")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(written(told))
    ways = [str, encodings.to_misread, encodings.to_tcvn3, encodings.to_vni]
    print(json.dumps([[way(canary) for way in ways] for canary in plan["canaries"]]))


main(*sys.argv[1:])
