"""Prints the sheets of a workbook as JSON, each a list of rows, each a list of its cells' values.

usage: sheets.py FILE.xlsx
"""

import json
import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1])
print(json.dumps({sheet.title: list(sheet.values) for sheet in book}, ensure_ascii=False))
