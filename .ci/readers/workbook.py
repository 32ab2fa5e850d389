"""Reads a workbook with openpyxl and prints what it saw as JSON."""

import datetime
import json
import sys

import openpyxl
from openpyxl.utils.datetime import to_excel

book = openpyxl.load_workbook(sys.argv[1])
sheets = []
for sheet in book.worksheets:
    saw = {"name": sheet.title, "texts": 0, "numbers": 0, "formulas": 0, "sum": 0.0, "charts": len(sheet._charts)}
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                saw["formulas"] += 1
            elif isinstance(cell.value, str):
                saw["texts"] += cell.value != ""
            elif isinstance(cell.value, (datetime.date, datetime.datetime)):
                saw["numbers"] += 1
                saw["sum"] += to_excel(cell.value)
            elif isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool):
                saw["numbers"] += 1
                saw["sum"] += cell.value
    sheets.append(saw)
print(json.dumps({"sheets": sheets, "parts": 0, "errors": []}))
