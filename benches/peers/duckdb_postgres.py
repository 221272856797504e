"""Copies a table of PostgreSQL to Parquet with zstd, by DuckDB and its `postgres_scanner`.

Prints how many rows were written. The password is read from `PGPASSWORD`, as libpq does.

usage: duckdb_postgres.py CONNECTION TABLE FILE

CONNECTION is a text of libpq, as in `host=127.0.0.1 port=5432 user=postgres dbname=postgres`.
"""

import sys
from pathlib import Path

import duckdb
import duckdb_extension_postgres_scanner


def main(connection, table, file):
    package = Path(duckdb_extension_postgres_scanner.__file__).parent
    extension = next(package.rglob("*.duckdb_extension"))
    db = duckdb.connect()
    db.execute(f"LOAD '{extension}'")
    db.execute("SET preserve_insertion_order = false")
    db.execute(f"ATTACH '{connection}' AS source (TYPE postgres, READ_ONLY)")
    db.execute(f"COPY source.{table} TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    print(db.fetchone()[0])


if __name__ == "__main__":
    main(*sys.argv[1:4])
