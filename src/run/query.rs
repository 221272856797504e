//! Ad hoc SQL over the small released tables.

use anyhow::{Context as _, bail};
use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;

use crate::measures;
use crate::pipeline::tables::Table;
use crate::store::Store;

/// The tables that a query may read.
const TABLES: [Table; 5] =
    [Table::Indicators, Table::Revisions, Table::Completeness, Table::Measures, Table::Deliveries];

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Csv,
    Json,
    Parquet,
}

/// Runs a query and returns its result in a format.
pub fn query(store: &Store, sql: &str, format: Format) -> anyhow::Result<Vec<u8>> {
    if mentions(sql, Table::Dossiers.name()) || mentions(sql, Table::Quarantine.name()) {
        bail!("{}", how_to_read_dossiers(store));
    }
    let mut tables = Vec::new();
    for table in TABLES.into_iter().filter(|table| mentions(sql, table.name())) {
        let snapshot = store.snapshot(table)?;
        let mut batches = vec![RecordBatch::new_empty(table.schema())];
        for file in &snapshot.files {
            for batch in store.read(table, file, None)? {
                batches.push(batch?);
            }
        }
        tables.push((table.name().to_owned(), batches));
    }
    let result = measures::query::query(sql, tables).context("failed to run the query")?;
    write(&result, format)
}

/// Whether a name stands in the SQL as a word of its own.
fn mentions(sql: &str, name: &str) -> bool {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word.eq_ignore_ascii_case(name))
}

fn how_to_read_dossiers(store: &Store) -> String {
    let url = store.table_url(Table::Dossiers);
    format!(
        "`query` reads the small released tables; read `dossiers` with an engine of your own:\n  \
         DuckDB:  SELECT * FROM delta_scan('{url}');\n  \
         polars:  pl.scan_delta(\"{url}\")"
    )
}

fn write(result: &RecordBatch, format: Format) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        Format::Table => {
            let table = arrow::util::pretty::pretty_format_batches(std::slice::from_ref(result))?;
            bytes = format!("{table}\n").into_bytes();
        }
        Format::Csv => arrow::csv::Writer::new(&mut bytes).write(result)?,
        Format::Json => {
            let mut writer = arrow::json::ArrayWriter::new(&mut bytes);
            writer.write(result)?;
            writer.finish()?;
            drop(writer);
            bytes.push(b'\n');
        }
        Format::Parquet => {
            let mut writer = ArrowWriter::try_new(Vec::new(), result.schema(), None)?;
            writer.write(result)?;
            bytes = writer.into_inner()?;
        }
    }
    Ok(bytes)
}
