//! Ad hoc SQL over the small released tables.

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;

use crate::measures;
use crate::pipeline::tables::Table;
use crate::store::Store;

use super::stop::Stop;

/// The tables that a query may read.
const TABLES: [Table; 6] = [
    Table::Indicators,
    Table::Revisions,
    Table::Trends,
    Table::Completeness,
    Table::Measures,
    Table::Deliveries,
];

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Csv,
    Json,
    Parquet,
}

/// Runs a query and returns its result in a format; for a table that only other engines should
/// read, the lines by which they do, where a person reads them.
///
/// # Errors
///
/// [`Stop::Mistake`] with the engine's own words.
pub fn query(store: &Store, sql: &str, format: Format) -> anyhow::Result<Vec<u8>> {
    let large = [Table::Dossiers, Table::Quarantine];
    if let Some(table) = large.into_iter().find(|table| mentions(sql, table.name())) {
        let told = how_to_read(table, store);
        return match format {
            Format::Table => Ok(format!("{told}\n").into_bytes()),
            Format::Csv | Format::Json | Format::Parquet => Err(Stop::Mistake(told).into()),
        };
    }
    let is_question = ["select", "with"].into_iter().any(|word| first_word(sql) == word);
    if !is_question {
        return Err(Stop::Mistake("a query begins with SELECT or WITH".to_owned()).into());
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
    let mistake = |error| Stop::Mistake(format!("failed to run the query: {error}"));
    let result = measures::query::query(sql, tables).map_err(mistake)?;
    write(&result, format)
}

/// Whether a name stands in the SQL as a word of its own.
fn mentions(sql: &str, name: &str) -> bool {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word.eq_ignore_ascii_case(name))
}

fn first_word(sql: &str) -> String {
    sql.split_whitespace().next().unwrap_or_default().to_lowercase()
}

/// Returns the lines by which other engines read a table that is too large for `query`.
fn how_to_read(table: Table, store: &Store) -> String {
    let url = store.table_url(table);
    format!(
        "`{}` is too large for `query`; read it in place:\n\
         DuckDB  SELECT * FROM delta_scan('{url}');\n\
         polars  polars.scan_delta(\"{url}\")",
        table.name()
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
