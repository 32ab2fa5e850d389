"""Runs the code of a notebook and prints the rows that it makes as JSON."""

import contextlib
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    cells = json.load(f)["cells"]
names = {}
with contextlib.redirect_stdout(sys.stderr):
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102
print(json.dumps(names["rows"]))
