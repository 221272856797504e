"""A floor: reads the CSV as text and writes every column as Parquet with zstd.

Nothing is typed, judged or folded, so this is less than the job.

usage: floor.py RAWDIR OUTDIR
"""

import shutil
import sys
from pathlib import Path

import duckdb


def main(raw, out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    duckdb.sql("SET preserve_insertion_order = false")
    duckdb.sql(f"""
        COPY (FROM read_csv('{raw}/*.csv', all_varchar = true, header = true))
        TO '{out}/all.parquet' (COMPRESSION zstd)
    """)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
