//! A store changed behind its own back: the values of a data file, with the logs made to agree.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

use super::world::World;

/// Lists the data files and the raw objects below a folder of the store.
pub(crate) fn files(world: &World, folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![world.path("warehouse").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "parquet" || e == "zst") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the only such file.
pub(crate) fn only_file(world: &World, folder: &str) -> PathBuf {
    let found = files(world, folder);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// Writes a column of a table's file anew; the logs and the releases say the new size, too.
pub(crate) fn rewrite(
    world: &World,
    path: &Path,
    column: &str,
    change: impl FnOnce(&RecordBatch, &ArrayRef) -> ArrayRef,
) {
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    let old_size = size(path);
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    let notes = reader.metadata().file_metadata().key_value_metadata().cloned();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let at = batch.schema().index_of(column).unwrap();
    let mut columns = batch.columns().to_vec();
    columns[at] = change(&batch, &columns[at]);
    let changed = RecordBatch::try_new(batch.schema(), columns).unwrap();
    let file = fs::File::create(path).unwrap();
    let properties = WriterProperties::builder().set_key_value_metadata(notes).build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&changed).unwrap();
    writer.close().unwrap();
    let table = path.strip_prefix(world.path("warehouse")).unwrap().components().next().unwrap();
    let log = world.path("warehouse").join(table).join("_delta_log");
    for folder in [log, world.path("warehouse/releases")] {
        for entry in fs::read_dir(folder).unwrap() {
            let json = entry.unwrap().path();
            let mut text = fs::read_to_string(&json).unwrap();
            for key in ["\"size\":", "\"size_bytes\": "] {
                let new_size = size(path);
                text = text.replace(&format!("{key}{old_size},"), &format!("{key}{new_size},"));
            }
            fs::write(json, text).unwrap();
        }
    }
}

/// Adds one to the numbers of a column, in the rows that are meant.
pub(crate) fn one_more(column: &ArrayRef, is_meant: impl Fn(usize) -> bool) -> ArrayRef {
    let numbers = column.as_primitive::<Int64Type>().iter().enumerate();
    let changed = numbers.map(|(row, number)| Some(number? + i64::from(is_meant(row))));
    Arc::new(changed.collect::<Int64Array>())
}
