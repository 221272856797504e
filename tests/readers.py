"""Reads every table of a store with deltalake, polars and DuckDB, and prints how many rows each saw.

usage: readers.py STORE

A table is read at its newest version and at the first version that has rows; the three readers
must agree.
"""

import pathlib
import sys

import deltalake
import duckdb
import duckdb_extension_delta
import polars

TABLES = ["deliveries", "dossiers", "quarantine", "measures", "completeness", "indicators", "revisions"]

store = pathlib.Path(sys.argv[1]).resolve()
extension = next(pathlib.Path(duckdb_extension_delta.__file__).parent.rglob("*.duckdb_extension"))
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
connection.execute(f"LOAD '{extension}'")

for table in TABLES:
    path = str(store / table)
    newest = deltalake.DeltaTable(path).version()
    for version in (1, newest):
        delta = deltalake.DeltaTable(path, version=version)
        arrow = delta.to_pyarrow_table().num_rows
        lazy = polars.scan_delta(path, version=version).collect().height
        query = f"SELECT count(*) FROM delta_scan('{path}', version => {version})"
        duck = connection.execute(query).fetchone()[0]
        assert arrow == lazy == duck, (table, version, arrow, lazy, duck)
        print(f"{table} version {'newest' if version == newest else version}: {arrow} rows")

columns = polars.scan_delta(str(store / "dossiers")).collect()
print(columns.sort("dossier_key").select("dossier_key", "cell_month", "status", "received_on").rows())
print(polars.read_parquet(store / "publish" / "indicators.parquet").height > 0)
