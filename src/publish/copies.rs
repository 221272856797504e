//! Plain single-file copies of the released tables, for people who only know `read_parquet`.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use bytes::Bytes;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::indicators::{Indicators, Revisions};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;

use super::suppress::Suppression;

/// The name below `publish/` of what the copies are of.
pub const ABOUT: &str = "about.json";

/// The form of the copies that are made now.
const FORM: u32 = 3;

/// What the copies are of: a release, and the number below which cells are suppressed; and how the
/// copies are known.
#[derive(Debug, Serialize, Deserialize)]
pub struct About {
    /// How they are made: other bytes of the same rows are other copies.
    #[serde(default)]
    form: u32,
    release: u64,
    as_of: NaiveDate,
    suppress_below: Option<i64>,
    /// By name below `publish/`.
    copies: BTreeMap<String, Known>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    sha256: String,
    size_bytes: u64,
}

impl About {
    /// Says what copies are of.
    pub fn new(
        release: u64,
        as_of: NaiveDate,
        pipeline: &Pipeline,
        copies: &BTreeMap<String, Vec<u8>>,
    ) -> Self {
        let known = |bytes: &Vec<u8>| Known {
            sha256: sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
            size_bytes: bytes.len() as u64,
        };
        let copies = copies.iter().map(|(name, bytes)| (name.clone(), known(bytes))).collect();
        Self {
            form: FORM,
            release,
            as_of,
            suppress_below: pipeline.settings.suppress_below,
            copies,
        }
    }

    /// Reads it; `None` where it is not written so.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Writes it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("it is plain data");
        bytes.push(b'\n');
        bytes
    }

    /// Whether the copies are of this release and this threshold.
    pub fn is_of(&self, release: u64, as_of: NaiveDate, pipeline: &Pipeline) -> bool {
        (self.form, self.release, self.as_of) == (FORM, release, as_of)
            && self.suppress_below == pipeline.settings.suppress_below
    }

    /// Returns how many bytes each copy has.
    pub fn sizes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.copies.iter().map(|(name, known)| (&**name, known.size_bytes))
    }
}

/// Takes out of the released tables what must not be open: cells of fewer than `below`, and what
/// would tell them.
pub fn suppress(
    tables: &mut BTreeMap<Table, RecordBatch>,
    pipeline: &Pipeline,
    below: i64,
) -> anyhow::Result<()> {
    let table = |table: Table| {
        tables.get(&table).cloned().with_context(|| format!("there is no table `{}`", table.name()))
    };
    let indicators = Indicators::from_batch(table(Table::Indicators)?)?;
    let revisions = Revisions::from_batch(table(Table::Revisions)?)?;
    let trends = table(Table::Trends)?;
    let suppression = Suppression::of(&indicators, &revisions, pipeline, below);
    let open = suppression.open_indicators(&indicators);
    tables.insert(Table::Indicators, open.batch().clone());
    let open = suppression.open_revisions(&revisions);
    tables.insert(Table::Revisions, open.batch().clone());
    tables.insert(Table::Trends, suppression.open_trends(&trends));
    Ok(())
}

/// Returns the name below `publish/` of a table's copy.
pub fn name_of(table: Table) -> String {
    format!("{}.parquet", table.name())
}

/// Writes the copy of a table.
pub fn written(table: Table, rows: &RecordBatch) -> anyhow::Result<Vec<u8>> {
    let level = ZstdLevel::try_new(3).context("zstd has a level 3")?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties))?;
    writer.write(rows)?;
    Ok(writer.into_inner()?)
}

/// Puts the files of a table together as one; their columns stay encoded as they lie.
pub fn joined(files: &[Bytes]) -> anyhow::Result<Vec<u8>> {
    if let [file] = files {
        return Ok(file.to_vec());
    }
    let reader = || ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata = files.iter().map(|file| reader().parse_and_finish(file));
    let metadata: Vec<ParquetMetaData> = metadata.collect::<Result<_, _>>()?;
    let first = metadata.first().context("the table has no file")?.file_metadata();
    let properties =
        WriterProperties::builder().set_key_value_metadata(first.key_value_metadata().cloned());
    let schema = first.schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
    for (file, metadata) in files.iter().zip(&metadata) {
        for group in 0..metadata.num_row_groups() {
            let mut next = writer.next_row_group()?;
            append_row_group(&mut next, file, metadata, group)?;
            next.close()?;
        }
    }
    Ok(writer.into_inner()?)
}

fn append_row_group(
    writer: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    file: &Bytes,
    metadata: &ParquetMetaData,
    group: usize,
) -> Result<(), ParquetError> {
    let row_group = metadata.row_group(group);
    for (at, column) in row_group.columns().iter().enumerate() {
        let closed = ColumnCloseResult {
            bytes_written: column.compressed_size().unsigned_abs(),
            rows_written: row_group.num_rows().unsigned_abs(),
            metadata: column.clone(),
            bloom_filter: None,
            column_index: metadata.column_index().map(|index| index[group][at].clone()),
            offset_index: metadata.offset_index().map(|index| index[group][at].clone()),
        };
        writer.append_column(file, closed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date32Array, Int64Array, StringArray};
    use arrow::compute::concat_batches;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    fn measures(units: &[Option<&str>], values: &[i64]) -> RecordBatch {
        let text = |text: &str| Arc::new(StringArray::from_iter_values(units.iter().map(|_| text)));
        let months = units.iter().map(|_| Some(18_262)).collect::<Date32Array>();
        let bins = units.iter().map(|_| None).collect::<Int64Array>();
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(StringArray::from(units.to_vec())),
            text("1.000004"),
            Arc::new(months),
            text("received"),
            Arc::new(bins),
            Arc::new(Int64Array::from(values.to_vec())),
        ];
        RecordBatch::try_new(Table::Measures.schema(), columns).unwrap()
    }

    #[test]
    fn joined_files_have_the_rows_of_each_in_their_order() {
        let parts = [
            measures(&[Some("U1"), None], &[4, 5]),
            measures(&[], &[]),
            measures(&[Some("U2")], &[-1]),
        ];
        let files = parts.each_ref().map(|rows| written(Table::Measures, rows).unwrap().into());
        for n in 1..=parts.len() {
            let joined = Bytes::from(joined(&files[..n]).unwrap());
            let read = ParquetRecordBatchReaderBuilder::try_new(joined).unwrap().build().unwrap();
            let schema = Table::Measures.schema();
            let rows: Vec<RecordBatch> = read.map(Result::unwrap).collect();
            let expected = concat_batches(&schema, &parts[..n]).unwrap();
            assert_eq!(concat_batches(&schema, &rows).unwrap(), expected);
        }
    }
}
