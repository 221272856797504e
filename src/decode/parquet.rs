//! Parquet: columns are read batch by batch, and each row becomes a record as in JSON: fields of
//! structures stand under dotted paths, elements of lists beside each other.

mod limits;
mod thrift;
mod values;

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;

use crate::pipeline::encoding::Encoding;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

use super::container::{Body, check_ratio, too_large};
use super::fault::{damaged, refusal};
use super::guard::{MAX_RECORD_BYTES, record_too_long};
use super::keyed;
use super::keyed::{Gather, Keys, push_key};
use super::mend::mend;
use super::row::{Row, Rows};
use super::table::Table;
use limits::{MAX_GROUP_BYTES, check_footer, check_group};
use values::put_value;

/// Larger logs come in parts.
const MAX_FILE_BYTES: u64 = 8 << 30;
const ROWS_IN_A_BATCH: usize = 8192;

/// Reads the records of a Parquet file.
pub(super) fn read<'a>(
    body: Body<'a>,
    profile: &Profile,
    keys: &Keys,
) -> Result<(Table<'a>, Encoding), Refusal> {
    let file = body.file(MAX_FILE_BYTES)?;
    check_footer(&file)?;
    let metadata = open(&file)?;
    let size_bytes = file.metadata().map_err(|error| refusal(&error))?.len();
    let groups = metadata.metadata().row_groups().iter();
    let n_rows = groups
        .map(|group| u64::try_from(group.num_rows()))
        .try_fold(0_u64, |sum, n| n.map(|n| sum.saturating_add(n)))
        .map_err(|error| refusal(&error))?;
    check_ratio(n_rows, size_bytes)?;
    let mut gather = Gather::new(profile, keys);
    let met = gather.met();
    let leaves = wanted_leaves(metadata.schema().fields(), &mut gather);
    let rows = Groups {
        file,
        metadata,
        leaves,
        next_group: 0,
        batches: None,
        batch: None,
        next_row: 0,
        gather,
        n_records: 0,
    };
    let (rows, encoding) = mend(rows, profile)?;
    Ok((keyed::read(rows, profile, &met)?, encoding))
}

/// Reads the schema; texts are read as views, so that one that stands in many rows is held once.
fn open(file: &File) -> Result<ArrowReaderMetadata, Refusal> {
    // The types that Arrow's writers add are not checked by its reader; Parquet's own say enough.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let found = caught(|| ArrowReaderMetadata::load(file, options.clone()))?.map_err(why)?;
    let fields: Vec<FieldRef> = found.schema().fields().iter().map(as_views).collect();
    let options = options.with_schema(Arc::new(Schema::new(fields)));
    caught(|| ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options))?.map_err(why)
}

fn as_views(field: &FieldRef) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(as_views).collect()),
        DataType::List(element) => DataType::List(as_views(element)),
        DataType::Map(entries, is_sorted) => DataType::Map(as_views(entries), *is_sorted),
        kind => kind.clone(),
    };
    Arc::new(Field::new(field.name(), kind, field.is_nullable()))
}

/// Returns the leaves of the schema that are gathered. Of a structure that it counts, any
/// leaf tells how many there are.
fn wanted_leaves<'f>(
    fields: impl IntoIterator<Item = &'f FieldRef>,
    gather: &mut Gather,
) -> Vec<usize> {
    let (mut n_leaves, mut wanted) = (0, Vec::new());
    for field in fields {
        walk(field.data_type(), field.name().clone(), &mut n_leaves, &mut wanted, gather);
    }
    wanted
}

fn walk(
    kind: &DataType,
    path: String,
    n_leaves: &mut usize,
    wanted: &mut Vec<usize>,
    gather: &mut Gather,
) {
    let (n_before, n_wanted) = (*n_leaves, wanted.len());
    match kind {
        DataType::List(element) | DataType::Map(element, _) => {
            return walk(element.data_type(), path, n_leaves, wanted, gather);
        }
        DataType::Struct(fields) => {
            for field in fields {
                let mut path = path.clone();
                push_key(&mut path, field.name());
                walk(field.data_type(), path, n_leaves, wanted, gather);
            }
        }
        _ => {
            *n_leaves += 1;
            gather.meet(&path);
            gather.value_field(&path);
        }
    }
    if gather.reads(&path) && wanted.len() == n_wanted && *n_leaves > n_before {
        wanted.push(n_before);
    }
}

/// The rows of the file, a row group at a time.
struct Groups {
    file: File,
    metadata: ArrowReaderMetadata,
    leaves: Vec<usize>,
    next_group: usize,
    batches: Option<ParquetRecordBatchReader>,
    batch: Option<RecordBatch>,
    next_row: usize,
    gather: Gather,
    n_records: u64,
}

impl Rows for Groups {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        row.clear();
        loop {
            if let Some(batch) =
                self.batch.as_ref().filter(|batch| self.next_row < batch.num_rows())
            {
                let schema = batch.schema_ref();
                for (field, column) in schema.fields().iter().zip(batch.columns()) {
                    let mut path = field.name().clone();
                    put_value(&mut self.gather, &mut path, column, self.next_row);
                }
                self.next_row += 1;
                self.n_records += 1;
                row.line = self.n_records;
                if self.gather.is_too_long() {
                    let n_before = self.n_records - 1;
                    return Err(record_too_long(n_before, n_before, MAX_RECORD_BYTES));
                }
                self.gather.finish(row);
                return Ok(true);
            }
            self.next_row = 0;
            let next = || self.batches.as_mut().and_then(Iterator::next).transpose();
            self.batch = caught(next)?.map_err(|error| refusal(&error))?;
            if self.batch.is_none() && !self.open_group()? {
                return Ok(false);
            }
        }
    }
}

impl Groups {
    /// Goes on to the next row group; `false` at the end of the file.
    fn open_group(&mut self) -> Result<bool, Refusal> {
        let metadata = self.metadata.metadata();
        let Some(group) = metadata.row_groups().get(self.next_group) else { return Ok(false) };
        let is_small = |n_bytes: u64| n_bytes <= MAX_GROUP_BYTES;
        if !u64::try_from(group.total_byte_size()).is_ok_and(is_small) {
            return Err(too_large(MAX_GROUP_BYTES));
        }
        check_group(&self.file, self.leaves.iter().map(|leaf| group.column(*leaf)))?;
        let file = self.file.try_clone().map_err(|error| refusal(&error))?;
        let schema = metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::leaves(schema, self.leaves.iter().copied());
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(vec![self.next_group])
                .with_projection(mask)
                .with_batch_size(ROWS_IN_A_BATCH);
        self.batches = Some(caught(|| builder.build())?.map_err(why)?);
        self.next_group += 1;
        Ok(true)
    }
}

/// Calls the library, which panics over bytes that are damaged in ways it does not expect; what it
/// then leaves behind is not used again.
fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Refusal> {
    let said = |_| damaged("the columns are not what the footer says");
    std::panic::catch_unwind(AssertUnwindSafe(call)).map_err(said)
}

fn why(error: ParquetError) -> Refusal {
    refusal(&error)
}
