"""Workbooks: XLSX and the older XLS. The same table gives the same bytes on every run."""

import io
from datetime import date, datetime

DAY, TIME = "dd/mm/yyyy", "dd/mm/yyyy hh:mm:ss"
MADE = datetime(2020, 11, 2, 8, 0, 0)  # workbooks say when they were made


def write_xlsx(table):
    """Writes a table as XLSX."""
    import xlsxwriter

    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": MADE})
    day, time = book.add_format({"num_format": DAY}), book.add_format({"num_format": TIME})
    sheet = book.add_worksheet(table.sheet)
    for name, rows in table.hidden_sheets.items():
        hidden = book.add_worksheet(name)
        for at, row in enumerate(rows):
            hidden.write_row(at, 0, row)
        hidden.hide()
    for name in table.empty_sheets:
        book.add_worksheet(name)
    covered = set()
    for first_row, first_column, last_row, last_column in table.merges:
        text = table.lines()[first_row][first_column]
        sheet.merge_range(first_row, first_column, last_row, last_column, text)
        covered |= {
            (row, column) for row in range(first_row, last_row + 1)
            for column in range(first_column, last_column + 1)
        }
    for at, row in enumerate(table.lines()):
        for column, cell in enumerate(row):
            if (at, column) in covered or cell in (None, ""):
                continue
            if isinstance(cell, datetime):
                sheet.write_datetime(at, column, cell, time)
            elif isinstance(cell, date):
                sheet.write_datetime(at, column, datetime(cell.year, cell.month, cell.day), day)
            elif isinstance(cell, str):
                sheet.write_string(at, column, cell)
            else:
                sheet.write(at, column, cell)
    book.close()
    return data.getvalue()


def write_xls(table):
    """Writes a table as XLS (Excel 97)."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    day, time = xlwt.easyxf(num_format_str=DAY), xlwt.easyxf(num_format_str=TIME)
    sheet = book.add_sheet(table.sheet)
    for name, rows in table.hidden_sheets.items():
        hidden = book.add_sheet(name)
        hidden.visibility = 1
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                hidden.write(at, column, cell)
    for name in table.empty_sheets:
        book.add_sheet(name)
    for at, row in enumerate(table.lines()):
        for column, cell in enumerate(row):
            if cell in (None, ""):
                continue
            if isinstance(cell, datetime):
                sheet.write(at, column, cell, time)
            elif isinstance(cell, date):
                sheet.write(at, column, cell, day)
            else:
                sheet.write(at, column, cell)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
