"""Prints what the open copies of a store tell of an indicator, and the dossier numbers found in them.

usage: open_copies.py STORE INDICATOR
"""

import pathlib
import re
import sys

import polars

store, indicator = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
number = re.compile(r"[\w.]*-?\d{6}-\d{4}")


def told(table):
    rows = polars.read_parquet(store / "publish" / f"{table}.parquet")
    is_asked = (polars.col("indicator") == indicator) & polars.col("scope").is_in(["ministry", "unit"])
    return rows.filter(is_asked).with_columns(polars.coalesce("unit_code", "scope").alias("code"))


def numbers(rows):
    return {found for row in rows.iter_rows() for cell in row for found in number.findall(str(cell))}


asked = told("indicators").filter(polars.col("period_kind").is_in(["month", "year"]))
for row in asked.sort("code", "period_kind", "period_end").iter_rows(named=True):
    names = ["code", "period_kind", "period_end", "numerator", "value", "previous_value", "status"]
    print(*(row[name] for name in names))

revisions = told("revisions")
told_of = revisions.filter(polars.any_horizontal(polars.col("^(old_)?(numerator|value)$").is_not_null()))
print("revisions tell of", *sorted(set(told_of["code"])))
print("revisions of units are", *sorted(set(revisions.filter(scope="unit")["status"])))

print("dossiers hold", len(numbers(polars.scan_delta(str(store / "dossiers")).collect())), "numbers")
files = sorted((store / "publish").rglob("*"))
for file in files:
    columns = numbers(polars.read_parquet(file)) if file.suffix == ".parquet" else set()
    found = columns | set(number.findall(file.read_bytes().decode("latin-1")))
    print(f"{file.name} holds {len(found)} numbers")
