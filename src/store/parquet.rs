//! Parquet files of the tables, written through a temporary file so that bytes can name them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use sha2::{Digest as _, Sha256};

use crate::pipeline::tables::{Cell, Table};

use super::{Store, StoreError, hex};

const ROW_GROUP_ROWS: usize = 64 * 1024;
/// How many rows are read at a time: of some columns, and of all, which are a hundred in `dossiers`.
pub(super) const BATCH_ROWS: usize = 32 * 1024;
pub(super) const WIDE_BATCH_ROWS: usize = 8 * 1024;
/// How many rows are encoded at a time: another number makes other bytes.
const ROWS_AT_A_TIME: usize = 4 * 1024;
/// How many digits of their hash name bytes.
const CONTENT_DIGITS: usize = 32;
const KEY_COLUMN: &str = "dossier_key";
const ZSTD_LEVEL: i32 = 1;
/// The columns that have no dictionary.
const ENCODED: &[(&str, Encoding)] = &[
    (KEY_COLUMN, Encoding::DELTA_BYTE_ARRAY),
    ("dossier_number", Encoding::DELTA_BYTE_ARRAY),
    ("history.list.item.event_time", Encoding::DELTA_BINARY_PACKED),
    ("history.list.item.hash", Encoding::PLAIN),
    ("history.list.item.values.dossier_number", Encoding::DELTA_BYTE_ARRAY),
];

/// A Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// The path below the table's folder.
    pub path: String,
    /// The cell, where the table has cells.
    pub cell: Option<Cell>,
    pub size_bytes: u64,
    pub n_rows: u64,
}

/// How a data file is called, without its extension.
#[derive(Debug, Clone, Copy)]
pub enum FileName<'a> {
    /// By what it stands for: the same name has the same rows, so a file that is there stays.
    Named(&'a str),
    /// By its bytes.
    Content,
    /// By its bytes, behind a prefix.
    Prefixed(&'a str),
}

/// What a file says of itself beside its rows: its footer's key-value metadata.
pub type Notes = BTreeMap<String, String>;

/// The batches of a file, read as they are asked for.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch, StoreError>> + Send>;

/// A file that was encoded and lies nowhere yet.
#[derive(Debug)]
pub struct Spooled {
    table: Table,
    cell: Option<Cell>,
    file: File,
    /// What its bytes are named by.
    content: String,
    size_bytes: u64,
    n_rows: u64,
}

impl Spooled {
    /// Encodes batches of the table's schema as one file.
    ///
    /// How the rows are cut into batches does not change the bytes.
    pub fn new<E: From<StoreError>>(
        table: Table,
        cell: Option<&Cell>,
        batches: impl IntoIterator<Item = Result<RecordBatch, E>>,
    ) -> Result<Self, E> {
        Self::noted(table, cell, &Notes::default(), batches)
    }

    /// As [`Self::new`], with notes.
    pub fn noted<E: From<StoreError>>(
        table: Table,
        cell: Option<&Cell>,
        notes: &Notes,
        batches: impl IntoIterator<Item = Result<RecordBatch, E>>,
    ) -> Result<Self, E> {
        assert_eq!(cell.is_some(), table.is_celled(), "a file has a cell if its table has");
        let schema = table.schema();
        let failed = |error: ParquetError| StoreError::io("write", table.name(), error);
        let misfit = |error: ArrowError| StoreError::corrupt(table.name(), error);

        let file =
            tempfile::tempfile().map_err(|error| StoreError::io("spool", table.name(), error))?;
        let sink = Hashed { file, digest: Sha256::new(), size_bytes: 0 };
        let mut writer =
            ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties(table, &schema)))
                .map_err(failed)?;
        let (mut even, mut n_rows) = (Even::default(), 0);
        for batch in batches {
            let batch = conform(&schema, &batch?).map_err(misfit)?;
            n_rows += batch.num_rows() as u64;
            for full in even.add(&batch).map_err(misfit)? {
                writer.write(&full).map_err(failed)?;
            }
        }
        if let Some(rest) = even.take().map_err(misfit)? {
            writer.write(&rest).map_err(failed)?;
        }
        for (key, value) in notes {
            writer.append_key_value_metadata(KeyValue::new(key.clone(), value.clone()));
        }
        let Hashed { file, digest, size_bytes } = writer.into_inner().map_err(failed)?;
        let content = hex(&digest.finalize())[..CONTENT_DIGITS].to_owned();
        Ok(Self { table, cell: cell.cloned(), file, content, size_bytes, n_rows })
    }

    /// The table that it is of.
    pub fn table(&self) -> Table {
        self.table
    }
}

impl Store {
    /// Writes batches of the table's schema as one file; no table knows it before a commit.
    pub fn write<E: From<StoreError>>(
        &self,
        table: Table,
        cell: Option<&Cell>,
        name: FileName<'_>,
        batches: impl IntoIterator<Item = Result<RecordBatch, E>>,
    ) -> Result<DataFile, E> {
        Ok(self.put(Spooled::new(table, cell, batches)?, name)?)
    }

    /// Puts a file where it belongs; no table knows it before a commit.
    pub fn put(&self, spooled: Spooled, name: FileName<'_>) -> Result<DataFile, StoreError> {
        let Spooled { table, cell, file, content, size_bytes, n_rows } = spooled;
        let folder =
            cell.as_ref().map(|cell| format!("cell_month={}/bucket={}/", cell.month, cell.bucket));
        let folder = folder.unwrap_or_default();
        let path = match name {
            FileName::Named(name) => format!("{folder}{name}.parquet"),
            FileName::Content => format!("{folder}{content}.parquet"),
            FileName::Prefixed(prefix) => format!("{folder}{prefix}{content}.parquet"),
        };
        let mut written = DataFile { path, cell, size_bytes, n_rows };
        let object = object_name(table, &written);
        match self.root.find(&object)?.map(|found| found.size_bytes) {
            // A file of the same name was written by others, perhaps by another version of us.
            Some(size_bytes) if size_bytes != written.size_bytes => {
                written.size_bytes = size_bytes;
                written.n_rows = self.n_rows(table, &written)?;
            }
            Some(_) => {}
            None => self.root.put_file(&object, file)?,
        }
        Ok(written)
    }
}

impl Store {
    /// Reads a file as it lies there; `None` where it is too old to have every column of its table.
    pub fn whole(&self, table: Table, file: &DataFile) -> Result<Option<Bytes>, StoreError> {
        let object = object_name(table, file);
        let bytes = Bytes::from(self.root.read(&object)?);
        let read = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new())
            .map_err(|error| StoreError::corrupt(&object, error))?;
        let is_of_now = read.schema().fields() == table.schema().fields();
        Ok(is_of_now.then_some(bytes))
    }

    /// Whether the bytes of a file are those that its name ends with the hash of.
    pub fn has_named_content(&self, table: Table, path: &str) -> Result<bool, StoreError> {
        let bytes = self.root.read(&format!("{}/{path}", table.name()))?;
        let content = &hex(&Sha256::digest(&bytes))[..CONTENT_DIGITS];
        Ok(path.ends_with(&format!("{content}.parquet")))
    }
}

pub(super) fn object_name(table: Table, file: &DataFile) -> String {
    format!("{}/{}", table.name(), file.path)
}

/// How files are encoded, as measured (docs/decisions/0016): the keys of sorted dossiers by what each
/// shares with the one before, what is another in nearly each row without a dictionary. A file of the
/// ledger has few rows: to prepare for each of its columns costs more than the columns.
fn properties(table: Table, schema: &Schema) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("zstd has the level");
    let compression = match table {
        Table::Deliveries => Compression::UNCOMPRESSED,
        _ => Compression::ZSTD(level),
    };
    let mut properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    if schema.index_of(KEY_COLUMN).is_err() {
        return properties.build();
    }
    for (column, encoding) in ENCODED {
        let path = ColumnPath::from(column.split('.').map(str::to_owned).collect::<Vec<_>>());
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, *encoding);
    }
    properties.set_column_bloom_filter_enabled(ColumnPath::from(KEY_COLUMN), true).build()
}

/// Gives a batch the table's schema; columns of other names or types are refused.
fn conform(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let names = |schema: &Schema| -> Vec<String> {
        schema.fields().iter().map(|field| field.name().clone()).collect()
    };
    let (expected, found) = (names(schema), names(batch.schema_ref()));
    if expected != found {
        let text = format!("columns {found:?} instead of {expected:?}");
        return Err(ArrowError::SchemaError(text));
    }
    RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec())
}

/// Rows cut evenly, however they come: what lies in one piece is not copied.
#[derive(Default)]
struct Even {
    /// Fewer than [`ROWS_AT_A_TIME`], of one schema.
    begun: Vec<RecordBatch>,
    n_begun: usize,
}

impl Even {
    /// Adds rows; returns the pieces that are full.
    fn add(&mut self, batch: &RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
        let (mut full, mut first) = (Vec::new(), 0);
        while first < batch.num_rows() {
            let n_rows = (ROWS_AT_A_TIME - self.n_begun).min(batch.num_rows() - first);
            self.begun.push(batch.slice(first, n_rows));
            self.n_begun += n_rows;
            first += n_rows;
            if self.n_begun == ROWS_AT_A_TIME {
                full.extend(self.take()?);
            }
        }
        Ok(full)
    }

    /// Takes out what is begun.
    fn take(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let begun = std::mem::take(&mut self.begun);
        self.n_begun = 0;
        match &begun[..] {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            [first, ..] => concat_batches(&first.schema(), &begun).map(Some),
        }
    }
}

/// A file that is hashed while it is written.
struct Hashed {
    file: File,
    digest: Sha256,
    size_bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_written = self.file.write(bytes)?;
        self.digest.update(&bytes[..n_written]);
        self.size_bytes += n_written as u64;
        Ok(n_written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
