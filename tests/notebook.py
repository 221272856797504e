"""Runs a notebook by Jupyter over a store, and holds it to what it shows.

usage: notebook.py NOTEBOOK STORE [--save]

Prints each cell that shows something else now. With `--save` the notebook is written with what it shows now.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def shown(cell):
    """Returns the text of what a cell shows."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])]
    return "".join(texts).strip()


path, store = Path(sys.argv[1]), sys.argv[2]
os.environ["HOSO_STORE"] = store
notebook = nbformat.read(path, as_version=4)
before = [shown(cell) for cell in notebook.cells]
NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(path.parent))
for cell, old in zip(notebook.cells, before, strict=True):
    if cell.cell_type == "code" and shown(cell) != old:
        print(f"{cell.source}\n--- held\n{old}\n--- shows\n{shown(cell)}\n")
if "--save" in sys.argv:
    for cell in notebook.cells:
        # Times, and a page's markup beside the text of it.
        cell.metadata.clear()
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("text/html", None)
    nbformat.write(notebook, path)
