//! The laws of the store, on a local folder, on S3 and on Azure; racing writers are threads.

mod commits;
mod everywhere;
mod objects;
mod widen;

#[path = "../../../tests/it/servers/mod.rs"]
mod servers;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::{Arc, Barrier};
use std::thread;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, Int64Array, RecordBatch, StringArray, new_null_array,
};
use arrow::datatypes::{FieldRef, Int64Type};
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::pipeline::tables::{Cell, Table};
use crate::store::cloud::Access;
use crate::store::commit::CellChange;
use crate::store::landed::{Manifest, Order};
use crate::store::location::Location;
use crate::store::parquet::{DataFile, FileName};
use crate::store::raw::spool;
use crate::store::releases::{Release, ReleaseFile};
use crate::store::table::Snapshot;
use crate::store::{Store, StoreError};

use everywhere::Home;

fn store() -> (Home, Store) {
    let home = Home::new();
    let store = home.open();
    (home, store)
}

fn store_with_tables() -> (Home, Store) {
    let (home, store) = store();
    store.create_tables().unwrap();
    (home, store)
}

fn manifest(name: &str) -> Manifest {
    Manifest {
        sha256: "00".to_owned(),
        size_bytes: 0,
        name: name.to_owned(),
        slot: None,
        period_start: NaiveDate::from_ymd_opt(2026, 1, 1),
        period_end: NaiveDate::from_ymd_opt(2026, 2, 1),
        observed_at: None,
        landed_at: None,
        refused: None,
        cursor: String::new(),
    }
}

fn release(number: u64, rows_changed: u64) -> Release {
    let file = ReleaseFile { path: "a.parquet".to_owned(), size_bytes: 1, n_rows: 1 };
    Release {
        number,
        as_of: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
        published_at: "2026-11-02T01:00:00Z".to_owned(),
        pipeline: "p".to_owned(),
        formulas: BTreeMap::new(),
        reference_parts: Default::default(),
        definitions: "d".to_owned(),
        reference: "r".to_owned(),
        inputs: None,
        source_versions: BTreeMap::from([("measures".to_owned(), 4)]),
        files: BTreeMap::from([("indicators".to_owned(), file)]),
        rows_changed,
        evidence: Vec::new(),
        accepted: BTreeMap::new(),
    }
}

fn cell(month: &str) -> Cell {
    Cell { month: month.to_owned(), bucket: 0 }
}

/// The text and the number in which the rows of a test differ.
fn telling(table: Table) -> (&'static str, &'static str) {
    match table {
        Table::Dossiers => ("dossier_key", "supplement_count"),
        Table::Quarantine => ("delivery", "record"),
        _ => ("indicator", "release"),
    }
}

/// A batch of a table whose rows differ in one text and one number; the other columns are null.
fn batch(table: Table, rows: &[i64]) -> RecordBatch {
    let schema = table.schema();
    let (text, number) = telling(table);
    let column = |field: &FieldRef| -> ArrayRef {
        if field.name() == text {
            Arc::new(StringArray::from_iter_values(rows.iter().map(|n| format!("k{n}"))))
        } else if field.name() == number {
            Arc::new(Int64Array::from(rows.to_vec()))
        } else {
            new_null_array(field.data_type(), rows.len())
        }
    };
    let columns = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

fn write(store: &Store, table: Table, cell: Option<&Cell>, rows: &[i64]) -> DataFile {
    let batches = [Ok::<_, StoreError>(batch(table, rows))];
    store.write(table, cell, FileName::Prefixed("f-"), batches).unwrap()
}

fn first(store: &Store, cell: Cell, rows: &[i64]) -> CellChange {
    let new = Some(write(store, Table::Dossiers, Some(&cell), rows));
    CellChange { cell, old: None, new }
}

fn first_revision(store: &Store) -> DataFile {
    write(store, Table::Revisions, None, &[1])
}

fn append_past_a_checkpoint(store: &Store) {
    for n in 1..=102 {
        let file = write(store, Table::Quarantine, None, &[n]);
        assert_eq!(store.append(Table::Quarantine, vec![file]).unwrap(), n);
    }
    assert_eq!(store.snapshot(Table::Quarantine).unwrap().files.len(), 102);
}

fn no_refold(_: &Snapshot, cell: &Cell) -> Result<CellChange, StoreError> {
    panic!("{cell:?} has not moved")
}

fn rows_of(store: &Store, file: &DataFile) -> Vec<i64> {
    let mut rows = Vec::new();
    for batch in store.read(Table::Dossiers, file, Some(&["supplement_count"])).unwrap() {
        rows.extend_from_slice(batch.unwrap().column(0).as_primitive::<Int64Type>().values());
    }
    rows
}
