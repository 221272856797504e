"""Prints every dossier of a store as JSON, a line each, by number: all that it says but for which
delivery said it, and for what else is named.

usage: dossiers.py STORE [NAME ...]
"""

import json
import os
import sys

from deltalake import DeltaTable

left_out = {"delivery", "judgement", *sys.argv[2:]}

table = DeltaTable(f"{sys.argv[1]}/dossiers").to_pyarrow_dataset().to_table(use_threads=False)
for dossier in sorted(table.to_pylist(), key=lambda row: row["dossier_key"]):
    for observation in dossier["history"]:
        for name in left_out:
            observation.pop(name, None)
        # The values of a dossier's only observation live in its row.
        values = observation["values"] or {}
        observation["values"] = {name: value for name, value in values.items() if value is not None}
    told = {name: value for name, value in dossier.items() if value is not None}
    print(json.dumps(told, default=str, ensure_ascii=False, sort_keys=True))

# The readers' threads may outlive the interpreter, and then abort it.
sys.stdout.flush()
os._exit(0)
