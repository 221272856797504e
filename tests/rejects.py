"""Prints the sheets of a workbook of rejected rows: `*` after a bold text, `!` after a cell that is
shown to be at fault, `·` for an empty cell.

usage: rejects.py FILE.xlsx

Every cell must be a text, by its type and by its format.
"""

import sys

import openpyxl


def shown(cell):
    assert cell.number_format == "@", (cell.coordinate, cell.number_format)
    assert cell.value is None or cell.data_type == "s", (cell.coordinate, cell.data_type)
    text = "·" if cell.value is None else cell.value
    return text + "*" * bool(cell.font.b) + "!" * (cell.fill.fill_type == "solid")


for sheet in openpyxl.load_workbook(sys.argv[1]):
    print(f"{sheet.title}: frozen at {sheet.freeze_panes}, filter over {sheet.auto_filter.ref}")
    for row in sheet.iter_rows():
        print(" | ".join(shown(cell) for cell in row))
