"""Prints, as JSON, what a store holds: the numbers that the peers print, too, and its cells.

usage: store_numbers.py STORE
"""

import json
import sys

import pyarrow.compute as pc
from deltalake import DeltaTable


def main(store):
    measures = DeltaTable(f"{store}/measures").to_pyarrow_table(columns=["measure", "value"])

    def total(measure):
        rows = measures.filter(pc.equal(measures["measure"], measure))
        return pc.sum(rows["value"]).as_py() or 0

    quarantine = DeltaTable(f"{store}/quarantine").to_pyarrow_table(columns=["rule"])
    files = DeltaTable(f"{store}/dossiers").get_add_actions(flatten=True)
    cells = zip(files.column("path").to_pylist(), files.column("num_records").to_pylist())
    numbers = {
        "rejected": len(quarantine),
        "resolved": total("resolved"),
        "resolved_online": total("resolved_online"),
    }
    print(json.dumps({"numbers": numbers, "cells": dict(cells)}))


if __name__ == "__main__":
    main(sys.argv[1])
